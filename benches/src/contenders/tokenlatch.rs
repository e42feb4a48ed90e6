//! Tokenlatch, as a server uses it: with room for several keys, each of any size there is.

use std::time::{SystemTime, UNIX_EPOCH};

use signature::Verifier as _;
use tokenlatch::{MAX_TOKEN_LEN, Policy, Time, verify};

use super::task::{Task, signatures};
use crate::case::Case;
use crate::operation::Operation;

type JwkSet = tokenlatch::JwkSet<4, 4096>;
type PublicKey = tokenlatch::PublicKey<4096>;

pub(super) fn prepare(operation: Operation, case: &'static Case) -> Option<Task> {
    match operation {
        Operation::WholeToken => {
            let keys = key_set(case);
            let policy = Policy::new(case.issuer, case.audience);
            let mut scratch = vec![0; MAX_TOKEN_LEN];
            Some(Box::new(move || {
                let token = case.token.as_bytes();
                verify(token, &mut scratch, &keys, &policy, now()).is_ok()
            }))
        }
        Operation::Signature | Operation::KeySetUp => signatures(operation, case, key, verifies),
        Operation::JwkSet => Some(Box::new(move || {
            let keys = key_set(case);
            keys.keys()
                .first()
                .is_some_and(|key| verifies(key.public_key(), case))
        })),
    }
}

fn key_set(case: &Case) -> JwkSet {
    JwkSet::from_json(case.jwk_set.as_bytes()).expect("a JWK Set")
}

fn key(n: &[u8], e: &[u8]) -> PublicKey {
    let e = e.iter().fold(0, |e, byte| e << 8 | u32::from(*byte));
    PublicKey::from_be_bytes(n, e).expect("a key")
}

fn verifies(key: &PublicKey, case: &Case) -> bool {
    key.verify(&case.message, &case.signature.as_slice())
        .is_ok()
}

fn now() -> Time {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    Time::exactly(since_1970.expect("a clock").as_secs())
}

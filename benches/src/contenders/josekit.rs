//! josekit, with OpenSSL.

use josekit::jwk::JwkSet;
use josekit::jws::{JwsVerifier as _, RS256, alg::rsassa::RsassaJwsVerifier};
use josekit::jwt::{self, JwtPayloadValidator};

use super::task::Task;
use crate::case::Case;
use crate::operation::Operation;

pub(super) fn prepare(operation: Operation, case: &'static Case) -> Option<Task> {
    let verifies = |key: &RsassaJwsVerifier| key.verify(&case.message, &case.signature).is_ok();
    Some(match operation {
        Operation::WholeToken => {
            let key = key(&case.jwk_set);
            Box::new(move || is_accepted(case, &key))
        }
        Operation::Signature => {
            let key = key(&case.jwk_set);
            Box::new(move || verifies(&key))
        }
        // It takes keys from JWK, DER and PEM, not from their components.
        Operation::KeySetUp => return None,
        Operation::JwkSet => Box::new(move || verifies(&key(&case.jwk_set))),
    })
}

fn is_accepted(case: &Case, key: &RsassaJwsVerifier) -> bool {
    // Without a base time of its own, it looks at the clock.
    let mut validator = JwtPayloadValidator::new();
    validator.set_issuer(case.issuer);
    validator.set_audience(case.audience);
    jwt::decode_with_verifier(&case.token, key)
        .is_ok_and(|(payload, _)| validator.validate(&payload).is_ok())
}

fn key(jwk_set: &str) -> RsassaJwsVerifier {
    let set = JwkSet::from_bytes(jwk_set).expect("a JWK Set");
    let keys = set.keys();
    RS256.verifier_from_jwk(keys[0]).expect("a key")
}

//! rsa 0.10: RustCrypto's.

use rsa::pkcs1v15::{Signature, VerifyingKey};
use rsa::{BoxedUint, PublicKey};
use sha2::Sha256;
use signature::Verifier as _;

use super::task::{Task, signatures};
use crate::case::Case;
use crate::operation::Operation;

pub(super) fn prepare(operation: Operation, case: &'static Case) -> Option<Task> {
    signatures(operation, case, key, verifies)
}

fn key(n: &[u8], e: &[u8]) -> VerifyingKey<Sha256> {
    let [n, e] = [n, e].map(BoxedUint::from_be_slice_vartime);
    VerifyingKey::new(PublicKey::new(n, e).expect("a key"))
}

fn verifies(key: &VerifyingKey<Sha256>, case: &Case) -> bool {
    Signature::try_from(case.signature.as_slice())
        .is_ok_and(|signature| key.verify(&case.message, &signature).is_ok())
}

//! ring. It has no form of an RSA public key that is ready to verify: each signature sets it up.

use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};

use super::task::{Task, signatures};
use crate::case::Case;
use crate::operation::Operation;

pub(super) fn prepare(operation: Operation, case: &'static Case) -> Option<Task> {
    signatures(operation, case, key, verifies)
}

fn key(n: &[u8], e: &[u8]) -> RsaPublicKeyComponents<Vec<u8>> {
    let [n, e] = [n, e].map(Vec::from);
    RsaPublicKeyComponents { n, e }
}

fn verifies(key: &RsaPublicKeyComponents<Vec<u8>>, case: &Case) -> bool {
    key.verify(&RSA_PKCS1_2048_8192_SHA256, &case.message, &case.signature)
        .is_ok()
}

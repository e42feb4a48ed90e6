//! aws-lc-rs: AWS-LC, a C library, from Rust.

use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};

use super::task::{Task, signatures};
use crate::case::Case;
use crate::operation::Operation;

pub(super) fn prepare(operation: Operation, case: &'static Case) -> Option<Task> {
    signatures(operation, case, key, verifies)
}

fn key(n: &[u8], e: &[u8]) -> ParsedPublicKey {
    RsaPublicKeyComponents { n, e }
        .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
        .expect("a key")
}

fn verifies(key: &ParsedPublicKey, case: &Case) -> bool {
    key.verify_sig(&case.message, &case.signature).is_ok()
}

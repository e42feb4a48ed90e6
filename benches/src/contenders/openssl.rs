//! openssl: the system's OpenSSL, a C library, from Rust.

use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Public};
use openssl::rsa::Rsa;
use openssl::sign::Verifier;

use super::task::{Task, signatures};
use crate::case::Case;
use crate::operation::Operation;

pub(super) fn prepare(operation: Operation, case: &'static Case) -> Option<Task> {
    signatures(operation, case, key, verifies)
}

fn key(n: &[u8], e: &[u8]) -> PKey<Public> {
    let [n, e] = [n, e].map(|bytes| BigNum::from_slice(bytes).expect("a number"));
    let key = Rsa::from_public_components(n, e).expect("a key");
    PKey::from_rsa(key).expect("a key")
}

fn verifies(key: &PKey<Public>, case: &Case) -> bool {
    let mut verifier = Verifier::new(MessageDigest::sha256(), key).expect("a verifier");
    verifier
        .verify_oneshot(&case.signature, &case.message)
        .is_ok_and(|is_good| is_good)
}

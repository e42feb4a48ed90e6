//! graviola: formally verified assembly, from Rust. It takes keys in PKCS#1 only.

use graviola::signing::rsa::VerifyingKey;
use pkcs1::der::Encode as _;
use pkcs1::der::asn1::UintRef;

use super::task::{Task, signatures};
use crate::case::Case;
use crate::operation::Operation;

pub(super) fn prepare(operation: Operation, case: &'static Case) -> Option<Task> {
    signatures(operation, case, key, verifies)
}

fn key(n: &[u8], e: &[u8]) -> VerifyingKey {
    let [modulus, public_exponent] = [n, e].map(|bytes| UintRef::new(bytes).expect("a number"));
    let key = pkcs1::RsaPublicKey {
        modulus,
        public_exponent,
    };
    VerifyingKey::from_pkcs1_der(&key.to_der().expect("DER")).expect("a key")
}

fn verifies(key: &VerifyingKey, case: &Case) -> bool {
    key.verify_pkcs1_sha256(&case.signature, &case.message)
        .is_ok()
}

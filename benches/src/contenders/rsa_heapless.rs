//! rsa_heapless: a fork of RustCrypto's for devices. Its numbers are as wide as the key; here they
//! have 64-bit limbs.

use fixed_bigint::FixedUInt;
use heapless_rsa::modmath_support::{ModMathParams, ModMathValue, public_key_from_be_bytes, wrap};
use heapless_rsa::pkcs1v15::{GenericSignature, GenericVerifyingKey};
use sha2::Sha256;
use signature::Verifier as _;

use super::task::{Task, signatures};
use crate::case::Case;
use crate::operation::Operation;

pub(super) fn prepare(operation: Operation, case: &'static Case) -> Option<Task> {
    match case.bits {
        2048 => signatures(operation, case, rsa_2048::key, rsa_2048::verifies),
        3072 => signatures(operation, case, rsa_3072::key, rsa_3072::verifies),
        4096 => signatures(operation, case, rsa_4096::key, rsa_4096::verifies),
        _ => None,
    }
}

/// Generic code would have to repeat a dozen of the library's trait bounds.
macro_rules! widths {
    ($($module:ident: $limbs:literal)*) => {$(
        mod $module {
            use super::*;

            type Number = FixedUInt<u64, $limbs>;
            type Key =
                GenericVerifyingKey<Sha256, ModMathValue<Number>, ModMathParams<Number>>;

            pub(super) fn key(n: &[u8], e: &[u8]) -> Key {
                let e = e.iter().fold(0, |e, byte| e << 8 | u32::from(*byte));
                Key::new(public_key_from_be_bytes(n, e).expect("a key"))
            }

            pub(super) fn verifies(key: &Key, case: &Case) -> bool {
                let signature = wrap(Number::from_be_bytes(&case.signature));
                let signature = GenericSignature::from(signature);
                key.verify(&case.message, &signature).is_ok()
            }
        }
    )*};
}

widths!(rsa_2048: 32 rsa_3072: 48 rsa_4096: 64);

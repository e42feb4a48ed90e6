//! rsa_heapless: a fork of RustCrypto's for devices. Its numbers are as wide as the key.

use fixed_bigint::FixedUInt;
use heapless_rsa::modmath_support::{ModMathParams, ModMathValue, public_key_from_be_bytes, wrap};
use heapless_rsa::pkcs1v15::{GenericSignature, GenericVerifyingKey};
use sha2::Sha256;
use signature::Verifier as _;

use super::key::Key;

type Number<const DIGITS: usize> = FixedUInt<u32, DIGITS>;
type VerifyingKey<const DIGITS: usize> =
    GenericVerifyingKey<Sha256, ModMathValue<Number<DIGITS>>, ModMathParams<Number<DIGITS>>>;

pub(super) type Rsa2048 = VerifyingKey<64>;
pub(super) type Rsa3072 = VerifyingKey<96>;
pub(super) type Rsa4096 = VerifyingKey<128>;

/// Generic code would have to repeat a dozen of the library's trait bounds.
macro_rules! impl_key {
    ($($digits:literal)*) => {$(
        impl Key for VerifyingKey<$digits> {
            fn set_up(n: &[u8], e: u32) -> Self {
                Self::new(public_key_from_be_bytes(n, e).expect("a key"))
            }

            fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
                let signature = wrap(Number::<$digits>::from_be_bytes(signature));
                self.verify(message, &GenericSignature::from(signature)).is_ok()
            }
        }
    )*};
}

impl_key!(64 96 128);

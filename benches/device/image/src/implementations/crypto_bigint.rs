//! crypto-bigint: it has only numbers. This file makes the smallest possible verifier of them.

use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{Odd, U2048, U3072, U4096, Uint};

use super::key::Key;
use crate::hash;

pub(super) type Rsa2048 = PublicKey<{ U2048::LIMBS }>;
pub(super) type Rsa3072 = PublicKey<{ U3072::LIMBS }>;
pub(super) type Rsa4096 = PublicKey<{ U4096::LIMBS }>;

#[derive(Clone, Copy, Debug)]
/// A public key.
pub struct PublicKey<const LIMBS: usize> {
    n: FixedMontyParams<LIMBS>,
    e: Uint<1>,
}

impl<const LIMBS: usize> Key for PublicKey<LIMBS> {
    fn set_up(n: &[u8], e: u32) -> Self {
        let n = Odd::new(Uint::from_be_slice(n)).expect("an odd modulus");
        Self {
            n: FixedMontyParams::new_vartime(n),
            e: Uint::from_u32(e),
        }
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let signature = Uint::from_be_slice(signature);
        if signature >= *self.n.modulus().as_ref() {
            return false;
        }
        let power = FixedMontyForm::new(&signature, &self.n)
            .pow_vartime(&self.e)
            .retrieve();
        power == encoded_message(&hash(message))
    }
}

/// EMSA-PKCS1-v1_5 (RFC 8017 section 9.2).
fn encoded_message<const LIMBS: usize>(digest: &[u8; 32]) -> Uint<LIMBS> {
    const DIGEST_INFO: [u8; 20] = [
        0x00, 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
        0x01, 0x05, 0x00, 0x04, 0x20,
    ];
    let mut bytes = [0xff; U4096::BYTES];
    let bytes = &mut bytes[..Uint::<LIMBS>::BYTES];
    let (start, rest) = bytes.split_at_mut(2);
    start.copy_from_slice(&[0x00, 0x01]);
    let (_, end) = rest.split_at_mut(rest.len() - DIGEST_INFO.len() - digest.len());
    let (digest_info, end) = end.split_at_mut(DIGEST_INFO.len());
    digest_info.copy_from_slice(&DIGEST_INFO);
    end.copy_from_slice(digest);
    Uint::from_be_slice(bytes)
}

//! rsa: RustCrypto's. Its numbers lie on the heap.

use rsa::pkcs1v15::{Signature, VerifyingKey};
use rsa::{BoxedUint, PublicKey};
use sha2::Sha256;
use signature::Verifier as _;

use super::key::Key;

pub(super) type Rsa2048 = VerifyingKey<Sha256>;
pub(super) type Rsa3072 = Rsa2048;
pub(super) type Rsa4096 = Rsa2048;

impl Key for VerifyingKey<Sha256> {
    fn set_up(n: &[u8], e: u32) -> Self {
        let [n, e] = [n, &e.to_be_bytes()].map(BoxedUint::from_be_slice_vartime);
        VerifyingKey::new(PublicKey::new(n, e).expect("a key"))
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::try_from(signature)
            .is_ok_and(|signature| self.verify(message, &signature).is_ok())
    }
}

//! Tokenlatch.

use signature::Verifier as _;
use tokenlatch::{Bits, Capacity, PublicKey};

use super::key::Key;

pub(super) type Rsa2048 = PublicKey<2048>;
pub(super) type Rsa3072 = PublicKey<3072>;
pub(super) type Rsa4096 = PublicKey<4096>;

impl<const BITS: usize> Key for PublicKey<BITS>
where
    Bits<BITS>: Capacity,
{
    fn set_up(n: &[u8], e: u32) -> Self {
        Self::from_be_bytes(n, e).expect("a key")
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verify(message, &signature).is_ok()
    }
}

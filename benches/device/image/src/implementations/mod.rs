//! Tokenlatch's RSA and that of its peers, in one shape.

#[cfg(feature = "crypto-bigint")]
#[path = "crypto_bigint.rs"]
mod implementation;
#[cfg(feature = "rsa")]
#[path = "rsa.rs"]
mod implementation;
#[cfg(feature = "rsa_heapless")]
#[path = "rsa_heapless.rs"]
mod implementation;
#[cfg(feature = "tokenlatch")]
#[path = "tokenlatch.rs"]
mod implementation;

/// A key of 2048 bits.
pub type Rsa2048 = implementation::Rsa2048;
/// A key of 3072 bits.
pub type Rsa3072 = implementation::Rsa3072;
/// A key of 4096 bits.
pub type Rsa4096 = implementation::Rsa4096;

/// A public key that is ready to verify.
pub trait Key: Sized {
    /// The key with a big-endian modulus.
    fn set_up(n: &[u8], e: u32) -> Self;

    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2.2): whether the signature is good.
    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool;
}

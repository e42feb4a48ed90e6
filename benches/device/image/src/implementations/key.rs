//! The trait of every implementation.

/// A public key that is ready to verify.
pub trait Key: Sized {
    /// The key with a big-endian modulus.
    fn set_up(n: &[u8], e: u32) -> Self;

    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2.2): whether the signature is good.
    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool;
}

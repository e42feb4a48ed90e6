//! Tokenlatch's RSA and that of its peers, behind one trait.

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
mod key;

pub use key::Key;

/// A key of 2048 bits.
pub type Rsa2048 = implementation::Rsa2048;
/// A key of 3072 bits.
pub type Rsa3072 = implementation::Rsa3072;
/// A key of 4096 bits.
pub type Rsa4096 = implementation::Rsa4096;

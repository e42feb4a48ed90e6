//! RS256 (RFC 7518 section 3.3): RSASSA-PKCS1-v1_5 with SHA-256.

use sha2::{Digest, Sha256};

/// The name of the algorithm, in a header's and in a JWK's `alg`.
pub(crate) const ALGORITHM: &str = "RS256";

/// The digest of a signing input.
///
/// Not inlined, so that what hashing takes of the stack is free again for what follows.
#[inline(never)]
pub(crate) fn digest(signing_input: &[u8]) -> [u8; 32] {
    Sha256::digest(signing_input).into()
}

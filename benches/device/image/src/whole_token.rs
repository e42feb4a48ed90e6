//! The two operations of a device on whole documents: it verifies a token, and it reads a JWK Set.

use tokenlatch::{Error, JwkSet, Policy, Time, Verified, verify_in_place};

/// The longest keys that the key set has room for, in bits.
pub const CAPACITY: usize = if cfg!(feature = "capacity-4096") {
    4096
} else {
    2048
};

/// The type of [`verify`].
pub type Verify = for<'t> fn(
    &'t mut [u8],
    &JwkSet<1, CAPACITY>,
    &Policy<'_>,
    Time,
) -> Result<Verified<'t>, Error>;

/// Verifies a token in place.
///
/// # Errors
///
/// As [`verify_in_place`].
pub fn verify<'t>(
    token: &'t mut [u8],
    keys: &JwkSet<1, CAPACITY>,
    policy: &Policy<'_>,
    now: Time,
) -> Result<Verified<'t>, Error> {
    verify_in_place(token, keys, policy, now)
}

/// The type of [`read_key_set`].
pub type ReadKeySet = fn(&[u8]) -> Result<JwkSet<1, CAPACITY>, Error>;

/// Reads a JWK Set.
///
/// # Errors
///
/// As [`JwkSet::from_json`].
pub fn read_key_set(document: &[u8]) -> Result<JwkSet<1, CAPACITY>, Error> {
    JwkSet::from_json(document)
}

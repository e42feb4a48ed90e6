//! The operations of a device on whole documents: it verifies a token, at once or in steps, and it reads a JWK
//! Set.

use tokenlatch::{
    Authenticated, Error, JwkSet, Policy, Time, Unverified, Verified, verify_in_place,
};

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

/// As [`verify`], with a rest after each step of the signature.
///
/// # Errors
///
/// As [`verify`].
pub fn verify_in_steps<'t>(
    token: &'t mut [u8],
    keys: &JwkSet<1, CAPACITY>,
    policy: &Policy<'_>,
    now: Time,
) -> Result<Verified<'t>, Error> {
    authenticate_in_steps(&Unverified::parse(token)?, keys)?.verify(policy, now)
}

/// Not inlined, so that the check takes no stack while header and claims are read.
#[inline(never)]
fn authenticate_in_steps<'t>(
    token: &Unverified<'t>,
    keys: &JwkSet<1, CAPACITY>,
) -> Result<Authenticated<'t>, Error> {
    let mut check = token.begin(keys)?;
    while !check.step() {}
    check.finish()
}

/// The type of [`read_key_set`].
pub type ReadKeySet = fn(&mut JwkSet<1, CAPACITY>, &[u8]) -> Result<(), Error>;

/// Reads a JWK Set in place.
///
/// # Errors
///
/// As [`JwkSet::read_json`].
pub fn read_key_set(keys: &mut JwkSet<1, CAPACITY>, document: &[u8]) -> Result<(), Error> {
    keys.read_json(document)
}

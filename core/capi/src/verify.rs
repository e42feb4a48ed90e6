//! Verification in one call.

use core::slice;

use verifier::{Authenticated, Error, Time, Unverified};

use crate::code::Code;
use crate::key_set::tl_key_set;
use crate::policy::{Read, tl_policy};
use crate::slot;
use crate::time::tl_time;
use crate::verified::tl_verified;

/// The longest token, in bytes.
pub const TL_MAX_TOKEN_LEN: usize = 16384;

const _: () = assert!(TL_MAX_TOKEN_LEN == verifier::MAX_TOKEN_LEN);

/// Verifies a token in its own place, without another buffer.
///
/// The objects must not overlap. `token` must not be changed as long as `verified` is used. After an error the
/// contents of `token` are unspecified: to try again, with other keys for example, keep a copy.
///
/// @param token    A JWT in compact serialization (RFC 7519 section 7.2). It needs no NUL, and is changed.
/// @param len      The length of the token in bytes.
/// @param keys     An initialised set of keys.
/// @param policy   What the token must say.
/// @param now      The present, as well as the device knows it.
/// @param verified Where the claims go. After an error, it is empty.
/// @return `TL_OK`, or the first reason found to reject the token, in the order arguments, split, header, key,
///         signature, claims, policy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_verify_in_place(
    token: *mut u8,
    len: usize,
    keys: *const tl_key_set,
    policy: *const tl_policy,
    now: tl_time,
    verified: *mut tl_verified,
) -> Code {
    // SAFETY: the caller keeps to the header: the pointers are to so many bytes, an initialised set, a policy
    // with its strings, and a struct, none of which overlap, and nothing else uses them now.
    Code::of(unsafe { verify(token, len, keys, policy, now, verified) })
}

/// # Safety
///
/// As the header says.
unsafe fn verify(
    token: *mut u8,
    len: usize,
    keys: *const tl_key_set,
    policy: *const tl_policy,
    now: tl_time,
    verified: *mut tl_verified,
) -> Result<(), Code> {
    // SAFETY: the caller's condition.
    unsafe {
        slot::clear(verified)?;
        check_policy(policy)?;
        let keys = slot::get(keys)?;
        let token = token_of(token, len)?;
        let authenticated = Unverified::parse(token)?.authenticate(keys)?;
        accept(authenticated, policy, now, verified)
    }
}

/// The bytes of a token.
///
/// # Safety
///
/// The pointer is null, or valid for reads and writes of so many bytes, which nothing else uses during `'t`.
pub(crate) unsafe fn token_of<'t>(token: *mut u8, len: usize) -> Result<&'t mut [u8], Code> {
    slot::check(token)?;
    #[cfg(feature = "deliberate-panic")]
    assert!(len != 7);
    if len > TL_MAX_TOKEN_LEN {
        return Err(Error::TokenTooLong.into());
    }
    // SAFETY: the caller's condition.
    Ok(unsafe { slice::from_raw_parts_mut(token, len) })
}

/// What is wrong with a policy is said before the token is looked at.
///
/// Not inlined, so that the texts take no stack while the signature is checked.
///
/// # Safety
///
/// As [`Read::new`].
#[inline(never)]
pub(crate) unsafe fn check_policy(policy: *const tl_policy) -> Result<(), Code> {
    // SAFETY: the caller's condition.
    unsafe { Read::new(policy) }.map(|_| ())
}

/// Compares the claims with the policy.
///
/// Not inlined, as [`check_policy`].
///
/// # Safety
///
/// As [`Read::new`] and [`slot::put`].
#[inline(never)]
pub(crate) unsafe fn accept(
    authenticated: Authenticated<'_>,
    policy: *const tl_policy,
    now: tl_time,
    verified: *mut tl_verified,
) -> Result<(), Code> {
    // SAFETY: the caller's condition.
    let policy = unsafe { Read::new(policy) }?;
    let accepted = authenticated.verify(&policy.policy(), Time::from(now))?;
    // SAFETY: the caller's condition.
    unsafe { slot::put(verified, accepted) }
}

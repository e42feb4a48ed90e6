//! Verification in steps.

use verifier::{Authenticated, SignatureCheck, Unverified};

use crate::code::Code;
use crate::key_set::{Keys, TL_MAX_KEY_BITS, tl_key_set};
use crate::policy::tl_policy;
use crate::slot::{self, Slot};
use crate::time::tl_time;
use crate::verified::tl_verified;
use crate::verify::{accept, check_policy, token_of};

/// The size of a `tl_check` in words of 8 bytes: enough on every target.
#[cfg(not(feature = "bits-4096"))]
pub const TL_CHECK_WORDS: usize = 130;

/// The size of a `tl_check` in words of 8 bytes: enough on every target.
#[cfg(feature = "bits-4096")]
pub const TL_CHECK_WORDS: usize = 248;

/// The check of a token's signature in steps. Between two of them, a device feeds its watchdog, or serves its
/// radio or its motor.
///
/// @code
/// tl_error error = tl_check_begin(&check, token, len, &keys);
/// if (error == TL_OK) {
///     while (!tl_check_step(&check)) {
///         feed_the_watchdog();
///     }
///     error = tl_check_finish(&check, &policy, now, &verified);
/// }
/// @endcode
///
/// It refers to the buffer of the token and to the keys: neither may be changed or moved until
/// `tl_check_finish`. To give up, forget the check. Do not read or write its member.
#[repr(C)]
pub struct tl_check {
    /// Opaque.
    pub opaque: [u64; TL_CHECK_WORDS],
}

// SAFETY: integers only, and the assertion follows.
unsafe impl Slot for tl_check {
    type Value<'a> = SignatureCheck<'a, 'a, TL_MAX_KEY_BITS>;
    const MARK: u32 = 0xc4ec_0bed;
}

const _: () = slot::assert_fits::<tl_check>();

/// Splits a token in its own place, reads its header and finds its key. No signature is checked yet.
///
/// The objects must not overlap.
///
/// @param check The check. What was in it is forgotten. After an error, it is empty.
/// @param token A JWT in compact serialization (RFC 7519 section 7.2). It needs no NUL, and is changed.
/// @param len   The length of the token in bytes.
/// @param keys  An initialised set of keys.
/// @return `TL_OK`, or the first reason found to reject the token, in the order arguments, split, header, key.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_check_begin(
    check: *mut tl_check,
    token: *mut u8,
    len: usize,
    keys: *const tl_key_set,
) -> Code {
    // SAFETY: the caller keeps to the header: the pointers are to a struct, so many bytes and an initialised set,
    // none of which overlap, and nothing else uses them until the check is finished or forgotten.
    Code::of(unsafe { begin(check, token, len, keys) })
}

/// # Safety
///
/// As the header says.
unsafe fn begin(
    check: *mut tl_check,
    token: *mut u8,
    len: usize,
    keys: *const tl_key_set,
) -> Result<(), Code> {
    // SAFETY: the caller's condition.
    unsafe {
        slot::clear(check)?;
        let keys = slot::get(keys)?;
        let unverified = Unverified::parse(token_of(token, len)?)?;
        begin_with(check, &unverified, keys)
    }
}

/// Begins the check of a token with these keys.
///
/// Not inlined, so that the check takes no stack while the token is hashed.
///
/// # Safety
///
/// As [`slot::put`].
#[inline(never)]
pub(crate) unsafe fn begin_with(
    check: *mut tl_check,
    unverified: &Unverified<'_>,
    keys: &Keys,
) -> Result<(), Code> {
    // SAFETY: the caller's condition.
    unsafe { slot::put(check, unverified.begin(keys)?) }
}

/// Takes the next step: at most one multiplication, 25,000 instructions on a Cortex-M3 with a key of 2048 bits.
/// With the exponent 65537 there are 19 steps, and at most 94 with any.
///
/// @param check The check.
/// @return `true` once no step is left. It is no verdict. Also `true` for a check that has not begun, or that is
///         finished.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_check_step(check: *mut tl_check) -> bool {
    // SAFETY: the caller keeps to the header: the check has begun, token and keys are as they were, and nothing
    // else uses it now.
    unsafe { slot::get_mut(check) }.map_or(true, SignatureCheck::step)
}

/// Takes the steps that are left, if any, and gives the verdict of `tl_verify_in_place`.
///
/// @param check    The check. Empty from then on.
/// @param policy   What the token must say.
/// @param now      The present, as well as the device knows it.
/// @param verified Where the claims go. After an error, it is empty.
/// @return `TL_OK`, or the first reason found to reject the token, in the order arguments, signature, claims,
///         policy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_check_finish(
    check: *mut tl_check,
    policy: *const tl_policy,
    now: tl_time,
    verified: *mut tl_verified,
) -> Code {
    // SAFETY: the caller keeps to the header: as above, and the other pointers are to a policy with its strings
    // and to a struct.
    Code::of(unsafe { finish(check, policy, now, verified) })
}

/// # Safety
///
/// As the header says.
unsafe fn finish(
    check: *mut tl_check,
    policy: *const tl_policy,
    now: tl_time,
    verified: *mut tl_verified,
) -> Result<(), Code> {
    // SAFETY: the caller's condition.
    unsafe {
        slot::clear(verified)?;
        let policy_checked = check_policy(policy);
        let authenticated = authenticate(check)?;
        policy_checked?;
        accept(authenticated, policy, now, verified)
    }
}

/// Ends the check.
///
/// Not inlined, so that the check takes no stack while the claims are read.
///
/// # Safety
///
/// As [`slot::take`].
#[inline(never)]
unsafe fn authenticate<'t>(check: *mut tl_check) -> Result<Authenticated<'t>, Code> {
    // SAFETY: the caller's condition.
    Ok(unsafe { slot::take(check) }?.finish()?)
}

//! The claims of a verified token, by name.

use core::ffi::c_char;
use core::{ptr, slice};

use verifier::json::{Text, Value};
use verifier::{MAX_TOKEN_LEN, Verified};

use crate::code::{Code, tl_error};
use crate::slot::{self, Slot};
use crate::text;

/// The size of a `tl_verified` in words of 8 bytes: enough on every target.
pub const TL_VERIFIED_WORDS: usize = 32;

/// The claims of a token whose signature, claims and policy were all checked.
///
/// `tl_verify_in_place` and `tl_check_finish` fill it in, and empty it if they reject the token: an empty one
/// has no claim and no scope. It refers to the buffer of the token. From the moment that the buffer is changed
/// or no longer there, it must not be used. Do not read or write its member.
#[repr(C)]
pub struct tl_verified {
    /// Opaque.
    pub opaque: [u64; TL_VERIFIED_WORDS],
}

// SAFETY: integers only, and the assertion follows.
unsafe impl Slot for tl_verified {
    type Value<'a> = Verified<'a>;
    const MARK: u32 = 0xa110_a60d;
}

const _: () = slot::assert_fits::<tl_verified>();

/// Whether a token was verified: for a second look, before something that cannot be undone.
///
/// @param verified What `tl_verify_in_place` or `tl_check_finish` has filled in.
/// @return Whether it returned `TL_OK`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_is_verified(verified: *const tl_verified) -> bool {
    // SAFETY: the caller keeps to the header, as below.
    unsafe { slot::get(verified) }.is_ok()
}

/// Whether the token is valid at every second that the `tl_time` may be. Always true unless the policy said
/// `TL_POLICY_ACCEPT_UNCERTAIN`.
///
/// @param verified The claims.
/// @return Whether it is; `false` if no token was verified.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_is_certainly_valid(verified: *const tl_verified) -> bool {
    // SAFETY: the caller keeps to the header: the struct is filled in, and the token's buffer is as it was.
    unsafe { slot::get(verified) }.is_ok_and(Verified::is_certainly_valid)
}

/// `exp`: the second from which on the token is rejected.
///
/// @param verified The claims.
/// @return Seconds since 1970, a fraction cut off; 0 if no token was verified.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_expiry(verified: *const tl_verified) -> u64 {
    // SAFETY: as above.
    unsafe { slot::get(verified) }.map_or(0, Verified::expiry)
}

/// Whether the token allows a scope: one of `scope`, or of `scp`.
///
/// @param verified The claims.
/// @param scope    The scope.
/// @return Whether it does; `false` if no token was verified, or if the scope is no text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_has_scope(verified: *const tl_verified, scope: *const c_char) -> bool {
    // SAFETY: as above, and the other pointer is to a string.
    match unsafe { (slot::get(verified), text::read(scope)) } {
        (Ok(verified), Ok(scope)) => verified.has_scope(scope),
        _ => false,
    }
}

/// Whether a claim is a text, or a list of texts and other values, that has this text: for `groups` or `roles`.
///
/// @param verified The claims.
/// @param name     The claim's name.
/// @param text     The text.
/// @return Whether it has; `false` if no token was verified, or if name or text are no text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_claim_contains(
    verified: *const tl_verified,
    name: *const c_char,
    text: *const c_char,
) -> bool {
    // SAFETY: as above, and the other pointers are to strings.
    match unsafe { (slot::get(verified), text::read(name), text::read(text)) } {
        (Ok(verified), Ok(name), Ok(text)) => verified.texts(&[name]).any(|other| other == text),
        _ => false,
    }
}

/// Copies a claim that is a text.
///
/// @param verified The claims.
/// @param name     The claim's name.
/// @param buffer   Where the text goes: UTF-8 without JSON's escapes, and a NUL. After an error, it is empty.
/// @param size     The size of the buffer in bytes, with room for the NUL. All of it may be written.
/// @return `TL_OK`; `TL_ERROR_NO_CLAIM` if there is no such claim, or if it is `null`;
///         `TL_ERROR_OTHER_CLAIM_TYPE` if it is no text; `TL_ERROR_BUFFER_TOO_SMALL`; `TL_ERROR_TEXT_HAS_NUL`,
///         because C would cut off the text there; `TL_ERROR_NOT_INITIALIZED` if no token was verified; or what
///         is wrong with the arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_claim_text(
    verified: *const tl_verified,
    name: *const c_char,
    buffer: *mut c_char,
    size: usize,
) -> Code {
    // SAFETY: the caller keeps to the header: as above, and the buffer has this size, and nothing else uses it.
    Code::of(unsafe { copy_text(verified, name, buffer, size) })
}

/// # Safety
///
/// As the header says.
unsafe fn copy_text(
    verified: *const tl_verified,
    name: *const c_char,
    buffer: *mut c_char,
    size: usize,
) -> Result<(), Code> {
    // SAFETY: the caller's condition.
    unsafe { copy_to_c(buffer, size, || find(verified, name)) }
}

/// Copies a text to a buffer of C.
///
/// # Safety
///
/// The pointer is null, or valid for reads and writes of so many bytes, which nothing else uses now.
pub(crate) unsafe fn copy_to_c<'a>(
    buffer: *mut c_char,
    size: usize,
    find: impl FnOnce() -> Result<Value<'a>, Code>,
) -> Result<(), Code> {
    if buffer.is_null() {
        return Err(tl_error::TL_ERROR_NULL.into());
    }
    // A text cannot be longer than its token.
    let size = size.min(MAX_TOKEN_LEN);
    // SAFETY: the caller's condition. The zeros make sure that each byte has a value.
    let buffer = unsafe {
        ptr::write_bytes(buffer, 0, size);
        slice::from_raw_parts_mut(buffer.cast::<u8>(), size)
    };
    let text = find()?
        .as_text()
        .ok_or(tl_error::TL_ERROR_OTHER_CLAIM_TYPE)?;
    let copied = copy(text, buffer);
    if copied.is_err() {
        buffer.fill(0);
    }
    copied
}

fn copy(text: Text<'_>, buffer: &mut [u8]) -> Result<(), Code> {
    let (_, room) = buffer
        .split_last_mut()
        .ok_or(tl_error::TL_ERROR_BUFFER_TOO_SMALL)?;
    if text.chars().any(|character| character == '\0') {
        return Err(tl_error::TL_ERROR_TEXT_HAS_NUL.into());
    }
    match text.copy_to(room) {
        Some(_) => Ok(()),
        None => Err(tl_error::TL_ERROR_BUFFER_TOO_SMALL.into()),
    }
}

/// Reads a claim that is a whole number from 0 to 2^64 - 1, however it is written: 2, 2.0 and 20e-1 are the
/// same.
///
/// @param verified The claims.
/// @param name     The claim's name.
/// @param number   Where the number goes; 0 after an error.
/// @return As `tl_claim_text`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_claim_number(
    verified: *const tl_verified,
    name: *const c_char,
    number: *mut u64,
) -> Code {
    // SAFETY: the caller keeps to the header: as above, and nothing else uses the number.
    Code::of(unsafe { copy_value(verified, name, number, |claim| claim.as_u64()) })
}

/// Reads a claim that is `true` or `false`.
///
/// @param verified The claims.
/// @param name     The claim's name.
/// @param value    Where it goes; `false` after an error.
/// @return As `tl_claim_text`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_claim_bool(
    verified: *const tl_verified,
    name: *const c_char,
    value: *mut bool,
) -> Code {
    // SAFETY: the caller keeps to the header: as above, and nothing else uses the value.
    Code::of(unsafe { copy_value(verified, name, value, |claim| claim.as_bool()) })
}

/// # Safety
///
/// As the header says.
unsafe fn copy_value<T: Default>(
    verified: *const tl_verified,
    name: *const c_char,
    out: *mut T,
    read: impl FnOnce(Value<'_>) -> Option<T>,
) -> Result<(), Code> {
    slot::check(out)?;
    // SAFETY: the caller's condition.
    unsafe { out.write(T::default()) };
    // SAFETY: the caller's condition.
    let value = read(unsafe { find(verified, name) }?);
    let value = value.ok_or(tl_error::TL_ERROR_OTHER_CLAIM_TYPE)?;
    // SAFETY: the caller's condition.
    unsafe { out.write(value) };
    Ok(())
}

/// # Safety
///
/// As the header says.
unsafe fn find<'a>(verified: *const tl_verified, name: *const c_char) -> Result<Value<'a>, Code> {
    // SAFETY: the caller's condition.
    let verified = unsafe { slot::get(verified) }?;
    // SAFETY: the caller's condition.
    let name = unsafe { text::read(name) }?;
    match verified.claim(&[name]) {
        None | Some(Value::Null) => Err(tl_error::TL_ERROR_NO_CLAIM.into()),
        Some(value) => Ok(value),
    }
}

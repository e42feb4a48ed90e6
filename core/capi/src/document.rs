//! Signed documents: who signs them, and what became of one.

use core::ffi::c_char;
use core::slice;

use tokenlatch_device::{Applied, Clock, Records, Root};
use verifier::{Error, MAX_TOKEN_LEN};

use crate::clock::tl_clock;
use crate::code::Code;
use crate::key_set::{TL_MAX_KEY_BITS, TL_MAX_KEYS, tl_key_set};
use crate::records::{Callbacks, tl_records};
use crate::slot;
use crate::text;

/// Who signs the documents of a device: key-set updates and revocations.
///
/// A document is a JWT (RS256) of this issuer for this audience, with `iat` and `exp`, and with the `typ` of its
/// kind. `tokenlatch pack` and `tokenlatch provision` make them.
#[repr(C)]
pub struct tl_root {
    /// The root's key, which signs nothing else: an initialised set.
    pub keys: *const tl_key_set,
    /// `iss`.
    pub issuer: *const c_char,
    /// `aud`, such as the name of a fleet.
    pub audience: *const c_char,
}

/// Whether a signed document is new.
#[repr(u8)]
#[derive(Clone, Copy)]
pub enum tl_applied {
    /// It was rejected.
    TL_APPLIED_NOT = 0,
    /// It is in force now.
    TL_APPLIED_NEW = 1,
    /// It was in force already.
    TL_APPLIED_ALREADY = 2,
}

/// Calls `call` with what a signed document needs.
///
/// # Safety
///
/// As the header says.
pub(crate) unsafe fn with_document<T>(
    scratch: *mut u8,
    scratch_len: usize,
    root: *const tl_root,
    clock: *mut tl_clock,
    records: *const tl_records,
    call: impl FnOnce(
        &mut [u8],
        &Root<'_, TL_MAX_KEYS, TL_MAX_KEY_BITS>,
        &mut Clock,
        &mut dyn Records,
    ) -> Result<T, Code>,
) -> Result<T, Code> {
    slot::check(scratch)?;
    // SAFETY: the caller's condition. The zeros make sure that each byte has a value.
    unsafe {
        let scratch_len = scratch_len.min(MAX_TOKEN_LEN);
        scratch.write_bytes(0, scratch_len);
        let scratch = slice::from_raw_parts_mut(scratch, scratch_len);
        let root = read(root)?;
        let clock = slot::get_mut(clock)?;
        let mut records = Callbacks::new(records)?;
        call(scratch, &root, clock, &mut records)
    }
}

/// The bytes of a document.
///
/// # Safety
///
/// The pointer is null, or valid for reads of so many bytes, which nothing changes during `'d`.
pub(crate) unsafe fn bytes_of<'d>(document: *const u8, len: usize) -> Result<&'d [u8], Code> {
    slot::check(document)?;
    if len > MAX_TOKEN_LEN {
        return Err(Error::TokenTooLong.into());
    }
    // SAFETY: the caller's condition.
    Ok(unsafe { slice::from_raw_parts(document, len) })
}

/// Tells what became of a document.
///
/// # Safety
///
/// The pointer is null, misaligned or valid for writes.
pub(crate) unsafe fn tell(
    applied: *mut tl_applied,
    apply: impl FnOnce() -> Result<Applied, Code>,
) -> Result<(), Code> {
    if !applied.is_null() {
        slot::check(applied)?;
    }
    let result = apply();
    let what = match result {
        Ok(Applied::New) => tl_applied::TL_APPLIED_NEW,
        Ok(Applied::Already) => tl_applied::TL_APPLIED_ALREADY,
        Err(_) => tl_applied::TL_APPLIED_NOT,
    };
    if !applied.is_null() {
        // SAFETY: the caller's condition.
        unsafe { applied.write(what) };
    }
    result.map(|_| ())
}

/// The root as the parts of a device know it.
///
/// # Safety
///
/// The pointer is null, misaligned, or valid for reads of a struct as the header says, during `'r`.
unsafe fn read<'r>(root: *const tl_root) -> Result<Root<'r, TL_MAX_KEYS, TL_MAX_KEY_BITS>, Code> {
    slot::check(root)?;
    // SAFETY: the caller's condition.
    unsafe {
        let root = &*root;
        Ok(Root::new(
            slot::get(root.keys)?,
            text::read(root.issuer)?,
            text::read(root.audience)?,
        ))
    }
}

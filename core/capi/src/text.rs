//! Strings of C.

use core::ffi::c_char;
use core::{slice, str};

use crate::code::{Code, tl_error};
use crate::slot;

/// The longest string that a function takes, in bytes without its NUL.
pub const TL_MAX_TEXT_LEN: usize = 1024;

/// The most texts in one list of a `tl_policy`.
pub const TL_MAX_TEXTS: usize = 8;

/// The text of a string of C.
///
/// # Safety
///
/// The pointer is null, or valid for reads up to and including a NUL or [`TL_MAX_TEXT_LEN`] bytes and one more, which
/// nothing changes during `'a`.
pub(crate) unsafe fn read<'a>(string: *const c_char) -> Result<&'a str, Code> {
    if string.is_null() {
        return Err(tl_error::TL_ERROR_NULL.into());
    }
    let string = string.cast::<u8>();
    // SAFETY: no byte before this one is NUL, and there are at most [`TL_MAX_TEXT_LEN`] before it.
    let len = (0..=TL_MAX_TEXT_LEN).find(|&at| unsafe { string.add(at).read() } == 0);
    let len = len.ok_or(tl_error::TL_ERROR_TEXT_TOO_LONG)?;
    // SAFETY: the bytes before the NUL are valid for reads.
    let bytes = unsafe { slice::from_raw_parts(string, len) };
    str::from_utf8(bytes).map_err(|_| tl_error::TL_ERROR_TEXT_NOT_UTF8.into())
}

/// As [`read`], and nothing for a null pointer.
///
/// # Safety
///
/// As [`read`].
pub(crate) unsafe fn read_optional<'a>(string: *const c_char) -> Result<Option<&'a str>, Code> {
    if string.is_null() {
        return Ok(None);
    }
    // SAFETY: the same conditions.
    unsafe { read(string) }.map(Some)
}

/// The texts of an array of C.
#[derive(Clone, Copy)]
pub(crate) struct Texts<'a> {
    texts: [&'a str; TL_MAX_TEXTS],
    len: usize,
}

impl<'a> Texts<'a> {
    /// # Safety
    ///
    /// The pointer is null, misaligned, or valid for reads of so many pointers, each as [`read`] requires.
    pub(crate) unsafe fn read(list: *const *const c_char, len: usize) -> Result<Self, Code> {
        let mut texts = Self {
            texts: [""; TL_MAX_TEXTS],
            len,
        };
        if len > TL_MAX_TEXTS {
            return Err(verifier::Error::PolicyTooLarge.into());
        }
        if len > 0 {
            slot::check(list)?;
        }
        for (at, text) in texts.texts.iter_mut().take(len).enumerate() {
            // SAFETY: the array has so many pointers, each to a string.
            *text = unsafe { read(list.add(at).read()) }?;
        }
        Ok(texts)
    }

    pub(crate) fn as_slice(&self) -> &[&'a str] {
        self.texts.get(..self.len).unwrap_or_default()
    }
}

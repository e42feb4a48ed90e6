//! Documents that a token carries.

use core::ffi::c_char;
use core::slice;

use verifier::json::Value;
use verifier::{MAX_TOKEN_LEN, Unverified};

use crate::code::{Code, tl_error};
use crate::document::bytes_of;
use crate::slot;
use crate::text;
use crate::verified::copy_to_c;

/// Copies a text claim of a token that nobody has checked: for a document that the token carries and that certifies
/// itself, `signed_jwks` or `signed_revocation`. Nothing else may depend on it.
///
/// A device without a network so learns a rotated key from a token that the new key has signed.
///
/// @param token       The token, which is not changed.
/// @param len         The length of the token in bytes.
/// @param scratch     Room for a copy, at least as long.
/// @param scratch_len The length of the room in bytes.
/// @param name        The claim's name.
/// @param buffer      Where the text goes, with a NUL. After an error, it is empty.
/// @param size        The size of the buffer in bytes. All of it may be written.
/// @return As `tl_claim_text`, or why the token is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_unverified_claim_text(
    token: *const u8,
    len: usize,
    scratch: *mut u8,
    scratch_len: usize,
    name: *const c_char,
    buffer: *mut c_char,
    size: usize,
) -> Code {
    // SAFETY: the caller keeps to the header: the pointers are to so many bytes and to a string, none of which overlap,
    // and nothing else uses them now.
    Code::of(unsafe {
        copy_to_c(buffer, size, || {
            let token = bytes_of(token, len)?;
            slot::check(scratch)?;
            let scratch_len = scratch_len.min(MAX_TOKEN_LEN);
            scratch.write_bytes(0, scratch_len);
            let scratch = slice::from_raw_parts_mut(scratch, scratch_len);
            let name = text::read(name)?;
            match Unverified::parse_copy(token, scratch)?.unverified_claim(name)? {
                None | Some(Value::Null) => Err(tl_error::TL_ERROR_NO_CLAIM.into()),
                Some(value) => Ok(value),
            }
        })
    })
}

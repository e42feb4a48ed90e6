//! The keys that signatures are checked with.

use core::ffi::c_char;
use core::slice;

use verifier::{Error, Jwk, JwkSet, MAX_KEY_SET_LEN, PublicKey};

use crate::code::{Code, tl_error};
use crate::slot::{self, Slot};
use crate::text;

/// How many keys a `tl_key_set` has room for.
pub const TL_MAX_KEYS: usize = 4;

/// The longest modulus of a key, in bits.
#[cfg(not(feature = "bits-4096"))]
pub const TL_MAX_KEY_BITS: usize = 2048;

/// The longest modulus of a key, in bits.
#[cfg(feature = "bits-4096")]
pub const TL_MAX_KEY_BITS: usize = 4096;

/// The size of a `tl_key_set` in words of 8 bytes: enough on every target.
#[cfg(not(feature = "bits-4096"))]
pub const TL_KEY_SET_WORDS: usize = 464;

/// The size of a `tl_key_set` in words of 8 bytes: enough on every target.
#[cfg(feature = "bits-4096")]
pub const TL_KEY_SET_WORDS: usize = 784;

/// A set of up to `TL_MAX_KEYS` RSA keys of 2048 to `TL_MAX_KEY_BITS` bits.
///
/// `tl_key_set_init` makes it an empty set. It may be copied and moved like any struct. Do not read or write
/// its member.
#[repr(C)]
pub struct tl_key_set {
    /// Opaque.
    pub opaque: [u64; TL_KEY_SET_WORDS],
}

pub(crate) type Keys = JwkSet<TL_MAX_KEYS, TL_MAX_KEY_BITS>;

// SAFETY: integers only, and the assertion follows.
unsafe impl Slot for tl_key_set {
    type Value<'a> = Keys;
    const MARK: u32 = 0x5e70_f4e7;
}

const _: () = slot::assert_fits::<tl_key_set>();

/// Makes a set without keys.
///
/// @param keys The set. What was in it is forgotten.
/// @param size `sizeof(tl_key_set)`: it shows whether header and library were made for the same keys.
/// @return `TL_OK`, `TL_ERROR_NULL`, `TL_ERROR_MISALIGNED` or `TL_ERROR_WRONG_SIZE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_key_set_init(keys: *mut tl_key_set, size: usize) -> Code {
    if size != size_of::<tl_key_set>() {
        return tl_error::TL_ERROR_WRONG_SIZE.into();
    }
    // SAFETY: the caller gives a pointer to a struct. The value borrows nothing.
    Code::of(unsafe { slot::put(keys, JwkSet::from_keys([])) })
}

/// Adds a key, which `tokenlatch pack` prints as constants.
///
/// Takes the time of about ten verifications: the Montgomery constant of the modulus is computed.
///
/// @param keys  An initialised set. After an error, it is as before.
/// @param kid   The key's name, by which tokens ask for it, at most 128 bytes; or `NULL` for a key without one,
///              which is for all tokens if the set has no other.
/// @param n     The modulus, big-endian, without leading zeros.
/// @param n_len The length of the modulus in bytes.
/// @param e     The public exponent, odd and at least 3.
/// @return `TL_OK`, or why the key cannot be used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_key_set_add(
    keys: *mut tl_key_set,
    kid: *const c_char,
    n: *const u8,
    n_len: usize,
    e: u32,
) -> Code {
    // SAFETY: the caller keeps to the header: the pointers are to an initialised set that nothing else uses
    // now, to a string, and to so many bytes.
    Code::of(unsafe { add(keys, kid, n, n_len, e) })
}

/// # Safety
///
/// As the header says.
unsafe fn add(
    keys: *mut tl_key_set,
    kid: *const c_char,
    n: *const u8,
    n_len: usize,
    e: u32,
) -> Result<(), Code> {
    // SAFETY: the caller's condition.
    let keys = unsafe { slot::get_mut(keys) }?;
    // SAFETY: the caller's condition.
    let kid = unsafe { text::read_optional(kid) }?;
    slot::check(n)?;
    // The longest slice that there may be.
    if n_len > isize::MAX as usize {
        return Err(Error::ModulusTooLong.into());
    }
    // SAFETY: the caller's condition.
    let n = unsafe { slice::from_raw_parts(n, n_len) };
    let key = PublicKey::from_be_bytes(n, e)?;
    let key = match kid {
        Some(kid) => Jwk::new(kid, key)?,
        None => Jwk::anonymous(key),
    };
    Ok(keys.push(key)?)
}

/// Reads a JWK Set document (RFC 7517) in place of the keys of a set.
///
/// Keys that cannot be used for RS256 are skipped. A token that names one gets `TL_ERROR_UNUSABLE_KEY`.
///
/// @param keys     An initialised set. After an error, it is empty.
/// @param document JSON, at most 262,144 bytes.
/// @param len      The length of the document in bytes.
/// @return `TL_OK`, or why the document is no JWK Set or has too many keys.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_key_set_read_json(
    keys: *mut tl_key_set,
    document: *const u8,
    len: usize,
) -> Code {
    // SAFETY: the caller keeps to the header: the pointers are to an initialised set that nothing else uses
    // now, and to so many bytes.
    Code::of(unsafe { read_json(keys, document, len) })
}

/// # Safety
///
/// As the header says.
unsafe fn read_json(keys: *mut tl_key_set, document: *const u8, len: usize) -> Result<(), Code> {
    // SAFETY: the caller's condition.
    let keys = unsafe { slot::get_mut(keys) }?;
    *keys = JwkSet::from_keys([]);
    slot::check(document)?;
    if len > MAX_KEY_SET_LEN {
        return Err(Error::KeySetTooLong.into());
    }
    // SAFETY: the caller's condition.
    let document = unsafe { slice::from_raw_parts(document, len) };
    Ok(keys.read_json(document)?)
}

/// How many usable keys a set has.
///
/// @param keys The set.
/// @return The number; 0 for a set that is not initialised.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_key_set_count(keys: *const tl_key_set) -> usize {
    // SAFETY: the caller gives a pointer to a struct, and nothing changes it now.
    unsafe { slot::get(keys) }.map_or(0, |keys| keys.keys().len())
}

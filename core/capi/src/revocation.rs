//! What is revoked.

use tokenlatch_device::Revocation;

use crate::clock::tl_clock;
use crate::code::Code;
use crate::document::{bytes_of, tell, tl_applied, tl_root, with_document};
use crate::records::tl_records;
use crate::slot::{self, Slot};
use crate::verified::tl_verified;

/// How many epochs a `tl_revocation` has room for.
pub const TL_MAX_EPOCHS: usize = 4;

/// How many tokens, subjects and keys a `tl_revocation` has room for.
pub const TL_MAX_REVOKED: usize = 32;

/// The size of a `tl_revocation` in words of 8 bytes: enough on every target.
pub const TL_REVOCATION_WORDS: usize = 90;

/// What is revoked: epochs ("reject what was issued before"), then a short list.
///
/// A revocation is a document of the root (`tl_root`) with the `typ` `revocation+jwt`. Do not read or write its
/// member.
#[repr(C)]
pub struct tl_revocation {
    /// Opaque.
    pub opaque: [u64; TL_REVOCATION_WORDS],
}

// SAFETY: integers only, and the assertion follows.
unsafe impl Slot for tl_revocation {
    type Value<'a> = Revocation<TL_MAX_EPOCHS, TL_MAX_REVOKED>;
    const MARK: u32 = 0x4e70_ce55;
}

const _: () = slot::assert_fits::<tl_revocation>();

/// Nothing is revoked.
///
/// @param revocation The revocation.
/// @return `TL_OK`, `TL_ERROR_NULL` or `TL_ERROR_MISALIGNED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_revocation_init(revocation: *mut tl_revocation) -> Code {
    // SAFETY: the caller gives a pointer to a struct. The value borrows nothing.
    Code::of(unsafe { slot::put(revocation, Revocation::new()) })
}

/// Takes the revocation that is in force, after a restart, and verifies it again.
///
/// @param revocation  An initialised revocation. After an error, every token is revoked until there is a new one.
/// @param scratch     Room for a document: `TL_MAX_DOCUMENT_LEN` bytes are always enough.
/// @param scratch_len The length of the room in bytes.
/// @param root        Who signed it.
/// @param clock       An initialised clock, which learns from it.
/// @param records     The storage.
/// @return `TL_OK`, also if there is none; `TL_ERROR_STORAGE`; `TL_ERROR_CORRUPT`; or why it is rejected.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_revocation_load(
    revocation: *mut tl_revocation,
    scratch: *mut u8,
    scratch_len: usize,
    root: *const tl_root,
    clock: *mut tl_clock,
    records: *const tl_records,
) -> Code {
    // SAFETY: the caller keeps to the header: the pointers are to initialised structs and to so many bytes, none of
    // which overlap, and nothing else uses them now.
    Code::of(unsafe {
        slot::get_mut(revocation).and_then(|revocation| {
            // If the other arguments are wrong, it is not loaded either.
            revocation.lose();
            with_document(
                scratch,
                scratch_len,
                root,
                clock,
                records,
                |scratch, root, clock, records| Ok(revocation.load(scratch, root, clock, records)?),
            )
        })
    })
}

/// Applies a revocation, by whatever way it came. It is stored first, and then in force.
///
/// @param revocation   An initialised revocation. After an error, what was in force stays so.
/// @param document     The document, a JWT in compact serialization.
/// @param document_len The length of the document in bytes.
/// @param scratch      Room for a copy, at least as long.
/// @param scratch_len  The length of the room in bytes.
/// @param root         Who must have signed it.
/// @param clock        An initialised clock, which learns from it.
/// @param records      The storage.
/// @param applied      Whether it is new; may be `NULL`.
/// @return `TL_OK`, or why it is rejected.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_revocation_apply(
    revocation: *mut tl_revocation,
    document: *const u8,
    document_len: usize,
    scratch: *mut u8,
    scratch_len: usize,
    root: *const tl_root,
    clock: *mut tl_clock,
    records: *const tl_records,
    applied: *mut tl_applied,
) -> Code {
    // SAFETY: as above, and the other pointers are to so many bytes and to a struct.
    Code::of(unsafe {
        tell(applied, || {
            let document = bytes_of(document, document_len)?;
            let revocation = slot::get_mut(revocation)?;
            with_document(
                scratch,
                scratch_len,
                root,
                clock,
                records,
                |scratch, root, clock, records| {
                    Ok(revocation.apply(document, scratch, root, clock, records)?)
                },
            )
        })
    })
}

/// Rejects a token that is revoked.
///
/// @param revocation An initialised revocation.
/// @param verified   The token, verified.
/// @return `TL_OK`, `TL_ERROR_REVOKED`, or `TL_ERROR_CORRUPT` if a revocation could not be loaded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_revocation_check(
    revocation: *const tl_revocation,
    verified: *const tl_verified,
) -> Code {
    // SAFETY: the caller keeps to the header: the pointers are to initialised structs, and the token's buffer is
    // as it was.
    Code::of(unsafe { check(revocation, verified) })
}

/// # Safety
///
/// As the header says.
unsafe fn check(
    revocation: *const tl_revocation,
    verified: *const tl_verified,
) -> Result<(), Code> {
    // SAFETY: the caller's condition.
    unsafe { Ok(slot::get(revocation)?.check(slot::get(verified)?)?) }
}

/// `iat` of the revocation in force, its version.
///
/// @param revocation The revocation.
/// @return Seconds since 1970; 0 if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_revocation_issued_at(revocation: *const tl_revocation) -> u64 {
    // SAFETY: the caller gives a pointer to a revocation, and nothing changes it now.
    unsafe { slot::get(revocation) }.map_or(0, Revocation::issued_at)
}

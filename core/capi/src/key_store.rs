//! The keys in force, replaced by signed updates.

use tokenlatch_device::KeySet;
use verifier::{Time, Unverified};

use crate::check::{begin_with, tl_check};
use crate::clock::tl_clock;
use crate::code::Code;
use crate::document::{bytes_of, tell, tl_applied, tl_root, with_document};
use crate::key_set::{TL_MAX_KEY_BITS, TL_MAX_KEYS, tl_key_set};
use crate::policy::tl_policy;
use crate::records::tl_records;
use crate::slot::{self, Slot};
use crate::time::tl_time;
use crate::verified::tl_verified;
use crate::verify::{accept, check_policy, token_of};

/// The size of a `tl_key_store` in words of 8 bytes: enough on every target.
#[cfg(not(feature = "bits-4096"))]
pub const TL_KEY_STORE_WORDS: usize = 472;

/// The size of a `tl_key_store` in words of 8 bytes: enough on every target.
#[cfg(feature = "bits-4096")]
pub const TL_KEY_STORE_WORDS: usize = 792;

/// The keys in force: those of the factory, until the first signed update.
///
/// An update is a document of the root (`tl_root`) with the `typ` `jwk-set+jwt` and the claim `keys`. Its `iat` is
/// its version: older ones are rejected. Its `exp` is the end of its keys, too. Do not read or write its member.
#[repr(C)]
pub struct tl_key_store {
    /// Opaque.
    pub opaque: [u64; TL_KEY_STORE_WORDS],
}

// SAFETY: integers only, and the assertion follows.
unsafe impl Slot for tl_key_store {
    type Value<'a> = KeySet<TL_MAX_KEYS, TL_MAX_KEY_BITS>;
    const MARK: u32 = 0x5701_4e75;
}

const _: () = slot::assert_fits::<tl_key_store>();

/// Begins with the factory's keys, which never expire.
///
/// @param store   The store. Its size is checked by that of the factory's keys.
/// @param factory An initialised set, which is copied.
/// @return `TL_OK`, or what is wrong with the arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_key_store_init(
    store: *mut tl_key_store,
    factory: *const tl_key_set,
) -> Code {
    // SAFETY: the caller keeps to the header: the pointers are to a struct and to an initialised set.
    Code::of(unsafe {
        slot::get(factory).and_then(|factory| slot::put(store, KeySet::new(factory.clone())))
    })
}

/// Takes the update that is in force, after a restart, and verifies it again.
///
/// @param store       An initialised store. After an error, it has no keys until there is a new update.
/// @param scratch     Room for a document: `TL_MAX_DOCUMENT_LEN` bytes are always enough.
/// @param scratch_len The length of the room in bytes.
/// @param root        Who signed it.
/// @param clock       An initialised clock, which learns from it.
/// @param records     The storage.
/// @return `TL_OK`, also if there is none; `TL_ERROR_STORAGE`; `TL_ERROR_CORRUPT`; or why it is rejected.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_key_store_load(
    store: *mut tl_key_store,
    scratch: *mut u8,
    scratch_len: usize,
    root: *const tl_root,
    clock: *mut tl_clock,
    records: *const tl_records,
) -> Code {
    // SAFETY: the caller keeps to the header: the pointers are to initialised structs and to so many bytes, none of
    // which overlap, and nothing else uses them now.
    Code::of(unsafe {
        slot::get_mut(store).and_then(|store| {
            // If the other arguments are wrong, it is not loaded either.
            store.lose();
            with_document(
                scratch,
                scratch_len,
                root,
                clock,
                records,
                |scratch, root, clock, records| Ok(store.load(scratch, root, clock, records)?),
            )
        })
    })
}

/// Applies an update, by whatever way it came. It is stored first, and then in force.
///
/// @param store        An initialised store. After an error, what was in force stays so.
/// @param document     The update, a JWT in compact serialization.
/// @param document_len The length of the update in bytes.
/// @param scratch      Room for a copy, at least as long.
/// @param scratch_len  The length of the room in bytes.
/// @param root         Who must have signed it.
/// @param clock        An initialised clock, which learns from it.
/// @param records      The storage.
/// @param applied      Whether it is new; may be `NULL`.
/// @return `TL_OK`, or why it is rejected.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_key_store_apply(
    store: *mut tl_key_store,
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
            let store = slot::get_mut(store)?;
            with_document(
                scratch,
                scratch_len,
                root,
                clock,
                records,
                |scratch, root, clock, records| {
                    Ok(store.apply(document, scratch, root, clock, records)?)
                },
            )
        })
    })
}

/// As `tl_verify_in_place`, with the keys in force.
///
/// @param token    The token, which is changed.
/// @param len      The length of the token in bytes.
/// @param store    An initialised store.
/// @param policy   What the token must say.
/// @param now      The present, as well as the device knows it.
/// @param verified Where the claims go. After an error, it is empty.
/// @return As `tl_verify_in_place`; `TL_ERROR_KEY_SET_EXPIRED`; or `TL_ERROR_CORRUPT`, if an update could not be
///         loaded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_key_store_verify_in_place(
    token: *mut u8,
    len: usize,
    store: *const tl_key_store,
    policy: *const tl_policy,
    now: tl_time,
    verified: *mut tl_verified,
) -> Code {
    // SAFETY: the caller keeps to the header, as for `tl_verify_in_place`.
    Code::of(unsafe { verify(token, len, store, policy, now, verified) })
}

/// # Safety
///
/// As the header says.
unsafe fn verify(
    token: *mut u8,
    len: usize,
    store: *const tl_key_store,
    policy: *const tl_policy,
    now: tl_time,
    verified: *mut tl_verified,
) -> Result<(), Code> {
    // SAFETY: the caller's condition.
    unsafe {
        slot::clear(verified)?;
        check_policy(policy)?;
        let keys = slot::get(store)?.keys(now.into())?;
        let token = token_of(token, len)?;
        let authenticated = Unverified::parse(token)?.authenticate(keys)?;
        accept(authenticated, policy, now, verified)
    }
}

/// As `tl_check_begin`, with the keys in force. No update may be applied until the check is finished.
///
/// @param check The check.
/// @param token The token, which is changed.
/// @param len   The length of the token in bytes.
/// @param store An initialised store.
/// @param now   The present, as well as the device knows it.
/// @return As `tl_check_begin`; `TL_ERROR_KEY_SET_EXPIRED`; or `TL_ERROR_CORRUPT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_key_store_check_begin(
    check: *mut tl_check,
    token: *mut u8,
    len: usize,
    store: *const tl_key_store,
    now: tl_time,
) -> Code {
    // SAFETY: the caller keeps to the header, as for `tl_check_begin`.
    Code::of(unsafe { begin(check, token, len, store, now.into()) })
}

/// # Safety
///
/// As the header says.
unsafe fn begin(
    check: *mut tl_check,
    token: *mut u8,
    len: usize,
    store: *const tl_key_store,
    now: Time,
) -> Result<(), Code> {
    // SAFETY: the caller's condition.
    unsafe {
        slot::clear(check)?;
        let keys = slot::get(store)?.keys(now)?;
        let unverified = Unverified::parse(token_of(token, len)?)?;
        begin_with(check, &unverified, keys)
    }
}

/// `iat` of the update in force, its version.
///
/// @param store The store.
/// @return Seconds since 1970; 0 for the factory's keys, or if the store is not initialised.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_key_store_issued_at(store: *const tl_key_store) -> u64 {
    // SAFETY: the caller gives a pointer to a store, and nothing changes it now.
    unsafe { slot::get(store) }.map_or(0, KeySet::issued_at)
}

/// The second from which on there are no keys.
///
/// @param store The store.
/// @return Seconds since 1970; `UINT64_MAX` for the factory's keys; 0 if the store is not initialised.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_key_store_expiry(store: *const tl_key_store) -> u64 {
    // SAFETY: as above.
    unsafe { slot::get(store) }.map_or(0, KeySet::expiry)
}

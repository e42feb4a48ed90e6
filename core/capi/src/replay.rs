//! Tokens that are used once.

use core::time::Duration;

use tokenlatch_device::Replay;

use crate::clock::tl_clock;
use crate::code::Code;
use crate::records::{Callbacks, tl_records};
use crate::slot::{self, Slot};
use crate::verified::tl_verified;

/// How many used tokens a `tl_replay` remembers.
pub const TL_MAX_USED: usize = 32;

/// The size of a `tl_replay` in words of 8 bytes: enough on every target.
pub const TL_REPLAY_WORDS: usize = 98;

/// The tokens that were used, by `iss` and `jti`. One is forgotten only once it has certainly expired; if there is
/// no room for another one, that is rejected. Do not read or write its member.
#[repr(C)]
pub struct tl_replay {
    /// Opaque.
    pub opaque: [u64; TL_REPLAY_WORDS],
}

// SAFETY: integers only, and the assertion follows.
unsafe impl Slot for tl_replay {
    type Value<'a> = Replay<TL_MAX_USED>;
    const MARK: u32 = 0x4e91_a705;
}

const _: () = slot::assert_fits::<tl_replay>();

/// No token was used.
///
/// @param replay The used tokens.
/// @param leeway The leeway of the policy that accepts the tokens, in seconds.
/// @return `TL_OK`, `TL_ERROR_NULL` or `TL_ERROR_MISALIGNED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_replay_init(replay: *mut tl_replay, leeway: u32) -> Code {
    let leeway = Duration::from_secs(leeway.into());
    // SAFETY: the caller gives a pointer to a struct. The value borrows nothing.
    Code::of(unsafe { slot::put(replay, Replay::new(leeway)) })
}

/// Takes the used tokens, after a restart, and after `tl_clock_load`.
///
/// @param replay  Initialised. After an error, no token is accepted.
/// @param records The storage.
/// @return `TL_OK`, `TL_ERROR_STORAGE` or `TL_ERROR_CORRUPT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_replay_load(
    replay: *mut tl_replay,
    records: *const tl_records,
) -> Code {
    // SAFETY: the caller keeps to the header: the pointers are to an initialised struct that nothing else uses now,
    // and to a storage.
    Code::of(unsafe { load(replay, records) })
}

/// # Safety
///
/// As the header says.
unsafe fn load(replay: *mut tl_replay, records: *const tl_records) -> Result<(), Code> {
    // SAFETY: the caller's condition.
    let replay = unsafe { slot::get_mut(replay) }?;
    replay.lose();
    // SAFETY: the caller's condition.
    let mut records = unsafe { Callbacks::new(records) }?;
    Ok(replay.load(&mut records)?)
}

/// Rejects a token that was used, and uses up none: for the first of two verifications, of which the second one calls
/// `tl_replay_accept`.
///
/// @param replay   Initialised.
/// @param verified The token, verified.
/// @return `TL_OK`, `TL_ERROR_MISSING_TOKEN_ID` or `TL_ERROR_REPLAYED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_replay_check(
    replay: *const tl_replay,
    verified: *const tl_verified,
) -> Code {
    // SAFETY: as above; the token's buffer is as it was.
    Code::of(unsafe { check(replay, verified) })
}

/// # Safety
///
/// As the header says.
unsafe fn check(replay: *const tl_replay, verified: *const tl_verified) -> Result<(), Code> {
    // SAFETY: the caller's condition.
    unsafe { Ok(slot::get(replay)?.check(slot::get(verified)?)?) }
}

/// Uses a token, or rejects it: the last check before the door opens. It is stored when this returns.
///
/// @param replay   Initialised.
/// @param verified The token, verified.
/// @param clock    An initialised clock, loaded.
/// @param records  The storage.
/// @return `TL_OK`, `TL_ERROR_MISSING_TOKEN_ID`, `TL_ERROR_REPLAYED`, `TL_ERROR_REPLAY_FULL`, `TL_ERROR_STORAGE`,
///         `TL_ERROR_STORAGE_FULL`, or `TL_ERROR_CORRUPT` if the clock could not be loaded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_replay_accept(
    replay: *mut tl_replay,
    verified: *const tl_verified,
    clock: *mut tl_clock,
    records: *const tl_records,
) -> Code {
    // SAFETY: as above, and the other pointers are to initialised structs; the token's buffer is as it was.
    Code::of(unsafe { accept(replay, verified, clock, records) })
}

/// # Safety
///
/// As the header says.
unsafe fn accept(
    replay: *mut tl_replay,
    verified: *const tl_verified,
    clock: *mut tl_clock,
    records: *const tl_records,
) -> Result<(), Code> {
    // SAFETY: the caller's condition.
    unsafe {
        let verified = slot::get(verified)?;
        let clock = slot::get_mut(clock)?;
        let mut records = Callbacks::new(records)?;
        Ok(slot::get_mut(replay)?.accept(verified, clock, &mut records)?)
    }
}

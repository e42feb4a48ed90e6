//! A challenge: a nonce of the device that the token must echo.

use core::ffi::c_char;
use core::time::Duration;

use tokenlatch_device::{Challenge, NONCE_LEN, Nonce, Nonces};

use crate::code::Code;
use crate::records::{Callbacks, tl_records};
use crate::slot::{self, Slot};
use crate::verified::tl_verified;

/// The size of the text of a nonce, with its NUL.
pub const TL_NONCE_SIZE: usize = 23;

const _: () = assert!(TL_NONCE_SIZE == NONCE_LEN + 1);

/// The size of a `tl_challenge` in words of 8 bytes: enough on every target.
pub const TL_CHALLENGE_WORDS: usize = 8;

/// The size of a `tl_nonces` in words of 8 bytes: enough on every target.
pub const TL_NONCES_WORDS: usize = 7;

/// The challenge that waits for its token: one at a time. Do not read or write its member.
#[repr(C)]
pub struct tl_challenge {
    /// Opaque.
    pub opaque: [u64; TL_CHALLENGE_WORDS],
}

/// Nonces for a device without a true random number generator: SHA-256 over a secret seed and a counter that never
/// goes back. Do not read or write its member.
#[repr(C)]
pub struct tl_nonces {
    /// Opaque.
    pub opaque: [u64; TL_NONCES_WORDS],
}

// SAFETY: integers only, and the assertion follows.
unsafe impl Slot for tl_challenge {
    type Value<'a> = Challenge;
    const MARK: u32 = 0xc4a1_1e06;
}

// SAFETY: integers only, and the assertion follows.
unsafe impl Slot for tl_nonces {
    type Value<'a> = Nonces;
    const MARK: u32 = 0x0ce5_0ce5;
}

const _: () = slot::assert_fits::<tl_challenge>();
const _: () = slot::assert_fits::<tl_nonces>();

/// No challenge.
///
/// @param challenge The challenge.
/// @param lifetime  How long each one lasts, in milliseconds, such as 60,000.
/// @return `TL_OK`, `TL_ERROR_NULL` or `TL_ERROR_MISALIGNED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_challenge_init(challenge: *mut tl_challenge, lifetime: u32) -> Code {
    let lifetime = Duration::from_millis(lifetime.into());
    // SAFETY: the caller gives a pointer to a struct. The value borrows nothing.
    Code::of(unsafe { slot::put(challenge, Challenge::new(lifetime)) })
}

/// Begins a challenge with 16 bytes of a true random number generator. It replaces the one that waits.
///
/// @param challenge An initialised challenge.
/// @param random    16 bytes that nobody can foretell.
/// @param now       Milliseconds, of a counter that does not go back. Once one of 32 bits wraps around, the challenge
///                  is over.
/// @param text      Where the text for the token's claim `nonce` goes: `TL_NONCE_SIZE` bytes, with a NUL.
/// @return `TL_OK`, or what is wrong with the arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_challenge_begin(
    challenge: *mut tl_challenge,
    random: *const u8,
    now: u64,
    text: *mut c_char,
) -> Code {
    // SAFETY: the caller keeps to the header: the pointers are to an initialised struct that nothing else uses now,
    // and to so many bytes.
    Code::of(unsafe {
        slot::check(random).and_then(|()| {
            let random = random.cast::<[u8; 16]>().read();
            begin(challenge, now, text, || Ok(Nonce::from_random(random)))
        })
    })
}

/// As `tl_challenge_begin`, with the next nonce of a seed.
///
/// @param challenge An initialised challenge.
/// @param nonces    The nonces, loaded.
/// @param records   The storage: every 64th nonce is one write.
/// @param now       Milliseconds, of a counter that does not go back.
/// @param text      Where the text for the token's claim `nonce` goes: `TL_NONCE_SIZE` bytes, with a NUL.
/// @return `TL_OK`, `TL_ERROR_STORAGE`, `TL_ERROR_STORAGE_FULL`, or `TL_ERROR_CORRUPT` if the nonces were not loaded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_challenge_begin_with(
    challenge: *mut tl_challenge,
    nonces: *mut tl_nonces,
    records: *const tl_records,
    now: u64,
    text: *mut c_char,
) -> Code {
    // SAFETY: as above, and the other pointers are to an initialised struct that nothing else uses now, and to a
    // storage.
    Code::of(unsafe {
        begin(challenge, now, text, || {
            Ok(slot::get_mut(nonces)?.next(&mut Callbacks::new(records)?)?)
        })
    })
}

/// # Safety
///
/// As the header says.
unsafe fn begin(
    challenge: *mut tl_challenge,
    now: u64,
    text: *mut c_char,
    nonce: impl FnOnce() -> Result<Nonce, Code>,
) -> Result<(), Code> {
    slot::check(text)?;
    // SAFETY: the caller's condition.
    unsafe {
        let text = text.cast::<u8>();
        text.write_bytes(0, TL_NONCE_SIZE);
        let characters = slot::get_mut(challenge)?.begin(nonce()?, now);
        text.cast::<[u8; NONCE_LEN]>().write(characters);
    }
    Ok(())
}

/// Ends the challenge, if the token echoes it; else it waits on.
///
/// @param challenge An initialised challenge.
/// @param verified  The token, verified.
/// @param now       Milliseconds, of the same counter.
/// @return `TL_OK`, `TL_ERROR_MISSING_NONCE`, `TL_ERROR_WRONG_NONCE` or `TL_ERROR_NONCE_EXPIRED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_challenge_check(
    challenge: *mut tl_challenge,
    verified: *const tl_verified,
    now: u64,
) -> Code {
    // SAFETY: the caller keeps to the header: the pointers are to initialised structs, and the token's buffer is as
    // it was.
    Code::of(unsafe { check(challenge, verified, now) })
}

/// As `tl_challenge_check`, but the challenge waits on: for the first of two verifications, of which the second one
/// calls `tl_challenge_check`.
///
/// @param challenge An initialised challenge.
/// @param verified  The token, verified.
/// @param now       Milliseconds, of the same counter.
/// @return As `tl_challenge_check`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_challenge_compare(
    challenge: *const tl_challenge,
    verified: *const tl_verified,
    now: u64,
) -> Code {
    // SAFETY: as above.
    Code::of(unsafe { compare(challenge, verified, now) })
}

/// # Safety
///
/// As the header says.
unsafe fn compare(
    challenge: *const tl_challenge,
    verified: *const tl_verified,
    now: u64,
) -> Result<(), Code> {
    // SAFETY: the caller's condition.
    unsafe { Ok(slot::get(challenge)?.compare(slot::get(verified)?, now)?) }
}

/// # Safety
///
/// As the header says.
unsafe fn check(
    challenge: *mut tl_challenge,
    verified: *const tl_verified,
    now: u64,
) -> Result<(), Code> {
    // SAFETY: the caller's condition.
    unsafe { Ok(slot::get_mut(challenge)?.check(slot::get(verified)?, now)?) }
}

/// The nonces of a seed.
///
/// @param nonces The nonces.
/// @param seed   32 random bytes, of each device its own, secret.
/// @return `TL_OK`, or what is wrong with the arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_nonces_init(nonces: *mut tl_nonces, seed: *const u8) -> Code {
    // SAFETY: the caller keeps to the header: the pointers are to a struct and to so many bytes.
    Code::of(unsafe {
        slot::check(seed)
            .and_then(|()| slot::put(nonces, Nonces::new(seed.cast::<[u8; 32]>().read())))
    })
}

/// Takes the counter, after a restart.
///
/// @param nonces  Initialised. After an error, there are no nonces.
/// @param records The storage.
/// @return `TL_OK`, `TL_ERROR_STORAGE` or `TL_ERROR_CORRUPT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_nonces_load(
    nonces: *mut tl_nonces,
    records: *const tl_records,
) -> Code {
    // SAFETY: the caller keeps to the header: the pointers are to an initialised struct that nothing else uses now,
    // and to a storage.
    Code::of(unsafe { load(nonces, records) })
}

/// # Safety
///
/// As the header says.
unsafe fn load(nonces: *mut tl_nonces, records: *const tl_records) -> Result<(), Code> {
    // SAFETY: the caller's condition.
    let nonces = unsafe { slot::get_mut(nonces) }?;
    nonces.lose();
    // SAFETY: the caller's condition.
    let mut records = unsafe { Callbacks::new(records) }?;
    Ok(nonces.load(&mut records)?)
}

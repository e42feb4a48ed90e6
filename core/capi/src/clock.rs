//! A clock that may lie.

use core::time::Duration;

use tokenlatch_device::{Certainty, Clock, Error, Learned, Records};
use verifier::Time;

use crate::code::Code;
use crate::records::{Callbacks, tl_records};
use crate::slot::{self, Slot};
use crate::time::tl_time;

/// The size of a `tl_clock` in words of 8 bytes: enough on every target.
pub const TL_CLOCK_WORDS: usize = 9;

/// The time, as far as a device can know it whose real-time clock may lie: a floor that never goes back.
///
/// The floor is raised by signed documents, by `tl_clock_read`, and by `tl_clock_learn`. The last two are believed
/// up to a ceiling above the last signed document, so that nobody but the root pushes the floor beyond it. Do not
/// read or write its member.
#[repr(C)]
pub struct tl_clock {
    /// Opaque.
    pub opaque: [u64; TL_CLOCK_WORDS],
}

// SAFETY: integers only, and the assertion follows.
unsafe impl Slot for tl_clock {
    type Value<'a> = Clock;
    const MARK: u32 = 0xc10c_f100;
}

const _: () = slot::assert_fits::<tl_clock>();

/// How certain the time is, and why.
#[repr(u8)]
#[derive(Clone, Copy)]
pub enum tl_certainty {
    /// The real-time clock runs, and agrees with all that is known: the time is an interval.
    TL_CERTAINTY_INTERVAL = 0,
    /// There is no real-time clock, or it says itself that it stopped: the time is the floor or later.
    TL_CERTAINTY_ABSENT = 1,
    /// The real-time clock is before the floor: it was reset or set back. The time is the floor or later.
    TL_CERTAINTY_EARLY = 2,
    /// The real-time clock is beyond the ceiling. The time is the floor or later.
    TL_CERTAINTY_FAR = 3,
}

/// What `tl_clock_learn` makes of an `iat`.
#[repr(u8)]
#[derive(Clone, Copy)]
pub enum tl_learned {
    /// It raised the floor.
    TL_LEARNED_RAISED = 0,
    /// The floor was that high already.
    TL_LEARNED_KNOWN = 1,
    /// It is beyond the ceiling, and says nothing. Worth an entry in the audit record.
    TL_LEARNED_FAR = 2,
    /// The clock is not initialised.
    TL_LEARNED_NOTHING = 3,
}

/// A clock that knows the firmware's build time.
///
/// @param clock       The clock.
/// @param build_time  Seconds since 1970.
/// @param max_advance How far, in seconds, tokens and the real-time clock may raise the floor above the last signed
///                    document, or above the build time: such as 400 days.
/// @param drift       How far, in seconds, the real-time clock may be off, before and after: such as 60.
/// @param store_every By how many seconds the floor has to rise to be stored: such as 3600, for 8,760 writes a year.
/// @return `TL_OK`, `TL_ERROR_NULL` or `TL_ERROR_MISALIGNED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_clock_init(
    clock: *mut tl_clock,
    build_time: u64,
    max_advance: u32,
    drift: u32,
    store_every: u32,
) -> Code {
    let seconds = |seconds: u32| Duration::from_secs(seconds.into());
    let value = Clock::new(build_time, seconds(max_advance))
        .drift(seconds(drift))
        .store_every(seconds(store_every));
    // SAFETY: the caller gives a pointer to a struct. The value borrows nothing.
    Code::of(unsafe { slot::put(clock, value) })
}

/// Takes the stored floor, after a restart.
///
/// @param clock   An initialised clock. After an error, `tl_replay_accept` accepts no token, until `tl_clock_store` or
///                `tl_clock_store_if_due` can read it, or a new document of the root takes its place.
/// @param records The storage.
/// @return `TL_OK`, also if nothing was stored; `TL_ERROR_STORAGE`; or `TL_ERROR_CORRUPT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_clock_load(clock: *mut tl_clock, records: *const tl_records) -> Code {
    // SAFETY: the caller keeps to the header: the pointers are to an initialised clock that nothing else uses now,
    // and to a storage.
    Code::of(unsafe {
        // If the storage is wrong, it is not loaded either. `with` makes a reference of its own, after this one.
        slot::get_mut(clock)
            .map(Clock::lose)
            .and_then(|()| with(clock, records, Clock::load))
    })
}

/// Stores the floor, if it changed.
///
/// @param clock   An initialised clock.
/// @param records The storage.
/// @return `TL_OK`, `TL_ERROR_STORAGE`, `TL_ERROR_STORAGE_FULL`, or `TL_ERROR_CORRUPT` if it could not be loaded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_clock_store(clock: *mut tl_clock, records: *const tl_records) -> Code {
    // SAFETY: as above.
    Code::of(unsafe { with(clock, records, Clock::store) })
}

/// Stores the floor, if it has risen enough: for the end of every round of the device's loop.
///
/// @param clock   An initialised clock.
/// @param records The storage.
/// @return `TL_OK`, `TL_ERROR_STORAGE`, `TL_ERROR_STORAGE_FULL`, or `TL_ERROR_CORRUPT` if it could not be loaded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_clock_store_if_due(
    clock: *mut tl_clock,
    records: *const tl_records,
) -> Code {
    // SAFETY: as above.
    Code::of(unsafe { with(clock, records, Clock::store_if_due) })
}

/// One of the clock's functions that use the storage.
type Call = fn(&mut Clock, &mut dyn Records) -> Result<(), Error>;

/// # Safety
///
/// As the header says.
unsafe fn with(clock: *mut tl_clock, records: *const tl_records, call: Call) -> Result<(), Code> {
    // SAFETY: the caller's condition.
    let (clock, mut records) = unsafe { (slot::get_mut(clock)?, Callbacks::new(records)?) };
    Ok(call(clock, &mut records)?)
}

/// The time, by a reading of the real-time clock. A reading that is believed raises the floor.
///
/// @param clock     An initialised clock.
/// @param rtc       Seconds since 1970; `NULL` if there is no real-time clock, or if it says that it stopped.
/// @param certainty Why the time is no more certain; may be `NULL`.
/// @return The seconds that the present may be; the last one that there is if the clock is not initialised, so that
///         every token has expired.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_clock_read(
    clock: *mut tl_clock,
    rtc: *const u64,
    certainty: *mut tl_certainty,
) -> tl_time {
    let reading = if slot::check(rtc).is_ok() {
        // SAFETY: the caller gives a pointer to a number.
        Some(unsafe { rtc.read() })
    } else {
        None
    };
    // SAFETY: the caller gives an initialised clock that nothing else uses now.
    let (time, why) = match unsafe { slot::get_mut(clock) } {
        Ok(clock) => {
            let reading = clock.read(reading);
            let why = match reading.certainty {
                Certainty::Interval => tl_certainty::TL_CERTAINTY_INTERVAL,
                Certainty::Early => tl_certainty::TL_CERTAINTY_EARLY,
                Certainty::Far => tl_certainty::TL_CERTAINTY_FAR,
                _ => tl_certainty::TL_CERTAINTY_ABSENT,
            };
            (reading.time.into(), why)
        }
        Err(_) => {
            let last = Time::exactly(u64::MAX);
            (last.into(), tl_certainty::TL_CERTAINTY_ABSENT)
        }
    };
    if slot::check(certainty).is_ok() {
        // SAFETY: the caller gives a pointer to a certainty that nothing else uses now.
        unsafe { certainty.write(why) };
    }
    time
}

/// Learns from the `iat` of a verified token. The program designates the issuer: give this no `iat` of another one.
///
/// @param clock     An initialised clock.
/// @param issued_at Seconds since 1970.
/// @return What it makes of it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_clock_learn(clock: *mut tl_clock, issued_at: u64) -> tl_learned {
    // SAFETY: the caller gives an initialised clock that nothing else uses now.
    match unsafe { slot::get_mut(clock) }.map(|clock| clock.learn(issued_at)) {
        Ok(Learned::Raised) => tl_learned::TL_LEARNED_RAISED,
        Ok(Learned::Known) => tl_learned::TL_LEARNED_KNOWN,
        Ok(Learned::Far) => tl_learned::TL_LEARNED_FAR,
        _ => tl_learned::TL_LEARNED_NOTHING,
    }
}

/// The second that has certainly passed.
///
/// @param clock The clock.
/// @return Seconds since 1970; 0 if the clock is not initialised.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_clock_floor(clock: *const tl_clock) -> u64 {
    // SAFETY: the caller gives a pointer to a clock, and nothing changes it now.
    unsafe { slot::get(clock) }.map_or(0, Clock::floor)
}

//! The present time by the system's clock.

use std::time::SystemTime;

use tokenlatch::Time;

/// The present time, for [`tokenlatch::verify()`] and similar functions.
///
/// # Panics
///
/// As [`unix_now`].
#[must_use]
pub fn now() -> Time {
    Time::exactly(unix_now())
}

/// Seconds since 1970-01-01T00:00:00Z.
///
/// # Panics
///
/// If the system's clock is before 1970: with such a clock no verdict is right.
#[must_use]
pub fn unix_now() -> u64 {
    SystemTime::UNIX_EPOCH
        .elapsed()
        .expect("the system's clock is before 1970")
        .as_secs()
}

//! The present, as the system's clock has it.

use std::time::SystemTime;

use tokenlatch::Time;

/// The present, for [`tokenlatch::verify()`] and the like.
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
/// If the system's clock stands before 1970: no verdict by such a clock would be worth anything.
#[must_use]
pub fn unix_now() -> u64 {
    SystemTime::UNIX_EPOCH
        .elapsed()
        .expect("the system's clock stands before 1970")
        .as_secs()
}

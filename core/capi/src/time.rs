//! Time as the caller knows it.

use verifier::Time;

/// The present, in seconds since 1970-01-01T00:00:00Z, as well as the device knows it: the earliest and the
/// latest second that it may be, both included.
///
/// A token must be valid at each of these seconds, unless the policy says `TL_POLICY_ACCEPT_UNCERTAIN`. Zeros
/// say that it is 1970: then no token has expired. Use `tl_time_exactly`, `tl_time_between` or
/// `tl_time_at_least`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct tl_time {
    /// The earliest second that it may be.
    pub earliest: u64,
    /// The latest second that it may be; `UINT64_MAX` if only the earliest is known.
    pub latest: u64,
}

impl From<tl_time> for Time {
    fn from(time: tl_time) -> Self {
        Self::between(time.earliest, time.latest)
    }
}

impl From<Time> for tl_time {
    fn from(time: Time) -> Self {
        Self {
            earliest: time.earliest(),
            latest: time.latest(),
        }
    }
}

/// A clock that is right.
///
/// @param unix_seconds Seconds since 1970-01-01T00:00:00Z.
/// @return The time.
#[unsafe(no_mangle)]
pub extern "C" fn tl_time_exactly(unix_seconds: u64) -> tl_time {
    Time::exactly(unix_seconds).into()
}

/// A clock that is right to within an interval.
///
/// @param earliest The earliest second that it may be.
/// @param latest   The latest second that it may be. If it is less than `earliest`, the two are swapped.
/// @return The time.
#[unsafe(no_mangle)]
pub extern "C" fn tl_time_between(earliest: u64, latest: u64) -> tl_time {
    Time::between(earliest, latest).into()
}

/// No clock, only a floor: the build time, or the latest time seen in a verified message. Then no token is
/// certainly valid, and only `TL_POLICY_ACCEPT_UNCERTAIN` accepts one.
///
/// @param unix_seconds The earliest second that it may be.
/// @return The time.
#[unsafe(no_mangle)]
pub extern "C" fn tl_time_at_least(unix_seconds: u64) -> tl_time {
    Time::at_least(unix_seconds).into()
}

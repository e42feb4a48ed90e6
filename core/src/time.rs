//! Time as the caller knows it.

/// The present, in seconds since 1970-01-01T00:00:00Z, as the caller knows it: the core has no clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    /// The earliest that it may be.
    pub(crate) earliest: u64,
    /// The latest that it may be.
    pub(crate) latest: u64,
}

impl Time {
    /// A clock that is right.
    #[must_use]
    pub const fn exactly(unix_seconds: u64) -> Self {
        Self {
            earliest: unix_seconds,
            latest: unix_seconds,
        }
    }
}

//! Time as the caller knows it.

/// The present, in seconds since 1970-01-01T00:00:00Z, as well as the caller knows it: the core has
/// no clock.
///
/// A server knows the second. A device that was just switched on may know only that it is not
/// earlier than its firmware's build, or the last time it saw. Saying what is known instead of a
/// guess lets the verdict be honest: by default a token must be valid whatever the time really is,
/// and [`Policy::accept_uncertain`](crate::Policy::accept_uncertain) tells what else there is.
///
/// | known | `exp` | `nbf` |
/// |---|---|---|
/// | [`exactly`](Self::exactly) | certain | certain |
/// | [`between`](Self::between) | certain outside the interval | certain outside the interval |
/// | [`at_least`](Self::at_least) | certain only once it has passed: a token can be known to have expired, never to be fresh | certain only once it has passed |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    earliest: u64,
    latest: u64,
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

    /// A clock that is right to within an interval, both ends included, in either order.
    #[must_use]
    pub const fn between(earliest: u64, latest: u64) -> Self {
        if earliest <= latest {
            Self { earliest, latest }
        } else {
            Self {
                earliest: latest,
                latest: earliest,
            }
        }
    }

    /// No clock, only a floor: the build time, or the latest time seen in a verified message.
    #[must_use]
    pub const fn at_least(unix_seconds: u64) -> Self {
        Self::between(unix_seconds, u64::MAX)
    }

    /// Whether it is before `date`.
    pub(crate) const fn is_before(self, date: u64) -> Known {
        if self.latest < date {
            Known::Certainly
        } else if self.earliest < date {
            Known::Possibly
        } else {
            Known::No
        }
    }

    /// Whether it is `date` or later.
    pub(crate) const fn is_at_or_after(self, date: u64) -> Known {
        match self.is_before(date) {
            Known::Certainly => Known::No,
            Known::Possibly => Known::Possibly,
            Known::No => Known::Certainly,
        }
    }
}

/// What is known about a comparison with the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    Certainly,
    Possibly,
    No,
}

//! Time as the caller knows it.

/// The present, in seconds since 1970-01-01T00:00:00Z, as well as the caller knows it: the core has
/// no clock.
///
/// A server knows the second. A device that was just switched on may know only that it is not
/// earlier than its firmware's build, or the last time it saw. Saying what is known instead of a
/// guess makes the verdict honest: by default a token must be valid whatever the time really is,
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

    /// What is left of it, from `date` on.
    pub(crate) fn from(self, date: u64) -> Option<Self> {
        let earliest = self.earliest.max(date);
        (earliest <= self.latest).then_some(Self { earliest, ..self })
    }

    /// What is left of it, before `date`.
    pub(crate) fn before(self, date: u64) -> Option<Self> {
        let latest = self.latest.min(date.checked_sub(1)?);
        (self.earliest <= latest).then_some(Self { latest, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_narrowed_from_both_ends_until_nothing_is_left() {
        for time in [Time::between(5, 9), Time::between(9, 5)] {
            assert_eq!(time.from(5), Some(time));
            assert_eq!(time.from(9), Some(Time::exactly(9)));
            assert_eq!(time.from(10), None);
            assert_eq!(time.before(10), Some(time));
            assert_eq!(time.before(6), Some(Time::exactly(5)));
            assert_eq!(time.before(5), None);
            assert_eq!(time.before(0), None);
        }
        assert_eq!(Time::at_least(7).from(9), Some(Time::at_least(9)));
        assert_eq!(Time::at_least(7).before(9), Some(Time::between(7, 8)));
    }
}

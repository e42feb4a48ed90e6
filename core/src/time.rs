//! Time as the caller knows it.

/// The present, in seconds since 1970-01-01T00:00:00Z, as well as the caller knows it: the core has
/// no clock.
///
/// A server knows the second. A device that was just switched on may know only that it is not
/// earlier than its firmware's build, or the last time it saw. With the knowledge instead of a guess,
/// the verdict is honest: by default a token must be valid at every time that it may be. See
/// [`Policy::accept_uncertain`](crate::Policy::accept_uncertain) for the other choice.
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

    /// The first second that it may be.
    #[must_use]
    pub const fn earliest(self) -> u64 {
        self.earliest
    }

    /// The last second that it may be.
    #[must_use]
    pub const fn latest(self) -> u64 {
        self.latest
    }

    /// Whether it is one second.
    pub(crate) const fn is_exact(self) -> bool {
        self.earliest == self.latest
    }

    /// All of it, to be narrowed by a token's dates.
    pub(crate) const fn window(self, accepts_uncertain: bool) -> Window {
        Window {
            time: self,
            accepts_uncertain,
            is_certain: true,
        }
    }
}

/// The seconds that the present may be and at which a token is valid: always at least one.
pub(crate) struct Window {
    time: Time,
    accepts_uncertain: bool,
    /// Whether nothing was cut off.
    pub(crate) is_certain: bool,
}

impl Window {
    /// Cuts off what is before `date`. Returns whether anything is left.
    // Neither function is inlined, as both are called twice.
    #[inline(never)]
    pub(crate) fn begin_at(&mut self, date: u64) -> bool {
        if date <= self.time.earliest {
            return true;
        }
        if date > self.time.latest || !self.accepts_uncertain {
            return false;
        }
        self.time.earliest = date;
        self.is_certain = false;
        true
    }

    /// Cuts off what is at `date` or later. Returns whether anything is left.
    #[inline(never)]
    pub(crate) fn end_before(&mut self, date: u64) -> bool {
        if date > self.time.latest {
            return true;
        }
        if date <= self.time.earliest || !self.accepts_uncertain {
            return false;
        }
        self.time.latest = date - 1;
        self.is_certain = false;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_first_and_a_last_second() {
        let bounds = |time: Time| (time.earliest(), time.latest());
        assert_eq!(bounds(Time::exactly(5)), (5, 5));
        assert_eq!(bounds(Time::between(5, 7)), (5, 7));
        assert_eq!(bounds(Time::at_least(5)), (5, u64::MAX));
    }

    #[test]
    fn a_window_is_narrowed_from_both_ends_until_nothing_is_left() {
        for time in [Time::between(5, 9), Time::between(9, 5)] {
            let mut window = time.window(true);
            assert!(window.begin_at(5));
            assert!(window.end_before(10));
            assert!(window.is_certain);
            assert!(!window.begin_at(10));
            assert!(!window.end_before(5));
            assert!(!window.end_before(0));
            assert!(window.begin_at(7));
            assert!(!window.is_certain);
            assert!(!window.end_before(7));
            assert!(window.end_before(8));
            assert_eq!(window.time, Time::exactly(7));
            let mut strict = time.window(false);
            assert!(!strict.begin_at(6));
            assert!(!strict.end_before(9));
        }
    }
}

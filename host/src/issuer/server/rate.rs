//! The rate limit of requests for tokens.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota};

use crate::issuer::model::config::RateLimit;

/// Counts requests, of all clients together.
pub(crate) struct Rate {
    limiter: DefaultDirectRateLimiter,
    clock: DefaultClock,
}

impl Rate {
    pub(crate) fn new(limit: RateLimit) -> Self {
        let burst = NonZeroU32::new(limit.requests).unwrap_or(NonZeroU32::MIN);
        let period = limit.period.max(Duration::from_secs(1)) / burst.get();
        let quota = Quota::with_period(period).expect("no less than a microsecond");
        let clock = DefaultClock::default();
        Self {
            limiter: DefaultDirectRateLimiter::direct_with_clock(
                quota.allow_burst(burst),
                clock.clone(),
            ),
            clock,
        }
    }

    /// Counts a request. If it is one too many, returns in how many seconds the next one is allowed.
    pub(crate) fn count(&self) -> Result<(), u64> {
        self.limiter.check().map_err(|too_many| {
            let wait = too_many.wait_time_from(self.clock.now());
            // Rounded up: a client that waits for so long must succeed.
            wait.as_secs() + 1
        })
    }
}

//! The life of one cached token: when to ask for another, and until when it is handed out.
//!
//! This is a state machine without I/O and without a clock. Its caller gives it the time and does what it
//! asks for. The time is monotonic, so a change of the system's clock does not change the age of a token.
//!
//! ```text
//!  asked for      began          refresh_from        until      expires
//!      │ request    │ handed out      │ and refreshed  │  margin   │
//!      └────────────┴─────────────────┴────────────────┴───────────┘
//! ```

use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use super::access_token::AccessToken;

/// How long before its expiry a token is handed out for the last time.
pub const MARGIN: Duration = Duration::from_secs(10);

/// How long before that time a token is refreshed in the background at the earliest. It is refreshed in the
/// first half of this span.
pub const REFRESH_AHEAD: Duration = Duration::from_secs(30);

/// The pause between a failed request and the next one. It doubles with each further failure.
pub const MIN_RETRY: Duration = Duration::from_millis(200);

/// The longest pause. A random time, up to as long again, is added.
pub const MAX_RETRY: Duration = Duration::from_secs(5);

/// The time between two tokens that are replaced because an API rejected them. Without it, an API that
/// rejects every token would cause a request for each call.
pub const COOLDOWN: Duration = Duration::from_secs(5);

/// The state of one token.
pub(crate) struct Cache {
    margin: Duration,
    held: Option<Held>,
    is_fetching: bool,
    /// A caller waits for a request that has not begun.
    is_wanted: bool,
    /// No request begins earlier.
    not_before: Instant,
    /// The pauses after the next failures, while the last request failed.
    retries: Option<ExponentialBackoff>,
    /// When a rejected token may be replaced again.
    cooled_down: Instant,
    /// For random times, so that clients that start together do not ask together.
    random: fastrand::Rng,
}

struct Held {
    token: AccessToken,
    refresh_from: Instant,
    until: Instant,
    /// Whether it was handed out again, after the callers that waited for it had it.
    is_used: bool,
}

impl Cache {
    pub(crate) fn new(margin: Duration, seed: u64, now: Instant) -> Self {
        Self {
            margin,
            held: None,
            is_fetching: false,
            is_wanted: false,
            not_before: now,
            retries: None,
            cooled_down: now,
            random: fastrand::Rng::with_seed(seed),
        }
    }

    /// The token. If it is `None`, a request is running or due.
    pub(crate) fn ask(&mut self, now: Instant) -> Option<AccessToken> {
        match &mut self.held {
            Some(held) if now < held.until => {
                held.is_used = true;
                Some(held.token.clone())
            }
            _ => {
                self.held = None;
                self.is_wanted = !self.is_fetching;
                None
            }
        }
    }

    /// When to call [`begin`](Self::begin), if at all, unless something changes earlier.
    pub(crate) fn due(&self) -> Option<Instant> {
        match &self.held {
            _ if self.is_fetching => None,
            _ if self.is_wanted => Some(self.not_before),
            Some(held) if held.is_used => Some(held.refresh_from.max(self.not_before)),
            _ => None,
        }
    }

    /// Begins a request, if one is due: only one runs at a time, and [`end`](Self::end) must follow.
    pub(crate) fn begin(&mut self, now: Instant) -> bool {
        let is_due = self.due().is_some_and(|due| due <= now);
        if is_due {
            self.is_fetching = true;
            self.is_wanted = false;
        }
        is_due
    }

    /// Ends the request that began at `began`, with its token if it succeeded, or else with the time that the
    /// server asks to wait.
    pub(crate) fn end(
        &mut self,
        token: Option<AccessToken>,
        retry_after: Option<Duration>,
        began: Instant,
        now: Instant,
    ) {
        self.is_fetching = false;
        if let Some(token) = token {
            self.retries = None;
            self.not_before = now;
            self.hold(token, began);
            return;
        }
        let random = &mut self.random;
        let retries = self.retries.get_or_insert_with(|| retries(random.u64(..)));
        let pause = retries.next().unwrap_or(MAX_RETRY);
        self.not_before = now + pause.max(retry_after.unwrap_or_default());
        // The next caller causes a request.
        if self.held.as_ref().is_some_and(|held| held.until <= now) {
            self.held = None;
        }
    }

    /// Drops this token, unless another one has replaced it.
    pub(crate) fn invalidate(&mut self, token: &AccessToken) {
        self.held.take_if(|held| held.token.is(token));
    }

    /// Drops this token, which an API rejected. Returns whether there may be another one now.
    pub(crate) fn replace(&mut self, token: &AccessToken, now: Instant) -> bool {
        let is_held = self.held.as_ref().is_some_and(|held| held.token.is(token));
        if is_held {
            if now < self.cooled_down {
                return false;
            }
            self.cooled_down = now + COOLDOWN;
            self.held = None;
        }
        true
    }

    fn hold(&mut self, token: AccessToken, began: Instant) {
        let lifetime = token.lifetime();
        let until = began + (lifetime - self.margin.min(lifetime / 4));
        let ahead = REFRESH_AHEAD.min(lifetime / 4);
        let ahead = ahead.mul_f64(0.5 + 0.5 * self.random.f64());
        self.held = Some(Held {
            token,
            // The server issued the token at this time or later.
            refresh_from: until - ahead,
            until,
            is_used: false,
        });
    }
}

fn retries(seed: u64) -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(MIN_RETRY)
        .with_max_delay(MAX_RETRY)
        .with_jitter()
        .with_jitter_seed(seed)
        .without_max_times()
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn token(seconds: u64) -> AccessToken {
        AccessToken::new("token".into(), SECOND * seconds as u32, "{}".into())
    }

    /// A cache that got this token at the returned time.
    fn holding(token: &AccessToken, seed: u64) -> (Cache, Instant) {
        let start = Instant::now();
        let mut cache = Cache::new(MARGIN, seed, start);
        assert!(cache.ask(start).is_none());
        assert!(cache.begin(start));
        cache.end(Some(token.clone()), None, start, start);
        (cache, start)
    }

    #[test]
    fn nothing_is_asked_for_before_somebody_wants_it() {
        let start = Instant::now();
        let mut cache = Cache::new(MARGIN, 0, start);
        assert_eq!(cache.due(), None);
        assert!(!cache.begin(start));
        assert!(cache.ask(start).is_none());
        assert_eq!(cache.due(), Some(start));
        assert!(cache.begin(start));
        // One at a time. Callers that come while it runs wait for it.
        assert!(cache.ask(start).is_none());
        assert!(!cache.begin(start));
        cache.end(Some(token(600)), None, start, start);
        assert_eq!(cache.due(), None, "nobody has asked again");
    }

    #[test]
    fn a_token_is_handed_out_until_the_margin_before_it_expires() {
        let held = token(600);
        let (mut cache, start) = holding(&held, 0);
        let last = start + SECOND * 590 - Duration::from_nanos(1);
        assert!(cache.ask(last).unwrap().is(&held));
        assert!(cache.ask(start + SECOND * 590).is_none());
        assert_eq!(cache.due(), Some(start));
    }

    #[test]
    fn a_token_is_refreshed_ahead_at_random_and_only_if_it_is_used() {
        let mut seen = [Duration::MAX, Duration::ZERO];
        for seed in 0..1000 {
            let (mut cache, start) = holding(&token(600), seed);
            assert_eq!(cache.due(), None);
            cache.ask(start + SECOND);
            let ahead = start + SECOND * 590 - cache.due().unwrap();
            assert!(
                (REFRESH_AHEAD / 2..=REFRESH_AHEAD).contains(&ahead),
                "{ahead:?}"
            );
            seen = [seen[0].min(ahead), seen[1].max(ahead)];
        }
        assert!(seen[1] - seen[0] > REFRESH_AHEAD.mul_f64(0.45), "{seen:?}");
    }

    #[test]
    fn a_lifetime_shorter_than_the_margin_still_works() {
        for seconds in [1, 2, 5, 9, 10, 11, 39] {
            let lifetime = SECOND * seconds;
            let (mut cache, start) = holding(&token(seconds.into()), 0);
            assert!(cache.ask(start + lifetime / 2).is_some(), "{seconds}");
            let due = cache.due().unwrap();
            let range = start + lifetime / 2..=start + lifetime * 3 / 4;
            assert!(range.contains(&due), "{seconds}");
            assert!(cache.ask(start + lifetime * 3 / 4).is_none(), "{seconds}");
        }
        let (mut cache, start) = holding(&token(0), 0);
        assert!(cache.ask(start).is_none());
    }

    #[test]
    fn a_lifetime_counts_from_before_the_request() {
        let start = Instant::now();
        let mut cache = Cache::new(MARGIN, 0, start);
        cache.ask(start);
        cache.begin(start);
        cache.end(Some(token(600)), None, start, start + SECOND * 9);
        assert!(cache.ask(start + SECOND * 589).is_some());
        assert!(cache.ask(start + SECOND * 590).is_none());
    }

    #[test]
    fn failures_are_followed_by_longer_and_longer_pauses() {
        let start = Instant::now();
        let mut cache = Cache::new(MARGIN, 0, start);
        let mut now = start;
        let mut least = MIN_RETRY;
        for _ in 0..20 {
            assert!(cache.ask(now).is_none());
            assert!(cache.begin(now));
            cache.end(None, None, now, now);
            assert_eq!(cache.due(), None, "nobody waits");
            cache.ask(now);
            assert!(!cache.begin(now), "the pause comes first");
            let due = cache.due().unwrap();
            assert!(
                (least..=2 * least).contains(&(due - now)),
                "{:?}",
                due - now
            );
            least = (2 * least).min(MAX_RETRY);
            now = due;
        }
        assert!(cache.begin(now));
        cache.end(Some(token(600)), None, now, now);
        cache.ask(now + SECOND * 600);
        assert!(
            cache.begin(now + SECOND * 600),
            "there is no pause after a success"
        );
    }

    #[test]
    fn a_server_that_asks_for_patience_has_it() {
        let start = Instant::now();
        for (asked, at_least) in [(SECOND * 30, SECOND * 30), (Duration::ZERO, MIN_RETRY)] {
            let mut cache = Cache::new(MARGIN, 0, start);
            cache.ask(start);
            cache.begin(start);
            cache.end(None, Some(asked), start, start);
            cache.ask(start);
            let due = cache.due().unwrap() - start;
            assert!(
                (at_least..=at_least.max(MIN_RETRY * 2)).contains(&due),
                "{due:?}"
            );
        }
    }

    #[test]
    fn a_failed_refresh_leaves_the_token_and_is_tried_again() {
        let held = token(600);
        let (mut cache, start) = holding(&held, 0);
        cache.ask(start);
        let due = cache.due().unwrap();
        assert!(cache.begin(due));
        assert!(!cache.begin(due), "one request runs at a time");
        cache.end(None, None, due, due);
        assert!(cache.ask(due).unwrap().is(&held));
        assert!(cache.due().unwrap() >= due + MIN_RETRY);
        // After its last use, there is no further request.
        let late = start + SECOND * 590;
        assert!(cache.begin(late));
        cache.end(None, None, late, late);
        assert_eq!(cache.due(), None);
    }

    #[test]
    fn only_the_token_that_is_meant_is_invalidated() {
        let (first, second) = (token(600), token(600));
        let (mut cache, start) = holding(&second, 0);
        cache.invalidate(&first);
        assert!(cache.ask(start).is_some());
        cache.invalidate(&second);
        assert!(cache.ask(start).is_none());
    }

    #[test]
    fn rejected_tokens_are_replaced_once_per_cooldown() {
        let (first, second) = (token(600), token(600));
        let (mut cache, start) = holding(&first, 0);
        assert!(cache.replace(&first, start));
        // Several calls were rejected with the same token.
        assert!(cache.replace(&first, start));
        cache.ask(start);
        cache.begin(start);
        cache.end(Some(second.clone()), None, start, start);
        assert!(cache.replace(&first, start));
        assert!(!cache.replace(&second, start));
        assert!(cache.ask(start).unwrap().is(&second));
        assert!(cache.replace(&second, start + COOLDOWN));
        assert!(cache.ask(start + COOLDOWN).is_none());
    }
}

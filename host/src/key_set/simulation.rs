//! The state machine of one key set in virtual time, for the simulation of a fleet in `benches`.
//!
//! This is no part of the API. What `cache.rs` and `fetcher.rs` do around the machine is here once more,
//! without waiting.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::KeySet;
use super::schedule::{Cache, Lookup, Outcome, Schedule, has};

/// The state machine, and what a lookup gets from it.
#[derive(Debug)]
pub struct Machine(Cache);

/// What the issuer's response to a fetch comes to.
#[derive(Clone, Debug)]
pub enum Response {
    /// A key set.
    Keys(Arc<KeySet>, Option<Duration>),
    /// The key set of before is current.
    NotModified(Option<Duration>),
    /// None, or an error, perhaps with `Retry-After`.
    Failed(Option<Duration>),
}

/// What a lookup ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There are keys, and one of them has the `kid`.
    Found,
    /// There are keys, and the issuer does not publish the `kid` as far as they tell.
    Unknown,
    /// There are no keys, or the `kid` is unknown and the last fetch failed.
    Unavailable,
}

impl Machine {
    /// An empty cache, whose random waits follow from `seed`.
    #[must_use]
    pub fn new(schedule: Schedule, seed: u64, now: Instant) -> Self {
        Self(Cache::new(schedule, seed, now))
    }

    /// Takes the key set of a snapshot, unless it is dead. Returns whether it does.
    pub fn restore(
        &mut self,
        keys: Arc<KeySet>,
        max_age: Option<Duration>,
        age: Duration,
        now: Instant,
    ) -> bool {
        self.0.restore(keys, None, max_age, age, now);
        self.0.put_off_first(now);
        self.0.cached().is_some()
    }

    /// Whether a lookup ends at once: `KeySetCache::cached_with`.
    #[must_use]
    pub fn finds(&self, key_id: &str, now: Instant) -> bool {
        self.0.cached().is_some_and(|cached| {
            let keys = cached.keys(now);
            keys.is_some_and(|keys| !cached.use_now() && has(keys, Some(key_id)))
        })
    }

    /// Whether a lookup that did not end at once waits for a fetch: one step of `KeySetCache::ask`.
    pub fn waits(&mut self, key_id: &str, now: Instant) -> bool {
        self.0.ask(Some(key_id), now) == Lookup::Wait
    }

    /// What a lookup gets that waits no longer: the end of `KeySetCache::keys`.
    #[must_use]
    pub fn verdict(&self, key_id: &str, now: Instant) -> Verdict {
        let cached = self.0.cached();
        match cached.as_ref().and_then(|cached| cached.keys(now)) {
            Some(keys) if has(keys, Some(key_id)) => Verdict::Found,
            Some(_) if !self.0.is_failing() => Verdict::Unknown,
            _ => Verdict::Unavailable,
        }
    }

    /// When the fetcher wakes up, unless a lookup wakes it earlier.
    #[must_use]
    pub fn next_fetch(&self) -> Instant {
        self.0.next_fetch()
    }

    /// The fetcher is awake. Returns whether it sends a request.
    pub fn begin(&mut self, now: Instant) -> bool {
        self.0.begin(now)
    }

    /// The fetcher has its response.
    pub fn end(&mut self, response: Response, now: Instant) {
        let outcome = match response {
            Response::Keys(keys, max_age) => Outcome::Keys {
                keys,
                etag: None,
                max_age,
            },
            Response::NotModified(max_age) => Outcome::NotModified { max_age },
            Response::Failed(retry_after) => Outcome::Failed { retry_after },
        };
        self.0.end(outcome, now);
    }
}

//! The state machine of one key set in virtual time, for the simulation of a fleet in `benches`.
//!
//! This is no part of the API. What `cache.rs` and `fetcher.rs` do around the machine is here once more,
//! without waiting.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;

use super::KeySet;
use super::schedule::{Cache, Lookup, Outcome, Schedule, State, has};
use super::shared::Shared;

/// The state machine, and what a lookup and the fetcher get from it.
pub struct Machine(Shared);

/// What a cache begins with.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Its key set.
    pub keys: Arc<KeySet>,
    /// How long the issuer said that the set stays fresh.
    pub max_age: Option<Duration>,
    /// How long ago it was fetched.
    pub age: Duration,
}

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
    /// A cache, whose random waits follow from `seed`: `Builder::start`.
    #[must_use]
    pub fn new(schedule: Schedule, seed: u64, snapshot: Option<Snapshot>, now: Instant) -> Self {
        let mut cache = Cache::new(schedule, seed, now);
        if let Some(Snapshot { keys, max_age, age }) = snapshot {
            cache.restore(keys, None, max_age, age, now);
            cache.put_off_first(now);
        }
        Self(Shared::new(cache))
    }

    /// Whether there is a key set, dead or alive.
    #[must_use]
    pub fn has_keys(&self) -> bool {
        self.0.load().is_some()
    }

    /// Whether a lookup ends at once: `KeySetCache::cached_with`.
    #[must_use]
    pub fn finds(&self, key_id: &str, now: Instant) -> bool {
        self.0.load().as_ref().is_some_and(|cached| {
            let serves = cached.state(now) != State::Dead;
            serves && !cached.use_now() && has(&cached.keys, Some(key_id))
        })
    }

    /// Whether a lookup that did not end at once waits for a fetch: one step of `KeySetCache::ask`.
    #[must_use]
    pub fn waits(&self, key_id: &str, now: Instant) -> bool {
        self.0.ask(Some(key_id), now) == Lookup::Wait
    }

    /// What a lookup gets that waits no longer: the end of `KeySetCache::keys`.
    #[must_use]
    pub fn verdict(&self, key_id: &str, now: Instant) -> Verdict {
        let cached = self.0.load();
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

    /// Whether a lookup wakes the fetcher earlier.
    #[must_use]
    pub fn wakes(&self) -> bool {
        self.0.sooner().now_or_never().is_some()
    }

    /// The fetcher is awake. Returns whether it sends a request.
    #[must_use]
    pub fn begin(&self, now: Instant) -> bool {
        self.0.begin(now)
    }

    /// The fetcher has its response.
    pub fn end(&self, response: Response, now: Instant) {
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

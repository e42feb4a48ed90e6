//! The life of one cached key set: when to fetch it, what a lookup gets, when it stops serving.
//!
//! This is a state machine without I/O and without a clock. Its caller gives it the time and does what it
//! asks for. The time is monotonic, so a change of the system's clock does not change the age of a key
//! set.
//!
//! ```text
//!          first fetch            TTL over             MAX_STALE over
//!  empty ──────────────► fresh ─────────────► stale ─────────────────► dead
//!                          ▲   a later fetch    │                        │
//!                          └────────────────────┴────────────────────────┘
//! ```

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use lru::LruCache;
use tokenlatch::MAX_KEY_ID_LEN;

use super::KeySet;

/// How long a key set is fresh if its server does not say.
pub const TTL: Duration = Duration::from_secs(10 * 60);

/// The shortest time that a key set is fresh, whatever its server says: Auth0 says 15 seconds.
pub const MIN_TTL: Duration = Duration::from_secs(30);

/// The longest time that a key set is fresh, whatever its server says: Okta says 38 days.
pub const MAX_TTL: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a key set that is no longer fresh still serves while it cannot be fetched.
pub const MAX_STALE: Duration = Duration::from_secs(60 * 60);

/// The shortest time from one fetch for an unknown `kid` to the next, whether they succeed or not. A random
/// time, up to as long again, is added.
pub const COOLDOWN: Duration = Duration::from_secs(30);

/// The longest time for which an absent `kid` counts as absent without another fetch.
pub const MAX_ABSENT: Duration = Duration::from_secs(5 * 60);

/// The wait before the first retry of a failed fetch; the next ones take twice as long each.
pub const MIN_RETRY: Duration = Duration::from_secs(1);

/// The longest wait before a retry. A random time, up to as long again, is added.
pub const MAX_RETRY: Duration = Duration::from_secs(60);

/// How many absent `kid`s are remembered. The least recently used one is forgotten first.
pub const MAX_ABSENT_KEY_IDS: NonZeroUsize = NonZeroUsize::new(1024).unwrap();

/// The share of its fresh time after which a set is fetched again, at random: hosts drift apart.
const REFRESH: Range<f64> = 0.8..0.95;

/// The same, if a lookup or the end of an outage made the host fetch: other hosts may have fetched at the same
/// time, and would fetch together for hours.
const REFRESH_APART: Range<f64> = 0.35..0.95;

/// The share of `max_stale` after which an idle set is fetched again, at random. The rest is for an outage.
const REFRESH_IDLE: Range<f64> = 0.4..0.5;

/// When a key set is fetched, and how long it serves. The defaults are the constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Schedule {
    /// How long a key set is fresh if its server does not say: [`TTL`].
    pub ttl: Duration,
    /// The least time that it is fresh: [`MIN_TTL`].
    pub min_ttl: Duration,
    /// The most time that it is fresh: [`MAX_TTL`].
    pub max_ttl: Duration,
    /// How long it serves after that: [`MAX_STALE`].
    pub max_stale: Duration,
    /// The least time between fetches for unknown `kid`s: [`COOLDOWN`].
    pub cooldown: Duration,
    /// The longest time for which a `kid` counts as absent: [`MAX_ABSENT`].
    pub max_absent: Duration,
    /// The wait before the first retry: [`MIN_RETRY`].
    pub min_retry: Duration,
    /// The longest wait before a retry: [`MAX_RETRY`].
    pub max_retry: Duration,
    /// Whether a set that no lookup has used is refreshed in time nevertheless, so that it is always fresh:
    /// no. Its refresh is put off until it is used, or until almost half of `max_stale` is over. Whoever uses it when it
    /// is stale by that waits for the fetch.
    pub refresh_idle: bool,
}

impl Default for Schedule {
    fn default() -> Self {
        Self::new()
    }
}

impl Schedule {
    /// The default schedule: the constants of this module.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            ttl: TTL,
            min_ttl: MIN_TTL,
            max_ttl: MAX_TTL,
            max_stale: MAX_STALE,
            cooldown: COOLDOWN,
            max_absent: MAX_ABSENT,
            min_retry: MIN_RETRY,
            max_retry: MAX_RETRY,
            refresh_idle: false,
        }
    }

    /// How long a key set with this `max_age` is fresh.
    fn fresh_for(&self, max_age: Option<Duration>) -> Duration {
        max_age
            .unwrap_or(self.ttl)
            .min(self.max_ttl)
            .max(self.min_ttl)
    }

    fn retries(&self, seed: u64) -> ExponentialBackoff {
        ExponentialBuilder::new()
            .with_min_delay(self.min_retry)
            .with_max_delay(self.max_retry)
            .with_jitter()
            .with_jitter_seed(seed)
            .without_max_times()
            .build()
    }
}

/// A key set and how long it serves. Readers see it; it is replaced as a whole.
#[derive(Debug)]
pub(crate) struct Cached {
    pub(crate) keys: Arc<KeySet>,
    /// How many key sets the cache has had, this one included.
    pub(crate) generation: u64,
    /// With it, the server can tell whether the set is current.
    pub(crate) etag: Option<String>,
    /// How long the server said that it stays fresh.
    max_age: Option<Duration>,
    fetched: Instant,
    fresh_until: Instant,
    /// When it stops serving.
    dead_from: Instant,
    /// Whether a lookup has used it.
    is_used: AtomicBool,
    /// Whether its refresh was put off, because no lookup had used it.
    is_idle: AtomicBool,
}

impl Cached {
    /// A lookup uses the set. Returns whether the set has to be refreshed, because its refresh was put off.
    pub(crate) fn use_now(&self) -> bool {
        // Mostly read: readers on all processors share it.
        if !self.is_used.load(Ordering::Relaxed) {
            self.is_used.store(true, Ordering::Relaxed);
        }
        self.is_idle.load(Ordering::Relaxed)
    }

    pub(crate) fn state(&self, now: Instant) -> State {
        if now < self.fresh_until {
            State::Fresh
        } else if now < self.dead_from {
            State::Stale
        } else {
            State::Dead
        }
    }

    /// How long ago it was fetched, or last found to be current.
    pub(crate) fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.fetched)
    }

    /// The keys, unless they are dead.
    pub(crate) fn keys(&self, now: Instant) -> Option<&KeySet> {
        (now < self.dead_from).then_some(&*self.keys)
    }
}

/// The state of a key set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// There is no key set yet.
    Empty,
    /// It is as new as its server asks for.
    Fresh,
    /// It could not be fetched again in time, but still serves.
    Stale,
    /// It could not be fetched again for so long that it stopped serving.
    Dead,
}

/// The outcome of a fetch.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// A key set with at least one usable key.
    Keys {
        keys: Arc<KeySet>,
        etag: Option<String>,
        max_age: Option<Duration>,
    },
    /// The cached key set is current.
    NotModified { max_age: Option<Duration> },
    /// No key set: the cached one stays. The server may have said how long to wait.
    Failed { retry_after: Option<Duration> },
}

/// What a lookup does whose key is not cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// It waits until a fetch has ended, and looks again.
    Wait,
    /// The key has just arrived.
    Found,
    /// The issuer does not publish the `kid`, or it is too early to fetch again.
    Absent,
    /// There is no set, and it is too early to fetch again.
    Unavailable,
}

/// The state of one key set.
#[derive(Debug)]
pub(crate) struct Cache {
    schedule: Schedule,
    cached: Option<Arc<Cached>>,
    /// How many key sets there were.
    generation: u64,
    is_fetching: bool,
    /// How many fetches have ended.
    ended: u64,
    /// When the next fetch is due.
    next_fetch: Instant,
    /// No fetch begins earlier: the server asked to wait. Hosts that it asked together do not come together.
    not_before: Instant,
    /// Whether a lookup asked for the next fetch.
    is_wanted: bool,
    /// The waits after the next failures, while the last fetch failed.
    retries: Option<ExponentialBackoff>,
    /// From when on an unknown `kid` may cause a fetch.
    cooled_down: Instant,
    /// The latest time that a caller gave. Callers read the clock before they take the lock, so the next one may
    /// give an earlier time, and would find that a fetch which is due now is due later.
    latest: Instant,
    absent: LruCache<Box<str>, Absent>,
    /// For random waits, so that hosts that start together do not fetch together.
    random: fastrand::Rng,
}

#[derive(Clone, Copy, Debug)]
struct Absent {
    /// How many fetches had ended when the key was looked up.
    asked: u64,
    until: Instant,
    /// Doubled each time.
    duration: Duration,
}

impl Cache {
    /// An empty cache. The first fetch is due.
    pub(crate) fn new(schedule: Schedule, seed: u64, now: Instant) -> Self {
        Self {
            schedule,
            cached: None,
            generation: 0,
            is_fetching: false,
            ended: 0,
            next_fetch: now,
            not_before: now,
            is_wanted: true,
            retries: None,
            cooled_down: now,
            latest: now,
            absent: LruCache::new(MAX_ABSENT_KEY_IDS),
            random: fastrand::Rng::with_seed(seed),
        }
    }

    /// Takes a key set that was fetched `age` ago, before the cache was made. A fetch stays due. Returns whether
    /// it was taken: a key set that is dead is not.
    pub(crate) fn restore(
        &mut self,
        keys: Arc<KeySet>,
        etag: Option<String>,
        max_age: Option<Duration>,
        age: Duration,
        now: Instant,
    ) -> bool {
        let fresh_for = self.schedule.fresh_for(max_age);
        let serves_for = fresh_for
            .saturating_add(self.schedule.max_stale)
            .saturating_sub(age);
        let serves = !serves_for.is_zero();
        if serves {
            self.generation += 1;
            self.cached = Some(Arc::new(Cached {
                keys,
                generation: self.generation,
                etag,
                max_age,
                fetched: now.checked_sub(age).unwrap_or(now),
                fresh_until: after(now, fresh_for.saturating_sub(age)),
                dead_from: after(now, serves_for),
                is_used: AtomicBool::new(false),
                is_idle: AtomicBool::new(false),
            }));
        }
        serves
    }

    /// Puts off the first fetch by a random part of the time for which the restored set is fresh, at most by
    /// `ttl`: hosts that restart together do not fetch together.
    pub(crate) fn put_off_first(&mut self, now: Instant) {
        let Some(cached) = &self.cached else {
            return;
        };
        let fresh_for = cached.fresh_until.saturating_duration_since(now);
        let longest = fresh_for.min(self.schedule.ttl);
        self.next_fetch = after(now, longest.mul_f64(self.random_share(&(0.0..REFRESH.end))));
    }

    /// The key set that readers see.
    pub(crate) fn cached(&self) -> Option<Arc<Cached>> {
        self.cached.clone()
    }

    /// Whether the last fetch failed.
    pub(crate) fn is_failing(&self) -> bool {
        self.retries.is_some()
    }

    /// What a lookup does that found no key with this `kid`, or, without a `kid`, no keys at all.
    pub(crate) fn ask(&mut self, key_id: Option<&str>, now: Instant) -> Lookup {
        let now = self.latest(now);
        let cached = self.cached.clone();
        let keys = cached.as_ref().and_then(|cached| cached.keys(now));
        if let Some(cached) = &cached
            && cached.is_idle.load(Ordering::Relaxed)
        {
            if !self.is_fetching {
                self.want(now);
            }
            // A set whose refresh was put off serves only as long as it is fresh, unless the fetch fails.
            let is_fetch_near = self.is_fetching || self.next_fetch <= now;
            if cached.state(now) == State::Stale && is_fetch_near {
                return Lookup::Wait;
            }
            cached.is_idle.store(false, Ordering::Relaxed);
        }
        if keys.is_some_and(|keys| has(keys, key_id)) {
            return Lookup::Found;
        }
        let is_fetch_near = self.is_fetching || self.next_fetch <= now;
        let (Some(_), Some(key_id)) = (keys, key_id) else {
            return if is_fetch_near {
                Lookup::Wait
            } else {
                Lookup::Unavailable
            };
        };
        if self.is_absent(key_id, now) {
            return Lookup::Absent;
        }
        let known = self.absent.get(key_id).copied();
        if is_fetch_near {
            return Lookup::Wait;
        }
        if now < self.cooled_down || now < self.not_before {
            return Lookup::Absent;
        }
        // A fetch for this `kid`. If it does not bring the key, the next fetch waits longer.
        let duration = match known {
            Some(absent) => absent
                .duration
                .saturating_mul(2)
                .min(self.schedule.max_absent),
            None => self.schedule.cooldown,
        };
        let absent = Absent {
            asked: self.ended,
            until: after(now, duration),
            duration,
        };
        self.absent.put(key_id.into(), absent);
        let cooldown = self.spread(self.schedule.cooldown);
        self.cooled_down = after(now, cooldown);
        self.want(now);
        Lookup::Wait
    }

    /// Whether the issuer does not publish this `kid`: it was looked up, and a fetch that ended since then did
    /// not bring it.
    fn is_absent(&self, key_id: &str, now: Instant) -> bool {
        let is_known = |absent: &Absent| absent.asked < self.ended && now < absent.until;
        // No key of any set has a longer one.
        key_id.len() > MAX_KEY_ID_LEN || self.absent.peek(key_id).is_some_and(is_known)
    }

    /// How long it takes until a fetch may change what a lookup of this `kid` finds, or, without a `kid`,
    /// whether there are keys; `None` if the issuer does not publish the `kid`.
    pub(crate) fn retry_in(&self, key_id: Option<&str>, now: Instant) -> Option<Duration> {
        let next = match key_id {
            Some(key_id) if self.is_absent(key_id, now) => return None,
            Some(_) if self.cached.is_some() && !self.is_failing() => {
                self.next_fetch.min(self.cooled_down.max(self.not_before))
            }
            _ => self.next_fetch,
        };
        Some(next.saturating_duration_since(now))
    }

    /// A lookup asks for a fetch, as soon as the server allows it.
    fn want(&mut self, now: Instant) {
        self.is_wanted = true;
        self.next_fetch = self.next_fetch.min(now.max(self.not_before));
    }

    /// When to call [`begin`](Self::begin) again, unless something changes earlier.
    pub(crate) fn next_fetch(&self) -> Instant {
        self.next_fetch
    }

    /// The time, which never goes back.
    fn latest(&mut self, now: Instant) -> Instant {
        self.latest = self.latest.max(now);
        self.latest
    }

    /// Begins a fetch, if one is due: only one runs at a time, and [`end`](Self::end) must follow.
    pub(crate) fn begin(&mut self, now: Instant) -> bool {
        let now = self.latest(now);
        let is_due = !self.is_fetching && self.next_fetch <= now && !self.put_off(now);
        self.is_fetching |= is_due;
        is_due
    }

    /// Puts off a refresh that nobody needs: no lookup has used the set. It is due again while the set can still
    /// serve through an outage. A lookup that comes earlier makes it due at once.
    fn put_off(&mut self, now: Instant) -> bool {
        let Some(cached) = self.cached.clone() else {
            return false;
        };
        let is_needed = self.is_wanted || self.schedule.refresh_idle;
        if is_needed || self.is_failing() || cached.is_used.load(Ordering::Relaxed) {
            return false;
        }
        let max_stale = (cached.dead_from).saturating_duration_since(cached.fresh_until);
        let stale_for = max_stale.mul_f64(self.random_share(&REFRESH_IDLE));
        let next_fetch = after(cached.fresh_until, stale_for);
        if next_fetch <= now {
            return false;
        }
        cached.is_idle.store(true, Ordering::Relaxed);
        self.next_fetch = next_fetch;
        // The next time, the fetch takes place.
        self.is_wanted = true;
        true
    }

    fn random_share(&mut self, range: &Range<f64>) -> f64 {
        range.end - (range.end - range.start) * self.random.f64()
    }

    /// A random time, up to twice as long as `least`: hosts that begin to wait together do not end together.
    fn spread(&mut self, least: Duration) -> Duration {
        least.saturating_add(least.mul_f64(self.random.f64()))
    }

    /// Ends a fetch.
    pub(crate) fn end(&mut self, outcome: Outcome, now: Instant) {
        let now = self.latest(now);
        let refresh = if self.is_wanted || self.is_failing() {
            REFRESH_APART
        } else {
            REFRESH
        };
        self.is_fetching = false;
        self.is_wanted = false;
        self.ended += 1;
        let max_age = match outcome {
            Outcome::Keys {
                keys,
                etag,
                max_age,
            } => {
                self.generation += 1;
                self.serve(keys, etag, max_age, now);
                max_age
            }
            Outcome::NotModified { max_age } if self.cached.is_some() => {
                // A server that says nothing new has not changed what it said (RFC 9111 section 4.3.4).
                let stored = self.cached.as_ref().and_then(|cached| cached.max_age);
                let max_age = max_age.or(stored);
                if let Some(cached) = self.cached.take() {
                    self.serve(cached.keys.clone(), cached.etag.clone(), max_age, now);
                }
                max_age
            }
            failed @ (Outcome::NotModified { .. } | Outcome::Failed { .. }) => {
                if let Some(cached) = &self.cached {
                    cached.is_idle.store(false, Ordering::Relaxed);
                }
                let asked = match failed {
                    Outcome::Failed { retry_after } => retry_after,
                    _ => None,
                };
                let patience = self.spread(asked.unwrap_or_default());
                self.not_before = after(now, patience);
                let seed = &mut self.random;
                let retries = self
                    .retries
                    .get_or_insert_with(|| self.schedule.retries(seed.u64(..)));
                let wait = retries.next().unwrap_or(self.schedule.max_retry);
                self.next_fetch = after(now, wait).max(self.not_before);
                return;
            }
        };
        self.retries = None;
        let fresh_for = self.schedule.fresh_for(max_age);
        let wait = fresh_for.mul_f64(self.random_share(&refresh));
        self.next_fetch = after(now, wait.max(self.schedule.min_retry));
    }

    fn serve(
        &mut self,
        keys: Arc<KeySet>,
        etag: Option<String>,
        max_age: Option<Duration>,
        now: Instant,
    ) {
        let fresh_until = after(now, self.schedule.fresh_for(max_age));
        self.cached = Some(Arc::new(Cached {
            keys,
            generation: self.generation,
            etag,
            max_age,
            fetched: now,
            fresh_until,
            dead_from: after(fresh_until, self.schedule.max_stale),
            is_used: AtomicBool::new(false),
            is_idle: AtomicBool::new(false),
        }));
    }
}

/// Whether a lookup gets a verdict from these keys: they know the `kid`, or the lookup has no `kid`.
pub(crate) fn has(keys: &KeySet, key_id: Option<&str>) -> bool {
    key_id.is_none_or(|key_id| keys.knows(key_id))
}

/// `duration` after `time`. If that is too late for the type, a time that never comes.
fn after(time: Instant, duration: Duration) -> Instant {
    const NEVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
    time + duration.min(NEVER)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const MINUTE: Duration = Duration::from_secs(60);
    const FAILED: Outcome = Outcome::Failed { retry_after: None };

    fn outcome(max_age: Option<Duration>) -> Outcome {
        Outcome::Keys {
            keys: Arc::new(KeySet::from_keys([])),
            etag: Some("\"1\"".into()),
            max_age,
        }
    }

    /// A cache with a set that was fetched at `now`.
    fn fetched(max_age: Option<Duration>, now: Instant) -> Cache {
        let mut cache = Cache::new(Schedule::default(), 1, now);
        assert!(cache.begin(now));
        cache.end(outcome(max_age), now);
        use_now(&cache);
        cache
    }

    /// A lookup that finds its key.
    fn use_now(cache: &Cache) {
        cache.cached().unwrap().use_now();
    }

    fn state(cache: &Cache, now: Instant) -> State {
        cache
            .cached()
            .map_or(State::Empty, |cached| cached.state(now))
    }

    #[test]
    fn a_set_is_fresh_then_stale_then_dead() {
        let now = Instant::now();
        for (max_age, fresh_for) in [
            (None, TTL),
            (Some(15 * SECOND), MIN_TTL),
            (Some(Duration::ZERO), MIN_TTL),
            (Some(7 * MINUTE), 7 * MINUTE),
            (Some(Duration::MAX), 24 * 60 * MINUTE),
        ] {
            let cache = fetched(max_age, now);
            let end = now + fresh_for;
            assert_eq!(state(&cache, end - SECOND), State::Fresh);
            assert_eq!(state(&cache, end), State::Stale);
            assert_eq!(state(&cache, end + MAX_STALE - SECOND), State::Stale);
            assert_eq!(state(&cache, end + MAX_STALE), State::Dead);
            let cached = cache.cached().unwrap();
            assert!(cached.keys(end + MAX_STALE - SECOND).is_some());
            assert!(
                cached.keys(end + MAX_STALE).is_none(),
                "dead keys serve nobody"
            );
        }
    }

    #[test]
    fn a_refresh_is_due_before_the_set_expires() {
        let now = Instant::now();
        let mut due = Vec::new();
        for seed in 0..100 {
            let mut cache = Cache::new(Schedule::default(), seed, now);
            assert!(cache.begin(now));
            cache.end(outcome(None), now);
            use_now(&cache);
            let now = cache.next_fetch();
            assert!(cache.begin(now));
            cache.end(outcome(None), now);
            let next = cache.next_fetch() - now;
            assert!(
                next >= TTL.mul_f64(0.8) && next <= TTL.mul_f64(0.95),
                "{next:?}"
            );
            use_now(&cache);
            assert!(!cache.begin(cache.next_fetch() - SECOND));
            assert!(cache.begin(cache.next_fetch()));
            due.push(next);
        }
        due.sort();
        due.dedup();
        assert!(due.len() > 50, "without jitter all hosts fetch at once");
    }

    /// The most of these times within a tenth of the span that they may take.
    fn most_together(mut times: Vec<Duration>, span: Range<Duration>) -> usize {
        times.sort();
        assert!(
            times.iter().all(|time| span.contains(time)),
            "{span:?}: {times:?}"
        );
        let tenth = (span.end - span.start) / 10;
        let together = |&from: &Duration| {
            let until = |time: &&Duration| **time >= from && **time < from + tenth;
            times.iter().filter(until).count()
        };
        times.iter().map(together).max().unwrap_or_default()
    }

    /// What 1000 hosts do, of which each has another seed.
    fn hosts<T>(now: Instant, host: impl Fn(Cache) -> T) -> Vec<T> {
        (0..1000)
            .map(|seed| host(Cache::new(Schedule::default(), seed, now)))
            .collect()
    }

    #[test]
    fn hosts_that_fetched_together_refresh_apart() {
        let now = Instant::now();
        let span = TTL.mul_f64(0.35)..TTL.mul_f64(0.95) + SECOND;
        let first = hosts(now, |mut cache| {
            assert!(cache.begin(now));
            cache.end(outcome(None), now);
            cache.next_fetch() - now
        });
        assert!(most_together(first, span.clone()) < 150);
        let after_an_outage = hosts(now, |mut cache| {
            assert!(cache.begin(now));
            cache.end(FAILED, now);
            let now = cache.next_fetch();
            assert!(cache.begin(now));
            cache.end(outcome(None), now);
            cache.next_fetch() - now
        });
        assert!(most_together(after_an_outage, span.clone()) < 150);
        let for_a_new_key = hosts(now, |mut cache| {
            assert!(cache.begin(now));
            cache.end(outcome(None), now);
            assert_eq!(cache.ask(Some("new"), now), Lookup::Wait);
            assert!(cache.begin(now));
            cache.end(outcome(None), now);
            cache.next_fetch() - now
        });
        assert!(most_together(for_a_new_key, span) < 150);
    }

    #[test]
    fn hosts_that_were_asked_to_wait_together_come_apart() {
        let now = Instant::now();
        let due = hosts(now, |mut cache| {
            assert!(cache.begin(now));
            let retry_after = Some(MINUTE);
            cache.end(Outcome::Failed { retry_after }, now);
            cache.next_fetch() - now
        });
        assert!(most_together(due, MINUTE..2 * MINUTE) < 150);
    }

    #[test]
    fn hosts_that_met_an_unknown_key_together_fetch_apart_for_the_next_one() {
        let now = Instant::now();
        let cooled_down = hosts(now, |mut cache| {
            assert!(cache.begin(now));
            cache.end(outcome(None), now);
            assert_eq!(cache.ask(Some("a"), now), Lookup::Wait);
            assert!(cache.begin(now));
            cache.end(outcome(None), now);
            cache.cooled_down - now
        });
        assert!(most_together(cooled_down, COOLDOWN..2 * COOLDOWN) < 150);
    }

    #[test]
    fn hosts_that_restart_together_fetch_apart_while_their_sets_are_fresh() {
        let now = Instant::now();
        let restored = |age, max_age| {
            hosts(now, |mut cache| {
                cache.restore(Arc::new(KeySet::from_keys([])), None, max_age, age, now);
                cache.put_off_first(now);
                cache.next_fetch() - now
            })
        };
        let a_minute = restored(TTL - MINUTE, None);
        assert!(most_together(a_minute, Duration::ZERO..MINUTE) < 150);
        let a_day = restored(Duration::ZERO, Some(MAX_TTL));
        assert!(most_together(a_day, Duration::ZERO..TTL) < 150);
        let stale = restored(TTL, None);
        assert!(stale.iter().all(Duration::is_zero));
        let none = hosts(now, |mut cache| {
            cache.put_off_first(now);
            cache.next_fetch() - now
        });
        assert!(none.iter().all(Duration::is_zero));
    }

    #[test]
    fn a_refresh_that_nobody_needs_is_put_off_until_somebody_does() {
        let start = Instant::now();
        let idle = || {
            let mut cache = Cache::new(Schedule::default(), 1, start);
            assert!(cache.begin(start));
            cache.end(outcome(Some(Duration::ZERO)), start);
            // Keycloak says `no-cache`, and nobody looks anything up.
            let due = cache.next_fetch();
            assert!(due <= start + MIN_TTL);
            assert!(!cache.begin(due));
            let half = MAX_STALE / 2;
            assert!(cache.next_fetch() >= start + MIN_TTL + half - 6 * MINUTE);
            assert!(
                cache.next_fetch() <= start + MIN_TTL + half,
                "an outage of half an hour may follow"
            );
            cache
        };
        // The set does not die.
        let mut cache = idle();
        assert_eq!(state(&cache, cache.next_fetch()), State::Stale);
        assert!(cache.begin(cache.next_fetch()));

        // A stale set does not serve before it was refreshed, or a refresh failed.
        let mut cache = idle();
        let now = start + 10 * MINUTE;
        assert!(cache.cached().unwrap().use_now());
        assert_eq!(cache.ask(None, now), Lookup::Wait);
        assert!(cache.begin(now));
        assert!(cache.cached().unwrap().use_now());
        assert_eq!(cache.ask(None, now), Lookup::Wait);
        cache.end(FAILED, now);
        assert!(!cache.cached().unwrap().use_now());
        assert_eq!(cache.ask(None, now), Lookup::Found);

        // A fresh one serves.
        let mut cache = idle();
        let now = start + MIN_TTL - SECOND;
        assert!(cache.cached().unwrap().use_now());
        assert_eq!(cache.ask(None, now), Lookup::Found);
        assert!(cache.begin(now), "the refresh that was put off");
    }

    #[test]
    fn a_server_that_asks_for_patience_gets_it() {
        let start = Instant::now();
        let mut cache = fetched(None, start);
        let now = cache.next_fetch();
        assert!(cache.begin(now));
        let retry_after = Some(5 * MINUTE);
        cache.end(Outcome::Failed { retry_after }, now);
        let due = cache.next_fetch();
        assert!(due >= now + 5 * MINUTE && due <= now + 10 * MINUTE);
        // Not even an unknown key is a reason to ask earlier.
        let earlier = due - SECOND;
        assert_eq!(cache.ask(Some("new"), earlier), Lookup::Absent);
        assert!(!cache.begin(earlier));
        assert!(cache.begin(due));
        // A shorter time than that of the next retry changes nothing.
        let retry_after = Some(Duration::ZERO);
        cache.end(Outcome::Failed { retry_after }, now);
        assert!(cache.next_fetch() >= now + MIN_RETRY);
    }

    #[test]
    fn only_one_fetch_at_a_time() {
        let now = Instant::now();
        let mut cache = Cache::new(Schedule::default(), 1, now);
        assert!(cache.begin(now));
        assert!(!cache.begin(now + MINUTE));
        cache.end(FAILED, now + MINUTE);
        assert!(cache.begin(now + 2 * MINUTE));
    }

    #[test]
    fn a_failed_refresh_never_evicts_and_is_retried_with_backoff() {
        let start = Instant::now();
        let mut cache = fetched(None, start);
        let mut now = cache.next_fetch();
        let mut waits = Vec::new();
        for _ in 0..12 {
            assert!(cache.begin(now));
            cache.end(FAILED, now);
            assert!(cache.is_failing());
            assert!(cache.cached().is_some());
            waits.push(cache.next_fetch() - now);
            now = cache.next_fetch();
        }
        assert!(
            waits[0] >= MIN_RETRY && waits[0] <= 2 * MIN_RETRY,
            "{waits:?}"
        );
        assert!(
            waits[3] >= 8 * MIN_RETRY && waits[3] <= 16 * MIN_RETRY,
            "{waits:?}"
        );
        let longest = waits.iter().max().unwrap();
        assert!(
            *longest >= MAX_RETRY && *longest <= 2 * MAX_RETRY,
            "{waits:?}"
        );
        // The next success forgets the failures.
        assert!(cache.begin(now));
        cache.end(outcome(None), now);
        assert!(!cache.is_failing());
        use_now(&cache);
        now = cache.next_fetch();
        assert!(cache.begin(now));
        cache.end(FAILED, now);
        assert!(cache.next_fetch() - now <= 2 * MIN_RETRY);
    }

    #[test]
    fn not_modified_makes_the_set_fresh_again() {
        let start = Instant::now();
        let mut cache = fetched(None, start);
        let before = cache.cached().unwrap();
        let now = cache.next_fetch();
        assert!(cache.begin(now));
        cache.end(
            Outcome::NotModified {
                max_age: Some(20 * MINUTE),
            },
            now,
        );
        let after = cache.cached().unwrap();
        assert!(Arc::ptr_eq(&before.keys, &after.keys));
        assert_eq!(after.etag, before.etag);
        assert_eq!(after.state(now + 19 * MINUTE), State::Fresh);
        assert_eq!(after.state(now + 20 * MINUTE), State::Stale);
    }

    #[test]
    fn not_modified_without_a_lifetime_keeps_what_the_server_said_before() {
        let start = Instant::now();
        let mut cache = fetched(Some(20 * MINUTE), start);
        let now = cache.next_fetch();
        assert!(cache.begin(now));
        cache.end(Outcome::NotModified { max_age: None }, now);
        let cached = cache.cached().unwrap();
        assert_eq!(cached.state(now + 19 * MINUTE), State::Fresh);
        assert_eq!(cached.state(now + 20 * MINUTE), State::Stale);
    }

    #[test]
    fn not_modified_without_a_set_is_a_failure() {
        let now = Instant::now();
        let mut cache = Cache::new(Schedule::default(), 1, now);
        assert!(cache.begin(now));
        cache.end(Outcome::NotModified { max_age: None }, now);
        assert!(cache.is_failing());
        assert!(cache.cached().is_none());
    }

    #[test]
    fn an_unknown_key_causes_one_fetch_per_cooldown_failures_included() {
        let now = Instant::now();
        let mut cache = fetched(None, now);
        assert_eq!(cache.ask(Some("a"), now), Lookup::Wait);
        assert_eq!(
            cache.ask(Some("b"), now),
            Lookup::Wait,
            "which the fetch for the other will tell"
        );
        assert!(cache.begin(now));
        assert_eq!(
            cache.ask(Some("c"), now),
            Lookup::Wait,
            "which the fetch under way may tell"
        );
        cache.end(FAILED, now);
        for key_id in ["a", "b", "c", "d"] {
            assert_eq!(cache.ask(Some(key_id), now), Lookup::Absent);
        }
        // The retry comes when it would have come anyway.
        let retry = cache.next_fetch();
        assert_eq!(cache.ask(Some("d"), retry - MIN_RETRY / 2), Lookup::Absent);
        assert_eq!(cache.next_fetch(), retry);
        assert!(cache.begin(retry));
        cache.end(outcome(None), retry);
        for key_id in ["a", "b", "c", "d"] {
            assert_eq!(
                cache.ask(Some(key_id), now + COOLDOWN - SECOND),
                Lookup::Absent
            );
        }
        assert_eq!(cache.ask(Some("d"), now + 2 * COOLDOWN), Lookup::Wait);
    }

    #[test]
    fn a_lookup_that_read_the_clock_earlier_and_asks_later_waits_for_the_same_fetch() {
        let now = Instant::now();
        let mut cache = fetched(None, now - SECOND);
        assert_eq!(cache.ask(Some("a"), now), Lookup::Wait);
        let earlier = now - Duration::from_nanos(1);
        assert_eq!(cache.ask(Some("a"), earlier), Lookup::Wait);
        assert!(cache.begin(earlier));
    }

    #[test]
    fn a_key_found_absent_again_and_again_is_asked_for_less_and_less() {
        let start = Instant::now();
        let mut cache = fetched(Some(MAX_TTL), start);
        let mut fetches = Vec::new();
        for second in 0..3600 {
            let now = start + second * SECOND;
            if cache.ask(Some("a"), now) == Lookup::Wait {
                assert!(cache.begin(now));
                cache.end(outcome(Some(MAX_TTL)), now);
                fetches.push(second);
            }
        }
        let waits: Vec<u32> = fetches.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!((30..=60).contains(&waits[0]), "{waits:?}");
        assert_eq!(waits[1..4], [60, 120, 240]);
        assert!(waits[4..].iter().all(|wait| *wait == 300), "{waits:?}");
    }

    #[test]
    fn a_key_id_that_no_key_can_have_causes_no_fetch() {
        let now = Instant::now();
        let mut cache = fetched(None, now);
        assert_eq!(
            cache.ask(Some(&"k".repeat(MAX_KEY_ID_LEN + 1)), now),
            Lookup::Absent
        );
        assert!(!cache.begin(now));
        assert_eq!(
            cache.ask(Some(&"k".repeat(MAX_KEY_ID_LEN)), now),
            Lookup::Wait
        );
    }

    #[test]
    fn without_a_usable_set_lookups_wait_for_a_fetch_but_not_for_a_retry() {
        let now = Instant::now();
        let mut cache = Cache::new(Schedule::default(), 1, now);
        assert_eq!(cache.ask(Some("a"), now), Lookup::Wait);
        assert!(cache.begin(now));
        assert_eq!(cache.ask(Some("a"), now), Lookup::Wait);
        cache.end(FAILED, now);
        assert_eq!(cache.ask(Some("a"), now), Lookup::Unavailable);
        assert_eq!(cache.ask(Some("a"), cache.next_fetch()), Lookup::Wait);

        let mut cache = fetched(None, now);
        let dead = now + TTL + MAX_STALE;
        assert!(cache.begin(dead));
        cache.end(FAILED, dead);
        assert_eq!(cache.ask(Some("a"), dead), Lookup::Unavailable);
    }

    #[test]
    fn a_lookup_is_worth_repeating_when_a_fetch_may_bring_something_new() {
        let now = Instant::now();
        let mut cache = fetched(None, now);
        assert_eq!(cache.ask(Some("b"), now), Lookup::Wait);
        assert_eq!(cache.retry_in(Some("b"), now), Some(Duration::ZERO));
        assert!(cache.begin(now));
        cache.end(outcome(None), now);
        // The issuer was asked for it, and does not have it. Nobody has asked for the other.
        assert_eq!(cache.retry_in(Some("b"), now), None);
        assert_eq!(cache.ask(Some("c"), now), Lookup::Absent);
        let wait = cache.retry_in(Some("c"), now).unwrap();
        assert!(
            (COOLDOWN - SECOND..=2 * COOLDOWN).contains(&wait),
            "{wait:?}"
        );
        assert_eq!(cache.ask(Some("c"), now + wait), Lookup::Wait);
        // No key set has such a `kid`.
        let long = "x".repeat(MAX_KEY_ID_LEN + 1);
        assert_eq!(cache.retry_in(Some(&long), now), None);

        // After a failure, the next retry may bring everything.
        let mut cache = Cache::new(Schedule::default(), 1, now);
        assert!(cache.begin(now));
        cache.end(FAILED, now);
        let wait = cache.next_fetch() - now;
        for key_id in [None, Some("a")] {
            assert_eq!(cache.retry_in(key_id, now), Some(wait));
        }
        // Also where there are keys and a fetch for an unknown `kid` could come earlier, if none had failed.
        let mut cache = fetched(None, now);
        let mut failed = now;
        for _ in 0..20 {
            failed = cache.next_fetch();
            assert!(cache.begin(failed));
            cache.end(FAILED, failed);
        }
        let wait = cache.next_fetch() - failed;
        assert!(wait >= MAX_RETRY);
        assert_eq!(cache.retry_in(Some("b"), failed), Some(wait));
    }

    #[test]
    fn another_key_set_is_another_generation() {
        let now = Instant::now();
        let mut cache = Cache::new(Schedule::default(), 1, now);
        let mut generation_after = |outcome| {
            let due = cache.next_fetch();
            assert!(cache.begin(due));
            cache.end(outcome, due);
            let cached = cache.cached().unwrap();
            cached.use_now();
            cached.generation
        };
        let not_modified = || Outcome::NotModified { max_age: None };
        let generations = [
            generation_after(outcome(None)),
            generation_after(not_modified()),
            generation_after(FAILED),
            generation_after(outcome(None)),
            generation_after(not_modified()),
        ];
        assert_eq!(generations, [1, 1, 1, 2, 2]);
    }

    #[test]
    fn what_was_fetched_before_counts_from_then() {
        let now = Instant::now();
        let restored = |age| {
            let mut cache = Cache::new(Schedule::default(), 1, now);
            cache.restore(Arc::new(KeySet::from_keys([])), None, None, age, now);
            assert!(cache.begin(now), "a fetch stays due");
            cache
        };
        assert_eq!(state(&restored(Duration::ZERO), now), State::Fresh);
        assert_eq!(state(&restored(TTL - SECOND), now), State::Fresh);
        assert_eq!(state(&restored(TTL), now), State::Stale);
        let cache = restored(TTL + MAX_STALE - SECOND);
        assert_eq!(state(&cache, now), State::Stale);
        assert_eq!(state(&cache, now + SECOND), State::Dead);
        assert_eq!(state(&restored(TTL + MAX_STALE), now), State::Empty);
        assert_eq!(state(&restored(Duration::MAX), now), State::Empty);
    }

    #[test]
    fn times_too_long_to_tell_are_as_good_as_never() {
        let now = Instant::now();
        let longest = Schedule {
            ttl: Duration::MAX,
            min_ttl: Duration::MAX,
            max_ttl: Duration::MAX,
            max_stale: Duration::MAX,
            cooldown: Duration::MAX,
            max_absent: Duration::MAX,
            min_retry: Duration::MAX,
            max_retry: Duration::MAX,
            refresh_idle: true,
        };
        let mut cache = Cache::new(longest, 1, now);
        cache.restore(Arc::new(KeySet::from_keys([])), None, None, SECOND, now);
        assert!(cache.begin(now));
        cache.end(outcome(None), now);
        assert_eq!(cache.ask(Some("a"), now), Lookup::Wait);
        assert!(cache.begin(now));
        cache.end(FAILED, now);
        assert_eq!(state(&cache, now + 1000 * MAX_TTL), State::Fresh);
    }

    /// What may happen to a cache, in any order.
    #[derive(Clone, Debug)]
    enum Event {
        Pass(u64),
        Ask(u8),
        Begin,
        End(Option<Option<u64>>),
        NotModified,
    }

    fn events() -> impl Strategy<Value = Vec<Event>> {
        let event = prop_oneof![
            (0..5000_u64).prop_map(Event::Pass),
            (0..90_u64).prop_map(Event::Pass),
            any::<u8>().prop_map(Event::Ask),
            Just(Event::Begin),
            proptest::option::of(proptest::option::of(0..100_000_u64)).prop_map(Event::End),
            Just(Event::NotModified),
        ];
        proptest::collection::vec(event, 0..200)
    }

    proptest! {
        #[test]
        fn the_rules_hold_in_every_order_of_events(events in events(), seed: u64) {
            let start = Instant::now();
            let mut now = start;
            let mut cache = Cache::new(Schedule::default(), seed, now);
            let mut is_fetching = false;
            let mut last_good = None;
            let mut asked_at: Vec<Instant> = Vec::new();
            for event in events {
                let before = cache.cached();
                match event {
                    Event::Pass(seconds) => now += Duration::from_secs(seconds),
                    Event::Ask(key_id) => {
                        let (next, serves) = (cache.next_fetch(), before.as_ref().is_some_and(|c| c.keys(now).is_some()));
                        let was_idle = before.as_ref().is_some_and(|cached| cached.use_now());
                        let lookup = cache.ask(Some(&key_id.to_string()), now);
                        if cache.next_fetch() != next && !was_idle {
                            prop_assert!(serves && !is_fetching, "only an unknown key of a usable set");
                            asked_at.push(now);
                        }
                        let a_fetch_will_end = is_fetching || cache.next_fetch() <= now;
                        prop_assert!(lookup != Lookup::Wait || a_fetch_will_end, "nobody waits for nothing");
                        prop_assert!(lookup != Lookup::Unavailable || !serves);
                        prop_assert!(lookup != Lookup::Absent || serves);
                    }
                    Event::Begin => {
                        let begins = cache.begin(now);
                        prop_assert!(!(begins && is_fetching), "one at a time");
                        is_fetching |= begins;
                    }
                    Event::End(outcome_of) if is_fetching => {
                        is_fetching = false;
                        match outcome_of {
                            Some(max_age) => {
                                cache.end(outcome(max_age.map(Duration::from_secs)), now);
                                last_good = Some(now);
                            }
                            None => cache.end(FAILED, now),
                        }
                        prop_assert!(cache.next_fetch() > now);
                    }
                    Event::NotModified if is_fetching => {
                        is_fetching = false;
                        cache.end(Outcome::NotModified { max_age: None }, now);
                        if before.is_some() {
                            last_good = Some(now);
                        }
                    }
                    Event::End(_) | Event::NotModified => {}
                }
                let cached = cache.cached();
                prop_assert!(before.is_none() || cached.is_some(), "nothing evicts");
                prop_assert_eq!(cached.as_ref().map(|cached| cached.fetched), last_good);
                if let (Some(cached), Some(good)) = (cached, last_good) {
                    prop_assert!(now < good + MIN_TTL + MAX_STALE || cached.keys(good + MAX_TTL + MAX_STALE).is_none());
                    prop_assert!(cached.keys(good + MIN_TTL + MAX_STALE - SECOND).is_some());
                    prop_assert!(cache.next_fetch() <= good + MAX_TTL + MAX_STALE || cache.is_failing());
                }
                prop_assert!(cache.absent.len() <= MAX_ABSENT_KEY_IDS.get());
            }
            for pair in asked_at.windows(2) {
                prop_assert!(pair[1] - pair[0] >= COOLDOWN, "one fetch per cooldown");
            }
        }
    }
}

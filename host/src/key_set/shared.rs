//! The state that the readers, the askers and the fetcher of one key set share.
//!
//! Readers load the cached keys and take no lock. A reader that does not find its key becomes an asker. It
//! takes a lock, for one step of the state machine, and never holds it across a fetch.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::schedule::{Cache, Cached, Lookup, Outcome};

#[cfg(not(all(test, tokenlatch_shuttle)))]
use {
    arc_swap::{ArcSwapOption, Guard},
    std::sync::{Mutex, MutexGuard},
    tokio::sync::{Notify, watch},
};
// Their stand-ins for the test of interleavings.
#[cfg(all(test, tokenlatch_shuttle))]
use interleavings::{ArcSwapOption, Guard, Mutex, MutexGuard, Notify, watch};

#[cfg(all(test, tokenlatch_shuttle))]
mod interleavings;

/// The cached key set at one time.
pub(crate) type Loaded = Guard<Option<Arc<Cached>>>;

pub(crate) struct Shared {
    cache: Mutex<Cache>,
    /// The cached key set, for readers.
    cached: ArcSwapOption<Cached>,
    /// Changes when a fetch has ended.
    ended: watch::Sender<()>,
    /// Notified when a fetch may be due earlier than before.
    sooner: Notify,
}

impl Shared {
    pub(crate) fn new(cache: Cache) -> Self {
        Self {
            cached: ArcSwapOption::new(cache.cached()),
            cache: Mutex::new(cache),
            ended: watch::channel(()).0,
            sooner: Notify::new(),
        }
    }

    /// The cached key set, without a lock.
    pub(crate) fn load(&self) -> Loaded {
        self.cached.load()
    }

    /// The ETag of the cached key set.
    pub(crate) fn etag(&self) -> Option<String> {
        self.load().as_ref()?.etag.clone()
    }

    /// Whether the last fetch failed.
    pub(crate) fn is_failing(&self) -> bool {
        self.lock().is_failing()
    }

    /// Tells of the fetches that end from now on. Call it before [`ask`](Self::ask).
    pub(crate) fn ended(&self) -> watch::Receiver<()> {
        self.ended.subscribe()
    }

    /// What a lookup does that found no key in the cached set.
    pub(crate) fn ask(&self, key_id: Option<&str>, now: Instant) -> Lookup {
        let mut cache = self.lock();
        let due = cache.next_fetch();
        let lookup = cache.ask(key_id, now);
        let is_sooner = cache.next_fetch() < due;
        drop(cache);
        // Also by a lookup that need not wait: it may have used a set whose refresh was put off.
        if is_sooner {
            self.sooner.notify_one();
        }
        lookup
    }

    /// How long it takes until a fetch may change what a lookup of this `kid` finds.
    pub(crate) fn retry_in(&self, key_id: Option<&str>, now: Instant) -> Option<Duration> {
        self.lock().retry_in(key_id, now)
    }

    /// When the next fetch is due, unless [`sooner`](Self::sooner) ends earlier.
    pub(crate) fn next_fetch(&self) -> Instant {
        self.lock().next_fetch()
    }

    /// Waits until a fetch may be due earlier than before.
    pub(crate) async fn sooner(&self) {
        self.sooner.notified().await;
    }

    /// Begins a fetch if one is due; [`end`](Self::end) must follow.
    pub(crate) fn begin(&self, now: Instant) -> bool {
        self.lock().begin(now)
    }

    /// Ends a fetch: shows readers the new key set, then wakes the waiting callers.
    pub(crate) fn end(&self, outcome: Outcome, now: Instant) {
        let mut cache = self.lock();
        cache.end(outcome, now);
        self.cached.store(cache.cached());
        drop(cache);
        self.ended.send_replace(());
    }

    /// A step of the state machine does not stop half-way, so a panic elsewhere does no harm.
    fn lock(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(all(test, not(tokenlatch_shuttle)))]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt;

    use super::super::KeySet;
    use super::super::schedule::{Schedule, TTL};
    use super::*;

    #[test]
    fn a_lookup_wakes_the_fetcher_for_a_refresh_that_was_put_off_though_it_need_not_wait() {
        let start = Instant::now();
        let shared = Shared::new(Cache::new(Schedule::default(), 1, start));
        assert!(shared.begin(start));
        let keys = Arc::new(KeySet::from_keys([]));
        let (etag, max_age) = (None, None);
        let outcome = Outcome::Keys {
            keys,
            etag,
            max_age,
        };
        shared.end(outcome, start);
        let due = shared.next_fetch();
        assert!(!shared.begin(due), "nobody has used the set");
        assert!(shared.next_fetch() > due + TTL);

        let now = start + TTL - Duration::from_secs(1);
        assert!(shared.load().as_ref().unwrap().use_now());
        assert_eq!(shared.ask(None, now), Lookup::Found);
        assert!(shared.sooner().now_or_never().is_some());
        assert!(shared.begin(now));
    }
}

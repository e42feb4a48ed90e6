//! What the readers, the askers and the fetcher of one key set share.
//!
//! Readers load what is cached and take no lock. Whoever finds no key there asks, under a lock that
//! is held for as long as the state machine takes for one step, and never across a fetch.

use std::sync::{Arc, PoisonError};
use std::time::Instant;

use super::schedule::{Cache, Cached, Lookup, Outcome};

#[cfg(not(all(test, tokenlatch_shuttle)))]
use {
    arc_swap::{ArcSwapOption, Guard},
    std::sync::{Mutex, MutexGuard},
    tokio::sync::{Notify, watch},
};
// What stands in for these where every interleaving is tried.
#[cfg(all(test, tokenlatch_shuttle))]
use interleavings::{ArcSwapOption, Guard, Mutex, MutexGuard, Notify, watch};

#[cfg(all(test, tokenlatch_shuttle))]
mod interleavings;

/// What was cached at one time.
pub(crate) type Loaded = Guard<Option<Arc<Cached>>>;

pub(crate) struct Shared {
    cache: Mutex<Cache>,
    /// A copy of what is cached, for readers.
    cached: ArcSwapOption<Cached>,
    /// How many fetches have ended.
    ended: watch::Sender<u64>,
    /// Told when a fetch may be due earlier than it was.
    sooner: Notify,
}

impl Shared {
    pub(crate) fn new(cache: Cache) -> Self {
        Self {
            cached: ArcSwapOption::new(cache.cached()),
            cache: Mutex::new(cache),
            ended: watch::channel(0).0,
            sooner: Notify::new(),
        }
    }

    /// What is cached, without any lock.
    pub(crate) fn load(&self) -> Loaded {
        self.cached.load()
    }

    /// The ETag of what is cached.
    pub(crate) fn etag(&self) -> Option<String> {
        self.load().as_ref()?.etag.clone()
    }

    /// Whether the last fetch failed.
    pub(crate) fn is_failing(&self) -> bool {
        self.lock().is_failing()
    }

    /// To know of the fetches that end from now on: to be called before [`ask`](Self::ask).
    pub(crate) fn ended(&self) -> watch::Receiver<u64> {
        self.ended.subscribe()
    }

    /// What becomes of a lookup that found nothing in what is cached.
    pub(crate) fn ask(&self, key_id: Option<&str>, now: Instant) -> Lookup {
        let lookup = self.lock().ask(key_id, now);
        if lookup == Lookup::Wait {
            self.sooner.notify_one();
        }
        lookup
    }

    /// When the next fetch is due, unless [`sooner`](Self::sooner) tells otherwise.
    pub(crate) fn next_fetch(&self) -> Instant {
        self.lock().next_fetch()
    }

    /// Waits until a fetch may be due earlier than it was.
    pub(crate) async fn sooner(&self) {
        self.sooner.notified().await;
    }

    /// Begins a fetch if one is due; [`end`](Self::end) must follow.
    pub(crate) fn begin(&self, now: Instant) -> bool {
        self.lock().begin(now)
    }

    /// Ends a fetch: shows readers what it brought, then wakes those who wait for it.
    pub(crate) fn end(&self, outcome: Outcome, now: Instant) {
        let mut cache = self.lock();
        cache.end(outcome, now);
        self.cached.store(cache.cached());
        drop(cache);
        self.ended.send_modify(|ended| *ended += 1);
    }

    /// No step of the state machine can leave it half-done, so a panic elsewhere does no harm.
    fn lock(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

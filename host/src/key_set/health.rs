//! The health of a key set, in figures, logs and metrics.

use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use metrics::{counter, gauge};
use tracing::{debug, info, warn};

use super::error::KeySetError;
use super::schedule::{Cached, Outcome, State};

/// The health of a key set.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Health {
    /// Its state.
    pub state: State,
    /// How long ago it was fetched, or last found to be current.
    pub age: Option<Duration>,
    /// How many keys can verify RS256.
    pub keys: usize,
    /// How many keys of the document cannot verify RS256.
    pub unusable: usize,
    /// How many fetches gave a set.
    pub fetched: u64,
    /// How many fetches found the set to be current.
    pub not_modified: u64,
    /// How many fetches failed.
    pub failed: u64,
    /// Why the last fetch failed, if it did.
    pub last_error: Option<Arc<KeySetError>>,
}

impl Health {
    pub(crate) fn new(cached: Option<&Cached>, record: &Record, now: Instant) -> Self {
        let health = Self {
            state: cached.map_or(State::Empty, |cached| cached.state(now)),
            age: cached.map(|cached| cached.age(now)),
            keys: cached.map_or(0, |cached| cached.keys.keys().len()),
            unusable: cached.map_or(0, |cached| cached.keys.unusable()),
            fetched: record.fetched.load(Ordering::Relaxed),
            not_modified: record.not_modified.load(Ordering::Relaxed),
            failed: record.failed.load(Ordering::Relaxed),
            last_error: record.last_error(),
        };
        record.gauge_age(health.age);
        health
    }

    /// Whether tokens can be verified: for a readiness probe.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        matches!(self.state, State::Fresh | State::Stale)
    }
}

/// Counts the fetches by their outcome, for [`Health`], logs and metrics.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// The name of the key set in logs and metrics.
    name: String,
    fetched: AtomicU64,
    not_modified: AtomicU64,
    failed: AtomicU64,
    last_error: Mutex<Option<Arc<KeySetError>>>,
}

impl Record {
    pub(crate) fn new(name: String) -> Self {
        Self {
            name,
            ..Self::default()
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn add_success(&self, outcome: &Outcome) {
        self.set_last_error(None);
        if let Outcome::Keys { keys, .. } = outcome {
            let (usable, unusable) = (keys.keys().len(), keys.unusable());
            info!(key_set = self.name, usable, unusable, "fetched the key set");
            gauge!("tokenlatch_key_set_keys", "key_set" => self.name.clone()).set(usable as f64);
            self.count(&self.fetched, "fetched");
        } else {
            debug!(key_set = self.name, "the key set is current");
            self.count(&self.not_modified, "not_modified");
        }
        self.gauge_age(Some(Duration::ZERO));
    }

    /// Counts a failed fetch. `age` is that of the cached set.
    pub(crate) fn add_failure(&self, error: KeySetError, age: Option<Duration>) {
        let cause = error.source().map(ToString::to_string);
        warn!(key_set = self.name, %error, cause, "could not fetch the key set");
        self.set_last_error(Some(Arc::new(error)));
        self.count(&self.failed, "failed");
        self.gauge_age(age);
    }

    pub(crate) fn last_error(&self) -> Option<Arc<KeySetError>> {
        let last_error = self.last_error.lock();
        last_error.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_last_error(&self, error: Option<Arc<KeySetError>>) {
        let last_error = self.last_error.lock();
        *last_error.unwrap_or_else(PoisonError::into_inner) = error;
    }

    fn count(&self, fetches: &AtomicU64, outcome: &'static str) {
        fetches.fetch_add(1, Ordering::Relaxed);
        let name = self.name.clone();
        counter!("tokenlatch_key_set_fetches_total", "key_set" => name, "outcome" => outcome)
            .increment(1);
    }

    fn gauge_age(&self, age: Option<Duration>) {
        if let Some(age) = age {
            gauge!("tokenlatch_key_set_age_seconds", "key_set" => self.name.clone())
                .set(age.as_secs_f64());
        }
    }
}

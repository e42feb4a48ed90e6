//! The task that fetches one key set when its state machine asks for it.

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::Mutex;
use tokio::task;
use tokio::time::{self, Instant};
use tracing::warn;

use super::error::KeySetError;
use super::health::Record;
use super::parse;
use super::schedule::Outcome;
use super::shared::Shared;
use super::snapshot::Snapshot;
use super::source::Source;
use crate::clock;
use crate::http::Fetched;

pub(crate) struct Fetcher {
    pub(crate) source: Arc<dyn Source>,
    /// For one fetch in all.
    pub(crate) timeout: Duration,
    pub(crate) snapshot: Option<SnapshotFile>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) record: Arc<Record>,
    /// Locked from the beginning of a fetch until its snapshot is written.
    pub(crate) busy: Arc<Mutex<()>>,
}

/// The file that keeps the last usable key set.
pub(crate) struct SnapshotFile {
    pub(crate) path: PathBuf,
    /// Its contents.
    pub(crate) last: Option<Snapshot>,
}

impl Fetcher {
    /// Never ends by itself.
    pub(crate) async fn run(mut self) {
        loop {
            let due = Instant::from_std(self.shared.next_fetch());
            tokio::select! {
                () = time::sleep_until(due) => {}
                () = self.shared.sooner() => {}
            }
            let busy = self.busy.clone();
            let _busy = busy.lock().await;
            if self.shared.begin(now()) {
                self.step().await;
            }
        }
    }

    /// A fetch, from its beginning to its end.
    async fn step(&mut self) {
        let fetched = self.fetch().await;
        let usable = fetched.and_then(|fetched| {
            let outcome = outcome(&fetched).inspect_err(|_| self.source.reject())?;
            Ok((outcome, fetched))
        });
        match usable {
            Ok((outcome, fetched)) => {
                self.record.add_success(&outcome);
                // Waiting callers are woken before the snapshot is written.
                self.shared.end(outcome, now());
                self.keep(fetched).await;
            }
            Err(error) => {
                let retry_after = error.retry_after();
                let now = now();
                let age = self.shared.load().as_ref().map(|cached| cached.age(now));
                self.record.add_failure(error, age);
                self.shared.end(Outcome::Failed { retry_after }, now);
            }
        }
    }

    async fn fetch(&self) -> Result<Fetched, KeySetError> {
        let etag = self.shared.etag();
        let fetch = time::timeout(self.timeout, self.source.fetch(etag.as_deref()));
        // If a source panics, its callers must not wait for ever.
        match AssertUnwindSafe(fetch).catch_unwind().await {
            Ok(Ok(fetched)) => fetched.map_err(KeySetError::Fetch),
            Ok(Err(_)) => Err(KeySetError::TimedOut),
            Err(_) => Err(KeySetError::Panicked),
        }
    }

    /// Writes the snapshot, if there is a file for it. A failure is only logged.
    async fn keep(&mut self, fetched: Fetched) {
        let Some(file) = &mut self.snapshot else {
            return;
        };
        match fetched {
            Fetched::Document {
                mut body,
                etag,
                max_age,
            } => {
                // It had room for more than came, and is kept.
                body.shrink_to_fit();
                file.last = String::from_utf8(body).ok().map(|document| Snapshot {
                    fetched_at: clock::unix_now(),
                    max_age,
                    etag,
                    document,
                });
            }
            Fetched::NotModified { max_age } => {
                if let Some(last) = &mut file.last {
                    last.fetched_at = clock::unix_now();
                    // As the cache does (RFC 9111 section 4.3.4).
                    last.max_age = max_age.or(last.max_age);
                }
            }
        }
        let Some(snapshot) = file.last.clone() else {
            return;
        };
        let (path, source) = (file.path.clone(), self.source.clone());
        let written = task::spawn_blocking(move || snapshot.write(&path, source.origin()));
        // A disk that hangs must not stop the fetches.
        let problem = match time::timeout(self.timeout, written).await {
            Ok(Ok(Err(error))) => error.to_string(),
            Ok(_) => return,
            Err(_) => "the disk does not respond".into(),
        };
        let key_set = self.record.name();
        warn!(key_set, problem, "the key set's snapshot was not written");
    }
}

/// The outcome of a fetch, or an error if its document is not a usable key set.
fn outcome(fetched: &Fetched) -> Result<Outcome, KeySetError> {
    Ok(match fetched {
        Fetched::Document {
            body,
            etag,
            max_age,
        } => Outcome::Keys {
            keys: parse(body)?.into(),
            etag: etag.clone(),
            max_age: *max_age,
        },
        Fetched::NotModified { max_age } => Outcome::NotModified { max_age: *max_age },
    })
}

/// The time of the monotonic clock, or of a test's clock.
pub(crate) fn now() -> std::time::Instant {
    Instant::now().into_std()
}

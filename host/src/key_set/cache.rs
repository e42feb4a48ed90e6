//! The cache for async callers: readers that do not wait, and a task that fetches.

use std::borrow::Cow;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use metrics::counter;
use tokenlatch::json::Text;
use tokenlatch::{Policy, Time, Unverified, Verified};
use tokio::sync::Mutex;
use tokio::task::AbortHandle;
use tokio::time;
use tracing::warn;

use super::error::KeySetError;
use super::fetcher::{Fetcher, SnapshotFile, now};
use super::health::{Health, Record};
use super::schedule::{Cache, Lookup, Schedule, State, has};
use super::shared::{Loaded, Shared};
use super::snapshot::Snapshot;
use super::source::Source;
use super::{KeySet, parse};
use crate::clock;

/// How long a fetch may take in all, and so how long a lookup waits at most.
pub const FETCH_TIMEOUT: Duration = Duration::from_secs(30);

/// A JWK Set that is fetched, cached and refreshed in the background.
///
/// A lookup of a key that is cached takes no lock and waits for nothing. All fetching is done by one
/// task: there is never more than one fetch at a time, and a caller that gives up does not stop it.
/// Clones share the set. The task ends with the last of them.
///
/// ```no_run
/// use tokenlatch::{MAX_TOKEN_LEN, Policy};
/// use tokenlatch_host::clock;
/// use tokenlatch_host::http::HttpClient;
/// use tokenlatch_host::key_set::{HttpSource, KeySetCache};
///
/// # async fn guard(bearer_token: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
/// let source = HttpSource::issuer("https://tenant.eu.auth0.com/", HttpClient::default())?;
/// let keys = KeySetCache::new(source);
/// let policy = Policy::new("https://tenant.eu.auth0.com/", "https://api.example.com/");
///
/// let mut scratch = [0; MAX_TOKEN_LEN];
/// let verified = keys.verify(bearer_token, &mut scratch, &policy, clock::now()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct KeySetCache {
    shared: Arc<Shared>,
    record: Arc<Record>,
    /// `None` if the keys are fixed.
    task: Option<Arc<Task>>,
}

/// The keys that were current when [`KeySetCache::keys`] looked them up.
///
/// Hold them while you verify one token, and not across an `await`.
pub struct Keys(Loaded);

/// Why a token was rejected or could not be verified.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The token is rejected.
    #[error(transparent)]
    Token(#[from] tokenlatch::Error),
    /// There are no keys to verify it with.
    #[error(transparent)]
    Keys(#[from] Unavailable),
}

impl VerifyError {
    /// A stable code for programs: [`tokenlatch::Error::code`], or `keys-unavailable`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Token(error) => error.code(),
            Self::Keys(_) => "keys-unavailable",
        }
    }

    /// Counts the rejection by its code.
    pub(crate) fn count(&self) {
        counter!("tokenlatch_rejections_total", "reason" => self.code()).increment(1);
    }
}

/// Why there are no keys to verify with.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", match .state {
    State::Empty => "no key set could be fetched yet",
    State::Dead => "the key set could not be fetched again for too long",
    State::Fresh | State::Stale => "the key is unknown, and the key set could not be fetched again",
})]
#[non_exhaustive]
pub struct Unavailable {
    /// The state of the key set.
    pub state: State,
    /// Why the last fetch failed.
    #[source]
    pub cause: Option<Arc<KeySetError>>,
}

impl KeySetCache {
    /// Keeps the key set of `source`, with every default.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime: the task that fetches needs one.
    #[must_use]
    pub fn new(source: impl Source) -> Self {
        Self::builder(source).start()
    }

    /// Keeps the key set of `source`, with other settings than the default ones.
    pub fn builder(source: impl Source) -> Builder {
        Builder {
            source: Arc::new(source),
            name: "default".into(),
            schedule: Schedule::default(),
            keys: None,
            snapshot: None,
            fetch_timeout: FETCH_TIMEOUT,
        }
    }

    /// Keeps these keys and never fetches any.
    #[must_use]
    pub fn fixed(keys: impl Into<Arc<KeySet>>) -> Self {
        let now = Instant::now();
        let forever = Schedule {
            min_ttl: Duration::MAX,
            ..Schedule::default()
        };
        let mut cache = Cache::new(forever, 0, now);
        cache.restore(keys.into(), None, None, Duration::ZERO, now);
        Self {
            shared: Arc::new(Shared::new(cache)),
            record: Arc::default(),
            task: None,
        }
    }

    /// Waits until there are keys, or until the current fetch has ended.
    ///
    /// # Errors
    ///
    /// [`Unavailable`], if that fetch or the last one failed.
    pub async fn ready(&self) -> Result<(), Unavailable> {
        self.keys(None).await.map(drop)
    }

    /// The keys, with the one that has this `kid` if the issuer publishes it.
    ///
    /// If that key is cached, this does not wait, unless nobody has used the set for so long that it is stale: then
    /// all wait for a fetch. Without a `kid` it waits only for a first set, and for the same. For an
    /// unknown `kid` it has the set fetched again and waits for the result, unless it is too early to
    /// fetch again: see [`COOLDOWN`](super::COOLDOWN).
    ///
    /// # Errors
    ///
    /// [`Unavailable`], if there is no usable set, or if the `kid` is unknown and the last fetch failed: the
    /// key may be new.
    pub async fn keys(&self, key_id: Option<&str>) -> Result<Keys, Unavailable> {
        if let Some(keys) = self.cached_with(key_id) {
            return Ok(keys);
        }
        if let Some(task) = &self.task {
            // The caller waits for one fetch or two, but no longer than one fetch may take.
            drop(time::timeout(task.patience, self.ask(key_id)).await);
        }
        let now = now();
        match self.cached(now) {
            Some(keys) if keys.has(key_id) || !self.shared.is_failing() => Ok(keys),
            _ => Err(Unavailable {
                state: self.state(now),
                cause: self.record.last_error(),
            }),
        }
    }

    /// Verifies a token with the key that it names, as [`tokenlatch::verify()`] does.
    ///
    /// # Errors
    ///
    /// [`VerifyError::Token`] if the token is rejected, and [`VerifyError::Keys`] if there are no keys to
    /// verify it with.
    pub async fn verify<'s>(
        &self,
        token: &[u8],
        scratch: &'s mut [u8],
        policy: &Policy<'_>,
        now: Time,
    ) -> Result<Verified<'s>, VerifyError> {
        let verified = match Unverified::parse_copy(token, scratch) {
            Ok(token) => self.authenticate_and_verify(&token, policy, now).await,
            Err(error) => Err(error.into()),
        };
        counted(verified)
    }

    /// As [`verify`](Self::verify), for a token that was parsed before.
    ///
    /// # Errors
    ///
    /// Those of [`verify`](Self::verify).
    pub async fn verify_parsed<'t>(
        &self,
        token: &Unverified<'t>,
        policy: &Policy<'_>,
        now: Time,
    ) -> Result<Verified<'t>, VerifyError> {
        counted(self.authenticate_and_verify(token, policy, now).await)
    }

    /// Verifies tokens whose keys are cached, without waiting: `None` for a token whose key may have to be
    /// fetched, which [`verify_parsed`](Self::verify_parsed) does.
    ///
    /// Eight at a time take less than half as long as one after the other, where the processor has AVX-512 IFMA
    /// and their keys have the same length and exponent.
    #[must_use]
    pub fn verify_cached<'t>(
        &self,
        tokens: &[Unverified<'t>],
        policy: &Policy<'_>,
        now: Time,
    ) -> Vec<Option<Result<Verified<'t>, VerifyError>>> {
        let mut verdicts: Vec<_> = tokens.iter().map(|_| None).collect();
        let Some(keys) = self.cached_with(None) else {
            return verdicts;
        };
        let is_fixed = self.task.is_none();
        let is_cached = |token: &Unverified<'_>| {
            is_fixed || keys.has(token.key_id().map(without_escapes).as_deref())
        };
        let cached: Vec<usize> = (0..tokens.len())
            .filter(|at| is_cached(&tokens[*at]))
            .collect();
        for group in cached.chunks(8) {
            let authenticated = match <[usize; 8]>::try_from(group) {
                Ok(eight) => {
                    let tokens = eight.map(|at| &tokens[at]);
                    Vec::from(Unverified::authenticate_eight(tokens, [&*keys; 8]))
                }
                Err(_) => {
                    let tokens = group.iter().map(|at| &tokens[*at]);
                    tokens.map(|token| token.authenticate(&keys)).collect()
                }
            };
            for (at, authenticated) in group.iter().zip(authenticated) {
                let verified = authenticated.and_then(|token| token.verify(policy, now));
                verdicts[*at] = Some(counted(verified.map_err(VerifyError::from)));
            }
        }
        verdicts
    }

    /// Waits until the current fetch has ended and its snapshot is written. A program that runs for a short
    /// time calls this before it ends.
    pub async fn settle(&self) {
        if let Some(task) = &self.task {
            drop(task.busy.lock().await);
        }
    }

    /// How long it takes until a fetch may change what a lookup of this `kid` finds; `None` if the issuer was
    /// asked for the `kid` and does not publish it, or if nothing is ever fetched.
    #[must_use]
    pub fn retry_in(&self, key_id: Option<&str>) -> Option<Duration> {
        self.task.as_ref()?;
        self.shared.retry_in(key_id, now())
    }

    /// The health of the key set, for a readiness probe.
    #[must_use]
    pub fn health(&self) -> Health {
        let now = now();
        let cached = self.shared.load();
        Health::new(cached.as_deref(), &self.record, now)
    }

    /// The keys, if the one with this `kid` is cached or nothing is ever fetched.
    pub(super) fn cached_with(&self, key_id: Option<&str>) -> Option<Keys> {
        let keys = self.cached(now())?;
        // Of fixed keys, no refresh is ever put off.
        let is_fixed = self.task.is_none();
        (is_fixed || !keys.use_now() && keys.has(key_id)).then_some(keys)
    }

    /// As [`cached_with`](Self::cached_with), for the `kid` of a token.
    pub(crate) fn cached_for(&self, key_id: Option<Text<'_>>) -> Option<Keys> {
        self.cached_with(key_id.map(without_escapes).as_deref())
    }

    async fn authenticate_and_verify<'t>(
        &self,
        token: &Unverified<'t>,
        policy: &Policy<'_>,
        now: Time,
    ) -> Result<Verified<'t>, VerifyError> {
        let key_id = token.key_id().map(without_escapes);
        let keys = self.keys(key_id.as_deref()).await?;
        Ok(token.authenticate(&keys)?.verify(policy, now)?)
    }

    async fn ask(&self, key_id: Option<&str>) {
        // The first fetch to end may have begun before the key was published. The second one began later.
        for _ in 0..2 {
            let mut ended = self.shared.ended();
            if self.shared.ask(key_id, now()) != Lookup::Wait || ended.changed().await.is_err() {
                return;
            }
        }
    }

    /// The cached keys, unless they are dead.
    fn cached(&self, now: Instant) -> Option<Keys> {
        let cached = self.shared.load();
        let serves = cached.as_ref()?.state(now) != State::Dead;
        serves.then_some(Keys(cached))
    }

    fn state(&self, now: Instant) -> State {
        let cached = self.shared.load();
        cached
            .as_ref()
            .map_or(State::Empty, |cached| cached.state(now))
    }
}

/// Allocates only if the text has escapes.
fn without_escapes(text: Text<'_>) -> Cow<'_, str> {
    text.as_str()
        .map_or_else(|| text.to_string().into(), Cow::Borrowed)
}

fn counted<T>(verdict: Result<T, VerifyError>) -> Result<T, VerifyError> {
    verdict.inspect_err(VerifyError::count)
}

impl Keys {
    /// Another one for another key set of the same cache.
    pub(crate) fn generation(&self) -> u64 {
        let cached = self.0.as_ref();
        cached.map_or(0, |cached| cached.generation)
    }

    fn has(&self, key_id: Option<&str>) -> bool {
        has(self, key_id)
    }

    /// As [`Cached::use_now`](super::schedule::Cached::use_now).
    fn use_now(&self) -> bool {
        self.0.as_ref().is_some_and(|cached| cached.use_now())
    }
}

impl Deref for Keys {
    type Target = KeySet;

    fn deref(&self) -> &KeySet {
        let cached = self.0.as_ref().expect("made only of what is cached");
        &cached.keys
    }
}

/// The task that fetches. It ends with the last clone of the cache.
struct Task {
    handle: AbortHandle,
    /// Locked while a fetch runs or its snapshot is written.
    busy: Arc<Mutex<()>>,
    /// How long a lookup waits for a fetch to end.
    patience: Duration,
}

impl Drop for Task {
    fn drop(&mut self) {
        self.handle.abort();
    }
}

/// The settings of a cache.
#[must_use]
pub struct Builder {
    source: Arc<dyn Source>,
    name: String,
    schedule: Schedule,
    keys: Option<Arc<KeySet>>,
    snapshot: Option<PathBuf>,
    fetch_timeout: Duration,
}

impl Builder {
    /// The name of the key set in logs and metrics; `default` by default.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// When to fetch, and how long to serve.
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// The first keys, as if they had just been fetched. The first fetch is due at once nevertheless.
    pub fn preload(mut self, keys: impl Into<Arc<KeySet>>) -> Self {
        self.keys = Some(keys.into());
        self
    }

    /// A file that is written after every successful fetch and read at the start: tokens are then verified
    /// even if the server is down at the start. While the set in it is fresh, the first fetch comes at a random
    /// time, [`TTL`](super::TTL) from the start at the latest, or for the first unknown `kid`.
    pub fn snapshot(mut self, path: impl Into<PathBuf>) -> Self {
        self.snapshot = Some(path.into());
        self
    }

    /// How long a fetch may take in all; [`FETCH_TIMEOUT`] by default.
    pub fn fetch_timeout(mut self, timeout: Duration) -> Self {
        self.fetch_timeout = timeout;
        self
    }

    /// Starts the cache.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime: the task that fetches needs one.
    #[must_use]
    pub fn start(self) -> KeySetCache {
        let now = now();
        let mut cache = Cache::new(self.schedule, rand::random(), now);
        if let Some(keys) = self.keys {
            cache.restore(keys, None, None, Duration::ZERO, now);
        }
        let snapshot = self.snapshot.map(|path| {
            let last = restore(&mut cache, &path, self.source.origin(), now);
            SnapshotFile { path, last }
        });
        let shared = Arc::new(Shared::new(cache));
        let record = Arc::new(Record::new(self.name));
        let busy = Arc::new(Mutex::new(()));
        let fetcher = Fetcher {
            source: self.source,
            timeout: self.fetch_timeout,
            snapshot,
            shared: shared.clone(),
            record: record.clone(),
            busy: busy.clone(),
        };
        let task = Task {
            busy,
            handle: tokio::spawn(fetcher.run()).abort_handle(),
            // A little longer, to see the result of a fetch that takes all its time.
            patience: self.fetch_timeout.saturating_add(Duration::from_secs(1)),
        };
        KeySetCache {
            shared,
            record,
            task: Some(Arc::new(task)),
        }
    }
}

/// Puts the keys of the snapshot into the cache, if there is a usable one. Returns the snapshot.
fn restore(cache: &mut Cache, path: &Path, origin: &str, now: Instant) -> Option<Snapshot> {
    let snapshot = match Snapshot::read(path, origin) {
        Ok(snapshot) => snapshot?,
        Err(error) => {
            warn!(%error, "the key set's snapshot is ignored");
            return None;
        }
    };
    // Without an age or keys, nothing says how long it may serve.
    let age = snapshot.age(clock::unix_now())?;
    let keys = parse(snapshot.document.as_bytes()).ok()?;
    let etag = snapshot.etag.clone();
    if cache.restore(keys.into(), etag, snapshot.max_age, age, now) {
        cache.put_off_first(now);
    }
    Some(snapshot)
}

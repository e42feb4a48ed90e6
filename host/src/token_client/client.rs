//! The client for async callers: it hands out the cached token, and a task asks the server for the next.

use std::error::Error;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokenlatch::Policy;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time;
use tracing::{debug, warn};

use super::access_token::AccessToken;
use super::dialects::Dialect;
use super::endpoint::{Check, Endpoint, Location, Place, Source};
use super::error::{MAX_RETRY_AFTER, TokenError};
use super::schedule::{Cache, MARGIN};
use crate::http::{HttpClient, HttpError};
use crate::key_set::KeySetCache;

/// How long it may take in all to obtain one token: to refresh it, to ask with credentials if the refresh
/// is rejected, and to verify the token.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a caller waits at most: for a pause and a request.
const PATIENCE: Duration =
    Duration::from_secs(MAX_RETRY_AFTER.as_secs() + 2 * REQUEST_TIMEOUT.as_secs());

/// Obtains access tokens, keeps them, and refreshes them in the background.
///
/// One task sends all requests: there is never more than one at a time, and a caller that gives up does not
/// stop it. Clones share the token. The task ends with the last of them.
///
/// ```no_run
/// use tokenlatch_host::token_client::{ClientCredentials, ExposeSecret, TokenClient};
///
/// # async fn report(secret: String) -> Result<(), Box<dyn std::error::Error>> {
/// let credentials = ClientCredentials::new("my-client", secret);
/// let tokens = TokenClient::auth0("tenant.eu.auth0.com", credentials, "https://api.example.com/")
///     .start()?;
/// let token = tokens.token().await?;
/// let bearer = token.text().expose_secret();
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TokenClient {
    shared: Arc<Shared>,
    pub(super) client: HttpClient,
    _task: Arc<Task>,
}

impl TokenClient {
    /// A token that is valid for some time yet: the cached one, or a new one.
    ///
    /// # Errors
    ///
    /// Any [`TokenError`].
    pub async fn token(&self) -> Result<AccessToken, TokenError> {
        let mut ended = self.shared.ended.subscribe();
        if let Some(token) = self.shared.ask() {
            return Ok(token);
        }
        match time::timeout(PATIENCE, ended.changed()).await {
            Ok(Ok(())) => {
                let outcome = ended.borrow_and_update();
                outcome.clone().unwrap_or(Err(TokenError::TimedOut))
            }
            _ => Err(TokenError::TimedOut),
        }
    }

    /// Stops handing out this token. Does nothing if another one has replaced it.
    pub fn invalidate(&self, token: &AccessToken) {
        self.shared.lock().invalidate(token);
    }

    /// Stops handing out this token, because an API rejected it. Returns whether there may be another one.
    pub(super) fn replace(&self, token: &AccessToken) -> bool {
        self.shared.lock().replace(token, now())
    }

    fn spawn(source: impl Source, client: HttpClient, margin: Duration) -> Self {
        let shared = Arc::new(Shared {
            cache: Mutex::new(Cache::new(margin, rand::random(), now())),
            ended: watch::channel(None).0,
            sooner: Notify::new(),
        });
        let task = tokio::spawn(run(source, shared.clone()));
        Self {
            shared,
            client,
            _task: Arc::new(Task(task.abort_handle())),
        }
    }
}

/// Shows no part of the token.
impl fmt::Debug for TokenClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenClient").finish_non_exhaustive()
    }
}

/// The settings of a client: of a [`TokenClient`], or of a
/// [`blocking::TokenClient`](super::blocking::TokenClient) if `M` is [`Blocking`].
#[must_use]
pub struct Builder<D, M = Async> {
    place: Place,
    pub(super) dialect: D,
    client: HttpClient,
    margin: Duration,
    check: Option<Check>,
    mode: PhantomData<M>,
}

/// For callers in an async runtime.
#[derive(Clone, Copy, Debug)]
pub enum Async {}

/// For callers without an async runtime.
#[derive(Clone, Copy, Debug)]
pub enum Blocking {}

impl<D: Dialect, M> Builder<D, M> {
    pub(super) fn new(place: Place, dialect: D) -> Self {
        Self {
            place,
            dialect,
            client: HttpClient::default(),
            margin: MARGIN,
            check: None,
            mode: PhantomData,
        }
    }

    /// The HTTP client, with its limits. [`TokenClient::call`] uses it, too.
    pub fn client(mut self, client: HttpClient) -> Self {
        self.client = client;
        self
    }

    /// How long before its expiry a token is handed out for the last time: [`MARGIN`] by default, and never
    /// more than a quarter of the token's lifetime.
    pub fn margin(mut self, margin: Duration) -> Self {
        self.margin = margin;
        self
    }

    /// Verifies every token before it is handed out, as its API will. A token that does not verify is an
    /// error.
    ///
    /// If the texts of the policy are known only at runtime, [`String::leak`] makes them live as long as the
    /// program.
    pub fn verify_with(mut self, keys: KeySetCache, policy: Policy<'static>) -> Self {
        self.check = Some(Check { keys, policy });
        self
    }

    /// Starts the client in the current tokio runtime.
    pub(super) fn start_here(self) -> Result<TokenClient, HttpError> {
        let endpoint = Endpoint {
            location: Location::new(&self.client, &self.place)?,
            client: self.client.clone(),
            dialect: self.dialect,
            check: self.check,
        };
        Ok(TokenClient::spawn(endpoint, self.client, self.margin))
    }
}

impl<D: Dialect> Builder<D> {
    /// Starts the client. It sends no request before a caller needs a token.
    ///
    /// # Errors
    ///
    /// [`HttpError::InvalidUrl`] and [`HttpError::InsecureUrl`], for the server's URL.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime: the task that asks needs one.
    pub fn start(self) -> Result<TokenClient, HttpError> {
        self.start_here()
    }
}

/// Leaves out the server's URL, which may hold credentials.
impl<D: fmt::Debug, M> fmt::Debug for Builder<D, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("dialect", &self.dialect)
            .field("client", &self.client)
            .field("margin", &self.margin)
            .finish_non_exhaustive()
    }
}

/// The state that the callers and the task share.
struct Shared {
    cache: Mutex<Cache>,
    /// The outcome of the last request, for the callers that waited for it.
    ended: watch::Sender<Option<Result<AccessToken, TokenError>>>,
    /// Notified when a request may be due earlier than before.
    sooner: Notify,
}

impl Shared {
    fn ask(&self) -> Option<AccessToken> {
        let mut cache = self.lock();
        let before = cache.due();
        let token = cache.ask(now());
        if cache.due() != before {
            self.sooner.notify_one();
        }
        token
    }

    /// A step of the state machine does not stop half-way, so a panic elsewhere does no harm.
    fn lock(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The task that asks. It ends with the last clone of the client.
struct Task(AbortHandle);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Sends a request whenever the state machine asks for it. Never ends by itself.
async fn run(mut source: impl Source, shared: Arc<Shared>) {
    loop {
        let due = shared.lock().due();
        let is_due = async {
            match due {
                Some(due) => time::sleep_until(due.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = is_due => {}
            () = shared.sooner.notified() => {}
        }
        let began = now();
        if !shared.lock().begin(began) {
            continue;
        }
        let obtained = time::timeout(REQUEST_TIMEOUT, source.obtain()).await;
        let outcome = obtained.unwrap_or(Err(TokenError::TimedOut));
        match &outcome {
            Ok(token) => debug!(lifetime = token.lifetime().as_secs(), "obtained a token"),
            Err(error) => {
                let cause = error.source().map(ToString::to_string);
                warn!(%error, cause, "could not obtain a token");
            }
        }
        let retry_after = outcome.as_ref().err().and_then(TokenError::retry_after);
        let token = outcome.clone().ok();
        shared.lock().end(token, retry_after, began, now());
        shared.ended.send_replace(Some(outcome));
    }
}

/// The time of the monotonic clock, or of a test's clock.
fn now() -> Instant {
    time::Instant::now().into_std()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use reqwest::StatusCode;

    use super::super::error::{ErrorResponse, Malformed};
    use super::super::schedule::{COOLDOWN, MIN_RETRY, REFRESH_AHEAD};
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    /// How long the server takes to respond.
    const TRIP: Duration = Duration::from_millis(50);

    /// A server in this process. The clock stands still, and jumps to the next event that is waited for.
    #[derive(Clone)]
    struct Fake(Arc<State>);

    struct State {
        asked: AtomicUsize,
        /// In seconds; `None` while the server is down.
        lifetime: Mutex<Option<u64>>,
    }

    impl Fake {
        fn start(lifetime: u64) -> (Self, TokenClient) {
            let state = State {
                asked: AtomicUsize::new(0),
                lifetime: Mutex::new(Some(lifetime)),
            };
            let fake = Self(Arc::new(state));
            let client = TokenClient::spawn(fake.clone(), HttpClient::default(), MARGIN);
            (fake, client)
        }

        fn asked(&self) -> usize {
            self.0.asked.load(Ordering::Relaxed)
        }

        fn set(&self, lifetime: Option<u64>) {
            *self.0.lifetime.lock().unwrap() = lifetime;
        }
    }

    impl Source for Fake {
        async fn obtain(&mut self) -> Result<AccessToken, TokenError> {
            let number = self.0.asked.fetch_add(1, Ordering::Relaxed) + 1;
            let lifetime = *self.0.lifetime.lock().unwrap();
            time::sleep(TRIP).await;
            let lifetime = lifetime.ok_or(TokenError::Malformed(Malformed::Json))?;
            let text = format!("token-{number}");
            let lifetime = Duration::from_secs(lifetime);
            Ok(AccessToken::new(text.into(), lifetime, "{}".into()))
        }
    }

    async fn text(tokens: &TokenClient) -> String {
        use secrecy::ExposeSecret;
        tokens
            .token()
            .await
            .unwrap()
            .text()
            .expose_secret()
            .to_owned()
    }

    #[tokio::test(start_paused = true)]
    async fn a_hundred_callers_are_one_request() {
        let (server, tokens) = Fake::start(600);
        let callers: Vec<_> = (0..100)
            .map(|_| {
                let tokens = tokens.clone();
                tokio::spawn(async move { text(&tokens).await })
            })
            .collect();
        for caller in callers {
            assert_eq!(caller.await.unwrap(), "token-1");
        }
        assert_eq!(server.asked(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_goes_to_all_who_waited_for_it_and_to_nobody_else() {
        let (server, tokens) = Fake::start(600);
        server.set(None);
        let (a, b) = tokio::join!(tokens.token(), tokens.token());
        for outcome in [a, b] {
            assert!(matches!(outcome, Err(TokenError::Malformed(_))));
        }
        assert_eq!(server.asked(), 1);
        server.set(Some(600));
        let started = now();
        assert_eq!(text(&tokens).await, "token-2");
        let waited = now() - started;
        assert!(
            (MIN_RETRY..=2 * MIN_RETRY + 2 * TRIP).contains(&waited),
            "{waited:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn callers_in_a_hurry_do_not_hammer_a_server_that_fails() {
        let (server, tokens) = Fake::start(600);
        server.set(None);
        let started = now();
        while now() - started < 60 * SECOND {
            assert!(tokens.token().await.is_err());
        }
        assert!((6..=20).contains(&server.asked()), "{}", server.asked());
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_takes_no_request_with_him() {
        let (server, tokens) = Fake::start(600);
        let given_up = time::timeout(TRIP / 2, tokens.token()).await;
        assert!(given_up.is_err());
        time::sleep(TRIP).await;
        let started = now();
        assert_eq!(text(&tokens).await, "token-1");
        assert_eq!((now(), server.asked()), (started, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn who_keeps_asking_never_waits_again() {
        let (server, tokens) = Fake::start(600);
        let start = now();
        tokens.token().await.unwrap();
        while now() - start < 6000 * SECOND {
            time::sleep(SECOND).await;
            let asked_at = now();
            tokens.token().await.unwrap();
            assert_eq!(now(), asked_at);
        }
        // One in 560 to 575 seconds.
        assert_eq!(server.asked(), 11);
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_no_more_costs_the_server_nothing() {
        let (server, tokens) = Fake::start(600);
        tokens.token().await.unwrap();
        time::sleep(100_000 * SECOND).await;
        assert_eq!(server.asked(), 1);
        // Used once more: it is refreshed once, ahead of its end.
        tokens.token().await.unwrap();
        assert_eq!(text(&tokens).await, "token-2");
        time::sleep(590 * SECOND - REFRESH_AHEAD - SECOND).await;
        assert_eq!(server.asked(), 2);
        time::sleep(REFRESH_AHEAD).await;
        assert_eq!(server.asked(), 3);
        time::sleep(100_000 * SECOND).await;
        assert_eq!(server.asked(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_that_ends_in_time_goes_unnoticed() {
        let (server, tokens) = Fake::start(600);
        assert_eq!(text(&tokens).await, "token-1");
        assert_eq!(text(&tokens).await, "token-1");
        server.set(None);
        time::sleep(577 * SECOND).await;
        assert!(server.asked() > 1);
        assert_eq!(text(&tokens).await, "token-1");
        server.set(Some(600));
        time::sleep(12 * SECOND).await;
        let asked_at = now();
        assert_ne!(text(&tokens).await, "token-1");
        assert_eq!(now(), asked_at);
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_that_expires_at_once_is_for_those_who_waited() {
        let (server, tokens) = Fake::start(0);
        assert_eq!(text(&tokens).await, "token-1");
        assert_eq!(text(&tokens).await, "token-2");
        time::sleep(1000 * SECOND).await;
        assert_eq!(server.asked(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn an_invalidated_token_is_replaced() {
        let (server, tokens) = Fake::start(600);
        let first = tokens.token().await.unwrap();
        tokens.invalidate(&first);
        assert_eq!(text(&tokens).await, "token-2");
        tokens.invalidate(&first);
        assert_eq!(text(&tokens).await, "token-2");
        assert_eq!(server.asked(), 2);
        let second = tokens.token().await.unwrap();
        assert!(tokens.replace(&second));
        let third = tokens.token().await.unwrap();
        assert!(!tokens.replace(&third));
        time::sleep(COOLDOWN).await;
        assert!(tokens.replace(&third));
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_asks_for_time_has_it() {
        struct Busy;
        impl Source for Busy {
            async fn obtain(&mut self) -> Result<AccessToken, TokenError> {
                Err(TokenError::Rejected(ErrorResponse {
                    status: StatusCode::TOO_MANY_REQUESTS,
                    code: None,
                    description: None,
                    retry_after: Some(MAX_RETRY_AFTER),
                }))
            }
        }
        let tokens = TokenClient::spawn(Busy, HttpClient::default(), MARGIN);
        tokens.token().await.unwrap_err();
        let started = now();
        tokens.token().await.unwrap_err();
        assert!(now() - started >= MAX_RETRY_AFTER);
    }

    #[test]
    fn a_caller_does_not_wait_for_ever_for_a_task_whose_runtime_is_gone() {
        let runtime = || {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            builder.enable_time().start_paused(true).build().unwrap()
        };
        let (_, tokens) = runtime().block_on(async { Fake::start(600) });
        runtime().block_on(async {
            let started = now();
            assert!(matches!(tokens.token().await, Err(TokenError::TimedOut)));
            assert_eq!(now() - started, 120 * SECOND);
        });
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_hangs_is_given_up() {
        struct Hangs;
        impl Source for Hangs {
            async fn obtain(&mut self) -> Result<AccessToken, TokenError> {
                std::future::pending().await
            }
        }
        let tokens = TokenClient::spawn(Hangs, HttpClient::default(), MARGIN);
        let started = now();
        assert!(matches!(tokens.token().await, Err(TokenError::TimedOut)));
        assert_eq!(now() - started, REQUEST_TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn the_task_ends_with_the_last_client() {
        let (server, tokens) = Fake::start(600);
        tokens.token().await.unwrap();
        drop(tokens);
        time::sleep(SECOND).await;
        assert_eq!(Arc::strong_count(&server.0), 1);
    }
}

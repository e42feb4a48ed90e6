//! The key set cache through its public API, with servers of every behavior.
//!
//! With a [`Fake`] in this process as the server, tokio's clock stands still and jumps to the next event that
//! is waited for: hours pass at once, and always in the same order.

mod blocking;
mod callers;
mod issuers;
mod observed;
mod outage;
mod refresh;
mod servers;
mod snapshot;

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokenlatch::{MAX_TOKEN_LEN, Policy, Time};
use tokenlatch_host::key_set::{
    Builder, Fetched, KeySetCache, Schedule, Source, SourceError, VerifyError,
};
use tokenlatch_tests::issuer::Issuer;

const ISSUER: &str = "https://issuer.example/";
const POLICY: Policy = Policy::new(ISSUER, "https://api.example.com/");
const NOW: Time = Time::exactly(1_800_000_000);

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// A token that the key of this name has signed.
fn token(key_id: &str) -> String {
    token_of(Issuer::rfc7515(), key_id, ISSUER)
}

fn token_of(key: &Issuer, key_id: &str, issuer: &str) -> String {
    let claims = json!({
        "iss": issuer,
        "aud": "https://api.example.com/",
        "exp": 1_900_000_000,
    });
    key.sign(
        json!({"alg": "RS256", "kid": key_id}).to_string(),
        claims.to_string(),
    )
}

/// A JWK Set of these keys, which are one key under several names.
fn key_set(key_ids: &[&str]) -> String {
    let keys: Vec<Value> = key_ids
        .iter()
        .map(|key_id| jwk(Issuer::rfc7515(), key_id))
        .collect();
    json!({ "keys": keys }).to_string()
}

fn jwk(key: &Issuer, key_id: &str) -> Value {
    let mut jwk = key.jwk();
    jwk["kid"] = key_id.into();
    jwk
}

/// Verifies a token that the key of this name has signed.
async fn verify(keys: &KeySetCache, key_id: &str) -> Result<(), VerifyError> {
    let mut scratch = [0; MAX_TOKEN_LEN];
    let token = token(key_id);
    let verified = keys.verify(token.as_bytes(), &mut scratch, &POLICY, NOW);
    verified.await.map(drop)
}

fn is_unknown(verdict: &Result<(), VerifyError>) -> bool {
    matches!(
        verdict,
        Err(VerifyError::Token(tokenlatch::Error::UnknownKey))
    )
}

/// How a [`Fake`] responds.
#[derive(Clone, Debug)]
enum Behavior {
    /// Sends this document, with an ETag.
    Document(String),
    NotModified,
    Fails,
    Hangs,
    Panics,
}

impl Behavior {
    fn keys(key_ids: &[&str]) -> Self {
        Self::Document(key_set(key_ids))
    }
}

/// A server in this process. Clones are the same server.
#[derive(Clone)]
struct Fake(Arc<Inner>);

struct Inner {
    behavior: Mutex<Behavior>,
    /// The behaviors before that, once each.
    first: Mutex<VecDeque<Behavior>>,
    /// The delay of a response.
    delay: Mutex<Duration>,
    etags: Mutex<Vec<Option<String>>>,
    asked: AtomicUsize,
    /// How many fetches were not dropped before their end.
    completed: AtomicUsize,
    /// How many documents the cache rejected.
    rejected: AtomicUsize,
}

impl Fake {
    fn new(behavior: Behavior) -> Self {
        Self(Arc::new(Inner {
            behavior: Mutex::new(behavior),
            first: Mutex::default(),
            delay: Mutex::default(),
            etags: Mutex::default(),
            asked: AtomicUsize::new(0),
            completed: AtomicUsize::new(0),
            rejected: AtomicUsize::new(0),
        }))
    }

    /// From now on, it behaves like this.
    fn set(&self, behavior: Behavior) {
        *self.0.behavior.lock().unwrap() = behavior;
    }

    /// It behaves like this once.
    fn once(&self, behavior: Behavior) {
        self.0.first.lock().unwrap().push_back(behavior);
    }

    fn delay(&self, delay: Duration) {
        *self.0.delay.lock().unwrap() = delay;
    }

    /// How often it was asked.
    fn asked(&self) -> usize {
        self.0.asked.load(Ordering::SeqCst)
    }

    fn completed(&self) -> usize {
        self.0.completed.load(Ordering::SeqCst)
    }

    fn rejected(&self) -> usize {
        self.0.rejected.load(Ordering::SeqCst)
    }

    /// The ETag that it was asked with the last time.
    fn last_etag(&self) -> Option<String> {
        self.0.etags.lock().unwrap().last().cloned().flatten()
    }

    async fn response(&self) -> Result<Fetched, SourceError> {
        // As it is when the request arrives, like the response of a real server.
        let first = self.0.first.lock().unwrap().pop_front();
        let behavior = first.unwrap_or_else(|| self.0.behavior.lock().unwrap().clone());
        let delay = *self.0.delay.lock().unwrap();
        tokio::time::sleep(delay).await;
        self.0.completed.fetch_add(1, Ordering::SeqCst);
        match behavior {
            Behavior::Document(document) => Ok(Fetched::Document {
                body: document.into_bytes(),
                etag: Some("\"1\"".into()),
                max_age: None,
            }),
            Behavior::NotModified => Ok(Fetched::NotModified { max_age: None }),
            Behavior::Fails => Err(SourceError::Other("out of order".into())),
            Behavior::Hangs => std::future::pending().await,
            Behavior::Panics => panic!("a fault in a source"),
        }
    }
}

impl Source for Fake {
    fn origin(&self) -> &str {
        "fake"
    }

    fn fetch<'s>(
        &'s self,
        etag: Option<&'s str>,
    ) -> Pin<Box<dyn Future<Output = Result<Fetched, SourceError>> + Send + 's>> {
        self.0.asked.fetch_add(1, Ordering::SeqCst);
        self.0.etags.lock().unwrap().push(etag.map(Into::into));
        Box::pin(self.response())
    }

    fn reject(&self) {
        self.0.rejected.fetch_add(1, Ordering::SeqCst);
    }
}

/// A cache with the default settings, except that it is refreshed although a test does not use it all the
/// time.
fn busy(source: impl Source) -> Builder {
    let mut schedule = Schedule::new();
    schedule.refresh_idle = true;
    KeySetCache::builder(source).schedule(schedule)
}

/// Lets time pass, with all events in it.
async fn pass(duration: Duration) {
    tokio::time::sleep(duration).await;
}

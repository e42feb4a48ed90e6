//! Requests whose token names a key that is not cached. Tokio's clock stands still, and jumps.

use std::pin::Pin;
use std::sync::Mutex;
use std::time::Duration;

use tokenlatch_host::key_set::{COOLDOWN, Fetched, KeySetCache, Source, SourceError};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// An issuer in this process, which publishes one key under these names. It may be down.
#[derive(Clone, Default)]
pub(super) struct Published(Arc<Mutex<Option<Vec<&'static str>>>>);

impl Published {
    pub(super) fn set(&self, key_ids: Option<&[&'static str]>) {
        *self.0.lock().unwrap() = key_ids.map(Into::into);
    }

    pub(super) fn guard(&self) -> Guard {
        let keys = KeySetCache::new(self.clone());
        Guard::cache(keys, policy()).clock(|| NOW).start().unwrap()
    }
}

impl Source for Published {
    fn origin(&self) -> &str {
        "published"
    }

    fn fetch<'s>(
        &'s self,
        _: Option<&'s str>,
    ) -> Pin<Box<dyn Future<Output = Result<Fetched, SourceError>> + Send + 's>> {
        let key_ids = self.0.lock().unwrap().clone();
        let fetched = key_ids.map(|key_ids| {
            let jwk = |key_id: &&str| {
                let mut jwk = Issuer::rfc7515().jwk();
                jwk["kid"] = (*key_id).into();
                jwk
            };
            let keys: Vec<Value> = key_ids.iter().map(jwk).collect();
            Fetched::Document {
                body: json!({ "keys": keys }).to_string().into_bytes(),
                etag: None,
                max_age: None,
            }
        });
        let fetched = fetched.ok_or_else(|| SourceError::Other("down".into()));
        Box::pin(std::future::ready(fetched))
    }
}

fn signed_with(key_id: &str) -> String {
    token_of(Issuer::rfc7515(), key_id, json!({}))
}

async fn status(guard: &Guard, key_id: &str) -> u16 {
    response(guard.check_token(&signed_with(key_id)).await).0
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_not_cached_is_waited_for() {
    let published = Published::default();
    published.set(Some(&["a"]));
    let guard = published.guard();
    let header = bearer(&signed_with("a"));
    assert!(guard.check_cached(Some(&header)).is_none());
    assert_eq!(response(guard.check(Some(&header)).await).0, 200);
    let cached = guard
        .check_cached(Some(&header))
        .expect("the key is cached");
    assert_eq!(response(cached).0, 200);
    published.set(Some(&["a", "b"]));
    assert_eq!(status(&guard, "b").await, 200);
}

/// The second rotation comes when the key set cannot be fetched again yet.
#[tokio::test(start_paused = true)]
async fn a_good_token_after_two_rotations_in_a_row_is_told_to_come_again() {
    let published = Published::default();
    published.set(Some(&["a"]));
    let guard = published.guard();
    guard.ready().await.unwrap();
    published.set(Some(&["a", "b"]));
    assert_eq!(status(&guard, "b").await, 200);
    published.set(Some(&["b", "c"]));
    let (status_now, challenge, retry_after) = response(guard.check_token(&signed_with("c")).await);
    assert_eq!((status_now, challenge), (503, None));
    let retry_after = retry_after.expect("a Retry-After");
    assert!(
        (1..=2 * COOLDOWN.as_secs()).contains(&retry_after),
        "{retry_after}"
    );

    tokio::time::sleep(Duration::from_secs(retry_after)).await;
    assert_eq!(status(&guard, "c").await, 200);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_the_issuer_was_asked_for_and_does_not_have_is_an_invalid_token() {
    let published = Published::default();
    published.set(Some(&["a"]));
    let guard = published.guard();
    guard.ready().await.unwrap();
    for _ in 0..3 {
        let refused = response(guard.check_token(&signed_with("x")).await);
        assert_eq!(refused, (401, Some(INVALID_TOKEN.into()), None));
        tokio::time::sleep(SECOND).await;
    }
    // Within the cooldown, nobody can say so of another key.
    assert_eq!(status(&guard, "y").await, 503);
    assert_eq!(status(&guard, &"y".repeat(300)).await, 401);
}

#[tokio::test(start_paused = true)]
async fn no_keys_are_a_503_that_says_when_to_come_again() {
    let published = Published::default();
    let guard = published.guard();
    assert!(guard.ready().await.is_err());
    let (status_now, challenge, retry_after) = response(guard.check_token(&signed_with("a")).await);
    assert_eq!((status_now, challenge), (503, None));
    let retry_after = retry_after.expect("a Retry-After");
    assert!((1..=60).contains(&retry_after), "{retry_after}");
    // What needs no key is refused as ever.
    assert_eq!(response(guard.check(None).await).0, 401);
    assert_eq!(response(guard.check(Some("Bearer")).await).0, 400);

    published.set(Some(&["a"]));
    tokio::time::sleep(Duration::from_secs(retry_after)).await;
    assert_eq!(status(&guard, "a").await, 200);
}

#[tokio::test(start_paused = true)]
async fn a_new_key_during_an_outage_is_unavailable_and_the_old_one_works() {
    let published = Published::default();
    published.set(Some(&["a"]));
    let guard = published.guard();
    guard.ready().await.unwrap();
    published.set(None);
    assert_eq!(status(&guard, "b").await, 503);
    assert_eq!(status(&guard, "a").await, 200);
}

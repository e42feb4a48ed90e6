//! Keys that change while tokens are in use.

use std::time::Duration;

use serde_json::json;
use tokenlatch::Policy;
use tokenlatch_host::issuer::KeyState;

use super::{AUDIENCE, Fixture, with_keys};

#[tokio::test]
async fn rotation_goes_unnoticed_by_who_caches_the_key_set() {
    let fixture = Fixture::start().await;
    let cached = fixture.key_set().await;
    let before = fixture.auth0(json!({})).await;
    fixture.issuer.rotate().await.unwrap();
    let after = fixture.auth0(json!({})).await;
    let issuer = format!("{}/", fixture.issuer.origin());
    let policy = Policy::new(&issuer, AUDIENCE);
    for token in [before.token(), after.token()] {
        assert_eq!(fixture.verdict_by(token, &cached, &policy), Ok(()));
        assert_eq!(fixture.verdict(token).await, Ok(()));
    }
    let [a, b] = [before.token(), after.token()].map(|it| it.split('.').next().unwrap());
    assert_ne!(a, b, "another key signed it");
}

#[tokio::test]
async fn keys_rotate_by_the_issuers_clock() {
    let fixture = Fixture::start_with(with_keys(|keys| {
        keys.rotate_every = Some(Duration::from_secs(1000));
        keys.overlap = Some(Duration::from_secs(100));
    }));
    let fixture = fixture.await;
    // From now on it stands still.
    fixture.issuer.clock().set(fixture.issuer.clock().now());
    let keys = fixture.issuer.keys();
    let token = fixture.auth0(json!({})).await;
    fixture.issuer.clock().advance(Duration::from_secs(1000));
    assert_eq!(fixture.verdict(token.token()).await, Ok(()));
    let rotated = fixture.issuer.keys();
    assert_eq!(rotated[0].key_id, keys[1].key_id);
    assert_eq!(rotated[0].state, KeyState::Signing);
    assert_eq!(rotated[1].state, KeyState::Next);
    let until = fixture.issuer.clock().now() + 100;
    assert_eq!(rotated[2].key_id, keys[0].key_id);
    assert_eq!(rotated[2].state, KeyState::Retiring { until });
    fixture.issuer.clock().advance(Duration::from_secs(100));
    let verdict = fixture.verdict(token.token()).await;
    assert_eq!(verdict.unwrap_err().code(), "unknown-key");
}

#[tokio::test]
async fn keys_rotate_while_nobody_asks() {
    let fixture = Fixture::start_with(with_keys(|keys| {
        keys.rotate_every = Some(Duration::from_secs(1000));
    }));
    let fixture = fixture.await;
    let next = fixture.issuer.keys()[1].key_id.clone();
    fixture.issuer.clock().advance(Duration::from_secs(1000));
    // The rotation comes within about a second. Without it, this waits for ever.
    while fixture.issuer.keys()[0].key_id != next {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn keys_have_the_size_that_was_asked_for() {
    let fixture = Fixture::start_with(with_keys(|keys| keys.bits = 4096));
    let fixture = fixture.await;
    assert!(fixture.issuer.keys().iter().all(|key| key.bits == 4096));
    let token = fixture.auth0(json!({})).await;
    assert_eq!(fixture.verdict(token.token()).await, Ok(()));
}

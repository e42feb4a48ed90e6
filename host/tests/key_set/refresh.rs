//! What a fetch changes, and what it must not change.

use serde_json::json;
use tokenlatch_host::key_set::{COOLDOWN, KeySetCache, KeySetError, State, TTL};
use tokenlatch_tests::issuer::Issuer;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_new_key_verifies_at_once_and_one_that_left_no_more() {
    let server = Fake::new(Behavior::keys(&["a"]));
    let keys = busy(server.clone()).start();
    verify(&keys, "a").await.unwrap();
    server.set(Behavior::keys(&["a", "b"]));
    verify(&keys, "a").await.unwrap();
    assert_eq!(server.asked(), 1);
    verify(&keys, "b").await.unwrap();
    assert_eq!(server.asked(), 2);

    server.set(Behavior::keys(&["b"]));
    verify(&keys, "a").await.unwrap();
    pass(TTL).await;
    assert_eq!(
        server.asked(),
        3,
        "a refresh by itself, before the set expires"
    );
    verify(&keys, "b").await.unwrap();
    assert!(is_unknown(&verify(&keys, "a").await));
}

#[tokio::test(start_paused = true)]
async fn refreshes_come_by_themselves_a_little_before_the_set_expires() {
    let server = Fake::new(Behavior::keys(&["a"]));
    let keys = busy(server.clone()).start();
    keys.ready().await.unwrap();
    for _ in 0..600 {
        pass(TTL / 10).await;
        assert_eq!(keys.health().state, State::Fresh);
    }
    // From 5 to 20 percent before.
    let refreshes = server.asked() - 1;
    assert!((63..=75).contains(&refreshes), "{refreshes}");
}

#[tokio::test(start_paused = true)]
async fn a_set_that_nobody_uses_is_not_refreshed_until_somebody_does() {
    let server = Fake::new(Behavior::keys(&["a"]));
    let keys = KeySetCache::builder(server.clone()).start();
    keys.ready().await.unwrap();
    pass(TTL + SECOND).await;
    assert_eq!((server.asked(), keys.health().state), (1, State::Stale));
    verify(&keys, "a").await.unwrap();
    assert_eq!((server.asked(), keys.health().state), (2, State::Fresh));
    verify(&keys, "a").await.unwrap();
    pass(TTL - SECOND).await;
    assert_eq!((server.asked(), keys.health().state), (3, State::Fresh));
}

#[tokio::test(start_paused = true)]
async fn a_set_whose_refresh_was_put_off_too_long_serves_nobody_before_it() {
    let server = Fake::new(Behavior::keys(&["a"]));
    let keys = KeySetCache::builder(server.clone()).start();
    keys.ready().await.unwrap();
    pass(TTL + SECOND).await;
    // Meanwhile the issuer has removed the key.
    server.set(Behavior::keys(&["b"]));
    server.delay(SECOND);
    let (first, second) = tokio::join!(verify(&keys, "a"), verify(&keys, "a"));
    assert!(is_unknown(&first) && is_unknown(&second), "{second:?}");
}

#[tokio::test(start_paused = true)]
async fn not_modified_makes_fresh() {
    let server = Fake::new(Behavior::keys(&["a"]));
    let keys = busy(server.clone()).start();
    keys.ready().await.unwrap();
    assert_eq!(server.last_etag(), None);
    server.set(Behavior::Fails);
    pass(TTL).await;
    assert_eq!(keys.health().state, State::Stale);
    server.set(Behavior::NotModified);
    pass(3 * MINUTE).await;
    assert_eq!(server.last_etag().as_deref(), Some("\"1\""));
    let health = keys.health();
    assert_eq!(health.state, State::Fresh);
    assert_eq!((health.fetched, health.not_modified), (1, 1));
    assert!(health.age.unwrap() < 3 * MINUTE);
    assert!(health.last_error.is_none());
    verify(&keys, "a").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_no_usable_set_leaves_the_old_one() {
    let good = key_set(&["b"]);
    for document in [
        "<html>Down for maintenance</html>",
        "",
        "{}",
        r#"{"keys":[]}"#,
        r#"{"keys":[{"kty":"EC","crv":"P-256"}]}"#,
        &good[..good.len() - 1],
        &format!("{good}{good}"),
    ] {
        let server = Fake::new(Behavior::keys(&["a"]));
        let keys = busy(server.clone()).start();
        keys.ready().await.unwrap();
        server.set(Behavior::Document(document.into()));
        pass(TTL).await;
        assert!(server.asked() >= 2, "{document}");
        verify(&keys, "a").await.unwrap();
        let health = keys.health();
        assert!(health.failed >= 1 && health.fetched == 1, "{document}");
        assert_eq!(server.rejected() as u64, health.failed, "{document}");
        assert!(
            matches!(
                health.last_error.as_deref(),
                Some(KeySetError::Invalid(_) | KeySetError::NoUsableKey(_))
            ),
            "{document}: {health:?}"
        );
        // "b" may be a key: nothing says that it is unknown.
        let verdict = verify(&keys, "b").await;
        assert!(matches!(verdict, Err(VerifyError::Keys(_))), "{document}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_good_key_among_nine_bad_ones_verifies() {
    let good = jwk(Issuer::rfc7515(), "good");
    let with = |member: &str, value: Value| {
        let mut jwk = jwk(Issuer::rfc7515(), "bad");
        jwk[member] = value;
        jwk
    };
    let document = json!({"keys": [
        {"kty": "EC", "crv": "P-256", "kid": "bad"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "bad"},
        with("use", "enc".into()),
        with("alg", "RS512".into()),
        with("n", "AQAB".into()),
        good,
        with("n", "!".into()),
        with("e", "Ag".into()),
        with("d", "AQAB".into()),
        {},
    ]});
    let keys = busy(Fake::new(Behavior::Document(document.to_string()))).start();
    verify(&keys, "good").await.unwrap();
    let health = keys.health();
    assert_eq!((health.keys, health.unusable), (1, 9));
    // It is there, and fetching it again would not help.
    let verdict = verify(&keys, "bad").await;
    assert_eq!(verdict.unwrap_err().code(), "unusable-key");
    assert_eq!(keys.health().fetched, 1);
}

/// As `set_system_time` would do it: the age of a set is counted by the monotonic clock, and the
/// token's times by what the caller passes.
#[tokio::test(start_paused = true)]
async fn the_callers_clock_changes_nothing_about_the_set() {
    let server = Fake::new(Behavior::keys(&["a"]));
    let keys = busy(server.clone()).start();
    let mut scratch = [0; MAX_TOKEN_LEN];
    let token = token("a");
    for unix_seconds in [0, 1_899_999_999, 1_000_000_000, 1_800_000_000] {
        let now = Time::exactly(unix_seconds);
        let verdict = keys.verify(token.as_bytes(), &mut scratch, &POLICY, now);
        verdict.await.unwrap();
    }
    let expired = Time::exactly(1_900_000_000);
    let verdict = keys.verify(token.as_bytes(), &mut scratch, &POLICY, expired);
    let rejected = verdict.await.map(drop);
    assert!(matches!(
        rejected,
        Err(VerifyError::Token(tokenlatch::Error::Expired))
    ));
    assert_eq!(server.asked(), 1);
    assert_eq!(keys.health().state, State::Fresh);
}

#[tokio::test(start_paused = true)]
async fn unknown_keys_cause_one_fetch_per_cooldown() {
    let server = Fake::new(Behavior::keys(&["a"]));
    let keys = busy(server.clone()).start();
    keys.ready().await.unwrap();
    for second in 0..300 {
        assert!(is_unknown(&verify(&keys, &format!("x{second}")).await));
        pass(SECOND).await;
    }
    let on_account = server.asked() - 1;
    let most = 300 / COOLDOWN.as_secs() as usize;
    // A random time, up to as long again, is added to each.
    assert!((most / 2..=most).contains(&on_account), "{on_account}");
}

#[tokio::test(start_paused = true)]
async fn fixed_keys_need_no_server() {
    let document = key_set(&["a"]);
    let fixed = tokenlatch::JwkSet::from_json(document.as_bytes()).unwrap();
    let keys = KeySetCache::fixed(fixed);
    pass(1_000_000 * MINUTE).await;
    assert_eq!(keys.health().state, State::Fresh);
    verify(&keys, "a").await.unwrap();
    assert!(is_unknown(&verify(&keys, "b").await));
}

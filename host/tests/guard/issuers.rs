//! Guards that accept the tokens of several issuers, and of profiles.

use tokenlatch_host::guard::GuardError;
use tokenlatch_host::key_set::KeySetCache;

use super::*;

const OTHER: &str = "https://other.example/";

fn other() -> GuardBuilder {
    let keys = key_set::parse(stranger().jwk_set().as_bytes()).expect("a key set");
    let mut policy = PolicySettings::new(OTHER, AUDIENCE);
    policy.scopes.push("paint".into());
    Guard::fixed(keys, policy)
}

#[tokio::test]
async fn a_token_is_judged_by_the_policy_and_keys_of_its_issuer() {
    let guard = builder().or(other()).start().unwrap();
    let status = async |key: &Issuer, issuer: &str, scope: &str| {
        let text = token_of(key, key.key_id(), json!({"iss": issuer, "scope": scope}));
        response(guard.check_token(&text).await).0
    };
    let one = Issuer::rfc7515();
    assert_eq!(status(one, ISSUER, "").await, 200);
    assert_eq!(status(stranger(), OTHER, "paint").await, 200);
    assert_eq!(status(stranger(), OTHER, "").await, 403);
    assert_eq!(status(one, OTHER, "paint").await, 401);
    assert_eq!(status(stranger(), ISSUER, "paint").await, 401);
    assert_eq!(status(one, "https://third.example/", "").await, 401);
    assert_eq!(guard.health().count(), 2);
}

#[tokio::test]
async fn settings_are_for_the_issuers_before_them() {
    let lenient = |builder: GuardBuilder| builder.leeway(std::time::Duration::from_secs(5));
    let old = |key: &Issuer, issuer| {
        let claims = json!({"iss": issuer, "exp": 1_799_999_998, "scope": "paint"});
        token_of(key, key.key_id(), claims)
    };
    let statuses = async |guard: Guard| {
        let one = guard.check_token(&old(Issuer::rfc7515(), ISSUER)).await;
        let two = guard.check_token(&old(stranger(), OTHER)).await;
        [response(one).0, response(two).0]
    };
    let first = lenient(builder()).or(other()).start().unwrap();
    assert_eq!(statuses(first).await, [200, 401]);
    let both = lenient(builder().or(other())).start().unwrap();
    assert_eq!(statuses(both).await, [200, 200]);
}

#[tokio::test]
async fn two_issuers_share_no_snapshot() {
    let shared = builder().or(other()).snapshot("keys.snapshot").start();
    let Err(GuardError::SharedSnapshot) = shared else {
        panic!("{shared:?}");
    };
}

#[tokio::test]
async fn a_cache_of_ones_own_is_taken_as_it_is() {
    let cache = || Guard::cache(KeySetCache::fixed(keys()), policy());
    let guard = cache().clock(|| NOW).start().unwrap();
    assert_eq!(response(guard.check_token(&token(json!({}))).await).0, 200);
    let snapshot = cache().snapshot("keys.snapshot").start();
    let Err(GuardError::CacheSnapshot) = snapshot else {
        panic!("{snapshot:?}");
    };
}

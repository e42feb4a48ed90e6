//! The guard through its public API, with issuers in this process.

mod cost;
mod in_actix;
mod in_tonic;
mod issuers;
mod layer;
mod token_cache;
mod unavailable;
mod verdicts;

use std::sync::{Arc, LazyLock};

use serde::Deserialize;
use serde_json::{Value, json};
use tokenlatch::Time;
use tokenlatch_host::guard::{Claims, Guard, GuardBuilder, Refusal};
use tokenlatch_host::key_set::{self, KeySet};
use tokenlatch_host::policy::PolicySettings;
use tokenlatch_tests::issuer::Issuer;

const ISSUER: &str = "https://issuer.example/";
const AUDIENCE: &str = "https://api.example.com/";
const NOW: Time = Time::exactly(1_800_000_000);

/// A guard with fixed keys, at [`NOW`].
fn guard() -> Guard {
    builder().start().expect("a guard")
}

fn builder() -> GuardBuilder {
    Guard::fixed(keys(), policy()).clock(|| NOW)
}

fn policy() -> PolicySettings {
    PolicySettings::new(ISSUER, AUDIENCE)
}

fn keys() -> Arc<KeySet> {
    let document = Issuer::rfc7515().jwk_set();
    Arc::from(key_set::parse(document.as_bytes()).expect("a key set"))
}

/// Another key than that of [`keys`].
fn stranger() -> &'static Issuer {
    static KEY: LazyLock<Issuer> = LazyLock::new(|| Issuer::generate(2048, "stranger"));
    &KEY
}

/// A good token, but for these claims; `null` takes one out.
fn token(changes: Value) -> String {
    token_of(Issuer::rfc7515(), Issuer::rfc7515().key_id(), changes)
}

fn token_of(key: &Issuer, key_id: &str, changes: Value) -> String {
    let mut claims = json!({
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "demo-client",
        "exp": 1_800_000_060,
        "scope": "read:doors write:doors",
        "permissions": ["open", "close"],
    });
    for (name, value) in changes.as_object().expect("an object") {
        claims[name] = value.clone();
    }
    claims
        .as_object_mut()
        .expect("an object")
        .retain(|_, value| !value.is_null());
    let header = json!({"alg": "RS256", "kid": key_id});
    key.sign(header.to_string(), claims.to_string())
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// How many allocations a check makes that allows the request, once the thread has made one.
fn allocations(guard: &Guard, authorization: &str) -> u64 {
    let is_allowed = || {
        let verdict = guard.check_cached(Some(authorization));
        verdict.is_some_and(|verdict| verdict.is_ok())
    };
    // A thread's first read sets up state that its next reads use.
    assert!(is_allowed());
    allocation_counter::measure(|| assert!(is_allowed())).count_total
}

/// A type of claims.
#[derive(Deserialize)]
struct Door {
    door: u8,
}

/// The status, the challenge, and the seconds of `Retry-After`.
fn response(verdict: Result<Claims, Refusal>) -> (u16, Option<String>, Option<u64>) {
    match verdict {
        Ok(_) => (200, None, None),
        Err(refusal) => (
            refusal.status().as_u16(),
            refusal.challenge(),
            refusal.retry_after().map(|wait| wait.as_secs()),
        ),
    }
}

const INVALID_TOKEN: &str = r#"Bearer error="invalid_token""#;

//! The issuer: its key sets, its rate limit, its outages.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde_json::{Value, json};
use tokenlatch_host::key_set::{self, KeySet};

use crate::plan::Plan;

/// How many seconds of the rate limit the issuer allows at once.
const BURST: f64 = 2.0;

pub(crate) struct Issuer {
    /// The `kid` of each key, in the order of the rotations.
    pub(crate) key_ids: Vec<String>,
    /// The key set with each key and the one before.
    pub(crate) key_sets: Vec<Arc<KeySet>>,
    bucket: Bucket,
}

/// What a request comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    /// The connection fails.
    Down,
    /// 429, with what the plan says in `Retry-After`.
    TooMany,
    /// The key set with this number.
    Served(usize),
}

impl Issuer {
    pub(crate) fn new(plan: &Plan) -> Self {
        let keys = 0..=plan.rotations.len();
        let key_ids: Vec<String> = keys.map(|key| format!("key-{key}")).collect();
        let key_sets = (0..key_ids.len()).map(|newest| {
            let published = &key_ids[newest.saturating_sub(1)..=newest];
            let document = document(published);
            key_set::parse(document.as_bytes()).expect("usable keys")
        });
        Self {
            key_sets: key_sets.map(Into::into).collect(),
            key_ids,
            bucket: Bucket {
                rate: plan.rate_limit,
                tokens: BURST * plan.rate_limit,
                filled: Duration::ZERO,
            },
        }
    }

    /// A request comes. `now` counts from the first one's beginning, `time` as the plan does, if the
    /// plan's time has begun.
    pub(crate) fn request(&mut self, plan: &Plan, now: Duration, time: Option<Duration>) -> Status {
        let time = time.unwrap_or_default();
        if plan.outages.iter().any(|outage| outage.contains(&time)) {
            Status::Down
        } else if !self.bucket.take(now) {
            Status::TooMany
        } else {
            Status::Served(plan.rotated(time, |rotation| rotation.published))
        }
    }
}

/// A token bucket.
struct Bucket {
    /// Tokens a second.
    rate: f64,
    tokens: f64,
    filled: Duration,
}

impl Bucket {
    fn take(&mut self, now: Duration) -> bool {
        let since = (now - self.filled).as_secs_f64();
        self.filled = now;
        self.tokens = (self.tokens + since * self.rate).min(BURST * self.rate);
        let has_one = self.tokens >= 1.0;
        self.tokens -= f64::from(u8::from(has_one));
        has_one
    }
}

fn document(key_ids: &[String]) -> String {
    let n = BASE64URL.encode([0xff; 256]);
    let keys = key_ids
        .iter()
        .map(|key_id| json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": key_id, "n": n, "e": "AQAB"}));
    json!({ "keys": keys.collect::<Vec<Value>>() }).to_string()
}

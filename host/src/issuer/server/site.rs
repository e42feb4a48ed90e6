//! What the request handlers share.

use serde_json::{Map, Value, json};

use super::exchange::Exchange;
use super::log::Log;
use super::rate::Rate;
use crate::issuer::model::clients::Clients;
use crate::issuer::model::clock::Clock;
use crate::issuer::model::config::Config;
use crate::issuer::model::faults::{Fault, FaultError, Faults, Injection, WRONG};
use crate::issuer::model::key::{unsigned, with_bad_signature};
use crate::issuer::model::keys::{KeyError, Keys};
use crate::issuer::model::refresh::Families;

/// What the request handlers share.
pub(crate) struct Site {
    /// `http://HOST:PORT`
    pub(crate) origin: String,
    pub(crate) clients: Clients,
    pub(crate) keys: Keys,
    pub(crate) refresh_tokens: Families,
    pub(crate) rate: Option<Rate>,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) log: Log,
    pub(crate) has_admin: bool,
}

/// Claims about a token as a whole, without those that are about time.
pub(crate) type Claims = Map<String, Value>;

impl Site {
    pub(crate) async fn new(origin: String, config: Config) -> Result<Self, KeyError> {
        let clock = Clock::new();
        let longest = config.longest_lifetime();
        Ok(Self {
            origin,
            keys: Keys::open(config.keys, clock.now(), longest).await?,
            clients: Clients::new(config.applications),
            refresh_tokens: Families::default(),
            rate: config.rate_limit.map(Rate::new),
            clock,
            faults: Faults::default(),
            log: Log::default(),
            has_admin: config.admin,
        })
    }

    pub(crate) fn inject(&self, injection: Injection) -> Result<(), FaultError> {
        let key_set = self.keys.document(self.clock.now());
        self.faults.inject(injection, key_set)
    }

    /// A token with these claims, which must have `iat` and `exp`, as the exchange's faults make it.
    pub(crate) fn sign(&self, exchange: &Exchange, mut claims: Claims) -> String {
        const HOUR: u64 = 3600;
        // A fault may have removed it, or made something else of it.
        let time = |claims: &Claims, name: &str| claims.get(name).and_then(Value::as_u64);
        let key = self.keys.signing();
        key.in_use_until(time(&claims, "exp").unwrap_or_default());
        let mut finish: fn(String) -> String = |token| token;
        let mut is_signed = true;
        for happening in &exchange.happening {
            match &happening.fault {
                Fault::Expired => {
                    let exp = time(&claims, "exp").unwrap_or_default();
                    let ago = exp.saturating_sub(exchange.now).saturating_add(HOUR);
                    for name in ["iat", "exp"] {
                        if let Some(time) = time(&claims, name) {
                            claims.insert(name.into(), time.saturating_sub(ago).into());
                        }
                    }
                }
                Fault::NotYetValid => {
                    if let Some(exp) = time(&claims, "exp") {
                        claims.insert("exp".into(), exp.saturating_add(HOUR).into());
                    }
                    claims.insert("nbf".into(), (exchange.now + HOUR).into());
                }
                Fault::WrongAudience => {
                    claims.insert("aud".into(), WRONG.into());
                }
                Fault::WrongIssuer => {
                    claims.insert("iss".into(), WRONG.into());
                }
                Fault::Claim { name, value } => {
                    claims.insert(name.clone(), value.clone());
                }
                Fault::RemoveClaim(name) => {
                    // In place, so that the others keep their order.
                    claims.shift_remove(name);
                }
                Fault::BadSignature => finish = |token| with_bad_signature(&token),
                Fault::AlgNone => is_signed = false,
                Fault::Outage
                | Fault::Disconnect
                | Fault::Latency(_)
                | Fault::WrongContent
                | Fault::StaleSet => {}
            }
        }
        if is_signed {
            finish(key.sign(&claims))
        } else {
            unsigned(&claims)
        }
    }
}

/// Claims from the members of a JSON object, but for those that are `null`.
pub(crate) fn claims(members: Value) -> Claims {
    let Value::Object(mut claims) = members else {
        unreachable!("claims are an object");
    };
    claims.retain(|_, value| *value != json!(null));
    claims
}

//! The state that the request handlers share.

use serde_json::Value;

use super::exchange::Exchange;
use super::log::Log;
use super::rate::Rate;
use crate::issuer::model::claims::Claims;
use crate::issuer::model::clients::Clients;
use crate::issuer::model::clock::Clock;
use crate::issuer::model::config::Config;
use crate::issuer::model::faults::{Effect, FaultError, Faults, Injection};
use crate::issuer::model::key::SigningKey;
use crate::issuer::model::keys::{KeyError, Keys};
use crate::issuer::model::refresh::Families;

/// The state that the request handlers share.
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

impl Site {
    pub(crate) async fn new(origin: String, config: Config) -> Result<Self, KeyError> {
        let clock = Clock::new();
        let longest = config.longest_lifetime();
        Ok(Self {
            origin,
            keys: Keys::open(config.keys, clock.now(), longest).await?,
            clients: Clients::new(config.clients),
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

    /// A token with these claims, which must have `exp`. The exchange's faults change the token.
    pub(crate) fn sign(&self, exchange: &Exchange, mut claims: Claims) -> String {
        let key = self.keys.signing();
        let expiry = claims.get("exp").and_then(Value::as_u64);
        key.in_use_until(expiry.unwrap_or_default());
        let mut sign: fn(&SigningKey, &Claims) -> String = SigningKey::sign;
        for happening in &exchange.happening {
            match happening.effect() {
                Effect::Claims(change) => change(&mut claims, exchange.now),
                Effect::Signing(other) => sign = other,
                Effect::Delay(_) | Effect::Substitute(_) | Effect::KeySet(_) => {}
            }
        }
        sign(&key, &claims)
    }
}

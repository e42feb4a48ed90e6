//! The state that the request handlers share.

use serde_json::Value;

use super::exchange::Exchange;
use super::log::Log;
use super::rate::Rate;
use crate::issuer::model::claims::Claims;
use crate::issuer::model::client::Client;
use crate::issuer::model::clients::Clients;
use crate::issuer::model::clock::Clock;
use crate::issuer::model::config::Config;
use crate::issuer::model::faults::{Effect, FaultError, Faults, Injection};
use crate::issuer::model::key::{Header, SigningKey};
use crate::issuer::model::keys::{KeyError, Keys};
use crate::issuer::model::profile::{self, Grounds};
use crate::issuer::model::refresh::Families;
use crate::profile::ProfileName;

/// The state that the request handlers share.
pub(crate) struct Site {
    /// `http://HOST:PORT`, where it listens.
    pub(crate) origin: String,
    /// What its `iss` and its URLs begin with, without a final slash.
    pub(crate) public_origin: String,
    pub(crate) profile: ProfileName,
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
        let public_origin = config.issuer.as_ref().unwrap_or(&origin);
        Ok(Self {
            public_origin: public_origin.trim_end_matches('/').into(),
            origin,
            profile: config.profile,
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
        let key_set = self.key_set(self.clock.now());
        self.faults.inject(injection, key_set)
    }

    /// The JWK Set, in JSON.
    pub(crate) fn key_set(&self, now: u64) -> Vec<u8> {
        let keys = self.keys.published(now);
        let key_set = profile::key_set(self.profile, &self.public_origin, keys);
        key_set.to_string().into_bytes()
    }

    /// A profile's token for a client. The exchange's faults change the token.
    pub(crate) fn token(
        &self,
        exchange: &Exchange,
        profile: ProfileName,
        grounds: &Grounds<'_>,
    ) -> String {
        let claims = profile::token_claims(profile, &self.public_origin, grounds);
        self.sign(exchange, profile, claims)
    }

    /// The profile's token for a client, with other claims than its own, and without those that are `null`.
    pub(crate) fn token_with(&self, client: &Client, claims: Claims) -> String {
        let now = self.clock.now();
        let lifetime = match self.profile {
            ProfileName::Atm => client.lifetimes.atm,
            _ => client.lifetimes.auth0,
        };
        let grounds = Grounds {
            client,
            audience: &client.audience,
            scope: &client.scope,
            organization: None,
            now,
            expiry: now + lifetime.as_secs(),
        };
        let mut all = profile::token_claims(self.profile, &self.public_origin, &grounds);
        all.extend(claims);
        all.retain(|_, value| !value.is_null());
        self.sign(&Exchange::new(now, Vec::new()), self.profile, all)
    }

    /// A profile's token with these claims, which have `exp`. The exchange's faults change the token.
    pub(crate) fn sign(
        &self,
        exchange: &Exchange,
        profile: ProfileName,
        mut claims: Claims,
    ) -> String {
        let key = self.keys.signing();
        let expiry = claims.get("exp").and_then(Value::as_u64);
        key.in_use_until(expiry.unwrap_or_default());
        let mut sign: fn(&SigningKey, &Header, &Claims) -> String = SigningKey::sign;
        for happening in &exchange.happening {
            match happening.effect() {
                Effect::Claims(change) => change(&mut claims, exchange.now),
                Effect::Signing(other) => sign = other,
                Effect::Delay(_) | Effect::Substitute(_) | Effect::KeySet(_) => {}
            }
        }
        sign(&key, &profile::header(profile, key.key_id()), &claims)
    }
}

//! The state that the request handlers share.

use std::sync::Arc;

use serde_json::Value;
use tokenlatch::MAX_TOKEN_LEN;
use tokio::task::spawn_blocking;

use super::exchange::Exchange;
use super::log::Log;
use super::rate::Rate;
use crate::device::{self, VerifyingKeys};
use crate::issuer::model::claims::Claims;
use crate::issuer::model::client::Client;
use crate::issuer::model::clients::Clients;
use crate::issuer::model::clock::Clock;
use crate::issuer::model::config::Config;
use crate::issuer::model::faults::{Effect, FaultError, Faults, Injection};
use crate::issuer::model::fleet::{DeviceError, Fleet};
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
    pub(crate) fleet: Arc<Fleet>,
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
        let directory = config.keys.directory.clone();
        // First: they create the directory.
        let keys = Keys::open(config.keys, clock.now(), longest).await?;
        let fleet = spawn_blocking(move || Fleet::open(config.fleet, directory.as_deref()));
        let fleet = fleet.await.expect("key generation does not panic")?;
        Ok(Self {
            public_origin: public_origin.trim_end_matches('/').into(),
            origin,
            profile: config.profile,
            keys,
            fleet: Arc::new(fleet),
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

    /// A token for a device and a client, as no request brings it, in the way of
    /// [`token_with`](Self::token_with).
    pub(crate) fn device_token_with(
        &self,
        client: &Client,
        device: &str,
        claims: Claims,
        is_badge: bool,
    ) -> Result<String, DeviceError> {
        let now = self.clock.now();
        let grounds = Grounds {
            client,
            audience: device,
            scope: client.device_scope_for(device).unwrap_or(&client.scope),
            organization: None,
            now,
            expiry: now + client.lifetimes.device.as_secs(),
        };
        let exchange = Exchange::new(now, Vec::new());
        self.device_token(&exchange, &grounds, claims, is_badge)
    }

    /// A token for a device and a client, with these claims besides or in place of its own, and without those
    /// that are `null`. A badge carries the documents that the device may lack. The exchange's faults change the
    /// token.
    pub(crate) fn device_token(
        &self,
        exchange: &Exchange,
        grounds: &Grounds<'_>,
        claims: Claims,
        is_badge: bool,
    ) -> Result<String, DeviceError> {
        let mut all = profile::device_claims(self.profile, &self.public_origin, grounds);
        if is_badge {
            all.insert(
                "signed_jwks".into(),
                self.key_set_update(exchange.now)?.into(),
            );
            all.insert(
                "signed_revocation".into(),
                self.revocation(exchange.now)?.into(),
            );
        }
        all.extend(claims);
        all.retain(|_, value| !value.is_null());
        // With a `kid`, whatever the profile's tokens have.
        let token = self.sign(exchange, ProfileName::Auth0, all);
        Ok(device::bounded(token, MAX_TOKEN_LEN)?)
    }

    /// The key-set update for devices, with the keys that are published.
    pub(crate) fn key_set_update(&self, now: u64) -> Result<String, DeviceError> {
        let keys = VerifyingKeys::read(&self.key_set(now), None);
        let keys = keys.map(|keys| keys.usable).unwrap_or_default();
        self.fleet.update(&self.issuer(), keys, now)
    }

    /// The revocation list for devices.
    pub(crate) fn revocation(&self, now: u64) -> Result<String, DeviceError> {
        self.fleet.revocation(&self.issuer(), now)
    }

    /// The `iss` of its profile's tokens.
    pub(crate) fn issuer(&self) -> String {
        profile::issuer(self.profile, &self.public_origin)
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

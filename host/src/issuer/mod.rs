//! An embedded authorization server: it issues tokens in two dialects, and publishes its keys.
//!
//! One dialect is Auth0's. The other is that of ATM, the authorization server with the paths `/auth/token` and
//! `/auth/.well-known/jwks.json`, whose guides for client and user credentials this project implements beside
//! Auth0's.
//!
//! | Request | What it is | File |
//! |---|---|---|
//! | `POST /oauth/token` | tokens in Auth0's dialect | `auth0.rs` |
//! | `POST /auth/token` | tokens in ATM's dialect | `atm.rs` |
//! | `GET /.well-known/openid-configuration` | the metadata, in Auth0's dialect | `auth0.rs` |
//! | `GET /.well-known/jwks.json`, `GET /auth/.well-known/jwks.json` | the JWK Set of both | `key_set.rs` |
//! | `GET /device/root`, `/device/key-set`, `/device/revocation` | the root key of devices without a network, and what it signs for them | `device.rs` |
//! | `GET /` | a page for people | `page/` |
//! | `/admin/` | rotation, faults, clock and log, tokens with claims at will and verdicts on tokens, for this machine only | `admin.rs` |
//!
//! A client may have tokens for devices, too ([`Devices`]), with the device's identifier as the audience, whatever
//! the profile: with `jti`, a short `exp`, the `nonce` of the request, and, on the request `badge=true`, the
//! documents that a device may lack ([`device`](crate::device)), in the claims `signed_jwks` and
//! `signed_revocation`.
//!
//! It is made for demonstrations and for tests: its clients are configured ([`Config`], in code or in
//! TOML), not registered, and it speaks HTTP without TLS. A test does in code what `/admin/` does:
//!
//! ```
//! use std::net::{Ipv4Addr, SocketAddr};
//! use std::time::Duration;
//! use serde_json::json;
//! use tokenlatch_host::http;
//! use tokenlatch_host::issuer::{Endpoint, ExposeSecret, Fault, Issuer};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let issuer = Issuer::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
//! let client = issuer.client();
//! let request = json!({
//!     "grant_type": "client_credentials",
//!     "client_id": client.client_id,
//!     "client_secret": client.client_secret.expose_secret(),
//!     "audience": client.audience,
//! });
//! let url = format!("{}/oauth/token", issuer.origin());
//! let response = http::post_json(&url, &request).await?;
//! # assert!(response.starts_with(br#"{"access_token":""#));
//!
//! issuer.rotate().await?;
//! issuer.clock().advance(Duration::from_secs(3600));
//! issuer.inject(Fault::Outage.at(Endpoint::Auth0Token).times(1))?;
//! assert!(http::post_json(&url, &request).await.is_err());
//! assert_eq!(issuer.log().count_of(Endpoint::Auth0Token, "issued"), 1);
//! assert_eq!(issuer.log().count_of(Endpoint::Auth0Token, "outage"), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod endpoints;
mod model;
mod server;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::{Router, routing};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::sleep;

pub use self::model::client::{Audience, Client, Devices, Grant, Lifetimes, MAX_LIFETIME, User};
pub use self::model::clock::{Clock, MAX_TIME};
pub use self::model::config::{Config, ConfigError, KeyConfig, MAX_CONFIG_LEN, RateLimit};
pub use self::model::endpoint::Endpoint;
pub use self::model::faults::{Fault, FaultError, Injection, MAX_FAULTS, MAX_LATENCY, WRONG};
pub use self::model::fleet::{DeviceError, FleetConfig};
pub use self::model::key_store::KeyStoreError;
pub use self::model::keys::{Key, KeyError};
pub use self::model::profile::{COGNITO_POOL, ENTRA_TENANT, FIREBASE_PROJECT, REPOSITORY};
pub use self::model::ring::KeyState;
pub use crate::profile::{ATM_ISSUER, ProfileName};
pub use secrecy::{ExposeSecret, SecretString};

pub use self::server::log::{Count, Log, MAX_PATH_LEN, MAX_PATH_PART_LEN, MAX_REMEMBERED, Request};

use self::endpoints::{admin, atm, auth0, device, key_set, metadata, oauth, page};
use self::model::endpoint::{OAUTH_METADATA, OPENID_METADATA};
use self::model::profile;
use self::server::{middleware, serve, site::Site};
use crate::device::{Revocation, VerifyingKey};

/// A running authorization server, which stops when it is dropped.
pub struct Issuer {
    site: Arc<Site>,
    /// Dropped to signal the server to stop.
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

/// Why the authorization server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The configuration is invalid.
    #[error("the configuration is invalid")]
    Config(#[from] ConfigError),
    /// It cannot listen at the address.
    #[error("cannot listen at {0}")]
    Listen(SocketAddr, #[source] io::Error),
    /// It has no keys.
    #[error("there are no keys to sign with")]
    Keys(#[from] KeyError),
}

/// The claims of a token are a JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the claims of a token are a JSON object")]
#[non_exhaustive]
pub struct NotClaims;

impl Issuer {
    /// Starts listening at `address` (port 0 is any free one) with the default [`Config`]: new keys and
    /// the demo client ([`Client::demo`]). Runs in a task of the current tokio runtime.
    ///
    /// # Errors
    ///
    /// Any [`StartError`] except [`StartError::Config`].
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub async fn start(address: SocketAddr) -> Result<Self, StartError> {
        Self::start_with(Config::default(), address).await
    }

    /// Starts listening at `address`, with this configuration.
    ///
    /// # Errors
    ///
    /// Any [`StartError`].
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub async fn start_with(config: Config, address: SocketAddr) -> Result<Self, StartError> {
        config.check()?;
        let cannot_listen = |error| StartError::Listen(address, error);
        let listener = TcpListener::bind(address).await.map_err(cannot_listen)?;
        let address = listener.local_addr().map_err(cannot_listen)?;
        let site = Arc::new(Site::new(format!("http://{address}"), config).await?);
        let (stop, stopped) = oneshot::channel();
        let server = serve::serve(listener, router(Arc::clone(&site)), stopped);
        let rotation = rotate_in_time(Arc::clone(&site));
        let server = tokio::spawn(async {
            tokio::select! {
                () = server => {}
                () = rotation => {}
            }
        });
        Ok(Self { site, stop, server })
    }

    /// `http://HOST:PORT`, the origin at which it listens.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.site.origin
    }

    /// The `iss` of its profile's tokens.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.site.issuer()
    }

    /// The URL of its profile's token endpoint.
    #[must_use]
    pub fn token_url(&self) -> String {
        let path = profile::token_path(self.site.profile);
        format!("{}{path}", self.site.origin)
    }

    /// The URL of its key set.
    #[must_use]
    pub fn jwks_url(&self) -> String {
        format!("{}/.well-known/jwks.json", self.site.origin)
    }

    /// A token of its profile for the first client, as no request brings it: with these claims besides or in
    /// place of its own, and without those that are `null`.
    ///
    /// # Errors
    ///
    /// [`NotClaims`], if it is not a JSON object.
    pub fn token(&self, claims: Value) -> Result<String, NotClaims> {
        let Value::Object(claims) = claims else {
            return Err(NotClaims);
        };
        Ok(self.site.token_with(self.client(), claims))
    }

    /// A token for a device and the first client, with these claims besides or in place of its own, and without
    /// those that are `null`.
    ///
    /// # Errors
    ///
    /// [`DeviceError::NotClaims`], and [`DeviceError::TooLong`].
    pub fn device_token(&self, device: &str, claims: Value) -> Result<String, DeviceError> {
        self.token_for(device, claims, false)
    }

    /// The same as [`device_token`](Self::device_token), with the key-set update and the revocation list in it.
    ///
    /// # Errors
    ///
    /// Any [`DeviceError`].
    pub fn badge(&self, device: &str, claims: Value) -> Result<String, DeviceError> {
        self.token_for(device, claims, true)
    }

    /// The key that devices have in flash. The first call generates it, in a tenth of a second or more, unless the
    /// configuration says where it is.
    ///
    /// # Errors
    ///
    /// [`DeviceError::RootKey`].
    pub fn root_key(&self) -> Result<VerifyingKey, DeviceError> {
        Ok(self.site.fleet.root()?.public().clone())
    }

    /// The key-set update for devices: the keys that are published, signed by the root key. It stays the same until
    /// the keys change, or half of its lifetime is over.
    ///
    /// # Errors
    ///
    /// [`DeviceError::RootKey`] and [`DeviceError::TooLong`].
    pub fn key_set_update(&self) -> Result<String, DeviceError> {
        self.site.key_set_update(self.site.clock.now())
    }

    /// The revocation list for devices, signed by the root key. It stays the same until something is revoked, or
    /// half of its lifetime is over.
    ///
    /// # Errors
    ///
    /// As [`key_set_update`](Self::key_set_update).
    pub fn revocation(&self) -> Result<String, DeviceError> {
        self.site.revocation(self.site.clock.now())
    }

    /// Revokes this besides what is revoked already.
    ///
    /// # Errors
    ///
    /// As [`key_set_update`](Self::key_set_update). The revocation list then stays the same.
    pub fn revoke(&self, revocation: Revocation) -> Result<(), DeviceError> {
        let (fleet, now) = (&self.site.fleet, self.site.clock.now());
        fleet.revoke(&self.issuer(), revocation, now).map(drop)
    }

    /// The first client.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.clients()[0]
    }

    /// All clients. There is at least one.
    #[must_use]
    pub fn clients(&self) -> &[Client] {
        self.site.clients.all()
    }

    /// The keys that it publishes: first the signing keys, oldest first, then the next key, then the retiring
    /// keys.
    #[must_use]
    pub fn keys(&self) -> Vec<Key> {
        self.site.keys.list(self.site.clock.now())
    }

    /// Rotates the keys: the next key signs in place of the oldest one, and a new key becomes the next one.
    ///
    /// # Errors
    ///
    /// Any [`KeyError`]. The keys then stay the same.
    pub async fn rotate(&self) -> Result<(), KeyError> {
        self.site.keys.rotate(self.site.clock.now()).await
    }

    /// Injects a fault: a [`Fault`] everywhere, or an [`Injection`] for certain requests.
    ///
    /// # Errors
    ///
    /// Any [`FaultError`].
    pub fn inject(&self, fault: impl Into<Injection>) -> Result<(), FaultError> {
        self.site.inject(fault.into())
    }

    /// The faults that are active, each with how many requests are left to it.
    #[must_use]
    pub fn faults(&self) -> Vec<Injection> {
        self.site.faults.active()
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.site.faults.clear();
    }

    /// The clock by which it issues tokens and rotates keys.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.site.clock
    }

    /// The log of its requests.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.site.log
    }

    /// Stops listening. Then waits, for at most five seconds, until the running requests have their responses.
    pub async fn stop(self) {
        drop(self.stop);
        // The task does not panic. If it did, nothing would be left to stop.
        let _ = self.server.await;
    }

    fn token_for(
        &self,
        device: &str,
        claims: Value,
        is_badge: bool,
    ) -> Result<String, DeviceError> {
        let Value::Object(claims) = claims else {
            return Err(DeviceError::NotClaims);
        };
        let client = self.client();
        self.site
            .device_token_with(client, device, claims, is_badge)
    }
}

/// Shows its origin.
impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer")
            .field("origin", &self.site.origin)
            .finish_non_exhaustive()
    }
}

fn router(site: Arc<Site>) -> Router {
    let mut router = Router::new()
        .route("/", routing::get(page::page))
        .route("/oauth/token", routing::post(auth0::token))
        .route("/auth/token", routing::post(atm::token))
        .route("/.well-known/jwks.json", routing::get(key_set::key_set))
        .route(
            "/auth/.well-known/jwks.json",
            routing::get(key_set::key_set),
        )
        .route("/device/root", routing::get(device::root))
        .route("/device/key-set", routing::get(device::key_set))
        .route("/device/revocation", routing::get(device::revocation))
        .fallback(|| async { StatusCode::NOT_FOUND });
    let token_path = profile::token_path(site.profile);
    if !matches!(site.profile, ProfileName::Auth0 | ProfileName::Atm) {
        router = router.route(token_path, routing::post(oauth::token));
    }
    for path in metadata_paths(site.profile) {
        router = router.route(&path, routing::get(metadata::metadata));
    }
    if site.has_admin {
        router = router.nest("/admin", admin::router());
    }
    router
        .layer(from_fn_with_state(Arc::clone(&site), middleware::exchange))
        .with_state(site)
}

/// Where the metadata of a profile is.
fn metadata_paths(profile: ProfileName) -> Vec<String> {
    let mut issuers = vec![profile::issuer_path(profile)];
    if profile == ProfileName::Entra {
        issuers.extend(metadata::ENTRA_PLACES.map(profile::entra_path));
    }
    let paths = issuers.iter();
    paths
        .flat_map(|path| {
            [
                format!("{path}{OPENID_METADATA}"),
                format!("{OAUTH_METADATA}{path}"),
            ]
        })
        .collect()
}

/// Rotates the keys when that is due, even without requests. Never ends.
async fn rotate_in_time(site: Arc<Site>) {
    loop {
        // A longer sleep would miss a move of the clock.
        sleep(Duration::from_secs(1)).await;
        if let Err(error) = site.keys.rotate_if_due(site.clock.now()).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "keys not rotated");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{http, key_set};
    use axum::body::{Body, to_bytes};
    use axum::http::{Request, header};
    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
    use std::net::Ipv4Addr;
    use tokio::sync::OnceCell;
    use tower::ServiceExt;

    pub(super) const JSON: &str = "application/json";
    pub(super) const FORM: &str = "application/x-www-form-urlencoded";

    /// One for all tests, because keys take time to generate.
    pub(super) async fn site() -> Arc<Site> {
        static SITE: OnceCell<Arc<Site>> = OnceCell::const_new();
        let site = SITE.get_or_init(|| async {
            let site = Site::new("http://127.0.0.1:8080".into(), Config::default());
            Arc::new(site.await.unwrap())
        });
        Arc::clone(site.await)
    }

    /// The issuer's response, which no cache may store.
    pub(super) async fn post(path: &str, content_type: &str, body: &str) -> (StatusCode, Value) {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, content_type)
            .body(Body::from(body.to_owned()))
            .unwrap();
        let response = router(site().await).oneshot(request).await.unwrap();
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        let status = response.status();
        let body = to_bytes(response.into_body(), 65_536).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    /// The claims of the response's token, without `exp` and `iat`, and the difference of these two.
    pub(super) fn claims_and_lifetime(response: &Value) -> (Value, u64) {
        let token = response["access_token"].as_str().unwrap();
        let claims = BASE64URL.decode(token.split('.').nth(1).unwrap()).unwrap();
        let mut claims: Value = serde_json::from_slice(&claims).unwrap();
        let mut take = |name| {
            let members = claims.as_object_mut().unwrap();
            members.remove(name).unwrap().as_u64().unwrap()
        };
        let (iat, exp) = (take("iat"), take("exp"));
        assert!(iat <= crate::clock::unix_now());
        (claims, exp - iat)
    }

    #[tokio::test]
    async fn an_issuer_serves_its_keys_until_it_is_stopped() {
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let issuer = Issuer::start(any_port).await.unwrap();
        let root = format!("{}/.well-known/jwks.json", issuer.origin());
        let atm = format!("{}/auth/.well-known/jwks.json", issuer.origin());
        let keys = key_set::parse(&http::get(&root).await.unwrap()).unwrap();
        assert_eq!(keys.keys().len(), 2, "the one that signs, and the next");
        assert_eq!(keys.unusable(), 0);
        let same = key_set::parse(&http::get(&atm).await.unwrap()).unwrap();
        assert_eq!(same.keys(), keys.keys());
        issuer.stop().await;
        assert!(http::get(&root).await.is_err());
    }

    #[tokio::test]
    async fn a_dropped_issuer_frees_its_port() {
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let issuer = Issuer::start(any_port).await.unwrap();
        let address: SocketAddr = issuer.origin()["http://".len()..].parse().unwrap();
        assert!(TcpListener::bind(address).await.is_err());
        drop(issuer);
        while TcpListener::bind(address).await.is_err() {
            tokio::task::yield_now().await;
        }
    }
}

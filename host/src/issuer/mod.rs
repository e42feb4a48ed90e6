//! An embedded authorization server: it issues tokens in two dialects, and publishes its key.
//!
//! | Request | Dialect | File |
//! |---|---|---|
//! | `POST /oauth/token` | Auth0's | `auth0.rs` |
//! | `POST /auth/token` | ATM's | `atm.rs` |
//! | `GET /.well-known/openid-configuration` | Auth0's | `auth0.rs` |
//! | `GET /.well-known/jwks.json`, `GET /auth/.well-known/jwks.json` | the JWK Set of both | `keys.rs` |
//!
//! It is made for demonstrations and for tests: everything is in memory, and the key is new at every
//! start.
//!
//! ```
//! use std::net::{Ipv4Addr, SocketAddr};
//! use serde_json::json;
//! use tokenlatch_host::{fetch, issuer::Issuer};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let issuer = Issuer::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
//! let application = issuer.application();
//! let request = json!({
//!     "grant_type": "client_credentials",
//!     "client_id": application.client_id,
//!     "client_secret": application.client_secret,
//!     "audience": application.audience,
//! });
//! let answer = fetch::post_json(&format!("{}/oauth/token", issuer.origin()), &request).await?;
//! # assert!(answer.starts_with(br#"{"access_token":""#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod application;
mod atm;
mod auth0;
mod keys;
mod refusal;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderValue, header};
use axum::middleware::map_response;
use axum::response::Response;
use axum::{Json, Router, routing};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

pub use application::{Application, User};
pub use atm::ISSUER as ATM_ISSUER;
use keys::{JwkSet, SigningKey};

/// A running authorization server, which stops when it is dropped.
#[derive(Debug)]
pub struct Issuer {
    site: Arc<Site>,
    /// Dropping it is the signal to stop.
    stop: oneshot::Sender<()>,
    server: JoinHandle<io::Result<()>>,
}

/// Why the authorization server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// It cannot listen at the address.
    #[error("cannot listen at {0}")]
    Listen(SocketAddr, #[source] io::Error),
    /// It could not generate its key.
    #[error("cannot generate a key")]
    Key(#[from] rsa::Error),
}

/// What the request handlers share.
#[derive(Debug)]
struct Site {
    origin: String,
    application: Application,
    key: SigningKey,
}

impl Issuer {
    /// Starts listening at `address` (port 0 is any free one) with a new key and the demo application
    /// ([`Application::demo`]), in a task of the current tokio runtime.
    ///
    /// # Errors
    ///
    /// Any [`StartError`].
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub async fn start(address: SocketAddr) -> Result<Self, StartError> {
        let cannot_listen = |error| StartError::Listen(address, error);
        let listener = TcpListener::bind(address).await.map_err(cannot_listen)?;
        let address = listener.local_addr().map_err(cannot_listen)?;
        let site = Arc::new(Site {
            origin: format!("http://{address}"),
            application: Application::demo(),
            key: SigningKey::generate()?,
        });
        let (stop, stopped) = oneshot::channel();
        let server = axum::serve(listener, router(Arc::clone(&site)));
        let server = server.with_graceful_shutdown(async {
            // Nothing is ever sent: what comes is that the sender is gone.
            let _ = stopped.await;
        });
        Ok(Self {
            site,
            stop,
            server: tokio::spawn(server.into_future()),
        })
    }

    /// `http://HOST:PORT`, where it listens.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.site.origin
    }

    /// The application that it issues tokens to.
    #[must_use]
    pub fn application(&self) -> &Application {
        &self.site.application
    }

    /// Stops listening, and waits, for at most five seconds, until the requests under way are answered.
    pub async fn stop(self) {
        drop(self.stop);
        // A client that does not finish its request must not keep the server from stopping.
        let _ = timeout(Duration::from_secs(5), self.server).await;
    }
}

/// The longest request body, in bytes: no token request comes near it.
const MAX_REQUEST_LEN: usize = 16 * 1024;

fn router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/oauth/token", routing::post(auth0::token))
        .route("/auth/token", routing::post(atm::token))
        .route_layer(map_response(no_store))
        .route(
            "/.well-known/openid-configuration",
            routing::get(auth0::metadata),
        )
        .route("/.well-known/jwks.json", routing::get(jwk_set))
        .route("/auth/.well-known/jwks.json", routing::get(jwk_set))
        .layer(DefaultBodyLimit::max(MAX_REQUEST_LEN))
        .with_state(site)
}

/// No cache may keep what a token endpoint answers (RFC 6749 section 5.1).
async fn no_store(mut answer: Response) -> Response {
    let value = HeaderValue::from_static("no-store");
    answer.headers_mut().insert(header::CACHE_CONTROL, value);
    answer
}

async fn jwk_set(State(site): State<Arc<Site>>) -> Json<JwkSet> {
    Json(site.key.jwk_set())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fetch, key_set};
    use axum::body::{Body, to_bytes};
    use axum::http::{Request, StatusCode};
    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
    use serde_json::Value;
    use std::net::Ipv4Addr;
    use std::sync::LazyLock;
    use tower::ServiceExt;

    pub(super) const JSON: &str = "application/json";
    pub(super) const FORM: &str = "application/x-www-form-urlencoded";

    static SITE: LazyLock<Arc<Site>> = LazyLock::new(|| {
        Arc::new(Site {
            origin: "http://127.0.0.1:8080".into(),
            application: Application::demo(),
            key: SigningKey::generate().unwrap(),
        })
    });

    /// What the issuer answers; nobody may store it.
    pub(super) async fn post(path: &str, content_type: &str, body: &str) -> (StatusCode, Value) {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, content_type)
            .body(Body::from(body.to_owned()))
            .unwrap();
        let answer = router(Arc::clone(&SITE)).oneshot(request).await.unwrap();
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
        let status = answer.status();
        let body = to_bytes(answer.into_body(), 65_536).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    /// The claims of the answer's token, and `exp - iat`; both are taken from the claims.
    pub(super) fn claims_and_lifetime(answer: &Value) -> (Value, u64) {
        let token = answer["access_token"].as_str().unwrap();
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
        let keys = key_set::parse(&fetch::get(&root).await.unwrap()).unwrap();
        assert_eq!(keys.keys().len(), 1);
        assert_eq!(keys.unusable(), 0);
        let same = key_set::parse(&fetch::get(&atm).await.unwrap()).unwrap();
        assert_eq!(same.keys(), keys.keys());
        issuer.stop().await;
        assert!(fetch::get(&root).await.is_err());
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

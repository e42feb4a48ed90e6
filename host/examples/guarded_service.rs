//! A service whose API takes access tokens:
//!
//! ```sh
//! cargo run --package tokenlatch-host --features issuer --example guarded_service
//! ```
//!
//! It prints how to call it. `main` starts an issuer that issues tokens. Your service names the real issuer.
//! It needs everything else of this file.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use headers::authorization::Bearer;
use headers::{Authorization, HeaderMapExt};
use tokenlatch_host::clock;
use tokenlatch_host::http::HttpClient;
use tokenlatch_host::issuer::Issuer;
use tokenlatch_host::key_set::{HttpSource, KeySetCache, VerifyError};
use tokenlatch_host::tokenlatch::{MAX_TOKEN_LEN, Policy};
use tokio::net::TcpListener;

const AUDIENCE: &str = "https://api.example.com/";
const SCOPE: &str = "read:things";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let issuer = Issuer::start(any_port).await?;
    let listener = TcpListener::bind(any_port).await?;
    let (issuer, api) = (issuer.origin(), listener.local_addr()?);

    println!("curl --include http://{api}/things");
    println!(
        "cargo run --package tokenlatch-host --example worker -- {issuer} http://{api}/things"
    );
    axum::serve(listener, service(&format!("{issuer}/"))?).await?;
    Ok(())
}

/// The service, for tokens of this issuer.
fn service(issuer: &str) -> Result<Router, Box<dyn Error>> {
    let guard = Guard {
        keys: KeySetCache::new(HttpSource::issuer(issuer, HttpClient::default())?),
        issuer: issuer.into(),
    };
    Ok(Router::new()
        .route("/things", get(things))
        .with_state(guard))
}

/// What decides whether a request is allowed.
#[derive(Clone)]
struct Guard {
    keys: KeySetCache,
    issuer: String,
}

async fn things(State(guard): State<Guard>, headers: HeaderMap) -> Result<String, Rejection> {
    let subject = guard.check(&headers).await?;
    Ok(format!("things of {subject}\n"))
}

impl Guard {
    /// The token's subject, if the token allows [`SCOPE`].
    async fn check(&self, headers: &HeaderMap) -> Result<String, Rejection> {
        let bearer = headers.typed_get::<Authorization<Bearer>>();
        let bearer = bearer.ok_or(Rejection::NoToken)?;
        let policy = Policy::new(&self.issuer, AUDIENCE).leeway(Duration::from_secs(5));
        let mut scratch = [0; MAX_TOKEN_LEN];
        let token = bearer.token().as_bytes();
        let verified = self
            .keys
            .verify(token, &mut scratch, &policy, clock::now())
            .await
            .map_err(Rejection::Token)?;
        if !verified.scopes().any(|scope| scope == SCOPE) {
            return Err(Rejection::InsufficientScope);
        }
        Ok(verified
            .subject()
            .map(|subject| subject.to_string())
            .unwrap_or_default())
    }
}

/// Why a request is not allowed.
enum Rejection {
    NoToken,
    Token(VerifyError),
    InsufficientScope,
}

/// As RFC 6750 section 3 requires. The caller learns no more. The reason goes to the service's log.
impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let challenge =
            |status, challenge| (status, [(WWW_AUTHENTICATE, challenge)]).into_response();
        match self {
            Self::NoToken => challenge(StatusCode::UNAUTHORIZED, "Bearer"),
            Self::Token(VerifyError::Token(error)) => {
                eprintln!("rejected: {error} ({})", error.code());
                challenge(StatusCode::UNAUTHORIZED, r#"Bearer error="invalid_token""#)
            }
            Self::Token(error) => {
                eprintln!("no keys: {error}");
                StatusCode::SERVICE_UNAVAILABLE.into_response()
            }
            Self::InsufficientScope => challenge(
                StatusCode::FORBIDDEN,
                r#"Bearer error="insufficient_scope", scope="read:things""#,
            ),
        }
    }
}

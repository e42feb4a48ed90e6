//! One service of axum, behind each guard.

use std::collections::HashMap;
use std::io::{self, Read as _};
use std::sync::Arc;
use std::thread;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jsonwebtoken::crypto::aws_lc;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use jwt_authorizer::{AuthError, AuthorizerBuilder, IntoLayer as _, RegisteredClaims};
use serde::Deserialize;
use tokenlatch_benches::Case;
use tokenlatch_host::guard::{Guard, GuardBuilder};
use tokenlatch_host::key_set;
use tokenlatch_host::policy::PolicySettings;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tower::ServiceBuilder;

/// What guards the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guarding {
    Nothing,
    Tokenlatch,
    TokenlatchCached,
    JwtAuthorizer,
    Jsonwebtoken,
}

impl Guarding {
    /// The first of them is what the others are compared with.
    pub(crate) const ALL: &[Self] = &[
        Self::Nothing,
        Self::Tokenlatch,
        Self::TokenlatchCached,
        Self::JwtAuthorizer,
        Self::Jsonwebtoken,
    ];

    /// Its name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Tokenlatch => "tokenlatch",
            Self::TokenlatchCached => "tokenlatch-cached",
            Self::JwtAuthorizer => "jwt-authorizer",
            Self::Jsonwebtoken => "jsonwebtoken",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.name() == name)
    }

    /// Its name in tables.
    pub(crate) fn title(self) -> String {
        match self {
            Self::Nothing => "unguarded".into(),
            Self::Tokenlatch => with_version("tokenlatch-host", ""),
            Self::TokenlatchCached => {
                format!("{}, token cache", with_version("tokenlatch-host", ""))
            }
            Self::JwtAuthorizer => with_version("jwt-authorizer", ""),
            Self::Jsonwebtoken => {
                format!("{}, plain middleware", with_version("jsonwebtoken", "12."))
            }
        }
    }
}

/// Prints the address of the service, and responds until standard input ends.
///
/// One thread does the work, as there is one core for it.
pub(crate) fn run(guarding: Guarding, case: &Case) {
    thread::spawn(|| {
        // The process that started this one holds the other end: this one does not outlive it.
        let _ = io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let mut runtime = Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let service = guarded(guarding, case).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        println!("{}", listener.local_addr().expect("a bound port"));
        axum::serve(listener, service).await.expect("no end");
    });
}

async fn guarded(guarding: Guarding, case: &Case) -> Router {
    let service = Router::new().route("/hello", get(async || "hello"));
    match guarding {
        Guarding::Nothing => service,
        Guarding::Tokenlatch => service.layer(start(tokenlatch(case)).layer()),
        Guarding::TokenlatchCached => {
            service.layer(start(tokenlatch(case).token_cache(16 << 20)).layer())
        }
        Guarding::JwtAuthorizer => {
            let validation = jwt_authorizer::Validation::new()
                .iss(&[case.issuer])
                .aud(&[case.audience]);
            let authorizer: AuthorizerBuilder<RegisteredClaims> =
                AuthorizerBuilder::from_jwks_text(&case.jwk_set);
            let authorizer = authorizer.validation(validation).build().await;
            let layer = authorizer.expect("a JWK Set").into_layer();
            let layers = ServiceBuilder::new().layer(layer);
            service.layer(layers.map_response(Refusable))
        }
        Guarding::Jsonwebtoken => {
            let keys = Arc::new(Keys::of(case));
            service.layer(middleware::from_fn_with_state(keys, decode_bearer))
        }
    }
}

fn tokenlatch(case: &Case) -> GuardBuilder {
    let keys = key_set::parse(case.jwk_set.as_bytes()).expect("a JWK Set");
    Guard::fixed(keys, PolicySettings::new(case.issuer, case.audience))
}

fn start(guard: GuardBuilder) -> Guard {
    guard.start().expect("a policy")
}

/// A response of axum 0.8 that jwt-authorizer can make of its errors. By itself it makes one of axum 0.7.
struct Refusable(Response);

impl From<AuthError> for Refusable {
    fn from(_: AuthError) -> Self {
        Self(StatusCode::UNAUTHORIZED.into_response())
    }
}

impl IntoResponse for Refusable {
    fn into_response(self) -> Response {
        self.0
    }
}

/// What the middleware needs that services write with jsonwebtoken.
struct Keys {
    by_id: HashMap<String, DecodingKey>,
    validation: Validation,
}

impl Keys {
    fn of(case: &Case) -> Self {
        let installed = aws_lc::DEFAULT_PROVIDER.install_default();
        installed.expect("the only provider");
        let set: JwkSet = serde_json::from_str(&case.jwk_set).expect("a JWK Set");
        let keys = set.keys.iter().map(|jwk| {
            let key_id = jwk.common.key_id.clone().expect("a kid");
            (key_id, DecodingKey::from_jwk(jwk).expect("a key"))
        });
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_required_spec_claims(&["aud", "exp", "iss"]);
        validation.set_issuer(&[case.issuer]);
        validation.set_audience(&[case.audience]);
        Self {
            by_id: keys.collect(),
            validation,
        }
    }
}

/// What a service would have of the claims.
#[derive(Clone, Deserialize)]
struct Claims {
    #[expect(dead_code, reason = "reading it is what is measured")]
    sub: String,
    #[expect(dead_code, reason = "reading it is what is measured")]
    scope: String,
}

async fn decode_bearer(
    State(keys): State<Arc<Keys>>,
    mut request: Request,
    next: Next,
) -> Response {
    let header = request.headers().get(AUTHORIZATION);
    let token = header.and_then(|header| header.to_str().ok()?.strip_prefix("Bearer "));
    let claims = token.and_then(|token| {
        let key_id = decode_header(token).ok()?.kid?;
        let key = keys.by_id.get(&key_id)?;
        decode::<Claims>(token, key, &keys.validation).ok()
    });
    let Some(claims) = claims else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    request.extensions_mut().insert(claims.claims);
    next.run(request).await
}

/// The package and the version of it that was locked when this program was built, which begins so.
fn with_version(package: &str, start: &str) -> String {
    let name = format!("name = \"{package}\"\nversion = \"");
    let mut versions = include_str!("../../../../Cargo.lock")
        .split(&name)
        .skip(1)
        .filter_map(|rest| Some(rest.split_once('"')?.0));
    let version = versions.find(|version| version.starts_with(start));
    format!("{package} {}", version.expect("every contender is locked"))
}

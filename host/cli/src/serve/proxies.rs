//! The decision for proxies that ask by HTTP and read the status.
//!
//! Each kind of proxy has a path of its own, so that a header of another kind, which a client may have sent, is not
//! looked at.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use metrics::counter;
use tokenlatch_host::guard::RefusalReason;

use super::decision::{Decision, Question};
use super::envoy;
use super::server::Server;

/// Where Envoy asks: the path of the client's request follows.
const ENVOY: &str = "/envoy";

pub(super) fn router(server: &Arc<Server>) -> Router {
    let nginx = any(|state, request| from_headers(state, request, &NGINX));
    let forward = any(|state, request| from_headers(state, request, &FORWARDED));
    let decisions = Router::new()
        .route("/nginx", nginx)
        .route("/forward-auth", forward)
        .route(ENVOY, any(from_envoy))
        .route("/envoy/", any(from_envoy))
        .route("/envoy/{*path}", any(from_envoy))
        .with_state(server.clone());
    decisions.merge(envoy::router(server.clone()))
}

/// The headers that tell the method and the target of the client's request.
struct Told {
    method: HeaderName,
    target: HeaderName,
}

/// Those of `auth_request`, as the documentation of `serve` configures it.
static NGINX: Told = Told {
    method: HeaderName::from_static("x-original-method"),
    target: HeaderName::from_static("x-original-uri"),
};

/// Those of Caddy and Traefik.
static FORWARDED: Told = Told {
    method: HeaderName::from_static("x-forwarded-method"),
    target: HeaderName::from_static("x-forwarded-uri"),
};

async fn from_headers(
    State(server): State<Arc<Server>>,
    request: Request,
    told: &'static Told,
) -> Response {
    let headers = request.headers();
    let target = (only(headers, &told.method), only(headers, &told.target));
    let target = match target {
        (Ok(Some(method)), Ok(Some(target))) => Some((method, target)),
        _ => None,
    };
    decide(&server, headers, target).await
}

async fn from_envoy(State(server): State<Arc<Server>>, request: Request) -> Response {
    let target = request.uri().path_and_query();
    let target = target.and_then(|target| target.as_str().strip_prefix(ENVOY));
    let target = target.map(|target| (request.method().as_str(), target));
    decide(&server, request.headers(), target).await
}

async fn decide(server: &Server, headers: &HeaderMap, target: Option<(&str, &str)>) -> Response {
    let question = Question {
        target,
        authorization: only(headers, &AUTHORIZATION).map_err(|_| RefusalReason::InvalidRequest),
    };
    let service = server.service.load_full();
    let mut response = match service.decide(question).await {
        Decision::Allowed(claims) => {
            let mut headers = HeaderMap::new();
            for (name, value) in claims {
                // An empty one takes the place of what the client has sent.
                headers.insert(name, value.unwrap_or(HeaderValue::from_static("")));
            }
            (StatusCode::OK, headers).into_response()
        }
        Decision::Refused(refusal) => refusal.into_response(),
        Decision::NoTarget => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    let status = response.status().as_str().to_owned();
    counter!("tokenlatch_decisions_total", "status" => status).increment(1);
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(CACHE_CONTROL, no_store);
    response
}

/// There is more than one such header, or it is no text.
struct NotOne;

/// The only header of this name, if there is one.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, NotOne> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| NotOne),
        (Some(_), Some(_)) => Err(NotOne),
    }
}

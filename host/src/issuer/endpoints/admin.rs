//! `/admin/`: keys, tokens, faults, clock and log, for this machine only.
//!
//! | Request | Body | Response |
//! |---|---|---|
//! | `POST /admin/rotate` | none | the keys |
//! | `GET /admin/faults` | | the faults that are active |
//! | `POST /admin/faults` | a fault | the same |
//! | `DELETE /admin/faults` | | the same: none |
//! | `GET /admin/revocation` | | what is revoked: `{"epochs": […], "revoked": […]}` |
//! | `POST /admin/revocation` | the same, to be revoked besides | the same: all that is revoked now |
//! | `DELETE /admin/revocation` | | the same: nothing |
//! | `POST /admin/token` | `{"claims": {…}}`, with `"client_id"` if not for the first client | `{"access_token": TOKEN}`: the profile's token, with these claims besides or in place of its own, and without those that are `null`; with `"device": ID` a token for that device, and with `"badge": true` one that carries the key-set update and the revocation list |
//! | `POST /admin/verdict` | `{"token": TOKEN}`, with `"client_id"` if not for the first client | `{"verified": true}`, or `{"verified": false, "error": CODE, "reason": TEXT}`, by Tokenlatch and the keys that the issuer publishes; besides by which `profile`, `issuers`, `issuer_templates`, `audiences` and `client`, and at which time (`now`) |
//! | `GET /admin/clock` | | `{"now": SECONDS}`, since 1970 |
//! | `POST /admin/clock` | `{"set": SECONDS}` or `{"advance": SECONDS}` | the same |
//! | `DELETE /admin/clock` | | the same: the system's time |
//! | `GET /admin/requests` | | counts, and the latest requests |
//! | `DELETE /admin/requests` | | the same: none |

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing};
use serde::Deserialize;
use serde_json::{Value, json};

use super::device;
use crate::device::Revocation;
use crate::issuer::model::claims::Claims;
use crate::issuer::model::client::Client;
use crate::issuer::model::faults::Injection;
use crate::issuer::model::rejection::Rejection;
use crate::issuer::server::site::Site;
use crate::issuer::server::this_machine;

/// How to move the clock.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Move {
    /// Set it to this time, and stop it.
    Set(u64),
    /// Move it by this many seconds.
    Advance(u64),
}

pub(crate) fn router() -> Router<Arc<Site>> {
    let faults = routing::get(faults).post(inject).delete(clear_faults);
    let revocation = routing::get(revocation).post(revoke).delete(revoke_nothing);
    let clock = routing::get(clock).post(move_clock).delete(reset_clock);
    Router::new()
        .route("/rotate", routing::post(rotate))
        .route("/faults", faults)
        .route("/revocation", revocation)
        .route("/token", routing::post(token))
        .route("/verdict", routing::post(verdict))
        .route("/clock", clock)
        .route("/requests", routing::get(requests).delete(clear_requests))
        .layer(from_fn(from_this_machine))
}

/// Rejects requests from other machines, and from pages of other sites in a browser on this machine.
async fn from_this_machine(request: Request, next: Next) -> Response {
    let is_near = this_machine::is_near(request.extensions(), request.headers());
    if is_near && !this_machine::is_of_other_page(request.headers()) {
        return next.run(request).await;
    }
    let why = "only programs on this machine may do this";
    (
        StatusCode::FORBIDDEN,
        Json(json!({"error": "access_denied", "error_description": why})),
    )
        .into_response()
}

/// `POST /admin/rotate`
async fn rotate(State(site): State<Arc<Site>>) -> Response {
    match site.keys.rotate(site.clock.now()).await {
        Ok(()) => Json(json!({"keys": site.keys.list(site.clock.now())})).into_response(),
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "keys not rotated");
            server_error(&error)
        }
    }
}

fn server_error(error: &dyn std::error::Error) -> Response {
    let response = json!({"error": "server_error", "error_description": error.to_string()});
    (StatusCode::INTERNAL_SERVER_ERROR, Json(response)).into_response()
}

/// `GET /admin/faults`
async fn faults(State(site): State<Arc<Site>>) -> Json<Value> {
    Json(json!({"faults": site.faults.active()}))
}

/// `POST /admin/faults`
async fn inject(
    State(site): State<Arc<Site>>,
    injection: Result<Json<Injection>, JsonRejection>,
) -> Response {
    match injection {
        Ok(Json(injection)) => match site.inject(injection) {
            Ok(()) => faults(State(site)).await.into_response(),
            Err(error) => invalid_request(&error.to_string()),
        },
        // It names what is wrong, and the faults that there are.
        Err(error) => invalid_request(&error.body_text()),
    }
}

fn invalid_request(why: &str) -> Response {
    let response = json!({"error": "invalid_request", "error_description": why});
    (StatusCode::BAD_REQUEST, Json(response)).into_response()
}

/// What the claims of a token are to be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenOrder {
    client_id: Option<String>,
    #[serde(default)]
    claims: Claims,
    /// The identifier of the device that the token is for, if it is for one.
    device: Option<String>,
    #[serde(default)]
    badge: bool,
}

/// `POST /admin/token`
async fn token(
    State(site): State<Arc<Site>>,
    order: Result<Json<TokenOrder>, JsonRejection>,
) -> Response {
    let TokenOrder {
        client_id,
        claims,
        device,
        badge,
    } = match order {
        Ok(Json(order)) => order,
        Err(error) => return invalid_request(&error.body_text()),
    };
    let Some(client) = client(&site, client_id.as_deref()) else {
        return invalid_request(NO_SUCH_CLIENT);
    };
    let token = match device {
        None if badge => return invalid_request("a badge is for a device"),
        None => site.token_with(client, claims),
        Some(device) => match device_token(&site, client, &device, claims, badge).await {
            Ok(token) => token,
            Err(rejection) => return rejection.into_response(),
        },
    };
    Json(json!({"access_token": token})).into_response()
}

async fn device_token(
    site: &Site,
    client: &Client,
    device: &str,
    claims: Claims,
    is_badge: bool,
) -> Result<String, Rejection> {
    if is_badge {
        device::prepare(site).await?;
    }
    let token = site.device_token_with(client, device, claims, is_badge);
    token.map_err(|error| device::rejection(&error))
}

/// `GET /admin/revocation`
async fn revocation(State(site): State<Arc<Site>>) -> Json<Revocation> {
    Json(site.fleet.revoked())
}

/// `POST /admin/revocation`
async fn revoke(
    State(site): State<Arc<Site>>,
    more: Result<Json<Revocation>, JsonRejection>,
) -> Result<Json<Revocation>, Rejection> {
    let Ok(Json(more)) = more else {
        let why = r#"the body is not {"epochs": [{"iss" or "group": NAME, "iat": SECONDS}], "revoked": [{"jti", "sub" or "kid": NAME}]} in JSON"#;
        return Err(Rejection::InvalidRequest(why));
    };
    device::prepare(&site).await?;
    let revoked = site.fleet.revoke(&site.issuer(), more, site.clock.now());
    revoked.map_err(|error| device::rejection(&error))?;
    Ok(revocation(State(site)).await)
}

/// `DELETE /admin/revocation`
async fn revoke_nothing(State(site): State<Arc<Site>>) -> Result<Json<Revocation>, Rejection> {
    device::prepare(&site).await?;
    let revoked = site.fleet.revoke_nothing(&site.issuer(), site.clock.now());
    revoked.map_err(|error| device::rejection(&error))?;
    Ok(revocation(State(site)).await)
}

const NO_SUCH_CLIENT: &str = "there is no such client";

/// The client with this identifier, or the first one.
fn client<'s>(site: &'s Site, client_id: Option<&str>) -> Option<&'s Client> {
    match client_id {
        None => site.clients.all().first(),
        Some(client_id) => site.clients.claimed(client_id),
    }
}

/// A token to judge.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    client_id: Option<String>,
    token: String,
}

/// `POST /admin/verdict`
async fn verdict(
    State(site): State<Arc<Site>>,
    case: Result<Json<Case>, JsonRejection>,
) -> Response {
    let Ok(Json(Case { client_id, token })) = case else {
        // The error's own text may quote the token.
        return invalid_request(r#"the body is not {"token": TOKEN} in JSON"#);
    };
    let Some(client) = client(&site, client_id.as_deref()) else {
        return invalid_request(NO_SUCH_CLIENT);
    };
    match site.judge(client, token.as_bytes()) {
        Ok(verdict) => Json(verdict).into_response(),
        Err(error) => server_error(&error),
    }
}

/// `DELETE /admin/faults`
async fn clear_faults(State(site): State<Arc<Site>>) -> Json<Value> {
    site.faults.clear();
    faults(State(site)).await
}

/// `GET /admin/clock`
async fn clock(State(site): State<Arc<Site>>) -> Json<Value> {
    Json(json!({"now": site.clock.now()}))
}

/// `POST /admin/clock`
async fn move_clock(
    State(site): State<Arc<Site>>,
    how: Result<Json<Move>, JsonRejection>,
) -> Result<Json<Value>, Rejection> {
    match how {
        Ok(Json(Move::Set(time))) => site.clock.set(time),
        Ok(Json(Move::Advance(seconds))) => site.clock.advance(Duration::from_secs(seconds)),
        Err(_) => {
            let why = r#"the body is neither {"set": SECONDS} nor {"advance": SECONDS} in JSON"#;
            return Err(Rejection::InvalidRequest(why));
        }
    }
    Ok(clock(State(site)).await)
}

/// `DELETE /admin/clock`
async fn reset_clock(State(site): State<Arc<Site>>) -> Json<Value> {
    site.clock.reset();
    clock(State(site)).await
}

/// `GET /admin/requests`
async fn requests(State(site): State<Arc<Site>>) -> Json<Value> {
    Json(json!({"counts": site.log.counts(), "recent": site.log.recent()}))
}

/// `DELETE /admin/requests`
async fn clear_requests(State(site): State<Arc<Site>>) -> Json<Value> {
    site.log.clear();
    requests(State(site)).await
}

#[cfg(test)]
mod tests {
    use crate::issuer::server::serve::Peer;
    use crate::issuer::tests::site;
    use axum::body::Body;
    use axum::http::{Request, header};
    use std::net::SocketAddr;
    use tower::ServiceExt;

    #[tokio::test]
    async fn only_peers_on_this_machine_are_answered() {
        for (peer, status) in [
            (Some("127.0.0.1:1"), 200),
            (Some("[::1]:1"), 200),
            (Some("[::ffff:127.0.0.1]:1"), 200),
            (Some("192.0.2.1:1"), 403),
            (Some("[2001:db8::1]:1"), 403),
            (None, 403),
        ] {
            let request = Request::get("/admin/clock").header(header::HOST, "localhost");
            let mut request = request.body(Body::empty()).unwrap();
            if let Some(peer) = peer {
                let peer: SocketAddr = peer.parse().unwrap();
                request.extensions_mut().insert(Peer(peer));
            }
            let response = crate::issuer::router(site().await).oneshot(request).await;
            assert_eq!(response.unwrap().status(), status, "{peer:?}");
        }
    }
}

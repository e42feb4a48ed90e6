//! The path of every request: bounds, faults, rate limit, log.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use tokenlatch::MAX_TOKEN_LEN;
use tokio::time::{sleep, timeout};

use super::exchange::{Disconnect, Exchange};
use super::log::{self, Outcome};
use super::shown;
use super::site::Site;
use crate::issuer::model::endpoint::Endpoint;
use crate::issuer::model::faults::{Effect, Substitute};
use crate::issuer::model::rejection::Rejection;

/// The longest request body, in bytes. Token requests are much shorter.
const MAX_REQUEST_LEN: usize = 16 * 1024;

/// The longest request body for `/admin/`, in bytes: it has room for the longest token and more.
const MAX_ADMIN_REQUEST_LEN: usize = 2 * MAX_TOKEN_LEN;

/// How long the body of a request may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Passes a request to its handler, or responds in its place.
pub(crate) async fn exchange(
    State(site): State<Arc<Site>>,
    request: Request,
    next: Next,
) -> Response {
    let now = site.clock.now();
    if let Err(error) = site.keys.rotate_if_due(now).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "keys not rotated");
    }
    let Some(endpoint) = Endpoint::of(request.uri().path()) else {
        return match whole(request, MAX_ADMIN_REQUEST_LEN).await {
            Ok(request) => next.run(request).await,
            Err(rejection) => rejection.into_response(),
        };
    };
    let method = shown::method(request.method());
    let path = shown::path(request.uri().path(), |part| site.clients.has_secret(part));
    let exchange = Arc::new(Exchange::new(now, site.faults.happen(endpoint)));
    let response = response(&site, endpoint, &exchange, request, next).await;
    let mut response = response.unwrap_or_else(Rejection::into_response);
    if endpoint.issues_tokens() {
        // No cache may keep the response of a token endpoint (RFC 6749 section 5.1).
        let no_store = HeaderValue::from_static("no-store");
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, no_store);
    }
    let is_closed = response.extensions().get::<Disconnect>().is_some();
    site.log.add(log::Request {
        time: now,
        method,
        path,
        endpoint,
        status: if is_closed {
            0
        } else {
            response.status().as_u16()
        },
        outcome: outcome(&response),
        client_id: exchange.client_id(),
    });
    response
}

async fn response(
    site: &Site,
    endpoint: Endpoint,
    exchange: &Arc<Exchange>,
    request: Request,
    next: Next,
) -> Result<Response, Rejection> {
    for happening in &exchange.happening {
        match happening.effect() {
            Effect::Delay(duration) => sleep(duration).await,
            Effect::Substitute(substitute) => return Ok(instead(substitute)),
            // The handler applies these.
            Effect::KeySet(_) | Effect::Claims(_) | Effect::Signing(_) => {}
        }
    }
    if let Some(rate) = site.rate.as_ref().filter(|_| endpoint.issues_tokens()) {
        rate.count().map_err(Rejection::TooManyRequests)?;
    }
    let mut request = whole(request, MAX_REQUEST_LEN).await?;
    request.extensions_mut().insert(Arc::clone(exchange));
    Ok(next.run(request).await)
}

/// The request with its whole body, which is bounded in length and time.
async fn whole(request: Request, max_len: usize) -> Result<Request, Rejection> {
    let (head, body) = request.into_parts();
    let body = timeout(BODY_TIMEOUT, to_bytes(body, max_len)).await;
    let body = body.map_err(|_| Rejection::Timeout)?;
    let body = body.map_err(|_| Rejection::InvalidRequest("the body is too long, or broke off"))?;
    Ok(Request::from_parts(head, Body::from(body)))
}

fn instead(Substitute { outcome, response }: Substitute) -> Response {
    let mut response = match response {
        Some((status, page)) => (status, Html(page)).into_response(),
        None => Extension(Disconnect).into_response(),
    };
    response.extensions_mut().insert(Outcome(outcome));
    response
}

fn outcome(response: &Response) -> &'static str {
    if let Some(Outcome(outcome)) = response.extensions().get() {
        return outcome;
    }
    match response.status() {
        StatusCode::NOT_MODIFIED => "not_modified",
        StatusCode::NOT_FOUND => "not_found",
        StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
        status if status.is_success() => "served",
        _ => "rejected",
    }
}

//! The JWK Set (RFC 7517 section 5), which both dialects share.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use headers::{ETag, HeaderMapExt, IfNoneMatch};
use sha2::{Digest, Sha256};

use crate::issuer::model::faults::{Effect, Happening};
use crate::issuer::server::exchange::Exchange;
use crate::issuer::server::site::Site;

/// `GET /.well-known/jwks.json` and `GET /auth/.well-known/jwks.json`
pub(crate) async fn key_set(
    State(site): State<Arc<Site>>,
    Extension(exchange): Extension<Arc<Exchange>>,
    request: HeaderMap,
) -> Response {
    let mut effects = exchange.happening.iter().map(Happening::effect);
    let document = effects.find_map(|effect| match effect {
        Effect::KeySet(document) => Some(document.to_vec()),
        Effect::Delay(_) | Effect::Substitute(_) | Effect::Claims(_) | Effect::Signing(_) => None,
    });
    let document = document.unwrap_or_else(|| site.key_set(exchange.now));
    let etag = format!("\"{}\"", BASE64URL.encode(Sha256::digest(&document)));
    let known = request.typed_get::<IfNoneMatch>();
    let etag_known = etag.parse::<ETag>().ok().zip(known);
    let is_known = etag_known.is_some_and(|(etag, known)| !known.precondition_passes(&etag));
    let caching = [
        (header::ETAG, etag),
        (
            header::CACHE_CONTROL,
            format!("public, max-age={}", site.keys.max_age().as_secs()),
        ),
    ];
    if is_known {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    let json = [(header::CONTENT_TYPE, "application/json")];
    (caching, json, document).into_response()
}

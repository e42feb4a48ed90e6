//! The JWK Set (RFC 7517 section 5), which both dialects share.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
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
    let is_known = knows(&request, &etag);
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

/// Whether the client has this document (RFC 9110 section 13.1.2). The library's own comparison panics at white space
/// in an ETag, where there are debug assertions.
fn knows(request: &HeaderMap, etag: &str) -> bool {
    let values = request.get_all(header::IF_NONE_MATCH).iter();
    let mut etags = values.flat_map(|value| value.as_bytes().split(|&byte| byte == b','));
    etags.any(|known| {
        let known = known.trim_ascii();
        known == b"*" || known.strip_prefix(b"W/").unwrap_or(known) == etag.as_bytes()
    })
}

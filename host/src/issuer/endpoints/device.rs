//! What devices without a network need, for those who bring it to them.
//!
//! | Request | Response |
//! |---|---|
//! | `GET /device/root` | the root key that devices have in flash, as a JWK Set |
//! | `GET /device/key-set` | the key-set update: the published keys, signed by the root key |
//! | `GET /device/revocation` | the revocation list, signed by the root key |

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::issuer::model::fleet::DeviceError;
use crate::issuer::model::rejection::Rejection;
use crate::issuer::server::exchange::Exchange;
use crate::issuer::server::site::Site;

/// `GET /device/root`
pub(crate) async fn root(State(site): State<Arc<Site>>) -> Result<Response, Rejection> {
    let root = site.fleet.prepare().await;
    let root = root.map_err(|error| rejection(&error.into()))?;
    let key_set = json!({"keys": [root.public().jwk()]}).to_string();
    // RFC 7517 section 8.5.2.
    Ok(document("application/jwk-set+json", key_set))
}

/// `GET /device/key-set`
pub(crate) async fn key_set(
    State(site): State<Arc<Site>>,
    Extension(exchange): Extension<Arc<Exchange>>,
) -> Result<Response, Rejection> {
    prepare(&site).await?;
    let update = site.key_set_update(exchange.now);
    let update = update.map_err(|error| rejection(&error))?;
    Ok(document("application/jwk-set+jwt", update))
}

/// `GET /device/revocation`
pub(crate) async fn revocation(
    State(site): State<Arc<Site>>,
    Extension(exchange): Extension<Arc<Exchange>>,
) -> Result<Response, Rejection> {
    prepare(&site).await?;
    let revocation = site.revocation(exchange.now);
    let revocation = revocation.map_err(|error| rejection(&error))?;
    Ok(document("application/revocation+jwt", revocation))
}

/// Sees to it that there is a root key.
pub(crate) async fn prepare(site: &Site) -> Result<(), Rejection> {
    let root = site.fleet.prepare().await;
    root.map(drop).map_err(|error| rejection(&error.into()))
}

/// Why there is no document or token for a device.
pub(crate) fn rejection(error: &DeviceError) -> Rejection {
    match error {
        DeviceError::TooLong(_) => Rejection::InvalidRequest("it is longer than a device reads"),
        DeviceError::NotClaims => Rejection::InvalidRequest("the claims are not a JSON object"),
        DeviceError::RootKey(_) => {
            tracing::warn!(
                error = error as &dyn std::error::Error,
                "there is no root key"
            );
            Rejection::ServerError("there is no root key")
        }
    }
}

/// A document, which is another one as soon as the keys change.
fn document(media_type: &'static str, text: String) -> Response {
    let head = [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (head, text).into_response()
}

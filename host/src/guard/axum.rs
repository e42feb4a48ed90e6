//! The claims of a request as arguments of axum's handlers.

use axum_core::body::Body;
use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use axum_core::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;
use serde::de::DeserializeOwned;
use tracing::error;

use super::claims::{Claims, ClaimsAs};
use super::refusal::Refusal;

/// The request must have come through a [`GuardLayer`](super::GuardLayer); without one, the response is an
/// internal error, and so it is for a request without credentials behind an
/// [`optional`](super::GuardLayer::optional) layer: its handlers take `Option<Claims>`.
impl<S: Send + Sync> FromRequestParts<S> for Claims {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        claims(parts).ok_or_else(|| {
            error!("a handler takes claims, and no guard has checked the request");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        })
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for Claims {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Response> {
        Ok(claims(parts))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for ClaimsAs<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let claims = <Claims as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        Self::of(&claims).map_err(IntoResponse::into_response)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        self.to_response(false).map(|()| Body::empty())
    }
}

fn claims(parts: &Parts) -> Option<Claims> {
    parts.extensions.get().cloned()
}

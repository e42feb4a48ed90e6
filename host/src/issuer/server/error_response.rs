//! The error responses of a token endpoint (RFC 6749 section 5.2).

use std::borrow::Cow;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::log::Outcome;
use crate::issuer::model::rejection::Rejection;

/// The body of the response.
#[derive(Serialize)]
struct Body {
    error: &'static str,
    error_description: Cow<'static, str>,
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let header = match self {
            // RFC 6749 section 5.2 requires it for HTTP Basic. Other clients ignore it.
            Self::InvalidClient => Some((header::WWW_AUTHENTICATE, basic())),
            Self::TooManyRequests(seconds) => Some((header::RETRY_AFTER, seconds.into())),
            _ => None,
        };
        let (status, error, error_description) = match self {
            Self::InvalidRequest(why) => (StatusCode::BAD_REQUEST, "invalid_request", why.into()),
            Self::InvalidClient => (
                StatusCode::UNAUTHORIZED,
                "invalid_client",
                "unknown client or wrong secret".into(),
            ),
            Self::InvalidGrant(why) => (StatusCode::BAD_REQUEST, "invalid_grant", why.into()),
            // The status is Auth0's.
            Self::UnauthorizedClient => (
                StatusCode::FORBIDDEN,
                "unauthorized_client",
                "this grant type is not allowed for the client".into(),
            ),
            Self::UnsupportedGrantType => (
                StatusCode::BAD_REQUEST,
                "unsupported_grant_type",
                "this grant type is not supported".into(),
            ),
            Self::InvalidScope => (
                StatusCode::BAD_REQUEST,
                "invalid_scope",
                "the client may have nothing of this scope".into(),
            ),
            Self::AccessDenied(why) => (StatusCode::FORBIDDEN, "access_denied", why),
            Self::TooManyRequests(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_requests",
                "try again later".into(),
            ),
            Self::ServerError(why) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "server_error",
                why.into(),
            ),
            Self::Timeout => (
                StatusCode::REQUEST_TIMEOUT,
                "timeout",
                "the request did not arrive in time".into(),
            ),
        };
        let body = Body {
            error,
            error_description,
        };
        let mut response = (status, Json(body)).into_response();
        response.headers_mut().extend(header);
        response.extensions_mut().insert(Outcome(error));
        response
    }
}

fn basic() -> HeaderValue {
    HeaderValue::from_static(r#"Basic realm="tokenlatch""#)
}

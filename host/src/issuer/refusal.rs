//! Why no token is issued (RFC 6749 section 5.2).

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// Why no token is issued.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The request is malformed, or this is missing from it.
    InvalidRequest(&'static str),
    /// There is no such client, or its secret is another.
    InvalidClient,
    /// The grant type is not one that the dialect knows.
    UnsupportedGrantType,
    /// The application may not have such a token; Auth0's servers answer this.
    AccessDenied(&'static str),
}

/// Its form on the wire.
#[derive(Serialize)]
struct Answer {
    error: &'static str,
    error_description: &'static str,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, error, error_description) = match self {
            Self::InvalidRequest(why) => (StatusCode::BAD_REQUEST, "invalid_request", why),
            Self::InvalidClient => (
                StatusCode::UNAUTHORIZED,
                "invalid_client",
                "unknown client or wrong secret",
            ),
            Self::UnsupportedGrantType => (
                StatusCode::BAD_REQUEST,
                "unsupported_grant_type",
                "this grant type is not supported",
            ),
            Self::AccessDenied(why) => (StatusCode::FORBIDDEN, "access_denied", why),
        };
        let answer = Answer {
            error,
            error_description,
        };
        (status, Json(answer)).into_response()
    }
}

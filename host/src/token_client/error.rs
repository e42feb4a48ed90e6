//! Why there is no token.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use form_urlencoded::byte_serialize;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokenlatch::{Remedy, json};

use crate::http::{self, HttpError};
use crate::key_set::{SourceError, VerifyError};

/// The longest text of a server's error that is kept, in characters.
pub const MAX_ERROR_TEXT_LEN: usize = 256;

/// Why there is no token. No error shows a secret or a token.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The server rejected the request.
    #[error("the server rejected the request: {0}")]
    Rejected(ErrorResponse),
    /// The server could not be reached, or the exchange with it broke.
    #[error("the exchange with the server failed")]
    Transport(#[source] Arc<HttpError>),
    /// The issuer's metadata does not lead to a token endpoint.
    #[error("the token endpoint was not found")]
    Discovery(#[source] Arc<SourceError>),
    /// The server's response is malformed.
    #[error("the server's response is malformed")]
    Malformed(#[source] Malformed),
    /// The token that the server issued does not verify, or there are no keys to verify it with.
    #[error("the token that the server issued does not verify")]
    Unverified(#[source] VerifyError),
    /// There was no outcome within [`REQUEST_TIMEOUT`](super::REQUEST_TIMEOUT), or the runtime that
    /// the client was started in has ended.
    #[error("no token in time")]
    TimedOut,
}

impl TokenError {
    /// Whether the same request may succeed later, with the same configuration.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Rejected(rejection) => rejection.is_retryable(),
            Self::Transport(error) => is_passing(error),
            Self::Discovery(error) => {
                matches!(&**error, SourceError::Http(error) if is_passing(error))
            }
            Self::Malformed(_) => false,
            Self::Unverified(VerifyError::Keys(_)) | Self::TimedOut => true,
            Self::Unverified(VerifyError::Token(error)) => error.remedy() == Remedy::RefetchKeys,
        }
    }

    /// How long the server asks to wait before the next request.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Rejected(rejection) => rejection.retry_after,
            Self::Discovery(error) => match &**error {
                SourceError::Http(error) => error.retry_after().map(|it| it.min(MAX_RETRY_AFTER)),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Whether a failure may be over later.
fn is_passing(error: &HttpError) -> bool {
    !matches!(
        error,
        HttpError::InvalidUrl
            | HttpError::InsecureUrl(_)
            | HttpError::Client(_)
            | HttpError::TooLong(_)
    )
}

/// What is wrong with a server's response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// It is not a JSON object with an `access_token`, or a member has the wrong type or comes twice.
    #[error("not a JSON object with an access_token")]
    Json,
    /// Its `token_type` is not `Bearer` (RFC 6749 section 7.1).
    #[error("the token_type is not Bearer")]
    TokenType,
    /// Its token is not a `b64token` (RFC 6750 section 2.1), or is longer than
    /// [`MAX_TOKEN_LEN`](tokenlatch::MAX_TOKEN_LEN).
    #[error("the access_token is not a bearer token")]
    Token,
    /// Its token's lifetime is not a whole number of seconds.
    #[error("the token's lifetime is malformed")]
    Lifetime,
}

/// The error response of a token endpoint (RFC 6749 section 5.2).
///
/// Its texts are the server's, of at most [`MAX_ERROR_TEXT_LEN`] characters. `Display` escapes control
/// characters, which could steer a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorResponse {
    /// The status.
    pub status: StatusCode,
    /// `error`, if the response has one, such as `invalid_client`.
    pub code: Option<String>,
    /// `error_description`, if the response has one.
    pub description: Option<String>,
    /// How long the server asks to wait before the next request (`Retry-After`, RFC 9110 section 10.2.3), at
    /// most [`MAX_RETRY_AFTER`].
    pub retry_after: Option<Duration>,
}

/// The longest time that a server can ask to wait before the next request for a token. A longer one counts as
/// this one.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

impl ErrorResponse {
    /// Reads a response with this status. A text that repeats a secret, as it is or as in a form, is withheld.
    pub(crate) fn read(
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        secrets: &[&SecretString],
    ) -> Self {
        /// A member that is not a text is ignored.
        #[derive(Default, Deserialize)]
        struct Response {
            #[serde(default)]
            error: serde_json::Value,
            #[serde(default)]
            error_description: serde_json::Value,
        }
        let response: Response =
            serde_json::from_slice(json::without_bom(body)).unwrap_or_default();
        let keep = |text: serde_json::Value| {
            let text = text.as_str()?;
            let repeats = |secret: &&SecretString| {
                let secret = secret.expose_secret();
                let mut encoded = Zeroizing::new(String::with_capacity(3 * secret.len()));
                encoded.extend(byte_serialize(secret.as_bytes()));
                !secret.is_empty() && (text.contains(secret) || text.contains(encoded.as_str()))
            };
            Some(if secrets.iter().any(repeats) {
                "(withheld, for it repeats a secret)".to_owned()
            } else {
                text.chars().take(MAX_ERROR_TEXT_LEN).collect()
            })
        };
        Self {
            status,
            code: keep(response.error),
            description: keep(response.error_description),
            retry_after: http::retry_after(headers).map(|wait| wait.min(MAX_RETRY_AFTER)),
        }
    }

    fn is_retryable(&self) -> bool {
        self.status.is_server_error()
            || self.status == StatusCode::TOO_MANY_REQUESTS
            || self.status == StatusCode::REQUEST_TIMEOUT
    }
}

/// `401 invalid_client: the description`, without the parts that the response does not have.
impl fmt::Display for ErrorResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status.as_u16())?;
        if let Some(code) = &self.code {
            write!(f, " {}", code.escape_debug())?;
        }
        if let Some(description) = &self.description {
            write!(f, ": {}", description.escape_debug())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejection(status: u16, body: &str) -> ErrorResponse {
        let status = StatusCode::from_u16(status).unwrap();
        let secrets = [&"hush".into(), &"".into()];
        ErrorResponse::read(status, &HeaderMap::new(), body.as_bytes(), &secrets)
    }

    #[test]
    fn a_rejection_says_what_the_server_says() {
        let body = r#"{"error":"invalid_client","error_description":"no","more":[1]}"#;
        assert_eq!(rejection(401, body).to_string(), "401 invalid_client: no");
        for body in [
            "",
            "<html>",
            "[]",
            "{}",
            r#"{"error":{"a":1}}"#,
            r#"{"error":"a","error":"b"}"#,
        ] {
            assert_eq!(rejection(502, body).to_string(), "502", "{body}");
        }
    }

    #[test]
    fn a_rejection_is_short_and_steers_no_terminal() {
        let long = "\u{e9}".repeat(MAX_ERROR_TEXT_LEN + 1);
        let rejected = rejection(400, &format!(r#"{{"error":"{long}"}}"#));
        let code = rejected.code.unwrap();
        assert_eq!(code.chars().count(), MAX_ERROR_TEXT_LEN);
        let rejected = rejection(
            400,
            r#"{"error":"a\u001b[2J\n","error_description":"\u009b\u202e"}"#,
        );
        let shown = rejected.to_string();
        assert_eq!(shown, r"400 a\u{1b}[2J\n: \u{9b}\u{202e}");
    }

    #[test]
    fn a_rejection_that_repeats_a_secret_is_withheld() {
        let body = r#"{"error":"a","error_description":"no client with hush\u0021"}"#;
        let rejected = rejection(401, body);
        assert!(!format!("{rejected} {rejected:?}").contains("hush"));
        assert!(rejected.to_string().starts_with("401 a: (withheld"));
        // Also if the text would be cut off within the secret.
        let padding = " ".repeat(MAX_ERROR_TEXT_LEN - 2);
        let rejected = rejection(400, &format!(r#"{{"error":"{padding}hush"}}"#));
        assert!(!rejected.code.unwrap().contains("hu"));
    }

    #[test]
    fn the_server_of_the_metadata_may_ask_for_patience_too() {
        for (asked, expected) in [(30, 30), (600, MAX_RETRY_AFTER.as_secs())] {
            let wait = Duration::from_secs(asked);
            let busy = HttpError::RetryLater(StatusCode::TOO_MANY_REQUESTS, wait);
            let error = TokenError::Discovery(Arc::new(busy.into()));
            assert!(error.is_retryable());
            assert_eq!(error.retry_after(), Some(Duration::from_secs(expected)));
        }
    }

    #[test]
    fn a_retry_helps_where_nothing_has_to_change() {
        for (status, helps) in [
            (400, false),
            (401, false),
            (302, false),
            (429, true),
            (503, true),
        ] {
            let error = TokenError::Rejected(rejection(status, "{}"));
            assert_eq!(error.is_retryable(), helps, "{status}");
        }
        let transport = |error| TokenError::Transport(Arc::new(error)).is_retryable();
        assert!(transport(HttpError::ConnectTimeout));
        assert!(!transport(HttpError::InsecureUrl(String::new())));
        assert!(!TokenError::Malformed(Malformed::Json).is_retryable());
        let unverified = |error: tokenlatch::Error| TokenError::Unverified(error.into());
        assert!(!unverified(tokenlatch::Error::WrongIssuer).is_retryable());
        assert!(unverified(tokenlatch::Error::UnknownKey).is_retryable());
    }
}

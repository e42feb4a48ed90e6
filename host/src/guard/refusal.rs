//! What to respond to a request that is not allowed (RFC 6750 section 3).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;

/// What to respond to a request that is not allowed.
///
/// | reason | status | `WWW-Authenticate` |
/// |---|---|---|
/// | [`NoCredentials`](RefusalReason::NoCredentials) | 401 | `Bearer` |
/// | [`InvalidRequest`](RefusalReason::InvalidRequest) | 400 | `Bearer error="invalid_request"` |
/// | [`InvalidToken`](RefusalReason::InvalidToken) | 401 | `Bearer error="invalid_token"` |
/// | [`InsufficientScope`](RefusalReason::InsufficientScope) | 403 | `Bearer error="insufficient_scope", scope="…"` |
/// | [`Unavailable`](RefusalReason::Unavailable) | 503 | none, but a `Retry-After` |
///
/// With [`resource_metadata`](super::GuardBuilder::resource_metadata), each challenge names that URL (RFC 9728
/// section 5.1). The response tells no more: the reason is for logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    reason: RefusalReason,
    resource_metadata: Option<Arc<str>>,
}

/// Why a request is not allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefusalReason {
    /// It has no `Authorization` header, or one of another scheme than `Bearer`. (A layer that is optional lets
    /// only the first one pass.)
    #[error("there is no bearer token")]
    NoCredentials,
    /// The `Authorization` header is malformed, or there are two.
    #[error("the Authorization header is malformed")]
    InvalidRequest,
    /// The token is rejected.
    #[error("{_0} ({code})", code = _0.code())]
    InvalidToken(tokenlatch::Error),
    /// The token is good, and does not have all of these scopes or permissions.
    #[error("a scope is missing: {}", _0.join(" "))]
    InsufficientScope(Vec<String>),
    /// The key of the token is missing now. Ask again after this time, when a fetch may bring it.
    ///
    /// So it is with a token whose `kid` is unknown, if the key set was fetched too recently to be fetched
    /// again for it ([`COOLDOWN`](crate::key_set::COOLDOWN)): two key rotations in a row look like that. If
    /// the key set was fetched since the `kid` was first asked for, the token is invalid.
    #[error("there is no key to verify the token with")]
    Unavailable(Option<Duration>),
}

impl Refusal {
    pub(super) fn new(reason: RefusalReason, resource_metadata: Option<Arc<str>>) -> Self {
        Self {
            reason,
            resource_metadata,
        }
    }

    /// Why the request is not allowed: for logs, not for the response.
    #[must_use]
    pub fn reason(&self) -> &RefusalReason {
        &self.reason
    }

    /// The status of the response.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self.reason {
            RefusalReason::NoCredentials | RefusalReason::InvalidToken(_) => {
                StatusCode::UNAUTHORIZED
            }
            RefusalReason::InvalidRequest => StatusCode::BAD_REQUEST,
            RefusalReason::InsufficientScope(_) => StatusCode::FORBIDDEN,
            RefusalReason::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The `WWW-Authenticate` header of the response. It is visible ASCII.
    #[must_use]
    pub fn challenge(&self) -> Option<String> {
        let error = match &self.reason {
            RefusalReason::NoCredentials => None,
            RefusalReason::Unavailable(_) => return None,
            _ => Some(self.error()),
        };
        let scope = match &self.reason {
            RefusalReason::InsufficientScope(scopes) => Some(scopes.join(" ")),
            _ => None,
        };
        let parameters = [
            ("error", error),
            ("scope", scope.as_deref()),
            ("resource_metadata", self.resource_metadata.as_deref()),
        ];
        let parameters = parameters
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name}={}", Quoted(value?))));
        let parameters = parameters.collect::<Vec<_>>().join(", ");
        Some(format!("Bearer {parameters}").trim_end().to_owned())
    }

    /// The error in a word, for whoever is refused: those of RFC 6750 section 3.1, and two like them.
    #[must_use]
    pub fn error(&self) -> &'static str {
        match self.reason {
            RefusalReason::NoCredentials => "no_credentials",
            RefusalReason::InvalidRequest => "invalid_request",
            RefusalReason::InvalidToken(_) => "invalid_token",
            RefusalReason::InsufficientScope(_) => "insufficient_scope",
            RefusalReason::Unavailable(_) => "temporarily_unavailable",
        }
    }

    /// The status of the response in gRPC: `UNAUTHENTICATED` (16) for 401, `INVALID_ARGUMENT` (3) for 400,
    /// `PERMISSION_DENIED` (7) for 403, `UNAVAILABLE` (14) for 503.
    #[must_use]
    pub fn grpc_code(&self) -> i32 {
        match self.reason {
            RefusalReason::NoCredentials | RefusalReason::InvalidToken(_) => 16,
            RefusalReason::InvalidRequest => 3,
            RefusalReason::InsufficientScope(_) => 7,
            RefusalReason::Unavailable(_) => 14,
        }
    }

    /// The `Retry-After` header of the response: at least a second.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self.reason {
            RefusalReason::Unavailable(wait) => {
                let wait = wait.unwrap_or_default();
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                Some(Duration::from_secs(seconds.max(1)))
            }
            _ => None,
        }
    }
}

/// With the reason: for logs, not for the response.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl std::error::Error for Refusal {}

/// A quoted string (RFC 9110 section 5.6.4), without characters that a header cannot have.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        let chars = self.0.chars();
        for char in chars.filter(|char| *char == ' ' || char.is_ascii_graphic()) {
            if matches!(char, '"' | '\\') {
                f.write_str("\\")?;
            }
            write!(f, "{char}")?;
        }
        f.write_str("\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge(reason: RefusalReason) -> Option<String> {
        Refusal::new(reason, None).challenge()
    }

    #[test]
    fn challenges_are_those_of_rfc_6750() {
        let scopes = |scopes: &[&str]| {
            let scopes = scopes.iter().copied().map(String::from).collect();
            RefusalReason::InsufficientScope(scopes)
        };
        let expired = RefusalReason::InvalidToken(tokenlatch::Error::Expired);
        for (reason, status, grpc_code, expected) in [
            (RefusalReason::NoCredentials, 401, 16, Some("Bearer")),
            (
                RefusalReason::InvalidRequest,
                400,
                3,
                Some(r#"Bearer error="invalid_request""#),
            ),
            (expired, 401, 16, Some(r#"Bearer error="invalid_token""#)),
            (
                scopes(&["read", "write"]),
                403,
                7,
                Some(r#"Bearer error="insufficient_scope", scope="read write""#),
            ),
            (RefusalReason::Unavailable(None), 503, 14, None),
        ] {
            let refusal = Refusal::new(reason.clone(), None);
            assert_eq!(refusal.status(), status, "{reason}");
            assert_eq!(refusal.grpc_code(), grpc_code, "{reason}");
            assert_eq!(challenge(reason).as_deref(), expected);
        }
    }

    #[test]
    fn a_challenge_names_the_metadata_of_the_resource() {
        let url = "https://api.example.com/.well-known/oauth-protected-resource";
        let challenge = |reason| Refusal::new(reason, Some(url.into())).challenge().unwrap();
        assert_eq!(
            challenge(RefusalReason::NoCredentials),
            format!("Bearer resource_metadata=\"{url}\"")
        );
        assert_eq!(
            challenge(RefusalReason::InvalidRequest),
            format!("Bearer error=\"invalid_request\", resource_metadata=\"{url}\"")
        );
    }

    #[test]
    fn no_scope_can_end_a_header_or_a_quotation() {
        let scopes = vec!["a\"b\\c\r\nX: y\u{e9}".to_owned()];
        assert_eq!(
            challenge(RefusalReason::InsufficientScope(scopes)).unwrap(),
            r#"Bearer error="insufficient_scope", scope="a\"b\\cX: y""#
        );
    }

    #[test]
    fn a_wait_is_rounded_up_to_a_second() {
        let retry_after = |wait| {
            let refusal = Refusal::new(RefusalReason::Unavailable(wait), None);
            refusal.retry_after().map(|wait| wait.as_secs())
        };
        assert_eq!(retry_after(None), Some(1));
        assert_eq!(retry_after(Some(Duration::ZERO)), Some(1));
        assert_eq!(retry_after(Some(Duration::from_millis(1_001))), Some(2));
        assert_eq!(retry_after(Some(Duration::from_secs(25))), Some(25));
        let refusal = Refusal::new(RefusalReason::NoCredentials, None);
        assert_eq!(refusal.retry_after(), None);
    }

    #[test]
    fn a_refusal_shows_its_reason() {
        let refusal = Refusal::new(RefusalReason::NoCredentials, None);
        assert_eq!(refusal.to_string(), "there is no bearer token");
    }
}

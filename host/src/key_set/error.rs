//! Why there is no key set.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use reqwest::StatusCode;
use tokenlatch::MAX_KEY_ID_LEN;

use super::listing::ListedKey;
use crate::http::HttpError;

/// Why there is no key set.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeySetError {
    /// The file cannot be read.
    #[error("cannot read the file")]
    Read(#[from] io::Error),
    /// The source gave no document.
    #[error(transparent)]
    Fetch(#[from] SourceError),
    /// The document is not a JWK Set (RFC 7517 section 5).
    #[error("not a usable JWK Set")]
    Invalid(#[from] tokenlatch::Error),
    /// The source took longer than the whole fetch may.
    #[error("the fetch took too long")]
    TimedOut,
    /// The source panicked.
    #[error("the source panicked")]
    Panicked,
    /// The document is a JWK Set, but none of its keys can verify RS256. The keys are given, each with why.
    #[error("no key can verify RS256{}", reasons(.0))]
    NoUsableKey(Vec<ListedKey>),
}

impl KeySetError {
    /// How long the server asks to wait before the next fetch.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Fetch(SourceError::Http(error)) => error.retry_after(),
            _ => None,
        }
    }
}

/// The issuer that was asked for, and the one that the metadata names.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WrongIssuer {
    /// The issuer that was asked for.
    pub expected: String,
    /// The issuer that the metadata names, of at most [`MAX_ISSUER_LEN`] characters.
    pub found: String,
}

/// The longest issuer of a metadata document that an error shows, in characters.
pub const MAX_ISSUER_LEN: usize = 256;

impl WrongIssuer {
    pub(super) fn new(expected: &str, found: &str) -> Self {
        Self {
            expected: expected.to_owned(),
            found: found.chars().take(MAX_ISSUER_LEN).collect(),
        }
    }
}

impl Error for WrongIssuer {}

/// Escapes control characters, which could steer a terminal.
impl fmt::Display for WrongIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { expected, found } = self;
        write!(
            f,
            "the metadata is of the issuer {found:?}, not of {expected:?}"
        )?;
        if found.strip_suffix('/') == Some(expected) {
            f.write_str(": the final slash is missing")
        } else if expected.strip_suffix('/') == Some(found) {
            f.write_str(": the final slash is too much")
        } else {
            Ok(())
        }
    }
}

/// Why a source gave no document.
///
/// No error holds a whole URL, which may hold credentials, or more of a document than the issuer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// A request failed.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The issuer's URL has a query or a fragment (RFC 8414 section 2).
    #[error("the issuer's URL has a query or a fragment")]
    InvalidIssuer,
    /// The issuer's metadata is at an `https` URL, and the URL in this member is not. The scheme, host and port
    /// of that URL are given.
    #[error("the issuer's {0} is not https: {1}")]
    InsecureUrl(&'static str, String),
    /// The issuer has no metadata, neither by OpenID Connect nor by OAuth 2.0.
    #[error(
        "the issuer has no metadata: the server responded with {openid} at \
         /.well-known/openid-configuration, and with {oauth} at /.well-known/oauth-authorization-server"
    )]
    NoMetadata {
        /// The status of OpenID Connect's metadata.
        openid: StatusCode,
        /// The status of OAuth 2.0's.
        oauth: StatusCode,
    },
    /// The server wants credentials for the issuer's metadata (RFC 9110 section 15.5.2).
    #[error("the server wants credentials for the issuer's metadata (401 Unauthorized)")]
    Unauthorized,
    /// The issuer's metadata is not a JSON object with an `issuer`.
    #[error("the issuer's metadata is malformed")]
    InvalidMetadata,
    /// The metadata is another issuer's (RFC 8414 section 3.3).
    #[error(transparent)]
    WrongIssuer(WrongIssuer),
    /// The issuer's metadata has no `jwks_uri`.
    #[error("the issuer's metadata has no jwks_uri")]
    NoJwksUri,
    /// The issuer's metadata has no `token_endpoint`.
    #[error("the issuer's metadata has no token_endpoint")]
    NoTokenEndpoint,
    /// The caller's own [`Source`](super::Source) failed.
    #[error("the source failed")]
    Other(#[source] Box<dyn Error + Send + Sync>),
}

impl SourceError {
    /// The status of the response, if it is not the one that was wanted.
    pub(super) fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Http(error) => error.status(),
            _ => None,
        }
    }
}

/// Why keys cannot be used, for the first ones of them.
fn reasons(keys: &[ListedKey]) -> String {
    const SHOWN: usize = 3;
    if keys.is_empty() {
        return ": the set is empty".into();
    }
    let reason = |key: &ListedKey| {
        let why = key.unusable?;
        Some(match &key.key_id {
            // Escaped: control characters could steer a terminal.
            Some(key_id) => {
                let start: String = key_id.chars().take(MAX_KEY_ID_LEN).collect();
                format!("{} ({why})", start.escape_debug())
            }
            None => why.to_string(),
        })
    };
    let shown: Vec<_> = keys.iter().take(SHOWN).filter_map(reason).collect();
    let rest = match keys.len().saturating_sub(SHOWN) {
        0 => String::new(),
        rest => format!(", and {rest} more"),
    };
    format!(": {}{rest}", shown.join(", "))
}

//! What a request brought.

use std::fmt;
use std::time::Duration;

use headers::{Age, CacheControl, ETag, HeaderMap, HeaderMapExt};
use reqwest::StatusCode;
use reqwest::header::ETAG;

use super::limits::MAX_ETAG_LEN;

/// What a conditional request got (RFC 9110 section 13).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// The document.
    Document {
        /// The document itself.
        body: Vec<u8>,
        /// What to ask with the next time; at most [`MAX_ETAG_LEN`] bytes.
        etag: Option<String>,
        /// How long the document stays fresh, if the server says so; zero if it is not to be cached.
        max_age: Option<Duration>,
    },
    /// The document with the ETag that was sent is still the present one.
    NotModified {
        /// How long it stays fresh from now on, if the server says so.
        max_age: Option<Duration>,
    },
}

/// A server's response, whatever its status.
#[derive(Clone)]
#[non_exhaustive]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The header's fields.
    pub headers: HeaderMap,
    /// The body, of [`Limits::max_body_len`](super::Limits::max_body_len) bytes at most.
    pub body: Vec<u8>,
}

/// Shows the status alone: the rest may be secret.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

pub(super) fn kept_etag(headers: &HeaderMap) -> Option<String> {
    let etag = headers.get(ETAG)?.to_str().ok()?;
    (etag.len() <= MAX_ETAG_LEN && etag.parse::<ETag>().is_ok()).then(|| etag.to_owned())
}

/// How long the response stays fresh from now on (RFC 9111 sections 4.2.1 and 4.2.3).
pub(super) fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let control: CacheControl = headers.typed_get()?;
    if control.no_store() || control.no_cache() {
        return Some(Duration::ZERO);
    }
    let age = headers.typed_get::<Age>().map_or(0, |age| age.as_secs());
    let max_age = control.max_age()?;
    Some(max_age.saturating_sub(Duration::from_secs(age)))
}

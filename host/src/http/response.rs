//! Responses.

use std::fmt;
use std::time::{Duration, SystemTime};

use headers::{Age, CacheControl, ETag, Header, HeaderMap, HeaderMapExt, HeaderValue};
use reqwest::StatusCode;
use reqwest::header::{CACHE_CONTROL, ETAG, RETRY_AFTER};

use super::limits::{MAX_ETAG_LEN, MAX_RETRY_AFTER};

/// The result of a conditional request (RFC 9110 section 13).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// A document.
    Document {
        /// The document itself.
        body: Vec<u8>,
        /// The ETag for the next request, of at most [`MAX_ETAG_LEN`] bytes.
        etag: Option<String>,
        /// How long the document stays fresh, if the server says so. Zero if it must not be cached.
        max_age: Option<Duration>,
    },
    /// The ETag of the request is still that of the document.
    NotModified {
        /// How long it stays fresh from now on, if the server says so.
        max_age: Option<Duration>,
    },
}

/// A response, whatever its status is.
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

/// Shows only the status: the rest may be secret.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// How long the server asks to wait before the next request (RFC 9110 section 10.2.3), within bounds.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?;
    let wait = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than there is room for are more than the bound.
        value.parse().map_or(MAX_RETRY_AFTER, Duration::from_secs)
    } else {
        let date = httpdate::parse_http_date(value).ok()?;
        date.duration_since(SystemTime::now()).unwrap_or_default()
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

pub(super) fn kept_etag(headers: &HeaderMap) -> Option<String> {
    let etag = headers.get(ETAG)?.to_str().ok()?;
    (etag.len() <= MAX_ETAG_LEN && parse_etag(etag).is_some()).then(|| etag.to_owned())
}

/// The ETag that is written so, if it is one (RFC 9110 section 8.8.3). White space panics in the library's own
/// check, where there are debug assertions.
pub(super) fn parse_etag(text: &str) -> Option<ETag> {
    match text.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => text.parse().ok(),
        false => None,
    }
}

/// How long the response stays fresh from now on, if its `Cache-Control` says so (RFC 9111 sections 4.2.1 and 4.2.3).
pub(super) fn max_age(headers: &HeaderMap) -> Option<Duration> {
    // Directives have no case (section 5.2), but the library compares it.
    let lower_case =
        |value: &HeaderValue| HeaderValue::try_from(value.as_bytes().to_ascii_lowercase()).ok();
    let values = headers.get_all(CACHE_CONTROL).iter();
    let values: Vec<_> = values.filter_map(lower_case).collect();
    if values.is_empty() {
        return None;
    }
    let Ok(control) = CacheControl::decode(&mut values.iter()) else {
        // What is malformed may have been meant to shorten the time.
        return Some(Duration::ZERO);
    };
    if control.no_store() || control.no_cache() {
        return Some(Duration::ZERO);
    }
    let age = headers.typed_get::<Age>().map_or(0, |age| age.as_secs());
    let max_age = control.max_age()?;
    Some(max_age.saturating_sub(Duration::from_secs(age)))
}

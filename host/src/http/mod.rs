//! HTTP requests, bounded against hostile and broken servers.
//!
//! | what | bound |
//! |---|---|
//! | scheme | `https`; `http` to a loopback address, or to an origin that is allowed by name ([`HttpClient::allow_http`]) |
//! | time | [`CONNECT_TIMEOUT`], [`RESPONSE_TIMEOUT`], [`TOTAL_TIMEOUT`] |
//! | body | [`MAX_BODY_LEN`], counted as it arrives and after it is decompressed (gzip) |
//! | redirects | [`MAX_REDIRECTS`], only to the same origin, and only for GET |
//! | ETag | [`MAX_ETAG_LEN`], a longer one is ignored |
//! | `Retry-After` | [`MAX_RETRY_AFTER`] |
//!
//! The HTTP library bounds the header of a response: 100 fields, in about 400 KiB.

mod client;
mod error;
mod gzip;
mod limits;
mod response;
#[cfg(test)]
pub(crate) mod tests;
mod url;

pub use self::client::{HttpClient, USER_AGENT, get, post_json};
pub use self::error::HttpError;
pub use self::limits::{
    CONNECT_TIMEOUT, Limits, MAX_BODY_LEN, MAX_ETAG_LEN, MAX_REDIRECTS, MAX_RETRY_AFTER,
    RESPONSE_TIMEOUT, TOTAL_TIMEOUT,
};
pub(crate) use self::response::retry_after;
pub use self::response::{Fetched, Response};
pub(crate) use self::url::origin;

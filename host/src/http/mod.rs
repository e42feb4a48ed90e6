//! HTTP requests with every bound that a hostile or broken server calls for.
//!
//! | what | bound |
//! |---|---|
//! | scheme | `https`; `http` to a loopback address, or where [`Limits::allow_http`] says so |
//! | time | [`CONNECT_TIMEOUT`], [`RESPONSE_TIMEOUT`], [`TOTAL_TIMEOUT`] |
//! | body | [`MAX_BODY_LEN`], counted as it arrives and after it is decompressed (gzip) |
//! | redirects | [`MAX_REDIRECTS`], to the same origin alone; none of what is sent |
//! | ETag | [`MAX_ETAG_LEN`], a longer one is dropped |
//!
//! The HTTP library bounds a response's header on its own: 100 fields in some 400 KiB.

mod client;
mod error;
mod gzip;
mod limits;
mod response;
#[cfg(test)]
pub(crate) mod tests;
mod url;

pub use self::client::{HttpClient, get, post_json};
pub use self::error::HttpError;
pub use self::limits::{
    CONNECT_TIMEOUT, Limits, MAX_BODY_LEN, MAX_ETAG_LEN, MAX_REDIRECTS, RESPONSE_TIMEOUT,
    TOTAL_TIMEOUT,
};
pub use self::response::{Fetched, Response};

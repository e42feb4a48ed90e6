//! Why a request brought no response.

use std::io;
use std::time::Duration;

use reqwest::StatusCode;

#[cfg(doc)]
use super::limits::Limits;
use super::limits::MAX_REDIRECTS;
#[cfg(doc)]
use super::limits::MAX_RETRY_AFTER;

/// Why a request brought no response.
///
/// No error holds the URL, which may have credentials in it, or anything of the response's body.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// Not an absolute URL.
    #[error("not an absolute URL")]
    InvalidUrl,
    /// Neither `https`, nor `http` to a loopback address or to an allowed origin
    /// ([`HttpClient::allow_http`](super::HttpClient::allow_http)). The URL's scheme, host and port are given.
    #[error("{0} is not https, and not a loopback address: http has to be allowed for it by name")]
    InsecureUrl(String),
    /// Not a certificate in PEM.
    #[error("not a certificate in PEM")]
    InvalidCertificate,
    /// The client or the request cannot be made. For example, this machine has no root certificates.
    #[error("the HTTP client cannot be set up")]
    Client(#[source] reqwest::Error),
    /// There is no connection to the server: name resolution, proxy, TCP or TLS failed.
    #[error("cannot connect")]
    Connect(#[source] reqwest::Error),
    /// There was no connection within [`Limits::connect_timeout`].
    #[error("no connection in time")]
    ConnectTimeout,
    /// There was no response within [`Limits::response_timeout`].
    #[error("no response in time")]
    ResponseTimeout,
    /// The response was not complete within [`Limits::total_timeout`].
    #[error("no complete response in time")]
    TotalTimeout,
    /// The exchange broke: the response is not HTTP or not gzip, or the connection ended within it.
    #[error("the exchange with the server broke")]
    Http(#[source] reqwest::Error),
    /// The response is not gzip, although it says so.
    #[error("the response cannot be decompressed")]
    Gzip(#[source] io::Error),
    /// The response's status is not 200 (or 304, to a request with an ETag).
    #[error("the server responded with {0}")]
    Status(StatusCode),
    /// As [`Status`](Self::Status), and the response says when to ask again (RFC 9110 section 10.2.3): after
    /// this time, at most [`MAX_RETRY_AFTER`].
    #[error("the server responded with {0}, and asks to wait {wait} s", wait = .1.as_secs())]
    RetryLater(StatusCode, Duration),
    /// The body is longer than [`Limits::max_body_len`], which is given.
    #[error("the response is longer than {0} bytes")]
    TooLong(usize),
    /// The response is a redirect without `Location`, or with one that is not a URL.
    #[error("a redirect without a valid Location")]
    InvalidRedirect,
    /// The response is a redirect to another scheme, host or port.
    #[error("a redirect to another origin")]
    ForeignRedirect,
    /// There were more than [`MAX_REDIRECTS`] redirects, or they form a loop.
    #[error("more than {MAX_REDIRECTS} redirects")]
    TooManyRedirects,
}

impl HttpError {
    /// The status of the response, if it is not the one that was wanted.
    pub(crate) fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Status(status) | Self::RetryLater(status, _) => Some(*status),
            _ => None,
        }
    }

    /// How long the server asks to wait before the next request.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RetryLater(_, wait) => Some(*wait),
            _ => None,
        }
    }
}

/// Leaves out the URL, which may hold credentials.
impl From<reqwest::Error> for HttpError {
    fn from(error: reqwest::Error) -> Self {
        let error = error.without_url();
        match (error.is_connect(), error.is_timeout()) {
            (true, true) => Self::ConnectTimeout,
            (true, false) => Self::Connect(error),
            (false, true) => Self::TotalTimeout,
            (false, false) if error.is_builder() => Self::Client(error),
            (false, false) => Self::Http(error),
        }
    }
}

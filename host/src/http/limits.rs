//! The bounds of a request.

use std::time::Duration;

/// How long a connection may take to be there: name resolution, proxy, TCP and TLS.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long the header of a response may take, connecting included; after a redirect, once more.
pub const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long all of it may take together: redirects and the last byte of the body included.
pub const TOTAL_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest body, in bytes, after it is decompressed.
pub const MAX_BODY_LEN: usize = 256 * 1024;

/// How many redirects are followed.
pub const MAX_REDIRECTS: usize = 3;

/// The longest ETag that is kept, in bytes.
pub const MAX_ETAG_LEN: usize = 256;

/// The bounds of an [`HttpClient`](super::HttpClient)'s requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Instead of [`CONNECT_TIMEOUT`].
    pub connect_timeout: Duration,
    /// Instead of [`RESPONSE_TIMEOUT`].
    pub response_timeout: Duration,
    /// Instead of [`TOTAL_TIMEOUT`].
    pub total_timeout: Duration,
    /// Instead of [`MAX_BODY_LEN`].
    pub max_body_len: usize,
    /// Whether `http` is allowed to any host. Whoever is on the way can then choose the keys: not
    /// outside of a network that is protected otherwise.
    pub allow_http: bool,
}

/// Those of this module's constants, and no `http` but to a loopback address.
impl Default for Limits {
    fn default() -> Self {
        Self {
            connect_timeout: CONNECT_TIMEOUT,
            response_timeout: RESPONSE_TIMEOUT,
            total_timeout: TOTAL_TIMEOUT,
            max_body_len: MAX_BODY_LEN,
            allow_http: false,
        }
    }
}

//! The bounds of a request.

use std::time::Duration;

/// How long it may take to connect: name resolution, proxy, TCP and TLS.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long it may take until the header of the response has arrived. This includes connecting. After a
/// redirect, the time starts again.
pub const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long it may take until the last byte of the body has arrived. This includes redirects.
pub const TOTAL_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest body, in bytes, after it is decompressed.
pub const MAX_BODY_LEN: usize = 256 * 1024;

/// How many redirects are followed.
pub const MAX_REDIRECTS: usize = 3;

/// The longest time that a server can ask to wait (`Retry-After`). A longer one counts as this one.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(10 * 60);

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
}

/// The constants of this module.
impl Default for Limits {
    fn default() -> Self {
        Self {
            connect_timeout: CONNECT_TIMEOUT,
            response_timeout: RESPONSE_TIMEOUT,
            total_timeout: TOTAL_TIMEOUT,
            max_body_len: MAX_BODY_LEN,
        }
    }
}

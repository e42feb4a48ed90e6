//! Bodies that the HTTP library leaves compressed.

use std::io;

use flate2::read::MultiGzDecoder;
use headers::HeaderMap;
use reqwest::header::CONTENT_ENCODING;

use super::error::HttpError;
use super::limits::MAX_BODY_LEN;
use crate::files;

/// Whether the body is still compressed.
///
/// The HTTP library undoes `gzip` and removes the field, but knows no other spelling. A content coding has
/// no case, and `x-gzip` is `gzip` (RFC 9110 section 8.4.1).
pub(super) fn is_compressed(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_ENCODING).is_some_and(|coding| {
        let is = |name: &str| coding.as_bytes().eq_ignore_ascii_case(name.as_bytes());
        is("gzip") || is("x-gzip")
    })
}

/// Decompresses a body to at most `max_len` bytes.
///
/// # Errors
///
/// [`HttpError::TooLong`] and [`HttpError::Gzip`].
pub(super) fn decompress(body: &[u8], max_len: usize) -> Result<Vec<u8>, HttpError> {
    // Up to the default limit, it does not grow, and leaves no copy of a secret in freed memory.
    let mut decompressed = Vec::with_capacity(max_len.min(MAX_BODY_LEN) + 1);
    files::read_into(MultiGzDecoder::new(body), max_len, &mut decompressed).map_err(|error| {
        match error.kind() {
            io::ErrorKind::FileTooLarge => HttpError::TooLong(max_len),
            _ => HttpError::Gzip(error),
        }
    })?;
    Ok(decompressed)
}

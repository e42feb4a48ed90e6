//! Loopback addresses and redirects.

use std::net::IpAddr;

use headers::HeaderMap;
use reqwest::Url;
use reqwest::header::LOCATION;

use super::error::HttpError;

/// Whether the URL's host is this machine: a loopback address, or `localhost` (RFC 6761 section 6.3).
pub(super) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

/// The URL's scheme, host and port, without anything that may be secret.
pub(crate) fn origin(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}"));
    format!("{}://{host}{}", url.scheme(), port.unwrap_or_default())
}

/// The target of a redirect (RFC 9110 section 10.2.2), which must have the same origin.
pub(super) fn redirected(from: &Url, headers: &HeaderMap) -> Result<Url, HttpError> {
    let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let to = location.and_then(|location| from.join(location).ok());
    let to = to.ok_or(HttpError::InvalidRedirect)?;
    if to.origin() != from.origin() {
        return Err(HttpError::ForeignRedirect);
    }
    Ok(to)
}

//! Why no token is issued (RFC 6749 section 5.2).

use std::borrow::Cow;

/// Why no token is issued.
#[derive(Debug)]
pub(crate) enum Rejection {
    /// The request is malformed, or this is missing from it.
    InvalidRequest(&'static str),
    /// The client is unknown or its secret is wrong.
    InvalidClient,
    /// The refresh token is invalid or expired, or belongs to another client or user.
    InvalidGrant(&'static str),
    /// The client may not use this grant.
    UnauthorizedClient,
    /// The dialect does not have this grant type.
    UnsupportedGrantType,
    /// No part of the requested scope can be granted.
    InvalidScope,
    /// The client may not have such a token. Auth0's servers have this error.
    AccessDenied(Cow<'static, str>),
    /// There were too many requests. The next one is allowed in this many seconds.
    TooManyRequests(u64),
    /// The issuer could not do its part.
    ServerError(&'static str),
    /// The request did not arrive in time.
    Timeout,
}

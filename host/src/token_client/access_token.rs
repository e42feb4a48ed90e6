//! An access token that was obtained.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

/// An access token as its server issued it. Clones share it. The drop of the last one zeroizes it.
#[derive(Clone)]
pub struct AccessToken(Arc<Issued>);

struct Issued {
    token: SecretString,
    lifetime: Duration,
    response: SecretString,
}

impl AccessToken {
    /// `token` is known to be a `b64token`.
    pub(crate) fn new(token: SecretString, lifetime: Duration, response: SecretString) -> Self {
        Self(Arc::new(Issued {
            token,
            lifetime,
            response,
        }))
    }

    /// The token's text: a `b64token` (RFC 6750 section 2.1), so it is ASCII without white space.
    #[must_use]
    pub fn text(&self) -> &SecretString {
        &self.0.token
    }

    /// Its lifetime when it was issued, at most [`MAX_LIFETIME`](super::MAX_LIFETIME).
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        self.0.lifetime
    }

    /// The server's whole response: one JSON object. It may hold a refresh token, too.
    #[must_use]
    pub fn response(&self) -> &SecretString {
        &self.0.response
    }

    /// The value of an `Authorization` field with this token (RFC 6750 section 2.1), marked as sensitive.
    ///
    /// # Panics
    ///
    /// Never: the text was checked when the token arrived.
    #[must_use]
    pub fn authorization(&self) -> HeaderValue {
        let value = format!("Bearer {}", self.0.token.expose_secret());
        let mut value = HeaderValue::try_from(value).expect("a b64token is a header's value");
        value.set_sensitive(true);
        value
    }

    /// Whether both are clones of one token.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// Shows only the lifetime.
impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("lifetime", &self.0.lifetime)
            .finish_non_exhaustive()
    }
}

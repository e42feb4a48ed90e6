//! The dialects of authorization servers, one file for each.

pub(super) mod atm;
pub(super) mod auth0;
pub(super) mod body;
pub(super) mod oauth;

use std::fmt;

use secrecy::SecretString;

use self::body::Body;
use crate::token_client::response::TokenResponse;

/// How a kind of authorization server is asked for tokens.
///
/// Only this crate can implement it.
pub trait Dialect: fmt::Debug + Send + 'static {
    /// The request for a token with credentials, for the token endpoint at this URL.
    fn request(&mut self, url: &str) -> Body;

    /// The request that refreshes a token, if the last response gave what it needs.
    fn refresh_request(&self) -> Option<Body> {
        None
    }

    /// Takes the part of a response that refreshes its token.
    fn take_refresh(&mut self, _response: &TokenResponse) {}

    /// Forgets what refreshes a token.
    fn forget_refresh(&mut self) {}

    /// The secrets, which no error may show.
    fn secrets(&self) -> Vec<&SecretString>;
}

//! What differs between authorization servers: one file for each dialect.

pub(super) mod atm;
pub(super) mod auth0;
pub(super) mod body;

use std::fmt;

use secrecy::SecretString;

use self::body::Body;
use crate::token_client::response::TokenResponse;

/// How an authorization server is asked for tokens, and for which.
///
/// Outside of this crate nothing can implement it.
pub trait Dialect: fmt::Debug + Send + 'static {
    /// The path of the token endpoint.
    fn path(&self) -> &'static str;

    /// Asks for a token by credentials.
    fn request(&self) -> Body;

    /// Asks for a token by what the last response gave for that, if it gave anything.
    fn refresh_request(&self) -> Option<Body> {
        None
    }

    /// Takes what a response gives to refresh its token with.
    fn take_refresh(&mut self, _response: &TokenResponse) {}

    /// From here on there is nothing to refresh a token with.
    fn forget_refresh(&mut self) {}

    /// What no error may show.
    fn secrets(&self) -> Vec<&SecretString>;
}

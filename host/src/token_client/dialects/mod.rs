//! The two ways to ask for a token.

pub(super) mod atm;
pub(super) mod auth0;
pub(super) mod body;

use secrecy::SecretString;

use self::atm::Atm;
use self::auth0::Auth0;
use self::body::Body;
use crate::token_client::answer::TokenAnswer;

/// In which dialect a server is asked, and for what.
#[derive(Clone, Debug)]
pub struct Dialect(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Auth0(Auth0),
    Atm(Atm),
}

impl From<Auth0> for Dialect {
    fn from(auth0: Auth0) -> Self {
        Self(Kind::Auth0(auth0))
    }
}

impl From<Atm> for Dialect {
    fn from(atm: Atm) -> Self {
        Self(Kind::Atm(atm))
    }
}

impl Dialect {
    /// Where the server takes requests.
    pub(crate) fn path(&self) -> &'static str {
        match &self.0 {
            Kind::Auth0(_) => "/oauth/token",
            Kind::Atm(_) => "/auth/token",
        }
    }

    /// Asks for a token by credentials.
    pub(crate) fn request(&self) -> Body {
        match &self.0 {
            Kind::Auth0(auth0) => auth0.request(),
            Kind::Atm(atm) => atm.request(),
        }
    }

    /// Asks for a token by what the last answer gave for it, if it did.
    pub(crate) fn refresh_request(&self) -> Option<Body> {
        match &self.0 {
            Kind::Auth0(_) => None,
            Kind::Atm(atm) => atm.refresh_request(),
        }
    }

    /// Takes what an answer gives to refresh its token with.
    pub(crate) fn take_refresh(&mut self, answer: &TokenAnswer) {
        if let Kind::Atm(atm) = &mut self.0 {
            atm.take_refresh(answer);
        }
    }

    /// From here on it is asked by credentials again.
    pub(crate) fn forget_refresh(&mut self) {
        if let Kind::Atm(atm) = &mut self.0 {
            atm.forget_refresh();
        }
    }

    /// What no error may show.
    pub(crate) fn secrets(&self) -> Vec<&SecretString> {
        match &self.0 {
            Kind::Auth0(auth0) => vec![auth0.secret()],
            Kind::Atm(atm) => atm.secrets(),
        }
    }
}

//! The proof that a token was verified.

use core::fmt;

use crate::claims::Claims;
use crate::json::{Object, Text};
use crate::jws::Authenticated;
use crate::{Error, Policy, Time};

/// The claims of a token whose signature, claims and policy were all checked.
///
/// There is no other way to one than [`verify`](crate::verify()) and
/// [`verify_in_place`](crate::verify_in_place): to hold it is to know that the token is good. It
/// borrows the buffer that the token lies in.
pub struct Verified<'t> {
    claims: Claims<'t>,
    issuer: Text<'t>,
    expiry: u64,
}

impl<'t> Verified<'t> {
    /// Reads the claims of an authenticated token and holds them against the policy: the one maker.
    pub(crate) fn check(
        token: Authenticated<'t>,
        policy: &Policy<'_>,
        now: Time,
    ) -> Result<Self, Error> {
        let claims = Claims::read(token.payload())?;
        let (issuer, expiry) = policy.check(&claims, now)?;
        Ok(Self {
            claims,
            issuer,
            expiry,
        })
    }

    /// `iss`: who issued the token (RFC 7519 section 4.1.1).
    #[must_use]
    pub fn issuer(&self) -> Text<'t> {
        self.issuer
    }

    /// `sub`: whom the token is about (RFC 7519 section 4.1.2).
    #[must_use]
    pub fn subject(&self) -> Option<Text<'t>> {
        self.claims.subject
    }

    /// `aud`: whom the token is for, one or more (RFC 7519 section 4.1.3).
    pub fn audiences(&self) -> impl Iterator<Item = Text<'t>> + use<'t> {
        self.claims.audiences()
    }

    /// `exp`: the second from which on the token is refused, since 1970; a fraction is cut off (RFC
    /// 7519 section 4.1.4).
    #[must_use]
    pub fn expiry(&self) -> u64 {
        self.expiry
    }

    /// `nbf`: the second before which the token is refused, since 1970; a fraction is rounded up
    /// (RFC 7519 section 4.1.5).
    #[must_use]
    pub fn not_before(&self) -> Option<u64> {
        self.claims.not_before.map(|date| date.ceil())
    }

    /// `iat`: the second in which the token was issued, since 1970 (RFC 7519 section 4.1.6).
    #[must_use]
    pub fn issued_at(&self) -> Option<u64> {
        self.claims.issued_at.map(|date| date.floor())
    }

    /// `jti`: the token's own name (RFC 7519 section 4.1.7).
    #[must_use]
    pub fn token_id(&self) -> Option<Text<'t>> {
        self.claims.token_id
    }

    /// `scope`: what the token allows, one by one (RFC 6749 section 3.3). None where `scope` is
    /// absent or is ATM's object.
    pub fn scopes(&self) -> impl Iterator<Item = Text<'t>> + use<'t> {
        self.claims.scopes()
    }

    /// All claims, those that the verifier does not read included.
    #[must_use]
    pub fn claims(&self) -> Object<'t> {
        self.claims.all
    }
}

/// Shows no claim, so that logging a `Verified` gives nobody away.
impl fmt::Debug for Verified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified").finish_non_exhaustive()
    }
}

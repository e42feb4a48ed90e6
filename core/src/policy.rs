//! What a token must say to be accepted.

use crate::claims::Claims;
use crate::json::Text;
use crate::{Claim, Error, Time};

/// What a token must say to be accepted.
///
/// Issuer and audience are mandatory, so that a token that was meant for somebody else is never
/// accepted (RFC 8725 sections 3.8 and 3.9), and so is the token's `exp`. The leeway is 0 unless it
/// is set.
///
/// ```
/// use tokenlatch::Policy;
///
/// const POLICY: Policy = Policy::new("https://issuer.example/", "https://api.example.com/").leeway(5);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy<'p> {
    issuer: &'p str,
    audience: &'p str,
    leeway: u64,
}

impl<'p> Policy<'p> {
    /// Accepts tokens of `issuer` for `audience`, both compared character by character.
    #[must_use]
    pub const fn new(issuer: &'p str, audience: &'p str) -> Self {
        Self {
            issuer,
            audience,
            leeway: 0,
        }
    }

    /// Accepts a token up to `seconds` after it expired or before it becomes valid, for clocks that
    /// differ.
    #[must_use]
    pub const fn leeway(mut self, seconds: u32) -> Self {
        self.leeway = seconds as u64;
        self
    }

    /// Holds the claims against the policy and returns the two that are mandatory, issuer and expiry.
    pub(crate) fn check<'t>(
        &self,
        claims: &Claims<'t>,
        now: Time,
    ) -> Result<(Text<'t>, u64), Error> {
        let issuer = claims.issuer.ok_or(Error::MissingClaim(Claim::Issuer))?;
        if issuer != self.issuer {
            return Err(Error::WrongIssuer);
        }
        if claims.audience.is_none() {
            return Err(Error::MissingClaim(Claim::Audience));
        }
        if !claims.audiences().any(|audience| audience == self.audience) {
            return Err(Error::WrongAudience);
        }
        let expiry = claims
            .expiry
            .ok_or(Error::MissingClaim(Claim::Expiry))?
            .floor();
        if now.latest >= expiry.saturating_add(self.leeway) {
            return Err(Error::Expired);
        }
        let not_before = claims.not_before.map_or(0, |date| date.ceil());
        if now.earliest.saturating_add(self.leeway) < not_before {
            return Err(Error::NotYetValid);
        }
        Ok((issuer, expiry))
    }
}

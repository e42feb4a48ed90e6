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

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Policy = Policy::new("https://issuer.example/", "api");

    fn error(policy: &Policy<'_>, claims: &str, now: u64) -> Option<Error> {
        let claims = Claims::read(claims.as_bytes()).unwrap();
        policy.check(&claims, Time::exactly(now)).err()
    }

    #[test]
    fn issuer_audience_and_expiry_are_required_and_compared_exactly() {
        for (claims, expected) in [
            (
                r#"{"iss":"https://issuer.example/","aud":"api","exp":10}"#,
                None,
            ),
            (
                r#"{"iss":"https:\/\/issuer.example\/","aud":["x","api"],"exp":10}"#,
                None,
            ),
            (
                r#"{"aud":"api","exp":10}"#,
                Some(Error::MissingClaim(Claim::Issuer)),
            ),
            (
                r#"{"iss":"https://issuer.example","aud":"api","exp":10}"#,
                Some(Error::WrongIssuer),
            ),
            (
                r#"{"iss":"https://Issuer.example/","aud":"api","exp":10}"#,
                Some(Error::WrongIssuer),
            ),
            (
                r#"{"iss":"","aud":"api","exp":10}"#,
                Some(Error::WrongIssuer),
            ),
            (
                r#"{"iss":"https://issuer.example/","exp":10}"#,
                Some(Error::MissingClaim(Claim::Audience)),
            ),
            (
                r#"{"iss":"https://issuer.example/","aud":[],"exp":10}"#,
                Some(Error::WrongAudience),
            ),
            (
                r#"{"iss":"https://issuer.example/","aud":"api2","exp":10}"#,
                Some(Error::WrongAudience),
            ),
            (
                r#"{"iss":"https://issuer.example/","aud":"x api","exp":10}"#,
                Some(Error::WrongAudience),
            ),
            (
                r#"{"iss":"https://issuer.example/","aud":"api"}"#,
                Some(Error::MissingClaim(Claim::Expiry)),
            ),
        ] {
            assert_eq!(error(&POLICY, claims, 9), expected, "{claims}");
        }
    }

    #[test]
    fn a_token_is_good_from_not_before_until_just_before_expiry() {
        let claims = r#"{"iss":"https://issuer.example/","aud":"api","nbf":5.5,"exp":10.9}"#;
        let verdicts = [
            (5, Some(Error::NotYetValid)),
            (6, None),
            (9, None),
            (10, Some(Error::Expired)),
            (u64::MAX, Some(Error::Expired)),
        ];
        for (now, expected) in verdicts {
            assert_eq!(error(&POLICY, claims, now), expected, "{now}");
        }
        let lenient = POLICY.leeway(3);
        for (now, expected) in [
            (2, Some(Error::NotYetValid)),
            (3, None),
            (12, None),
            (13, Some(Error::Expired)),
            (u64::MAX, Some(Error::Expired)),
        ] {
            assert_eq!(error(&lenient, claims, now), expected, "{now}");
        }
    }
}

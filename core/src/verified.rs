//! The proof that a token was verified.

use core::fmt;

use crate::claims::Claims;
use crate::error::Error;
use crate::header::Header;
use crate::json::{Object, Text, Value};
use crate::numeric_date::NumericDate;
use crate::policy::Policy;
use crate::time::Time;

/// The claims of a token whose signature, claims and policy were all checked.
///
/// [`Authenticated::verify`](crate::Authenticated::verify) is its only maker, which
/// [`verify`](crate::verify()) and [`verify_in_place`](crate::verify_in_place) call: whoever holds it
/// knows that the token is good. It borrows the buffer of the token.
///
/// It cannot be forged:
///
/// ```compile_fail,E0451
/// # fn forge(good: tokenlatch::Verified<'_>) {
/// let forged = tokenlatch::Verified { is_certain: true, ..good };
/// # }
/// ```
///
/// It cannot be made from a token that was not authenticated:
///
/// ```compile_fail,E0599
/// # use tokenlatch::{Policy, Time, Unverified};
/// # fn forge(token: Unverified<'_>, policy: &Policy<'_>) {
/// let forged = token.verify(policy, Time::exactly(0));
/// # }
/// ```
///
/// ```compile_fail,E0451
/// # fn forge(payload: &[u8], good: tokenlatch::Authenticated<'_>) {
/// let forged = tokenlatch::Authenticated { payload, ..good };
/// # }
/// ```
///
/// It cannot outlive the token's buffer:
///
/// ```compile_fail,E0597
/// # use tokenlatch::{Error, JwkSet, Policy, Time, verify_in_place};
/// # fn outlive(keys: &JwkSet<1>, policy: &Policy<'_>) -> Result<(), Error> {
/// let verified = {
///     let mut token = *b"...";
///     verify_in_place(&mut token, keys, policy, Time::exactly(0))?
/// };
/// verified.expiry();
/// # Ok(())
/// # }
/// ```
///
/// It does not survive a change of the buffer:
///
/// ```compile_fail,E0506
/// # use tokenlatch::{Error, JwkSet, Policy, Time, verify_in_place};
/// # fn change(keys: &JwkSet<1>, policy: &Policy<'_>) -> Result<(), Error> {
/// let mut token = *b"...";
/// let verified = verify_in_place(&mut token, keys, policy, Time::exactly(0))?;
/// token[0] = 0;
/// verified.expiry();
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Verified<'t> {
    key_id: Option<Text<'t>>,
    claims: Claims<'t>,
    is_certain: bool,
}

impl<'t> Verified<'t> {
    /// Reads the claims that the key's owner signed, and compares them with the policy.
    ///
    /// Not inlined, so that what it works with takes no stack while the signature is checked.
    #[inline(never)]
    pub(crate) fn new(
        payload: &'t [u8],
        header: Header<'t>,
        policy: &Policy<'_>,
        now: Time,
    ) -> Result<Self, Error> {
        let mut claims = Claims::default();
        claims.read(payload)?;
        let is_certain = policy.check(header.token_type, &claims, now)?;
        Ok(Self {
            key_id: header.key_id,
            claims,
            is_certain,
        })
    }

    /// Whether the token is valid at every second that the [`Time`] may be. Always true unless the policy
    /// said [`accept_uncertain`](Policy::accept_uncertain).
    #[must_use]
    pub fn is_certainly_valid(&self) -> bool {
        self.is_certain
    }

    /// Which key the token named: `kid`, or else `x5t` (RFC 7515 sections 4.1.4 and 4.1.7). It was verified by that
    /// key, or by the only key of the set, which has no `kid`.
    #[must_use]
    pub fn key_id(&self) -> Option<Text<'t>> {
        self.key_id
    }

    /// `iss`: who issued the token (RFC 7519 section 4.1.1).
    #[must_use]
    pub fn issuer(&self) -> Text<'t> {
        self.claims.issuer.unwrap_or_default()
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

    /// `exp`: the second from which on the token is rejected, since 1970; a fraction is cut off (RFC
    /// 7519 section 4.1.4).
    #[must_use]
    pub fn expiry(&self) -> u64 {
        self.claims.expiry.map_or(0, NumericDate::floor)
    }

    /// `nbf`: the second before which the token is rejected, since 1970; a fraction is rounded up
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

    /// `scope`: what the token allows, one by one (RFC 6749 section 3.3), then `scp`, which Entra, Okta and
    /// AD FS have in its place. Either is a text, with spaces between the scopes, or a list. ATM's object
    /// `scope` has none.
    pub fn scopes(&self) -> impl Iterator<Item = Text<'t>> + use<'t> {
        self.claims.scopes()
    }

    /// Whether the token allows this scope.
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        self.claims.has_scope(scope)
    }

    /// Whom the token was issued to: the first that is present of `azp` (OpenID Connect Core section 2),
    /// `client_id` (RFC 8693 section 4.3), `cid` (Okta) and `appid` (Entra version 1.0, AD FS). Nobody, if that is
    /// a `cid` or `appid` that is no text.
    #[must_use]
    pub fn client(&self) -> Option<Text<'t>> {
        self.claims.client().ok().flatten()
    }

    /// `permissions`: Auth0's array of what the client or user may do, one by one.
    pub fn permissions(&self) -> impl Iterator<Item = Text<'t>> + use<'t> {
        self.texts(&["permissions"])
    }

    /// The texts of any claim, one by one: of a list, such as `&["roles"]` or `&["realm_access", "roles"]`,
    /// or the only one.
    pub fn texts(&self, path: &[&str]) -> impl Iterator<Item = Text<'t>> + use<'t> {
        self.claim(path).unwrap_or(Value::Null).texts()
    }

    /// Any claim, by the names on the way to it: `&["scope", "email"]` is the `email` of ATM's
    /// `scope` object, `&["https://example.com/roles"]` is a custom claim.
    #[must_use]
    pub fn claim(&self, path: &[&str]) -> Option<Value<'t>> {
        self.claims.all.at(path)
    }

    /// All claims, those that the verifier does not read included.
    #[must_use]
    pub fn claims(&self) -> Object<'t> {
        self.claims.all
    }

    /// The claims as the caller's own type, by serde-json-core; it borrows texts where it can.
    ///
    /// That reader is not made for hostile bytes: it gets only what the strict reader has accepted. A text
    /// with escapes needs an owned type (`heapless::String`, `String`) and may be at most 256 bytes long.
    ///
    /// # Errors
    ///
    /// [`Error::UnexpectedClaims`].
    #[cfg(feature = "serde")]
    pub fn deserialize<T: serde::Deserialize<'t>>(&self) -> Result<T, Error> {
        let mut unescaped = [0; 256];
        serde_json_core::from_str_escaped(self.claims.all.as_str(), &mut unescaped)
            .map(|(claims, _)| claims)
            .map_err(|_| Error::UnexpectedClaims)
    }
}

/// Shows no claim, so that logging a `Verified` gives nobody away.
impl fmt::Debug for Verified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;

    const POLICY: Policy = Policy::new("https://issuer.example/", "api").accept_uncertain();

    fn verify(payload: &str, now: Time) -> Verified<'_> {
        let header = Header::read(br#"{"alg":"RS256","kid":"2026-11"}"#).unwrap();
        Verified::new(payload.as_bytes(), header, &POLICY, now).unwrap()
    }

    #[test]
    fn has_what_the_token_says_and_shows_nothing_of_it() {
        let payload = r#"{"iss":"https://issuer.example/","sub":"me","aud":["api","b"],"exp":19.5,
            "nbf":2.5,"iat":3.5,"jti":"7","scope":"read write","azp":"app","permissions":["open"],
            "realm_access":{"roles":["opener"]}}"#;
        let verified = verify(payload, Time::exactly(9));
        assert!(verified.is_certainly_valid());
        assert_eq!(verified.key_id().unwrap(), "2026-11");
        assert_eq!(verified.issuer(), "https://issuer.example/");
        assert_eq!(verified.subject().unwrap(), "me");
        assert!(verified.audiences().eq(["api", "b"]));
        assert_eq!(verified.expiry(), 19);
        assert_eq!(verified.not_before(), Some(3));
        assert_eq!(verified.issued_at(), Some(3));
        assert_eq!(verified.token_id().unwrap(), "7");
        assert!(verified.scopes().eq(["read", "write"]));
        assert!(verified.has_scope("read"));
        assert!(!verified.has_scope("rea"));
        assert_eq!(verified.client().unwrap(), "app");
        assert!(verified.permissions().eq(["open"]));
        let roles = ["realm_access", "roles"];
        assert!(verified.texts(&roles).eq(["opener"]));
        assert!(matches!(verified.claim(&roles), Some(Value::Array(_))));
        assert_eq!(verified.claims().as_str(), payload);
        assert_eq!(format!("{verified:?}"), "Verified { .. }");
    }

    #[test]
    fn has_nothing_that_the_token_does_not_say() {
        let payload = r#"{"iss":"https://issuer.example/","aud":"api","exp":10}"#;
        let verified = verify(payload, Time::exactly(9));
        let texts = [verified.subject(), verified.token_id(), verified.client()];
        assert!(texts.iter().all(Option::is_none));
        assert_eq!([verified.not_before(), verified.issued_at()], [None, None]);
        assert_eq!(verified.scopes().chain(verified.permissions()).count(), 0);
        assert!(verified.claim(&["sub"]).is_none());
        assert!(verified.audiences().eq(["api"]));
    }

    #[test]
    fn knows_whether_the_time_was_uncertain() {
        let payload = r#"{"iss":"https://issuer.example/","aud":"api","exp":10}"#;
        let now = Time::between(8, 12);
        assert!(!verify(payload, now).is_certainly_valid());
    }
}

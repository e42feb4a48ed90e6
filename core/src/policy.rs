//! What a token must say to be accepted.

use core::time::Duration;

use crate::claim::Claim;
use crate::claims::Claims;
use crate::error::Error;
use crate::header::is_same_media_type;
use crate::json::{Decimal, Raw, Text};
use crate::tenant;
use crate::time::Time;

/// How far `iat` may be in the future by default, where [`Time::exactly`] gives the present.
pub const ISSUED_AHEAD: Duration = Duration::from_secs(60);

/// What a token must say to be accepted.
///
/// A policy begins with the issuer and with whom the tokens are for, so that a token that was meant for
/// somebody else is never accepted (RFC 8725 sections 3.8 and 3.9):
///
/// | constructor | for tokens |
/// |---|---|
/// | [`new`](Self::new) | of one issuer, for an audience |
/// | [`rfc9068`](Self::rfc9068) | of one issuer, for an audience, as RFC 9068 has them |
/// | [`for_client`](Self::for_client) | of one issuer, without an audience, for a client |
/// | [`for_tenants`](Self::for_tenants) | of an issuer of many tenants, for an audience |
///
/// The token's `exp` is mandatory, too. Everything else begins at its strictest.
///
/// The methods that take a list add up: called again, [`require_scopes`](Self::require_scopes) requires
/// the scopes of both lists. Each of them may be called up to four times, and
/// [`require_claim`](Self::require_claim) up to eight times. A policy that asks for more accepts nothing
/// ([`Error::PolicyTooLarge`]). The methods that take one value replace it, as does
/// [`only_tenants`](Self::only_tenants).
///
/// Texts are compared character by character, after JSON's escapes are undone.
///
/// # Dates
///
/// One rule holds for all dates: each must hold at every second that the present may be ([`Time`]), give or
/// take the [`leeway`](Self::leeway), which is none by default.
///
/// | claim | holds | if it is absent |
/// |---|---|---|
/// | `exp` | before it | rejected |
/// | `nbf` | from it on | accepted |
/// | `iat` | from [`ISSUED_AHEAD`] before it on, and until it is [`max_age`](Self::max_age) old | accepted, unless there is a `max_age` |
///
/// RFC 7519 gives `exp` and `nbf` the meaning that a token is not accepted at some times, and section 4.1.6
/// gives `iat` none. So the default bears with an issuer's clock that is a little ahead of
/// [`Time::exactly`]. [`reject_issued_in_future`](Self::reject_issued_in_future) does not.
/// [`Time::between`] and [`Time::at_least`] say themselves how far a clock may be off, so nothing is added
/// to them. An interval of one second is exact.
///
/// ```
/// use core::time::Duration;
///
/// use tokenlatch::Policy;
///
/// const POLICY: Policy = Policy::new("https://issuer.example/", "https://api.example.com/")
///     .leeway(Duration::from_secs(5))
///     .require_scopes(&["read:doors"]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy<'p> {
    issuers: Lists<'p>,
    issuer_templates: &'p [&'p str],
    tenants: Option<&'p [&'p str]>,
    audiences: Lists<'p>,
    token_type: Option<&'p str>,
    subject: Option<&'p str>,
    client: Option<&'p str>,
    scopes: Lists<'p>,
    claims: Lists<'p>,
    values: Values<'p>,
    /// Whether there was room for all lists and values.
    is_complete: bool,
    /// In seconds, as are `max_age` and `issued_ahead`.
    leeway: u64,
    max_age: Option<u64>,
    /// Without it, [`ISSUED_AHEAD`], but only where the present is known to the second.
    issued_ahead: Option<u64>,
    accepts_uncertain: bool,
}

/// The value that a policy requires of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClaimValue<'p> {
    /// A text, character by character.
    Text(&'p str),
    /// A whole number, however it is written.
    Number(u64),
    /// `true` or `false`.
    Bool(bool),
    /// A text with these characters, or a number or boolean that is written with them: for a value whose type
    /// is not known, such as one from a command line.
    Written(&'p str),
}

impl<'p> From<&'p str> for ClaimValue<'p> {
    fn from(text: &'p str) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for ClaimValue<'_> {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for ClaimValue<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl<'p> Policy<'p> {
    /// Accepts tokens of `issuer` for `audience`.
    #[must_use]
    pub const fn new(issuer: &'p str, audience: &'p str) -> Self {
        Self {
            issuers: Lists::of(issuer),
            audiences: Lists::of(audience),
            ..Self::NOTHING
        }
    }

    /// Accepts tokens of `issuer` that have no audience, for `client`: the access tokens of Amazon Cognito, and
    /// those of a Keycloak client without an audience mapper.
    ///
    /// In place of `aud`, the client is mandatory, as in [`require_client`](Self::require_client). A token
    /// that has an `aud` names an audience that this policy does not know, so it is rejected (RFC 7519
    /// section 4.1.3).
    #[must_use]
    pub const fn for_client(issuer: &'p str, client: &'p str) -> Self {
        Self {
            issuers: Lists::of(issuer),
            client: Some(client),
            ..Self::NOTHING
        }
    }

    /// Accepts tokens for `audience` of an issuer that has one name for each tenant, such as
    /// `https://login.microsoftonline.com/{tenantid}/v2.0`.
    ///
    /// The token's own `tid`, a GUID, must complete one of the templates to the token's `iss`. So any tenant
    /// is accepted, unless there is a list ([`only_tenants`](Self::only_tenants)). A template has exactly one
    /// `{tenantid}`; any other accepts nothing.
    #[must_use]
    pub const fn for_tenants(issuer_templates: &'p [&'p str], audience: &'p str) -> Self {
        Self {
            issuer_templates,
            audiences: Lists::of(audience),
            ..Self::NOTHING
        }
    }

    /// Accepts no token, for it names no issuer.
    const NOTHING: Self = Self {
        issuers: Lists::NONE,
        issuer_templates: &[],
        tenants: None,
        audiences: Lists::NONE,
        token_type: None,
        subject: None,
        client: None,
        scopes: Lists::NONE,
        claims: Lists::NONE,
        values: Values::NONE,
        is_complete: true,
        leeway: 0,
        max_age: None,
        issued_ahead: None,
        accepts_uncertain: false,
    };

    /// Accepts access tokens of `issuer` for `audience` that keep to RFC 9068: `typ` is `at+jwt`
    /// (section 2.1), and `sub`, `client_id`, `iat` and `jti` are present (section 2.2).
    #[must_use]
    pub const fn rfc9068(issuer: &'p str, audience: &'p str) -> Self {
        Self::new(issuer, audience)
            .require_type("at+jwt")
            .require_claims(&["sub", "client_id", "iat", "jti"])
    }

    /// Accepts these issuers, too. All of them share the key set that tokens are verified with.
    #[must_use]
    pub const fn or_issuers(mut self, issuers: &'p [&'p str]) -> Self {
        self.is_complete &= self.issuers.add(issuers);
        self
    }

    /// Accepts the tenants of this list, and no other. Called again, it replaces the list.
    ///
    /// It says nothing about the issuers that have a name of their own.
    #[must_use]
    pub const fn only_tenants(mut self, tenants: &'p [&'p str]) -> Self {
        self.tenants = Some(tenants);
        self
    }

    /// Accepts these audiences, too.
    #[must_use]
    pub const fn or_audiences(mut self, audiences: &'p [&'p str]) -> Self {
        self.is_complete &= self.audiences.add(audiences);
        self
    }

    /// Requires the header's `typ`, compared as a media type (RFC 7515 section 4.1.9), so that
    /// `at+jwt` and `application/at+jwt` are the same.
    #[must_use]
    pub const fn require_type(mut self, media_type: &'p str) -> Self {
        self.token_type = Some(media_type);
        self
    }

    /// Requires this `sub`.
    #[must_use]
    pub const fn require_subject(mut self, subject: &'p str) -> Self {
        self.subject = Some(subject);
        self
    }

    /// Requires this client: in the first of `azp`, `client_id`, `cid` (Okta) and `appid` (Entra version 1.0,
    /// AD FS) that the token has.
    #[must_use]
    pub const fn require_client(mut self, client: &'p str) -> Self {
        self.client = Some(client);
        self
    }

    /// Requires all of these scopes.
    #[must_use]
    pub const fn require_scopes(mut self, scopes: &'p [&'p str]) -> Self {
        self.is_complete &= self.scopes.add(scopes);
        self
    }

    /// Requires all of these claims. They may have any value but `null`.
    #[must_use]
    pub const fn require_claims(mut self, claims: &'p [&'p str]) -> Self {
        self.is_complete &= self.claims.add(claims);
        self
    }

    /// Requires that the claim at the end of the path has this value, or is a list with this value.
    ///
    /// ```
    /// use tokenlatch::{ClaimValue, Policy};
    ///
    /// const POLICY: Policy = Policy::new("https://issuer.example/", "https://api.example.com/")
    ///     .require_claim(&["token_use"], ClaimValue::Text("access"))
    ///     .require_claim(&["email_verified"], ClaimValue::Bool(true))
    ///     .require_claim(&["realm_access", "roles"], ClaimValue::Text("door-opener"));
    /// ```
    #[must_use]
    pub const fn require_claim(mut self, path: &'p [&'p str], value: ClaimValue<'p>) -> Self {
        self.is_complete &= self.values.add(path, value);
        self
    }

    /// Allows for clocks that differ by this much, in every comparison with the time. Fractions of a second
    /// are cut off.
    #[must_use]
    pub const fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = seconds(leeway);
        self
    }

    /// Requires `iat`, and rejects a token that was issued longer ago than this. Fractions of a
    /// second are cut off.
    #[must_use]
    pub const fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(seconds(max_age));
        self
    }

    /// Accepts a token whose `iat` is in the future, however far.
    #[must_use]
    pub const fn accept_issued_in_future(mut self) -> Self {
        self.issued_ahead = Some(FOREVER);
        self
    }

    /// Rejects a token whose `iat` is in the future by more than the [`leeway`](Self::leeway): without this,
    /// by more than [`ISSUED_AHEAD`] and the leeway.
    #[must_use]
    pub const fn reject_issued_in_future(mut self) -> Self {
        self.issued_ahead = Some(0);
        self
    }

    /// Accepts a token that is valid at some second that the [`Time`] may be, even if it is not valid at all
    /// of them.
    ///
    /// With [`Time::at_least`] a device without a clock can ask for no more than this: a token that is known
    /// to have expired is rejected, but a stolen token works until the floor passes its `exp`.
    /// [`Verified::is_certainly_valid`](crate::Verified::is_certainly_valid) tells the two apart, so
    /// that less can be granted.
    #[must_use]
    pub const fn accept_uncertain(mut self) -> Self {
        self.accepts_uncertain = true;
        self
    }

    /// Whether tokens of this issuer may be accepted: for choosing the policy that a token is for.
    #[must_use]
    pub fn accepts_issuer(&self, issuer: Text<'_>) -> bool {
        let mut templates = self.issuer_templates.iter();
        self.issuers.contain(issuer)
            || templates.any(|template| tenant::is_of_template(issuer, template.as_bytes()))
    }

    /// Compares a token's type and claims with the policy. Accepted claims have an issuer and an expiry.
    /// Returns whether the token is valid whatever the time really is.
    ///
    /// Not inlined, so that what it works with takes no stack while the claims are read.
    #[inline(never)]
    pub(crate) fn check(
        &self,
        token_type: Option<Text<'_>>,
        claims: &Claims<'_>,
        now: Time,
    ) -> Result<bool, Error> {
        require(self.is_complete, Error::PolicyTooLarge)?;
        if let Some(required) = self.token_type {
            let token_type = token_type.ok_or(Error::WrongType)?;
            require(is_same_media_type(token_type, required), Error::WrongType)?;
        }
        let issuer = claims.issuer.ok_or(Error::MissingClaim(Claim::Issuer))?;
        if !self.issuers.contain(issuer) {
            self.check_tenant(issuer, claims)?;
        }
        self.check_audience(claims)?;

        if let Some(required) = self.subject {
            let subject = claims.subject.ok_or(Error::MissingClaim(Claim::Subject))?;
            require(subject == required, Error::WrongSubject)?;
        }
        if let Some(required) = self.client {
            let client = claims.client()?;
            let client = client.ok_or(Error::MissingClaim(Claim::ClientId))?;
            require(client == required, Error::WrongClient)?;
        }
        let has_all = self.scopes.all(&mut |required| claims.has_scope(required));
        require(has_all, Error::MissingScope)?;
        let has_all = self.claims.all(&mut |required| {
            let value = claims.all.member(required);
            value.is_some_and(|value| !value.is_null())
        });
        require(has_all, Error::MissingRequiredClaim)?;
        for (path, required) in self.values.0.iter().flatten() {
            let value = claims.all.find(path).filter(|value| !value.is_null());
            let value = value.ok_or(Error::MissingRequiredClaim)?;
            let is_right = value.elements().any(|value| required.is(value));
            require(is_right, Error::WrongClaim)?;
        }
        self.check_dates(claims, now)
    }

    /// Compares an issuer without a name of its own with the templates.
    fn check_tenant(&self, issuer: Text<'_>, claims: &Claims<'_>) -> Result<(), Error> {
        for template in self.issuer_templates {
            if !tenant::is_of_template(issuer, template.as_bytes()) {
                continue;
            }
            let tenant = claims.tenant()?;
            let tenant = tenant.ok_or(Error::MissingClaim(Claim::TenantId))?;
            let is_other = |other: &&str| !tenant::is_same_tenant(tenant, other.as_bytes());
            let is_unlisted = |tenants: &[&str]| tenants.iter().all(is_other);
            if tenant::is_of_tenant(issuer, template.as_bytes(), tenant) {
                let is_rejected = self.tenants.is_some_and(is_unlisted);
                return require(!is_rejected, Error::WrongIssuer);
            }
        }
        Err(Error::WrongIssuer)
    }

    fn check_audience(&self, claims: &Claims<'_>) -> Result<(), Error> {
        if claims.audience.is_none() {
            let error = Error::MissingClaim(Claim::Audience);
            return require(self.audiences.is_empty(), error);
        }
        let is_accepted = claims.audiences().any(|it| self.audiences.contain(it));
        require(is_accepted, Error::WrongAudience)
    }

    /// Compares the dates with the time; returns whether the token is valid for certain.
    fn check_dates(&self, claims: &Claims<'_>, now: Time) -> Result<bool, Error> {
        // Dates with a fraction are rounded towards rejection.
        let leeway = self.leeway;
        let mut window = now.window(self.accepts_uncertain);
        let expiry = claims.expiry.ok_or(Error::MissingClaim(Claim::Expiry))?;
        let is_valid = window.end_before(expiry.floor() + leeway);
        require(is_valid, Error::Expired)?;
        if let Some(date) = claims.not_before {
            let is_valid = window.begin_at(date.ceil().saturating_sub(leeway));
            require(is_valid, Error::NotYetValid)?;
        }
        if let Some(date) = claims.issued_at {
            let ahead = match self.issued_ahead {
                Some(seconds) => seconds,
                None if now.is_exact() => ISSUED_AHEAD.as_secs(),
                // A time that says how uncertain it is does not need a little more.
                None => 0,
            };
            let is_past = window.begin_at(date.ceil().saturating_sub(ahead + leeway));
            require(is_past, Error::IssuedInFuture)?;
        }
        if let Some(max_age) = self.max_age {
            let issued_at = claims
                .issued_at
                .ok_or(Error::MissingClaim(Claim::IssuedAt))?;
            let last = issued_at.floor() + max_age + leeway;
            require(window.end_before(last + 1), Error::TooOld)?;
        }
        Ok(window.is_certain)
    }
}

/// A text, perhaps, and up to four lists of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lists<'p> {
    one: Option<&'p str>,
    lists: [&'p [&'p str]; 4],
}

impl<'p> Lists<'p> {
    const NONE: Self = Self {
        one: None,
        lists: [&[]; 4],
    };

    const fn of(one: &'p str) -> Self {
        Self {
            one: Some(one),
            ..Self::NONE
        }
    }

    /// Returns whether there was room.
    const fn add(&mut self, list: &'p [&'p str]) -> bool {
        let [a, b, c, d] = self.lists;
        self.lists = [list, a, b, c];
        d.is_empty()
    }

    fn is_empty(&self) -> bool {
        self.all(&mut |_| false)
    }

    fn contain(&self, text: Text<'_>) -> bool {
        !self.all(&mut |other| text != other)
    }

    /// Whether something holds of every text.
    // Not inlined on a device, so that it is there once.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    fn all(&self, holds: &mut dyn FnMut(&str) -> bool) -> bool {
        self.one.is_none_or(&mut *holds)
            && self
                .lists
                .iter()
                .all(|list| list.iter().all(|text| holds(text)))
    }
}

/// Up to eight claims, each with its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Values<'p>([Option<(&'p [&'p str], ClaimValue<'p>)>; 8]);

impl<'p> Values<'p> {
    const NONE: Self = Self([None; 8]);

    /// Returns whether there was room.
    const fn add(&mut self, path: &'p [&'p str], value: ClaimValue<'p>) -> bool {
        let [a, b, c, d, e, f, g, h] = self.0;
        self.0 = [Some((path, value)), a, b, c, d, e, f, g];
        h.is_none()
    }
}

impl ClaimValue<'_> {
    fn is(&self, value: Raw<'_>) -> bool {
        let written = match *self {
            Self::Number(number) => {
                let other = value.as_decimal(number).and_then(Decimal::as_u64);
                return other == Some(number);
            }
            Self::Bool(truth) => return value.is_bool(truth),
            Self::Text(text) | Self::Written(text) => match value.as_text() {
                Some(other) => return other == text,
                None if matches!(self, Self::Text(_)) => return false,
                None => text,
            },
        };
        value.is_written(written)
    }
}

/// A span of time in whole seconds.
const fn seconds(span: Duration) -> u64 {
    if span.as_secs() < FOREVER {
        span.as_secs()
    } else {
        FOREVER
    }
}

/// 34,000 years, which is longer than all dates, and of which a few and a date have no sum beyond 64 bits.
const FOREVER: u64 = 1 << 40;

fn require(holds: bool, error: Error) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(error) }
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;
    use crate::json;

    const POLICY: Policy = Policy::new("https://issuer.example/", "api");

    fn read(payload: &str) -> Result<Claims<'_>, Error> {
        let mut claims = Claims::default();
        claims.read(payload.as_bytes()).map(|()| claims)
    }

    fn check(policy: &Policy<'_>, claims: &str, now: Time) -> Result<bool, Error> {
        let claims = read(claims)?;
        policy.check(None, &claims, now)
    }

    /// The verdict on claims that are accepted but for `more`, at time 9.
    fn error(policy: &Policy<'_>, more: &str) -> Option<Error> {
        let claims = format!(r#"{{"iss":"https://issuer.example/","aud":"api","exp":10{more}}}"#);
        check(policy, &claims, Time::exactly(9)).err()
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
            assert_eq!(
                check(&POLICY, claims, Time::exactly(9)).err(),
                expected,
                "{claims}"
            );
        }
    }

    #[test]
    fn several_issuers_and_audiences_can_be_accepted() {
        let policy = Policy::new("a", "b").or_issuers(&["https://issuer.example/"]);
        assert_eq!(error(&policy, ""), Some(Error::WrongAudience));
        assert_eq!(error(&policy.or_audiences(&["c", "api"]), ""), None);
        assert_eq!(
            error(&POLICY.or_issuers(&["a"]).or_audiences(&["b"]), ""),
            None
        );
        assert_eq!(
            error(&Policy::new("a", "api").or_issuers(&[]), ""),
            Some(Error::WrongIssuer)
        );
    }

    #[test]
    fn lists_add_up() {
        let issuers = Policy::new("a", "api")
            .or_issuers(&["https://issuer.example/"])
            .or_issuers(&["b"]);
        assert_eq!(error(&issuers, ""), None);
        let audiences = Policy::new("https://issuer.example/", "a")
            .or_audiences(&["api"])
            .or_audiences(&["b"]);
        assert_eq!(error(&audiences, ""), None);
        let scopes = POLICY.require_scopes(&["read"]).require_scopes(&["write"]);
        assert_eq!(error(&scopes, r#","scope":"read write""#), None);
        assert_eq!(
            error(&scopes, r#","scope":"write""#),
            Some(Error::MissingScope)
        );
        let claims = POLICY.require_claims(&["x"]).require_claims(&["y"]);
        assert_eq!(error(&claims, r#","x":1,"y":1"#), None);
        assert_eq!(
            error(&claims, r#","y":1"#),
            Some(Error::MissingRequiredClaim)
        );
    }

    #[test]
    fn a_policy_with_too_many_lists_accepts_nothing() {
        const LIST: &[&str] = &["x"];
        let four = |add: fn(Policy<'static>) -> Policy<'static>| add(add(add(add(POLICY))));
        for add in [
            (|policy| policy.or_issuers(LIST)) as fn(Policy<'static>) -> Policy<'static>,
            |policy| policy.or_audiences(LIST),
            |policy| policy.require_scopes(LIST),
            |policy| policy.require_claims(LIST),
        ] {
            let all = r#","scope":"x","x":1"#;
            assert_eq!(error(&four(add), all), None);
            assert_eq!(error(&add(four(add)), all), Some(Error::PolicyTooLarge));
            assert_eq!(
                error(&add(add(four(add))), all),
                Some(Error::PolicyTooLarge)
            );
        }
    }

    #[test]
    fn subject_and_client_can_be_required() {
        let policy = POLICY.require_subject("me");
        assert_eq!(
            error(&policy, ""),
            Some(Error::MissingClaim(Claim::Subject))
        );
        assert_eq!(error(&policy, r#","sub":"you""#), Some(Error::WrongSubject));
        assert_eq!(error(&policy, r#","sub":"me""#), None);
        let policy = POLICY.require_client("app");
        assert_eq!(
            error(&policy, ""),
            Some(Error::MissingClaim(Claim::ClientId))
        );
        assert_eq!(error(&policy, r#","azp":"app""#), None);
        assert_eq!(error(&policy, r#","client_id":"app""#), None);
        assert_eq!(error(&policy, r#","azp":"app","client_id":"app""#), None);
        assert_eq!(error(&policy, r#","azp":"app","client_id":"x""#), None);
        assert_eq!(error(&policy, r#","cid":"app""#), None);
        assert_eq!(error(&policy, r#","appid":"app","cid":"app""#), None);
        for claims in [
            r#","azp":"other","client_id":"app""#,
            r#","client_id":"other","cid":"app""#,
            r#","cid":"other","appid":"app""#,
            r#","appid":"other""#,
            r#","azp":"""#,
        ] {
            assert_eq!(error(&policy, claims), Some(Error::WrongClient), "{claims}");
        }
        assert_eq!(
            error(&policy, r#","cid":["app"]"#),
            Some(Error::InvalidClaim(Claim::Cid))
        );
    }

    #[test]
    fn without_an_audience_the_client_is_mandatory() {
        let policy = Policy::for_client("https://issuer.example/", "app");
        let verdict = |policy: &Policy<'_>, more: &str| {
            let claims = format!(r#"{{"iss":"https://issuer.example/","exp":10{more}}}"#);
            check(policy, &claims, Time::exactly(9)).err()
        };
        assert_eq!(verdict(&policy, r#","client_id":"app""#), None);
        let missing = Some(Error::MissingClaim(Claim::ClientId));
        assert_eq!(verdict(&policy, ""), missing);
        let wrong = Some(Error::WrongClient);
        assert_eq!(verdict(&policy, r#","client_id":"other""#), wrong);
        // It is for somebody, and the policy does not say that it is for us.
        for audience in [r#""api""#, r#""app""#, "[]"] {
            let claims = format!(r#","client_id":"app","aud":{audience}"#);
            assert_eq!(verdict(&policy, &claims), Some(Error::WrongAudience));
        }
        // An audience that is asked for must be there.
        let both = policy.or_audiences(&["api"]);
        let missing = Some(Error::MissingClaim(Claim::Audience));
        assert_eq!(verdict(&both, r#","client_id":"app""#), missing);
        assert_eq!(verdict(&both, r#","client_id":"app","aud":"api""#), None);
        let wrong = Some(Error::WrongAudience);
        assert_eq!(verdict(&both, r#","client_id":"app","aud":"app""#), wrong);
        let other = Policy::for_client("https://other.example/", "app");
        let wrong = Some(Error::WrongIssuer);
        assert_eq!(verdict(&other, r#","client_id":"app""#), wrong);
    }

    #[test]
    fn an_issuer_of_many_tenants_is_completed_by_the_tokens_own_tenant() {
        const A: &str = "8a0d7f2e-5c11-4b4e-9a55-0f6b3c2d1e00";
        const B: &str = "11111111-2222-3333-4444-555555555555";
        let verdict = |policy: &Policy<'_>, issuer: &str, more: &str| {
            let claims = format!(r#"{{"iss":"{issuer}","aud":"api","exp":10{more}}}"#);
            check(policy, &claims, Time::exactly(9)).err()
        };
        let any = Policy::for_tenants(&["https://i.example/{tenantid}/v2.0"], "api");
        let [issuer_a, issuer_b] = [A, B].map(|id| format!("https://i.example/{id}/v2.0"));
        let [tid_a, tid_b] = [A, B].map(|id| format!(r#","tid":"{id}""#));
        let wrong = Some(Error::WrongIssuer);
        assert_eq!(verdict(&any, &issuer_a, &tid_a), None);
        assert_eq!(verdict(&any, &issuer_b, &tid_b), None);
        assert_eq!(verdict(&any, &issuer_a, &tid_b), wrong);
        assert_eq!(
            verdict(&any, &issuer_a, ""),
            Some(Error::MissingClaim(Claim::TenantId))
        );
        assert_eq!(
            verdict(&any, &issuer_a, r#","tid":1"#),
            Some(Error::InvalidClaim(Claim::TenantId))
        );
        assert_eq!(
            verdict(&any, "https://i.example/common/v2.0", r#","tid":"common""#),
            wrong
        );
        assert_eq!(
            verdict(&any, "https://i.example/{tenantid}/v2.0", &tid_a),
            wrong
        );
        let only_b = any.only_tenants(&[B]);
        assert_eq!(verdict(&only_b, &issuer_b, &tid_b), None);
        assert_eq!(verdict(&only_b, &issuer_a, &tid_a), wrong);
        assert_eq!(verdict(&any.only_tenants(&[]), &issuer_a, &tid_a), wrong);
        assert_eq!(verdict(&only_b.only_tenants(&[A]), &issuer_a, &tid_a), None);
        // An issuer with a name of its own has no tenants.
        let named = only_b.or_issuers(&["https://issuer.example/"]);
        assert_eq!(verdict(&named, "https://issuer.example/", ""), None);
        assert!(any.accepts_issuer(Text::new(&issuer_a)));
        assert!(!any.accepts_issuer(Text::new("https://i.example/")));
    }

    #[test]
    fn claims_can_be_required_by_value() {
        const TEXT: Policy = POLICY.require_claim(&["token_use"], ClaimValue::Text("access"));
        const DEEP: Policy = POLICY.require_claim(&["a.b/c", "d"], ClaimValue::Number(2));
        const BOOL: Policy = POLICY.require_claim(&["ok"], ClaimValue::Bool(true));
        for (policy, accepted) in [
            (TEXT, r#","token_use":"access""#),
            (TEXT, r#","token_\u0075se":"\u0061ccess""#),
            (TEXT, r#","token_use":["id","access"]"#),
            (DEEP, r#","a.b/c":{"d":2}"#),
            (DEEP, r#","a.b/c":{"d":2.0}"#),
            (DEEP, r#","a.b/c":{"d":[20e-1]}"#),
            (BOOL, r#","ok":true"#),
        ] {
            assert_eq!(error(&policy, accepted), None, "{accepted}");
        }
        for (policy, rejected) in [
            (TEXT, r#","token_use":"id""#),
            (TEXT, r#","token_use":"""#),
            (TEXT, r#","token_use":[]"#),
            (TEXT, r#","token_use":[["access"]]"#),
            (TEXT, r#","token_use":{"access":"access"}"#),
            (TEXT, r#","token_use":true"#),
            (DEEP, r#","a.b/c":{"d":"2"}"#),
            (DEEP, r#","a.b/c":{"d":2.5}"#),
            (DEEP, r#","a.b/c":{"d":-2}"#),
            (DEEP, r#","a.b/c":{"d":18446744073709551618}"#),
            (BOOL, r#","ok":false"#),
            (BOOL, r#","ok":"true""#),
            (BOOL, r#","ok":1"#),
        ] {
            assert_eq!(
                error(&policy, rejected),
                Some(Error::WrongClaim),
                "{rejected}"
            );
        }
        for (policy, absent) in [
            (TEXT, ""),
            (TEXT, r#","token_use":null"#),
            (DEEP, r#","d":2"#),
            (DEEP, r#","a.b/c":[{"d":2}]"#),
            (DEEP, r#","a.b/c":2"#),
        ] {
            let expected = Some(Error::MissingRequiredClaim);
            assert_eq!(error(&policy, absent), expected, "{absent}");
        }
        for (written, claim) in [
            ("1", "1"),
            ("1", r#""1""#),
            ("-1.5e3", "-1.5e3"),
            ("true", "true"),
            ("true", r#"["a","true"]"#),
            ("false", "false"),
        ] {
            let policy = |written| POLICY.require_claim(&["x"], ClaimValue::Written(written));
            let claims = format!(r#","x":{claim}"#);
            assert_eq!(error(&policy(written), &claims), None, "{claim}");
            let wrong = Some(Error::WrongClaim);
            assert_eq!(error(&policy("0"), &claims), wrong, "{claim}");
        }
        // A text is not what is written without quotes.
        for (text, claim) in [("1", "1"), ("true", "true")] {
            let policy = POLICY.require_claim(&["x"], ClaimValue::Text(text));
            let claims = format!(r#","x":{claim}"#);
            assert_eq!(error(&policy, &claims), Some(Error::WrongClaim), "{claim}");
        }
        // They add up, and have a bound.
        let both = TEXT.require_claim(&["token_use"], "id".into());
        assert_eq!(
            error(&both, r#","token_use":"access""#),
            Some(Error::WrongClaim)
        );
        assert_eq!(error(&both, r#","token_use":["access","id"]"#), None);
        let mut full = POLICY;
        for _ in 0..8 {
            full = full.require_claim(&["ok"], true.into());
        }
        assert_eq!(error(&full, r#","ok":true"#), None);
        full = full.require_claim(&["ok"], 7.into());
        assert_eq!(error(&full, r#","ok":true"#), Some(Error::PolicyTooLarge));
    }

    #[test]
    fn scopes_and_claims_can_be_required() {
        let policy = POLICY.require_scopes(&["read", "write"]);
        assert_eq!(error(&policy, ""), Some(Error::MissingScope));
        assert_eq!(
            error(&policy, r#","scope":"read writer""#),
            Some(Error::MissingScope)
        );
        assert_eq!(
            error(&policy, r#","scope":{"read":1,"write":1}"#),
            Some(Error::MissingScope)
        );
        assert_eq!(error(&policy, r#","scope":"write x read""#), None);
        let policy = POLICY.require_claims(&["org_id"]);
        assert_eq!(error(&policy, ""), Some(Error::MissingRequiredClaim));
        assert_eq!(
            error(&policy, r#","org_id":null"#),
            Some(Error::MissingRequiredClaim)
        );
        assert_eq!(
            error(&policy, r#","x":{"org_id":1}"#),
            Some(Error::MissingRequiredClaim)
        );
        assert_eq!(error(&policy, r#","org\u005fid":false"#), None);
    }

    #[test]
    fn rfc_9068_is_one_constructor() {
        let policy = Policy::rfc9068("https://issuer.example/", "api");
        let all = r#"{"iss":"https://issuer.example/","aud":"api","exp":10,"sub":"s","client_id":"c","iat":1,"jti":"j"}"#;
        let error = |token_type: Option<&str>, document: &str| {
            let claims = read(document).unwrap();
            let header = format!("\"{}\"", token_type.unwrap_or_default());
            let text = json::parse(header.as_bytes()).unwrap().as_text();
            let token_type = text.filter(|_| token_type.is_some());
            policy.check(token_type, &claims, Time::exactly(9)).err()
        };
        assert_eq!(error(Some("at+jwt"), all), None);
        assert_eq!(error(Some("application/AT+JWT"), all), None);
        assert_eq!(error(Some("JWT"), all), Some(Error::WrongType));
        assert_eq!(error(None, all), Some(Error::WrongType));
        for claim in [
            r#","sub":"s""#,
            r#","client_id":"c""#,
            r#","iat":1"#,
            r#","jti":"j""#,
        ] {
            let without = all.replace(claim, "");
            assert_eq!(
                error(Some("at+jwt"), &without),
                Some(Error::MissingRequiredClaim),
                "{claim}"
            );
        }
    }

    #[test]
    fn a_token_is_good_from_not_before_until_just_before_expiry() {
        let claims = r#"{"iss":"https://issuer.example/","aud":"api","nbf":5.5,"exp":10.9}"#;
        let lenient = POLICY.leeway(Duration::from_secs(3));
        for (policy, now, expected) in [
            (POLICY, 5, Some(Error::NotYetValid)),
            (POLICY, 6, None),
            (POLICY, 9, None),
            (POLICY, 10, Some(Error::Expired)),
            (POLICY, u64::MAX, Some(Error::Expired)),
            (lenient, 2, Some(Error::NotYetValid)),
            (lenient, 3, None),
            (lenient, 12, None),
            (lenient, 13, Some(Error::Expired)),
            (lenient, u64::MAX, Some(Error::Expired)),
            (
                POLICY.leeway(Duration::from_secs(u64::MAX)),
                u64::MAX,
                Some(Error::Expired),
            ),
        ] {
            assert_eq!(
                check(&policy, claims, Time::exactly(now)).err(),
                expected,
                "{now}"
            );
        }
    }

    #[test]
    fn the_age_is_counted_from_issued_at() {
        let strict = POLICY.reject_issued_in_future();
        for (policy, latest) in [
            (POLICY, Some(69)),
            (POLICY.leeway(Duration::from_secs(1)), Some(70)),
            (strict, Some(9)),
            (strict.leeway(Duration::from_secs(1)), Some(10)),
            (strict.accept_issued_in_future(), None),
        ] {
            let iat = |date: &str| error(&policy, &format!(r#","iat":{date}"#));
            let in_future = latest.map(|_| Error::IssuedInFuture);
            let latest = latest.unwrap_or(1_000_000);
            assert_eq!(iat(&format!("{latest}")), None);
            assert_eq!(iat(&format!("{latest}.1")), in_future);
        }
        // A clock that says how far it may be off gets no more.
        let claims = r#"{"iss":"https://issuer.example/","aud":"api","iat":9,"exp":100}"#;
        for (now, expected) in [
            (Time::between(9, 10), Ok(true)),
            (Time::between(8, 10), Err(Error::IssuedInFuture)),
            (Time::exactly(8), Ok(true)),
        ] {
            assert_eq!(check(&POLICY, claims, now), expected);
        }
        let policy = POLICY.max_age(Duration::from_secs(3));
        assert_eq!(
            error(&policy, ""),
            Some(Error::MissingClaim(Claim::IssuedAt))
        );
        assert_eq!(error(&policy, r#","iat":5.9"#), Some(Error::TooOld));
        assert_eq!(error(&policy, r#","iat":6"#), None);
        assert_eq!(
            error(&policy.leeway(Duration::from_secs(1)), r#","iat":5"#),
            None
        );
        assert_eq!(
            error(&policy.leeway(Duration::from_secs(1)), r#","iat":4.9"#),
            Some(Error::TooOld)
        );
    }

    #[test]
    fn what_is_not_certain_is_rejected_unless_the_policy_accepts_it() {
        let claims = r#"{"iss":"https://issuer.example/","aud":"api","iat":4,"nbf":5,"exp":10}"#;
        let uncertain = POLICY.accept_uncertain();
        for (now, strictly, uncertainly) in [
            (Time::between(5, 9), Ok(true), Ok(true)),
            (Time::between(9, 5), Ok(true), Ok(true)),
            (Time::between(5, 10), Err(Error::Expired), Ok(false)),
            (Time::between(4, 9), Err(Error::NotYetValid), Ok(false)),
            (Time::between(0, 100), Err(Error::Expired), Ok(false)),
            (
                Time::between(0, 4),
                Err(Error::NotYetValid),
                Err(Error::NotYetValid),
            ),
            (
                Time::between(10, 20),
                Err(Error::Expired),
                Err(Error::Expired),
            ),
            (Time::at_least(0), Err(Error::Expired), Ok(false)),
            (Time::at_least(9), Err(Error::Expired), Ok(false)),
            (Time::at_least(10), Err(Error::Expired), Err(Error::Expired)),
        ] {
            assert_eq!(check(&POLICY, claims, now), strictly, "{now:?}");
            assert_eq!(check(&uncertain, claims, now), uncertainly, "{now:?}");
        }
    }

    #[test]
    fn a_token_that_is_valid_at_no_time_is_rejected() {
        let uncertain = POLICY.accept_uncertain();
        let aged = uncertain.max_age(Duration::from_secs(10));
        let head = r#""iss":"https://issuer.example/","aud":"api""#;
        for (policy, dates, expected) in [
            (uncertain, r#""exp":1000,"nbf":999"#, Ok(false)),
            (
                uncertain,
                r#""exp":1000,"nbf":1000"#,
                Err(Error::NotYetValid),
            ),
            (
                uncertain,
                r#""exp":1000,"nbf":2000"#,
                Err(Error::NotYetValid),
            ),
            (
                uncertain,
                r#""exp":1000,"iat":2000"#,
                Err(Error::IssuedInFuture),
            ),
            (aged, r#""exp":1000,"iat":500,"nbf":510"#, Ok(false)),
            (
                aged,
                r#""exp":1000,"iat":500,"nbf":511"#,
                Err(Error::TooOld),
            ),
        ] {
            let claims = format!("{{{head},{dates}}}");
            assert_eq!(
                check(&policy, &claims, Time::at_least(0)),
                expected,
                "{dates}"
            );
        }
    }
}

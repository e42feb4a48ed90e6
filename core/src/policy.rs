//! What a token must say to be accepted.

use core::time::Duration;

use crate::claim::Claim;
use crate::claims::Claims;
use crate::error::Error;
use crate::header::is_same_media_type;
use crate::json::{Text, Value};
use crate::time::Time;

/// What a token must say to be accepted.
///
/// Issuer and audience are mandatory, so that a token that was meant for somebody else is never
/// accepted (RFC 8725 sections 3.8 and 3.9). The token's `exp` is mandatory, too. Everything else begins at
/// its strictest: no leeway, no uncertainty about the time, no token issued in the future.
///
/// The methods that take a list add up: called again, [`require_scopes`](Self::require_scopes) requires
/// the scopes of both lists. Each of them may be called up to four times; a policy with more lists
/// accepts nothing ([`Error::PolicyTooLarge`]). The methods that take one value replace it.
///
/// Texts are compared character by character, after JSON's escapes are undone.
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
    issuer: &'p str,
    more_issuers: Lists<'p>,
    audience: &'p str,
    more_audiences: Lists<'p>,
    token_type: Option<&'p str>,
    subject: Option<&'p str>,
    client: Option<&'p str>,
    scopes: Lists<'p>,
    claims: Lists<'p>,
    /// In seconds, as is `max_age`.
    leeway: u64,
    max_age: Option<u64>,
    accepts_issued_in_future: bool,
    accepts_uncertain: bool,
}

/// What the policy found in the claims that it accepted.
pub(crate) struct Accepted<'t> {
    pub(crate) issuer: Text<'t>,
    pub(crate) expiry: u64,
    /// Whether the token is valid whatever the time really is.
    pub(crate) is_certain: bool,
}

impl<'p> Policy<'p> {
    /// Accepts tokens of `issuer` for `audience`.
    #[must_use]
    pub const fn new(issuer: &'p str, audience: &'p str) -> Self {
        Self {
            issuer,
            more_issuers: Lists::NONE,
            audience,
            more_audiences: Lists::NONE,
            token_type: None,
            subject: None,
            client: None,
            scopes: Lists::NONE,
            claims: Lists::NONE,
            leeway: 0,
            max_age: None,
            accepts_issued_in_future: false,
            accepts_uncertain: false,
        }
    }

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
        self.more_issuers = self.more_issuers.and(issuers);
        self
    }

    /// Accepts these audiences, too.
    #[must_use]
    pub const fn or_audiences(mut self, audiences: &'p [&'p str]) -> Self {
        self.more_audiences = self.more_audiences.and(audiences);
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

    /// Requires this client in `azp`, in `client_id`, or in both where both are present.
    #[must_use]
    pub const fn require_client(mut self, client: &'p str) -> Self {
        self.client = Some(client);
        self
    }

    /// Requires all of these scopes.
    #[must_use]
    pub const fn require_scopes(mut self, scopes: &'p [&'p str]) -> Self {
        self.scopes = self.scopes.and(scopes);
        self
    }

    /// Requires all of these claims. They may have any value but `null`.
    #[must_use]
    pub const fn require_claims(mut self, claims: &'p [&'p str]) -> Self {
        self.claims = self.claims.and(claims);
        self
    }

    /// Allows for clocks that differ by this much, in every comparison with the time. Fractions of a second
    /// are cut off.
    #[must_use]
    pub const fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway.as_secs();
        self
    }

    /// Requires `iat`, and rejects a token that was issued longer ago than this. Fractions of a
    /// second are cut off.
    #[must_use]
    pub const fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age.as_secs());
        self
    }

    /// Accepts a token whose `iat` is in the future.
    ///
    /// Where clocks merely differ, [`leeway`](Self::leeway) is the better choice.
    #[must_use]
    pub const fn accept_issued_in_future(mut self) -> Self {
        self.accepts_issued_in_future = true;
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

    /// Whether tokens of this issuer are accepted: for choosing the policy that a token is for.
    #[must_use]
    pub fn accepts_issuer(&self, issuer: Text<'_>) -> bool {
        issuer == self.issuer || self.more_issuers.contains(issuer)
    }

    /// Compares a token's type and claims with the policy.
    ///
    /// Not inlined, so that what it works with takes no stack while the claims are read.
    #[inline(never)]
    pub(crate) fn check<'t>(
        &self,
        token_type: Option<Text<'_>>,
        claims: &Claims<'t>,
        now: Time,
    ) -> Result<Accepted<'t>, Error> {
        let lists = [
            &self.more_issuers,
            &self.more_audiences,
            &self.scopes,
            &self.claims,
        ];
        require(
            lists.into_iter().all(|lists| lists.is_complete),
            Error::PolicyTooLarge,
        )?;
        if let Some(required) = self.token_type {
            let token_type = token_type.ok_or(Error::WrongType)?;
            require(
                is_same_media_type(token_type, Text::new(required)),
                Error::WrongType,
            )?;
        }
        let issuer = claims.issuer.ok_or(Error::MissingClaim(Claim::Issuer))?;
        require(self.accepts_issuer(issuer), Error::WrongIssuer)?;

        require(
            claims.audience.is_some(),
            Error::MissingClaim(Claim::Audience),
        )?;
        let is_accepted = claims
            .audiences()
            .any(|audience| audience == self.audience || self.more_audiences.contains(audience));
        require(is_accepted, Error::WrongAudience)?;

        if let Some(required) = self.subject {
            let subject = claims.subject.ok_or(Error::MissingClaim(Claim::Subject))?;
            require(subject == required, Error::WrongSubject)?;
        }
        if let Some(required) = self.client {
            let mut clients = claims
                .authorized_party
                .into_iter()
                .chain(claims.client_id)
                .peekable();
            require(
                clients.peek().is_some(),
                Error::MissingClaim(Claim::ClientId),
            )?;
            require(clients.all(|client| client == required), Error::WrongClient)?;
        }
        for required in self.scopes.lists.iter().copied().flatten() {
            require(
                claims.scopes().any(|scope| scope == *required),
                Error::MissingScope,
            )?;
        }
        for required in self.claims.lists.iter().copied().flatten() {
            let is_present = !matches!(claims.all.get(required), None | Some(Value::Null));
            require(is_present, Error::MissingRequiredClaim)?;
        }
        self.check_dates(claims, now)
            .map(|(expiry, is_certain)| Accepted {
                issuer,
                expiry,
                is_certain,
            })
    }

    /// Compares the dates with the time; returns `exp` and whether the token is valid for certain.
    fn check_dates(&self, claims: &Claims<'_>, now: Time) -> Result<(u64, bool), Error> {
        // Dates with a fraction are rounded towards rejection.
        let leeway = self.leeway;
        let mut window = now.window(self.accepts_uncertain);
        let expiry = claims.expiry.ok_or(Error::MissingClaim(Claim::Expiry))?;
        let expiry = expiry.floor();
        window.end_before(expiry.saturating_add(leeway), Error::Expired)?;
        if let Some(date) = claims.not_before {
            window.begin_at(date.ceil().saturating_sub(leeway), Error::NotYetValid)?;
        }
        if let Some(date) = claims.issued_at.filter(|_| !self.accepts_issued_in_future) {
            window.begin_at(date.ceil().saturating_sub(leeway), Error::IssuedInFuture)?;
        }
        if let Some(max_age) = self.max_age {
            let issued_at = claims
                .issued_at
                .ok_or(Error::MissingClaim(Claim::IssuedAt))?;
            let last = issued_at
                .floor()
                .saturating_add(max_age)
                .saturating_add(leeway);
            window.end_before(last.saturating_add(1), Error::TooOld)?;
        }
        Ok((expiry, window.is_certain))
    }
}

/// Up to four lists of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lists<'p> {
    lists: [&'p [&'p str]; 4],
    /// Whether there was room for every list.
    is_complete: bool,
}

impl<'p> Lists<'p> {
    const NONE: Self = Self {
        lists: [&[]; 4],
        is_complete: true,
    };

    const fn and(self, list: &'p [&'p str]) -> Self {
        let [a, b, c, d] = self.lists;
        Self {
            lists: [list, a, b, c],
            is_complete: self.is_complete && d.is_empty(),
        }
    }

    fn contains(&self, text: Text<'_>) -> bool {
        let mut lists = self.lists.iter();
        lists.any(|list| list.iter().any(|other| text == *other))
    }
}

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
        policy
            .check(None, &claims, now)
            .map(|accepted| accepted.is_certain)
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
        assert_eq!(
            error(&policy, r#","azp":"app","client_id":"other""#),
            Some(Error::WrongClient)
        );
        assert_eq!(
            error(&policy, r#","azp":"other""#),
            Some(Error::WrongClient)
        );
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
        assert_eq!(error(&POLICY, r#","iat":9"#), None);
        assert_eq!(error(&POLICY, r#","iat":9.1"#), Some(Error::IssuedInFuture));
        assert_eq!(
            error(&POLICY.leeway(Duration::from_secs(1)), r#","iat":9.1"#),
            None
        );
        assert_eq!(
            error(&POLICY.accept_issued_in_future(), r#","iat":1000"#),
            None
        );
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

//! The claims of a token (RFC 7519 section 4), as the verifier reads them.

use crate::claim::Claim;
use crate::error::Error;
use crate::json::{self, MAX_JSON_MEMBERS, Object, Text, Value};
use crate::numeric_date::NumericDate;

/// The claims of a token: each is absent or well-formed.
#[derive(Default)]
pub(crate) struct Claims<'a> {
    pub(crate) all: Object<'a>,
    pub(crate) issuer: Option<Text<'a>>,
    pub(crate) subject: Option<Text<'a>>,
    pub(crate) audience: Option<Value<'a>>,
    pub(crate) expiry: Option<NumericDate>,
    pub(crate) not_before: Option<NumericDate>,
    pub(crate) issued_at: Option<NumericDate>,
    pub(crate) token_id: Option<Text<'a>>,
    pub(crate) scope: Option<Value<'a>>,
    pub(crate) authorized_party: Option<Text<'a>>,
    pub(crate) client_id: Option<Text<'a>>,
}

impl<'a> Claims<'a> {
    /// Fills in what the payload says. In place: to return the claims would take their size twice.
    pub(crate) fn read(&mut self, payload: &'a [u8]) -> Result<(), Error> {
        let document = json::walk(payload, MAX_JSON_MEMBERS, &mut |name, value| {
            // It takes time to undo escapes: most claims are told apart by the first character.
            let first = name.chars().next();
            let mut claims = Claim::ALL.into_iter().filter(|claim| {
                let byte = claim.name().bytes().next();
                byte.map(char::from) == first
            });
            match claims.find(|claim| name == claim.name()) {
                Some(claim) => self.set(claim, value),
                None => Ok(()),
            }
        })?;
        let Value::Object(all) = document else {
            return Err(Error::ClaimsNotObject);
        };
        self.all = all;
        Ok(())
    }

    fn set(&mut self, claim: Claim, value: Value<'a>) -> Result<(), Error> {
        match claim {
            Claim::Issuer => self.issuer = Some(text(value, claim)?),
            Claim::Subject => self.subject = Some(text(value, claim)?),
            Claim::Audience => self.audience = Some(texts(value, claim)?),
            Claim::Expiry => self.expiry = Some(date(value, claim)?),
            Claim::NotBefore => self.not_before = Some(date(value, claim)?),
            Claim::IssuedAt => self.issued_at = Some(date(value, claim)?),
            Claim::TokenId => self.token_id = Some(text(value, claim)?),
            Claim::AuthorizedParty => self.authorized_party = Some(text(value, claim)?),
            Claim::ClientId => self.client_id = Some(text(value, claim)?),
            // ATM's user tokens have an object that describes the user here.
            Claim::Scope if matches!(value, Value::Object(_)) => self.scope = Some(value),
            Claim::Scope => self.scope = Some(texts(value, claim)?),
        }
        Ok(())
    }

    pub(crate) fn audiences(&self) -> impl Iterator<Item = Text<'a>> + use<'a> {
        self.audience.unwrap_or(Value::Null).texts()
    }

    pub(crate) fn scopes(&self) -> impl Iterator<Item = Text<'a>> + use<'a> {
        let mut texts = self.scope.unwrap_or(Value::Null).texts();
        let mut rest = None;
        core::iter::from_fn(move || {
            loop {
                let (scope, others) = rest.take().or_else(|| texts.next())?.split_once(' ');
                rest = others;
                if scope != "" {
                    return Some(scope);
                }
            }
        })
    }
}

fn text(value: Value<'_>, claim: Claim) -> Result<Text<'_>, Error> {
    value.as_text().ok_or(Error::InvalidClaim(claim))
}

fn date(value: Value<'_>, claim: Claim) -> Result<NumericDate, Error> {
    match value {
        Value::Number(number) => NumericDate::read(number).ok_or(Error::InvalidClaim(claim)),
        _ => Err(Error::InvalidClaim(claim)),
    }
}

/// A string, or an array of nothing but strings.
fn texts(value: Value<'_>, claim: Claim) -> Result<Value<'_>, Error> {
    match value {
        Value::String(_) => Ok(value),
        Value::Array(array) if array.elements().all(|value| value.as_text().is_some()) => Ok(value),
        _ => Err(Error::InvalidClaim(claim)),
    }
}

#[cfg(test)]
mod tests {
    use std::format;
    use std::string::{String, ToString};
    use std::vec::Vec;

    use super::*;

    fn read(payload: &[u8]) -> Result<Claims<'_>, Error> {
        let mut claims = Claims::default();
        claims.read(payload).map(|()| claims)
    }

    #[test]
    fn a_malformed_claim_is_never_treated_as_absent() {
        let error = |document: &str| read(document.as_bytes()).err();
        for claim in Claim::ALL {
            for value in ["null", "true", "[1]", "[\"a\",null]", "[[\"a\"]]"] {
                let document = format!("{{\"{}\":{value}}}", claim.name());
                assert_eq!(
                    error(&document),
                    Some(Error::InvalidClaim(claim)),
                    "{document}"
                );
            }
        }
        for document in [r#"{"exp":"1"}"#, r#"{"exp":{}}"#, r#"{"\u0065xp":null}"#] {
            assert_eq!(
                error(document),
                Some(Error::InvalidClaim(Claim::Expiry)),
                "{document}"
            );
        }
        for document in ["[]", "\"\"", "1", "null"] {
            assert_eq!(error(document), Some(Error::ClaimsNotObject));
        }
    }

    #[test]
    fn audiences_and_scopes_are_one_or_more() {
        fn list<'a>(texts: impl Iterator<Item = Text<'a>>) -> Vec<String> {
            texts.map(|text| text.to_string()).collect()
        }
        let claims = read(br#"{"aud":"a b","scope":"a  b\u0020c"}"#).unwrap();
        assert_eq!(list(claims.audiences()), ["a b"]);
        assert_eq!(list(claims.scopes()), ["a", "b", "c"]);
        let claims = read(br#"{"aud":["a","b"],"scope":{"email":"e"}}"#).unwrap();
        assert_eq!(list(claims.audiences()), ["a", "b"]);
        assert!(claims.scopes().next().is_none());
        let claims = read(br#"{"aud":[],"scope":""}"#).unwrap();
        assert!(claims.audiences().next().is_none());
        assert!(claims.scopes().next().is_none());
    }
}

//! The claims of a token (RFC 7519 section 4), as the verifier reads them.

use crate::claim::Claim;
use crate::error::Error;
use crate::json::{self, MAX_JSON_MEMBERS, Object, Text, Value};
use crate::numeric_date::NumericDate;

/// The claims of a token: each is absent or well-formed.
#[derive(Clone, Default)]
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
        let document = json::walk(payload, MAX_JSON_MEMBERS, &mut |name: Text<'a>, value| {
            // It takes time to undo escapes: most claims are told apart by the first character.
            let first = name.chars().next();
            let mut claims = Claim::ALWAYS.into_iter().filter(|claim| {
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
            // Read where they are asked for.
            Claim::Cid | Claim::AppId | Claim::TenantId => {}
        }
        Ok(())
    }

    pub(crate) fn audiences(&self) -> impl Iterator<Item = Text<'a>> + use<'a> {
        self.audience.unwrap_or(Value::Null).texts()
    }

    /// The texts of `scope`, then those of `scp`, which some issuers have in its place.
    pub(crate) fn scopes(&self) -> impl Iterator<Item = Text<'a>> + use<'a> {
        let all = self.all;
        let mut texts = self.scope.unwrap_or(Value::Null).texts();
        let mut is_last = false;
        let mut rest = None;
        core::iter::from_fn(move || {
            loop {
                if rest.is_none() {
                    rest = texts.next();
                }
                let Some(text) = rest.take() else {
                    if core::mem::replace(&mut is_last, true) {
                        return None;
                    }
                    texts = all.get("scp").unwrap_or(Value::Null).texts();
                    continue;
                };
                let (scope, others) = text.split_once(' ');
                rest = others;
                if scope != "" {
                    return Some(scope);
                }
            }
        })
    }

    /// The first of `azp`, `client_id`, `cid` and `appid` that the token has.
    ///
    /// `azp` comes first: in Keycloak's tokens, `client_id` may be the client of an earlier token, which was
    /// exchanged for this one.
    pub(crate) fn client(&self) -> Result<Option<Text<'a>>, Error> {
        if let Some(client) = self.authorized_party.or(self.client_id) {
            return Ok(Some(client));
        }
        match self.find(Claim::Cid)? {
            None => self.find(Claim::AppId),
            client => Ok(client),
        }
    }

    /// `tid`
    pub(crate) fn tenant(&self) -> Result<Option<Text<'a>>, Error> {
        self.find(Claim::TenantId)
    }

    /// A claim that is not read from every token.
    fn find(&self, claim: Claim) -> Result<Option<Text<'a>>, Error> {
        let value = self.all.get(claim.name());
        value.map(|value| text(value, claim)).transpose()
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
    use std::borrow::ToOwned;
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
        for claim in Claim::ALWAYS {
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
        for scp in [
            r#""a b""#,
            r#"["a","b"]"#,
            r#"["a b"]"#,
            r#"[1,"a",null,"b"]"#,
        ] {
            let document = format!(r#"{{"scp":{scp}}}"#);
            let claims = read(document.as_bytes()).unwrap();
            assert_eq!(list(claims.scopes()), ["a", "b"], "{scp}");
        }
        let claims = read(br#"{"scp":["b"],"scope":"a"}"#).unwrap();
        assert_eq!(list(claims.scopes()), ["a", "b"]);
        for scp in ["1", "null", "{}", "[]", r#""""#] {
            let document = format!(r#"{{"scp":{scp}}}"#);
            assert!(read(document.as_bytes()).unwrap().scopes().next().is_none());
        }
    }

    #[test]
    fn the_client_has_several_names() {
        let client = |document: &str| {
            let client = read(document.as_bytes())?.client()?;
            Ok(client.map(|client| client.to_string()))
        };
        let found = |client: &str| Ok(Some(client.to_owned()));
        assert_eq!(client("{}"), Ok(None));
        assert_eq!(client(r#"{"appid":"a"}"#), found("a"));
        assert_eq!(client(r#"{"appid":"a","cid":"b"}"#), found("b"));
        assert_eq!(client(r#"{"cid":"b","client_id":"c"}"#), found("c"));
        assert_eq!(client(r#"{"client_id":"c","azp":"d"}"#), found("d"));
        // Not looked at where another name says it.
        assert_eq!(client(r#"{"azp":"d","cid":1,"appid":null}"#), found("d"));
        for (document, claim) in [
            (r#"{"cid":1,"appid":"a"}"#, Claim::Cid),
            (r#"{"appid":null}"#, Claim::AppId),
        ] {
            assert_eq!(client(document), Err(Error::InvalidClaim(claim)));
        }
    }
}

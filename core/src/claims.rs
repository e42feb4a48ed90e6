//! The claims of a token (RFC 7519 section 4), as the verifier reads them.

use crate::claim::Claim;
use crate::error::Error;
use crate::json::{self, Elements, MAX_JSON_MEMBERS, Object, Raw, Text, Visitor};
use crate::numeric_date::NumericDate;

/// The claims of a token: each is absent or well-formed.
#[derive(Clone, Default)]
pub(crate) struct Claims<'a> {
    pub(crate) all: Object<'a>,
    pub(crate) issuer: Option<Text<'a>>,
    pub(crate) subject: Option<Text<'a>>,
    pub(crate) audience: Option<Raw<'a>>,
    pub(crate) expiry: Option<NumericDate>,
    pub(crate) not_before: Option<NumericDate>,
    pub(crate) issued_at: Option<NumericDate>,
    pub(crate) token_id: Option<Text<'a>>,
    pub(crate) scope: Option<Raw<'a>>,
    pub(crate) authorized_party: Option<Text<'a>>,
    pub(crate) client_id: Option<Text<'a>>,
}

impl<'a> Claims<'a> {
    /// Fills in what the payload says. In place: to return the claims would take their size twice.
    pub(crate) fn read(&mut self, payload: &'a [u8]) -> Result<(), Error> {
        let document = json::walk(payload, MAX_JSON_MEMBERS, self)?;
        self.all = document.as_object().ok_or(Error::ClaimsNotObject)?;
        Ok(())
    }

    /// Returns nothing if the value is malformed.
    fn set(&mut self, claim: Claim, value: Raw<'a>) -> Option<()> {
        let date = match claim {
            Claim::Expiry => &mut self.expiry,
            Claim::NotBefore => &mut self.not_before,
            Claim::IssuedAt => &mut self.issued_at,
            Claim::Audience => {
                self.audience = Some(value);
                return value.is_texts().then_some(());
            }
            Claim::Scope => {
                self.scope = Some(value);
                // ATM's user tokens have an object that describes the user here.
                return (value.is_texts() || value.as_object().is_some()).then_some(());
            }
            _ => {
                let text = match claim {
                    Claim::Issuer => &mut self.issuer,
                    Claim::Subject => &mut self.subject,
                    Claim::TokenId => &mut self.token_id,
                    Claim::AuthorizedParty => &mut self.authorized_party,
                    Claim::ClientId => &mut self.client_id,
                    // The others are read where they are asked for.
                    _ => return Some(()),
                };
                *text = Some(value.as_text()?);
                return Some(());
            }
        };
        *date = Some(NumericDate::read(value)?);
        Some(())
    }

    pub(crate) fn audiences(&self) -> impl Iterator<Item = Text<'a>> + use<'a> {
        let mut elements = self.audience.unwrap_or_default().elements();
        core::iter::from_fn(move || elements.next_text())
    }

    /// The words of `scope`, then those of `scp`, which some issuers have in its place.
    pub(crate) fn scopes(&self) -> impl Iterator<Item = Text<'a>> + use<'a> {
        let claims = self.all;
        let scp = core::iter::once_with(move || claims.member("scp"));
        self.scope
            .into_iter()
            .chain(scp.flatten())
            .flat_map(Words::of)
    }

    /// Whether this is one of the scopes.
    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        self.scope.is_some_and(|value| has_word(value, scope))
            || self
                .all
                .member("scp")
                .is_some_and(|value| has_word(value, scope))
    }

    /// The first of `azp`, `client_id`, `cid` and `appid` that the token has.
    ///
    /// `azp` comes first: in Keycloak's tokens, `client_id` may be the client of an earlier token, which was
    /// exchanged for this one.
    pub(crate) fn client(&self) -> Result<Option<Text<'a>>, Error> {
        let mut client = self.authorized_party.or(self.client_id);
        for (claim, name) in [Claim::Cid.with_name(), Claim::AppId.with_name()] {
            if client.is_none() {
                client = self.find(claim, name)?;
            }
        }
        Ok(client)
    }

    /// `tid`
    pub(crate) fn tenant(&self) -> Result<Option<Text<'a>>, Error> {
        self.find(Claim::TenantId, Claim::TenantId.name())
    }

    /// A claim that is not read from every token.
    fn find(&self, claim: Claim, name: &str) -> Result<Option<Text<'a>>, Error> {
        match self.all.member(name) {
            Some(value) => value.as_text().ok_or(Error::InvalidClaim(claim)).map(Some),
            None => Ok(None),
        }
    }
}

impl<'a> Visitor<'a> for Claims<'a> {
    fn member(&mut self, name: Text<'a>, value: Raw<'a>) -> Result<(), Error> {
        // Most names differ in it, and to undo escapes takes time.
        let first = name.unescaped().next();
        for &(claim, wanted) in &Claim::ALWAYS {
            if first == wanted.bytes().next().map(char::from) && name == wanted {
                return self.set(claim, value).ok_or(Error::InvalidClaim(claim));
            }
        }
        Ok(())
    }
}

// Not inlined on a device, so that it is there once.
#[cfg_attr(target_pointer_width = "32", inline(never))]
fn has_word(value: Raw<'_>, wanted: &str) -> bool {
    Words::of(value).any(|word| word == wanted)
}

/// The words of one text or more, which spaces stand between.
struct Words<'a> {
    texts: Elements<'a>,
    /// What is left of a text.
    rest: Option<Text<'a>>,
}

impl<'a> Words<'a> {
    fn of(value: Raw<'a>) -> Self {
        Self {
            texts: value.elements(),
            rest: None,
        }
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = Text<'a>;

    fn next(&mut self) -> Option<Text<'a>> {
        loop {
            let text = self.rest.take().or_else(|| self.texts.next_text())?;
            let (word, rest) = text.split_once(' ');
            self.rest = rest;
            if !word.is_empty() {
                return Some(word);
            }
        }
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
        for (claim, _) in Claim::ALWAYS {
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

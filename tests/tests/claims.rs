//! The claims of a verified token, read in every way.

use serde::Deserialize;
use tokenlatch::json::Value;
use tokenlatch::{Error, JwkSet, Policy, Time, Unverified, Verified, verify, verify_in_place};
use tokenlatch_tests::issuer::Issuer;

/// Verifies a token with these claims and gives it to `read`.
fn verified<T>(claims: &str, read: impl FnOnce(&Verified<'_>) -> T) -> T {
    let token = Issuer::rfc7515().token(claims);
    let keys = JwkSet::<1>::from_json(Issuer::rfc7515().jwk_set().as_bytes()).expect("a JWK Set");
    let policy = Policy::new("https://issuer.example/", "api");
    let mut scratch = vec![0; token.len()];
    let verified = verify(
        token.as_bytes(),
        &mut scratch,
        &keys,
        &policy,
        Time::exactly(100),
    );
    read(&verified.expect("a good token"))
}

const AUTH0: &str = r#"{"iss":"https:\/\/issuer.example\/","sub":"CORP\\jos\u00e9","aud":["api","other"],
    "iat":90,"nbf":90.5,"exp":200.9,"jti":"id-1","azp":"app","scope":"read:a write:b",
    "permissions":["p:1","p\u003a2"],"https://example.com/roles":["admin"],"org_id":"org_1"}"#;

const ATM: &str = r#"{"iat":90,"iss":"https://issuer.example/","exp":200,"aud":"api",
    "scope":{"email":"ada@example.com","id":"u1","firstName":"Ada","lastName":"\"A\""}}"#;

#[test]
fn registered_claims_have_their_methods() {
    verified(AUTH0, |verified| {
        let list = |texts: &mut dyn Iterator<Item = tokenlatch::json::Text<'_>>| {
            texts.map(|text| text.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(verified.issuer(), "https://issuer.example/");
        assert_eq!(verified.subject().expect("sub"), "CORP\\josé");
        assert_eq!(list(&mut verified.audiences()), ["api", "other"]);
        assert_eq!(
            (verified.issued_at(), verified.not_before()),
            (Some(90), Some(91))
        );
        assert_eq!(verified.expiry(), 200);
        assert_eq!(verified.token_id().expect("jti").as_str(), Some("id-1"));
        let key_id = verified.key_id().expect("kid");
        assert_eq!(key_id, *Issuer::rfc7515().key_id());
        assert_eq!(verified.client().expect("azp"), "app");
        assert_eq!(list(&mut verified.scopes()), ["read:a", "write:b"]);
        assert!(verified.has_scope("write:b") && !verified.has_scope("write"));
        assert_eq!(list(&mut verified.permissions()), ["p:1", "p:2"]);
        assert!(verified.is_certainly_valid());
    });
    verified(ATM, |verified| {
        assert!(verified.subject().is_none() && verified.token_id().is_none());
        assert!(verified.client().is_none() && verified.not_before().is_none());
        assert!(verified.scopes().next().is_none() && verified.permissions().next().is_none());
    });
}

#[test]
fn a_token_names_its_key_and_its_type_at_each_step() {
    let issuer = Issuer::rfc7515();
    let header = r#"{"alg":"RS256","kid":"rfc7515-a2","typ":"at+jwt"}"#;
    let mut token = issuer
        .sign(header, r#"{"iss":"i","aud":"a","exp":9}"#)
        .into_bytes();
    let keys = JwkSet::<1>::from_json(issuer.jwk_set().as_bytes()).expect("a JWK Set");

    let mut copy = token.clone();
    let unverified = Unverified::parse(&mut copy).expect("a token");
    assert_eq!(unverified.key_id().expect("kid"), "rfc7515-a2");
    assert_eq!(unverified.token_type().expect("typ"), "at+jwt");
    assert_eq!(format!("{unverified:?}"), "Unverified { .. }");

    let authenticated = unverified.authenticate(&keys).expect("a good signature");
    assert_eq!(authenticated.key_id().expect("kid"), "rfc7515-a2");
    assert_eq!(authenticated.token_type().expect("typ"), "at+jwt");
    assert_eq!(format!("{authenticated:?}"), "Authenticated { .. }");

    let verified = verify_in_place(&mut token, &keys, &Policy::new("i", "a"), Time::exactly(8));
    assert_eq!(verified.expect("a good token").expiry(), 9);
}

#[test]
fn any_claim_is_found_by_its_path() {
    let text =
        |value: Option<Value<'_>>| value.and_then(Value::as_text).map(|text| text.to_string());
    verified(ATM, |verified| {
        assert_eq!(
            text(verified.claim(&["scope", "email"])).as_deref(),
            Some("ada@example.com")
        );
        assert_eq!(
            text(verified.claim(&["scope", "lastName"])).as_deref(),
            Some("\"A\"")
        );
        assert_eq!(text(verified.claim(&["scope", "email", "x"])), None);
        assert_eq!(text(verified.claim(&["email"])), None);
    });
    verified(AUTH0, |verified| {
        let Some(Value::Array(roles)) = verified.claim(&["https://example.com/roles"]) else {
            panic!("no roles");
        };
        assert!(
            roles
                .elements()
                .any(|role| role.as_text().is_some_and(|role| role == "admin"))
        );
        assert_eq!(text(verified.claim(&["org_id"])).as_deref(), Some("org_1"));
    });
}

#[test]
fn claims_deserialize_into_the_callers_type() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Claims<'a> {
        #[serde(borrow)]
        scope: User<'a>,
        iat: u64,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "camelCase")]
    struct User<'a> {
        email: &'a str,
        first_name: &'a str,
        last_name: String,
    }

    let expected = Claims {
        scope: User {
            email: "ada@example.com",
            first_name: "Ada",
            last_name: "\"A\"".into(),
        },
        iat: 90,
    };
    verified(ATM, |verified| {
        assert_eq!(verified.deserialize(), Ok(expected))
    });

    #[derive(Debug, Deserialize)]
    struct Borrowed<'a> {
        #[allow(dead_code)]
        sub: &'a str,
    }
    // A text with escapes cannot be borrowed. It is rejected, not returned with its escapes.
    verified(AUTH0, |verified| {
        let rejected = verified.deserialize::<Borrowed<'_>>();
        assert_eq!(rejected.err(), Some(Error::UnexpectedClaims));
    });
    verified(ATM, |verified| {
        let rejected = verified.deserialize::<Borrowed<'_>>();
        assert_eq!(rejected.err(), Some(Error::UnexpectedClaims));
    });
}

/// No log shows a claim.
#[test]
fn debug_and_errors_show_nothing_of_the_token() {
    verified(AUTH0, |verified| {
        assert_eq!(format!("{verified:?}"), "Verified { .. }")
    });
}

//! What is responded to each kind of request, and what claims are given.

use serde::Deserialize;
use tokenlatch_host::guard::{GuardError, RefusalReason, blocking};
use tokenlatch_host::policy::PolicyError;

use super::*;

async fn responded(guard: &Guard, authorization: Option<&str>) -> (u16, Option<String>) {
    let waited = response(guard.check(authorization).await);
    let cached = guard
        .check_cached(authorization)
        .expect("nothing to wait for");
    assert_eq!(response(cached), waited);
    let (status, challenge, retry_after) = waited;
    assert_eq!(retry_after, None);
    (status, challenge)
}

fn unauthorized(challenge: &str) -> (u16, Option<String>) {
    (401, Some(challenge.into()))
}

#[tokio::test]
async fn a_good_token_gives_its_claims() {
    let text = token(json!({
        "door": 7,
        "nbf": 1_700_000_000,
        "iat": 1_700_000_001,
        "jti": "token-1",
        "azp": "app-1",
    }));
    let claims = guard().check(Some(&bearer(&text))).await.unwrap();
    assert_eq!(claims.token(), text);
    assert!(claims.issuer() == ISSUER);
    assert!(
        claims
            .subject()
            .is_some_and(|subject| subject == "demo-client")
    );
    assert!(claims.audiences().eq([AUDIENCE]));
    assert_eq!(claims.expiry(), 1_800_000_060);
    assert_eq!(claims.not_before(), Some(1_700_000_000));
    assert_eq!(claims.issued_at(), Some(1_700_000_001));
    assert!(claims.token_id().is_some_and(|id| id == "token-1"));
    assert!(claims.client().is_some_and(|client| client == "app-1"));
    assert!(claims.scopes().eq(["read:doors", "write:doors"]));
    assert!(claims.has_scope("read:doors") && !claims.has_scope("read"));
    assert!(claims.permissions().eq(["open", "close"]));
    assert!(claims.texts(&["permissions"]).eq(["open", "close"]));
    assert_eq!(claims.claim(&["door"]).unwrap().as_u64(), Some(7));

    assert_eq!(claims.deserialize::<Door>().unwrap().door, 7);
    #[derive(Deserialize)]
    struct Window {
        #[expect(dead_code, reason = "the token has none")]
        window: u8,
    }
    let error = claims.deserialize::<Window>().err();
    assert_eq!(error, Some(tokenlatch::Error::UnexpectedClaims));
}

#[tokio::test]
async fn claims_may_go_anywhere_and_show_nothing() {
    fn anywhere<T: Clone + Send + Sync + 'static>(value: T) -> T {
        value
    }
    anywhere(guard());
    let text = token(json!({}));
    let claims = anywhere(guard().check_token(&text).await.unwrap());
    let clone = claims.clone();
    drop(claims);
    let subject = std::thread::spawn(move || {
        let shown = format!("{clone:?}");
        (
            clone.subject().unwrap().to_string(),
            clone.token().to_owned(),
            shown,
        )
    });
    let (subject, token, shown) = subject.join().unwrap();
    assert_eq!((&*subject, token), ("demo-client", text));
    assert_eq!(shown, "Claims { .. }");
}

#[tokio::test]
async fn a_guard_shows_its_policies() {
    for shown in [format!("{:?}", builder()), format!("{:?}", guard())] {
        assert!(shown.contains(ISSUER), "{shown}");
    }
}

#[tokio::test]
async fn no_credentials_are_a_bare_challenge() {
    for header in [None, Some("Basic ZGVtbzpkZW1v")] {
        assert_eq!(responded(&guard(), header).await, unauthorized("Bearer"));
    }
}

#[tokio::test]
async fn a_malformed_header_is_an_invalid_request() {
    let expected = (400, Some(r#"Bearer error="invalid_request""#.into()));
    let text = token(json!({}));
    for header in [
        "Bearer",
        "Bearer  ",
        &format!("Bearer {text} x"),
        &format!("Bearer \"{text}\""),
    ] {
        assert_eq!(
            responded(&guard(), Some(header)).await,
            expected,
            "{header}"
        );
    }
    let refusal = guard().refuse(RefusalReason::InvalidRequest);
    assert_eq!(response(Err(refusal)), (400, expected.1, None));
}

#[tokio::test]
async fn a_bad_token_is_invalid_and_the_response_does_not_say_why() {
    let forged = token_of(stranger(), Issuer::rfc7515().key_id(), json!({}));
    let mut long = token(json!({"filler": "x".repeat(20_000)}));
    for text in [
        token(json!({"exp": 1_799_999_999})),
        token(json!({"nbf": 1_800_000_001})),
        token(json!({"iss": "https://other.example/"})),
        token(json!({"aud": "https://other.example/"})),
        token(json!({"aud": null})),
        token_of(Issuer::rfc7515(), "other", json!({})),
        forged,
        std::mem::take(&mut long),
        "no-token".into(),
        "e30.e30.".into(),
    ] {
        let header = bearer(&text);
        assert_eq!(
            responded(&guard(), Some(&header)).await,
            unauthorized(INVALID_TOKEN)
        );
        let refusal = guard().check(Some(&header)).await.unwrap_err();
        let RefusalReason::InvalidToken(_) = refusal.reason() else {
            panic!("{:?}", refusal.reason());
        };
        assert!(!format!("{refusal:?} {}", refusal.reason()).contains(&text));
    }
}

#[tokio::test]
async fn leeway_is_for_every_date() {
    let lenient = builder()
        .leeway(std::time::Duration::from_secs(5))
        .start()
        .unwrap();
    for changes in [json!({"exp": 1_799_999_997}), json!({"nbf": 1_800_000_003})] {
        let header = bearer(&token(changes));
        assert_eq!(responded(&lenient, Some(&header)).await.0, 200);
        assert_eq!(responded(&guard(), Some(&header)).await.0, 401);
    }
}

#[tokio::test]
async fn a_route_may_need_scopes_and_permissions() {
    let guard = guard();
    let header = bearer(&token(json!({})));
    let header = Some(&*header);
    let insufficient = |scopes: &str| {
        let challenge = format!(r#"Bearer error="insufficient_scope", scope="{scopes}""#);
        (403, Some(challenge))
    };
    let read = guard.scopes(["read:doors"]);
    let open = guard.permissions(["open"]);
    assert_eq!(responded(&read, header).await.0, 200);
    assert_eq!(responded(&open, header).await.0, 200);
    let admin = read.scopes(["admin"]);
    assert_eq!(
        responded(&admin, header).await,
        insufficient("read:doors admin")
    );
    let paint = open.permissions(["paint"]);
    assert_eq!(responded(&paint, header).await, insufficient("open paint"));
    // Those of the guard that it was made from stay as they are.
    assert_eq!(responded(&read, header).await.0, 200);
    assert_eq!(responded(&guard, header).await.0, 200);
    // A bad token without the scope is a bad token.
    let expired = bearer(&token(json!({"exp": 1, "scope": null})));
    assert_eq!(
        responded(&admin, Some(&expired)).await,
        unauthorized(INVALID_TOKEN)
    );
}

#[tokio::test]
async fn a_policys_scopes_are_compared_last() {
    let needs = |policy: &mut PolicySettings| policy.scopes.push("paint".into());
    let guard = builder().policy(needs).start().unwrap();
    let header = bearer(&token(json!({})));
    let (status, challenge) = responded(&guard, Some(&header)).await;
    assert_eq!(status, 403);
    assert_eq!(
        challenge.unwrap(),
        r#"Bearer error="insufficient_scope", scope="paint""#
    );
    let header = bearer(&token(json!({"scope": "paint"})));
    assert_eq!(responded(&guard, Some(&header)).await.0, 200);
}

#[tokio::test]
async fn challenges_name_the_metadata_of_the_resource() {
    let url = "https://api.example.com/.well-known/oauth-protected-resource";
    let guard = builder().resource_metadata(url).start().unwrap();
    assert_eq!(
        responded(&guard, None).await,
        unauthorized(&format!("Bearer resource_metadata=\"{url}\""))
    );
    let expired = bearer(&token(json!({"exp": 1})));
    assert_eq!(
        responded(&guard, Some(&expired)).await,
        unauthorized(&format!("{INVALID_TOKEN}, resource_metadata=\"{url}\""))
    );
}

#[test]
fn callers_without_a_runtime() {
    let guard = blocking::Guard::start(builder()).unwrap();
    let text = token(json!({}));
    let claims = guard.check(Some(&bearer(&text))).unwrap();
    assert_eq!(claims.token(), text);
    let refusal = guard.scopes(["paint"]).check(Some(&bearer(&text)));
    assert_eq!(refusal.unwrap_err().status(), 403);
    let refusal = guard.permissions(["paint"]).check(Some(&bearer(&text)));
    assert_eq!(refusal.unwrap_err().status(), 403);
    assert_eq!(guard.check(None).unwrap_err().status(), 401);
    assert_eq!(guard.get().health().count(), 1);
}

#[tokio::test]
async fn wrong_settings_are_an_error_at_the_start() {
    let no_audience = builder().policy(|policy| policy.audiences.clear()).start();
    let Err(GuardError::Policy(PolicyError::NoAudience)) = no_audience else {
        panic!("{no_audience:?}");
    };
    let plain_http = Guard::issuer("http://issuer.example/", AUDIENCE).start();
    let Err(GuardError::Source(_)) = plain_http else {
        panic!("{plain_http:?}");
    };
}

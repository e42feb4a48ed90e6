//! Both dialects, with every setting of a client.

use std::time::Duration;

use serde_json::{Value, json};
use tokenlatch_host::issuer::{Audience, Client, Config, Grant, User};

use super::{AUDIENCE, Fixture, TokenResponse, claims};

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn auth0_tokens_have_what_the_client_was_configured_to() {
    let mut client = Client::demo();
    client.organizations = vec!["org_1".into()];
    client.permissions = true;
    let plan = ("https://example.com/plan".to_owned(), json!("gold"));
    client.claims.extend([plan]);
    client.lifetimes.auth0 = Duration::from_secs(60);
    let fixture = Fixture::with_client(client).await;
    fixture.issuer.clock().set(1_700_000_000);
    let response = fixture.auth0(json!({"organization": "org_1"})).await;
    let expected = json!({
        "iss": format!("{}/", fixture.issuer.origin()),
        "sub": "demo-client@clients",
        "aud": AUDIENCE,
        "iat": 1_700_000_000,
        "exp": 1_700_000_060,
        "azp": "demo-client",
        "gty": "client-credentials",
        "scope": "read:things write:things",
        "org_id": "org_1",
        "permissions": ["read:things", "write:things"],
        "https://example.com/plan": "gold",
    });
    assert_eq!(response.claims(), expected);
    assert_eq!(response["expires_in"], 60);
    assert_eq!(response["token_type"], "Bearer");
    assert_eq!(fixture.verdict(response.token()).await, Ok(()));
}

#[tokio::test]
async fn the_scope_is_answered_where_it_is_not_the_one_asked_for() {
    let fixture = Fixture::start().await;
    for (asked, expected, granted) in [
        (
            Value::Null,
            json!("read:things write:things"),
            "read:things write:things",
        ),
        (json!("read:things"), Value::Null, "read:things"),
        (
            json!("read:things admin"),
            json!("read:things"),
            "read:things",
        ),
    ] {
        let response = fixture.auth0(json!({"scope": asked})).await;
        assert_eq!(response.claims()["scope"], granted);
        assert_eq!(response["scope"], expected, "{asked}");
    }
    let nothing = fixture.auth0(json!({"scope": "admin"})).await;
    assert_eq!(nothing.error(), (400, "invalid_scope"));
}

#[tokio::test]
async fn a_client_may_have_several_audiences() {
    let mut client = Client::demo();
    client.more_audiences = vec![Audience::new("https://other.example.com/", "")];
    let fixture = Fixture::with_client(client).await;
    let other = json!({"audience": "https://other.example.com/"});
    let claims = fixture.auth0(other).await.claims();
    assert_eq!(claims["aud"], "https://other.example.com/");
    assert_eq!(claims.get("scope"), None, "these tokens allow nothing");
    let third = json!({"audience": "https://third.example.com/"});
    assert_eq!(fixture.auth0(third).await.error(), (403, "access_denied"));
}

#[tokio::test]
async fn each_client_gets_its_own_tokens() {
    let mut config = Config::default();
    let other = Client::new("other", "other-secret", AUDIENCE);
    config.clients.push(other);
    let fixture = Fixture::start_with(config).await;
    let other = json!({"client_id": "other", "client_secret": "other-secret"});
    assert_eq!(fixture.auth0(other).await.claims()["azp"], "other");
    let mixed = json!({"client_id": "other"});
    assert_eq!(fixture.auth0(mixed).await.error(), (401, "invalid_client"));
}

#[tokio::test]
async fn what_the_configuration_forbids_is_rejected_in_both_dialects() {
    let [mut no_grant, mut denied] = [Client::demo(), Client::demo()];
    no_grant.grants = vec![Grant::RefreshToken];
    denied.deny = Some("not today".into());
    for (client, error, description) in [
        (no_grant, (403, "unauthorized_client"), None),
        (denied, (403, "access_denied"), Some("not today")),
    ] {
        let fixture = Fixture::with_client(client).await;
        for response in [
            fixture.auth0(json!({})).await,
            fixture.atm_user(json!({})).await,
        ] {
            assert_eq!(response.error(), error);
            if let Some(description) = description {
                assert_eq!(response["error_description"], description);
            }
        }
    }
    let fixture = Fixture::start().await;
    let organization = json!({"organization": "org_1"});
    let rejected = fixture.auth0(organization).await;
    assert_eq!(rejected.error(), (403, "access_denied"));
}

#[tokio::test]
async fn auth0_clients_may_authenticate_by_http_basic() {
    let client = Client::new("a client", "s:%+é", AUDIENCE);
    let fixture = Fixture::with_client(client).await;
    let form = format!("grant_type=client_credentials&audience={AUDIENCE}");
    let ask = |user: &str, password: &str| {
        let request = fixture.post("/oauth/token").header("content-type", FORM);
        request.basic_auth(user, Some(password)).body(form.clone())
    };
    // Encoded like a form (RFC 6749 section 2.3.1).
    let response = TokenResponse::of(ask("a+client", "s%3A%25%2B%C3%A9")).await;
    assert_eq!(response.claims()["azp"], "a client");
    let rejected = ask("a+client", "wrong").send().await.unwrap();
    assert_eq!(rejected.status(), 401);
    let challenge = &rejected.headers()["www-authenticate"];
    assert_eq!(challenge, r#"Basic realm="tokenlatch""#);
    let both = ask("a+client", "x").body(format!("{form}&client_secret=x"));
    let both = TokenResponse::of(both).await;
    assert_eq!(both.error(), (400, "invalid_request"));
}

#[tokio::test]
async fn atm_tokens_for_a_user_come_with_a_refresh_token_and_an_id_token() {
    let mut client = Client::demo();
    let mut user = User::new("grace@example.com", "user-2");
    user.first_name = "Grace".into();
    user.last_name = "Hopper".into();
    client.more_users = vec![user];
    let fixture = Fixture::with_client(client).await;
    fixture.issuer.clock().set(1_700_000_000);
    let grace = json!({"loginId": "grace@example.com"});
    let first = fixture.atm_user(grace).await;
    assert_eq!(first["exp_access_token"], 600);
    let expected = json!({
        "iat": 1_700_000_000,
        "iss": "atm",
        "exp": 1_700_000_600,
        "aud": AUDIENCE,
        "scope": {
            "email": "grace@example.com",
            "id": "user-2",
            "firstName": "Grace",
            "lastName": "Hopper",
        },
    });
    assert_eq!(first.claims(), expected);
    assert_eq!(fixture.atm_verdict(first.token()).await, Ok(()));
    let id_claims = claims(first["id_token"].as_str().unwrap());
    assert_eq!(id_claims["aud"], "demo-client");
    assert_eq!(id_claims["sub"], "user-2");

    fixture.issuer.clock().advance(Duration::from_secs(500));
    let second = fixture
        .atm_refresh(&first["refresh_token"], &first["id_token"])
        .await;
    assert_eq!(second.claims()["exp"], 1_700_001_100);
    assert_eq!(second.claims()["scope"], expected["scope"]);
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    let third = fixture
        .atm_refresh(&second["refresh_token"], &first["id_token"])
        .await;
    assert_eq!(third.status, 200);
}

#[tokio::test]
async fn a_refresh_token_that_comes_back_revokes_those_that_followed() {
    let fixture = Fixture::start().await;
    let first = fixture.atm_user(json!({})).await;
    let id_token = &first["id_token"];
    let second = fixture.atm_refresh(&first["refresh_token"], id_token).await;
    assert_eq!(second.status, 200);
    for used_or_revoked in [&first, &second] {
        let refresh_token = &used_or_revoked["refresh_token"];
        let rejected = fixture.atm_refresh(refresh_token, id_token).await;
        assert_eq!(rejected.error(), (400, "invalid_grant"));
    }
}

#[tokio::test]
async fn a_refresh_is_rejected_without_the_right_tokens() {
    let fixture = Fixture::start().await;
    let first = fixture.atm_user(json!({})).await;
    let (refresh_token, id_token) = (&first["refresh_token"], &first["id_token"]);
    fixture.issuer.clock().advance(Duration::from_secs(1));
    let other_id_token = &fixture.atm_user(json!({})).await["id_token"];
    let none = Value::Null;
    for (refresh_token, id_token, error) in [
        (refresh_token, other_id_token, "invalid_grant"),
        (id_token, id_token, "invalid_grant"),
        (refresh_token, &none, "invalid_request"),
        (&none, id_token, "invalid_request"),
    ] {
        let rejected = fixture.atm_refresh(refresh_token, id_token).await;
        assert_eq!(rejected.error(), (400, error));
    }
    fixture
        .issuer
        .clock()
        .advance(Duration::from_secs(30 * 86_400));
    let expired = fixture.atm_refresh(refresh_token, id_token).await;
    assert_eq!(expired.error(), (400, "invalid_grant"));
}

#[tokio::test]
async fn atm_accepts_every_spelling_of_the_grant_type() {
    let fixture = Fixture::start().await;
    for name in ["grant_types", "grantType", "grant_type"] {
        let spelling = json!({"grant_types": null, (name): "client_credentials"});
        assert_eq!(fixture.atm_user(spelling).await.status, 200, "{name}");
    }
    let twice = json!({"grantType": "client_credentials"});
    let rejected = fixture.atm_user(twice).await;
    assert_eq!(rejected.error(), (400, "invalid_request"));
    let wrong_secret = json!({
        "grant_types": "refresh_token",
        "clientSecret": "wrong",
    });
    let rejected = fixture.atm_user(wrong_secret).await;
    assert_eq!(rejected.error(), (401, "invalid_client"));
}

#[tokio::test]
async fn the_key_set_can_be_cached() {
    let fixture = Fixture::start().await;
    let first = fixture.get("/.well-known/jwks.json").send().await.unwrap();
    assert_eq!(first.headers()["cache-control"], "public, max-age=15");
    assert_eq!(first.headers()["content-type"], "application/json");
    let etag = first.headers()["etag"].clone();
    let ask = |known: &[u8]| {
        let request = fixture.get("/auth/.well-known/jwks.json");
        request.header("if-none-match", known).send()
    };
    let same = ask(etag.as_bytes()).await.unwrap();
    assert_eq!(same.status(), 304);
    assert_eq!(same.headers()["etag"], etag);
    assert_eq!(same.headers()["cache-control"], "public, max-age=15");
    let etag = etag.to_str().unwrap();
    for known in ["*", &format!("W/{etag}"), &format!("\"other\" ,\t{etag}")] {
        let same = ask(known.as_bytes()).await.unwrap();
        assert_eq!(same.status(), 304, "{known}");
    }
    let unknown: [&[u8]; 6] = [b"", b"\"", b"W/", b"\"a b\"", b"\"\t\"", b"\"\xff\""];
    for unknown in unknown {
        let new = ask(unknown).await.unwrap();
        assert_eq!(new.status(), 200, "{}", unknown.escape_ascii());
    }
    fixture.issuer.rotate().await.unwrap();
    assert_eq!(ask(etag.as_bytes()).await.unwrap().status(), 200);
}

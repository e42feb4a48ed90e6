//! Any token endpoint, as RFC 6749 has it.

use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD as BASE64, BASE64_URL_SAFE_NO_PAD as BASE64URL};
use rsa::PrivateKey;
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::pkcs1v15::{Signature, VerifyingKey};
use rsa::pkcs8::{EncodePrivateKey, LineEnding};
use rsa::signature::Verifier;
use serde_json::{Value, json};
use sha2::Sha256;
use tokenlatch_host::issuer::{Config, Issuer, ProfileName};
use tokenlatch_host::token_client::{
    Authentication, ExposeSecret, PrivateKeyJwt, TokenClient, TokenError, UNSTATED_LIFETIME,
    blocking,
};

use super::server::{AUDIENCE, SECRET, Server, credentials, json_response};
use super::text;

const FORM: &str = "application/x-www-form-urlencoded";

/// A response without a lifetime.
fn opaque(token: &str) -> super::server::Canned {
    json_response(200, json!({"access_token": token, "token_type": "Bearer"}))
}

static KEY: LazyLock<PrivateKey> =
    LazyLock::new(|| PrivateKey::new(&mut rand::rng(), 2048).unwrap());

#[tokio::test]
async fn the_client_authenticates_itself_in_three_ways() {
    let server = Server::start([opaque("a")]).await;
    let url = format!("{}/token?tenant=1", server.origin);
    let pkcs8 = KEY.to_pkcs8_pem(LineEnding::LF).unwrap();
    let pkcs1 = KEY.to_pkcs1_pem(LineEnding::LF).unwrap();
    let signed = PrivateKeyJwt::from_pem("demo-client", &pkcs8).unwrap();
    let shown = r#"PrivateKeyJwt { client_id: "demo-client", key_id: None, .. }"#;
    assert_eq!(format!("{signed:?}"), shown);
    for authentication in [
        Authentication::from(credentials()),
        Authentication::Post(credentials()),
        signed.clone().key_id("k1").into(),
    ] {
        let builder = TokenClient::oauth(&url, authentication).scope("read write");
        let token = builder.start().unwrap().token().await.unwrap();
        assert_eq!(text(&token), "a");
    }
    let [basic, post, assertion] = server.asked().try_into().unwrap();
    for asked in [&basic, &post, &assertion] {
        assert_eq!(
            (asked.path.as_str(), asked.content_type.as_str()),
            ("/token", FORM)
        );
        let start = "grant_type=client_credentials";
        assert!(asked.body.starts_with(start), "{}", asked.body);
        assert!(asked.body.ends_with("&scope=read+write"), "{}", asked.body);
    }
    let pair = BASE64.encode(format!("demo-client:{SECRET}"));
    assert_eq!(basic.authorization, format!("Basic {pair}"));
    assert!(!basic.body.contains("client_id"));
    assert_eq!(post.authorization, "");
    assert!(
        post.body
            .contains(&format!("&client_id=demo-client&client_secret={SECRET}&"))
    );

    let parameter = |name: &str| {
        let mut pairs = form_urlencoded::parse(assertion.body.as_bytes());
        pairs
            .find(|(other, _)| other == name)
            .unwrap()
            .1
            .into_owned()
    };
    assert_eq!(
        parameter("client_assertion_type"),
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    );
    assert_eq!(parameter("client_id"), "demo-client");
    let assertion = parameter("client_assertion");
    let (signing_input, signature) = assertion.rsplit_once('.').unwrap();
    let signature = BASE64URL.decode(signature).unwrap();
    let verifying_key = VerifyingKey::<Sha256>::new(KEY.to_public_key());
    let signature = Signature::try_from(&signature[..]).unwrap();
    verifying_key
        .verify(signing_input.as_bytes(), &signature)
        .unwrap();
    let [header, claims] = [0, 1].map(|part| {
        let part = BASE64URL.decode(assertion.split('.').nth(part).unwrap());
        serde_json::from_slice::<Value>(&part.unwrap()).unwrap()
    });
    assert_eq!(header, json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}));
    for (name, expected) in [
        ("iss", "demo-client"),
        ("sub", "demo-client"),
        ("aud", &url),
    ] {
        assert_eq!(claims[name], expected);
    }
    let lifetime = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
    assert!((1..=300).contains(&lifetime));
    assert!(claims["jti"].is_string());

    assert!(PrivateKeyJwt::from_pem("demo-client", &pkcs1).is_ok());
    let shown = format!(
        "{signed:?} {:?}",
        PrivateKeyJwt::from_pem("a", "PRIVATE").unwrap_err()
    );
    assert!(
        !shown.contains("PRIVATE") && !shown.contains("[1"),
        "{shown}"
    );
}

#[tokio::test]
async fn the_token_endpoint_is_found_by_the_issuer() {
    let mut config = Config::default();
    config.profile = ProfileName::Keycloak;
    let any_port = std::net::SocketAddr::from((std::net::Ipv4Addr::LOCALHOST, 0));
    let issuer = Issuer::start_with(config, any_port).await.unwrap();
    let builder = TokenClient::discover(issuer.issuer(), credentials()).audience(AUDIENCE);
    let token = builder.start().unwrap().token().await.unwrap();
    assert_eq!(token.lifetime().as_secs(), 86_400);

    // It has a slash at the end, which the metadata's issuer has not.
    let wrong = TokenClient::discover(format!("{}/", issuer.issuer()), credentials());
    let error = wrong.start().unwrap().token().await.unwrap_err();
    assert!(matches!(&error, TokenError::Discovery(_)) && !error.is_retryable());
    let server = Server::start([(404, Vec::new(), String::new())]).await;
    let nowhere = TokenClient::discover(&server.origin, credentials());
    let error = nowhere.start().unwrap().token().await.unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("404 Not Found"), "{cause}");
    for invalid in ["http://a.example", "a.example", "https://a.example/?b"] {
        assert!(
            TokenClient::discover(invalid, credentials())
                .start()
                .is_err()
        );
    }
    for invalid in [
        "http://a.example/",
        "https://a:b@c.example/",
        "https://a.example/#b",
    ] {
        assert!(TokenClient::oauth(invalid, credentials()).start().is_err());
    }
}

#[tokio::test]
async fn audience_and_resource_are_asked_for_on_request() {
    let server = Server::start([opaque("a")]).await;
    let url = format!("{}/token", server.origin);
    let plain = TokenClient::oauth(&url, credentials());
    let audience = TokenClient::oauth(&url, credentials()).audience("api");
    let resource = TokenClient::oauth(&url, credentials()).resource("api");
    for builder in [plain, audience, resource] {
        builder.start().unwrap().token().await.unwrap();
    }
    let bodies: Vec<_> = server.asked().into_iter().map(|asked| asked.body).collect();
    let grant = "grant_type=client_credentials";
    assert_eq!(
        bodies,
        [
            grant.into(),
            format!("{grant}&audience=api"),
            format!("{grant}&resource=api")
        ]
    );
}

#[tokio::test]
async fn a_token_without_a_lifetime_is_kept_for_a_while() {
    let server = Server::start([opaque("a")]).await;
    let url = format!("{}/token", server.origin);
    let tokens = TokenClient::oauth(&url, credentials()).start().unwrap();
    for _ in 0..10 {
        let token = tokens.token().await.unwrap();
        assert_eq!(token.lifetime(), UNSTATED_LIFETIME);
    }
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_rejection_may_have_the_status_200() {
    let rejected = json!({"error": "bad_verification_code", "error_description": "it is\u{7} old"});
    let server = Server::start([json_response(200, rejected)]).await;
    let url = format!("{}/token", server.origin);
    let tokens = TokenClient::oauth(&url, credentials()).start().unwrap();
    let error = tokens.token().await.unwrap_err();
    assert!(!error.is_retryable());
    assert_eq!(
        error.to_string(),
        r"the server rejected the request: 200 bad_verification_code: it is\u{7} old"
    );
}

#[tokio::test]
async fn a_server_that_is_busy_says_for_how_long() {
    for (header, expected) in [("7", 7), ("99999", 60)] {
        let busy = (429, vec![("retry-after", header.to_owned())], "{}".into());
        let server = Server::start([busy]).await;
        let url = format!("{}/token", server.origin);
        let tokens = TokenClient::oauth(&url, credentials()).start().unwrap();
        let Err(TokenError::Rejected(rejection)) = tokens.token().await else {
            panic!("the server rejects everything");
        };
        assert_eq!(rejection.retry_after, Some(Duration::from_secs(expected)));
    }
}

#[test]
fn blocking_callers_have_the_same_constructors() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let issued = json!({"access_token": "a", "expires_in": "3600", "exp_access_token": 600});
    let server = runtime.block_on(Server::start([json_response(200, issued)]));
    let url = format!("{}/token", server.origin);
    let post = Authentication::Post(credentials());
    for started in [
        blocking::TokenClient::oauth(&url, credentials())
            .scope("a")
            .start(),
        blocking::TokenClient::oauth(&url, post).start(),
        blocking::TokenClient::auth0(&server.origin, credentials(), AUDIENCE)
            .form()
            .start(),
        blocking::TokenClient::atm(&server.origin, credentials()).start(),
    ] {
        let token = started.unwrap().token().unwrap();
        assert_eq!(token.text().expose_secret(), "a");
        assert_eq!(token.lifetime().as_secs(), 3600);
    }
    assert!(
        blocking::TokenClient::discover("http://a.example", credentials())
            .start()
            .is_err()
    );
}

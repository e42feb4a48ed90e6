//! The token client through its public API, with servers in both dialects and with APIs to call.

mod oauth;
mod server;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Mutex;
use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::{LOCATION, WWW_AUTHENTICATE};
use reqwest::{Method, Request, Url};
use serde_json::{Value, json};
use tokenlatch::Policy;
use tokenlatch_host::http::{HttpClient, HttpError};
use tokenlatch_host::issuer::{ATM_ISSUER, Issuer};
use tokenlatch_host::key_set::{HttpSource, KeySetCache, VerifyError};
use tokenlatch_host::token_client::{
    self, AccessToken, ExposeSecret, Malformed, TokenClient, TokenError,
};

use server::{
    AUDIENCE, Asked, SECRET, Server, credentials, issued, json_response, plain, rejected,
};

const JSON: &str = "application/json";

fn text(token: &AccessToken) -> &str {
    token.text().expose_secret()
}

async fn issuer() -> Issuer {
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Issuer::start(any_port).await.unwrap()
}

fn keys(issuer: &Issuer) -> KeySetCache {
    let url = format!("{}/.well-known/jwks.json", issuer.origin());
    KeySetCache::new(HttpSource::url(&url, HttpClient::default()).unwrap())
}

/// Keeps a text for policies that are never dropped, where AddressSanitizer finds it.
fn forever(text: String) -> &'static str {
    static TEXTS: Mutex<Vec<&str>> = Mutex::new(Vec::new());
    let text = text.leak();
    TEXTS.lock().unwrap().push(text);
    text
}

/// A client of a server that responds in Auth0's dialect.
fn auth0(server: &Server) -> TokenClient {
    let builder = TokenClient::auth0(&server.origin, credentials(), AUDIENCE);
    builder.start().unwrap()
}

#[tokio::test]
async fn every_flow_brings_a_token_that_verifies() {
    let issuer = issuer().await;
    let origin = issuer.origin();
    let keys = keys(&issuer);
    let auth0_policy =
        Policy::new(forever(issuer.issuer()), AUDIENCE).leeway(Duration::from_secs(5));
    let atm_policy = Policy::new(ATM_ISSUER, AUDIENCE).leeway(Duration::from_secs(5));
    let auth0 = || {
        let builder = TokenClient::auth0(origin, credentials(), AUDIENCE);
        builder.verify_with(keys.clone(), auth0_policy)
    };
    let atm = || TokenClient::atm(origin, credentials()).verify_with(keys.clone(), atm_policy);
    for (tokens, lifetime) in [
        (auth0().start(), 86_400),
        (auth0().form().start(), 86_400),
        (atm().start(), 600),
        (atm().user("admin@example.com").start(), 600),
    ] {
        let token = tokens.unwrap().token().await.unwrap();
        assert_eq!(token.lifetime().as_secs(), lifetime);
        let response: Value = serde_json::from_str(token.response().expose_secret()).unwrap();
        assert_eq!(response["access_token"], text(&token));
    }
}

#[tokio::test]
async fn requests_are_those_of_the_documentation() {
    let server = Server::start([issued("a")]).await;
    let origin = &server.origin;
    auth0(&server).token().await.unwrap();
    let form = TokenClient::auth0(origin, credentials(), AUDIENCE).form();
    let form = form.organization("org_1").start().unwrap();
    form.token().await.unwrap();
    let atm = TokenClient::atm(origin, credentials()).user("admin@gmail.com");
    atm.start().unwrap().token().await.unwrap();
    let atm = TokenClient::atm(origin, credentials()).refresh("r", "i");
    atm.start().unwrap().token().await.unwrap();
    let asked = |path: &str, content_type: &str, body: &str| Asked {
        path: path.into(),
        authorization: String::new(),
        content_type: content_type.into(),
        body: body.into(),
    };
    let expected = [
        asked(
            "/oauth/token",
            JSON,
            r#"{"grant_type":"client_credentials","client_id":"demo-client","client_secret":"demo-secret","audience":"https://api.example.com/"}"#,
        ),
        asked(
            "/oauth/token",
            "application/x-www-form-urlencoded",
            "grant_type=client_credentials&client_id=demo-client&client_secret=demo-secret&audience=https%3A%2F%2Fapi.example.com%2F&organization=org_1",
        ),
        asked(
            "/auth/token",
            JSON,
            r#"{"clientId":"demo-client","clientSecret":"demo-secret","grant_types":"user_credentials","loginId":"admin@gmail.com"}"#,
        ),
        asked(
            "/auth/token",
            JSON,
            r#"{"clientId":"demo-client","refresh_token":"r","id_token":"i","grantType":"refresh_token"}"#,
        ),
    ];
    assert_eq!(server.asked(), expected);
}

#[tokio::test]
async fn a_token_is_kept_and_an_error_is_not() {
    let rejection = json!({"error": "access_denied", "error_description": "not today"});
    let server = Server::start([json_response(403, rejection), issued("a"), issued("b")]).await;
    let tokens = auth0(&server);
    let error = tokens.token().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the server rejected the request: 403 access_denied: not today"
    );
    for _ in 0..3 {
        assert_eq!(text(&tokens.token().await.unwrap()), "a");
    }
    assert_eq!(server.asked().len(), 2);
    tokens.invalidate(&tokens.token().await.unwrap());
    assert_eq!(text(&tokens.token().await.unwrap()), "b");
}

#[tokio::test]
async fn a_token_that_does_not_verify_is_an_error_and_is_not_kept() {
    let issuer = issuer().await;
    let genuine = TokenClient::auth0(issuer.origin(), credentials(), AUDIENCE);
    let genuine = genuine.start().unwrap().token().await.unwrap();
    let (signed, _) = text(&genuine).rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", "A".repeat(342));
    let server = Server::start([issued(&forged), issued("opaque"), issued(text(&genuine))]).await;
    let policy = Policy::new(forever(issuer.issuer()), AUDIENCE).leeway(Duration::from_secs(5));
    let tokens = TokenClient::auth0(&server.origin, credentials(), AUDIENCE)
        .verify_with(keys(&issuer), policy)
        .start()
        .unwrap();
    for code in ["invalid-signature", "not-compact"] {
        let error = tokens.token().await.unwrap_err();
        let TokenError::Unverified(unverified) = &error else {
            panic!("{error:?}");
        };
        assert_eq!((unverified.code(), error.is_retryable()), (code, false));
    }
    assert_eq!(text(&tokens.token().await.unwrap()), text(&genuine));

    // Without keys the token cannot be verified yet.
    let nowhere = HttpSource::url("http://127.0.0.1:1/", HttpClient::default()).unwrap();
    let tokens = TokenClient::auth0(issuer.origin(), credentials(), AUDIENCE)
        .verify_with(KeySetCache::new(nowhere), policy)
        .start()
        .unwrap();
    let error = tokens.token().await.unwrap_err();
    assert!(error.is_retryable());
    assert!(matches!(
        error,
        TokenError::Unverified(VerifyError::Keys(_))
    ));
}

#[tokio::test]
async fn a_refresh_takes_what_is_rotated_and_falls_back_to_the_credentials() {
    // Each token expires at once, so every call asks for the next one.
    let issued = |members: Value| {
        let mut response = json!({"access_token": "a", "exp_access_token": 0});
        let members = members.as_object().unwrap().clone();
        response.as_object_mut().unwrap().extend(members);
        json_response(200, response)
    };
    let server = Server::start([
        issued(json!({"refresh_token": "r1", "id_token": "i1"})),
        issued(json!({"refresh_token": "r2"})),
        issued(json!({})),
        // An outage is not a rejection.
        plain(503, "later"),
        json_response(401, json!({"error": "invalid_grant"})),
        issued(json!({})),
    ])
    .await;
    let tokens = TokenClient::atm(&server.origin, credentials()).user("admin@example.com");
    let tokens = tokens.start().unwrap();
    let outcomes = [
        tokens.token().await.is_ok(),
        tokens.token().await.is_ok(),
        tokens.token().await.is_ok(),
        tokens.token().await.is_ok(),
        tokens.token().await.is_ok(),
        tokens.token().await.is_ok(),
    ];
    assert_eq!(outcomes, [true, true, true, false, true, true]);
    let refresh = |refresh_token: &str| {
        json!({
            "clientId": "demo-client",
            "refresh_token": refresh_token,
            "id_token": "i1",
            "grantType": "refresh_token",
        })
    };
    let user = json!({
        "clientId": "demo-client",
        "clientSecret": SECRET,
        "grant_types": "user_credentials",
        "loginId": "admin@example.com",
    });
    let expected = [
        user.clone(),
        refresh("r1"),
        refresh("r2"),
        refresh("r2"),
        refresh("r2"),
        user.clone(),
        user,
    ];
    assert_eq!(server.bodies(), expected);
}

#[tokio::test]
async fn a_stolen_refresh_token_costs_one_more_request() {
    let issuer = issuer().await;
    let atm = || TokenClient::atm(issuer.origin(), credentials()).user("admin@example.com");
    let response = async |tokens: &TokenClient| {
        let token = tokens.token().await.unwrap();
        tokens.invalidate(&token);
        serde_json::from_str::<Value>(token.response().expose_secret()).unwrap()
    };
    let tokens = atm().start().unwrap();
    let first = response(&tokens).await;
    let [refresh_token, id_token] =
        ["refresh_token", "id_token"].map(|name| first[name].as_str().unwrap());
    for _ in 0..2 {
        let next = response(&tokens).await;
        assert_eq!(next["id_token"], Value::Null, "it was refreshed");
        assert_ne!(next["refresh_token"], refresh_token);
    }
    // The first one again: the server now rejects the later ones.
    let thief = atm().refresh(refresh_token, id_token).start().unwrap();
    assert_ne!(
        response(&thief).await["id_token"],
        Value::Null,
        "by credentials"
    );
    assert_ne!(
        response(&tokens).await["id_token"],
        Value::Null,
        "by credentials"
    );
    assert_eq!(
        response(&tokens).await["id_token"],
        Value::Null,
        "refreshed"
    );
}

#[tokio::test]
async fn an_api_that_rejects_a_token_is_called_once_more_with_another() {
    let server = Server::start([issued("a"), issued("b")]).await;
    let api = Server::start([rejected(), plain(200, "done")]).await;
    let tokens = auth0(&server);
    let mut request = api.request(Method::POST);
    *request.body_mut() = Some("the body".into());
    let response = tokens.call(request).await.unwrap();
    assert_eq!(
        (response.status, response.body),
        (StatusCode::OK, b"done".to_vec())
    );
    let asked = api.asked();
    assert!(asked.iter().all(|asked| asked.body == "the body"));
    let tokens: Vec<_> = asked.into_iter().map(|asked| asked.authorization).collect();
    assert_eq!(tokens, ["Bearer a", "Bearer b"]);
}

#[tokio::test]
async fn an_api_that_rejects_every_token_is_called_no_more_than_twice() {
    let server = Server::start([issued("a"), issued("b"), issued("c")]).await;
    let api = Server::start([rejected()]).await;
    let tokens = auth0(&server);
    let calls = [2, 1, 1];
    for expected in calls {
        let response = tokens.call(api.request(Method::GET)).await.unwrap();
        assert_eq!(response.status, StatusCode::UNAUTHORIZED);
        assert_eq!(api.asked().len(), expected);
    }
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn other_answers_are_the_callers() {
    let scope = r#"Bearer error="insufficient_scope""#;
    let challenge = |status| {
        (
            status,
            vec![(WWW_AUTHENTICATE.as_str(), scope.into())],
            String::new(),
        )
    };
    let elsewhere = vec![(LOCATION.as_str(), "/elsewhere".into())];
    let server = Server::start([issued("a")]).await;
    let tokens = auth0(&server);
    for response in [
        plain(200, "done"),
        plain(401, "no challenge"),
        challenge(401),
        challenge(403),
        (403, rejected().1, String::new()),
        (302, elsewhere, String::new()),
        plain(500, "broken"),
    ] {
        let api = Server::start([response.clone()]).await;
        let got = tokens.call(api.request(Method::GET)).await.unwrap();
        assert_eq!(
            (got.status.as_u16(), got.body),
            (response.0, response.2.into_bytes())
        );
        assert_eq!(api.asked().len(), 1);
    }
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_body_that_cannot_be_sent_twice_is_sent_once() {
    let server = Server::start([issued("a")]).await;
    let api = Server::start([rejected()]).await;
    let mut request = api.request(Method::PUT);
    *request.body_mut() = Some(reqwest::Body::wrap(reqwest::Body::from("stream")));
    assert!(request.try_clone().is_none());
    let response = auth0(&server).call(request).await.unwrap();
    assert_eq!(response.status, StatusCode::UNAUTHORIZED);
    assert_eq!(api.asked().len(), 1);
}

#[tokio::test]
async fn a_token_goes_only_where_it_is_safe() {
    let server = Server::start([issued("a")]).await;
    let url = Url::parse("http://api.example.com/").unwrap();
    let rejected = auth0(&server).call(Request::new(Method::GET, url)).await;
    let error = rejected.unwrap_err();
    assert!(matches!(
        &error,
        token_client::CallError::Transport(error) if matches!(**error, HttpError::InsecureUrl(_))
    ));
    assert!(server.asked().is_empty(), "none was needed");
    for server in [
        "http://tenant.example",
        "http://tenant.example@127.0.0.2.example",
    ] {
        let rejected = TokenClient::atm(server, credentials()).start();
        assert!(
            matches!(rejected, Err(HttpError::InsecureUrl(_))),
            "{server}"
        );
    }
}

#[tokio::test]
async fn a_secret_follows_no_redirect() {
    let elsewhere = Server::start([issued("a")]).await;
    for status in [301, 302, 303, 307, 308] {
        let location = vec![(LOCATION.as_str(), elsewhere.origin.clone())];
        let server = Server::start([(status, location, String::new())]).await;
        let error = auth0(&server).token().await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the server rejected the request: {status}")
        );
        assert!(!error.is_retryable());
    }
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn errors_are_told_apart() {
    let error = async |response| {
        let server = Server::start([response]).await;
        auth0(&server).token().await.unwrap_err()
    };
    let malformed = |body: &str| plain(200, body);
    for (body, expected) in [
        ("<html>", Malformed::Json),
        (
            r#"{"access_token":"a","expires_in":"soon"}"#,
            Malformed::Lifetime,
        ),
        (
            r#"{"access_token":"a\r\nb: c","expires_in":1}"#,
            Malformed::Token,
        ),
        (
            r#"{"access_token":"a","expires_in":1,"token_type":"mac"}"#,
            Malformed::TokenType,
        ),
    ] {
        let error = error(malformed(body)).await;
        assert!(
            matches!(&error, TokenError::Malformed(why) if *why == expected),
            "{error:?}"
        );
    }
    let long = error(plain(200, &" ".repeat(1 << 20))).await;
    assert!(matches!(&long, TokenError::Transport(_)) && !long.is_retryable());
    for (status, is_retryable) in [(400, false), (401, false), (429, true), (503, true)] {
        // Whatever else the response says.
        let error = error(plain(status, r#"{"access_token":"a","expires_in":1}"#)).await;
        assert!(matches!(&error, TokenError::Rejected(rejection) if rejection.status == status));
        assert_eq!(error.is_retryable(), is_retryable, "{status}");
    }
    let nobody = TokenClient::atm("http://127.0.0.1:1", credentials());
    let error = nobody.start().unwrap().token().await.unwrap_err();
    assert!(matches!(&error, TokenError::Transport(_)) && error.is_retryable());
}

#[test]
fn callers_without_a_runtime() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(Server::start([issued("a"), issued("b")]));
    let api = runtime.block_on(Server::start([rejected(), plain(200, "done")]));
    let builder = TokenClient::auth0(&server.origin, credentials(), AUDIENCE);
    let tokens = token_client::blocking::TokenClient::start(builder).unwrap();
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let tokens = tokens.clone();
            std::thread::spawn(move || tokens.token().unwrap())
        })
        .collect();
    for caller in callers {
        assert_eq!(text(&caller.join().unwrap()), "a");
    }
    let response = tokens.call(api.request(Method::GET)).unwrap();
    assert_eq!(response.body, b"done");
    tokens.invalidate(&tokens.token().unwrap());
    tokens.token().unwrap();
    assert_eq!(server.asked().len(), 3);
    // It may be dropped even where blocking is not allowed.
    runtime.block_on(async { drop(tokens) });
}

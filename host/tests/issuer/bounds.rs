//! What clients cannot do: send requests without limit, block the server, find secrets in its log.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;
use tokenlatch_host::issuer::{Config, Endpoint, Fault, MAX_LATENCY, RateLimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::Fixture;

#[tokio::test]
async fn too_many_requests_are_told_when_to_come_back() {
    let mut config = Config::default();
    config.rate_limit = Some(RateLimit::new(2, Duration::from_secs(86_400)));
    let fixture = Fixture::start_with(config);
    let fixture = fixture.await;
    for _ in 0..2 {
        assert_eq!(fixture.auth0(json!({})).await.status, 200);
    }
    let rejected = fixture.post("/auth/token").json(&json!({})).send().await;
    let rejected = rejected.unwrap();
    assert_eq!(rejected.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = rejected.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=43_200).contains(&wait), "{wait}");
    fixture.key_set().await;
    let log = fixture.issuer.log();
    assert_eq!(log.count_of(Endpoint::AtmToken, "too_many_requests"), 1);
}

#[tokio::test]
async fn the_log_says_who_asked_for_what_and_no_secret() {
    let fixture = Fixture::start().await;
    let first = fixture.atm_user(json!({})).await;
    let (refresh_token, id_token) = (&first["refresh_token"], &first["id_token"]);
    let second = fixture.atm_refresh(refresh_token, id_token).await;
    fixture.auth0(json!({"client_secret": "mistyped"})).await;
    fixture.auth0(json!({"client_id": "demo-secret"})).await;
    fixture
        .get("/demo-secret?demo-secret")
        .send()
        .await
        .unwrap();

    let recent = fixture.issuer.log().recent();
    let seen: Vec<_> = recent
        .iter()
        .map(|it| (it.endpoint, it.status, it.outcome, it.client_id.as_deref()))
        .collect();
    let demo = Some("demo-client");
    let expected = [
        (Endpoint::AtmToken, 200, "issued", demo),
        (Endpoint::AtmToken, 200, "issued", demo),
        (Endpoint::Auth0Token, 401, "invalid_client", None),
        (Endpoint::Auth0Token, 401, "invalid_client", None),
        (Endpoint::Other, 404, "not_found", None),
    ];
    assert_eq!(seen, expected);
    let seen = recent.iter().map(|it| (it.method, it.path.as_str()));
    let expected = [
        ("POST", "/auth/token"),
        ("POST", "/auth/token"),
        ("POST", "/oauth/token"),
        ("POST", "/oauth/token"),
        ("GET", "/…"),
    ];
    assert_eq!(seen.collect::<Vec<_>>(), expected);

    let page = fixture.get("/").send().await.unwrap().text().await.unwrap();
    let requests = fixture.get("/admin/requests").send().await.unwrap();
    let requests = requests.text().await.unwrap();
    let log = format!("{recent:?}{:?}{requests}", fixture.issuer);
    assert!(!log.contains("demo-secret") && !log.contains("mistyped"));
    for token in [
        &first["access_token"],
        &second["access_token"],
        refresh_token,
        id_token,
    ] {
        let token = token.as_str().unwrap();
        assert!(!log.contains(token) && !page.contains(token));
    }
}

#[tokio::test(start_paused = true)]
async fn who_sends_slowly_is_not_waited_for() {
    let fixture = Fixture::start().await;
    let address = &fixture.issuer.origin()["http://".len()..];
    let head =
        format!("POST /oauth/token HTTP/1.1\r\nHost: {address}\r\nContent-Length: 9\r\n\r\n");
    // Nothing, half of a header, and half of a body.
    for (sent, response) in [
        ("", ""),
        (&head[..20], ""),
        (&format!("{head}grant"), "HTTP/1.1 408 "),
    ] {
        let mut connection = TcpStream::connect(address).await.unwrap();
        connection.write_all(sent.as_bytes()).await.unwrap();
        let mut received = String::new();
        connection.read_to_string(&mut received).await.unwrap();
        assert!(received.starts_with(response), "{received}");
        assert_eq!(received.is_empty(), response.is_empty(), "{received}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_hangs_does_not_keep_it_from_stopping() {
    let Fixture { issuer, client } = Fixture::start().await;
    issuer.inject(Fault::Latency(MAX_LATENCY).times(1)).unwrap();
    let url = format!("{}/.well-known/jwks.json", issuer.origin());
    let response = tokio::spawn(client.get(url).send());
    while !issuer.faults().is_empty() {
        tokio::task::yield_now().await;
    }
    let before = Instant::now();
    issuer.stop().await;
    assert!(
        before.elapsed() < Duration::from_secs(10),
        "by the paused clock"
    );
    assert!(response.await.unwrap().is_err());
}

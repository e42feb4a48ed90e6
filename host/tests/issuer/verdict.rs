//! `POST /admin/verdict`: what Tokenlatch says to a token, by the issuer's own keys.

use serde_json::{Value, json};
use tokenlatch_host::issuer::{Client, Config, Fault, ProfileName};

use super::{AUDIENCE, Fixture, json_of};

impl Fixture {
    async fn judged(&self, case: Value) -> (u16, Value) {
        let request = self.post("/admin/verdict").json(&case);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), json_of(response).await)
    }

    /// The code of the rejection, or `verified`.
    async fn code(&self, token: &str) -> String {
        let (status, verdict) = self.judged(json!({"token": token})).await;
        assert_eq!(status, 200, "{verdict}");
        assert_eq!(verdict["verified"], verdict.get("error").is_none());
        assert_eq!(verdict["verified"], verdict.get("reason").is_none());
        let code = verdict["error"].as_str().unwrap_or("verified");
        code.to_owned()
    }
}

#[tokio::test]
async fn it_says_by_what_it_judges() {
    let fixture = Fixture::start().await;
    fixture.issuer.clock().set(1_700_000_000);
    let token = fixture.auth0(json!({})).await;
    let verdict = fixture.judged(json!({"token": token.token()})).await;
    let expected = json!({
        "verified": true,
        "profile": "auth0",
        "issuers": [format!("{}/", fixture.issuer.origin())],
        "issuer_templates": [],
        "audiences": [AUDIENCE],
        "client": null,
        "now": 1_700_000_000,
    });
    assert_eq!(verdict, (200, expected));
    let token = fixture.atm_user(json!({})).await;
    let (_, verdict) = fixture.judged(json!({"token": token.token()})).await;
    assert_eq!(verdict["verified"], true);
    assert_eq!(verdict["profile"], "atm");
    assert_eq!(verdict["issuers"], json!(["atm"]));
}

#[tokio::test]
async fn tokens_are_rejected_for_the_reason_that_there_is() {
    let fixture = Fixture::start().await;
    let good = fixture.auth0(json!({})).await;
    let good = good.token();
    assert_eq!(fixture.code(good).await, "verified");
    for (fault, code) in [
        (Fault::Expired, "expired"),
        (Fault::NotYetValid, "not-yet-valid"),
        (Fault::WrongAudience, "wrong-audience"),
        (Fault::WrongIssuer, "wrong-issuer"),
        (Fault::BadSignature, "invalid-signature"),
        (Fault::AlgNone, "unsupported-algorithm"),
        (Fault::RemoveClaim("exp".into()), "missing-claim"),
    ] {
        fixture.issuer.inject(fault.times(1)).unwrap();
        let bad = fixture.auth0(json!({})).await;
        assert_eq!(fixture.code(bad.token()).await, code);
    }
    let other = Fixture::start().await;
    let forged = other.auth0(json!({})).await;
    assert_eq!(fixture.code(forged.token()).await, "unknown-key");
    for (garbage, code) in [
        ("", "not-compact"),
        ("<b>.", "not-compact"),
        ("a.b.c", "invalid-base64url"),
        ("\u{202e}.e30.e30", "invalid-base64url"),
    ] {
        assert_eq!(fixture.code(garbage).await, code, "{garbage}");
    }
    // Rotated keys stay until their tokens have expired.
    fixture.issuer.rotate().await.unwrap();
    assert_eq!(fixture.code(good).await, "verified");
    let day = std::time::Duration::from_secs(86_400);
    fixture.issuer.clock().advance(day);
    let late = fixture.auth0(json!({})).await;
    assert_eq!(fixture.code(late.token()).await, "verified");
    fixture.issuer.clock().advance(day);
    assert_eq!(fixture.code(late.token()).await, "expired");
}

#[tokio::test]
async fn what_is_too_long_is_rejected() {
    let fixture = Fixture::start().await;
    let longest = tokenlatch::MAX_TOKEN_LEN;
    assert_eq!(fixture.code(&"a".repeat(longest)).await, "not-compact");
    let longer = "a".repeat(longest + 1);
    assert_eq!(fixture.code(&longer).await, "token-too-long");
    let (status, response) = fixture
        .judged(json!({"token": "a".repeat(2 * longest)}))
        .await;
    assert_eq!(
        (status, &response["error"]),
        (400, &json!("invalid_request"))
    );
}

#[tokio::test]
async fn other_requests_are_rejected_and_not_quoted() {
    let fixture = Fixture::start().await;
    for bad in [
        json!({}),
        json!({"token": ["s3cret"]}),
        json!({"token": "s3cret", "client_id": "nobody"}),
        json!({"s3cret": "", "token": ""}),
        json!("s3cret"),
    ] {
        let (status, response) = fixture.judged(bad).await;
        assert_eq!(
            (status, &response["error"]),
            (400, &json!("invalid_request"))
        );
        assert!(!response.to_string().contains("s3cret"), "{response}");
    }
    let request = fixture.post("/admin/verdict").json(&json!({"token": ""}));
    let response = request.header("sec-fetch-site", "cross-site").send().await;
    assert_eq!(response.unwrap().status(), 403);
}

#[tokio::test]
async fn each_client_has_its_audiences() {
    let mut config = Config::default();
    let other = Client::new("other", "other-secret", "https://other.example.com/");
    config.clients.push(other);
    let fixture = Fixture::start_with(config).await;
    let request = json!({"client_id": "other"});
    let request = fixture.post("/admin/token").json(&request);
    let token = json_of(request.send().await.unwrap()).await["access_token"].clone();
    let (_, verdict) = fixture.judged(json!({"token": token})).await;
    assert_eq!(verdict["error"], "wrong-audience");
    let case = json!({"token": token, "client_id": "other"});
    let (_, verdict) = fixture.judged(case).await;
    assert_eq!(verdict["verified"], true);
    assert_eq!(verdict["audiences"], json!(["https://other.example.com/"]));
}

#[tokio::test]
async fn the_tokens_of_every_profile_are_verified() {
    for profile in ProfileName::ALL {
        let mut config = Config::default();
        config.profile = *profile;
        config.issuer = Some("https://login.example.test/".into());
        let fixture = Fixture::start_with(config).await;
        let token = fixture.issuer.token(json!({})).unwrap();
        let (_, verdict) = fixture.judged(json!({"token": token})).await;
        assert_eq!(verdict["verified"], true, "{profile}: {verdict}");
        assert_eq!(verdict["profile"], profile.as_str());
        // Entra's keys are for Entra's issuer alone.
        let is_marked = *profile == ProfileName::Entra;
        let code = if is_marked {
            "wrong-key-issuer"
        } else {
            "verified"
        };
        let atm = fixture.atm_user(json!({})).await;
        assert_eq!(fixture.code(atm.token()).await, code, "{profile}");
    }
}

#[tokio::test]
async fn the_log_has_no_trace_of_it() {
    let fixture = Fixture::start().await;
    let token = fixture.issuer.token(json!({})).unwrap();
    fixture.code(&token).await;
    assert_eq!(fixture.issuer.log().recent(), []);
    // Not even if somebody puts a token or a secret where none belongs.
    for path in [
        format!("/{token}"),
        format!("/a/{token}/b?{token}"),
        format!("/{}/.well-known/openid-configuration", token),
        "/demo-secret".into(),
        "/%64emo-secret".into(),
    ] {
        fixture.get(&path).send().await.unwrap();
    }
    let method = reqwest::Method::from_bytes(b"DEMO-SECRET").unwrap();
    let url = format!("{}/x", fixture.issuer.origin());
    fixture.client.request(method, url).send().await.unwrap();
    let requests = fixture.get("/admin/requests").send().await.unwrap();
    let requests = requests.text().await.unwrap();
    let recent = fixture.issuer.log().recent();
    let log = format!("{recent:?}{requests}").to_lowercase();
    for part in token.split('.').chain(["demo-secret", "emo-secret"]) {
        assert!(!log.contains(&part.to_lowercase()), "{log}");
    }
    let seen = recent.iter().map(|it| (it.method, it.path.as_str()));
    let expected = [
        ("GET", "/…"),
        ("GET", "/a/…/b"),
        ("GET", "/…/.well-known/openid-configuration"),
        ("GET", "/…"),
        ("GET", "/…"),
        ("other", "/x"),
    ];
    assert_eq!(seen.collect::<Vec<_>>(), expected);
}

//! `/admin/`, for programs on this machine.

use serde_json::{Value, json};
use tokenlatch_host::issuer::{Config, Endpoint};

use super::{Fixture, json_of};

#[tokio::test]
async fn keys_are_rotated() {
    let fixture = Fixture::start().await;
    let keys = fixture.issuer.keys();
    fixture.auth0(json!({})).await;
    let response = fixture.post("/admin/rotate").send().await.unwrap();
    assert_eq!(response.status(), 200);
    let response = json_of(response).await;
    assert_eq!(response["keys"][0]["kid"], keys[1].key_id);
    assert_eq!(response["keys"][0]["state"], "signing");
    assert_eq!(response["keys"][0]["bits"], 2048);
    assert_eq!(response["keys"][1]["state"], "next");
    assert_eq!(response["keys"][2]["state"], "retiring");
    assert!(response["keys"][2]["until"].is_u64());
}

#[tokio::test]
async fn faults_are_injected_and_cleared() {
    let fixture = Fixture::start().await;
    let fault = json!({"fault": "wrong-audience", "requests": 2});
    let response = fixture.post("/admin/faults").json(&fault).send().await;
    assert_eq!(json_of(response.unwrap()).await, json!({"faults": [fault]}));
    let token = fixture.auth0(json!({})).await;
    let verdict = fixture.verdict(token.token()).await;
    assert_eq!(verdict.unwrap_err().code(), "wrong-audience");
    let response = fixture.get("/admin/faults").send().await.unwrap();
    assert_eq!(json_of(response).await["faults"][0]["requests"], 1);
    let response = fixture.delete("/admin/faults").send().await.unwrap();
    assert_eq!(json_of(response).await, json!({"faults": []}));

    for bad in [
        json!({"fault": "flood"}),
        json!({"fault": "expired", "at": "key-set"}),
        json!({"fault": {"latency": 60_001}}),
        json!([]),
    ] {
        let response = fixture
            .post("/admin/faults")
            .json(&bad)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 400);
        assert_eq!(json_of(response).await["error"], "invalid_request");
    }
    let bad = json!({"fault": "bad"});
    let response = fixture.post("/admin/faults").json(&bad).send().await;
    let response = json_of(response.unwrap()).await;
    let why = response["error_description"].as_str().unwrap();
    for fault in ["outage", "latency", "wrong-audience", "remove-claim"] {
        assert!(why.contains(&format!("`{fault}`")), "{why}");
    }
}

#[tokio::test]
async fn the_clock_is_moved() {
    let fixture = Fixture::start().await;
    let post = async |how: Value| {
        let response = fixture
            .post("/admin/clock")
            .json(&how)
            .send()
            .await
            .unwrap();
        (response.status().as_u16(), json_of(response).await)
    };
    let set = post(json!({"set": 1_700_000_000})).await;
    assert_eq!(set, (200, json!({"now": 1_700_000_000})));
    let advanced = post(json!({"advance": 60})).await;
    assert_eq!(advanced, (200, json!({"now": 1_700_000_060})));
    assert_eq!(
        fixture.auth0(json!({})).await.claims()["iat"],
        1_700_000_060
    );
    for bad in [
        json!({"set": -1}),
        json!({}),
        json!({"set": 1, "advance": 1}),
    ] {
        assert_eq!(post(bad).await.0, 400);
    }
    let reset = fixture.delete("/admin/clock").send().await.unwrap();
    assert_ne!(json_of(reset).await["now"], 1_700_000_060);
}

#[tokio::test]
async fn requests_are_counted() {
    let fixture = Fixture::start().await;
    fixture.auth0(json!({})).await;
    fixture.key_set().await;
    let response = fixture.get("/admin/requests").send().await.unwrap();
    let response = json_of(response).await;
    let expected = json!([
        {"endpoint": "auth0-token", "outcome": "issued", "count": 1},
        {"endpoint": "key-set", "outcome": "served", "count": 1},
    ]);
    assert_eq!(response["counts"], expected);
    assert_eq!(response["recent"][0]["client_id"], "demo-client");
    fixture.delete("/admin/requests").send().await.unwrap();
    assert_eq!(fixture.issuer.log().count(Endpoint::Auth0Token), 0);
}

#[tokio::test]
async fn other_names_and_other_sites_are_rejected() {
    let fixture = Fixture::start().await;
    let keys = fixture.issuer.keys();
    for (name, value) in [
        ("host", "evil.example"),
        ("host", "127.0.0.1.evil.example:80"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        for request in [
            fixture.post("/admin/rotate"),
            fixture.get("/admin/requests"),
        ] {
            let response = request.header(name, value).send().await.unwrap();
            assert_eq!(response.status(), 403, "{name}: {value}");
            assert!(
                response
                    .headers()
                    .get("access-control-allow-origin")
                    .is_none()
            );
        }
    }
    assert_eq!(fixture.issuer.keys(), keys);
    for site in ["same-origin", "none"] {
        let request = fixture.get("/admin/requests");
        let response = request.header("sec-fetch-site", site).send().await.unwrap();
        assert_eq!(response.status(), 200, "{site}");
    }
}

#[tokio::test]
async fn it_can_be_left_out() {
    let mut config = Config::default();
    config.admin = false;
    let fixture = Fixture::start_with(config);
    let response = fixture.await.post("/admin/rotate").send().await.unwrap();
    assert_eq!(response.status(), 404);
}

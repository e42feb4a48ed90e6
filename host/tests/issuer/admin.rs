//! `/admin/`, for programs on this machine.

use serde_json::{Value, json};
use tokenlatch_host::issuer::{Config, Endpoint};

use super::{Fixture, json_of};

#[tokio::test]
async fn keys_are_rotated() {
    let fixture = Fixture::start().await;
    let keys = fixture.issuer.keys();
    fixture.auth0(json!({})).await;
    let answer = fixture.post("/admin/rotate").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let answer = json_of(answer).await;
    assert_eq!(answer["keys"][0]["kid"], keys[1].kid);
    assert_eq!(answer["keys"][0]["state"], "signing");
    assert_eq!(answer["keys"][0]["bits"], 2048);
    assert_eq!(answer["keys"][1]["state"], "next");
    assert_eq!(answer["keys"][2]["state"], "retiring");
    assert!(answer["keys"][2]["until"].is_u64());
}

#[tokio::test]
async fn faults_are_injected_and_cleared() {
    let fixture = Fixture::start().await;
    let fault = json!({"fault": "wrong-audience", "requests": 2});
    let answer = fixture.post("/admin/faults").json(&fault).send().await;
    assert_eq!(json_of(answer.unwrap()).await, json!({"faults": [fault]}));
    let token = fixture.auth0(json!({})).await;
    let verdict = fixture.verdict(token.token()).await;
    assert_eq!(verdict.unwrap_err().code(), "wrong-audience");
    let answer = fixture.get("/admin/faults").send().await.unwrap();
    assert_eq!(json_of(answer).await["faults"][0]["requests"], 1);
    let answer = fixture.delete("/admin/faults").send().await.unwrap();
    assert_eq!(json_of(answer).await, json!({"faults": []}));

    for bad in [
        json!({"fault": "flood"}),
        json!({"fault": "expired", "at": "key-set"}),
        json!({"fault": {"latency": 60_001}}),
        json!([]),
    ] {
        let answer = fixture
            .post("/admin/faults")
            .json(&bad)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 400);
        assert_eq!(json_of(answer).await["error"], "invalid_request");
    }
}

#[tokio::test]
async fn the_clock_is_moved() {
    let fixture = Fixture::start().await;
    let post = async |how: Value| {
        let answer = fixture
            .post("/admin/clock")
            .json(&how)
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), json_of(answer).await)
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
    let answer = fixture.get("/admin/requests").send().await.unwrap();
    let answer = json_of(answer).await;
    let expected = json!([
        {"endpoint": "auth0-token", "outcome": "issued", "count": 1},
        {"endpoint": "key-set", "outcome": "served", "count": 1},
    ]);
    assert_eq!(answer["counts"], expected);
    assert_eq!(answer["recent"][0]["client_id"], "demo-client");
    fixture.delete("/admin/requests").send().await.unwrap();
    assert_eq!(fixture.issuer.log().count(Endpoint::Auth0Token), 0);
}

#[tokio::test]
async fn other_names_and_other_sites_are_refused() {
    let fixture = Fixture::start().await;
    let keys = fixture.issuer.keys();
    for (name, value) in [
        ("host", "evil.example"),
        ("host", "127.0.0.1.evil.example:80"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        for request in [
            fixture.post("/admin/rotate"),
            fixture.get("/admin/requests"),
        ] {
            let answer = request.header(name, value).send().await.unwrap();
            assert_eq!(answer.status(), 403, "{name}: {value}");
            assert!(
                answer
                    .headers()
                    .get("access-control-allow-origin")
                    .is_none()
            );
        }
    }
    assert_eq!(fixture.issuer.keys(), keys);
}

#[tokio::test]
async fn it_can_be_left_out() {
    let mut config = Config::default();
    config.admin = false;
    let fixture = Fixture::start_with(config);
    let answer = fixture.await.post("/admin/rotate").send().await.unwrap();
    assert_eq!(answer.status(), 404);
}

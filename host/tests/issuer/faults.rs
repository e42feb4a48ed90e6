//! Every fault, and how clients and verifiers respond to it.

use std::time::Duration;

use serde_json::{Value, json};
use tokenlatch_host::issuer::{Endpoint, Fault, MAX_LATENCY, WRONG};
use tokio::time::timeout;

use super::Fixture;

fn claim(name: &str, value: Value) -> Fault {
    Fault::Claim {
        name: name.into(),
        value,
    }
}

#[tokio::test]
async fn faulty_tokens_are_rejected_with_their_codes() {
    let fixture = Fixture::start().await;
    for (fault, code) in [
        (Fault::Expired, "expired"),
        (Fault::NotYetValid, "not-yet-valid"),
        (Fault::WrongAudience, "wrong-audience"),
        (Fault::WrongIssuer, "wrong-issuer"),
        (Fault::BadSignature, "invalid-signature"),
        (Fault::AlgNone, "unsupported-algorithm"),
        (claim("exp", json!("soon")), "invalid-claim"),
        (claim("aud", json!(["https://x/"])), "wrong-audience"),
        (claim("iat", json!(4_000_000_000_u64)), "issued-in-future"),
        (Fault::RemoveClaim("exp".into()), "missing-claim"),
        (Fault::RemoveClaim("aud".into()), "missing-claim"),
    ] {
        fixture.issuer.inject(fault.clone().times(2)).unwrap();
        let auth0 = fixture.auth0(json!({})).await;
        let atm = fixture
            .atm_user(json!({"grant_types": "client_credentials"}))
            .await;
        for verdict in [
            fixture.verdict(auth0.token()).await,
            fixture.atm_verdict(atm.token()).await,
        ] {
            let error = verdict.unwrap_err();
            assert!(error.code().starts_with(code), "{fault:?}: {error}");
        }
        let good = fixture.auth0(json!({})).await;
        assert_eq!(fixture.verdict(good.token()).await, Ok(()), "{fault:?}");
    }
}

#[tokio::test]
async fn faults_add_up_and_end() {
    let fixture = Fixture::start().await;
    fixture.issuer.inject(Fault::WrongAudience).unwrap();
    fixture.issuer.inject(claim("extra", json!(1))).unwrap();
    let claims = fixture.auth0(json!({})).await.claims();
    assert_eq!(
        (&claims["aud"], &claims["extra"]),
        (&json!(WRONG), &json!(1))
    );
    fixture.issuer.clear_faults();
    let good = fixture.auth0(json!({})).await;
    assert_eq!(fixture.verdict(good.token()).await, Ok(()));
}

#[tokio::test]
async fn no_two_faults_are_too_much() {
    let fixture = Fixture::start().await;
    for first in [
        Fault::RemoveClaim("exp".into()),
        claim("exp", json!(u64::MAX)),
        claim("iat", json!([])),
    ] {
        for second in [
            Fault::Expired,
            Fault::NotYetValid,
            Fault::BadSignature,
            Fault::AlgNone,
        ] {
            fixture.issuer.inject(first.clone()).unwrap();
            fixture.issuer.inject(second).unwrap();
            let token = fixture.auth0(json!({})).await;
            assert!(fixture.verdict(token.token()).await.is_err());
            fixture.issuer.clear_faults();
        }
    }
}

#[tokio::test]
async fn a_stale_set_lacks_the_keys_that_came_after_it() {
    let fixture = Fixture::start().await;
    fixture.issuer.inject(Fault::StaleSet).unwrap();
    for _ in 0..2 {
        fixture.issuer.rotate().await.unwrap();
    }
    let token = fixture.auth0(json!({})).await;
    let verdict = fixture.verdict(token.token()).await;
    assert_eq!(verdict.unwrap_err().code(), "unknown-key");
    fixture.issuer.clear_faults();
    assert_eq!(fixture.verdict(token.token()).await, Ok(()));
}

#[tokio::test]
async fn an_outage_is_where_it_was_asked_for_and_as_long() {
    let fixture = Fixture::start().await;
    let outage = Fault::Outage.at(Endpoint::KeySet).times(2);
    fixture.issuer.inject(outage).unwrap();
    assert_eq!(fixture.auth0(json!({})).await.status, 200);
    for status in [503, 503, 200] {
        let response = fixture.get("/.well-known/jwks.json").send().await;
        assert_eq!(response.unwrap().status(), status);
    }
    assert_eq!(fixture.issuer.log().count_of(Endpoint::KeySet, "outage"), 2);
}

#[tokio::test]
async fn a_connection_can_be_closed_without_an_response() {
    let fixture = Fixture::start().await;
    fixture
        .issuer
        .inject(Fault::Disconnect.at(Endpoint::Auth0Token).times(1))
        .unwrap();
    let response = fixture.post("/oauth/token").body("").send().await;
    assert!(response.unwrap_err().is_request());
    assert_eq!(fixture.auth0(json!({})).await.status, 200);
    let [closed, served] = &fixture.issuer.log().recent()[..] else {
        panic!("two requests");
    };
    assert_eq!((closed.status, closed.outcome), (0, "disconnect"));
    assert_eq!((served.status, served.outcome), (200, "issued"));
}

#[tokio::test]
async fn wrong_content_has_the_status_of_the_right_one() {
    let fixture = Fixture::start().await;
    fixture.issuer.inject(Fault::WrongContent.times(1)).unwrap();
    let response = fixture.get("/.well-known/jwks.json").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(
        response
            .text()
            .await
            .unwrap()
            .starts_with("<!doctype html>")
    );
}

#[tokio::test]
async fn latency_makes_an_answer_late() {
    let fixture = Fixture::start().await;
    fixture
        .issuer
        .inject(Fault::Latency(MAX_LATENCY).times(1))
        .unwrap();
    let late = fixture.get("/.well-known/jwks.json").send();
    let late = timeout(Duration::from_millis(300), late).await;
    assert!(late.is_err(), "it takes a minute");
    let latency = Fault::Latency(Duration::from_millis(1));
    fixture.issuer.inject(latency.times(1)).unwrap();
    fixture.key_set().await;
}

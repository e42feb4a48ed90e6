//! Tokens and documents for devices without a network.

use reqwest::RequestBuilder;
use serde_json::{Value, json};
use tokenlatch::{Error, JwkSet, Policy, Time, verify};
use tokenlatch_host::device::{Epoch, KEY_SET_TYPE, REVOCATION_TYPE, Revocation, Revoked};
use tokenlatch_host::issuer::{Client, Config, DeviceError, Devices, Endpoint, Fault};

use super::{Fixture, claims, json_of};

impl Fixture {
    /// The text at this path, which has this media type.
    async fn text(&self, path: &str, media_type: &str) -> String {
        let response = self.get(path).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["content-type"], media_type);
        response.text().await.unwrap()
    }

    async fn root(&self) -> String {
        self.text("/device/root", "application/jwk-set+json").await
    }

    async fn update(&self) -> String {
        let media_type = "application/jwk-set+jwt";
        self.text("/device/key-set", media_type).await
    }

    async fn revocation(&self) -> String {
        let media_type = "application/revocation+jwt";
        self.text("/device/revocation", media_type).await
    }

    /// Verifies a document as a device does, and returns its claims.
    fn document(&self, root: &str, document: &str, token_type: &str) -> Value {
        let issuer = self.issuer.issuer();
        let policy = Policy::new(&issuer, "doors")
            .require_type(token_type)
            .require_subject(&issuer);
        let verdict = self.verdict_by(document, root, &policy);
        assert_eq!(verdict, Ok(()));
        claims(document)
    }

    /// The verdict of a door that has this key set.
    fn door(&self, token: &str, keys: &Value) -> Result<(), Error> {
        let keys = JwkSet::<8>::from_json(keys.to_string().as_bytes()).unwrap();
        let issuer = self.issuer.issuer();
        let policy = Policy::new(&issuer, "door-1").require_scopes(&["door:open"]);
        let now = Time::exactly(self.issuer.clock().now());
        let mut scratch = vec![0; token.len()];
        verify(token.as_bytes(), &mut scratch, &keys, &policy, now).map(drop)
    }
}

#[tokio::test]
async fn a_client_gets_a_token_for_a_door() {
    let fixture = Fixture::start().await;
    let token = fixture.auth0(json!({"audience": "door-1", "nonce": "c1"}));
    let token = token.await;
    assert_eq!(token["expires_in"], 300);
    assert_eq!(token["scope"], "door:open");
    let mut claims = token.claims();
    let claims = claims.as_object_mut().unwrap();
    let mut take = |name| claims.remove(name).unwrap();
    let (iat, exp) = (take("iat").as_u64(), take("exp").as_u64());
    assert_eq!(exp.unwrap() - iat.unwrap(), 300);
    assert_eq!(take("jti").as_str().unwrap().len(), 16);
    let expected = json!({
        "iss": fixture.issuer.issuer(),
        "sub": "demo-client",
        "aud": "door-1",
        "scope": "door:open",
        "nonce": "c1",
    });
    assert_eq!(json!(claims), expected);
    let update = claims_of_update(&fixture).await;
    assert_eq!(fixture.door(token.token(), &update), Ok(()));

    for (changes, error) in [
        (json!({"audience": "door-"}), (403, "access_denied")),
        (json!({"audience": "gate-1"}), (403, "access_denied")),
        (json!({"badge": true}), (400, "invalid_request")),
        (json!({"nonce": "c1"}), (400, "invalid_request")),
        (
            json!({"audience": "door-1", "scope": "read:things"}),
            (400, "invalid_scope"),
        ),
    ] {
        let rejected = fixture.auth0(changes.clone()).await;
        assert_eq!(rejected.error(), error, "{changes}");
    }
}

fn by_form(fixture: &Fixture, path: &str, form: &'static str) -> RequestBuilder {
    let media_type = "application/x-www-form-urlencoded";
    let request = fixture.post(path).header("content-type", media_type);
    request.body(form)
}

async fn claims_of_update(fixture: &Fixture) -> Value {
    let (root, update) = (fixture.root().await, fixture.update().await);
    fixture.document(&root, &update, KEY_SET_TYPE)
}

#[tokio::test]
async fn devices_verify_the_documents_by_the_root_key() {
    let fixture = Fixture::start().await;
    fixture.issuer.clock().set(1_790_000_000);
    let claims = claims_of_update(&fixture).await;
    let issuer = fixture.issuer.issuer();
    assert_eq!(claims["iss"], issuer);
    assert_eq!(claims["iat"], 1_790_000_000);
    assert_eq!(claims["exp"], 1_790_000_000 + 90 * 86_400);
    let key_ids = |claims: &Value| {
        let keys = claims["keys"].as_array().unwrap().iter();
        let key_ids = keys.map(|key| key["kid"].as_str().unwrap().to_owned());
        key_ids.collect::<Vec<_>>()
    };
    let published = || {
        let keys = fixture.issuer.keys().into_iter();
        keys.map(|key| key.key_id).collect::<Vec<_>>()
    };
    assert_eq!(key_ids(&claims), published());

    // A rotation in the same second makes another version.
    let update = fixture.update().await;
    fixture.issuer.rotate().await.unwrap();
    assert_ne!(fixture.update().await, update);
    let claims = claims_of_update(&fixture).await;
    assert_eq!(claims["iat"], 1_790_000_001);
    assert_eq!(key_ids(&claims), published());

    let (root, revocation) = (fixture.root().await, fixture.revocation().await);
    let claims = fixture.document(&root, &revocation, REVOCATION_TYPE);
    assert_eq!(
        (&claims["epochs"], &claims["revoked"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(fixture.issuer.log().count_of(Endpoint::Device, "served"), 8);
}

#[tokio::test]
async fn a_badge_carries_what_a_door_lacks() {
    let fixture = Fixture::start().await;
    let before = claims_of_update(&fixture).await;
    for _ in 0..2 {
        fixture.issuer.rotate().await.unwrap();
    }
    let form = "grant_type=client_credentials&audience=door-1&badge=true";
    let request = by_form(&fixture, "/oauth/token", form);
    let request = request.basic_auth("demo-client", Some("demo-secret"));
    let badge = super::TokenResponse::of(request).await;
    let unknown = fixture.door(badge.token(), &before);
    assert_eq!(
        unknown,
        Err(Error::UnknownKey),
        "the door lacks the new key"
    );
    let carried = |name: &str| badge.claims()[name].as_str().unwrap().to_owned();
    let root = fixture.root().await;
    let update = fixture.document(&root, &carried("signed_jwks"), KEY_SET_TYPE);
    assert_eq!(fixture.door(badge.token(), &update), Ok(()));
    fixture.document(&root, &carried("signed_revocation"), REVOCATION_TYPE);
}

#[tokio::test]
async fn what_is_revoked_is_in_the_list() {
    let fixture = Fixture::start().await;
    let post = async |body: Value| {
        let request = fixture.post("/admin/revocation").json(&body);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), json_of(response).await)
    };
    let lost = json!({"revoked": [{"jti": "lost"}]});
    let all = json!({"epochs": [], "revoked": [{"jti": "lost"}]});
    assert_eq!(post(lost.clone()).await, (200, all));
    let epochs =
        json!([{"group": "contractors", "iat": 5}, {"iss": "https://a.example/", "iat": 6}]);
    let all = json!({"epochs": epochs, "revoked": [{"jti": "lost"}]});
    assert_eq!(post(json!({"epochs": epochs})).await, (200, all.clone()));
    for bad in [
        json!("lost"),
        json!({"revoked": ["lost"]}),
        json!({"epochs": [{"iat": 5}]}),
    ] {
        let (status, response) = post(bad).await;
        assert_eq!(
            (status, &response["error"]),
            (400, &json!("invalid_request"))
        );
    }
    let many: Vec<_> = (0..1000)
        .map(|number| json!({"jti": format!("token {number}")}))
        .collect();
    let (status, response) = post(json!({"revoked": many})).await;
    assert_eq!(
        (status, &response["error"]),
        (400, &json!("invalid_request"))
    );

    let (root, revocation) = (fixture.root().await, fixture.revocation().await);
    let claims = fixture.document(&root, &revocation, REVOCATION_TYPE);
    assert_eq!(
        json!({"epochs": claims["epochs"], "revoked": claims["revoked"]}),
        all
    );
    let response = fixture.delete("/admin/revocation").send().await.unwrap();
    assert_eq!(
        json_of(response).await,
        json!({"epochs": [], "revoked": []})
    );
    assert_ne!(fixture.revocation().await, revocation);
}

#[tokio::test]
async fn a_test_does_the_same_in_code() {
    let fixture = Fixture::start().await;
    let issuer = &fixture.issuer;
    issuer.clock().set(1_790_000_000);
    let update = issuer.key_set_update().unwrap();
    assert_eq!(fixture.update().await, update);
    let mut revocation = Revocation::default();
    revocation.revoke(Revoked::Sub("grace".into()));
    revocation.begin(Epoch::Group {
        group: "contractors".into(),
        iat: 1_790_000_000,
    });
    issuer.revoke(revocation).unwrap();
    assert_eq!(fixture.revocation().await, issuer.revocation().unwrap());
    assert_eq!(
        claims(&issuer.revocation().unwrap())["revoked"][0]["sub"],
        "grace"
    );
    let root = json!({"keys": [issuer.root_key().unwrap().jwk()]});
    assert_eq!(fixture.root().await, root.to_string());

    let token = issuer.device_token("door-1", json!({"sub": "grace", "jti": "7"}));
    let expected = json!({
        "iss": issuer.issuer(), "sub": "grace", "aud": "door-1", "iat": 1_790_000_000,
        "exp": 1_790_000_300, "jti": "7", "scope": "door:open",
    });
    assert_eq!(claims(&token.unwrap()), expected);
    let badge = issuer.badge("door-1", json!({"signed_revocation": null}));
    let badge = claims(&badge.unwrap());
    assert_eq!(badge["signed_jwks"], update);
    assert_eq!(badge.get("signed_revocation"), None);
    let wrong = issuer.device_token("door-1", json!([]));
    assert!(matches!(wrong, Err(DeviceError::NotClaims)));

    let order = json!({"device": "door-2", "badge": true, "claims": {"groups": ["staff"]}});
    let response = fixture.post("/admin/token").json(&order).send().await;
    let response = json_of(response.unwrap()).await;
    let badge = claims(response["access_token"].as_str().unwrap());
    assert_eq!(
        (&badge["aud"], &badge["groups"]),
        (&json!("door-2"), &json!(["staff"]))
    );
    assert_eq!(badge["signed_jwks"], update);
    let case = json!({"token": response["access_token"]});
    let response = fixture.post("/admin/verdict").json(&case).send().await;
    let verdict = json_of(response.unwrap()).await;
    assert_eq!(verdict["verified"], true, "{verdict}");
    assert_eq!(verdict["audiences"][1], "door-2");

    let order = json!({"badge": true});
    let response = fixture.post("/admin/token").json(&order).send().await;
    assert_eq!(response.unwrap().status(), 400);
}

#[tokio::test]
async fn every_profile_has_tokens_for_devices() {
    let mut config = Config::default();
    config.profile = "adfs".parse().unwrap();
    let mut client = Client::new("a", "s3cret", "https://api.example.com/");
    client.devices.push(Devices::new("gate-", "gate:open"));
    client.claims.insert("groups".into(), json!(["staff"]));
    config.clients = vec![client];
    let fixture = Fixture::start_with(config).await;
    let form = "grant_type=client_credentials&audience=gate-7";
    let request = by_form(&fixture, "/adfs/oauth2/token", form);
    let token = super::TokenResponse::of(request.basic_auth("a", Some("s3cret"))).await;
    assert_eq!(token.claims()["scope"], "gate:open");
    assert_eq!(token.claims()["groups"], json!(["staff"]));
    let update = claims_of_update(&fixture).await;
    let verdict = fixture.door(token.token(), &update);
    assert_eq!(
        verdict,
        Err(Error::WrongAudience),
        "the key is known, and it is no door"
    );
}

#[tokio::test]
async fn documents_can_be_out_of_reach() {
    let fixture = Fixture::start().await;
    let outage = Fault::Outage.at(Endpoint::Device).times(1);
    fixture.issuer.inject(outage).unwrap();
    let response = fixture.get("/device/key-set").send().await.unwrap();
    assert_eq!(response.status(), 503);
    claims_of_update(&fixture).await;
}

#[tokio::test]
async fn the_root_key_is_kept_beside_the_keys() {
    let directory = tempfile::tempdir().unwrap();
    let start = || super::with_keys(|keys| keys.directory = Some(directory.path().join("keys")));
    let fixture = Fixture::start_with(start()).await;
    let root = fixture.root().await;
    fixture.issuer.rotate().await.unwrap();
    fixture.issuer.stop().await;
    let fixture = Fixture::start_with(start()).await;
    assert_eq!(fixture.root().await, root);
}

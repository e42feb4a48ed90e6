//! The issuer plays others: shapes, endpoints, a public origin, claims at will. `host/tests/profiles.rs` has the
//! verdicts on its tokens.

use serde_json::{Value, json};
use tokenlatch_host::http::HttpClient;
use tokenlatch_host::issuer::{Config, Fault, ProfileName};
use tokenlatch_host::key_set::{HttpSource, Source};

use super::{AUDIENCE, Fixture, claims, json_of};

async fn playing(profile: ProfileName, public_origin: Option<&str>) -> Fixture {
    let mut config = Config::default();
    config.profile = profile;
    config.issuer = public_origin.map(String::from);
    Fixture::start_with(config).await
}

impl Fixture {
    /// The token of the token endpoint, asked as RFC 6749 has it.
    async fn played_token(&self, form: &[(&str, &str)]) -> Value {
        let request = self.client.post(self.issuer.token_url());
        let request = request.basic_auth("demo-client", Some("demo-secret"));
        let mut body = String::from("grant_type=client_credentials");
        for (name, value) in form {
            body += &format!("&{name}={value}");
        }
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let response = request.body(body).send().await;
        json_of(response.unwrap()).await
    }

    async fn keys(&self) -> Value {
        serde_json::from_str(&self.key_set().await).unwrap()
    }
}

/// The token's JOSE header.
fn header(token: &str) -> Value {
    use base64::Engine;
    let header = token.split('.').next().unwrap();
    let header = base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(header);
    serde_json::from_slice(&header.unwrap()).unwrap()
}

#[tokio::test]
async fn headers_and_keys_have_the_members_that_the_others_have() {
    for (profile, members, key_members) in [
        (ProfileName::Auth0, &["alg", "typ", "kid"][..], &["alg"][..]),
        (
            ProfileName::Entra,
            &["alg", "typ", "kid", "x5t"],
            &["x5t", "issuer"],
        ),
        (ProfileName::Cognito, &["alg", "kid"], &["alg"]),
        (ProfileName::Okta, &["alg", "kid"], &["alg"]),
        (ProfileName::Kubernetes, &["alg", "kid"], &["alg"]),
        (
            ProfileName::GitHub,
            &["alg", "typ", "kid", "x5t"],
            &["alg", "x5t"],
        ),
        (ProfileName::AdFs, &["alg", "typ", "x5t"], &["alg", "x5t"]),
        (ProfileName::Rfc9068, &["alg", "typ", "kid"], &["alg"]),
    ] {
        let fixture = playing(profile, None).await;
        let token = fixture.issuer.token(json!({})).unwrap();
        let header = header(&token);
        let names: Vec<_> = header.as_object().unwrap().keys().collect();
        assert_eq!(names, members, "{profile}");
        let keys = fixture.keys().await;
        let key = keys["keys"][0].as_object().unwrap();
        let extra = ["alg", "x5t", "issuer"];
        let names: Vec<_> = extra
            .into_iter()
            .filter(|it| key.contains_key(*it))
            .collect();
        assert_eq!(names, key_members, "{profile}");
        let key_id = header.get("kid").or_else(|| header.get("x5t"));
        assert_eq!(key_id, Some(&keys["keys"][0]["kid"]), "{profile}");
    }
    let keycloak = playing(ProfileName::Keycloak, None).await;
    assert_eq!(keycloak.keys().await["keys"][2]["use"], "enc");
}

#[tokio::test]
async fn the_token_endpoint_speaks_rfc_6749() {
    for profile in ProfileName::ALL {
        let fixture = playing(*profile, None).await;
        let audience = [("audience", AUDIENCE)];
        // Auth0's dialect has to have an audience, and ATM's has its own endpoint.
        let response = match profile {
            ProfileName::Atm => continue,
            ProfileName::Auth0 => fixture.played_token(&audience).await,
            _ => fixture.played_token(&[("scope", "read:things")]).await,
        };
        let token = response["access_token"]
            .as_str()
            .unwrap_or_else(|| panic!("{response}"));
        assert_eq!(response["token_type"], "Bearer");
        assert!(response["expires_in"].is_u64());
        assert_eq!(claims(token)["iss"], fixture.issuer.issuer(), "{profile}");
        let resource = fixture
            .played_token(&[("resource", "https://other.example/")])
            .await;
        assert_eq!(resource["error"], "access_denied", "{profile}");
    }
    let fixture = playing(ProfileName::Okta, None).await;
    let response = fixture.played_token(&[("scope", "read:things")]).await;
    let claims = claims(response["access_token"].as_str().unwrap());
    assert_eq!(claims["scp"], json!(["read:things"]));
    fixture.issuer.inject(Fault::WrongAudience).unwrap();
    let response = fixture.played_token(&[]).await;
    let claims = super::claims(response["access_token"].as_str().unwrap());
    assert_eq!(claims["aud"], "https://wrong.example/");
    assert_eq!(
        fixture.issuer.log().recent().last().unwrap().outcome,
        "issued"
    );
}

#[tokio::test]
async fn the_key_set_is_found_by_the_issuer() {
    for profile in ProfileName::ALL {
        // ATM's issuer is not a URL.
        if *profile == ProfileName::Atm {
            continue;
        }
        let fixture = playing(*profile, None).await;
        let source = HttpSource::issuer(&fixture.issuer.issuer(), HttpClient::default());
        if let Err(error) = source.unwrap().fetch(None).await {
            panic!("{profile}: {error}");
        }
    }
    let entra = playing(ProfileName::Entra, None).await;
    for place in ["common", "organizations"] {
        let issuer = format!("{}/{place}/v2.0", entra.issuer.origin());
        let source = HttpSource::issuer(&issuer, HttpClient::default());
        source.unwrap().fetch(None).await.unwrap();
        let path = format!("/.well-known/oauth-authorization-server/{place}/v2.0");
        let metadata = json_of(entra.get(&path).send().await.unwrap()).await;
        let template = format!("{}/{{tenantid}}/v2.0", entra.issuer.origin());
        assert_eq!(metadata["issuer"], template);
    }
}

#[tokio::test]
async fn a_public_origin_is_in_every_url() {
    for origin in ["https://login.example.test", "https://login.example.test/"] {
        let fixture = playing(ProfileName::Auth0, Some(origin)).await;
        let token = fixture.auth0(json!({})).await;
        assert_eq!(token.claims()["iss"], "https://login.example.test/");
        let path = "/.well-known/openid-configuration";
        let metadata = json_of(fixture.get(path).send().await.unwrap()).await;
        assert_eq!(metadata["issuer"], "https://login.example.test/");
        let jwks_uri = "https://login.example.test/.well-known/jwks.json";
        assert_eq!(metadata["jwks_uri"], jwks_uri);
    }
    for wrong in [
        "login.example.test",
        "ftp://a.example",
        "https://a.example/?b",
    ] {
        let config = Config::from_toml(&format!("issuer = '{wrong}'"));
        let message = config.unwrap_err().to_string();
        assert!(message.starts_with("issuer is not an http"), "{message}");
    }
    let config = Config::from_toml("profile = 'entra'").unwrap();
    assert_eq!(config.profile, ProfileName::Entra);
    let unknown = Config::from_toml("profile = 'nobody'")
        .unwrap_err()
        .to_string();
    assert!(
        unknown.contains("no such profile; there are auth0, "),
        "{unknown}"
    );
}

#[tokio::test]
async fn claims_are_at_will() {
    let fixture = playing(ProfileName::Cognito, None).await;
    let order = json!({"claims": {"token_use": "id", "scope": null, "level": 3}});
    let response = fixture.post("/admin/token").json(&order).send().await;
    let response = json_of(response.unwrap()).await;
    let by_request = claims(response["access_token"].as_str().unwrap());
    let by_code = claims(&fixture.issuer.token(order["claims"].clone()).unwrap());
    for claims in [by_request, by_code] {
        assert_eq!(claims["token_use"], "id");
        assert_eq!(claims["level"], 3);
        assert_eq!(claims["client_id"], "demo-client");
        assert!(claims.get("scope").is_none());
    }
    assert!(fixture.issuer.token(json!([])).is_err());
    for bad in [
        json!({"client_id": "nobody"}),
        json!({"claims": []}),
        json!({"x": 1}),
    ] {
        let response = fixture
            .post("/admin/token")
            .json(&bad)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 400, "{bad}");
    }
}

#[tokio::test]
async fn the_demo_client_has_an_organization() {
    let fixture = playing(ProfileName::Auth0, None).await;
    let token = fixture.auth0(json!({"organization": "org_demo"})).await;
    assert_eq!(token.claims()["org_id"], "org_demo");
    assert!(
        fixture
            .auth0(json!({}))
            .await
            .claims()
            .get("org_id")
            .is_none()
    );
}

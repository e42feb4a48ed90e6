//! Each profile, with the tokens that the embedded issuer mints for it.

use std::net::{Ipv4Addr, SocketAddr};

use serde_json::{Value, json};
use tokenlatch::{MAX_TOKEN_LEN, verify};
use tokenlatch_host::http::{self, HttpClient};
use tokenlatch_host::issuer::{Config, Issuer};
use tokenlatch_host::policy::OwnedPolicy;
use tokenlatch_host::profile::{Profile, ProfileName};
use tokenlatch_host::verifier::Verifier;
use tokenlatch_host::{clock, key_set};
use tokio::net::TcpListener;

/// The audience and the identifier of the demo client, which has all tokens here.
const AUDIENCE: &str = "https://api.example.com/";
const CLIENT: &str = "demo-client";
const TENANT: &str = "8a0d7f2e-5c11-4b4e-9a55-0f6b3c2d1e00";
const OTHER_TENANT: &str = "11111111-2222-3333-4444-555555555555";
const POOL: &str = "eu-west-1_AbCdEf123";

/// A row of the table in the documentation of the module `profile`.
struct Row {
    name: &'static str,
    /// What the embedded issuer plays, where, and with these claims besides.
    plays: ProfileName,
    origin: &'static str,
    claims: Value,
    profile: Profile,
}

fn rows() -> Vec<Row> {
    let row = |name, plays, origin, profile| Row {
        name,
        plays,
        origin,
        claims: json!({}),
        profile,
    };
    let entra = "https://login.microsoftonline.com";
    let cognito = "https://cognito-idp.eu-west-1.amazonaws.com";
    let keycloak = "https://sso.example.com";
    let realm = &format!("{keycloak}/realms/demo");
    let okta = "https://dev-1.okta.com";
    let of_client = Row {
        claims: json!({"aud": null}),
        ..row(
            "keycloak of a client",
            ProfileName::Keycloak,
            keycloak,
            Profile::keycloak_client(realm, CLIENT),
        )
    };
    vec![
        row(
            "auth0",
            ProfileName::Auth0,
            "https://tenant.eu.auth0.com",
            Profile::auth0("tenant.eu.auth0.com", AUDIENCE),
        ),
        row(
            "atm",
            ProfileName::Atm,
            "https://atm.example.com",
            Profile::atm("atm.example.com", AUDIENCE),
        ),
        row(
            "entra",
            ProfileName::Entra,
            entra,
            Profile::entra(TENANT, AUDIENCE),
        ),
        row(
            "entra of several tenants",
            ProfileName::Entra,
            entra,
            Profile::entra_tenants(&[OTHER_TENANT, TENANT], AUDIENCE),
        ),
        row(
            "entra of any tenant",
            ProfileName::Entra,
            entra,
            Profile::entra_any_tenant(AUDIENCE),
        ),
        row(
            "cognito",
            ProfileName::Cognito,
            cognito,
            Profile::cognito(POOL, CLIENT),
        ),
        row(
            "cognito-id",
            ProfileName::CognitoId,
            cognito,
            Profile::cognito_id(POOL, CLIENT),
        ),
        row(
            "keycloak",
            ProfileName::Keycloak,
            keycloak,
            Profile::keycloak(realm, AUDIENCE),
        ),
        of_client,
        row(
            "okta",
            ProfileName::Okta,
            okta,
            Profile::okta("https://dev-1.okta.com/oauth2/default", AUDIENCE),
        ),
        row(
            "google",
            ProfileName::Google,
            "https://accounts.google.com",
            Profile::google(CLIENT),
        ),
        row(
            "github",
            ProfileName::GitHub,
            "https://token.actions.githubusercontent.com",
            Profile::github("octo/door", AUDIENCE),
        ),
        row(
            "gitlab",
            ProfileName::GitLab,
            "https://gitlab.com",
            Profile::gitlab("gitlab.com", "octo/door", AUDIENCE),
        ),
        row(
            "kubernetes",
            ProfileName::Kubernetes,
            "https://kubernetes.default.svc.cluster.local",
            Profile::kubernetes("https://kubernetes.default.svc.cluster.local", AUDIENCE),
        ),
        row(
            "firebase",
            ProfileName::Firebase,
            "https://securetoken.google.com",
            Profile::firebase("demo-project"),
        ),
        row(
            "adfs",
            ProfileName::AdFs,
            "https://adfs.example.com",
            Profile::adfs("adfs.example.com", AUDIENCE),
        ),
        row(
            "rfc9068",
            ProfileName::Rfc9068,
            "https://as.example.com",
            Profile::rfc9068("https://as.example.com/", AUDIENCE),
        ),
    ]
}

/// An issuer that plays a profile, at an origin of its own or at this one.
async fn issuer(plays: ProfileName, origin: Option<&str>) -> Issuer {
    let mut config = Config::default();
    config.profile = plays;
    config.issuer = origin.map(String::from);
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Issuer::start_with(config, any_port).await.unwrap()
}

/// The profiles that accept the token, by their rows.
async fn accepting(issuer: &Issuer, token: &str) -> Vec<&'static str> {
    let url = format!("{}/.well-known/jwks.json", issuer.origin());
    let keys = key_set::parse(&http::get(&url).await.unwrap()).unwrap();
    let mut scratch = [0; MAX_TOKEN_LEN];
    let mut accepts = |row: &Row| {
        let policy = OwnedPolicy::new(row.profile.policy.clone()).unwrap();
        verify(
            token.as_bytes(),
            &mut scratch,
            &keys,
            policy.get(),
            clock::now(),
        )
        .is_ok()
    };
    let rows = rows();
    let accepting = rows.iter().filter(|row| accepts(row));
    accepting.map(|row| row.name).collect()
}

#[tokio::test]
async fn a_profile_accepts_the_tokens_of_its_name_and_no_other_does() {
    for row in rows() {
        let issuer = issuer(row.plays, Some(row.origin)).await;
        let token = issuer.token(row.claims).unwrap();
        let expected: &[&str] = match row.plays {
            ProfileName::Entra => &["entra", "entra of several tenants", "entra of any tenant"],
            _ => &[row.name],
        };
        assert_eq!(accepting(&issuer, &token).await, expected, "{}", row.name);
        issuer.stop().await;
    }
}

#[tokio::test]
async fn a_profile_checks_what_the_table_says() {
    for (plays, claims) in [
        (ProfileName::Auth0, json!({"aud": "other"})),
        (ProfileName::Auth0, json!({"aud": null})),
        (ProfileName::Entra, json!({"tid": OTHER_TENANT})),
        (ProfileName::Entra, json!({"tid": null})),
        (ProfileName::Entra, json!({"aud": "other"})),
        (ProfileName::Cognito, json!({"client_id": "other"})),
        (ProfileName::Cognito, json!({"token_use": "id"})),
        (ProfileName::Cognito, json!({"aud": AUDIENCE})),
        (ProfileName::CognitoId, json!({"token_use": "access"})),
        (ProfileName::CognitoId, json!({"aud": "other"})),
        (ProfileName::Keycloak, json!({"typ": "ID"})),
        (ProfileName::Keycloak, json!({"aud": null, "azp": "other"})),
        (ProfileName::Okta, json!({"cid": null})),
        (ProfileName::Google, json!({"sub": null})),
        (ProfileName::GitHub, json!({"repository": "octo/window"})),
        (ProfileName::GitLab, json!({"project_path": "octo/window"})),
        (ProfileName::Kubernetes, json!({"kubernetes.io": null})),
        (ProfileName::Firebase, json!({"auth_time": null})),
        (ProfileName::AdFs, json!({"appid": null})),
        (ProfileName::Rfc9068, json!({"jti": null})),
    ] {
        let rows = rows();
        let row = rows.iter().find(|row| row.plays == plays).unwrap();
        let issuer = issuer(plays, Some(row.origin)).await;
        let token = issuer.token(claims.clone()).unwrap();
        let accepting = accepting(&issuer, &token).await;
        assert!(accepting.is_empty(), "{plays} {claims}: {accepting:?}");
    }
}

#[tokio::test]
async fn a_profile_is_one_line_with_the_embedded_issuer_too() {
    for row in rows() {
        let issuer = issuer(row.plays, None).await;
        let profile = row.profile.at(issuer.origin());
        let verifier = Verifier::of_profile(profile, HttpClient::default()).unwrap();
        let token = issuer.token(row.claims).unwrap();
        let mut scratch = [0; MAX_TOKEN_LEN];
        let verified = verifier.verify(token.as_bytes(), &mut scratch, clock::now());
        if let Err(error) = verified.await {
            panic!("{}: {error}", row.name);
        }
    }
}

/// A Keycloak in a container network speaks HTTP, and its name is known in that network alone.
#[tokio::test]
async fn plain_http_is_allowed_by_name_alone() {
    let (issuer, origin, address) = loop {
        // The port has to be known before the issuer starts, and may be taken meanwhile.
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let free = TcpListener::bind(any_port).await.unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let origin = format!("http://keycloak:{}", address.port());
        let mut config = Config::default();
        config.profile = ProfileName::Keycloak;
        config.issuer = Some(origin.clone());
        if let Ok(issuer) = Issuer::start_with(config, address).await {
            break (issuer, origin, address);
        }
    };
    let token = issuer.token(json!({})).unwrap();
    let profile = Profile::keycloak(&format!("{origin}/realms/demo"), AUDIENCE);
    let client = || {
        let builder = tokenlatch_host::reqwest::Client::builder().resolve("keycloak", address);
        HttpClient::from_builder(builder, http::Limits::default()).unwrap()
    };

    let refused = Verifier::of_profile(profile.clone(), client())
        .err()
        .unwrap();
    let message = refused.to_string();
    assert!(
        message.starts_with(&format!("{origin} is not https")),
        "{message}"
    );
    for other in ["http://keycloak:1", "http://sso"] {
        let client = client().allow_http(other).unwrap();
        assert!(Verifier::of_profile(profile.clone(), client).is_err());
    }

    let client = client().allow_http(&origin).unwrap();
    let verifier = Verifier::of_profile(profile, client).unwrap();
    let mut scratch = [0; MAX_TOKEN_LEN];
    let verified = verifier.verify(token.as_bytes(), &mut scratch, clock::now());
    let verified = verified.await.unwrap();
    assert!(
        verified
            .texts(&["aud"])
            .any(|audience| audience == AUDIENCE)
    );
}

//! Other people's clients with our server, our client and verifier with another server, and our
//! server's page in a browser.
//!
//! `tests/run` installs them; their scripts are in `tests/interop`.

mod installed;
mod page;
mod report;
mod server;
mod verifier;

use std::net::{Ipv4Addr, SocketAddr};

use serde_json::{Value, json};
use tokenlatch_host::issuer::{Config, ENTRA_TENANT, FIREBASE_PROJECT, Issuer, ProfileName};
use tokenlatch_tests::program;
use tokio::runtime::Runtime;

use installed::{curl, node, response, version};
use report::{Report, Token};
use server::Server;
use verifier::{AUDIENCE, Verifier};

// What `tokenlatch issuer` knows without a configuration.
const CLIENT_ID: &str = "demo-client";
const CLIENT_SECRET: &str = "demo-secret";
const LOGIN_ID: &str = "admin@example.com";

#[test]
fn other_clients_with_our_server() {
    let server = Server::start(program::command().arg("issuer"));
    let origin = server.origin();
    let mut report = Report::default();
    let rotate =
        || curl(&["--request", "POST", &format!("{origin}/admin/rotate")]).expect("the keys");

    let tokens = atm_tokens(origin, &mut report);
    let verifiers = Verifier::all(&format!("{origin}/auth/.well-known/jwks.json"), "atm");
    let another = || atm_client_credentials(origin).expect("a response");
    verify(&tokens, verifiers, rotate, another, &mut report);

    let tokens = auth0_tokens(origin, &mut report);
    let mut verifiers = Verifier::all(
        &format!("{origin}/.well-known/jwks.json"),
        &format!("{origin}/"),
    );
    verifiers.push(Verifier::discovering(&format!("{origin}/")));
    let another = || curl(&auth0_json(origin, CLIENT_SECRET)).expect("a response");
    verify(&tokens, verifiers, rotate, another, &mut report);

    report.end("Other clients with our server");
}

/// That the verifiers accept the tokens and those of later keys, and no altered token.
fn verify(
    tokens: &[Token],
    mut verifiers: Vec<Verifier>,
    rotate: impl Fn() -> Value,
    another: impl Fn() -> Value,
    report: &mut Report,
) {
    for verifier in &mut verifiers {
        for (flow, token) in tokens {
            verifier.accepts(flow, token, report);
        }
    }
    let Some((flow, token)) = tokens.first() else {
        return;
    };
    // The first of these keys was published when the verifiers began, the second was not.
    for rotations in ["one rotation", "two rotations"] {
        rotate();
        let response = another();
        let new_token = response["access_token"].as_str().expect("a token");
        assert_ne!(header(new_token), header(token), "a new key");
        for verifier in &mut verifiers {
            verifier.accepts(&format!("{flow}, after {rotations}"), new_token, report);
        }
    }
    for verifier in &mut verifiers {
        verifier.accepts(&format!("{flow}, of the first key"), token, report);
        verifier.rejects_altered(flow, token, report);
    }
}

fn header(token: &str) -> Option<&str> {
    token.split('.').next()
}

/// The tokens of ATM's three flows, as its documentation asks for them.
fn atm_tokens(origin: &str, report: &mut Report) -> Vec<Token> {
    let axios = &format!("axios {}", version("axios"));
    let mut tokens = Vec::new();
    let mut keep = |flow, response: &_| {
        tokens.extend(report.token(axios, flow, response, "exp_access_token", 600));
    };
    keep("ATM client credentials", &atm_client_credentials(origin));

    let user = response(node("atm-user-credentials.mjs").args([
        origin,
        CLIENT_ID,
        CLIENT_SECRET,
        LOGIN_ID,
    ]));
    keep("ATM user credentials", &user);

    let user = user.unwrap_or_default();
    let member =
        |response: &Value, name: &str| response[name].as_str().unwrap_or_default().to_owned();
    let (mut refresh_token, id_token) = (member(&user, "refresh_token"), member(&user, "id_token"));
    for flow in ["ATM refresh", "ATM refresh, once more"] {
        let refreshed = response(node("atm-refresh-token.mjs").args([
            origin,
            CLIENT_ID,
            &refresh_token,
            &id_token,
        ]));
        keep(flow, &refreshed);
        refresh_token = member(&refreshed.unwrap_or_default(), "refresh_token");
    }
    tokens
}

fn atm_client_credentials(origin: &str) -> Result<Value, String> {
    response(node("atm-client-credentials.mjs").args([origin, CLIENT_ID, CLIENT_SECRET]))
}

/// The tokens of Auth0's flow, as its documentation asks for them.
fn auth0_tokens(origin: &str, report: &mut Report) -> Vec<Token> {
    let mut tokens = Vec::new();
    for (flow, request) in [
        ("Auth0 JSON", auth0_json(origin, CLIENT_SECRET)),
        ("Auth0 form", auth0_form(origin)),
    ] {
        let response = curl(&request);
        tokens.extend(report.token("curl", flow, &response, "expires_in", 86_400));
    }
    let rejection = curl(&auth0_json(origin, "another-secret"));
    let rejection = rejection.expect_err("a rejection");
    let is_expected = rejection.contains("401") && rejection.contains("\"invalid_client\"");
    report.line(
        "curl",
        "Auth0 JSON, another secret",
        &rejection,
        is_expected,
    );
    tokens
}

fn auth0_json(origin: &str, client_secret: &str) -> Vec<String> {
    let body = json!({
        "client_id": CLIENT_ID,
        "client_secret": client_secret,
        "audience": AUDIENCE,
        "grant_type": "client_credentials",
    });
    let url = format!("{origin}/oauth/token");
    let content_type = "content-type: application/json";
    [
        "--request",
        "POST",
        "--url",
        &url,
        "--header",
        content_type,
        "--data",
        &body.to_string(),
    ]
    .map(String::from)
    .into()
}

fn auth0_form(origin: &str) -> Vec<String> {
    let url = format!("{origin}/oauth/token");
    let content_type = "content-type: application/x-www-form-urlencoded";
    let mut request = ["--request", "POST", "--url", &url, "--header", content_type]
        .map(String::from)
        .to_vec();
    for field in [
        "grant_type=client_credentials".into(),
        format!("client_id={CLIENT_ID}"),
        format!("client_secret={CLIENT_SECRET}"),
        format!("audience={AUDIENCE}"),
    ] {
        request.extend(["--data".into(), field]);
    }
    request
}

/// The tokens of the issuers that ours plays. Auth0's and ATM's are those of the test above.
#[test]
fn other_verifiers_with_the_tokens_of_our_profiles() {
    let runtime = Runtime::new().expect("a runtime");
    let mut report = Report::default();
    for (profile, audience, arguments) in [
        (
            ProfileName::Entra,
            AUDIENCE,
            &["--tenant", ENTRA_TENANT][..],
        ),
        (ProfileName::Cognito, "", &["--client", CLIENT_ID]),
        (ProfileName::CognitoId, CLIENT_ID, &[]),
        (ProfileName::Keycloak, AUDIENCE, &[]),
        (ProfileName::Okta, AUDIENCE, &["--client", CLIENT_ID]),
        (ProfileName::Google, CLIENT_ID, &[]),
        (
            ProfileName::GitHub,
            AUDIENCE,
            &["--claim", "repository=octo/door"],
        ),
        (
            ProfileName::GitLab,
            AUDIENCE,
            &["--claim", "project_path=octo/door"],
        ),
        (ProfileName::Kubernetes, AUDIENCE, &[]),
        (ProfileName::Firebase, FIREBASE_PROJECT, &[]),
        (ProfileName::AdFs, AUDIENCE, &[]),
        (ProfileName::Rfc9068, AUDIENCE, &[]),
    ] {
        let mut config = Config::default();
        config.profile = profile;
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let issuer = runtime
            .block_on(Issuer::start_with(config, any_port))
            .expect("an issuer");
        let credentials = format!("{CLIENT_ID}:{CLIENT_SECRET}");
        let grant = "grant_type=client_credentials";
        let response = curl(&["--user", &credentials, "--data", grant, &issuer.token_url()]);
        let flow = format!("profile {profile}");
        let Some((_, token)) = report.token("curl", &flow, &response, "expires_in", 86_400) else {
            continue;
        };
        let name = issuer.issuer();
        let mut verifiers = Verifier::others(&issuer.jwks_url(), &name, audience);
        let mut own = vec!["--profile", profile.as_str(), "--issuer", &name];
        if !audience.is_empty() {
            own.extend(["--audience", audience]);
        }
        own.extend(arguments);
        verifiers.push(Verifier::told(&own));
        for mut verifier in verifiers {
            verifier.accepts(&flow, &token, &mut report);
            verifier.rejects_altered(&flow, &token, &mut report);
        }
    }
    report.end("Other verifiers with the tokens of our profiles");
}

#[test]
fn our_client_and_verifier_with_another_server() {
    let server = Server::start(&mut node("oauth2-mock-server.mjs"));
    let origin = server.origin();
    let mut report = Report::default();

    let mut tokens = Vec::new();
    for flow in [
        "client credentials, one key",
        "client credentials, another key",
    ] {
        let response = curl(&auth0_form(origin));
        tokens.extend(report.token("curl", flow, &response, "expires_in", 3600));
    }
    if let [(_, one), (_, another)] = &tokens[..] {
        assert_ne!(header(one), header(another), "another key");
    }
    for (client, body) in [
        ("tokenlatch token", None),
        ("tokenlatch token --form", Some("--form")),
    ] {
        let response = response(
            program::command()
                .args([
                    "token",
                    "--json",
                    "--auth0",
                    origin,
                    "--client-id",
                    CLIENT_ID,
                ])
                .args(["--audience", AUDIENCE])
                .args(body)
                .env("TOKENLATCH_CLIENT_SECRET", CLIENT_SECRET),
        );
        let flow = format!("client credentials by {client}");
        tokens.extend(report.token(client, &flow, &response, "expires_in", 3600));
    }

    let jwks_uri = format!("{origin}/.well-known/jwks.json");
    for mut verifier in [
        Verifier::tokenlatch(&jwks_uri, origin),
        Verifier::discovering(origin),
    ] {
        for (flow, token) in &tokens {
            verifier.accepts(flow, token, &mut report);
        }
        if let Some((flow, token)) = tokens.first() {
            verifier.rejects_altered(flow, token, &mut report);
        }
    }
    let title = format!(
        "Our client and verifier with oauth2-mock-server {}",
        version("oauth2-mock-server")
    );
    report.end(&title);
}

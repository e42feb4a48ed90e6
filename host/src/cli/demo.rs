//! `tokenlatch demo`: the whole system at work, told step by step.

use std::fmt::Display;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use serde_json::{Value, json};
use tokenlatch::{Error, Policy};
use tokenlatch_host::fetch::Client;
use tokenlatch_host::issuer::{ATM_ISSUER, Issuer};
use tokenlatch_host::key_set::{HttpSource, KeySetCache, KeySetError};
use tokenlatch_host::{clock, fetch};

use super::failure::Failure;
use super::verdict::Verdict;

pub(crate) async fn run() -> Result<ExitCode, Failure> {
    line("Tokenlatch: the life of an access token, from the issuer to the verdict.")?;
    line("All of it is real: HTTP over loopback, RSA keys, and the verifier that a device runs.")?;

    step("1. An authorization server, the issuer, starts with a new RSA key and one client.")?;
    let issuer = Issuer::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    let origin = issuer.origin();
    let application = issuer.application();
    let audience = application.audience.as_str();
    say(format_args!("listening on {origin}"))?;
    say(format_args!("client    {}", application.client_id))?;
    say(format_args!("audience  {audience} (the API)"))?;

    step("2. The client asks for a token in Auth0's dialect, for itself.")?;
    let request = json!({
        "grant_type": "client_credentials",
        "client_id": application.client_id,
        "client_secret": application.client_secret,
        "audience": audience,
    });
    let auth0_token = ask(origin, "/oauth/token", &request).await?;

    step("3. The client asks for a token in ATM's dialect, this time for a user.")?;
    let request = json!({
        "clientId": application.client_id,
        "clientSecret": application.client_secret,
        "grant_types": "user_credentials",
        "loginId": application.user.email,
    });
    let atm_token = ask(origin, "/auth/token", &request).await?;

    step("4. The API, perhaps a small device, fetches the issuer's public keys: a JWK Set.")?;
    let jwks = format!("{origin}/.well-known/jwks.json");
    say("GET /.well-known/jwks.json")?;
    let source = HttpSource::url(&jwks, Client::default()).map_err(KeySetError::from)?;
    let keys = KeySetCache::new(source);
    for key in keys.keys(None).await?.keys() {
        let bits = key.public_key().bits();
        let key_id = key.key_id().unwrap_or("(none)");
        say(format_args!("-> RSA key of {bits} bits, kid {key_id}"))?;
    }

    step(
        "5. It keeps them. It verifies the first token's signature and claims without asking again.",
    )?;
    let auth0_issuer = format!("{origin}/");
    let auth0_policy = Policy::new(&auth0_issuer, audience);
    let command = format!("$ tokenlatch verify --jwks {jwks} --audience {audience}");
    say(format_args!("{command} --issuer {auth0_issuer} TOKEN"))?;
    verify(&auth0_token, &keys, &auth0_policy, None).await?;

    step("6. It verifies the second token: the same keys, the other dialect's issuer.")?;
    let atm_policy = Policy::new(ATM_ISSUER, audience);
    say(format_args!("{command} --issuer {ATM_ISSUER} TOKEN"))?;
    verify(&atm_token, &keys, &atm_policy, None).await?;

    step("7. An attacker changes one byte of the first token's claims.")?;
    let tampered = tamper(&auth0_token)?;
    say(format_args!("{command} --issuer {auth0_issuer} TOKEN"))?;
    let rejection = Some(Error::InvalidSignature.code());
    verify(&tampered, &keys, &auth0_policy, rejection).await?;

    issuer.stop().await;
    step("Done: both tokens were verified, and the forged one was rejected.")?;
    Ok(ExitCode::SUCCESS)
}

/// Asks for a token, and shows all of the conversation but the secret and the token.
async fn ask(origin: &str, path: &str, request: &Value) -> Result<String, Failure> {
    say(format_args!("POST {path}"))?;
    say(masked(request))?;
    let answer = fetch::post_json(&format!("{origin}{path}"), request).await?;
    let answer = serde_json::from_slice(&answer).unwrap_or(Value::Null);
    say(format_args!("-> {}", masked(&answer)))?;
    let token = answer["access_token"].as_str().unwrap_or_default();
    let [header, claims, _] = parts(token)?;
    for (name, part) in [("header", header), ("claims", claims)] {
        let json = BASE64URL.decode(part).unwrap_or_default();
        let json = String::from_utf8_lossy(&json);
        say(format_args!("   its {name}: {json}"))?;
    }
    Ok(token.to_owned())
}

/// Shows the verdict on a token, which must be the expected one: the rejection's code, if any.
async fn verify(
    token: &str,
    keys: &KeySetCache,
    policy: &Policy<'_>,
    expected: Option<&str>,
) -> Result<(), Failure> {
    let mut scratch = vec![0; token.len()];
    let verified = keys.verify(token.as_bytes(), &mut scratch, policy, clock::now());
    let verdict = Verdict(verified.await);
    say(&verdict)?;
    if verdict.0.err().map(|error| error.code()) != expected {
        return Err(Failure::Demo("this is not the verdict that was due"));
    }
    Ok(())
}

/// The token with another byte in the middle of its claims.
fn tamper(token: &str) -> Result<String, Failure> {
    let [header, claims, _] = parts(token)?;
    let at = header.len() + 1 + claims.len() / 2;
    let (before, rest) = token.split_at(at);
    let (old, after) = rest.split_at(1);
    let new = if old == "A" { "B" } else { "A" };
    say(format_args!(
        "byte {at} of {}: {old} becomes {new}",
        token.len()
    ))?;
    Ok([before, new, after].concat())
}

/// Header, claims and signature, in base64url (RFC 7515 section 7.1).
fn parts(token: &str) -> Result<[&str; 3], Failure> {
    let parts: Vec<_> = token.split('.').collect();
    parts
        .try_into()
        .map_err(|_| Failure::Demo("the issuer's answer has no token"))
}

/// The same, with the length of a token in its place and nothing in a secret's.
fn masked(message: &Value) -> Value {
    let mut message = message.clone();
    for (name, value) in message.as_object_mut().into_iter().flatten() {
        match name.as_str() {
            "client_secret" | "clientSecret" => *value = "***".into(),
            "access_token" => {
                let len = value.as_str().map_or(0, str::len);
                *value = format!("({len} bytes)").into();
            }
            _ => {}
        }
    }
    message
}

/// The title of the next step.
fn step(title: &str) -> Result<(), Failure> {
    line("")?;
    line(title)
}

/// One line of a step.
fn say(text: impl Display) -> Result<(), Failure> {
    line(format_args!("   {text}"))
}

fn line(text: impl Display) -> Result<(), Failure> {
    writeln!(io::stdout(), "{text}").map_err(Failure::Output)
}

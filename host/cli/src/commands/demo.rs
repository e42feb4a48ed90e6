//! `tokenlatch demo`: shows the whole system, step by step.

use std::fmt::Display;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use serde_json::Value;
use tokenlatch::{Error, Policy};
use tokenlatch_host::clock;
use tokenlatch_host::http::HttpClient;
use tokenlatch_host::issuer::{ATM_ISSUER, Endpoint, Fault, Issuer, KeyState};
use tokenlatch_host::key_set::{HttpSource, KeySetCache, KeySetError, Schedule, State};
use tokenlatch_host::token_client::{
    AccessToken, Builder, ClientCredentials, Dialect, ExposeSecret, TokenClient,
};
use tokio::time;

use crate::colour;
use crate::failure::Failure;
use crate::verdict::Verdict;

/// A key set is fresh for a second, so that the demo does not take ten minutes.
fn schedule() -> Schedule {
    const SECOND: Duration = Duration::from_secs(1);
    let mut schedule = Schedule::default();
    (schedule.ttl, schedule.min_ttl, schedule.max_ttl) = (SECOND, SECOND, SECOND);
    schedule.cooldown = SECOND / 10;
    schedule.max_absent = SECOND;
    (schedule.min_retry, schedule.max_retry) = (SECOND / 10, SECOND);
    schedule
}

/// How long the demo waits for an expected event.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn run() -> Result<ExitCode, Failure> {
    line("Tokenlatch: the life of an access token, from the issuer to the verdict.")?;
    line("All of it is real: HTTP over loopback, RSA keys, and the verifier that a device runs.")?;

    step("1. An authorization server, the issuer, starts with new RSA keys and one client.")?;
    let issuer = Issuer::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    let origin = issuer.origin();
    let client = issuer.client();
    let audience = client.audience.as_str();
    say(format_args!("listening on {origin}"))?;
    say(format_args!("client    {}", client.client_id))?;
    say(format_args!("audience  {audience} (the API)"))?;

    step(
        "2. The API finds the issuer's public keys, a JWK Set, and keeps them fresh from now on.",
    )?;
    let auth0_issuer = format!("{origin}/");
    say("GET /.well-known/openid-configuration")?;
    say("GET /.well-known/jwks.json")?;
    let source =
        HttpSource::issuer(&auth0_issuer, HttpClient::default()).map_err(KeySetError::from)?;
    let keys = KeySetCache::builder(source).schedule(schedule()).start();
    keys.ready().await?;
    show_keys(&issuer)?;
    let api = Api {
        keys,
        auth0: Policy::new(&auth0_issuer, audience),
        atm: Policy::new(ATM_ISSUER, audience),
    };

    let credentials = || ClientCredentials::new(&client.client_id, client.client_secret.clone());
    let auth0 = || TokenClient::auth0(origin, credentials(), audience);
    let atm = || TokenClient::atm(origin, credentials());

    step("3. Auth0's dialect: the client asks for a token for itself, by JSON.")?;
    say("POST /oauth/token: grant_type client_credentials")?;
    let first = obtain(auth0()).await?;
    api.verify(text(&first), &api.auth0, None).await?;

    step("4. The same by a form, as RFC 6749 has it.")?;
    say("POST /oauth/token: grant_type=client_credentials")?;
    let token = obtain(auth0().form()).await?;
    api.verify(text(&token), &api.auth0, None).await?;

    step("5. ATM's dialect: the client asks for a token for itself.")?;
    say("POST /auth/token: grant_types client_credentials")?;
    let token = obtain(atm()).await?;
    api.verify(text(&token), &api.atm, None).await?;

    step("6. The client asks for a token for a user.")?;
    let user = &client.user.email;
    say(format_args!(
        "POST /auth/token: grant_types user_credentials, loginId {user}"
    ))?;
    let token = obtain(atm().user(user)).await?;
    api.verify(text(&token), &api.atm, None).await?;

    step("7. It refreshes that token.")?;
    say("POST /auth/token: grantType refresh_token")?;
    let response = response(&token);
    let [refresh_token, id_token] =
        ["refresh_token", "id_token"].map(|name| response[name].as_str().unwrap_or_default());
    let token = obtain(atm().refresh(refresh_token, id_token)).await?;
    api.verify(text(&token), &api.atm, None).await?;

    step("8. The issuer rotates its keys: the next one signs. The old token is still good, too.")?;
    issuer
        .rotate()
        .await
        .map_err(|_| Failure::Demo("the keys do not rotate"))?;
    show_keys(&issuer)?;
    let token = obtain(auth0()).await?;
    api.verify(text(&token), &api.auth0, None).await?;
    api.verify(text(&first), &api.auth0, None).await?;

    step("9. The issuer goes down. The API has its keys, and goes on as if nothing had happened.")?;
    issuer
        .inject(Fault::Outage.at(Endpoint::KeySet))
        .map_err(|_| Failure::Demo("there is no outage"))?;
    api.see(State::Stale).await?;
    api.verify(text(&token), &api.auth0, None).await?;
    issuer.clear_faults();
    api.see(State::Fresh).await?;

    step("10. An attacker changes one byte of the first token's claims.")?;
    let forged = tamper(text(&first))?;
    let rejection = Some(Error::InvalidSignature.code());
    api.verify(&forged, &api.auth0, rejection).await?;

    let fetches = issuer.log().count(Endpoint::KeySet);
    issuer.stop().await;
    step("Done: every token was verified, and the forged one was rejected.")?;
    say(format_args!(
        "The API asked for the key set {fetches} times, while the issuer was down included."
    ))?;
    say("The same by hand: tokenlatch issuer, tokenlatch token, tokenlatch verify; see --help.")?;
    Ok(ExitCode::SUCCESS)
}

/// The API that the tokens are for.
struct Api<'p> {
    keys: KeySetCache,
    auth0: Policy<'p>,
    atm: Policy<'p>,
}

impl Api<'_> {
    /// Shows the verdict on a token, which must be the expected one: the rejection's code, if any.
    async fn verify(
        &self,
        token: &str,
        policy: &Policy<'_>,
        expected: Option<&str>,
    ) -> Result<(), Failure> {
        let mut scratch = vec![0; token.len()];
        let verified = self
            .keys
            .verify(token.as_bytes(), &mut scratch, policy, clock::now());
        let verdict = Verdict::new(token.as_bytes(), verified.await);
        if colour::is_on() {
            say(verdict.coloured())?;
        } else {
            say(&verdict)?;
        }
        if verdict.result.err().map(|error| error.code()) != expected {
            return Err(Failure::Demo("this is not the verdict that was due"));
        }
        Ok(())
    }

    /// Waits until the key set is in this state, and shows it.
    async fn see(&self, state: State) -> Result<(), Failure> {
        let so = async {
            while self.keys.health().state != state {
                time::sleep(Duration::from_millis(10)).await;
            }
        };
        let seen = time::timeout(PATIENCE, so).await;
        seen.map_err(|_| Failure::Demo("the key set is not what it should be"))?;
        let health = self.keys.health();
        let fetches = health.fetched + health.not_modified;
        let failed = health.failed;
        say(format_args!(
            "the key set is {state:?}; fetches so far: {fetches} good, {failed} failed"
        ))
    }
}

/// Obtains a token, and shows the response without its secrets.
async fn obtain(client: Builder<impl Dialect>) -> Result<AccessToken, Failure> {
    let token = client.start().map_err(Failure::Server)?.token().await?;
    say(format_args!("-> {}", masked(response(&token))))?;
    let [header, claims, _] = parts(text(&token))?;
    for (name, part) in [("header", header), ("claims", claims)] {
        let json = BASE64URL.decode(part).unwrap_or_default();
        let json = String::from_utf8_lossy(&json);
        say(format_args!("   its {name}: {json}"))?;
    }
    Ok(token)
}

fn show_keys(issuer: &Issuer) -> Result<(), Failure> {
    for key in issuer.keys() {
        let state = match key.state {
            KeyState::Signing => "signs",
            KeyState::Next => "signs next",
            KeyState::Retiring { .. } => "signs no more",
            _ => "is published",
        };
        let (bits, key_id) = (key.bits, &key.key_id);
        say(format_args!(
            "-> RSA key of {bits} bits, kid {key_id}: {state}"
        ))?;
    }
    Ok(())
}

fn text(token: &AccessToken) -> &str {
    token.text().expose_secret()
}

fn response(token: &AccessToken) -> Value {
    serde_json::from_str(token.response().expose_secret()).unwrap_or(Value::Null)
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
        .map_err(|_| Failure::Demo("the issuer's response has no token"))
}

/// The response, with the length of each token in its place.
fn masked(mut response: Value) -> Value {
    for (name, value) in response.as_object_mut().into_iter().flatten() {
        if matches!(name.as_str(), "access_token" | "refresh_token" | "id_token") {
            let len = value.as_str().map_or(0, str::len);
            *value = format!("({len} bytes)").into();
        }
    }
    response
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

//! The embedded authorization server over HTTP: every flow, every rejection, every fault.

mod admin;
mod bounds;
mod device;
mod dialects;
mod faults;
mod page;
mod profiles;
mod rotation;
mod verdict;

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use tokenlatch::{Error, JwkSet, Policy, Time, verify};
use tokenlatch_host::issuer::{ATM_ISSUER, Client, Config, Issuer, KeyConfig};

const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
const AUDIENCE: &str = "https://api.example.com/";

/// A running issuer, and an HTTP client.
struct Fixture {
    issuer: Issuer,
    client: reqwest::Client,
}

impl Fixture {
    async fn start() -> Self {
        Self::start_with(Config::default()).await
    }

    async fn start_with(config: Config) -> Self {
        Self {
            issuer: Issuer::start_with(config, ANY_PORT).await.unwrap(),
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    async fn with_client(client: Client) -> Self {
        let mut config = Config::default();
        config.clients = vec![client];
        Self::start_with(config).await
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.issuer.origin()))
    }

    fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.issuer.origin()))
    }

    fn delete(&self, path: &str) -> RequestBuilder {
        self.client
            .delete(format!("{}{path}", self.issuer.origin()))
    }

    /// Sends a valid request in Auth0's dialect, with these members changed.
    async fn auth0(&self, changes: Value) -> TokenResponse {
        let request = json!({
            "grant_type": "client_credentials",
            "client_id": "demo-client",
            "client_secret": "demo-secret",
            "audience": AUDIENCE,
        });
        let request = self.post("/oauth/token").json(&changed(request, changes));
        TokenResponse::of(request).await
    }

    /// Sends a valid request in ATM's dialect for a user, with these members changed.
    async fn atm_user(&self, changes: Value) -> TokenResponse {
        let request = json!({
            "clientId": "demo-client",
            "clientSecret": "demo-secret",
            "grant_types": "user_credentials",
            "loginId": "admin@example.com",
        });
        let request = self.post("/auth/token").json(&changed(request, changes));
        TokenResponse::of(request).await
    }

    /// A refresh in ATM's dialect, by these tokens.
    async fn atm_refresh(&self, refresh_token: &Value, id_token: &Value) -> TokenResponse {
        let request = json!({
            "clientId": "demo-client",
            "refresh_token": refresh_token,
            "id_token": id_token,
            "grantType": "refresh_token",
        });
        TokenResponse::of(self.post("/auth/token").json(&request)).await
    }

    async fn key_set(&self) -> String {
        let response = self.get("/.well-known/jwks.json").send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.text().await.unwrap()
    }

    /// The verdict on a token of Auth0's dialect, by the keys that are now published and the
    /// issuer's clock.
    async fn verdict(&self, token: &str) -> Result<(), Error> {
        let issuer = format!("{}/", self.issuer.origin());
        let policy = Policy::new(&issuer, AUDIENCE);
        self.verdict_by(token, &self.key_set().await, &policy)
    }

    /// The same for ATM's dialect.
    async fn atm_verdict(&self, token: &str) -> Result<(), Error> {
        let policy = Policy::new(ATM_ISSUER, AUDIENCE);
        self.verdict_by(token, &self.key_set().await, &policy)
    }

    fn verdict_by(&self, token: &str, keys: &str, policy: &Policy<'_>) -> Result<(), Error> {
        let keys = JwkSet::<16, 4096>::from_json(keys.as_bytes()).unwrap();
        let now = Time::exactly(self.issuer.clock().now());
        let mut scratch = vec![0; token.len()];
        verify(token.as_bytes(), &mut scratch, &keys, policy, now).map(drop)
    }
}

/// The response of a token endpoint.
struct TokenResponse {
    status: u16,
    body: Value,
}

impl TokenResponse {
    async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["cache-control"], "no-store");
        Self {
            status: response.status().as_u16(),
            body: json_of(response).await,
        }
    }

    /// The access token, which must be there.
    fn token(&self) -> &str {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body["access_token"].as_str().unwrap()
    }

    /// The claims of the access token.
    fn claims(&self) -> Value {
        claims(self.token())
    }

    /// The status and the error's code. The response must be an error.
    fn error(&self) -> (u16, &str) {
        (self.status, self.body["error"].as_str().unwrap())
    }
}

impl Deref for TokenResponse {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.body
    }
}

async fn json_of(response: Response) -> Value {
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}

fn claims(token: &str) -> Value {
    let claims = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64URL.decode(claims).unwrap()).unwrap()
}

/// The request with these members, and without members that are `null`.
fn changed(mut request: Value, changes: Value) -> Value {
    let members = request.as_object_mut().unwrap();
    members.extend(changes.as_object().unwrap().clone());
    members.retain(|_, value| !value.is_null());
    request
}

fn with_keys(change: impl FnOnce(&mut KeyConfig)) -> Config {
    let mut config = Config::default();
    change(&mut config.keys);
    config
}

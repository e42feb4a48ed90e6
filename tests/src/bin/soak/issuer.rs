//! The issuer's `/admin/`, over HTTP.

use std::error::Error;
use std::time::Duration;

use serde_json::{Value, json};
use tokenlatch_host::reqwest::{Client, Method};

pub(crate) type Failed = Box<dyn Error + Send + Sync>;

/// Controls the issuer.
pub(crate) struct Control {
    client: Client,
    origin: String,
}

impl Control {
    pub(crate) fn new(origin: String) -> Result<Self, Failed> {
        // No connection stays open: the issuer's open files are those of others.
        let client = Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(0)
            .timeout(Duration::from_secs(60))
            .build()?;
        Ok(Self { client, origin })
    }

    /// The `iss` of its tokens.
    pub(crate) fn issuer(&self) -> String {
        format!("{}/", self.origin)
    }

    /// Rotates the keys. Returns the `kid`s of the published ones.
    pub(crate) async fn rotate(&self) -> Result<Published, Failed> {
        let response = self.ask(Method::POST, "rotate", Value::Null).await?;
        let keys = response["keys"].as_array().ok_or("no keys")?;
        let key_ids = |state: Option<&str>| {
            let keys = keys
                .iter()
                .filter(|key| state.is_none_or(|state| key["state"] == state));
            let key_ids = keys.map(|key| key["kid"].as_str().unwrap_or_default().to_owned());
            key_ids.collect::<Vec<_>>()
        };
        let only = |state| key_ids(Some(state)).pop().ok_or("a key is missing");
        Ok(Published {
            signing: only("signing")?,
            next: only("next")?,
            all: key_ids(None),
        })
    }

    /// A token of the key that signs, with these claims besides or in place of its own.
    pub(crate) async fn token(&self, claims: Value) -> Result<String, Failed> {
        let order = json!({ "claims": claims });
        let response = self.ask(Method::POST, "token", order).await?;
        Ok(response["access_token"].as_str().ok_or("no token")?.into())
    }

    /// Makes this fault happen to the requests for keys, until [`mend`](Self::mend).
    pub(crate) async fn inject(&self, fault: Value) -> Result<(), Failed> {
        for endpoint in ["metadata", "key-set"] {
            let injection = json!({"fault": fault, "at": endpoint});
            self.ask(Method::POST, "faults", injection).await?;
        }
        Ok(())
    }

    pub(crate) async fn mend(&self) -> Result<(), Failed> {
        self.ask(Method::DELETE, "faults", Value::Null).await?;
        Ok(())
    }

    async fn ask(&self, method: Method, path: &str, body: Value) -> Result<Value, Failed> {
        let url = format!("{}/admin/{path}", self.origin);
        let mut request = self.client.request(method, url);
        if !body.is_null() {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let response = request.send().await?.error_for_status()?;
        Ok(serde_json::from_slice(&response.bytes().await?)?)
    }
}

/// The `kid`s of the published keys.
pub(crate) struct Published {
    pub(crate) signing: String,
    pub(crate) next: String,
    pub(crate) all: Vec<String>,
}

//! A worker that calls an API, with a token that it obtains and keeps. The example `guarded_service` is such
//! an API, and prints its URL:
//!
//! ```sh
//! cargo run --package tokenlatch-host --example worker -- ISSUER API
//! ```

use std::env;
use std::error::Error;
use std::time::Duration;

use tokenlatch_host::reqwest::{Method, Request, Url};
use tokenlatch_host::token_client::{CallError, ClientCredentials, TokenClient};
use tokio::time::sleep;

const AUDIENCE: &str = "https://api.example.com/";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let [issuer, api] = env::args()
        .skip(1)
        .collect::<Vec<_>>()
        .try_into()
        .map_err(|_| "usage: worker ISSUER API")?;
    let api: Url = api.parse()?;
    // The secret of the issuer for tests. Your worker reads its secret from your secret store.
    let credentials = ClientCredentials::new("demo-client", "demo-secret");
    let tokens = TokenClient::auth0(issuer, credentials, AUDIENCE).start()?;

    for _ in 0..3 {
        match work(&tokens, &api).await {
            Ok(text) => print!("{text}"),
            // The next call may succeed: the client asks for a token again.
            Err(error) => eprintln!("{error}"),
        }
        sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}

/// One call. The client has a token ready, refreshes it ahead of expiry, and replaces it if the API rejects
/// it.
async fn work(tokens: &TokenClient, api: &Url) -> Result<String, CallError> {
    let response = tokens.call(Request::new(Method::GET, api.clone())).await?;
    let body = String::from_utf8_lossy(&response.body);
    Ok(format!("{}: {body}", response.status))
}

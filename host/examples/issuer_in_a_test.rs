//! How to test a service with an issuer of its own: each function but `main` is a test.
//!
//! ```sh
//! cargo run --package tokenlatch-host --features issuer --example issuer_in_a_test
//! ```
//!
//! In your project, put `#[tokio::test]` in front of each of them.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};

use tokenlatch_host::clock;
use tokenlatch_host::http::HttpClient;
use tokenlatch_host::issuer::{Endpoint, Fault, Issuer};
use tokenlatch_host::key_set::{HttpSource, KeySetCache};
use tokenlatch_host::token_client::{ClientCredentials, ExposeSecret, TokenClient};
use tokenlatch_host::tokenlatch::{MAX_TOKEN_LEN, Policy};

const AUDIENCE: &str = "https://api.example.com/";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    a_token_of_a_new_key_is_verified().await?;
    a_forgery_is_rejected().await?;
    an_expired_token_is_rejected().await?;
    println!("3 tests passed");
    Ok(())
}

async fn a_token_of_a_new_key_is_verified() -> Result<(), Box<dyn Error>> {
    let world = World::new().await?;
    assert_eq!(world.verdict().await?, "verified");
    world.issuer.rotate().await?;
    assert_eq!(world.verdict().await?, "verified");
    // An issuer publishes a key before the key signs, so one fetch brought both keys.
    assert_eq!(world.issuer.log().count_of(Endpoint::KeySet, "served"), 1);
    Ok(())
}

async fn a_forgery_is_rejected() -> Result<(), Box<dyn Error>> {
    let world = World::new().await?;
    world.issuer.inject(Fault::BadSignature.times(1))?;
    assert_eq!(world.verdict().await?, "invalid-signature");
    assert_eq!(world.verdict().await?, "verified");
    Ok(())
}

async fn an_expired_token_is_rejected() -> Result<(), Box<dyn Error>> {
    let world = World::new().await?;
    world.issuer.inject(Fault::Expired.times(1))?;
    assert_eq!(world.verdict().await?, "expired");
    Ok(())
}

/// An issuer for one test, and the key set and policy of a service.
struct World {
    issuer: Issuer,
    keys: KeySetCache,
}

impl World {
    async fn new() -> Result<Self, Box<dyn Error>> {
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let issuer = Issuer::start(any_port).await?;
        let source = HttpSource::issuer(&format!("{}/", issuer.origin()), HttpClient::default())?;
        let keys = KeySetCache::new(source);
        Ok(Self { issuer, keys })
    }

    /// The service's verdict on a new token.
    async fn verdict(&self) -> Result<&'static str, Box<dyn Error>> {
        let origin = self.issuer.origin();
        let credentials = ClientCredentials::new("demo-client", "demo-secret");
        let tokens = TokenClient::auth0(origin, credentials, AUDIENCE).start()?;
        let token = tokens.token().await?;
        let token = token.text().expose_secret().as_bytes();

        let issuer = format!("{origin}/");
        let policy = Policy::new(&issuer, AUDIENCE);
        let mut scratch = [0; MAX_TOKEN_LEN];
        let verified = self.keys.verify(token, &mut scratch, &policy, clock::now());
        Ok(match verified.await {
            Ok(_) => "verified",
            Err(error) => error.code(),
        })
    }
}

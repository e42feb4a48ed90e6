//! A service whose API takes access tokens. To try it, with an issuer for tests:
//!
//! ```sh
//! tokenlatch issuer --listen 127.0.0.1:8080
//! cargo run --package tokenlatch-host --features axum --example guarded_service -- http://127.0.0.1:8080/
//! ```

use std::error::Error;

use axum::Router;
use axum::routing::get;
use tokenlatch_host::guard::{Claims, Guard};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let issuer = std::env::args()
        .nth(1)
        .ok_or("usage: guarded_service ISSUER")?;
    let guard = Guard::issuer(issuer, "https://api.example.com/").start()?;
    let service = Router::new()
        .route("/things", get(things))
        .layer(guard.scopes(["read:things"]).layer());

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}/things", listener.local_addr()?);
    axum::serve(listener, service).await?;
    Ok(())
}

/// Called with the claims of a good token, and only then.
async fn things(claims: Claims) -> String {
    format!("things of {}\n", claims.subject().unwrap_or_default())
}

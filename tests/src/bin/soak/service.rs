//! The service under test: the README's, and its clocks.

use std::time::Instant;

use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokenlatch_host::clock::unix_now;
use tokenlatch_host::guard::{Claims, Guard};
use tokio::net::TcpListener;

use crate::issuer::Failed;

/// Serves until it is killed. The first line of output is its address.
pub(crate) async fn serve(issuer: &str) -> Result<(), Failed> {
    let guard = Guard::issuer(issuer, "https://api.example.com/").start()?;
    let start = Instant::now();
    let clock = move || async move {
        Json::<Value>(json!({"now": unix_now(), "running": start.elapsed().as_secs()}))
    };
    let service = Router::new()
        .route("/things", get(things))
        .layer(guard.scopes(["read:things"]).layer())
        .route("/clock", get(clock));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    axum::serve(listener, service).await?;
    Ok(())
}

async fn things(claims: Claims) -> String {
    format!("things of {}\n", claims.subject().unwrap_or_default())
}

//! Addresses to listen at.

use std::fmt;
use std::net::SocketAddr;

use tokio::net::lookup_host;

use crate::failure::Failure;

/// The first address of `HOST:PORT`.
pub(crate) async fn first_address(listen: &str) -> Result<SocketAddr, Failure> {
    let found = lookup_host(listen).await;
    let mut found = found.map_err(|error| cannot_listen(listen, error))?;
    found
        .next()
        .ok_or_else(|| cannot_listen(listen, "the host has no address"))
}

/// The failure to listen at `HOST:PORT`.
pub(crate) fn cannot_listen(listen: &str, why: impl fmt::Display) -> Failure {
    Failure::Usage(format!("cannot listen at {listen:?}: {why}"))
}

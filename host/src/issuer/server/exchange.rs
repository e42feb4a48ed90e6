//! The state of one request.

use std::sync::OnceLock;

use crate::issuer::model::client::Client;
use crate::issuer::model::faults::Happening;

/// The state of one request that its handler and the log share.
pub(crate) struct Exchange {
    /// The time of the request, by the issuer's clock.
    pub(crate) now: u64,
    /// The faults that happen to it.
    pub(crate) happening: Vec<Happening>,
    client_id: OnceLock<String>,
}

/// Marks a response: the connection is closed instead.
#[derive(Clone, Copy)]
pub(crate) struct Disconnect;

impl Exchange {
    pub(crate) fn new(now: u64, happening: Vec<Happening>) -> Self {
        Self {
            now,
            happening,
            client_id: OnceLock::new(),
        }
    }

    /// Gives the log the client.
    pub(crate) fn of(&self, client: &Client) {
        // A request has one client.
        let _ = self.client_id.set(client.client_id.clone());
    }

    /// The identifier of the client, once it is known.
    pub(crate) fn client_id(&self) -> Option<String> {
        self.client_id.get().cloned()
    }
}

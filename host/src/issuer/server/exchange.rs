//! One request on its way through the server.

use std::sync::OnceLock;

use crate::issuer::model::client::Client;
use crate::issuer::model::faults::Happening;

/// One request, as far as its handler and the log have to agree on it.
pub(crate) struct Exchange {
    /// When it takes place, by the issuer's clock.
    pub(crate) now: u64,
    /// The faults that happen to it.
    pub(crate) happening: Vec<Happening>,
    pub(super) client_id: OnceLock<String>,
}

/// Closes the connection in place of a response.
#[derive(Clone, Copy)]
pub(crate) struct Disconnect;

impl Exchange {
    /// Tells the log who asks.
    pub(crate) fn of(&self, client: &Client) {
        // A request has one client.
        let _ = self.client_id.set(client.client_id.clone());
    }
}

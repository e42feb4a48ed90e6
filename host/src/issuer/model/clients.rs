//! The clients and their authentication.

use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use super::client::Client;

/// All clients; there is at least one.
#[derive(Debug)]
pub(crate) struct Clients {
    clients: Vec<Client>,
    /// The SHA-256 digests of the credentials: all have the same length.
    credentials: Vec<[[u8; 32]; 2]>,
}

impl Clients {
    pub(crate) fn new(clients: Vec<Client>) -> Self {
        let credentials = clients.iter().map(|client| {
            [
                client.client_id.as_str(),
                client.client_secret.expose_secret(),
            ]
            .map(digest)
        });
        Self {
            credentials: credentials.collect(),
            clients,
        }
    }

    pub(crate) fn all(&self) -> &[Client] {
        &self.clients
    }

    /// The client with these credentials.
    ///
    /// The time that this takes tells neither which part of the credentials is right nor whether the client
    /// exists: all credentials of all clients are compared.
    pub(crate) fn authenticate(&self, client_id: &str, secret: &str) -> Option<&Client> {
        let (client_id, secret) = (digest(client_id), digest(secret));
        let mut found = u64::MAX;
        for (index, [its_id, its_secret]) in (0..).zip(&self.credentials) {
            let matches = its_id.ct_eq(&client_id) & its_secret.ct_eq(&secret);
            found.conditional_assign(&index, matches);
        }
        self.clients.get(usize::try_from(found).ok()?)
    }

    /// Whether a client has this secret. All secrets are compared, as in [`authenticate`](Self::authenticate).
    pub(crate) fn has_secret(&self, text: &[u8]) -> bool {
        let text: [u8; 32] = Sha256::digest(text).into();
        let mut found = Choice::from(0);
        for [_, its_secret] in &self.credentials {
            found |= its_secret.ct_eq(&text);
        }
        found.into()
    }

    /// The client with this identifier. It is not authenticated: anybody can claim to be it.
    pub(crate) fn claimed(&self, client_id: &str) -> Option<&Client> {
        let mut all = self.clients.iter();
        all.find(|client| client.client_id == client_id)
    }
}

fn digest(part: &str) -> [u8; 32] {
    Sha256::digest(part).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_credentials_must_be_right_and_of_one_client() {
        let clients = Clients::new(vec![
            Client::demo(),
            Client::new("other-client", "other-secret", "https://api.example.com/"),
        ]);
        for (client_id, secret, found) in [
            ("demo-client", "demo-secret", Some("demo-client")),
            ("other-client", "other-secret", Some("other-client")),
            ("demo-client", "other-secret", None),
            ("demo-client", "demo-secreT", None),
            ("demo-client", "demo-secret2", None),
            ("demo-client", "", None),
            ("demo-clienT", "demo-secret", None),
            ("", "", None),
        ] {
            let client = clients.authenticate(client_id, secret);
            let client = client.map(|client| client.client_id.as_str());
            assert_eq!(client, found, "{client_id} {secret}");
        }
    }
}

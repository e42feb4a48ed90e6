//! The credentials of a client.

use secrecy::SecretString;

/// A client's identifier and secret (RFC 6749 section 2.3.1). `Debug` leaves the secret out.
#[derive(Clone, Debug)]
pub struct ClientCredentials {
    pub(crate) client_id: String,
    pub(crate) client_secret: SecretString,
}

impl ClientCredentials {
    /// The identifier and the secret, as the server gave them.
    #[must_use]
    pub fn new(client_id: impl Into<String>, client_secret: impl Into<SecretString>) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret: client_secret.into(),
        }
    }
}

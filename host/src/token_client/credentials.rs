//! The credentials of a client.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use secrecy::SecretString;
use serde_json::json;

use crate::clock;
use crate::rsa_key::RsaKey;

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

/// A client's identifier and the RSA key with which it signs an assertion in place of a secret:
/// `private_key_jwt` with RS256 (RFC 7523 section 2.2, OpenID Connect Core section 9). `Debug` leaves the key
/// out.
#[derive(Clone)]
pub struct PrivateKeyJwt {
    pub(crate) client_id: String,
    key: Arc<RsaKey>,
    key_id: Option<String>,
    audience: Option<String>,
}

/// The text is not an RSA private key in PEM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an RSA private key in PEM (PKCS #8 or PKCS #1)")]
#[non_exhaustive]
pub struct InvalidSigningKey;

/// How long an assertion is valid, in seconds.
const ASSERTION_LIFETIME: u64 = 60;

impl PrivateKeyJwt {
    /// The identifier, and the private key in PEM: PKCS #8 (RFC 5958) or PKCS #1 (RFC 8017 appendix A.1.2).
    ///
    /// # Errors
    ///
    /// [`InvalidSigningKey`].
    pub fn from_pem(client_id: impl Into<String>, pem: &str) -> Result<Self, InvalidSigningKey> {
        let key = RsaKey::from_pem(pem).ok_or(InvalidSigningKey)?;
        Ok(Self {
            client_id: client_id.into(),
            key: Arc::new(key),
            key_id: None,
            audience: None,
        })
    }

    /// Names the key to the server, by the `kid` of the assertion's header.
    #[must_use]
    pub fn key_id(mut self, key_id: impl Into<String>) -> Self {
        self.key_id = Some(key_id.into());
        self
    }

    /// The `aud` of the assertion: some servers want their issuer. By default, it is the URL of the token
    /// endpoint.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// An assertion for a request to this URL (RFC 7523 section 3). Each has a `jti` of its own.
    pub(crate) fn assertion(&self, url: &str) -> String {
        let mut header = json!({"alg": "RS256", "typ": "JWT"});
        if let Some(key_id) = &self.key_id {
            header["kid"] = key_id.as_str().into();
        }
        let now = clock::unix_now();
        let claims = json!({
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.audience.as_deref().unwrap_or(url),
            "jti": BASE64URL.encode(rand::random::<[u8; 16]>()),
            "iat": now,
            "exp": now + ASSERTION_LIFETIME,
        });
        self.key.sign(&header, &claims)
    }
}

impl fmt::Debug for PrivateKeyJwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKeyJwt")
            .field("client_id", &self.client_id)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

//! A key that signs tokens, and its public side.

use std::fmt;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::jws;
use crate::rsa_key::RsaKey;

/// A private key that signs tokens, and its public side.
pub(crate) struct SigningKey {
    key: RsaKey,
    jwk: Jwk,
    /// When the last token that it signed expires.
    last_expiry: AtomicU64,
}

/// An RSA public key for verifying RS256 (RFC 7517 section 4, RFC 7518 section 6.3.1).
#[derive(Clone, Serialize)]
pub(crate) struct Jwk {
    kty: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
    alg: &'static str,
    #[serde(rename = "kid")]
    key_id: String,
    n: String,
    e: String,
}

/// The JOSE header (RFC 7515 section 4), in the order in which the token has its members.
pub(crate) type Header = Map<String, Value>;

impl SigningKey {
    /// A new key with a modulus of this many bits. It takes a tenth of a second or more to compute.
    pub(crate) fn generate(bits: usize) -> Result<Self, rsa::Error> {
        Ok(Self::new(RsaKey::generate(bits)?))
    }

    /// A key in PKCS #8 and PEM (RFC 5958, RFC 7468 section 10).
    pub(crate) fn from_pem(pem: &str) -> Option<Self> {
        RsaKey::from_pem(pem).map(Self::new)
    }

    fn new(key: RsaKey) -> Self {
        Self {
            jwk: Jwk {
                kty: "RSA",
                usage: "sig",
                alg: "RS256",
                key_id: key.thumbprint(),
                n: key.n().into(),
                e: key.e().into(),
            },
            key,
            last_expiry: AtomicU64::new(0),
        }
    }

    /// The key in PKCS #8 and PEM, which is erased from memory when it is dropped.
    pub(crate) fn to_pem(&self) -> Result<impl Deref<Target = String> + use<>, rsa::pkcs8::Error> {
        self.key.to_pem()
    }

    pub(crate) fn key_id(&self) -> &str {
        &self.jwk.key_id
    }

    pub(crate) fn bits(&self) -> usize {
        self.key.bits()
    }

    pub(crate) fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    /// When the last token that it signed expires, in seconds since 1970.
    pub(crate) fn last_expiry(&self) -> u64 {
        self.last_expiry.load(Ordering::Relaxed)
    }

    /// Remembers that a token of this key expires at this time.
    pub(crate) fn in_use_until(&self, expiry: u64) {
        self.last_expiry.fetch_max(expiry, Ordering::Relaxed);
    }

    /// The token with this header and these claims: a JWT (RFC 7519) in compact serialization.
    pub(crate) fn sign(&self, header: &Header, claims: &impl Serialize) -> String {
        self.key.sign(header, claims)
    }
}

/// An unsecured token (RFC 7519 section 6).
pub(crate) fn unsigned(claims: &impl Serialize) -> String {
    let header = json!({"alg": "none", "typ": "JWT"});
    jws::signing_input(&header, claims) + "."
}

/// The token with one bit of its signature changed.
pub(crate) fn with_bad_signature(token: &str) -> String {
    let (signing_input, signature) = token.rsplit_once('.').expect("a token has dots");
    let mut signature = BASE64URL.decode(signature).expect("it was just encoded");
    if let Some(last) = signature.last_mut() {
        *last ^= 1;
    }
    format!("{signing_input}.{}", BASE64URL.encode(signature))
}

/// Shows the `kid` and no part of the key.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("kid", &self.jwk.key_id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_key() {
        let key = SigningKey::generate(2048).unwrap();
        let shown = format!("{key:?}");
        let expected = format!("SigningKey {{ kid: {:?}, .. }}", key.jwk.key_id);
        assert_eq!(shown, expected);
    }
}

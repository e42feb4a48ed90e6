//! A key that signs tokens, and its public side.

use std::fmt;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use rsa::RsaPrivateKey;
use rsa::pkcs1v15;
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey, LineEnding};
use rsa::traits::PublicKeyParts;
use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::Sha256;

use crate::jws;
use crate::thumbprint::thumbprint;

/// A private key that signs tokens, and its public side.
pub(crate) struct SigningKey {
    private_key: pkcs1v15::SigningKey<Sha256>,
    bits: usize,
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
        Ok(Self::new(RsaPrivateKey::new(&mut rand::rng(), bits)?))
    }

    /// A key in PKCS #8 and PEM (RFC 5958, RFC 7468 section 10).
    pub(crate) fn from_pem(pem: &str) -> Result<Self, rsa::pkcs8::Error> {
        Ok(Self::new(RsaPrivateKey::from_pkcs8_pem(pem)?))
    }

    fn new(private_key: RsaPrivateKey) -> Self {
        let n = BASE64URL.encode(private_key.n_bytes());
        let e = BASE64URL.encode(private_key.e_bytes());
        Self {
            bits: private_key.n().as_ref().bits() as usize,
            private_key: private_key.into(),
            jwk: Jwk {
                kty: "RSA",
                usage: "sig",
                alg: "RS256",
                key_id: thumbprint(&[("e", &e), ("kty", "RSA"), ("n", &n)]),
                n,
                e,
            },
            last_expiry: AtomicU64::new(0),
        }
    }

    /// The key in PKCS #8 and PEM, which is erased from memory when it is dropped.
    pub(crate) fn to_pem(&self) -> Result<impl Deref<Target = String> + use<>, rsa::pkcs8::Error> {
        self.private_key.to_pkcs8_pem(LineEnding::LF)
    }

    pub(crate) fn key_id(&self) -> &str {
        &self.jwk.key_id
    }

    pub(crate) fn bits(&self) -> usize {
        self.bits
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
        jws::sign(&self.private_key, header, claims)
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

    #[test]
    fn a_key_goes_through_pem() {
        let key = SigningKey::generate(2056).unwrap();
        assert_eq!(key.bits(), 2056);
        let pem = key.to_pem().unwrap();
        assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"));
        let same = SigningKey::from_pem(&pem).unwrap();
        assert_eq!((same.key_id(), same.bits()), (key.key_id(), 2056));
        assert!(SigningKey::from_pem(&pem[..100]).is_err());
    }
}

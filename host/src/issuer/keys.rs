//! The key that signs tokens, and the JWK Set that others verify them with.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use rsa::RsaPrivateKey;
use rsa::pkcs1v15;
use rsa::signature::{RandomizedSigner, SignatureEncoding};
use rsa::traits::PublicKeyParts;
use serde::Serialize;
use sha2::Sha256;

use crate::thumbprint::thumbprint;

/// The bits of a new key's modulus.
const BITS: usize = 2048;

/// A private key that signs tokens, and its public side.
pub(super) struct SigningKey {
    private_key: pkcs1v15::SigningKey<Sha256>,
    jwk: Jwk,
}

/// A JWK Set (RFC 7517 section 5).
#[derive(Serialize)]
pub(super) struct JwkSet {
    keys: Vec<Jwk>,
}

/// An RSA public key for verifying RS256 (RFC 7517 section 4, RFC 7518 section 6.3.1).
#[derive(Clone, Serialize)]
struct Jwk {
    kty: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
    alg: &'static str,
    kid: String,
    n: String,
    e: String,
}

/// The JOSE header (RFC 7515 section 4).
#[derive(Serialize)]
struct Header<'k> {
    alg: &'static str,
    typ: &'static str,
    kid: &'k str,
}

impl SigningKey {
    pub(super) fn generate() -> Result<Self, rsa::Error> {
        let private_key = RsaPrivateKey::new(&mut rand::rng(), BITS)?;
        let n = BASE64URL.encode(private_key.n_bytes());
        let e = BASE64URL.encode(private_key.e_bytes());
        Ok(Self {
            private_key: private_key.into(),
            jwk: Jwk {
                kty: "RSA",
                usage: "sig",
                alg: "RS256",
                kid: thumbprint(&[("e", &e), ("kty", "RSA"), ("n", &n)]),
                n,
                e,
            },
        })
    }

    /// The token with these claims: a JWT (RFC 7519) in compact serialization.
    pub(super) fn sign(&self, claims: &impl Serialize) -> String {
        let header = Header {
            alg: "RS256",
            typ: "JWT",
            kid: &self.jwk.kid,
        };
        let mut token = format!("{}.{}", encode(&header), encode(claims));
        // Randomness blinds the private key from who measures how long signing takes.
        let signature = self
            .private_key
            .sign_with_rng(&mut rand::rng(), token.as_bytes());
        token.push('.');
        BASE64URL.encode_string(signature.to_bytes(), &mut token);
        token
    }

    pub(super) fn jwk_set(&self) -> JwkSet {
        JwkSet {
            keys: vec![self.jwk.clone()],
        }
    }
}

/// Shows which key it is, and nothing of it.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("kid", &self.jwk.kid)
            .finish_non_exhaustive()
    }
}

fn encode(part: &impl Serialize) -> String {
    BASE64URL.encode(serde_json::to_vec(part).expect("strings and numbers make JSON"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_key() {
        let key = SigningKey::generate().unwrap();
        let shown = format!("{key:?}");
        let expected = format!("SigningKey {{ kid: {:?}, .. }}", key.jwk.kid);
        assert_eq!(shown, expected);
    }
}

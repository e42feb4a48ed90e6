//! An RSA key that signs, and its public side.

use std::ops::Deref;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use rsa::PrivateKey;
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::pkcs1v15::SigningKey;
use rsa::pkcs8::{self, DecodePrivateKey, EncodePrivateKey, LineEnding};
use rsa::traits::PublicKeyParts;
use serde::Serialize;
use sha2::Sha256;

use crate::jws;
use crate::thumbprint::thumbprint;

/// An RSA key that signs RS256, and its public side.
pub(crate) struct RsaKey {
    private_key: SigningKey<Sha256>,
    n: String,
    e: String,
}

impl RsaKey {
    /// A new key with a modulus of this many bits. It takes a tenth of a second or more to compute.
    pub(crate) fn generate(bits: usize) -> Result<Self, rsa::Error> {
        Ok(Self::new(PrivateKey::new(&mut rand::rng(), bits)?))
    }

    /// A key in PEM: PKCS #8 (RFC 5958, RFC 7468 section 10) or PKCS #1 (RFC 8017 appendix A.1.2).
    pub(crate) fn from_pem(pem: &str) -> Option<Self> {
        let key = PrivateKey::from_pkcs8_pem(pem).ok();
        let key = key.or_else(|| PrivateKey::from_pkcs1_pem(pem).ok());
        key.map(Self::new)
    }

    fn new(private_key: PrivateKey) -> Self {
        Self {
            n: BASE64URL.encode(private_key.n_bytes()),
            e: BASE64URL.encode(private_key.e_bytes()),
            private_key: private_key.into(),
        }
    }

    /// The key in PKCS #8 and PEM, which is erased from memory when it is dropped.
    pub(crate) fn to_pem(&self) -> Result<impl Deref<Target = String> + use<>, pkcs8::Error> {
        self.private_key.to_pkcs8_pem(LineEnding::LF)
    }

    /// The bits of the modulus.
    #[cfg(feature = "issuer")]
    pub(crate) fn bits(&self) -> usize {
        self.private_key.as_ref().n().as_ref().bit_width() as usize
    }

    /// The modulus, in base64url.
    pub(crate) fn n(&self) -> &str {
        &self.n
    }

    /// The public exponent, in base64url.
    pub(crate) fn e(&self) -> &str {
        &self.e
    }

    /// The JWK thumbprint (RFC 7638).
    pub(crate) fn thumbprint(&self) -> String {
        thumbprint(&[("e", &self.e), ("kty", "RSA"), ("n", &self.n)])
    }

    /// The token with this header and these claims: a JWT (RFC 7519) in compact serialization.
    pub(crate) fn sign(&self, header: &impl Serialize, claims: &impl Serialize) -> String {
        jws::sign(&self.private_key, header, claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_goes_through_pem() {
        let key = RsaKey::generate(2048).unwrap();
        let pem = key.to_pem().unwrap();
        assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"));
        let same = RsaKey::from_pem(&pem).unwrap();
        assert_eq!(same.thumbprint(), key.thumbprint());
        assert!(RsaKey::from_pem(&pem[..100]).is_none());
    }

    #[cfg(feature = "issuer")]
    #[test]
    fn a_key_has_the_bits_that_were_asked_for() {
        assert_eq!(RsaKey::generate(2056).unwrap().bits(), 2056);
    }
}

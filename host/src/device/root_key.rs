//! The key that signs what devices trust.

use std::error::Error;
use std::fmt;
use std::ops::Deref;

use secrecy::SecretString;
use serde_json::{Value, json};

use super::document::{
    DocumentTooLong, KEY_SET_TYPE, MAX_DOCUMENT_LEN, REVOCATION_TYPE, Terms, bounded,
};
use super::revocation::Revocation;
use super::verifying_key::VerifyingKey;
use crate::rsa_key::RsaKey;

/// The key that signs what devices trust. Its public side is in the flash of every device. `Debug` shows its
/// `kid` alone.
pub struct RootKey {
    key: RsaKey,
    public: VerifyingKey,
}

/// Why there is no root key. Holds no byte of a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RootKeyError {
    /// The key could not be generated.
    #[error("cannot generate a key")]
    Generate(#[source] Box<dyn Error + Send + Sync>),
    /// The text is not an RSA private key in PEM.
    #[error("not an RSA private key in PEM (PKCS #8 or PKCS #1)")]
    Pem,
    /// No device can verify with this key.
    #[error("no device can verify with this key")]
    Unusable(#[source] tokenlatch::Error),
}

impl RootKey {
    /// A new key with a modulus of this many bits, from 2048 to 4096. It takes a tenth of a second or more to
    /// compute.
    ///
    /// # Errors
    ///
    /// [`RootKeyError::Generate`] and [`RootKeyError::Unusable`].
    pub fn generate(bits: usize) -> Result<Self, RootKeyError> {
        if !(2048..=4096).contains(&bits) {
            let too_short = tokenlatch::Error::ModulusTooShort;
            let too_long = tokenlatch::Error::ModulusTooLong;
            let why = if bits < 2048 { too_short } else { too_long };
            return Err(RootKeyError::Unusable(why));
        }
        let key = RsaKey::generate(bits);
        Self::new(key.map_err(|error| RootKeyError::Generate(error.into()))?)
    }

    /// A private key in PEM: PKCS #8 (RFC 5958) or PKCS #1 (RFC 8017 appendix A.1.2).
    ///
    /// # Errors
    ///
    /// [`RootKeyError::Pem`] and [`RootKeyError::Unusable`].
    pub fn from_pem(pem: &str) -> Result<Self, RootKeyError> {
        Self::new(RsaKey::from_pem(pem).ok_or(RootKeyError::Pem)?)
    }

    /// The same key with this `kid`. Without this, its `kid` is its thumbprint (RFC 7638).
    ///
    /// # Errors
    ///
    /// [`RootKeyError::Unusable`], if the `kid` is too long.
    pub fn with_key_id(self, key_id: &str) -> Result<Self, RootKeyError> {
        let public = VerifyingKey::new(key_id, self.key.n(), self.key.e());
        Ok(Self {
            public: public.map_err(RootKeyError::Unusable)?,
            key: self.key,
        })
    }

    /// The key in PKCS #8 and PEM.
    ///
    /// # Panics
    ///
    /// Never: every RSA key can be written.
    #[must_use]
    pub fn to_pem(&self) -> SecretString {
        let pem = self.key.to_pem().expect("an RSA key can be written");
        SecretString::from(pem.deref().as_str())
    }

    /// The public side, for the devices.
    #[must_use]
    pub fn public(&self) -> &VerifyingKey {
        &self.public
    }

    /// A key-set update: after it, devices accept tokens of these keys alone, until it expires.
    ///
    /// # Errors
    ///
    /// [`DocumentTooLong`].
    pub fn key_set_update(
        &self,
        terms: &Terms,
        keys: &[VerifyingKey],
    ) -> Result<String, DocumentTooLong> {
        let keys = keys.iter().map(VerifyingKey::jwk).collect();
        self.sign(KEY_SET_TYPE, terms.claims([("keys", keys)]))
    }

    /// A revocation list, in place of the one that devices have.
    ///
    /// # Errors
    ///
    /// [`DocumentTooLong`].
    pub fn revocation(
        &self,
        terms: &Terms,
        revocation: &Revocation,
    ) -> Result<String, DocumentTooLong> {
        let members = [
            ("epochs", json!(revocation.epochs)),
            ("revoked", json!(revocation.revoked)),
        ];
        self.sign(REVOCATION_TYPE, terms.claims(members))
    }

    fn new(key: RsaKey) -> Result<Self, RootKeyError> {
        let public = VerifyingKey::new(&key.thumbprint(), key.n(), key.e());
        Ok(Self {
            public: public.map_err(RootKeyError::Unusable)?,
            key,
        })
    }

    fn sign(&self, token_type: &str, claims: Value) -> Result<String, DocumentTooLong> {
        let header = json!({"alg": "RS256", "typ": token_type, "kid": self.public.key_id()});
        bounded(self.key.sign(&header, &claims), MAX_DOCUMENT_LEN)
    }
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RootKey")
            .field("kid", &self.public.key_id())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;
    use tokenlatch::{JwkSet, Policy, Time, Verified, verify};

    use super::*;
    use crate::device::revocation::{Epoch, Revoked};

    const ISSUER: &str = "https://issuer.example/";

    fn verified<'s>(
        root: &RootKey,
        document: &str,
        typ: &str,
        scratch: &'s mut [u8],
    ) -> Verified<'s> {
        let keys = json!({"keys": [root.public().jwk()]}).to_string();
        let keys = JwkSet::<1>::from_json(keys.as_bytes()).unwrap();
        let policy = Policy::new(ISSUER, "doors")
            .require_type(typ)
            .require_subject(ISSUER);
        verify(
            document.as_bytes(),
            scratch,
            &keys,
            &policy,
            Time::exactly(150),
        )
        .unwrap()
    }

    #[test]
    fn devices_verify_what_it_signs() {
        let root = RootKey::generate(2048).unwrap();
        let terms = Terms::new(ISSUER, "doors", 100, 200);
        let keys = [root.public().clone()];
        let update = root.key_set_update(&terms, &keys).unwrap();
        let mut scratch = vec![0; update.len()];
        let verified = verified(&root, &update, KEY_SET_TYPE, &mut scratch);
        assert_eq!(verified.issued_at(), Some(100));
        let carried = JwkSet::<1>::from_json(verified.claims().as_str().as_bytes()).unwrap();
        assert_eq!(carried.keys()[0].key_id(), Some(root.public().key_id()));
        assert_eq!(carried.unusable(), 0);
    }

    #[test]
    fn devices_verify_what_it_revokes() {
        let root = RootKey::generate(2048)
            .unwrap()
            .with_key_id("root")
            .unwrap();
        let mut revocation = Revocation::default();
        revocation.begin(Epoch::Group {
            group: "contractors".into(),
            iat: 90,
        });
        revocation.revoke(Revoked::Sub("grace".into()));
        let terms = Terms::new(ISSUER, "doors", 100, 200);
        let document = root.revocation(&terms, &revocation).unwrap();
        let mut scratch = vec![0; document.len()];
        let verified = verified(&root, &document, REVOCATION_TYPE, &mut scratch);
        let expected = r#"{"iss":"https://issuer.example/","sub":"https://issuer.example/","aud":"doors","iat":100,"exp":200,"epochs":[{"group":"contractors","iat":90}],"revoked":[{"sub":"grace"}]}"#;
        assert_eq!(verified.claims().as_str(), expected);
    }

    #[test]
    fn what_no_device_reads_is_not_signed() {
        let root = RootKey::generate(2048).unwrap();
        let mut revocation = Revocation::default();
        for number in 0..1000 {
            revocation.revoke(Revoked::Jti(format!("token {number}")));
        }
        let terms = Terms::new(ISSUER, "doors", 100, 200);
        let DocumentTooLong { len, most } = root.revocation(&terms, &revocation).unwrap_err();
        assert!(len > most);
    }

    #[test]
    fn a_key_that_no_device_takes_is_none() {
        for (bits, code) in [(1024, "modulus-too-short"), (4104, "modulus-too-long")] {
            let Err(RootKeyError::Unusable(error)) = RootKey::generate(bits) else {
                panic!("{bits}");
            };
            assert_eq!(error.code(), code);
        }
        assert!(matches!(
            RootKey::from_pem("-----BEGIN"),
            Err(RootKeyError::Pem)
        ));
        let root = RootKey::generate(2048).unwrap();
        let pem = root.to_pem();
        let same = RootKey::from_pem(pem.expose_secret()).unwrap();
        assert_eq!(same.public(), root.public());
        let shown = format!("{root:?}");
        assert_eq!(
            shown,
            format!("RootKey {{ kid: {:?}, .. }}", root.public().key_id())
        );
        assert!(root.with_key_id(&"k".repeat(129)).is_err());
    }
}

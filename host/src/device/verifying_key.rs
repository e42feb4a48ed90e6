//! The public keys that devices verify with.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::pkcs8::DecodePublicKey;
use rsa::traits::PublicKeyParts;
use serde_json::{Value, json};
use tokenlatch::json::Object;
use tokenlatch::{Error, Jwk, PublicKey, for_each_jwk};

use crate::thumbprint::thumbprint;

/// An RSA key of 2048 to 4096 bits that a device can verify with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyingKey {
    key_id: String,
    /// Base64url, without leading zeros.
    n: String,
    /// The same.
    e: String,
    modulus: Vec<u8>,
    exponent: u32,
}

/// The keys of a document, those that devices can verify with and the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifyingKeys {
    /// Those that devices can verify with, in the order of the document. No two have the same `kid`.
    pub usable: Vec<VerifyingKey>,
    /// The others.
    pub unusable: Vec<UnusableKey>,
}

/// A key that no device can verify with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnusableKey {
    /// Its place in the document, from 0.
    pub place: usize,
    /// `kid`
    pub key_id: Option<String>,
    /// Why devices cannot use it.
    pub why: WhyUnusable,
}

/// Why devices cannot use a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WhyUnusable {
    /// It cannot verify RS256.
    #[error(transparent)]
    Key(#[from] Error),
    /// Tokens cannot name it.
    #[error("the key has no kid")]
    NoKeyId,
    /// Tokens cannot tell it from another one.
    #[error("an earlier key has the same kid")]
    SameKeyId,
}

/// Why a document has no keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// It is neither a JWK Set nor PEM. The reason is that it is no JWK Set.
    #[error("neither a JWK Set nor a public key in PEM")]
    Document(#[source] Error),
}

impl VerifyingKey {
    /// The key with this `kid`, modulus and exponent, both in base64url as in a JWK.
    ///
    /// # Errors
    ///
    /// Why no device can verify with it, as [`Jwk::from_json`].
    pub fn new(key_id: &str, n: &str, e: &str) -> Result<Self, Error> {
        let jwk = json!({"kty": "RSA", "kid": key_id, "n": n, "e": e}).to_string();
        Jwk::<4096>::from_json(jwk.as_bytes())?;
        let modulus = number(n)?;
        let exponent = number(e)?;
        Ok(Self {
            key_id: key_id.into(),
            n: BASE64URL.encode(&modulus),
            e: BASE64URL.encode(&exponent),
            modulus,
            exponent: exponent
                .iter()
                .fold(0, |number, byte| number << 8 | u32::from(*byte)),
        })
    }

    /// `kid`
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The modulus, big-endian, without leading zeros.
    #[must_use]
    pub fn modulus(&self) -> &[u8] {
        &self.modulus
    }

    /// The public exponent.
    #[must_use]
    pub fn exponent(&self) -> u32 {
        self.exponent
    }

    /// The modulus as in a JWK: base64url.
    #[must_use]
    pub fn n(&self) -> &str {
        &self.n
    }

    /// The exponent as in a JWK: base64url.
    #[must_use]
    pub fn e(&self) -> &str {
        &self.e
    }

    /// The bits of the modulus.
    #[must_use]
    pub fn bits(&self) -> usize {
        let zeros = self.modulus.first().map_or(0, |byte| byte.leading_zeros());
        8 * self.modulus.len() - zeros as usize
    }

    /// The JWK thumbprint (RFC 7638) with SHA-256, in base64url.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        thumbprint(&[("e", &self.e), ("kty", "RSA"), ("n", &self.n)])
    }

    /// The JWK (RFC 7517), with no member that a device does not need.
    #[must_use]
    pub fn jwk(&self) -> Value {
        json!({"kty": "RSA", "kid": self.key_id, "n": self.n, "e": self.e})
    }
}

impl VerifyingKeys {
    /// The keys of a document: a JWK Set (RFC 7517 section 5), or one public key in PEM, a `PUBLIC KEY` or an
    /// `RSA PUBLIC KEY` (RFC 7468).
    ///
    /// `key_id` is the `kid` of a key that has none and is alone in the document, as every key in PEM is.
    ///
    /// # Errors
    ///
    /// [`KeysError`].
    pub fn read(document: &[u8], key_id: Option<&str>) -> Result<Self, KeysError> {
        let mut found = Vec::new();
        if let Some(pem) = pem(document) {
            found.push(from_pem(pem));
        } else {
            for_each_jwk(document, &mut |jwk| found.push(from_jwk(jwk)))
                .map_err(KeysError::Document)?;
        }
        let is_alone = found.len() == 1;
        let mut keys = Self::default();
        for (
            place,
            Found {
                key_id: own,
                numbers,
            },
        ) in found.into_iter().enumerate()
        {
            let key_id = own.or_else(|| key_id.filter(|_| is_alone).map(String::from));
            match keys.usable_key(key_id.as_deref(), numbers) {
                Ok(key) => keys.usable.push(key),
                Err(why) => keys.unusable.push(UnusableKey { place, key_id, why }),
            }
        }
        Ok(keys)
    }

    /// The key, if devices can verify with it beside those that are here already.
    fn usable_key(
        &self,
        key_id: Option<&str>,
        numbers: Result<Numbers, Error>,
    ) -> Result<VerifyingKey, WhyUnusable> {
        let Numbers { n, e } = numbers?;
        let key = VerifyingKey::new(key_id.ok_or(WhyUnusable::NoKeyId)?, &n, &e)?;
        if self.usable.iter().any(|other| other.key_id == key.key_id) {
            return Err(WhyUnusable::SameKeyId);
        }
        Ok(key)
    }
}

/// A key of a document.
struct Found {
    key_id: Option<String>,
    /// Or why it cannot verify.
    numbers: Result<Numbers, Error>,
}

/// The modulus and the exponent, in base64url.
struct Numbers {
    n: String,
    e: String,
}

/// The document, if it is PEM.
fn pem(document: &[u8]) -> Option<&str> {
    let text = str::from_utf8(document).ok()?;
    text.trim_start().starts_with("-----BEGIN ").then_some(text)
}

fn from_pem(pem: &str) -> Found {
    let numbers = || {
        // It has precise errors, but does not give the numbers.
        PublicKey::<4096>::from_pem(pem)?;
        let key = rsa::PublicKey::from_public_key_pem(pem).ok();
        let key = key.or_else(|| rsa::PublicKey::from_pkcs1_pem(pem).ok());
        let key = key.ok_or(Error::InvalidKey)?;
        Ok(Numbers {
            n: BASE64URL.encode(key.n_bytes()),
            e: BASE64URL.encode(key.e_bytes()),
        })
    };
    Found {
        key_id: None,
        numbers: numbers(),
    }
}

fn from_jwk(jwk: Result<Object<'_>, Error>) -> Found {
    let text = |name| {
        let jwk = jwk.ok()?;
        Some(jwk.get(name)?.as_text()?.to_string())
    };
    let numbers = || {
        // With all its members: it may be private, or for something else.
        Jwk::<4096>::from_json(jwk?.as_str().as_bytes())?;
        text("n")
            .zip(text("e"))
            .map(|(n, e)| Numbers { n, e })
            .ok_or(Error::InvalidKey)
    };
    Found {
        key_id: text("kid"),
        numbers: numbers(),
    }
}

/// A number in base64url, without the padding and the leading zeros that some issuers write.
fn number(text: &str) -> Result<Vec<u8>, Error> {
    let bytes = BASE64URL.decode(text.trim_end_matches('='));
    let bytes = bytes.map_err(|_| Error::InvalidBase64url)?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    Ok(bytes[zeros..].to_vec())
}

#[cfg(test)]
mod tests {
    use rsa::BoxedUint;
    use rsa::pkcs1::EncodeRsaPublicKey;
    use rsa::pkcs8::{EncodePublicKey, LineEnding};

    use super::*;

    /// 2^2048 - 1.
    fn n() -> String {
        "_".repeat(341) + "w"
    }

    #[test]
    fn each_key_is_usable_or_has_its_reason() {
        let n = n();
        // 2^4096 - 1 and a leading zero.
        let long = "AP".to_owned() + &"_".repeat(682);
        let document = format!(
            r#"{{"keys":[
                {{"kty":"RSA","kid":"a","use":"sig","n":"{n}==","e":"AAEAAQ=="}},
                {{"kty":"RSA","n":"{n}","e":"AQAB"}},
                {{"kty":"RSA","kid":"a","n":"{n}","e":"Aw"}},
                {{"kty":"RSA","kid":"secret","n":"{n}","e":"AQAB","d":"AQAB"}},
                {{"kty":"RSA","kid":"short","n":"AQAB","e":"AQAB"}},
                {{"kty":"EC","kid":"ec"}},
                {{"kty":"RSA","kid":"b","n":"{long}","e":"Aw"}},
                7
            ]}}"#
        );
        let keys = VerifyingKeys::read(document.as_bytes(), Some("for one alone")).unwrap();
        let [a, b] = &keys.usable[..] else {
            panic!("{keys:?}");
        };
        assert_eq!((a.key_id(), a.n(), a.e()), ("a", n.as_str(), "AQAB"));
        assert_eq!((a.bits(), a.exponent()), (2048, 65537));
        assert_eq!(a.modulus(), [0xff; 256]);
        assert_eq!((b.key_id(), b.bits(), b.exponent()), ("b", 4096, 3));
        assert_eq!(b.n(), "_".repeat(682) + "8");
        let unusable = keys.unusable.iter();
        let unusable = unusable.map(|it| (it.place, it.key_id.as_deref(), it.why));
        let expected = [
            (1, None, WhyUnusable::NoKeyId),
            (2, Some("a"), WhyUnusable::SameKeyId),
            (3, Some("secret"), Error::PrivateKey.into()),
            (4, Some("short"), Error::ModulusTooShort.into()),
            (5, Some("ec"), Error::UnsupportedKeyType.into()),
            (7, None, Error::InvalidKey.into()),
        ];
        assert_eq!(unusable.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_key_in_pem_is_the_key_of_the_set() {
        let modulus = BoxedUint::from_be_slice(&[0xff; 256], 2048).unwrap();
        let key = rsa::PublicKey::new(modulus, 65537_u64.into()).unwrap();
        let of_set = format!(r#"{{"keys":[{{"kty":"RSA","n":"{}","e":"AQAB"}}]}}"#, n());
        let spki = key.to_public_key_pem(LineEnding::LF).unwrap();
        let pkcs1 = key.to_pkcs1_pem(LineEnding::CRLF).unwrap();
        let expected = VerifyingKey::new("a", &n(), "AQAB").unwrap();
        for document in [of_set, spki.clone(), pkcs1, format!("\n{spki}")] {
            let keys = VerifyingKeys::read(document.as_bytes(), Some("a")).unwrap();
            assert_eq!(keys.usable, std::slice::from_ref(&expected), "{document}");
            let nameless = VerifyingKeys::read(document.as_bytes(), None).unwrap();
            assert_eq!(nameless.unusable[0].why, WhyUnusable::NoKeyId);
        }
        let private = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        let keys = VerifyingKeys::read(private.as_bytes(), Some("a")).unwrap();
        assert_eq!(keys.unusable[0].why, Error::PrivateKey.into());
    }

    #[test]
    fn what_is_neither_is_rejected() {
        for document in [&b""[..], b"{}", b"\xff", b"<html>"] {
            assert!(VerifyingKeys::read(document, None).is_err());
        }
    }
}

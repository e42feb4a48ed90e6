//! Issuers for tests: they sign any header and payload, and make any signature.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use rsa::pkcs1v15::SigningKey;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::signature::{SignatureEncoding as _, Signer as _};
use rsa::traits::PublicKeyParts as _;
use rsa::{BoxedUint, PrivateKey, PublicKey, hazmat};
use serde_json::{Value, json};
use sha2::Sha256;

/// The private key of the root that `firmware-example/door` has in flash, in PEM. Never use it for anything but
/// tests and examples.
pub const DOOR_ROOT: &str = include_str!("door-root.pem");

/// The `kid` of that key, its thumbprint (RFC 7638).
pub const DOOR_ROOT_KEY_ID: &str = "U-ITEHoPax-KeRmtuB75HJywKUdLjT1PN9uI_qHzH3A";

/// An issuer with its own key.
pub struct Issuer {
    key: PrivateKey,
    key_id: String,
}

impl Issuer {
    /// An issuer whose private key everybody knows.
    ///
    /// It is the key of RFC 7515 appendix A.2, which prints both halves. Never use it for anything
    /// but tests and examples.
    #[must_use]
    pub fn rfc7515() -> &'static Self {
        static ISSUER: LazyLock<Issuer> = LazyLock::new(|| {
            let jwk: Value = serde_json::from_str(include_str!("rfc7515-a2.json")).expect("JSON");
            let [n, e, d, p, q] = ["n", "e", "d", "p", "q"].map(|member| {
                let text = jwk[member].as_str().expect("a string");
                let bytes = BASE64URL.decode(text).expect("base64url");
                BoxedUint::from_be_slice_vartime(&bytes)
            });
            Issuer {
                key: PrivateKey::from_components(n, e, d, vec![p, q]).expect("an RSA key"),
                key_id: "rfc7515-a2".into(),
            }
        });
        &ISSUER
    }

    /// The root of the example door, whose private key everybody knows.
    #[must_use]
    pub fn door_root() -> &'static Self {
        static ISSUER: LazyLock<Issuer> = LazyLock::new(|| Issuer {
            key: PrivateKey::from_pkcs8_pem(DOOR_ROOT).expect("an RSA key"),
            key_id: DOOR_ROOT_KEY_ID.into(),
        });
        &ISSUER
    }

    /// An issuer with a new key of that many bits.
    #[must_use]
    pub fn generate(bits: usize, key_id: &str) -> Self {
        Self {
            key: PrivateKey::new(&mut rand::rng(), bits).expect("an RSA key"),
            key_id: key_id.into(),
        }
    }

    /// The `kid` of its tokens.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The key itself.
    #[must_use]
    pub fn private_key(&self) -> &PrivateKey {
        &self.key
    }

    /// The public half of the key.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.key.to_public_key()
    }

    /// The modulus in big-endian bytes, and the public exponent.
    #[must_use]
    pub fn modulus_and_exponent(&self) -> (Vec<u8>, u32) {
        let e = self.key.e_bytes();
        let e = e.iter().fold(0, |e, byte| e << 8 | u32::from(*byte));
        (self.key.n_bytes().into(), e)
    }

    /// The public half of the key, as a JWK.
    #[must_use]
    pub fn jwk(&self) -> Value {
        let n = BASE64URL.encode(self.key.n_bytes());
        let e = BASE64URL.encode(self.key.e_bytes());
        json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.key_id, "n": n, "e": e})
    }

    /// The JWK Set of that key.
    #[must_use]
    pub fn jwk_set(&self) -> String {
        json!({"keys": [self.jwk()]}).to_string()
    }

    /// The access token (RFC 9068) with these claims, a JSON text.
    #[must_use]
    pub fn token(&self, claims: &str) -> String {
        let header = format!(
            r#"{{"alg":"RS256","typ":"at+jwt","kid":"{}"}}"#,
            self.key_id
        );
        self.sign(header, claims)
    }

    /// The JWS of this header and payload in compact serialization.
    #[must_use]
    pub fn sign(&self, header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
        let signing_input = signing_input(header, payload);
        with_signature(&signing_input, &self.signature(signing_input.as_bytes()))
    }

    /// The RS256 signature of a message.
    #[must_use]
    pub fn signature(&self, message: &[u8]) -> Vec<u8> {
        let signature = SigningKey::<Sha256>::new(self.key.clone()).sign(message);
        signature.to_vec()
    }

    /// RSASP1 (RFC 8017 section 5.2.1): the signature for which the public operation gives `encoded_message`.
    #[must_use]
    pub fn private_operation(&self, encoded_message: &[u8]) -> Vec<u8> {
        let len = encoded_message.len();
        let bits = u32::try_from(8 * len).expect("a length");
        let message = BoxedUint::from_be_slice(encoded_message, bits).expect("it fits");
        let no_blinding = None::<&mut rand::rngs::ThreadRng>;
        let signature = hazmat::rsa_decrypt(no_blinding, &self.key, &message).expect("below n");
        signature.to_be_bytes().into()
    }
}

/// The signing input of a JWS with this header and payload (RFC 7515 section 5.1).
#[must_use]
pub fn signing_input(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
    format!("{}.{}", BASE64URL.encode(header), BASE64URL.encode(payload))
}

/// The JWS of a signing input and its signature, in compact serialization.
#[must_use]
pub fn with_signature(signing_input: &str, signature: &[u8]) -> String {
    format!("{signing_input}.{}", BASE64URL.encode(signature))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7515 appendix A.2.1: the same header and payload give the same signature.
    #[test]
    fn signs_as_the_rfc_does() {
        let payload =
            "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
        let signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7\
                         AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4\
                         BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K\
                         0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqv\
                         hJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB\
                         p0igcN_IoypGlUPQGe77Rw";
        let token = Issuer::rfc7515().sign(r#"{"alg":"RS256"}"#, payload);
        assert_eq!(token.rsplit('.').next(), Some(signature));
    }
}

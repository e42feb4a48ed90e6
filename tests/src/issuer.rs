//! An issuer of tokens whose private key everybody knows.
//!
//! It is the key of RFC 7515 appendix A.2, which prints both halves. Never use it for anything but
//! tests and examples.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use rsa::pkcs1v15::SigningKey;
use rsa::signature::{SignatureEncoding as _, Signer as _};
use rsa::{BoxedUint, RsaPrivateKey};
use serde_json::{Value, json};
use sha2::Sha256;

/// The key's `kid`.
pub const KEY_ID: &str = "rfc7515-a2";

/// The key as the RFC prints it: a private JWK.
const JWK: &str = include_str!("rfc7515-a2.json");

/// The key's public half, as a JWK Set.
#[must_use]
pub fn jwk_set() -> String {
    let jwk = jwk();
    let (n, e) = (text(&jwk, "n"), text(&jwk, "e"));
    json!({"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_ID, "n": n, "e": e}]})
        .to_string()
}

/// The access token (RFC 9068) with these claims, a JSON text.
#[must_use]
pub fn token(claims: &str) -> String {
    let header = format!(r#"{{"alg":"RS256","typ":"at+jwt","kid":"{KEY_ID}"}}"#);
    sign(&header, claims)
}

/// The JWS of this header and payload, two JSON texts, in compact serialization.
#[must_use]
pub fn sign(header: &str, payload: &str) -> String {
    let signing_input = signing_input(header, payload);
    let signature = SIGNING_KEY.sign(signing_input.as_bytes());
    with_signature(&signing_input, &signature.to_bytes())
}

/// What is signed of a JWS with this header and payload (RFC 7515 section 5.1).
#[must_use]
pub fn signing_input(header: &str, payload: &str) -> String {
    format!("{}.{}", BASE64URL.encode(header), BASE64URL.encode(payload))
}

/// The JWS of a signing input and its signature, in compact serialization.
#[must_use]
pub fn with_signature(signing_input: &str, signature: &[u8]) -> String {
    format!("{signing_input}.{}", BASE64URL.encode(signature))
}

static SIGNING_KEY: LazyLock<SigningKey<Sha256>> = LazyLock::new(|| {
    let jwk = jwk();
    let [n, e, d, p, q] = ["n", "e", "d", "p", "q"].map(|member| {
        let bytes = BASE64URL.decode(text(&jwk, member)).expect("base64url");
        BoxedUint::from_be_slice_vartime(&bytes)
    });
    SigningKey::new(RsaPrivateKey::from_components(n, e, d, vec![p, q]).expect("an RSA key"))
});

fn jwk() -> Value {
    serde_json::from_str(JWK).expect("JSON")
}

fn text<'j>(jwk: &'j Value, member: &str) -> &'j str {
    jwk[member].as_str().expect("a string")
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
        let token = sign(r#"{"alg":"RS256"}"#, payload);
        assert_eq!(token.rsplit('.').next(), Some(signature));
    }
}

//! The input of every contender.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde::Deserialize;
#[cfg(test)]
use tokenlatch_tests::issuer::{Issuer, with_signature};

/// A token and its parts, and the key, issuer and audience to verify it with: the same for every contender.
#[derive(Clone, Debug)]
pub struct Case {
    /// The bits of the key.
    pub bits: usize,
    /// An access token of an Auth0 tenant, as far as its shape goes.
    pub token: String,
    /// The signed part of the token.
    pub message: Vec<u8>,
    /// Its signature, in bytes.
    pub signature: Vec<u8>,
    /// Its signature, in base64url.
    pub signature_base64url: String,
    /// The modulus, big-endian.
    pub n: Vec<u8>,
    /// The public exponent, big-endian.
    pub e: Vec<u8>,
    /// The JWK Set of the one key.
    pub jwk_set: String,
    /// The issuer to require.
    pub issuer: &'static str,
    /// The audience to require.
    pub audience: &'static str,
}

/// A token and the JWK Set to verify it with.
#[derive(Deserialize)]
struct Published {
    token: String,
    jwk_set: String,
}

/// The members of a key that a case has in bytes.
#[derive(Deserialize)]
struct JwkSet<'a> {
    #[serde(borrow)]
    keys: [Jwk<'a>; 1],
}

#[derive(Deserialize)]
struct Jwk<'a> {
    n: &'a str,
    e: &'a str,
}

impl Case {
    /// The cases that are measured: keys of 2048, 3072 and 4096 bits.
    ///
    /// They are always the same, so that counted instructions are, too. The tokens expire in 2100, for
    /// the contenders look at the clock. The first key is that of RFC 7515 appendix A.2; nobody has
    /// the private halves of the others any more.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let published: Vec<Published> =
            serde_json::from_str(include_str!("cases.json")).expect("JSON");
        published.into_iter().map(Self::new).collect()
    }

    fn new(Published { token, jwk_set }: Published) -> Self {
        let (message, signature) = token.rsplit_once('.').expect("a token");
        let JwkSet { keys: [jwk] } = serde_json::from_str(&jwk_set).expect("a JWK Set");
        let [n, e, signature_bytes] =
            [jwk.n, jwk.e, signature].map(|text| BASE64URL.decode(text).expect("base64url"));
        Self {
            bits: 8 * n.len(),
            message: message.into(),
            signature: signature_bytes,
            signature_base64url: signature.into(),
            n,
            e,
            jwk_set,
            issuer: "https://tenant.eu.auth0.com/",
            audience: "https://api.example.com/",
            token,
        }
    }

    /// The same for every contender, and for as long as the program runs.
    #[must_use]
    pub fn leak(self) -> &'static Self {
        Box::leak(Box::new(self))
    }
}

/// The case with the shortest key, and cases that every contender must reject.
#[cfg(test)]
impl Case {
    pub(crate) fn rsa_2048() -> Self {
        Self::all().swap_remove(0)
    }

    pub(crate) fn forged() -> Self {
        let mut case = Self::rsa_2048();
        let message = std::str::from_utf8(&case.message).expect("a token");
        let forger = Issuer::generate(2048, "other");
        case.signature = forger.signature(&case.message);
        case.token = with_signature(message, &case.signature);
        case.signature_base64url = BASE64URL.encode(&case.signature);
        case
    }

    pub(crate) fn expired() -> Self {
        let case = Self::rsa_2048();
        let parts: Vec<_> = case.token.split('.').collect();
        let [header, claims] =
            [parts[0], parts[1]].map(|part| BASE64URL.decode(part).expect("base64url"));
        let mut claims: serde_json::Value = serde_json::from_slice(&claims).expect("claims");
        claims["exp"] = 1_767_225_601.into();
        Self::new(Published {
            token: Issuer::rfc7515().sign(header, claims.to_string()),
            jwk_set: case.jwk_set,
        })
    }

    pub(crate) fn of_another_issuer() -> Self {
        let issuer = "https://other.example/";
        Self {
            issuer,
            ..Self::rsa_2048()
        }
    }

    pub(crate) fn for_another_audience() -> Self {
        let audience = "https://other.example/";
        Self {
            audience,
            ..Self::rsa_2048()
        }
    }
}

//! What every contender is given.

use serde_json::json;
use tokenlatch_tests::issuer::Issuer;

/// A token and its parts, and what to hold it against: the same for every contender.
#[derive(Clone, Debug)]
pub struct Case {
    /// The bits of the key.
    pub bits: usize,
    /// An access token of an Auth0 tenant, as far as its shape goes.
    pub token: String,
    /// What of the token is signed.
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
    /// Which issuer to require.
    pub issuer: &'static str,
    /// Which audience to require.
    pub audience: &'static str,
}

/// The first second of 2100: the contenders look at the clock.
const FAR_FUTURE: u64 = 4_102_444_800;

impl Case {
    /// The cases that are measured: keys of 2048, 3072 and 4096 bits.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let generated = [3072, 4096].map(|bits| {
            let issuer = Issuer::generate(bits, "kR3vWm0qTz8dLxYbN5cJf");
            Self::new(&issuer, FAR_FUTURE)
        });
        [vec![Self::rsa_2048()], generated.into()].concat()
    }

    /// The case with a key of 2048 bits.
    #[must_use]
    pub fn rsa_2048() -> Self {
        Self::new(Issuer::rfc7515(), FAR_FUTURE)
    }

    fn new(issuer: &Issuer, expiry: u64) -> Self {
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": issuer.key_id()});
        let claims = json!({
            "iss": "https://tenant.eu.auth0.com/",
            "sub": "auth0|6423f1b2c9a4e80d5f7a1c33",
            "aud": "https://api.example.com/",
            "iat": 1_767_225_600,
            "exp": expiry,
            "scope": "openid profile email read:doors open:doors read:log",
            "azp": "b1WzT8nQ0kGvYx5LrJcD3hPm7sFeUa2K",
        });
        let token = issuer.sign(header.to_string(), claims.to_string());
        let (message, signature) = token.rsplit_once('.').expect("a token");
        let (n, e) = issuer.modulus_and_exponent();
        let e = e.to_be_bytes();
        Self {
            bits: 8 * n.len(),
            message: message.into(),
            signature: issuer.signature(message.as_bytes()),
            signature_base64url: signature.into(),
            n,
            e: e.into_iter().skip_while(|byte| *byte == 0).collect(),
            jwk_set: issuer.jwk_set(),
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

/// Cases that every contender must refuse.
#[cfg(test)]
impl Case {
    pub(crate) fn forged() -> Self {
        let mut case = Self::rsa_2048();
        let forged = Issuer::generate(2048, "other");
        let other = Self::new(&forged, FAR_FUTURE);
        case.token = tokenlatch_tests::issuer::with_signature(
            std::str::from_utf8(&case.message).expect("a token"),
            &other.signature,
        );
        case.signature = other.signature;
        case.signature_base64url = other.signature_base64url;
        case
    }

    pub(crate) fn expired() -> Self {
        Self::new(Issuer::rfc7515(), 1_767_225_601)
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

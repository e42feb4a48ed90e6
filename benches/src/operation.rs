//! The operations that are measured.

use serde::{Deserialize, Serialize};

/// An operation that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// From the text of a token to the verdict, issuer, audience and expiry included.
    WholeToken,
    /// From a message and its signature to the verdict, under a key that was made before.
    Signature,
    /// From a modulus and exponent in bytes to a key, and its first signature: some libraries put
    /// off to the first signature what others do at once.
    KeySetUp,
    /// From the text of a JWK Set to a key, and its first signature.
    JwkSet,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::WholeToken,
        Self::Signature,
        Self::KeySetUp,
        Self::JwkSet,
    ];

    /// Its name in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WholeToken => "whole token",
            Self::Signature => "signature",
            Self::KeySetUp => "key set-up",
            Self::JwkSet => "JWK Set to keys",
        }
    }
}

//! What every document for devices says.

use serde_json::{Value, json};
/// `typ` of a key-set update (OpenID Federation 1.0 section 5.2.1).
pub const KEY_SET_TYPE: &str = "jwk-set+jwt";

/// `typ` of a revocation list.
pub const REVOCATION_TYPE: &str = "revocation+jwt";

/// What every document for devices says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Terms {
    /// `iss` and `sub`: the issuer of the tokens.
    pub issuer: String,
    /// `aud`: the fleet of devices.
    pub audience: String,
    /// `iat`, in seconds since 1970: the document's version. A device applies only a newer one than it has.
    pub issued_at: u64,
    /// `exp`, in seconds since 1970.
    pub expires_at: u64,
}

/// The longest document, in bytes: as long as `tokenlatch-device` can store it.
pub const MAX_DOCUMENT_LEN: usize = 3888;

/// The document, or the token, is longer than a device reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it has {len} bytes, and a device reads at most {most}")]
#[non_exhaustive]
pub struct DocumentTooLong {
    /// Its length, in bytes.
    pub len: usize,
    /// The longest that a device reads.
    pub most: usize,
}

impl Terms {
    /// `iss` and `sub`, `aud`, `iat`, `exp`.
    #[must_use]
    pub fn new(issuer: &str, audience: &str, issued_at: u64, expires_at: u64) -> Self {
        Self {
            issuer: issuer.into(),
            audience: audience.into(),
            issued_at,
            expires_at,
        }
    }

    /// These claims, and those of `members`, in this order.
    pub(super) fn claims(&self, members: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
        let mut claims = json!({
            "iss": self.issuer,
            "sub": self.issuer,
            "aud": self.audience,
            "iat": self.issued_at,
            "exp": self.expires_at,
        });
        for (name, value) in members {
            claims[name] = value;
        }
        claims
    }
}

/// The text, unless it is longer than a device reads.
pub(crate) fn bounded(text: String, most: usize) -> Result<String, DocumentTooLong> {
    match text.len() {
        len if len > most => Err(DocumentTooLong { len, most }),
        _ => Ok(text),
    }
}

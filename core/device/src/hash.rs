//! Hashes that stand for a token or a name where there is no room for it.

use sha2::{Digest as _, Sha256};
use tokenlatch::json::Text;

/// The first 16 bytes of SHA-256 over what is hashed and all of its texts, each with its length before it.
///
/// Nobody finds two texts with one hash by less than 2^64 tries, and nobody finds one for a given hash by less
/// than 2^128.
pub(crate) type Short = [u8; 16];

/// What is hashed, so that a hash of one kind is never that of another kind.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(crate) enum Kind {
    /// `iss` and `jti` of a used token.
    Used = 1,
    /// `iss` of an epoch.
    Issuer = 2,
    /// `group` of an epoch.
    Group = 3,
    /// `jti` of a revoked token.
    TokenId = 4,
    /// `sub` that is revoked.
    Subject = 5,
    /// `kid` that is revoked.
    KeyId = 6,
    /// What two verifications of one token must agree on.
    Token = 7,
    /// A nonce.
    Nonce = 8,
}

/// The hash of these texts, without the escapes of JSON.
pub(crate) fn texts(kind: Kind, texts: &[Text<'_>]) -> Short {
    let mut hasher = Hasher::new(kind);
    for text in texts {
        hasher.text(*text);
    }
    short(&hasher.finish())
}

/// The first 16 bytes.
pub(crate) fn short(digest: &[u8; 32]) -> Short {
    digest.first_chunk().copied().unwrap_or_default()
}

/// SHA-256 of a whole document.
pub(crate) fn document(document: &[u8]) -> [u8; 32] {
    Sha256::digest(document).into()
}

/// Hashes parts of different kinds.
pub(crate) struct Hasher(Sha256);

impl Hasher {
    pub(crate) fn new(kind: Kind) -> Self {
        let mut hasher = Sha256::new_with_prefix(b"tokenlatch-device\0");
        hasher.update([kind as u8]);
        Self(hasher)
    }

    /// A text, without the escapes of JSON, and its length.
    pub(crate) fn text(&mut self, text: Text<'_>) {
        let mut utf8 = [0; 4];
        let mut len = 0_u32;
        for character in text.chars() {
            let bytes = character.encode_utf8(&mut utf8).as_bytes();
            self.0.update(bytes);
            len = len.wrapping_add(bytes.len() as u32);
        }
        self.0.update(len.to_le_bytes());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

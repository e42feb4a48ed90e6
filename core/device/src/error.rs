//! Why a device rejects a token, a document or its own storage: one flat enum, with stable codes and
//! numbers.

use core::fmt;

/// Why a device rejects a token, a document or its own storage.
///
/// Carries no byte of a token, so that it can be logged as it is. [`Error::code`] and [`Error::number`] are
/// stable, and [`Display`](fmt::Display) is one sentence meant for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Error {
    /// The verifier rejects the token or the document: why.
    Token(tokenlatch::Error),

    // Signed documents.
    /// The document is not newer than the one in force: its `iat` is less, or it is another document with
    /// the same `iat`.
    Rollback,
    /// The document lacks what its kind must have, or has what this device does not understand.
    WrongDocument,
    /// The document is longer than the storage has room for
    /// ([`Records::max_document_len`](crate::Records::max_document_len)).
    DocumentTooLong,
    /// The key set has more usable keys than the device has room for.
    TooManyKeys,
    /// The revocation has more epochs or entries than the device has room for.
    TooManyRevoked,
    /// The `exp` of the key set in force has passed: no token is accepted until there is a new one.
    KeySetExpired,

    // Tokens.
    /// The token, its subject or its key is revoked, or it is older than an epoch allows.
    Revoked,
    /// The token has no `jti`, and must be used once only.
    MissingTokenId,
    /// The token was used before.
    Replayed,
    /// As many tokens as can be remembered were used and have not expired yet.
    ReplayFull,
    /// The token has no `nonce`, and must echo one.
    MissingNonce,
    /// The token's `nonce` is not the one that the device gave out.
    WrongNonce,
    /// The device gave out no nonce, or its time is over, or it was used.
    NonceExpired,

    // Storage.
    /// The flash reported an error, or what was written does not read back.
    Storage,
    /// The storage is full.
    StorageFull,
    /// The storage has something that this device did not write: it is damaged or was rewritten.
    Corrupt,
    /// The capacity of the flash is not a number of whole pages, or its words are too long.
    WrongFlash,
    /// The pages of the flash are too small for two records.
    PagesTooSmall,
    /// The flash has too few pages.
    FlashTooSmall,

    // For a device's own program.
    /// The token may be valid or not, for all that the device knows of the time, and the program does not accept
    /// it so.
    UncertainTime,
}

impl Error {
    /// Each error but the verifier's once, by its number: for tables in other languages.
    #[doc(hidden)]
    pub const ALL: [Self; 20] = [
        Self::Rollback,
        Self::WrongDocument,
        Self::DocumentTooLong,
        Self::TooManyKeys,
        Self::TooManyRevoked,
        Self::KeySetExpired,
        Self::Revoked,
        Self::MissingTokenId,
        Self::Replayed,
        Self::ReplayFull,
        Self::MissingNonce,
        Self::WrongNonce,
        Self::NonceExpired,
        Self::Storage,
        Self::StorageFull,
        Self::Corrupt,
        Self::WrongFlash,
        Self::PagesTooSmall,
        Self::FlashTooSmall,
        Self::UncertainTime,
    ];

    /// A stable kebab-case code, for logs and for programs. Those of [`Error::Token`] are the verifier's.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Token(error) => error.code(),
            _ => self.parts().1,
        }
    }

    /// A stable number, for audit records and for C: those of [`Error::Token`] are the verifier's, from 1 to
    /// 127, and the others are from 128 on. No number is ever used again for another error.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Token(error) => error.number(),
            _ => self.parts().0,
        }
    }

    /// The error with this number, to show an audit record: with any claim or reason, which a number does not tell.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        let verifier = tokenlatch::Error::ALL.into_iter().map(Self::Token);
        let mut all = verifier.chain(Self::ALL);
        all.find(|error| error.number() == number)
    }

    /// One sentence for people, as [`Display`](fmt::Display) shows it; that of [`Error::Token`] is without the
    /// claim or the reason.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Token(error) => error.sentence(),
            _ => self.parts().2,
        }
    }

    /// The number, the code and the sentence of every error but the verifier's, side by side.
    const fn parts(self) -> (u8, &'static str, &'static str) {
        match self {
            Self::Token(_) => (0, "", "the verifier rejects it"),
            Self::Rollback => (
                128,
                "rollback",
                "the document is not newer than the one in force",
            ),
            Self::WrongDocument => (
                129,
                "wrong-document",
                "the document lacks what its kind must have, or has what is not understood",
            ),
            Self::DocumentTooLong => (
                130,
                "document-too-long",
                "the document is longer than the storage has room for",
            ),
            Self::TooManyKeys => (
                131,
                "too-many-keys",
                "the key set has more usable keys than there is room for",
            ),
            Self::TooManyRevoked => (
                132,
                "too-many-revoked",
                "the revocation has more epochs or entries than there is room for",
            ),
            Self::KeySetExpired => (133, "key-set-expired", "the key set in force has expired"),
            Self::Revoked => (
                134,
                "revoked",
                "the token, its subject or its key is revoked",
            ),
            Self::MissingTokenId => (135, "missing-token-id", "the token has no jti"),
            Self::Replayed => (136, "replayed", "the token was used before"),
            Self::ReplayFull => (
                137,
                "replay-full",
                "no more used tokens can be remembered until some expire",
            ),
            Self::MissingNonce => (138, "missing-nonce", "the token has no nonce"),
            Self::WrongNonce => (139, "wrong-nonce", "the token has another nonce"),
            Self::NonceExpired => (140, "nonce-expired", "no nonce is waiting for a token"),
            Self::Storage => (141, "storage", "the flash does not read or write"),
            Self::StorageFull => (142, "storage-full", "the storage is full"),
            Self::Corrupt => (143, "corrupt", "the storage is damaged or was rewritten"),
            Self::WrongFlash => (
                144,
                "wrong-flash",
                "the flash has no whole pages, or too long words",
            ),
            Self::PagesTooSmall => (145, "pages-too-small", "the flash's pages are too small"),
            Self::FlashTooSmall => (146, "flash-too-small", "the flash has too few pages"),
            Self::UncertainTime => (
                147,
                "uncertain-time",
                "the time is not certain enough for the token",
            ),
        }
    }
}

impl From<tokenlatch::Error> for Error {
    fn from(error: tokenlatch::Error) -> Self {
        Self::Token(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(error) => error.fmt(f),
            _ => f.write_str(self.parts().2),
        }
    }
}

impl core::error::Error for Error {}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    /// Written down: a number is never used again for another error.
    const NUMBERS: [(Error, u8, &str); 21] = [
        (
            Error::Token(tokenlatch::Error::Expired),
            tokenlatch::Error::Expired.number(),
            "expired",
        ),
        (Error::Rollback, 128, "rollback"),
        (Error::WrongDocument, 129, "wrong-document"),
        (Error::DocumentTooLong, 130, "document-too-long"),
        (Error::TooManyKeys, 131, "too-many-keys"),
        (Error::TooManyRevoked, 132, "too-many-revoked"),
        (Error::KeySetExpired, 133, "key-set-expired"),
        (Error::Revoked, 134, "revoked"),
        (Error::MissingTokenId, 135, "missing-token-id"),
        (Error::Replayed, 136, "replayed"),
        (Error::ReplayFull, 137, "replay-full"),
        (Error::MissingNonce, 138, "missing-nonce"),
        (Error::WrongNonce, 139, "wrong-nonce"),
        (Error::NonceExpired, 140, "nonce-expired"),
        (Error::Storage, 141, "storage"),
        (Error::StorageFull, 142, "storage-full"),
        (Error::Corrupt, 143, "corrupt"),
        (Error::WrongFlash, 144, "wrong-flash"),
        (Error::PagesTooSmall, 145, "pages-too-small"),
        (Error::FlashTooSmall, 146, "flash-too-small"),
        (Error::UncertainTime, 147, "uncertain-time"),
    ];

    #[test]
    fn every_error_keeps_its_number_and_its_code() {
        for (error, number, code) in NUMBERS {
            assert_eq!((error.number(), error.code()), (number, code));
            assert!(!error.to_string().is_empty());
        }
    }
}

//! Why a token, key or document was rejected: one flat enum, with stable codes and what to do next.

use core::fmt;

use crate::claim::Claim;

/// Why a token, key or document was rejected.
///
/// Carries no byte of the token, so that it can be logged as it is. [`Error::code`] is stable and
/// meant for machines, [`Display`](fmt::Display) is one sentence meant for people, and
/// [`Error::remedy`] says what a caller should do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Error {
    // The token as a whole.
    /// The token is longer than [`MAX_TOKEN_LEN`](crate::MAX_TOKEN_LEN).
    TokenTooLong,
    /// The caller's scratch buffer is shorter than the token.
    ScratchTooSmall,
    /// Not three parts separated by dots (RFC 7515 section 7.1).
    NotCompact,
    /// A part of the token is not base64url without padding (RFC 7515 section 2), or has non-zero trailing bits; or
    /// `n` or `e` of a key is not base64url.
    InvalidBase64url,

    // JSON, in the header, the claims or a JWK Set.
    /// Not UTF-8 (RFC 8259 section 8.1).
    InvalidUtf8,
    /// Not JSON by the grammar of RFC 8259, or a string with a lone surrogate.
    InvalidJson,
    /// JSON nested deeper than [`MAX_JSON_DEPTH`](crate::MAX_JSON_DEPTH).
    JsonTooDeep,
    /// A JSON object with two members of one name, compared after unescaping (RFC 7519 section 4).
    DuplicateMember,
    /// A JSON object that has, together with those that it lies in, more members than
    /// [`MAX_JSON_MEMBERS`](crate::MAX_JSON_MEMBERS), a header more than
    /// [`MAX_HEADER_MEMBERS`](crate::MAX_HEADER_MEMBERS), or names that were chosen to have one hash, such as two
    /// that are the same and longer than 128 bytes.
    TooManyMembers,

    // The JOSE header.
    /// The header is longer than [`MAX_HEADER_LEN`](crate::MAX_HEADER_LEN).
    HeaderTooLong,
    /// The header is not a JSON object, or one of its members has the wrong type.
    InvalidHeader,
    /// `alg` is absent or not `RS256` (RFC 8725 section 3.1).
    UnsupportedAlgorithm,
    /// The header has `crit`: it asks for an extension that is not understood (RFC 7515 section
    /// 4.1.11).
    CriticalExtension,

    // The key.
    /// No key in the set has the token's `kid`.
    UnknownKey,
    /// The token has no `kid` and the set does not hold exactly one key.
    MissingKeyId,
    /// Two different keys in the set have the token's `kid`.
    AmbiguousKey,
    /// The token's key is in the set, and cannot be used: why.
    UnusableKey(Unusable),
    /// The set marks the token's key for another issuer (`issuer`, a member of Entra's keys).
    WrongKeyIssuer,

    // The signature.
    /// The signature does not match the signing input under the chosen key (RFC 8017 section 8.2.2).
    InvalidSignature,

    // The claims and the policy.
    /// The claims are not a JSON object (RFC 7519 section 7.2).
    ClaimsNotObject,
    /// A required claim is absent.
    MissingClaim(Claim),
    /// A claim is present but malformed: it is never treated as absent.
    InvalidClaim(Claim),
    /// A claim that the policy requires beyond those is absent or `null`.
    MissingRequiredClaim,
    /// `typ` is not what the policy requires (RFC 8725 section 3.11).
    WrongType,
    /// The token's issuer is not one that the policy accepts.
    WrongIssuer,
    /// None of the token's audiences is one that the policy accepts.
    WrongAudience,
    /// `sub` is not what the policy requires.
    WrongSubject,
    /// The client (`azp`, `client_id`, `cid` or `appid`) is not what the policy requires.
    WrongClient,
    /// A claim does not have the value that the policy requires.
    WrongClaim,
    /// A scope that the policy requires is not granted.
    MissingScope,
    /// The token has expired (`exp`), or that cannot be ruled out.
    Expired,
    /// The token is not valid yet (`nbf`), or that cannot be ruled out.
    NotYetValid,
    /// The token was issued in the future (`iat`), or that cannot be ruled out.
    IssuedInFuture,
    /// The token was issued longer ago than the policy allows (`iat`), or that cannot be ruled out.
    TooOld,
    /// The claims do not fit the caller's type.
    UnexpectedClaims,
    /// The policy was given more of one kind than it has room for, and accepts nothing.
    PolicyTooLarge,

    // Keys and key sets, when they are loaded.
    /// The JWK Set document is longer than [`MAX_KEY_SET_LEN`](crate::MAX_KEY_SET_LEN).
    KeySetTooLong,
    /// Not a JWK Set: a JSON object whose `keys` is an array of objects (RFC 7517 section 5).
    InvalidKeySet,
    /// More usable keys than the key set has room for, or more keys than [`MAX_KEYS`](crate::MAX_KEYS).
    KeySetFull,
    /// `kty` is absent or not `RSA` (RFC 7517 section 4.1).
    UnsupportedKeyType,
    /// A member that the key needs is absent or has the wrong type.
    InvalidKey,
    /// The JWK's `issuer` is longer than [`MAX_KEY_ID_LEN`](crate::MAX_KEY_ID_LEN).
    KeyIssuerTooLong,
    /// `use`, `key_ops` or `alg` says that the key is not for verifying RS256.
    KeyNotForVerifying,
    /// A private key: the JWK has `d`, or another private member.
    PrivateKey,
    /// The `kid` is longer than [`MAX_KEY_ID_LEN`](crate::MAX_KEY_ID_LEN).
    KeyIdTooLong,
    /// The modulus is shorter than 2048 bits (RFC 7518 section 3.3).
    ModulusTooShort,
    /// The modulus is longer than the capacity in bits.
    ModulusTooLong,
    /// The modulus is even.
    ModulusEven,
    /// The modulus begins with a zero byte; in a JWK, with more than one.
    ModulusLeadingZero,
    /// The modulus has the fingerprint of ROCA (CVE-2017-15361): its private key can be computed.
    WeakModulus,
    /// The public exponent is even, below 3, or 2^32 and above.
    InvalidExponent,
}

/// Why a key cannot be used. It is as small as it can be, because each error has room for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Unusable(u8);

impl Unusable {
    /// Room for a reason.
    pub(crate) const EMPTY: Self = Self(0);

    const ALL: [Error; 13] = [
        Error::InvalidKey,
        Error::UnsupportedKeyType,
        Error::KeyNotForVerifying,
        Error::PrivateKey,
        Error::KeyIdTooLong,
        Error::KeyIssuerTooLong,
        Error::InvalidBase64url,
        Error::ModulusTooShort,
        Error::ModulusTooLong,
        Error::ModulusEven,
        Error::ModulusLeadingZero,
        Error::WeakModulus,
        Error::InvalidExponent,
    ];

    pub(crate) fn new(error: Error) -> Self {
        let at = Self::ALL.iter().position(|other| *other == error);
        Self(at.unwrap_or(0) as u8)
    }

    /// The error of [`Jwk::from_json`](crate::Jwk::from_json) for the key.
    #[must_use]
    pub fn error(self) -> Error {
        let error = Self::ALL.get(usize::from(self.0)).copied();
        error.unwrap_or(Error::InvalidKey)
    }
}

/// What a caller should do about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Remedy {
    /// Reject the token; trying again cannot help.
    Reject,
    /// The issuer may have rotated its keys: fetch the key set, then try once more.
    RefetchKeys,
    /// The caller's own keys, buffer or policy are at fault.
    FixConfiguration,
}

impl Error {
    /// Each error once, by its number, with any claim or reason: for tables in other languages.
    #[doc(hidden)]
    pub const ALL: [Self; 51] = [
        Self::TokenTooLong,
        Self::ScratchTooSmall,
        Self::NotCompact,
        Self::InvalidBase64url,
        Self::InvalidUtf8,
        Self::InvalidJson,
        Self::JsonTooDeep,
        Self::DuplicateMember,
        Self::TooManyMembers,
        Self::HeaderTooLong,
        Self::InvalidHeader,
        Self::UnsupportedAlgorithm,
        Self::CriticalExtension,
        Self::UnknownKey,
        Self::MissingKeyId,
        Self::AmbiguousKey,
        Self::UnusableKey(Unusable(0)),
        Self::WrongKeyIssuer,
        Self::InvalidSignature,
        Self::ClaimsNotObject,
        Self::MissingClaim(Claim::Issuer),
        Self::InvalidClaim(Claim::Issuer),
        Self::MissingRequiredClaim,
        Self::WrongType,
        Self::WrongIssuer,
        Self::WrongAudience,
        Self::WrongSubject,
        Self::WrongClient,
        Self::WrongClaim,
        Self::MissingScope,
        Self::Expired,
        Self::NotYetValid,
        Self::IssuedInFuture,
        Self::TooOld,
        Self::UnexpectedClaims,
        Self::PolicyTooLarge,
        Self::KeySetTooLong,
        Self::InvalidKeySet,
        Self::KeySetFull,
        Self::UnsupportedKeyType,
        Self::InvalidKey,
        Self::KeyIssuerTooLong,
        Self::KeyNotForVerifying,
        Self::PrivateKey,
        Self::KeyIdTooLong,
        Self::ModulusTooShort,
        Self::ModulusTooLong,
        Self::ModulusEven,
        Self::ModulusLeadingZero,
        Self::WeakModulus,
        Self::InvalidExponent,
    ];

    /// A stable kebab-case code, for logs and for programs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.parts().1
    }

    /// A stable number from 1 to 127, for records and for programs in C. No number is ever used for another
    /// error. An error that carries a claim or a reason has one number for all of them.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.parts().0
    }

    /// One sentence for people, without the claim or the reason that [`Display`](fmt::Display) adds.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        self.parts().2
    }

    /// What a caller should do. An error that tokens and keys share has the remedy for tokens.
    #[must_use]
    pub const fn remedy(self) -> Remedy {
        match self {
            Self::UnknownKey | Self::MissingKeyId => Remedy::RefetchKeys,
            Self::ScratchTooSmall
            | Self::AmbiguousKey
            | Self::UnusableKey(_)
            | Self::KeySetTooLong
            | Self::InvalidKeySet
            | Self::KeySetFull
            | Self::UnsupportedKeyType
            | Self::InvalidKey
            | Self::KeyNotForVerifying
            | Self::PrivateKey
            | Self::KeyIdTooLong
            | Self::KeyIssuerTooLong
            | Self::ModulusTooShort
            | Self::ModulusTooLong
            | Self::ModulusEven
            | Self::ModulusLeadingZero
            | Self::WeakModulus
            | Self::UnexpectedClaims
            | Self::PolicyTooLarge
            | Self::InvalidExponent => Remedy::FixConfiguration,
            _ => Remedy::Reject,
        }
    }

    /// The number, the code and the sentence of every error, side by side. Numbers are never changed, nor used
    /// again: the next error gets the next one, up to 127.
    const fn parts(self) -> (u8, &'static str, &'static str) {
        match self {
            Self::TokenTooLong => (1, "token-too-long", "the token is too long"),
            Self::ScratchTooSmall => (
                2,
                "scratch-too-small",
                "the scratch buffer is shorter than the token",
            ),
            Self::NotCompact => (
                3,
                "not-compact",
                "the token is not three parts between dots",
            ),
            Self::InvalidBase64url => (
                4,
                "invalid-base64url",
                "a part of the token or of the key is not strict base64url",
            ),
            Self::InvalidUtf8 => (5, "invalid-utf8", "the JSON is not UTF-8"),
            Self::InvalidJson => (6, "invalid-json", "the JSON is malformed"),
            Self::JsonTooDeep => (7, "json-too-deep", "the JSON is nested too deeply"),
            Self::DuplicateMember => (
                8,
                "duplicate-member",
                "a JSON object has two members of one name",
            ),
            Self::TooManyMembers => (9, "too-many-members", "the JSON has too many members"),
            Self::HeaderTooLong => (10, "header-too-long", "the header is too long"),
            Self::InvalidHeader => (11, "invalid-header", "the header is malformed"),
            Self::UnsupportedAlgorithm => {
                (12, "unsupported-algorithm", "the algorithm is not RS256")
            }
            Self::CriticalExtension => (
                13,
                "critical-extension",
                "the header asks for an extension that is not understood",
            ),
            Self::UnknownKey => (14, "unknown-key", "no key in the set has the token's kid"),
            Self::MissingKeyId => (
                15,
                "missing-key-id",
                "the token has no kid and the set does not hold exactly one key",
            ),
            Self::AmbiguousKey => (
                16,
                "ambiguous-key",
                "two different keys have the token's kid",
            ),
            Self::UnusableKey(_) => (
                17,
                "unusable-key",
                "the token's key is in the set and cannot be used",
            ),
            Self::WrongKeyIssuer => (
                18,
                "wrong-key-issuer",
                "the set marks the token's key for another issuer",
            ),
            Self::InvalidSignature => (19, "invalid-signature", "the signature does not match"),
            Self::ClaimsNotObject => (20, "claims-not-object", "the claims are not a JSON object"),
            Self::MissingClaim(_) => (21, "missing-claim", "a required claim is absent"),
            Self::InvalidClaim(_) => (22, "invalid-claim", "a claim is malformed"),
            Self::MissingRequiredClaim => (
                23,
                "missing-required-claim",
                "a claim that the policy requires is absent",
            ),
            Self::WrongType => (24, "wrong-type", "the token's type is not accepted"),
            Self::WrongIssuer => (25, "wrong-issuer", "the issuer is not accepted"),
            Self::WrongAudience => (26, "wrong-audience", "the audience is not accepted"),
            Self::WrongSubject => (27, "wrong-subject", "the subject is not accepted"),
            Self::WrongClient => (28, "wrong-client", "the client is not accepted"),
            Self::WrongClaim => (
                29,
                "wrong-claim",
                "a claim does not have the required value",
            ),
            Self::MissingScope => (30, "missing-scope", "a required scope is not granted"),
            Self::Expired => (31, "expired", "the token has expired"),
            Self::NotYetValid => (32, "not-yet-valid", "the token is not valid yet"),
            Self::IssuedInFuture => (33, "issued-in-future", "the token was issued in the future"),
            Self::TooOld => (34, "too-old", "the token was issued too long ago"),
            Self::UnexpectedClaims => (
                35,
                "unexpected-claims",
                "the claims do not fit the type asked for",
            ),
            Self::PolicyTooLarge => (
                36,
                "policy-too-large",
                "the policy asks for more of one kind than it has room for",
            ),
            Self::KeySetTooLong => (37, "key-set-too-long", "the JWK Set document is too long"),
            Self::InvalidKeySet => (38, "invalid-key-set", "the document is not a JWK Set"),
            Self::KeySetFull => (39, "key-set-full", "more keys than the set has room for"),
            Self::UnsupportedKeyType => (40, "unsupported-key-type", "the key is not an RSA key"),
            Self::InvalidKey => (41, "invalid-key", "the key is malformed"),
            Self::KeyNotForVerifying => (
                43,
                "key-not-for-verifying",
                "the key is not meant for verifying RS256",
            ),
            Self::PrivateKey => (44, "private-key", "the key is a private key"),
            Self::KeyIssuerTooLong => (42, "key-issuer-too-long", "the key's issuer is too long"),
            Self::KeyIdTooLong => (45, "key-id-too-long", "the kid is too long"),
            Self::ModulusTooShort => (
                46,
                "modulus-too-short",
                "the modulus is shorter than 2048 bits",
            ),
            Self::ModulusTooLong => (47, "modulus-too-long", "the modulus is above the capacity"),
            Self::ModulusEven => (48, "modulus-even", "the modulus is even"),
            Self::ModulusLeadingZero => (
                49,
                "modulus-leading-zero",
                "the modulus begins with a zero byte",
            ),
            Self::WeakModulus => (
                50,
                "weak-modulus",
                "the modulus has the fingerprint of ROCA (CVE-2017-15361)",
            ),
            Self::InvalidExponent => (
                51,
                "invalid-exponent",
                "the public exponent is even or out of range",
            ),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())?;
        match self {
            Self::MissingClaim(claim) | Self::InvalidClaim(claim) => {
                f.write_str(": ")?;
                f.write_str(claim.name())
            }
            Self::UnusableKey(why) => {
                f.write_str(": ")?;
                f.write_str(why.error().sentence())
            }
            _ => Ok(()),
        }
    }
}

impl core::error::Error for Error {}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::string::ToString;

    use super::*;

    #[test]
    fn an_unusable_key_has_its_reason() {
        for error in Unusable::ALL {
            let error_of_token = Error::UnusableKey(Unusable::new(error));
            assert!(matches!(error_of_token, Error::UnusableKey(why) if why.error() == error));
            assert!(error_of_token.to_string().ends_with(&error.to_string()));
        }
    }

    #[test]
    fn a_claim_is_named_in_the_message_and_not_in_the_code() {
        let error = Error::MissingClaim(Claim::Issuer);
        assert_eq!(error.code(), "missing-claim");
        assert_eq!(error.to_string(), std::format!("{}: iss", error.sentence()));
        assert_eq!(Error::Expired.to_string(), Error::Expired.sentence());
    }

    #[test]
    fn only_a_key_that_may_be_new_is_a_reason_to_fetch_keys_again() {
        for (error, remedy) in [
            (Error::UnknownKey, Remedy::RefetchKeys),
            (Error::MissingKeyId, Remedy::RefetchKeys),
            (Error::AmbiguousKey, Remedy::FixConfiguration),
            (
                Error::UnusableKey(Unusable::new(Error::PrivateKey)),
                Remedy::FixConfiguration,
            ),
            (Error::PolicyTooLarge, Remedy::FixConfiguration),
            (Error::InvalidSignature, Remedy::Reject),
            (Error::Expired, Remedy::Reject),
        ] {
            assert_eq!(error.remedy(), remedy, "{error}");
        }
    }
    /// Every error with its number, in a list of which the compiler says whether it has every error.
    macro_rules! numbers {
        ($($variant:ident $(($payload:expr))? = $number:literal,)*) => {
            const NUMBERS: &[(Error, u8)] = &[$((Error::$variant $(($payload))?, $number)),*];
            const _: fn(Error) = |error| match error {
                $(Error::$variant { .. } => {})*
            };
        };
    }

    numbers! {
        TokenTooLong = 1,
        ScratchTooSmall = 2,
        NotCompact = 3,
        InvalidBase64url = 4,
        InvalidUtf8 = 5,
        InvalidJson = 6,
        JsonTooDeep = 7,
        DuplicateMember = 8,
        TooManyMembers = 9,
        HeaderTooLong = 10,
        InvalidHeader = 11,
        UnsupportedAlgorithm = 12,
        CriticalExtension = 13,
        UnknownKey = 14,
        MissingKeyId = 15,
        AmbiguousKey = 16,
        UnusableKey(Unusable(0)) = 17,
        WrongKeyIssuer = 18,
        InvalidSignature = 19,
        ClaimsNotObject = 20,
        MissingClaim(Claim::Issuer) = 21,
        InvalidClaim(Claim::Issuer) = 22,
        MissingRequiredClaim = 23,
        WrongType = 24,
        WrongIssuer = 25,
        WrongAudience = 26,
        WrongSubject = 27,
        WrongClient = 28,
        WrongClaim = 29,
        MissingScope = 30,
        Expired = 31,
        NotYetValid = 32,
        IssuedInFuture = 33,
        TooOld = 34,
        UnexpectedClaims = 35,
        PolicyTooLarge = 36,
        KeySetTooLong = 37,
        InvalidKeySet = 38,
        KeySetFull = 39,
        UnsupportedKeyType = 40,
        InvalidKey = 41,
        KeyIssuerTooLong = 42,
        KeyNotForVerifying = 43,
        PrivateKey = 44,
        KeyIdTooLong = 45,
        ModulusTooShort = 46,
        ModulusTooLong = 47,
        ModulusEven = 48,
        ModulusLeadingZero = 49,
        WeakModulus = 50,
        InvalidExponent = 51,
    }

    /// Records in flash and programs in C have these numbers: add to the list, and change nothing in it.
    #[test]
    fn every_error_keeps_its_number_and_has_its_own_sentence() {
        let mut seen = [false; 128];
        seen[0] = true;
        for (error, number) in NUMBERS {
            assert_eq!(error.number(), *number, "{error:?}");
            let seen = &mut seen[usize::from(*number)];
            assert!(!*seen, "{error:?}");
            *seen = true;
        }
        assert_eq!(Error::ALL.len(), NUMBERS.len());
        for (error, number) in Error::ALL.iter().zip(1..) {
            assert_eq!(error.number(), number, "{error:?}");
        }
        let sentences: HashSet<_> = Error::ALL.map(Error::sentence).into();
        assert_eq!(sentences.len(), NUMBERS.len());
        let of_claim = [Claim::Issuer, Claim::Expiry].map(Error::MissingClaim);
        assert_eq!(of_claim[0].number(), of_claim[1].number());
    }
}

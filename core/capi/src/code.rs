//! Error codes, and their names and sentences as strings of C.

use core::ffi::c_char;

use tokenlatch_device as device;
use verifier::Error;

/// Why a token, a key, a document or an argument was rejected.
///
/// It is one byte. The numbers are stable, and none is ever used again: those up to 127 are of the verifier, those
/// from 128 on of a device's parts, those from 224 on of this interface in C. `tl_error_name` and `tl_error_text`
/// tell them as text.
#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq)]
#[allow(
    dead_code,
    reason = "for C; the verifier's own numbers are given in C as they are"
)]
pub enum tl_error {
    /// There is no error: the token is good.
    TL_OK = 0,
    /// The token is longer than `TL_MAX_TOKEN_LEN`.
    TL_ERROR_TOKEN_TOO_LONG = 1,
    /// The scratch buffer is shorter than the token or document.
    TL_ERROR_SCRATCH_TOO_SMALL = 2,
    /// Not three parts separated by dots (RFC 7515 section 7.1).
    TL_ERROR_NOT_COMPACT = 3,
    /// A part is not base64url without padding (RFC 7515 section 2), or has non-zero trailing bits.
    TL_ERROR_INVALID_BASE64URL = 4,
    /// Not UTF-8 (RFC 8259 section 8.1).
    TL_ERROR_INVALID_UTF8 = 5,
    /// Not JSON by the grammar of RFC 8259, or a string with a lone surrogate.
    TL_ERROR_INVALID_JSON = 6,
    /// JSON nested more than 16 deep.
    TL_ERROR_JSON_TOO_DEEP = 7,
    /// A JSON object with two members of one name, compared after unescaping (RFC 7519 section 4).
    TL_ERROR_DUPLICATE_MEMBER = 8,
    /// A JSON object that has, together with those that it lies in, more than 96 members, a header more than
    /// 32, or names that were chosen to have one hash.
    TL_ERROR_TOO_MANY_MEMBERS = 9,
    /// The header is longer than 2,048 bytes.
    TL_ERROR_HEADER_TOO_LONG = 10,
    /// The header is not a JSON object, or one of its members has the wrong type.
    TL_ERROR_INVALID_HEADER = 11,
    /// `alg` is absent or not `RS256` (RFC 8725 section 3.1).
    TL_ERROR_UNSUPPORTED_ALGORITHM = 12,
    /// The header has `crit`: it asks for an extension that is not understood (RFC 7515 section
    /// 4.1.11).
    TL_ERROR_CRITICAL_EXTENSION = 13,
    /// No key in the set has the token's `kid`.
    TL_ERROR_UNKNOWN_KEY = 14,
    /// The token has no `kid` and the set does not hold exactly one key.
    TL_ERROR_MISSING_KEY_ID = 15,
    /// Two different keys in the set have the token's `kid`.
    TL_ERROR_AMBIGUOUS_KEY = 16,
    /// The token's key is in the set, and cannot be used.
    TL_ERROR_UNUSABLE_KEY = 17,
    /// The set marks the token's key for another issuer (`issuer`, a member of Entra's keys).
    TL_ERROR_WRONG_KEY_ISSUER = 18,
    /// The signature is not the signing input's under the chosen key (RFC 8017 section 8.2.2).
    TL_ERROR_INVALID_SIGNATURE = 19,
    /// The claims are not a JSON object (RFC 7519 section 7.2).
    TL_ERROR_CLAIMS_NOT_OBJECT = 20,
    /// A required claim is absent.
    TL_ERROR_MISSING_CLAIM = 21,
    /// A claim is present but malformed: it is never treated as absent.
    TL_ERROR_INVALID_CLAIM = 22,
    /// A claim that the policy requires beyond those is absent or `null`.
    TL_ERROR_MISSING_REQUIRED_CLAIM = 23,
    /// `typ` is not what the policy requires (RFC 8725 section 3.11).
    TL_ERROR_WRONG_TYPE = 24,
    /// The token's issuer is not one that the policy accepts.
    TL_ERROR_WRONG_ISSUER = 25,
    /// None of the token's audiences is one that the policy accepts.
    TL_ERROR_WRONG_AUDIENCE = 26,
    /// `sub` is not what the policy requires.
    TL_ERROR_WRONG_SUBJECT = 27,
    /// The client (`azp`, `client_id`, `cid` or `appid`) is not what the policy requires.
    TL_ERROR_WRONG_CLIENT = 28,
    /// A claim does not have the value that the policy requires.
    TL_ERROR_WRONG_CLAIM = 29,
    /// A scope that the policy requires is not granted.
    TL_ERROR_MISSING_SCOPE = 30,
    /// The token has expired (`exp`), or that cannot be ruled out.
    TL_ERROR_EXPIRED = 31,
    /// The token is not valid yet (`nbf`), or that cannot be ruled out.
    TL_ERROR_NOT_YET_VALID = 32,
    /// The token was issued in the future (`iat`), or that cannot be ruled out.
    TL_ERROR_ISSUED_IN_FUTURE = 33,
    /// The token was issued longer ago than the policy allows (`iat`), or that cannot be ruled out.
    TL_ERROR_TOO_OLD = 34,
    /// Not given in C: the claims do not fit the caller's type.
    TL_ERROR_UNEXPECTED_CLAIMS = 35,
    /// The policy was given more of one kind than it has room for, and accepts nothing.
    TL_ERROR_POLICY_TOO_LARGE = 36,
    /// The JWK Set document is longer than 262,144 bytes.
    TL_ERROR_KEY_SET_TOO_LONG = 37,
    /// Not a JWK Set: a JSON object whose `keys` is an array of objects (RFC 7517 section 5).
    TL_ERROR_INVALID_KEY_SET = 38,
    /// More usable keys than the key set has room for, or more than 1,024 keys.
    TL_ERROR_KEY_SET_FULL = 39,
    /// `kty` is absent or not `RSA` (RFC 7517 section 4.1).
    TL_ERROR_UNSUPPORTED_KEY_TYPE = 40,
    /// A member that the key needs is absent or has the wrong type.
    TL_ERROR_INVALID_KEY = 41,
    /// The JWK's `issuer` is longer than 128 bytes.
    TL_ERROR_KEY_ISSUER_TOO_LONG = 42,
    /// `use`, `key_ops` or `alg` says that the key is not for verifying RS256.
    TL_ERROR_KEY_NOT_FOR_VERIFYING = 43,
    /// A private key: the JWK has `d`, or another private member.
    TL_ERROR_PRIVATE_KEY = 44,
    /// The `kid` is longer than 128 bytes.
    TL_ERROR_KEY_ID_TOO_LONG = 45,
    /// The modulus is shorter than 2048 bits (RFC 7518 section 3.3).
    TL_ERROR_MODULUS_TOO_SHORT = 46,
    /// The modulus is longer than the capacity in bits.
    TL_ERROR_MODULUS_TOO_LONG = 47,
    /// The modulus is even.
    TL_ERROR_MODULUS_EVEN = 48,
    /// The modulus begins with a zero byte; in a JWK, with more than one.
    TL_ERROR_MODULUS_LEADING_ZERO = 49,
    /// The modulus has the fingerprint of ROCA (CVE-2017-15361): its private key can be computed.
    TL_ERROR_WEAK_MODULUS = 50,
    /// The public exponent is even, below 3, or 2^32 and above.
    TL_ERROR_INVALID_EXPONENT = 51,

    /// The document is not newer than the one in force: its `iat` is less, or it is another document with
    /// the same `iat`.
    TL_ERROR_ROLLBACK = 128,
    /// The document lacks what its kind must have, or has what this device does not understand.
    TL_ERROR_WRONG_DOCUMENT = 129,
    /// The document is longer than the storage has room for (`max_document_len`).
    TL_ERROR_DOCUMENT_TOO_LONG = 130,
    /// The key set has more usable keys than the device has room for.
    TL_ERROR_TOO_MANY_KEYS = 131,
    /// The revocation has more epochs or entries than the device has room for.
    TL_ERROR_TOO_MANY_REVOKED = 132,
    /// The `exp` of the key set in force has passed: no token is accepted until there is a new one.
    TL_ERROR_KEY_SET_EXPIRED = 133,
    /// The token, its subject or its key is revoked, or it is older than an epoch allows.
    TL_ERROR_REVOKED = 134,
    /// The token has no `jti`, and must be used once only.
    TL_ERROR_MISSING_TOKEN_ID = 135,
    /// The token was used before.
    TL_ERROR_REPLAYED = 136,
    /// As many tokens as can be remembered were used and have not expired yet.
    TL_ERROR_REPLAY_FULL = 137,
    /// The token has no `nonce`, and must echo one.
    TL_ERROR_MISSING_NONCE = 138,
    /// The token's `nonce` is not the one that the device gave out.
    TL_ERROR_WRONG_NONCE = 139,
    /// The device gave out no nonce, or its time is over, or it was used.
    TL_ERROR_NONCE_EXPIRED = 140,
    /// The flash reported an error, or what was written does not read back.
    TL_ERROR_STORAGE = 141,
    /// The storage is full.
    TL_ERROR_STORAGE_FULL = 142,
    /// The storage has something that this device did not write: it is damaged or was rewritten.
    TL_ERROR_CORRUPT = 143,
    /// The capacity of the flash is not a number of whole pages, or its words are too long.
    TL_ERROR_WRONG_FLASH = 144,
    /// The pages of the flash are too small for two records.
    TL_ERROR_PAGES_TOO_SMALL = 145,
    /// The flash has too few pages.
    TL_ERROR_FLASH_TOO_SMALL = 146,
    /// The token may be valid or not, for all that the device knows of the time. For the program's own use.
    TL_ERROR_UNCERTAIN_TIME = 147,

    /// A pointer is `NULL` that must not be.
    TL_ERROR_NULL = 224,
    /// A pointer is not a multiple of its type's alignment.
    TL_ERROR_MISALIGNED = 225,
    /// A set, a check or claims are used that were not initialised, or that an error has emptied.
    TL_ERROR_NOT_INITIALIZED = 226,
    /// Header and library were made for keys of another length.
    TL_ERROR_WRONG_SIZE = 227,
    /// A string has no NUL within `TL_MAX_TEXT_LEN` bytes and one more.
    TL_ERROR_TEXT_TOO_LONG = 228,
    /// A string is not UTF-8.
    TL_ERROR_TEXT_NOT_UTF8 = 229,
    /// A policy has a flag that does not exist.
    TL_ERROR_UNKNOWN_FLAG = 230,
    /// The token has no claim with this name, or it is `null`.
    TL_ERROR_NO_CLAIM = 231,
    /// The claim has another type than the one asked for.
    TL_ERROR_OTHER_CLAIM_TYPE = 232,
    /// The claim does not fit into the buffer.
    TL_ERROR_BUFFER_TOO_SMALL = 233,
    /// The claim is a text with a NUL, where C would cut it off.
    TL_ERROR_TEXT_HAS_NUL = 234,
    /// An audit entry has an event that does not exist, or is none.
    TL_ERROR_UNKNOWN_EVENT = 235,
    /// For the callback of a storage: there is no such record.
    TL_ERROR_NO_RECORD = 236,
}

/// A `tl_error` as it is returned: a newer core may have numbers that the enum has not.
///
/// cbindgen:ignore
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Code(u8);

impl Code {
    /// The code of a result.
    pub(crate) fn of(result: Result<(), Self>) -> Self {
        result.err().unwrap_or(Self(tl_error::TL_OK as u8))
    }
}

impl From<Error> for Code {
    fn from(error: Error) -> Self {
        Self(error.number())
    }
}

impl From<device::Error> for Code {
    fn from(error: device::Error) -> Self {
        Self(error.number())
    }
}

impl From<tl_error> for Code {
    fn from(error: tl_error) -> Self {
        Self(error as u8)
    }
}

/// The name of an error in lower case, such as `expired`: stable, for logs and programs.
///
/// @param error The error.
/// @return A string that is always there; `unknown` for a number that is no error.
#[unsafe(no_mangle)]
pub extern "C" fn tl_error_name(error: u8) -> *const c_char {
    string(&NAMES, error)
}

/// A sentence about an error, for people: without a capital letter and a full stop.
///
/// @param error The error.
/// @return A string that is always there.
#[unsafe(no_mangle)]
pub extern "C" fn tl_error_text(error: u8) -> *const c_char {
    string(&SENTENCES, error)
}

/// The string of an error in a table.
fn string(table: &'static [u8], error: u8) -> *const c_char {
    let place = NUMBERS.iter().position(|number| *number == error);
    // The last one is for the numbers that are no error.
    let place = place.unwrap_or(NUMBERS.len());
    let mut strings = table.split_inclusive(|byte| *byte == 0);
    strings.nth(place).unwrap_or(b"\0").as_ptr().cast()
}

/// What the core does not know: the number, the name and the sentence.
const OWN: [(tl_error, &str, &str); 14] = [
    (tl_error::TL_OK, "ok", "there is no error"),
    (tl_error::TL_ERROR_NULL, "null", "a pointer is null"),
    (
        tl_error::TL_ERROR_MISALIGNED,
        "misaligned",
        "a pointer is not aligned",
    ),
    (
        tl_error::TL_ERROR_NOT_INITIALIZED,
        "not-initialized",
        "a set, a check or claims are used that were not initialised or that an error has emptied",
    ),
    (
        tl_error::TL_ERROR_WRONG_SIZE,
        "wrong-size",
        "header and library were made for keys of another length",
    ),
    (
        tl_error::TL_ERROR_TEXT_TOO_LONG,
        "text-too-long",
        "a string is too long",
    ),
    (
        tl_error::TL_ERROR_TEXT_NOT_UTF8,
        "text-not-utf8",
        "a string is not UTF-8",
    ),
    (
        tl_error::TL_ERROR_UNKNOWN_FLAG,
        "unknown-flag",
        "the policy has a flag that does not exist",
    ),
    (
        tl_error::TL_ERROR_NO_CLAIM,
        "no-claim",
        "the token has no such claim",
    ),
    (
        tl_error::TL_ERROR_OTHER_CLAIM_TYPE,
        "other-claim-type",
        "the claim has another type",
    ),
    (
        tl_error::TL_ERROR_BUFFER_TOO_SMALL,
        "buffer-too-small",
        "the claim does not fit into the buffer",
    ),
    (
        tl_error::TL_ERROR_TEXT_HAS_NUL,
        "text-has-nul",
        "the claim is a text with a NUL",
    ),
    (
        tl_error::TL_ERROR_UNKNOWN_EVENT,
        "unknown-event",
        "an audit entry has an event that does not exist",
    ),
    (
        tl_error::TL_ERROR_NO_RECORD,
        "no-record",
        "the storage has no such record",
    ),
];

/// How many errors there are.
const COUNT: usize = Error::ALL.len() + device::Error::ALL.len() + OWN.len();

#[allow(clippy::indexing_slicing, reason = "only the compiler runs it")]
static NUMBERS: [u8; COUNT] = {
    let mut numbers = [0; COUNT];
    let mut at = 0;
    while at < COUNT {
        numbers[at] = error_at(at).0;
        at += 1;
    }
    numbers
};

/// One string after the other, each with a NUL at its end.
static NAMES: [u8; table_len(Column::Name)] = table(Column::Name);
static SENTENCES: [u8; table_len(Column::Sentence)] = table(Column::Sentence);

#[derive(Clone, Copy)]
enum Column {
    Name,
    Sentence,
}

/// The number, the name and the sentence of an error, and after the last one those of none.
#[allow(clippy::indexing_slicing, reason = "only the compiler runs it")]
const fn error_at(at: usize) -> (u8, &'static str, &'static str) {
    if at < Error::ALL.len() {
        let error = Error::ALL[at];
        (error.number(), error.code(), error.sentence())
    } else if at < Error::ALL.len() + device::Error::ALL.len() {
        let error = device::Error::ALL[at - Error::ALL.len()];
        (error.number(), error.code(), error.sentence())
    } else if at < COUNT {
        let (error, name, sentence) = OWN[at - Error::ALL.len() - device::Error::ALL.len()];
        (error as u8, name, sentence)
    } else {
        (0, "unknown", "there is no error of this number")
    }
}

const fn text_at(at: usize, column: Column) -> &'static [u8] {
    let (_, name, sentence) = error_at(at);
    match column {
        Column::Name => name.as_bytes(),
        Column::Sentence => sentence.as_bytes(),
    }
}

const fn table_len(column: Column) -> usize {
    let mut len = 0;
    let mut at = 0;
    while at <= COUNT {
        len += text_at(at, column).len() + 1;
        at += 1;
    }
    len
}

#[allow(clippy::indexing_slicing, reason = "only the compiler runs it")]
const fn table<const LEN: usize>(column: Column) -> [u8; LEN] {
    let mut table = [0; LEN];
    let mut len = 0;
    let mut at = 0;
    while at <= COUNT {
        let text = text_at(at, column);
        let mut byte = 0;
        while byte < text.len() {
            table[len + byte] = text[byte];
            byte += 1;
        }
        len += text.len() + 1;
        at += 1;
    }
    table
}

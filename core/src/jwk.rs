//! A key of a JWK Set (RFC 7517 section 4, RFC 7518 section 6.3).

use core::fmt;

use crate::base64url;
use crate::error::Error;
use crate::json::{self, Members, Text, Value};
use crate::rs256;
use crate::rsa::{self, Bits, Capacity, PublicKey};

/// The longest `kid`, in bytes.
pub const MAX_KEY_ID_LEN: usize = 128;

/// An RSA key for verifying, with the `kid` by which tokens name it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Jwk<const BITS: usize = 2048>
where
    Bits<BITS>: Capacity,
{
    key_id: Option<KeyId>,
    public_key: PublicKey<BITS>,
}

impl<const BITS: usize> Jwk<BITS>
where
    Bits<BITS>: Capacity,
{
    /// The key that tokens name `key_id`.
    ///
    /// # Errors
    ///
    /// [`Error::KeyIdTooLong`].
    pub const fn new(key_id: &str, public_key: PublicKey<BITS>) -> Result<Self, Error> {
        match KeyId::new(key_id) {
            Ok(key_id) => Ok(Self {
                key_id: Some(key_id),
                public_key,
            }),
            Err(error) => Err(error),
        }
    }

    /// A key without a `kid`: for tokens without a `kid`, if the set has no other key.
    #[must_use]
    pub const fn anonymous(public_key: PublicKey<BITS>) -> Self {
        Self {
            key_id: None,
            public_key,
        }
    }

    /// Reads a JWK document: one key of a set, to learn why it cannot be used.
    ///
    /// # Errors
    ///
    /// Why the key cannot be used for RS256, [`Error::InvalidKey`] where the document is no object, and
    /// the errors of JSON.
    pub fn from_json(document: &[u8]) -> Result<Self, Error> {
        match json::parse(document)? {
            Value::Object(jwk) => Self::read(&mut jwk.members()),
            _ => Err(Error::InvalidKey),
        }
    }

    /// Reads a JWK. Skips members that it does not know (RFC 7517 section 4).
    pub(crate) fn read(members: &mut Members<'_>) -> Result<Self, Error> {
        let (mut key_type, mut key_id, mut n, mut e) = (None, None, None, None);
        for (name, value) in members {
            // The longest name is `key_ops`.
            let mut buffer = [0; 7];
            let len = name.copy_to(&mut buffer);
            match len.and_then(|len| buffer.get(..len)).unwrap_or_default() {
                b"kty" => key_type = Some(text(value)?),
                b"kid" => key_id = Some(KeyId::read(text(value)?)?),
                b"n" => n = Some(text(value)?),
                b"e" => e = Some(text(value)?),
                b"use" => require(text(value)? == "sig")?,
                b"alg" => require(text(value)? == rs256::ALGORITHM)?,
                b"key_ops" => {
                    let Value::Array(operations) = value else {
                        return Err(Error::InvalidKey);
                    };
                    let mut operations = operations.elements();
                    require(operations.any(|operation| {
                        operation.as_text().is_some_and(|name| name == "verify")
                    }))?;
                }
                // RFC 7518 section 6.3.2, and `k`, which is a secret in a key of any type.
                b"d" | b"p" | b"q" | b"dp" | b"dq" | b"qi" | b"oth" | b"k" => {
                    return Err(Error::PrivateKey);
                }
                _ => {}
            }
        }
        if key_type.is_none_or(|key_type| key_type != "RSA") {
            return Err(Error::UnsupportedKeyType);
        }
        let mut buffer = [0; MAX_UINT_TEXT_LEN];
        let e = e.ok_or(Error::InvalidKey)?;
        let e = rsa::exponent(read_uint(e, &mut buffer, Error::InvalidExponent)?)?;
        let n = n.ok_or(Error::InvalidKey)?;
        let n = read_uint(n, &mut buffer, Error::ModulusTooLong)?;
        Ok(Self {
            key_id,
            public_key: PublicKey::from_be_bytes(n, e)?,
        })
    }

    /// `kid`
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_ref().map(KeyId::as_str)
    }

    /// The key itself.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey<BITS> {
        &self.public_key
    }
}

impl<const BITS: usize> fmt::Debug for Jwk<BITS>
where
    Bits<BITS>: Capacity,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwk")
            .field("key_id", &self.key_id())
            .field("public_key", &self.public_key)
            .finish()
    }
}

/// A [`Jwk`] from constants, checked when it is compiled: a modulus that cannot be used does not compile.
///
/// ```
/// use tokenlatch::{Jwk, JwkSet, jwk};
/// # const MODULUS: [u8; 256] = [0xff; 256];
/// # const LONG_MODULUS: [u8; 512] = [0xff; 512];
///
/// /// In flash, with what verifying needs computed already.
/// static KEYS: JwkSet<1> = JwkSet::from_keys([jwk!("2026-11", &MODULUS, 65537)]);
///
/// /// With a capacity of 4096 bits.
/// const LONG: Jwk<4096> = jwk!("long", &LONG_MODULUS, 65537, 4096);
/// ```
///
/// ```compile_fail,E0080
/// # use tokenlatch::{Jwk, jwk};
/// const SHORT: Jwk = jwk!("short", &[0xff; 255], 65537);
/// ```
///
/// ```compile_fail,E0080
/// # use tokenlatch::{Jwk, jwk};
/// const EVEN: Jwk = jwk!("even", &[0xfe; 256], 65537);
/// ```
#[macro_export]
macro_rules! jwk {
    ($key_id:expr, $n:expr, $e:expr $(,)?) => {
        $crate::jwk!($key_id, $n, $e, 2048)
    };
    ($key_id:expr, $n:expr, $e:expr, $bits:literal $(,)?) => {
        const {
            let Ok(public_key) = $crate::PublicKey::<$bits>::new($n, $e) else {
                panic!("the modulus or the exponent cannot be used: `PublicKey::new` says why")
            };
            let Ok(jwk) = $crate::Jwk::new($key_id, public_key) else {
                panic!("the kid is too long")
            };
            jwk
        }
    };
}

/// 513 bytes in base64url: 4096 bits and a leading zero.
const MAX_UINT_TEXT_LEN: usize = 684;

fn text(value: Value<'_>) -> Result<Text<'_>, Error> {
    value.as_text().ok_or(Error::InvalidKey)
}

fn require(is_for_verifying: bool) -> Result<(), Error> {
    if is_for_verifying {
        Ok(())
    } else {
        Err(Error::KeyNotForVerifying)
    }
}

/// Base64urlUInt (RFC 7518 section 2) as big-endian bytes.
///
/// It should have no leading zero, but real servers send one that is left over from ASN.1. One is dropped.
fn read_uint<'b>(text: Text<'_>, buffer: &'b mut [u8], too_long: Error) -> Result<&'b [u8], Error> {
    let len = text.copy_to(buffer).ok_or(too_long)?;
    let text = buffer.get_mut(..len).ok_or(too_long)?;
    Ok(match base64url::decode_in_place(text)? {
        [0, rest @ ..] => rest,
        bytes => bytes,
    })
}

/// A `kid`, by value.
#[derive(Clone, Copy, PartialEq, Eq)]
struct KeyId {
    bytes: [u8; MAX_KEY_ID_LEN],
    len: usize,
}

impl KeyId {
    const fn new(key_id: &str) -> Result<Self, Error> {
        let mut bytes = [0; MAX_KEY_ID_LEN];
        let len = key_id.len();
        match bytes.split_at_mut_checked(len) {
            Some((front, _)) => front.copy_from_slice(key_id.as_bytes()),
            None => return Err(Error::KeyIdTooLong),
        }
        Ok(Self { bytes, len })
    }

    fn read(key_id: Text<'_>) -> Result<Self, Error> {
        let mut bytes = [0; MAX_KEY_ID_LEN];
        let len = key_id.copy_to(&mut bytes).ok_or(Error::KeyIdTooLong)?;
        Ok(Self { bytes, len })
    }

    fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.len).unwrap_or_default();
        core::str::from_utf8(bytes).unwrap_or_default()
    }
}

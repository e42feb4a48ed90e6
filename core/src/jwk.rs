//! A key of a JWK Set (RFC 7517 section 4, RFC 7518 section 6.3).

use core::fmt;

use crate::error::Error;
use crate::json::{self, Array, Members, Text, Value};
use crate::rs256;
use crate::rsa::{self, Bits, Capacity, Checked, PublicKey};
use crate::uint;

/// The longest `kid`, and the longest `issuer`, in bytes.
pub const MAX_KEY_ID_LEN: usize = 128;

/// An RSA key for verifying, with the `kid` by which tokens name it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Jwk<const BITS: usize = 2048>
where
    Bits<BITS>: Capacity,
{
    key_id: Option<ShortText>,
    /// The hash of `x5t`, by which AD FS's tokens name the key.
    thumbprint: Option<u32>,
    issuer: Option<ShortText>,
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
        match ShortText::new(key_id) {
            Some(key_id) => Ok(Self {
                key_id: Some(key_id),
                ..Self::anonymous(public_key)
            }),
            None => Err(Error::KeyIdTooLong),
        }
    }

    /// A key without a `kid`: for all tokens, if the set has no other key.
    #[must_use]
    pub const fn anonymous(public_key: PublicKey<BITS>) -> Self {
        Self {
            key_id: None,
            thumbprint: None,
            issuer: None,
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
        let mut buffer = [0; uint::MAX_TEXT_LEN];
        let usable = usable(document, BITS, &mut buffer)?;
        let mut jwk = Self::EMPTY;
        jwk.set(&usable);
        Ok(jwk)
    }

    /// Checks a JWK document as [`from_json`](Self::from_json) does, without making the key, for which a small
    /// stack has no room.
    ///
    /// # Errors
    ///
    /// As [`from_json`](Self::from_json).
    pub fn check_json(document: &[u8]) -> Result<(), Error> {
        usable(document, BITS, &mut [0; uint::MAX_TEXT_LEN]).map(|_| ())
    }

    /// Room for a key.
    pub(crate) const EMPTY: Self = Self::anonymous(PublicKey::EMPTY);

    /// Becomes the key of a JWK that was read for this capacity.
    ///
    /// In place: on a small stack there is no room for another key.
    pub(crate) fn set(&mut self, jwk: &UsableJwk<'_, '_>) {
        ShortText::set(&mut self.key_id, jwk.key_id);
        self.thumbprint = jwk.thumbprint.map(Text::hash);
        ShortText::set(&mut self.issuer, jwk.issuer);
        self.public_key.set(&jwk.key);
    }

    /// `kid`
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_ref().map(ShortText::as_str)
    }

    /// `issuer`, a member of Entra's keys: the only issuer whose tokens the key verifies, or a template of
    /// issuers, as in [`Policy::for_tenants`](crate::Policy::for_tenants).
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_ref().map(ShortText::as_str)
    }

    /// Whether it has a `kid`.
    pub(crate) fn has_key_id(&self) -> bool {
        self.key_id.is_some()
    }

    /// Whether this is its `kid`.
    pub(crate) fn is_named(&self, key_id: Text<'_>) -> bool {
        let own = self.key_id.as_ref();
        own.is_some_and(|own| key_id.is(own.as_bytes()))
    }

    /// As [`issuer`](Self::issuer).
    pub(crate) fn mark(&self) -> Option<&[u8]> {
        self.issuer.as_ref().map(ShortText::as_bytes)
    }

    /// The hash of its `x5t`.
    pub(crate) fn thumbprint(&self) -> Option<u32> {
        self.thumbprint
    }

    /// Whether the other key verifies the same tokens.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.public_key == other.public_key && self.issuer == other.issuer
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
            .field("issuer", &self.issuer())
            .field("public_key", &self.public_key)
            .finish()
    }
}

/// What a [`Jwk`] is made of, checked.
pub(crate) struct UsableJwk<'a, 'b> {
    key_id: Option<Text<'a>>,
    thumbprint: Option<Text<'a>>,
    issuer: Option<Text<'a>>,
    key: Checked<'b>,
}

impl<'a, 'b> UsableJwk<'a, 'b> {
    /// Reads a JWK for a key of this capacity in bits. Skips members that it does not know (RFC 7517 section
    /// 4), and members that say nothing: `null`, and lists without an element, as class libraries write them.
    pub(crate) fn read(
        members: &mut Members<'a>,
        capacity: usize,
        buffer: &'b mut [u8; uint::MAX_TEXT_LEN],
    ) -> Result<Self, UnusableJwk> {
        let mut read = Read::default();
        // To the last member, for the `kid` of a key that cannot be used.
        for (name, value) in members {
            if let Err(error) = read.take(name, value) {
                read.problem = read.problem.or(Some(error));
            }
        }
        match read.key(capacity, buffer) {
            Ok(key) => Ok(Self {
                key_id: read.key_id,
                thumbprint: read.thumbprint,
                issuer: read.issuer,
                key,
            }),
            Err(why) => Err(UnusableJwk {
                key_id: read.key_id.map(Text::hash),
                why,
            }),
        }
    }
}

/// Reads a JWK document for a key of this capacity in bits.
fn usable<'a, 'b>(
    document: &'a [u8],
    capacity: usize,
    buffer: &'b mut [u8; uint::MAX_TEXT_LEN],
) -> Result<UsableJwk<'a, 'b>, Error> {
    match json::parse(json::without_bom(document))? {
        Value::Object(jwk) => {
            let usable = UsableJwk::read(&mut jwk.members(), capacity, buffer);
            usable.map_err(|unusable| unusable.why)
        }
        _ => Err(Error::InvalidKey),
    }
}

/// Why a JWK cannot be used, and the hash of its `kid`, if it has one.
pub(crate) struct UnusableJwk {
    pub(crate) key_id: Option<u32>,
    pub(crate) why: Error,
}

/// The members of a JWK that were read.
#[derive(Default)]
struct Read<'a> {
    key_type: Option<Text<'a>>,
    key_id: Option<Text<'a>>,
    thumbprint: Option<Text<'a>>,
    issuer: Option<Text<'a>>,
    n: Option<Text<'a>>,
    e: Option<Text<'a>>,
    /// The first reason found not to use the key.
    problem: Option<Error>,
}

impl<'a> Read<'a> {
    fn take(&mut self, name: Text<'a>, value: Value<'a>) -> Result<(), Error> {
        let is_empty = |value: Value<'_>| value.as_array().is_some_and(Array::is_empty);
        if matches!(value, Value::Null) || is_empty(value) {
            return Ok(());
        }
        // The longest name is `key_ops`.
        let mut buffer = [0; 7];
        let len = name.copy_to(&mut buffer);
        match len.and_then(|len| buffer.get(..len)).unwrap_or_default() {
            b"kty" => self.key_type = Some(text(value)?),
            b"kid" => self.key_id = Some(text(value)?),
            b"x5t" => self.thumbprint = value.as_text(),
            b"issuer" => self.issuer = Some(text(value)?),
            b"n" => self.n = Some(text(value)?),
            b"e" => self.e = Some(text(value)?),
            b"use" => require(text(value)? == "sig")?,
            b"alg" => require(text(value)? == rs256::ALGORITHM)?,
            b"key_ops" => {
                let operations = value.as_array().ok_or(Error::InvalidKey)?;
                let mut operations = operations.elements().filter_map(Value::as_text);
                require(operations.any(|operation| operation == "verify"))?;
            }
            // RFC 7518 section 6.3.2, and `k`, which is a secret in a key of any type.
            b"d" | b"p" | b"q" | b"dp" | b"dq" | b"qi" | b"oth" | b"k" => {
                return Err(Error::PrivateKey);
            }
            _ => {}
        }
        Ok(())
    }

    fn key<'b>(
        &self,
        capacity: usize,
        buffer: &'b mut [u8; uint::MAX_TEXT_LEN],
    ) -> Result<Checked<'b>, Error> {
        if let Some(problem) = self.problem {
            return Err(problem);
        }
        if self.key_type.is_none_or(|key_type| key_type != "RSA") {
            return Err(Error::UnsupportedKeyType);
        }
        let e = self.e.ok_or(Error::InvalidKey)?;
        let e = rsa::exponent(uint::read(e, buffer, Error::InvalidExponent)?)?;
        let n = self.n.ok_or(Error::InvalidKey)?;
        let n = uint::read(n, buffer, Error::ModulusTooLong)?;
        if self.key_id.is_some_and(ShortText::is_too_long) {
            return Err(Error::KeyIdTooLong);
        }
        if self.issuer.is_some_and(ShortText::is_too_long) {
            return Err(Error::KeyIssuerTooLong);
        }
        Checked::new(n, e, capacity)
    }
}

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

/// A `kid` or an issuer, by value.
#[derive(Clone, Copy, PartialEq, Eq)]
struct ShortText {
    bytes: [u8; MAX_KEY_ID_LEN],
    len: u8,
}

impl ShortText {
    const EMPTY: Self = Self {
        bytes: [0; MAX_KEY_ID_LEN],
        len: 0,
    };

    const fn new(text: &str) -> Option<Self> {
        let mut bytes = [0; MAX_KEY_ID_LEN];
        let len = text.len();
        match bytes.split_at_mut_checked(len) {
            Some((front, _)) => front.copy_from_slice(text.as_bytes()),
            None => return None,
        }
        Some(Self {
            bytes,
            len: len as u8,
        })
    }

    /// Sets `place` to a text that is not too long.
    fn set(place: &mut Option<Self>, text: Option<Text<'_>>) {
        *place = None;
        if let Some(text) = text {
            let place = place.insert(Self::EMPTY);
            place.len = text.copy_to(&mut place.bytes).unwrap_or(0) as u8;
        }
    }

    fn is_too_long(text: Text<'_>) -> bool {
        // A character takes at least a byte.
        let characters = text.chars().take(MAX_KEY_ID_LEN + 1);
        characters.map(char::len_utf8).sum::<usize>() > MAX_KEY_ID_LEN
    }

    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len.into()).unwrap_or_default()
    }

    fn as_str(&self) -> &str {
        core::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

//! A JWK Set (RFC 7517 section 5) of fixed capacity.

use heapless::Vec;

use crate::json::{self, Text, Value};
use crate::{Bits, Capacity, Error, Jwk, PublicKey};

/// At most `N` keys of at most `BITS` bits.
///
/// ```
/// use tokenlatch::{Jwk, JwkSet, PublicKey};
/// # const MODULUS: [u8; 256] = [0xff; 256];
///
/// // From constants: the keys, and what verifying with them needs, lie in flash.
/// static KEYS: JwkSet<1> = {
///     let Ok(key) = <PublicKey>::new(&MODULUS, 65537) else { panic!("not a key") };
///     let Ok(jwk) = Jwk::new("2026-11", key) else { panic!("not a kid") };
///     JwkSet::from_keys([jwk])
/// };
///
/// // From a document: room for four keys of up to 4096 bits.
/// let keys = JwkSet::<4, 4096>::from_json(br#"{"keys":[]}"#)?;
/// assert_eq!(keys.keys().len(), 0);
/// # Ok::<(), tokenlatch::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct JwkSet<const N: usize, const BITS: usize = 2048>
where
    Bits<BITS>: Capacity,
{
    keys: Vec<Jwk<BITS>, N>,
    unusable: usize,
}

impl<const N: usize, const BITS: usize> JwkSet<N, BITS>
where
    Bits<BITS>: Capacity,
{
    /// The set of these keys; more than `N` do not compile.
    #[must_use]
    pub const fn from_keys<const M: usize>(keys: [Jwk<BITS>; M]) -> Self {
        Self {
            keys: Vec::from_array(keys),
            unusable: 0,
        }
    }

    /// Reads a JWK Set document.
    ///
    /// A key that cannot be used for RS256 is counted ([`unusable`](Self::unusable)) and otherwise
    /// passed over: its neighbours stay.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKeySet`] and the errors of JSON where the document is not a JWK Set, and
    /// [`Error::KeySetFull`] where it has more than `N` usable keys.
    pub fn from_json(document: &[u8]) -> Result<Self, Error> {
        let Value::Object(document) = json::parse(document)? else {
            return Err(Error::InvalidKeySet);
        };
        let Some(Value::Array(elements)) = document.get("keys") else {
            return Err(Error::InvalidKeySet);
        };
        let mut set = Self {
            keys: Vec::new(),
            unusable: 0,
        };
        for element in elements.elements() {
            let Value::Object(jwk) = element else {
                return Err(Error::InvalidKeySet);
            };
            match Jwk::read(jwk) {
                Ok(jwk) if set.keys.contains(&jwk) => {}
                Ok(jwk) => set.keys.push(jwk).map_err(|_| Error::KeySetFull)?,
                Err(_) => set.unusable += 1,
            }
        }
        Ok(set)
    }

    /// The usable keys.
    #[must_use]
    pub fn keys(&self) -> &[Jwk<BITS>] {
        &self.keys
    }

    /// How many keys of the document cannot be used.
    #[must_use]
    pub fn unusable(&self) -> usize {
        self.unusable
    }

    /// The key for a token: that of its `kid`, or, where it names none, the only one there is.
    pub(crate) fn find(&self, key_id: Option<Text<'_>>) -> Result<&PublicKey<BITS>, Error> {
        let Some(key_id) = key_id else {
            return match self.keys() {
                [only] => Ok(only.public_key()),
                _ => Err(Error::MissingKeyId),
            };
        };
        let mut named = self
            .keys
            .iter()
            .filter(|key| key.key_id().is_some_and(|id| key_id == *id));
        let first = named.next().ok_or(Error::UnknownKey)?;
        if named.any(|other| other.public_key() != first.public_key()) {
            return Err(Error::AmbiguousKey);
        }
        Ok(first.public_key())
    }
}

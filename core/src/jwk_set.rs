//! A JWK Set (RFC 7517 section 5) of fixed capacity.

use core::fmt;

use crate::error::{Error, Unusable};
use crate::json::{
    self, Array, MAX_JSON_MEMBERS, Members, Object, Raw, Text, Value, Visitor, Walk,
};
use crate::jwk::{Jwk, UnusableJwk, UsableJwk};
use crate::rsa::{Bits, Capacity};
use crate::uint;

/// The longest JWK Set document, in bytes.
pub const MAX_KEY_SET_LEN: usize = 256 * 1024;

/// How many keys a JWK Set document may have, usable or not.
pub const MAX_KEYS: usize = 1024;

/// At most `N` keys of at most `BITS` bits.
///
/// A key that comes twice, with the same `kid`, takes two places and counts as one where a token's key is
/// looked up.
///
/// ```
/// use tokenlatch::{JwkSet, jwk};
/// # const N: &str = "oKpydH8Yuvd4nXlUn6uHpOYvoLlPEPBh-fR6yGIom3VXqDu2HnrO_uK9pPdKpIDYuvKDdfGsSffF4CxOz8yzq5wnYy_XDrz_1Dl9NUCzIf9GH2rchDALYI_WhHJd9gA_JhoRqK12qES1cVvMbPqzEhCpGIBFkga_u2q157QU064BJChsdb9k6JzhQWO5T9P-WidUhazl98zBYxRCY6RO2Wv3onQPDOMQ4iINhgfSJDPpUTTDZGLFNLXuDIeZPVVwqyy0fij21cEE_TFREKJTSDKtcK-sSK7OsTQJTG3cBmvEQWcnClUT1NDHjaBCf6-wSmHT-GmSFbWWsHgO05pnwQ";
///
/// // From constants: the keys, and what verifying with them needs, lie in flash.
/// static KEYS: JwkSet<1> = JwkSet::from_keys([jwk!("2026-11", n: N, e: "AQAB")]);
///
/// // From a document: room for four keys of up to 4096 bits.
/// let keys = JwkSet::<4, 4096>::from_json(br#"{"keys":[]}"#)?;
/// assert_eq!(keys.keys().len(), 0);
/// # Ok::<(), tokenlatch::Error>(())
/// ```
///
/// # The key for a token
///
/// - It is the key with the token's `kid`, or else with this `x5t` (RFC 7515 section 4.1.7), of which the set
///   keeps and compares a hash.
/// - It is the only key of the set, if the token has no `kid`, or if the key has none: nothing says then that
///   the key is not the token's. A `kid` is a hint (RFC 7515 section 4.1.4), and the signature decides. Of a key
///   that comes twice, the first place says whether it has a `kid`.
#[derive(Clone)]
pub struct JwkSet<const N: usize, const BITS: usize = 2048>
where
    Bits<BITS>: Capacity,
{
    /// The keys, and then places without a meaning.
    places: [Jwk<BITS>; N],
    len: usize,
    unusable: usize,
    /// Why the first unusable keys cannot be used, with the hash of each one's `kid`.
    reasons: [(u32, Unusable); N],
    /// How many of them there are. The others are places without a meaning.
    known: usize,
}

impl<const N: usize, const BITS: usize> JwkSet<N, BITS>
where
    Bits<BITS>: Capacity,
{
    /// The set of these keys; more than `N` do not compile.
    ///
    /// ```compile_fail,E0080
    /// # use tokenlatch::{Jwk, JwkSet, PublicKey};
    /// fn two_keys_in_a_set_of_one(key: Jwk) -> JwkSet<1> {
    ///     JwkSet::from_keys([key, key])
    /// }
    /// # let key = PublicKey::from_be_bytes(&[0xff; 256], 3).map(Jwk::anonymous);
    /// # let _ = key.map(two_keys_in_a_set_of_one);
    /// ```
    #[must_use]
    pub const fn from_keys<const M: usize>(keys: [Jwk<BITS>; M]) -> Self {
        const { assert!(M <= N, "more keys than the set has room for") };
        let mut places = [Jwk::EMPTY; N];
        if let Some((front, _)) = places.split_at_mut_checked(M) {
            front.copy_from_slice(&keys);
        }
        Self {
            places,
            len: M,
            unusable: 0,
            reasons: [(0, Unusable::EMPTY); N],
            known: 0,
        }
    }

    /// The set that [`read_json`](Self::read_json) reads, by value.
    ///
    /// # Errors
    ///
    /// Those of [`read_json`](Self::read_json).
    pub fn from_json(document: &[u8]) -> Result<Self, Error> {
        let mut set = Self::from_keys([]);
        set.read_json(document)?;
        Ok(set)
    }

    /// Reads a JWK Set document in place of the keys that the set has. After an error the set is empty.
    ///
    /// Each key is read into its place in the set: a device with a small stack keeps the set in a `static`.
    ///
    /// A key that cannot be used for RS256 is counted ([`unusable`](Self::unusable)) and skipped, whatever is
    /// wrong with it. It does not affect the other keys, unless the document is not JSON. A token that names
    /// it gets [`Error::UnusableKey`], with the reason, if it is one of the first `N` such keys that have a
    /// `kid`. The set does not know the others.
    ///
    /// Nor does it know the `kid` of a key that nests too deeply, has too many members, or two of one name. What
    /// follows the error in such a key is not checked.
    ///
    /// # Errors
    ///
    /// [`Error::KeySetTooLong`], [`Error::InvalidKeySet`] and the errors of JSON where the document is not
    /// a JWK Set, and [`Error::KeySetFull`] where it has more than `N` usable keys or more than
    /// [`MAX_KEYS`] keys of any kind.
    pub fn read_json(&mut self, document: &[u8]) -> Result<(), Error> {
        self.clear();
        let read = self.read(document);
        if read.is_err() {
            self.clear();
        }
        read
    }

    fn clear(&mut self) {
        self.len = 0;
        self.unusable = 0;
        self.known = 0;
    }

    /// Adds the keys of a document.
    fn read(&mut self, document: &[u8]) -> Result<(), Error> {
        let mut bad = BadKeys::default();
        let keys = keys(document, &mut bad)?;
        keys.objects(&|at| bad.contains(at), &mut |jwk| self.add(jwk))
    }

    /// Adds a key of a document.
    ///
    /// Not inlined, so that its buffer takes no stack while the document is checked.
    #[inline(never)]
    fn add(&mut self, jwk: Option<&mut Members<'_>>) -> Result<(), Error> {
        if self.len + self.unusable >= MAX_KEYS {
            return Err(Error::KeySetFull);
        }
        let mut buffer = [0; uint::MAX_TEXT_LEN];
        let read = match jwk {
            Some(jwk) => UsableJwk::read(jwk, BITS, &mut buffer),
            None => Err(UnusableJwk {
                key_id: None,
                why: Error::InvalidKey,
            }),
        };
        match read {
            Ok(usable) => {
                let place = self.places.get_mut(self.len).ok_or(Error::KeySetFull)?;
                place.set(&usable);
                self.len += 1;
            }
            Err(UnusableJwk { key_id, why }) => {
                self.unusable += 1;
                // If there is no room, the key is as one that the set does not have.
                if let (Some(key_id), Some(place)) = (key_id, self.reasons.get_mut(self.known)) {
                    *place = (key_id, Unusable::new(why));
                    self.known += 1;
                }
            }
        }
        Ok(())
    }

    /// Adds a key.
    ///
    /// # Errors
    ///
    /// [`Error::KeySetFull`].
    pub fn push(&mut self, key: Jwk<BITS>) -> Result<(), Error> {
        let place = self.places.get_mut(self.len).ok_or(Error::KeySetFull)?;
        *place = key;
        self.len += 1;
        Ok(())
    }

    /// The usable keys.
    #[must_use]
    pub fn keys(&self) -> &[Jwk<BITS>] {
        self.places.get(..self.len).unwrap_or_default()
    }

    /// How many keys of the document cannot be used.
    #[must_use]
    pub fn unusable(&self) -> usize {
        self.unusable
    }

    /// Whether a token whose key has this `kid` gets a verdict from this set, and not
    /// [`Error::UnknownKey`]: it has the key, or the key cannot be used.
    #[must_use]
    pub fn knows(&self, key_id: &str) -> bool {
        let is_this = |key: &Jwk<BITS>| key.key_id() == Some(key_id);
        let found = self.find_by(&is_this, json::hash(key_id.chars()));
        found != Err(Error::UnknownKey)
    }

    /// The key for a token, as [`JwkSet`] says.
    pub(crate) fn find(&self, key_id: Option<Text<'_>>) -> Result<&Jwk<BITS>, Error> {
        let is_named = |key: &Jwk<BITS>| key_id.is_none_or(|key_id| key.is_named(key_id));
        let found = self.find_by(&is_named, key_id.map_or(0, Text::hash));
        found.map_err(|error| match key_id {
            Some(_) => error,
            None => Error::MissingKeyId,
        })
    }

    /// The key whose `kid` is this one, which has this hash. Equal names have equal hashes.
    ///
    /// Not inlined, so that it is there once.
    #[inline(never)]
    fn find_by(
        &self,
        is_named: &dyn Fn(&Jwk<BITS>) -> bool,
        hash: u32,
    ) -> Result<&Jwk<BITS>, Error> {
        // The first of the keys that are named best, and whether they are all one: a key that comes twice
        // counts as one.
        let (mut found, mut best, mut is_one) = (None, Name::None, true);
        for key in self.keys() {
            let name = if is_named(key) {
                Name::KeyId
            } else if key.thumbprint() == Some(hash) {
                Name::Thumbprint
            } else {
                Name::None
            };
            match found {
                Some(found) if name == best => is_one &= key.is_same(found),
                Some(_) if name < best => {}
                _ => (found, best, is_one) = (Some(key), name, true),
            }
        }
        let only = found.filter(|_| is_one);
        if best != Name::None {
            return only.ok_or(Error::AmbiguousKey);
        }
        let mut reasons = self.reasons.get(..self.known).unwrap_or_default().iter();
        if let Some((_, why)) = reasons.find(|(other, _)| *other == hash) {
            return Err(Error::UnusableKey(*why));
        }
        only.filter(|key| !key.has_key_id())
            .ok_or(Error::UnknownKey)
    }
}

/// By what a token names a key: a later one is better.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    None,
    Thumbprint,
    KeyId,
}

impl<const N: usize, const BITS: usize> fmt::Debug for JwkSet<N, BITS>
where
    Bits<BITS>: Capacity,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwkSet")
            .field("keys", &self.keys())
            .field("unusable", &self.unusable)
            .field(
                "reasons",
                &self.reasons.get(..self.known).unwrap_or_default(),
            )
            .finish()
    }
}

/// Calls `each` with every key of a JWK Set document, in order, to show what the document has: with the JWK,
/// or with what is wrong with it. A key that nests too deeply or has too many members only together with what it
/// lies in is an [`Error::InvalidKey`].
///
/// # Errors
///
/// Those of [`JwkSet::from_json`], except that there is room for all keys.
pub fn for_each_jwk<'a>(
    document: &'a [u8],
    each: &mut dyn FnMut(Result<Object<'a>, Error>),
) -> Result<(), Error> {
    let mut bad = BadKeys::default();
    let keys = keys(document, &mut bad)?;
    for (at, key) in keys.elements().enumerate() {
        each(match key {
            Value::Object(jwk) if !bad.contains(at) => Ok(jwk),
            Value::Object(jwk) => Err(match json::parse(jwk.as_str().as_bytes()) {
                Ok(_) => Error::InvalidKey,
                Err(error) => error,
            }),
            _ => Err(Error::InvalidKey),
        });
    }
    Ok(())
}

/// Checks a JWK Set document and returns its `keys`.
fn keys<'a>(document: &'a [u8], bad: &mut BadKeys) -> Result<Array<'a>, Error> {
    if document.len() > MAX_KEY_SET_LEN {
        return Err(Error::KeySetTooLong);
    }
    let mut finder = Finder { keys: None, bad };
    json::walk(json::without_bom(document), MAX_JSON_MEMBERS, &mut finder)?;
    finder.keys.ok_or(Error::InvalidKeySet)
}

/// A bit for each of the first [`MAX_KEYS`] keys that is not to be read.
#[derive(Default)]
struct BadKeys([u32; MAX_KEYS / 32]);

impl BadKeys {
    /// Returns whether there is room for it.
    fn insert(&mut self, at: usize) -> bool {
        match self.0.get_mut(at / 32) {
            Some(bits) => {
                *bits |= 1 << (at % 32);
                true
            }
            None => false,
        }
    }

    fn contains(&self, at: usize) -> bool {
        let bits = self.0.get(at / 32).copied();
        bits.unwrap_or_default() & 1 << (at % 32) != 0
    }
}

/// Finds the `keys` while the document is checked.
struct Finder<'a, 'b> {
    keys: Option<Array<'a>>,
    bad: &'b mut BadKeys,
}

impl<'a> Visitor<'a> for Finder<'a, '_> {
    fn member(&mut self, name: Text<'a>, value: Raw<'a>) -> Result<(), Error> {
        if name == "keys" {
            self.keys = value.value().as_array();
        }
        Ok(())
    }

    /// A key that is bad JSON does not harm its neighbours.
    fn error(&mut self, walk: &mut Walk<'a>, error: Error) -> Result<(), Error> {
        match walk.bad_element(error) {
            Some((name, at)) if name == "keys" && self.bad.insert(at) => walk.skip_element(),
            _ => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::ToOwned;
    use std::format;
    use std::string::String;
    use std::vec::Vec;

    use super::*;
    use crate::jwk::MAX_KEY_ID_LEN;

    /// Replaces names by moduli: 2^2048 - 1, 2^2048 - 3, and some that cannot be used.
    fn with_moduli(document: &str) -> String {
        [
            ("$A", "", 341, "w"),
            ("$B", "", 341, "Q"),
            ("$PADDED", "", 341, "w=="),
            ("$LEADING_ZERO", "AP", 340, "8"),
            ("$LEADING_ZEROS", "AAD", 341, ""),
            ("$EVEN", "", 341, "g"),
            ("$SHORT", "f", 340, "w"),
            ("$LONG", "", 342, "8"),
            ("$HUGE", "", 10_000, ""),
        ]
        .into_iter()
        .fold(
            document.into(),
            |document: String, (name, start, len, end)| {
                let modulus = format!("\"n\":\"{start}{}{end}\"", "_".repeat(len));
                document.replace(&format!("\"{name}\""), &modulus)
            },
        )
    }

    /// Why a key is unusable.
    fn error(jwk: &str) -> Option<Error> {
        let jwk = with_moduli(jwk);
        let error = Jwk::<2048>::from_json(jwk.as_bytes()).err();
        assert_eq!(Jwk::<2048>::check_json(jwk.as_bytes()).err(), error);
        error
    }

    #[test]
    fn a_key_is_usable_unless_it_says_otherwise() {
        for jwk in [
            r#"{"kty":"RSA","$A","e":"AQAB"}"#,
            r#"{"kty":"RSA","$A","e":"AQAB","kid":"k","use":"sig","alg":"RS256","x5c":["M"]}"#,
            r#"{"kty":"RSA","$A","e":"AQAB","key_ops":["encrypt","verify"],"x":{"d":[null]}}"#,
            r#"{"\u006bty":"RSA","$A","e":"Aw"}"#,
            r#"{"kty":"RSA","$A","e":"_____w"}"#,
            r#"{"kty":"RSA","$LEADING_ZERO","e":"AAEAAQ"}"#,
            r#"{"kty":"RSA","$PADDED","e":"AAEAAQ=="}"#,
            r#"{"kty":"RSA","$A","e":"Aw==","x5t":7}"#,
            // Members that say nothing.
            r#"{"kty":"RSA","$A","e":"AQAB","use":null,"alg":null,"kid":null,"key_ops":null,"d":null,"\u0064p":null,"oth":null,"issuer":null}"#,
            r#"{"kty":"RSA","$A","e":"AQAB","key_ops":[],"oth":[ ],"x5c":[],"d":[]}"#,
        ] {
            assert_eq!(error(jwk), None, "{jwk}");
        }
    }

    #[test]
    fn an_unusable_key_has_its_reason() {
        for (jwk, expected) in [
            (r#"{"$A","e":"AQAB"}"#, Error::UnsupportedKeyType),
            (
                r#"{"kty":"EC","crv":"P-256","x":"","y":""}"#,
                Error::UnsupportedKeyType,
            ),
            (
                r#"{"kty":"rsa","$A","e":"AQAB"}"#,
                Error::UnsupportedKeyType,
            ),
            (r#"{"kty":1,"$A","e":"AQAB"}"#, Error::InvalidKey),
            (r#"{"kty":"RSA","e":"AQAB"}"#, Error::InvalidKey),
            (r#"{"kty":"RSA","$A"}"#, Error::InvalidKey),
            (r#"{"kty":"RSA","$A","e":65537}"#, Error::InvalidKey),
            (
                r#"{"kty":"RSA","$A","e":"AQAB","kid":7}"#,
                Error::InvalidKey,
            ),
            (
                r#"{"kty":"RSA","$A","e":"AQAB","key_ops":"verify"}"#,
                Error::InvalidKey,
            ),
            (
                r#"{"kty":"RSA","n":"A+==","e":"AQAB"}"#,
                Error::InvalidBase64url,
            ),
            (r#"{"kty":"RSA","$A","e":"AQAB="}"#, Error::InvalidBase64url),
            (
                r#"{"kty":"RSA","$A","e":"AQAB","use":"enc"}"#,
                Error::KeyNotForVerifying,
            ),
            (
                r#"{"kty":"RSA","$A","e":"AQAB","alg":"RS512"}"#,
                Error::KeyNotForVerifying,
            ),
            (
                r#"{"kty":"RSA","$A","e":"AQAB","alg":"PS256"}"#,
                Error::KeyNotForVerifying,
            ),
            (
                r#"{"kty":"RSA","$A","e":"AQAB","key_ops":["sign"]}"#,
                Error::KeyNotForVerifying,
            ),
            (
                r#"{"kty":"RSA","$A","e":"AQAB","d":"AQAB"}"#,
                Error::PrivateKey,
            ),
            (
                r#"{"kty":"RSA","$A","e":"AQAB","\u0064":""}"#,
                Error::PrivateKey,
            ),
            (
                r#"{"kty":"RSA","$A","e":"AQAB","oth":[{}]}"#,
                Error::PrivateKey,
            ),
            (r#"{"kty":null,"$A","e":"AQAB"}"#, Error::UnsupportedKeyType),
            (r#"{"kty":"RSA","n":null,"e":"AQAB"}"#, Error::InvalidKey),
            (
                r#"{"kty":"RSA","$A","e":"AQAB","issuer":1}"#,
                Error::InvalidKey,
            ),
            (
                r#"{"kty":"RSA","$A","e":"AQAB===="}"#,
                Error::InvalidBase64url,
            ),
            (r#"{"kty":"RSA","$A","e":"Aw="}"#, Error::InvalidBase64url),
            (r#"{"kty":"RSA","$A","e":"=AQAB"}"#, Error::InvalidBase64url),
            (
                r#"{"kty":"RSA","$A","e":"AQAB","k":"AQAB"}"#,
                Error::PrivateKey,
            ),
            (
                r#"{"kty":"RSA","$LEADING_ZEROS","e":"AQAB"}"#,
                Error::ModulusLeadingZero,
            ),
            (
                r#"{"kty":"RSA","$SHORT","e":"AQAB"}"#,
                Error::ModulusTooShort,
            ),
            (r#"{"kty":"RSA","n":"","e":"AQAB"}"#, Error::ModulusTooShort),
            (r#"{"kty":"RSA","$LONG","e":"AQAB"}"#, Error::ModulusTooLong),
            (r#"{"kty":"RSA","$HUGE","e":"AQAB"}"#, Error::ModulusTooLong),
            (r#"{"kty":"RSA","$EVEN","e":"AQAB"}"#, Error::ModulusEven),
            (r#"{"kty":"RSA","$A","e":""}"#, Error::InvalidExponent),
            (r#"{"kty":"RSA","$A","e":"AA"}"#, Error::InvalidExponent),
            (r#"{"kty":"RSA","$A","e":"AQ"}"#, Error::InvalidExponent),
            (r#"{"kty":"RSA","$A","e":"AQAA"}"#, Error::InvalidExponent),
            (r#"{"kty":"RSA","$A","e":"AAAB"}"#, Error::InvalidExponent),
            (
                r#"{"kty":"RSA","$A","e":"AQAAAAE"}"#,
                Error::InvalidExponent,
            ),
        ] {
            assert_eq!(error(jwk), Some(expected), "{jwk}");
        }
        let jwk = |len| {
            format!(
                r#"{{"kty":"RSA","$A","e":"AQAB","kid":"{}"}}"#,
                "k".repeat(len)
            )
        };
        assert_eq!(error(&jwk(MAX_KEY_ID_LEN)), None);
        assert_eq!(error(&jwk(MAX_KEY_ID_LEN + 1)), Some(Error::KeyIdTooLong));
        let jwk = |len| jwk(len).replace("kid", "issuer");
        assert_eq!(error(&jwk(MAX_KEY_ID_LEN)), None);
        let too_long = jwk(MAX_KEY_ID_LEN + 1);
        assert_eq!(error(&too_long), Some(Error::KeyIssuerTooLong));
    }

    fn set<const N: usize>(keys: &str) -> Result<JwkSet<N>, Error> {
        JwkSet::from_json(with_moduli(&format!(r#"{{"x":[],"keys":[{keys}]}}"#)).as_bytes())
    }

    /// Which key of the set a token with this header member gets.
    fn find<const N: usize>(set: &JwkSet<N>, key_id: Option<&str>) -> Result<usize, Error> {
        let quoted = key_id.map(|key_id| format!("\"{key_id}\""));
        let text = quoted
            .as_ref()
            .map(|text| json::parse(text.as_bytes()).unwrap().as_text().unwrap());
        let key = set.find(text)?;
        Ok(set.keys().iter().position(|jwk| jwk == key).unwrap())
    }

    #[test]
    fn a_bad_key_does_not_harm_its_neighbours() {
        let keys = r#"{"kty":"oct","k":""},1,{"kty":"RSA","$A","e":"AQAB","kid":"a"},{},{"kty":"RSA","$EVEN","e":"AQAB","kid":"e"},{"kty":"RSA","$B","e":"AQAB","kid":"b"}"#;
        let set = set::<2>(keys).unwrap();
        assert_eq!((set.keys().len(), set.unusable()), (2, 4));
        assert_eq!(find(&set, Some("a")), Ok(0));
        assert_eq!(find(&set, Some("\\u0062")), Ok(1));
        let even = Error::UnusableKey(Unusable::new(Error::ModulusEven));
        assert_eq!(find(&set, Some("e")), Err(even));
        assert_eq!(find(&set, Some("")), Err(Error::UnknownKey));
        assert_eq!(find(&set, None), Err(Error::MissingKeyId));
    }

    #[test]
    fn a_key_that_is_bad_json_does_not_harm_its_neighbours() {
        let good = |kid| format!(r#"{{"kty":"RSA","$A","e":"AQAB","kid":"{kid}"}}"#);
        let many: String = (0..100).map(|n| format!(r#""{n}":0,"#)).collect();
        let deep = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let bad = [
            (
                r#"{"kty":"RSA","kty":"RSA","x":"]}","y":[{}]}"#.to_owned(),
                Error::DuplicateMember,
            ),
            (
                r#"{"x":[{"a":{"b":0,"b":0}}],"kid":"x"}"#.to_owned(),
                Error::DuplicateMember,
            ),
            (format!(r#"{{{many}"kid":"x"}}"#), Error::TooManyMembers),
            (format!(r#"{{"x":{}}}"#, deep(20)), Error::JsonTooDeep),
        ];
        let elements: Vec<_> = bad.iter().map(|(key, _)| key.as_str()).collect();
        let keys = format!("{},{},{}", good("a"), elements.join(" , "), good("b"));
        let read = set::<2>(&keys).unwrap();
        assert_eq!((read.keys().len(), read.unusable()), (2, bad.len()));
        assert_eq!(find(&read, Some("a")), Ok(0));
        assert_eq!(
            read.find_by(&|key| key.key_id() == Some("b"), 0)
                .unwrap()
                .key_id(),
            Some("b")
        );

        let mut why = Vec::new();
        let document = with_moduli(&format!(r#"{{"keys":[{keys}]}}"#));
        for_each_jwk(document.as_bytes(), &mut |jwk| why.extend(jwk.err())).unwrap();
        assert_eq!(why, bad.map(|(_, error)| error));

        // What is not JSON is no document.
        for bad in [r#"{"a":1"#, "[}", "{]", "{\"a\":\u{1}}", "{\"a\" 1}"] {
            let keys = format!("{},{bad},{}", good("a"), good("b"));
            assert_eq!(set::<2>(&keys).err(), Some(Error::InvalidJson), "{bad}");
        }
        // What follows too deep a value in a key is not checked.
        let bad = format!("{{\"x\":{},\"y\" @ }}", deep(20));
        let keys = format!("{bad},{}", good("a"));
        assert_eq!(set::<2>(&keys).map(|set| set.unusable()), Ok(1));
        // A text with a control character hides where the key ends.
        let bad = format!("{{\"x\":{},\"y\":\"\u{1}\"}}", deep(20));
        let keys = format!("{bad},{}", good("a"));
        assert_eq!(set::<2>(&keys).err(), Some(Error::InvalidJson));
        // Only a key can be bad: the document itself is as strict as ever.
        let error = |document: &str| JwkSet::<1>::from_json(document.as_bytes()).err();
        for document in [
            r#"{"keys":{"a":{"b":0,"b":0}}}"#,
            r#"{"x":[{"b":0,"b":0}],"keys":[]}"#,
            r#"[[{"b":0,"b":0}]]"#,
        ] {
            assert_eq!(error(document), Some(Error::DuplicateMember), "{document}");
        }
    }

    /// In each document, two names before the name that comes twice have its hash.
    #[test]
    fn a_bad_key_does_not_hide_a_name_that_comes_twice() {
        assert_eq!(Text::new("njdrshs").hash(), Text::new("keys").hash());
        for document in [
            r#"{"yiijsv":0,"ktodoe":0,"keys":[{"x":0,"x":0}],"ktodoe":1}"#,
            r#"{"njdrshs":0,"keys":[{"x":0,"x":0}],"keys":[]}"#,
        ] {
            let error = JwkSet::<1>::from_json(document.as_bytes()).err();
            assert_eq!(error, Some(Error::TooManyMembers), "{document}");
        }
        // What a bad key has does not count for its neighbours.
        let bad = r#"{"yiijsv":0,"ktodoe":0,"ktodoe":0}"#;
        let good = r#"{"kty":"RSA","$A","e":"AQAB","yiijsv":0,"ktodoe":0}"#;
        let read = set::<1>(&[bad, bad, good].join(",")).unwrap();
        assert_eq!((read.keys().len(), read.unusable()), (1, 2));
    }

    #[test]
    fn a_byte_order_mark_is_skipped() {
        let set = |document: &str| JwkSet::<1>::from_json(document.as_bytes()).err();
        assert_eq!(set("\u{feff}{\"keys\":[]}"), None);
        assert_eq!(
            set("\u{feff}\u{feff}{\"keys\":[]}"),
            Some(Error::InvalidJson)
        );
        assert_eq!(set("{\"keys\":[]}\u{feff}"), Some(Error::InvalidJson));
    }

    #[test]
    fn a_document_takes_the_place_of_the_one_before() {
        let read = |set: &mut JwkSet<2, 4096>, keys: &str| {
            set.read_json(with_moduli(&format!(r#"{{"keys":[{keys}]}}"#)).as_bytes())
        };
        let long = r#"{"kty":"RSA","$LONG","e":"Aw","kid":"long","x5t":"t","issuer":"i"}"#;
        let odd = r#"{"kty":"EC","kid":"odd"}"#;
        let short = r#"{"kty":"RSA","$A","e":"AQAB","kid":"k"},{"kty":"RSA","$B","e":"AQAB"}"#;
        let mut fresh = JwkSet::from_keys([]);
        read(&mut fresh, short).unwrap();

        let mut set = JwkSet::from_keys([fresh.keys()[1]]);
        read(&mut set, &[long, odd, odd].join(",")).unwrap();
        assert_eq!((set.keys().len(), set.unusable()), (1, 2));
        assert_eq!(set.keys()[0].public_key().bits(), 2056);
        assert_eq!(set.keys()[0].issuer(), Some("i"));
        // Nothing is left of the longer key.
        read(&mut set, short).unwrap();
        assert_eq!(set.keys(), fresh.keys());
        assert_eq!(set.unusable(), 0);
        assert!(!set.knows("odd") && !set.knows("t"));
    }

    #[test]
    fn a_key_is_an_object_and_its_members_are_text() {
        for jwk in [
            "[]",
            "1",
            r#"{"n":1}"#,
            r#"{"use":1}"#,
            r#"{"alg":1}"#,
            r#"{"kid":1}"#,
        ] {
            assert_eq!(error(jwk), Some(Error::InvalidKey), "{jwk}");
        }
        assert_eq!(error("{"), Some(Error::InvalidJson));
    }

    #[test]
    fn keys_are_added_until_the_set_is_full() {
        let key = set::<1>(r#"{"kty":"RSA","$A","e":"AQAB","kid":"a"}"#)
            .unwrap()
            .keys()[0];
        let named = |len| Jwk::new(&"k".repeat(len), *key.public_key()).map(|_| ());
        assert_eq!(named(MAX_KEY_ID_LEN), Ok(()));
        assert_eq!(named(MAX_KEY_ID_LEN + 1), Err(Error::KeyIdTooLong));
        let mut set = JwkSet::<2>::from_keys([key]);
        assert_eq!(set.push(key), Ok(()));
        assert_eq!(set.keys().len(), 2);
        assert_eq!(set.push(key), Err(Error::KeySetFull));
        assert_eq!(set.keys().len(), 2);
    }

    #[test]
    fn a_document_that_is_no_key_set_has_no_keys() {
        for document in ["[]", "1", "{}", r#"{"keys":{}}"#, r#"{"keys":null}"#] {
            let error = for_each_jwk(document.as_bytes(), &mut |_| panic!()).err();
            assert_eq!(error, JwkSet::<1>::from_json(document.as_bytes()).err());
            assert!(error.is_some(), "{document}");
        }
        let mut errors = Vec::new();
        for_each_jwk(br#"{"keys":[1,"",{}]}"#, &mut |jwk| errors.push(jwk.err())).unwrap();
        assert_eq!(
            errors,
            [Some(Error::InvalidKey), Some(Error::InvalidKey), None]
        );
    }

    #[test]
    fn after_an_error_the_set_is_empty() {
        let a = r#"{"kty":"RSA","$A","e":"AQAB","kid":"a"}"#;
        let good = set::<1>(&format!(r#"{a},{{"kty":"EC","kid":"odd"}}"#)).unwrap();
        for bad in [
            String::from("{"),
            String::from("{}"),
            " ".repeat(MAX_KEY_SET_LEN + 1),
            with_moduli(&format!(r#"{{"keys":[{{}},{a},{a}]}}"#)),
        ] {
            let mut set = good.clone();
            set.read_json(bad.as_bytes()).unwrap_err();
            assert_eq!((set.keys().len(), set.unusable()), (0, 0));
            assert!(!set.knows("a") && !set.knows("odd"));
        }
    }

    #[test]
    fn a_set_shows_its_keys_only() {
        let mut set = set::<2>(r#"{"kty":"RSA","$A","e":"AQAB","kid":"a"}"#).unwrap();
        assert!(format!("{set:?}").contains("\"a\""));
        set.read_json(br#"{"keys":[]}"#).unwrap();
        assert!(!format!("{set:?}").contains("\"a\""));
    }

    #[test]
    fn a_token_names_a_key_by_its_thumbprint_too() {
        let keys = r#"{"kty":"RSA","$A","e":"AQAB","kid":"a","x5t":"t"},{"kty":"RSA","$B","e":"AQAB","x5t":"a"}"#;
        let set = set::<2>(keys).unwrap();
        assert_eq!(find(&set, Some("t")), Ok(0));
        // A `kid` is better.
        assert_eq!(find(&set, Some("a")), Ok(0));
        assert!(set.knows("t") && set.knows("a"));
        assert!(!set.knows("b"));
    }

    #[test]
    fn reasons_are_forgotten_where_there_is_no_room() {
        let key = |kid| format!(r#"{{"kty":"EC","kid":"{kid}"}}"#);
        let set = set::<1>(&[key("a"), key("b")].join(",")).unwrap();
        assert_eq!(set.unusable(), 2);
        let why = Unusable::new(Error::UnsupportedKeyType);
        assert_eq!(find(&set, Some("a")), Err(Error::UnusableKey(why)));
        assert_eq!(find(&set, Some("b")), Err(Error::UnknownKey));
        assert!(set.knows("a") && !set.knows("b"));
    }

    #[test]
    fn a_token_without_a_kid_needs_a_set_of_exactly_one_key() {
        let one = set::<2>(r#"{"kty":"RSA","$A","e":"AQAB","kid":"a"},{"kty":"EC"}"#).unwrap();
        assert_eq!(find(&one, None), Ok(0));
        let anonymous = set::<2>(r#"{"kty":"RSA","$A","e":"AQAB"}"#).unwrap();
        assert_eq!(find(&anonymous, None), Ok(0));
        assert_eq!(find(&anonymous, Some("a")), Ok(0));
        let two = r#"{"kty":"RSA","$A","e":"AQAB"},{"kty":"RSA","$B","e":"AQAB"}"#;
        let two = set::<2>(two).unwrap();
        assert_eq!(find(&two, None), Err(Error::MissingKeyId));
        assert_eq!(find(&two, Some("a")), Err(Error::UnknownKey));
        assert_eq!(find(&one, Some("b")), Err(Error::UnknownKey));
        let none = set::<2>("").unwrap();
        assert_eq!(find(&none, None), Err(Error::MissingKeyId));
        assert_eq!(find(&none, Some("a")), Err(Error::UnknownKey));
    }

    #[test]
    fn two_different_keys_with_one_kid_are_both_rejected() {
        let a = r#"{"kty":"RSA","$A","e":"AQAB","kid":"k"}"#;
        let b = r#"{"kty":"RSA","$B","e":"AQAB","kid":"k"}"#;
        let c = r#"{"kty":"RSA","$A","e":"Aw","kid":"k"}"#;
        for other in [b, c] {
            let set = set::<4>(&format!("{a},{other}")).unwrap();
            assert_eq!(find(&set, Some("k")), Err(Error::AmbiguousKey));
        }
    }

    #[test]
    fn a_key_that_comes_twice_counts_as_one() {
        let a = r#"{"kty":"RSA","$A","e":"AQAB","kid":"k"}"#;
        let read = set::<2>(&format!("{a},{a}")).unwrap();
        let made = JwkSet::<2>::from_keys([read.keys()[0]; 2]);
        for set in [read, made] {
            assert_eq!((set.keys().len(), set.unusable()), (2, 0));
            assert_eq!(find(&set, Some("k")), Ok(0));
            assert_eq!(find(&set, None), Ok(0));
        }
    }

    #[test]
    fn the_length_of_a_document_is_bounded() {
        let document = |len| {
            let keys = r#"{"keys":[]}"#;
            format!("{keys}{}", " ".repeat(len - keys.len()))
        };
        let set = |len| JwkSet::<1>::from_json(document(len).as_bytes());
        assert!(set(MAX_KEY_SET_LEN).is_ok());
        assert_eq!(set(MAX_KEY_SET_LEN + 1).err(), Some(Error::KeySetTooLong));
    }

    #[test]
    fn the_number_of_keys_is_bounded() {
        let keys = |count| set::<1>(&["{}"].repeat(count).join(","));
        assert_eq!(keys(MAX_KEYS).map(|set| set.unusable()), Ok(MAX_KEYS));
        assert_eq!(keys(MAX_KEYS + 1).err(), Some(Error::KeySetFull));
    }

    #[test]
    fn a_document_that_is_no_jwk_set_is_rejected() {
        let error = |document: &str| JwkSet::<1>::from_json(document.as_bytes()).err();
        for document in ["[]", "{}", r#"{"keys":{}}"#, r#"{"keys":null}"#, "\"\""] {
            assert_eq!(error(document), Some(Error::InvalidKeySet), "{document}");
        }
        assert_eq!(error("<html>"), Some(Error::InvalidJson));
        assert_eq!(
            error(r#"{"keys":[],"keys":[]}"#),
            Some(Error::DuplicateMember)
        );
        let keys =
            r#"{"kty":"RSA","$A","e":"AQAB","kid":"a"},{"kty":"RSA","$B","e":"AQAB","kid":"b"}"#;
        assert_eq!(set::<1>(keys).err(), Some(Error::KeySetFull));
    }
}

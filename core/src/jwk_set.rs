//! A JWK Set (RFC 7517 section 5) of fixed capacity.

use heapless::Vec;

use crate::error::Error;
use crate::json::{self, MAX_JSON_MEMBERS, Text, Value};
use crate::jwk::Jwk;
use crate::rsa::{Bits, Capacity, PublicKey};

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
/// # const MODULUS: [u8; 256] = [0xff; 256];
///
/// // From constants: the keys, and what verifying with them needs, lie in flash.
/// static KEYS: JwkSet<1> = JwkSet::from_keys([jwk!("2026-11", &MODULUS, 65537)]);
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
    /// A key that cannot be used for RS256 is counted ([`unusable`](Self::unusable)) and skipped. It does
    /// not affect the other keys.
    ///
    /// # Errors
    ///
    /// [`Error::KeySetTooLong`], [`Error::InvalidKeySet`] and the errors of JSON where the document is not
    /// a JWK Set, and [`Error::KeySetFull`] where it has more than `N` usable keys or more than
    /// [`MAX_KEYS`] keys of any kind.
    pub fn from_json(document: &[u8]) -> Result<Self, Error> {
        if document.len() > MAX_KEY_SET_LEN {
            return Err(Error::KeySetTooLong);
        }
        let mut keys = None;
        json::walk(document, MAX_JSON_MEMBERS, &mut |name, value| {
            if name == "keys" {
                keys = Some(value);
            }
            Ok(())
        })?;
        let Some(Value::Array(elements)) = keys else {
            return Err(Error::InvalidKeySet);
        };
        let mut set = Self {
            keys: Vec::new(),
            unusable: 0,
        };
        elements.objects(&mut |members| {
            if set.keys.len() + set.unusable >= MAX_KEYS {
                return Err(Error::KeySetFull);
            }
            match members.ok_or(Error::InvalidKey).and_then(Jwk::read) {
                Ok(jwk) => set.keys.push(jwk).map_err(|_| Error::KeySetFull)?,
                Err(_) => set.unusable += 1,
            }
            Ok(())
        })?;
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

    /// The key for a token: the one with its `kid`, or the only key of the set if the token has no `kid`.
    pub(crate) fn find(&self, key_id: Option<Text<'_>>) -> Result<&PublicKey<BITS>, Error> {
        let (missing, ambiguous) = match key_id {
            Some(_) => (Error::UnknownKey, Error::AmbiguousKey),
            None => (Error::MissingKeyId, Error::MissingKeyId),
        };
        let mut candidates = self.keys.iter().filter(|key| match key_id {
            Some(key_id) => key.key_id().is_some_and(|other| key_id == other),
            None => true,
        });
        let first = candidates.next().ok_or(missing)?;
        if candidates.any(|other| other.public_key() != first.public_key()) {
            return Err(ambiguous);
        }
        Ok(first.public_key())
    }
}

#[cfg(test)]
mod tests {
    use std::format;
    use std::string::String;

    use super::*;
    use crate::MAX_KEY_ID_LEN;

    /// Replaces names by moduli: 2^2048 - 1, 2^2048 - 3, and some that cannot be used.
    fn with_moduli(document: &str) -> String {
        [
            ("$A", "", 341, "w"),
            ("$B", "", 341, "Q"),
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
        Jwk::<2048>::from_json(with_moduli(jwk).as_bytes()).err()
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
                r#"{"kty":"RSA","$A","e":"AQAB","\u0064":null}"#,
                Error::PrivateKey,
            ),
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
        Ok(set
            .keys()
            .iter()
            .position(|jwk| jwk.public_key() == key)
            .unwrap())
    }

    #[test]
    fn a_bad_key_does_not_harm_its_neighbours() {
        let keys = r#"{"kty":"oct","k":""},1,{"kty":"RSA","$A","e":"AQAB","kid":"a"},{},{"kty":"RSA","$EVEN","e":"AQAB","kid":"e"},{"kty":"RSA","$B","e":"AQAB","kid":"b"}"#;
        let set = set::<2>(keys).unwrap();
        assert_eq!((set.keys().len(), set.unusable()), (2, 4));
        assert_eq!(find(&set, Some("a")), Ok(0));
        assert_eq!(find(&set, Some("\\u0062")), Ok(1));
        assert_eq!(find(&set, Some("e")), Err(Error::UnknownKey));
        assert_eq!(find(&set, Some("")), Err(Error::UnknownKey));
        assert_eq!(find(&set, None), Err(Error::MissingKeyId));
    }

    #[test]
    fn a_token_without_a_kid_needs_a_set_of_exactly_one_key() {
        let one = set::<2>(r#"{"kty":"RSA","$A","e":"AQAB","kid":"a"},{"kty":"EC"}"#).unwrap();
        assert_eq!(find(&one, None), Ok(0));
        let anonymous = set::<2>(r#"{"kty":"RSA","$A","e":"AQAB"}"#).unwrap();
        assert_eq!(find(&anonymous, None), Ok(0));
        assert_eq!(find(&anonymous, Some("")), Err(Error::UnknownKey));
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

//! A JWS in compact serialization (RFC 7515 section 7.1) before its signature is checked.

use core::fmt;

use crate::authenticated::Authenticated;
use crate::base64url;
use crate::claims::Claims;
use crate::error::Error;
use crate::header::Header;
use crate::json::{Text, Value};
use crate::jwk_set::JwkSet;
use crate::rs256;
use crate::rsa::{Bits, Capacity, LANES};
use crate::signature_check::SignatureCheck;

/// The longest token, in bytes.
pub const MAX_TOKEN_LEN: usize = 16 * 1024;

/// A token that was split, and whose header was read. Anybody may have made it.
///
/// Use it to choose the keys to verify the token with, and for nothing else.
///
/// ```
/// # use tokenlatch::{Error, JwkSet, Policy, Time, Unverified, Verified};
/// # fn key_set_of(issuer: &str) -> Result<JwkSet<2>, Error> { Err(Error::UnknownKey) }
/// # fn verify<'t>(token: &'t mut [u8], keys: &JwkSet<2>, policy: &Policy<'_>, now: Time) -> Result<Verified<'t>, Error> {
/// let unverified = Unverified::parse(token)?; // split, header
/// let authenticated = unverified.authenticate(keys)?; // key, signature
/// let verified = authenticated.verify(policy, now)?; // claims, policy
/// # Ok(verified)
/// # }
/// ```
pub struct Unverified<'t> {
    header: Header<'t>,
    payload: &'t [u8],
    signature: &'t [u8],
    digest: [u8; 32],
}

impl<'t> Unverified<'t> {
    /// Splits a token in its own place and reads its header.
    ///
    /// The signing input is hashed while it is still whole. Then each part is decoded in its own place.
    ///
    /// # Errors
    ///
    /// The first reason found to reject the token, in the order split, header.
    pub fn parse(token: &'t mut [u8]) -> Result<Self, Error> {
        let compact = Compact::split(token)?;
        let digest = rs256::digest(compact.signing_input);
        let (header, payload) = split_at_dot(compact.signing_input, compact.dot)?;
        Ok(Self {
            header: Header::read(decode(header)?)?,
            payload: decode(payload)?,
            signature: decode(compact.signature)?,
            digest,
        })
    }

    /// As [`parse`](Self::parse), on a copy of `token` in `scratch`, which must be at least as long
    /// ([`MAX_TOKEN_LEN`] always is enough).
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse), and [`Error::ScratchTooSmall`].
    pub fn parse_copy(token: &[u8], scratch: &'t mut [u8]) -> Result<Self, Error> {
        if token.len() > MAX_TOKEN_LEN {
            return Err(Error::TokenTooLong);
        }
        let copy = scratch
            .get_mut(..token.len())
            .ok_or(Error::ScratchTooSmall)?;
        copy.copy_from_slice(token);
        Self::parse(copy)
    }

    /// Which key the token asks to be verified with: `kid`, or else `x5t` (RFC 7515 sections 4.1.4 and
    /// 4.1.7).
    #[must_use]
    pub fn key_id(&self) -> Option<Text<'t>> {
        self.header.key_id
    }

    /// `typ`: what the payload is, as a media type (RFC 7515 section 4.1.9).
    #[must_use]
    pub fn token_type(&self) -> Option<Text<'t>> {
        self.header.token_type
    }

    /// `iss`, which nobody has checked: for choosing among the key sets and policies of several issuers.
    /// The chosen policy must check the issuer again, and [`Policy`](crate::Policy) always does.
    ///
    /// # Errors
    ///
    /// The first reason found to reject the claims: they are read by the same reader that reads them
    /// once the signature is checked.
    pub fn unverified_issuer(&self) -> Result<Option<Text<'t>>, Error> {
        let mut claims = Claims::default();
        claims.read(self.payload)?;
        Ok(claims.issuer)
    }

    /// The claim with this name, which nobody has checked: for a document that the token carries and that
    /// certifies itself, such as another signed token. Nothing else may depend on it.
    ///
    /// # Errors
    ///
    /// As [`unverified_issuer`](Self::unverified_issuer).
    pub fn unverified_claim(&self, name: &str) -> Result<Option<Value<'t>>, Error> {
        let mut claims = Claims::default();
        claims.read(self.payload)?;
        Ok(claims.all.get(name))
    }

    /// Checks the signature with the key that the token names, or with the only key of the set. It may be
    /// tried again with other keys.
    ///
    /// A key that is marked for one issuer ([`Jwk::issuer`](crate::Jwk::issuer)) authenticates the claims of
    /// that issuer alone.
    ///
    /// # Errors
    ///
    /// The first reason found to reject the token, in the order key, signature.
    pub fn authenticate<const N: usize, const BITS: usize>(
        &self,
        keys: &JwkSet<N, BITS>,
    ) -> Result<Authenticated<'t>, Error>
    where
        Bits<BITS>: Capacity,
    {
        let key = keys.find(self.header.key_id)?;
        let verifies = rs256::verifies(key.public_key(), &self.digest, self.signature);
        Authenticated::new(verifies, key.mark(), &self.header, self.payload)
    }

    /// Finds the key for [`authenticate`](Self::authenticate), and leaves the signature to be checked in steps,
    /// between which the caller can do other work.
    ///
    /// # Errors
    ///
    /// Those of [`authenticate`](Self::authenticate) for the key: [`Error::UnknownKey`],
    /// [`Error::MissingKeyId`], [`Error::AmbiguousKey`] and [`Error::UnusableKey`].
    pub fn begin<'k, const N: usize, const BITS: usize>(
        &self,
        keys: &'k JwkSet<N, BITS>,
    ) -> Result<SignatureCheck<'t, 'k, BITS>, Error>
    where
        Bits<BITS>: Capacity,
    {
        let key = keys.find(self.header.key_id)?;
        Ok(SignatureCheck {
            header: self.header,
            payload: self.payload,
            signature: self.signature,
            digest: self.digest,
            key,
            check: rs256::Check::new(),
        })
    }

    /// As [`authenticate`](Self::authenticate), for eight tokens, each with its key set: in far less time than
    /// one after the other, if the processor has AVX-512 IFMA and the keys have the same bits and exponent.
    ///
    /// It then takes less than 50 kilobytes of the stack, once optimised.
    #[doc(hidden)]
    pub fn authenticate_eight<const N: usize, const BITS: usize>(
        tokens: [&Self; LANES],
        key_sets: [&JwkSet<N, BITS>; LANES],
    ) -> [Result<Authenticated<'t>, Error>; LANES]
    where
        Bits<BITS>: Capacity,
    {
        let mut lanes = tokens.iter().zip(key_sets);
        let keys = [(); LANES].map(|()| {
            let (token, keys) = lanes.next()?;
            keys.find(token.header.key_id).ok()
        });
        if let [
            Some(a),
            Some(b),
            Some(c),
            Some(d),
            Some(e),
            Some(f),
            Some(g),
            Some(h),
        ] = keys
        {
            let keys = [a, b, c, d, e, f, g, h];
            let digests = tokens.map(|token| &token.digest);
            let signatures = tokens.map(|token| token.signature);
            let public_keys = keys.map(|key| key.public_key());
            let verdicts = rs256::verify_eight(public_keys, digests, signatures);
            let mut lanes = tokens.iter().zip(keys);
            verdicts.map(|verifies| match lanes.next() {
                Some((token, key)) => {
                    Authenticated::new(verifies, key.mark(), &token.header, token.payload)
                }
                None => Err(Error::InvalidSignature),
            })
        } else {
            let mut lanes = tokens.iter().zip(key_sets);
            [(); LANES].map(|()| match lanes.next() {
                Some((token, keys)) => token.authenticate(keys),
                None => Err(Error::InvalidSignature),
            })
        }
    }
}

/// Shows nothing of the token.
impl fmt::Debug for Unverified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unverified").finish_non_exhaustive()
    }
}

/// The parts of the compact serialization, still in base64url.
struct Compact<'t> {
    /// Header and payload, and the place of the dot between them.
    signing_input: &'t mut [u8],
    dot: usize,
    signature: &'t mut [u8],
}

impl<'t> Compact<'t> {
    fn split(token: &'t mut [u8]) -> Result<Self, Error> {
        if token.len() > MAX_TOKEN_LEN {
            return Err(Error::TokenTooLong);
        }
        let dot = find_dot(token, 0).ok_or(Error::NotCompact)?;
        let second = find_dot(token, dot + 1).ok_or(Error::NotCompact)?;
        if find_dot(token, second + 1).is_some() {
            return Err(Error::NotCompact);
        }
        let (signing_input, signature) = split_at_dot(token, second)?;
        Ok(Self {
            signing_input,
            dot,
            signature,
        })
    }
}

fn decode(part: &mut [u8]) -> Result<&[u8], Error> {
    let bytes = base64url::decode_in_place(part);
    bytes.map(|bytes| &*bytes).ok_or(Error::InvalidBase64url)
}

/// The place of the first dot at `start` or after it.
fn find_dot(token: &[u8], start: usize) -> Option<usize> {
    let is_dot = |byte: &u8| *byte == b'.';
    let mut rest = token.get(start..)?;
    if HAS_VECTORS {
        // Whole blocks first: all bytes of a block are compared at once.
        let (blocks, _) = rest.as_chunks::<32>();
        let has_dot = |block: &[u8; 32]| block.iter().fold(false, |any, byte| any | is_dot(byte));
        let skipped = blocks.iter().take_while(|block| !has_dot(block)).count();
        rest = rest.get(32 * skipped..)?;
    }
    let place = rest.iter().position(is_dot)?;
    Some(token.len() - rest.len() + place)
}

/// Whether the processor is of a kind that has vectors.
const HAS_VECTORS: bool = cfg!(target_pointer_width = "64");

fn split_at_dot(text: &mut [u8], dot: usize) -> Result<(&mut [u8], &mut [u8]), Error> {
    match text.split_at_mut_checked(dot) {
        Some((before, [_, after @ ..])) => Ok((before, after)),
        _ => Err(Error::NotCompact),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_into_exactly_three_parts() {
        for mut token in [*b"....", *b"e30.", *b"e30_", *b".e30"] {
            let error = Compact::split(&mut token).err();
            assert_eq!(error, Some(Error::NotCompact));
        }
        assert!(Compact::split(&mut *b"a.b.c".clone().as_mut()).is_ok());
        assert!(Compact::split(&mut *b"..".clone().as_mut()).is_ok());
    }

    #[test]
    fn rejects_a_token_beyond_the_limit_before_anything_else() {
        let error = |len| Compact::split(&mut std::vec![b'.'; len]).err();
        assert_eq!(MAX_TOKEN_LEN, 16_384);
        assert_eq!(error(MAX_TOKEN_LEN), Some(Error::NotCompact));
        assert_eq!(error(MAX_TOKEN_LEN + 1), Some(Error::TokenTooLong));
    }

    #[test]
    fn a_copy_needs_a_buffer_as_long_as_the_token() {
        let token = b"eyJhbGciOiJSUzI1NiJ9.e30.c2ln";
        let error = |len| Unverified::parse_copy(token, &mut std::vec![0; len]).err();
        assert_eq!(error(token.len()), None);
        assert_eq!(error(token.len() - 1), Some(Error::ScratchTooSmall));
        let error = |len| Unverified::parse_copy(&std::vec![b'.'; len], &mut []).err();
        assert_eq!(error(MAX_TOKEN_LEN), Some(Error::ScratchTooSmall));
        assert_eq!(error(MAX_TOKEN_LEN + 1), Some(Error::TokenTooLong));
    }

    #[test]
    fn has_what_the_header_says_and_shows_nothing_of_it() {
        // {"alg":"RS256","kid":"k","typ":"JWT"}
        let mut token = *b"eyJhbGciOiJSUzI1NiIsImtpZCI6ImsiLCJ0eXAiOiJKV1QifQ.e30.c2ln";
        let token = Unverified::parse(&mut token).unwrap();
        assert_eq!(token.key_id().unwrap(), "k");
        assert_eq!(token.token_type().unwrap(), "JWT");
        assert_eq!(std::format!("{token:?}"), "Unverified { .. }");
    }

    #[test]
    fn the_issuer_can_be_looked_at_before_anything_is_checked() {
        let issuer = |payload: &str| {
            let mut token = std::format!("eyJhbGciOiJSUzI1NiJ9.{payload}.c2ln").into_bytes();
            let issuer = Unverified::parse(&mut token)?.unverified_issuer()?;
            Ok(issuer.is_some())
        };
        // {"iss":"i"}, {}, {"iss":1}, {}{}
        assert_eq!(issuer("eyJpc3MiOiJpIn0"), Ok(true));
        assert_eq!(issuer("e30"), Ok(false));
        assert_eq!(
            issuer("eyJpc3MiOjF9"),
            Err(Error::InvalidClaim(crate::claim::Claim::Issuer))
        );
        assert_eq!(issuer("e317fQ"), Err(Error::InvalidJson));
        assert_eq!(issuer("e30="), Err(Error::InvalidBase64url));
    }

    #[test]
    fn a_carried_document_can_be_looked_at_before_anything_is_checked() {
        let claim = |payload: &str| {
            let mut token = std::format!("eyJhbGciOiJSUzI1NiJ9.{payload}.c2ln").into_bytes();
            let claim = Unverified::parse(&mut token)?.unverified_claim("x")?;
            Ok(claim.map(|claim| claim.as_text().is_some_and(|text| text == "a.b.c")))
        };
        // {"x":"a.b.c"}, {"x":1}, {}, [], {}{}
        assert_eq!(claim("eyJ4IjoiYS5iLmMifQ"), Ok(Some(true)));
        assert_eq!(claim("eyJ4IjoxfQ"), Ok(Some(false)));
        assert_eq!(claim("e30"), Ok(None));
        assert_eq!(claim("W10"), Err(Error::ClaimsNotObject));
        assert_eq!(claim("e317fQ"), Err(Error::InvalidJson));
    }
}

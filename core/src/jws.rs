//! JSON Web Signature in its compact serialization (RFC 7515): a signed payload, whatever it is.

use core::fmt;

use sha2::{Digest, Sha256};

use crate::base64url;
use crate::header::Header;
use crate::json::Text;
use crate::{Bits, Capacity, Error, JwkSet};

/// The longest token, in bytes.
pub const MAX_TOKEN_LEN: usize = 16 * 1024;

/// A JWS whose signature was checked: its payload is what the key's owner signed.
///
/// That alone says nothing about whom the payload is for, or when: for an access token,
/// [`Verified::check`](crate::Verified::check) holds its claims against a policy. On its own it
/// serves for other signed messages, an update of the key set for example.
pub struct Authenticated<'t> {
    header: Header<'t>,
    payload: &'t [u8],
}

impl<'t> Authenticated<'t> {
    /// Checks a JWS in compact serialization where it lies: the one maker.
    ///
    /// The order matters. The signing input is hashed while it is still whole, the header names the
    /// key, and the payload is not looked at before the signature has been found good.
    ///
    /// # Errors
    ///
    /// The first reason found to refuse the token, in the order split, header, key, signature.
    pub fn check<const N: usize, const BITS: usize>(
        token: &'t mut [u8],
        keys: &JwkSet<N, BITS>,
    ) -> Result<Self, Error>
    where
        Bits<BITS>: Capacity,
    {
        let compact = Compact::split(token)?;
        let header = Header::read(base64url::decode_in_place(compact.header)?)?;
        let key = keys.find(header.key_id)?;
        let signature = base64url::decode_in_place(compact.signature)?;
        if !key.verifies(&compact.digest, signature) {
            return Err(Error::InvalidSignature);
        }
        let payload = base64url::decode_in_place(compact.payload)?;
        Ok(Self { header, payload })
    }

    /// The payload.
    #[must_use]
    pub fn payload(&self) -> &'t [u8] {
        self.payload
    }

    /// `typ`: what the payload is, as a media type (RFC 7515 section 4.1.9).
    #[must_use]
    pub fn token_type(&self) -> Option<Text<'t>> {
        self.header.token_type
    }
}

/// Shows nothing of the payload.
impl fmt::Debug for Authenticated<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticated").finish_non_exhaustive()
    }
}

/// The three parts of the compact serialization (RFC 7515 section 7.1), still in base64url, and the
/// SHA-256 of the signing input.
struct Compact<'t> {
    header: &'t mut [u8],
    payload: &'t mut [u8],
    signature: &'t mut [u8],
    digest: [u8; 32],
}

impl<'t> Compact<'t> {
    /// Not inlined, so that what hashing takes of the stack is free again for what follows.
    #[inline(never)]
    fn split(token: &'t mut [u8]) -> Result<Self, Error> {
        if token.len() > MAX_TOKEN_LEN {
            return Err(Error::TokenTooLong);
        }
        let first = find_dot(token, 0).ok_or(Error::NotCompact)?;
        let second = find_dot(token, first + 1).ok_or(Error::NotCompact)?;
        if find_dot(token, second + 1).is_some() {
            return Err(Error::NotCompact);
        }
        let (signing_input, signature) = split_at_dot(token, second)?;
        let digest = Sha256::digest(&*signing_input).into();
        let (header, payload) = split_at_dot(signing_input, first)?;
        Ok(Self {
            header,
            payload,
            signature,
            digest,
        })
    }
}

/// Where the first dot from `start` on is.
fn find_dot(token: &[u8], start: usize) -> Option<usize> {
    let is_dot = |byte: &u8| *byte == b'.';
    let rest = token.get(start..)?;
    // Whole blocks first, all of whose bytes a processor with vectors looks at in one go.
    let (blocks, _) = rest.as_chunks::<32>();
    let has_dot = |block: &[u8; 32]| block.iter().fold(false, |any, byte| any | is_dot(byte));
    let skipped = 32 * blocks.iter().take_while(|block| !has_dot(block)).count();
    let within = rest.get(skipped..)?.iter().position(is_dot)?;
    Some(start + skipped + within)
}

fn split_at_dot(text: &mut [u8], dot: usize) -> Result<(&mut [u8], &mut [u8]), Error> {
    match text.split_at_mut_checked(dot) {
        Some((before, [_, after @ ..])) => Ok((before, after)),
        _ => Err(Error::NotCompact),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7515 appendix A.2.
    const KEYS: &[u8] = br#"{"keys":[{"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}]}"#;
    const TOKEN: [u8; 458] = *b"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    const PAYLOAD: &[u8] =
        b"{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";

    fn keys() -> JwkSet<1> {
        JwkSet::from_json(KEYS).unwrap()
    }

    #[test]
    fn authenticates_the_example_of_rfc_7515() {
        let mut token = TOKEN;
        let authenticated = Authenticated::check(&mut token, &keys()).unwrap();
        assert_eq!(authenticated.payload(), PAYLOAD);
    }

    #[test]
    fn refuses_every_change_of_one_character() {
        for at in 0..TOKEN.len() {
            let mut token = TOKEN;
            token[at] = if token[at] == b'A' { b'B' } else { b'A' };
            assert!(Authenticated::check(&mut token, &keys()).is_err(), "{at}");
        }
    }

    #[test]
    fn refuses_every_shorter_token() {
        for len in 0..TOKEN.len() {
            let mut token = TOKEN;
            assert!(
                Authenticated::check(&mut token[..len], &keys()).is_err(),
                "{len}"
            );
        }
    }

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
    fn refuses_a_token_beyond_the_limit_before_anything_else() {
        let error = |len| Compact::split(&mut std::vec![b'.'; len]).err();
        assert_eq!(error(MAX_TOKEN_LEN), Some(Error::NotCompact));
        assert_eq!(error(MAX_TOKEN_LEN + 1), Some(Error::TokenTooLong));
    }
}

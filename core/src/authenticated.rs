//! A JWS whose signature was checked (RFC 7515 section 5.2).

use core::fmt;

use crate::claim::Claim;
use crate::claims::Claims;
use crate::error::Error;
use crate::header::Header;
use crate::json::Text;
use crate::policy::Policy;
use crate::tenant;
use crate::time::Time;
use crate::verified::Verified;

/// A JWS whose signature was checked: its payload is what the key's owner signed.
///
/// [`Unverified::authenticate`](crate::Unverified::authenticate) makes it, and
/// [`SignatureCheck::finish`](crate::SignatureCheck::finish) in steps: nothing else does. It does not say
/// whom the payload is for, or until when it is valid: for an access token, [`verify`](Self::verify)
/// compares the claims with a policy. Without that step it serves for other signed messages, such as an
/// update of the key set.
pub struct Authenticated<'t> {
    header: Header<'t>,
    payload: &'t [u8],
}

impl<'t> Authenticated<'t> {
    /// The JWS, if its signature verifies with a key that has this mark.
    // Inlined, to save a frame on the stack.
    #[inline(always)]
    pub(crate) fn new(
        verifies: bool,
        mark: Option<&[u8]>,
        header: &Header<'t>,
        payload: &'t [u8],
    ) -> Result<Self, Error> {
        if !verifies {
            return Err(Error::InvalidSignature);
        }
        if let Some(mark) = mark {
            check_mark(mark, payload)?;
        }
        let header = *header;
        Ok(Self { header, payload })
    }

    /// Reads the claims and compares them with the policy.
    ///
    /// # Errors
    ///
    /// The first reason found to reject the token, in the order claims, policy.
    pub fn verify(self, policy: &Policy<'_>, now: Time) -> Result<Verified<'t>, Error> {
        Verified::new(self.payload, self.header, policy, now)
    }

    /// The payload.
    #[must_use]
    pub fn payload(&self) -> &'t [u8] {
        self.payload
    }

    /// Which key the token named: `kid`, or else `x5t` (RFC 7515 sections 4.1.4 and 4.1.7).
    #[must_use]
    pub fn key_id(&self) -> Option<Text<'t>> {
        self.header.key_id
    }

    /// `typ`: what the payload is, as a media type (RFC 7515 section 4.1.9).
    #[must_use]
    pub fn token_type(&self) -> Option<Text<'t>> {
        self.header.token_type
    }
}

/// Compares the issuer with the one that the key is marked for.
///
/// Not inlined: most keys have no mark.
#[inline(never)]
fn check_mark(mark: &[u8], payload: &[u8]) -> Result<(), Error> {
    let mut claims = Claims::default();
    claims.read(payload)?;
    let issuer = claims.issuer.ok_or(Error::MissingClaim(Claim::Issuer))?;
    if tenant::is_marked_for(mark, issuer, claims.tenant()?) {
        Ok(())
    } else if tenant::is_of_template(issuer, mark) {
        // The key is for this tenant, too: it is the token that names two.
        Err(Error::WrongIssuer)
    } else {
        Err(Error::WrongKeyIssuer)
    }
}

/// Shows nothing of the payload.
impl fmt::Debug for Authenticated<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticated").finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::jwk_set::JwkSet;
    use crate::rsa::PublicKey;
    use crate::unverified::Unverified;

    /// RFC 7515 appendix A.2.
    pub(crate) const KEYS: &[u8] = br#"{"keys":[{"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}]}"#;
    pub(crate) const TOKEN: [u8; 458] = *b"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    const PAYLOAD: &[u8] =
        b"{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";

    /// The key of [`KEYS`].
    pub(crate) fn key() -> PublicKey {
        let keys = JwkSet::<1>::from_json(KEYS).unwrap();
        *keys.find(None).unwrap().public_key()
    }

    fn authenticate(token: &mut [u8]) -> Result<Authenticated<'_>, Error> {
        let keys = JwkSet::<1>::from_json(KEYS).unwrap();
        Unverified::parse(token)?.authenticate(&keys)
    }

    #[test]
    fn authenticates_the_example_of_rfc_7515() {
        let mut token = TOKEN;
        let authenticated = authenticate(&mut token).unwrap();
        assert_eq!(authenticated.payload(), PAYLOAD);
    }

    #[test]
    fn has_what_the_header_says_and_shows_nothing_of_the_payload() {
        let header = Header::read(br#"{"alg":"RS256","kid":"2026-11","typ":"at+jwt"}"#).unwrap();
        let authenticated = Authenticated::new(true, None, &header, PAYLOAD).unwrap();
        assert_eq!(authenticated.key_id().unwrap(), "2026-11");
        assert_eq!(authenticated.token_type().unwrap(), "at+jwt");
        assert_eq!(std::format!("{authenticated:?}"), "Authenticated { .. }");
    }

    #[test]
    fn rejects_every_change_of_one_character() {
        for at in 0..TOKEN.len() {
            let mut token = TOKEN;
            token[at] = if token[at] == b'A' { b'B' } else { b'A' };
            assert!(authenticate(&mut token).is_err(), "{at}");
        }
    }

    #[test]
    fn authenticates_eight_at_once_as_one_at_a_time() {
        let keys = JwkSet::<1>::from_json(KEYS).unwrap();
        let none = JwkSet::<1>::from_json(br#"{"keys":[]}"#).unwrap();
        let marked = std::str::from_utf8(KEYS).unwrap();
        let marked = marked.replace("\"e\"", "\"issuer\":\"jane\",\"e\"");
        let marked = JwkSet::<1>::from_json(marked.as_bytes()).unwrap();
        let mut tokens = [TOKEN; 8];
        // In turn: of the claims, of the signature's first byte, and of its last.
        for (lane, at) in [(1, 30), (4, 116), (6, 457)] {
            tokens[lane][at] = if tokens[lane][at] == b'A' { b'B' } else { b'A' };
        }
        // A signature that is too short.
        let mut tokens = tokens.each_mut().map(<[u8; _]>::as_mut_slice);
        let short = std::mem::take(&mut tokens[7]);
        tokens[7] = &mut short[..456];
        let tokens = tokens.map(|token| Unverified::parse(token).unwrap());
        let tokens = tokens.each_ref();
        let mut sets = [&keys; 8];
        for (lane, set) in [(2, &marked), (3, &none)] {
            sets[lane] = set;
            let at_once = Unverified::authenticate_eight(tokens, sets);
            for ((token, set), at_once) in tokens.iter().zip(sets).zip(at_once) {
                let one = token.authenticate(set);
                assert_eq!(
                    at_once.map(|token| token.payload()),
                    one.map(|token| token.payload())
                );
            }
        }
        let at_once = Unverified::authenticate_eight(tokens, [&keys; 8]);
        let good = [true, false, true, true, false, true, false, false];
        assert_eq!(at_once.map(|token| token.is_ok()), good);
    }

    #[test]
    fn rejects_every_shorter_token() {
        for len in 0..TOKEN.len() {
            let mut token = TOKEN;
            assert!(authenticate(&mut token[..len]).is_err(), "{len}");
        }
    }

    #[test]
    fn a_token_can_be_tried_with_other_keys() {
        let mut token = TOKEN;
        let unverified = Unverified::parse(&mut token).unwrap();
        assert_eq!(unverified.unverified_issuer().unwrap().unwrap(), "joe");
        let none = JwkSet::<1>::from_json(br#"{"keys":[]}"#).unwrap();
        assert_eq!(
            unverified.authenticate(&none).err(),
            Some(Error::MissingKeyId)
        );
        let keys = JwkSet::<1>::from_json(KEYS).unwrap();
        let authenticated = unverified.authenticate(&keys).unwrap();
        assert_eq!(authenticated.payload(), PAYLOAD);
    }
}

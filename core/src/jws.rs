//! JSON Web Signature in its compact serialization (RFC 7515): a signed payload, whatever it is.

use core::fmt;

use sha2::{Digest, Sha256};

use crate::base64url;
use crate::header::Header;
use crate::{Bits, Capacity, Error, JwkSet};

/// The longest token, in bytes.
pub const MAX_TOKEN_LEN: usize = 16 * 1024;

/// A JWS whose signature was checked: its payload is what the key's owner signed.
pub(crate) struct Authenticated<'t> {
    payload: &'t [u8],
}

impl<'t> Authenticated<'t> {
    /// Checks a JWS in compact serialization where it lies: the one maker.
    ///
    /// The order matters. The signing input is hashed while it is still whole, the header names the
    /// key, and the payload is not looked at before the signature has been found good.
    pub(crate) fn check<const N: usize, const BITS: usize>(
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
        Ok(Self { payload })
    }

    /// The payload.
    pub(crate) fn payload(&self) -> &'t [u8] {
        self.payload
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
    fn split(token: &'t mut [u8]) -> Result<Self, Error> {
        if token.len() > MAX_TOKEN_LEN {
            return Err(Error::TokenTooLong);
        }
        let is_dot = |byte: &u8| *byte == b'.';
        if token.iter().copied().filter(|byte| is_dot(byte)).count() != 2 {
            return Err(Error::NotCompact);
        }
        let mut parts = token.rsplitn_mut(2, is_dot);
        let (Some(signature), Some(signing_input)) = (parts.next(), parts.next()) else {
            return Err(Error::NotCompact);
        };
        let digest = Sha256::digest(&*signing_input).into();
        let mut parts = signing_input.splitn_mut(2, is_dot);
        let (Some(header), Some(payload)) = (parts.next(), parts.next()) else {
            return Err(Error::NotCompact);
        };
        Ok(Self {
            header,
            payload,
            signature,
            digest,
        })
    }
}

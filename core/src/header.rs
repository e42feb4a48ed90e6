//! The JOSE header (RFC 7515 section 4).

use crate::Error;
use crate::json::{self, Text, Value};

/// The longest header, in bytes after base64url.
pub const MAX_HEADER_LEN: usize = 4096;

/// What the verifier takes from the header.
///
/// Keys that a header carries or points to (`jwk`, `jku`, `x5c`, `x5u`) are never used: a token
/// cannot say who may sign it.
pub(crate) struct Header<'t> {
    /// `kid`
    pub(crate) key_id: Option<Text<'t>>,
}

impl<'t> Header<'t> {
    pub(crate) fn read(header: &'t [u8]) -> Result<Self, Error> {
        if header.len() > MAX_HEADER_LEN {
            return Err(Error::HeaderTooLong);
        }
        let Value::Object(members) = json::parse(header)? else {
            return Err(Error::InvalidHeader);
        };
        let mut algorithm = None;
        let mut key_id = None;
        for (name, value) in members.members() {
            if name == "alg" {
                algorithm = Some(value.as_text().ok_or(Error::InvalidHeader)?);
            } else if name == "kid" {
                key_id = Some(value.as_text().ok_or(Error::InvalidHeader)?);
            } else if name == "crit" {
                return Err(Error::CriticalExtension);
            }
        }
        if algorithm.is_none_or(|algorithm| algorithm != "RS256") {
            return Err(Error::UnsupportedAlgorithm);
        }
        Ok(Self { key_id })
    }
}

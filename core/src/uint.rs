//! Base64urlUInt (RFC 7518 section 2): the numbers of a JWK as text.
//!
//! The text should have neither padding nor a leading zero, but real servers send both, the zero being left
//! over from ASN.1. Padding is dropped, and one zero. A token gets no such mercy: two texts for one token would
//! let anybody make another token that is as good, which a list of revoked or used tokens does not know.
//! Nobody but the issuer can write the text of a key.

use crate::base64url;
use crate::error::Error;
use crate::json::Text;

/// 513 bytes in base64url: 4096 bits and a leading zero. Padding takes no more.
pub(crate) const MAX_TEXT_LEN: usize = 684;

/// The big-endian bytes of a number in a JSON document.
pub(crate) fn read<'b>(
    text: Text<'_>,
    buffer: &'b mut [u8],
    too_long: Error,
) -> Result<&'b [u8], Error> {
    let len = text.copy_to(buffer).ok_or(too_long)?;
    let text = buffer.get_mut(..len).ok_or(too_long)?;
    let len = without_padding(text).len();
    let text = text.get_mut(..len).ok_or(too_long)?;
    let bytes = base64url::decode_in_place(text).ok_or(Error::InvalidBase64url)?;
    Ok(without_a_zero(bytes))
}

/// A number in constants, where there is no JSON.
#[derive(Debug)]
pub struct Uint {
    buffer: [u8; MAX_TEXT_LEN],
    len: usize,
}

impl Uint {
    /// As [`read`].
    pub(crate) const fn new(text: &str, too_long: Error) -> Result<Self, Error> {
        let text = text.as_bytes();
        if text.len() > MAX_TEXT_LEN {
            return Err(too_long);
        }
        let mut buffer = [0; MAX_TEXT_LEN];
        match base64url::decode(without_padding(text), &mut buffer) {
            Ok(len) => Ok(Self { buffer, len }),
            Err(error) => Err(error),
        }
    }

    /// The big-endian bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8] {
        match self.buffer.split_at_checked(self.len) {
            Some((bytes, _)) => without_a_zero(bytes),
            None => &[],
        }
    }
}

const fn without_padding(text: &[u8]) -> &[u8] {
    match text {
        _ if !text.len().is_multiple_of(4) => text,
        [rest @ .., b'=', b'='] | [rest @ .., b'='] => rest,
        _ => text,
    }
}

const fn without_a_zero(bytes: &[u8]) -> &[u8] {
    match bytes {
        [0, rest @ ..] => rest,
        _ => bytes,
    }
}

#[cfg(test)]
mod tests {
    use std::format;
    use std::string::String;

    use super::*;

    #[test]
    fn a_constant_is_read_as_a_document_is() {
        let long = |len| "A".repeat(len);
        for (text, expected) in [
            ("", Ok(&[][..])),
            ("AQAB", Ok(&[1, 0, 1])),
            ("AAEAAQ", Ok(&[1, 0, 1])),
            ("AAEAAQ==", Ok(&[1, 0, 1])),
            ("AAABAAE=", Ok(&[0, 1, 0, 1])),
            ("AA==", Ok(&[])),
            ("AAA=", Ok(&[0])),
            ("AQAB=", Err(Error::InvalidBase64url)),
            ("AQAB====", Err(Error::InvalidBase64url)),
            ("A===", Err(Error::InvalidBase64url)),
            ("====", Err(Error::InvalidBase64url)),
            ("AQ B", Err(Error::InvalidBase64url)),
            ("+/+/", Err(Error::InvalidBase64url)),
            (&long(684), Ok(&[0; 512])),
            (&long(685), Err(Error::ModulusTooLong)),
        ] {
            let constant = Uint::new(text, Error::ModulusTooLong);
            assert_eq!(
                constant.as_ref().map(Uint::bytes),
                expected.as_ref().map(|b| *b),
                "{text}"
            );
            let json: String = format!("\"{text}\"");
            let json = crate::json::parse(json.as_bytes()).unwrap();
            let mut buffer = [0; MAX_TEXT_LEN];
            let read = read(json.as_text().unwrap(), &mut buffer, Error::ModulusTooLong);
            assert_eq!(read, expected, "{text}");
        }
    }
}

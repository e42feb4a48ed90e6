//! A token's parts, decoded and not verified, for people to look at.

use std::fmt::Write;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use tokenlatch::json::{self, Object, Value};
use tokenlatch::{Error, MAX_TOKEN_LEN};

use crate::verdict::{OneLine, steers};

/// A token's header and claims.
pub(crate) struct Decoded {
    header: Vec<u8>,
    claims: Vec<u8>,
    /// The bytes of the signature.
    pub(crate) signature_len: usize,
}

impl Decoded {
    /// Decodes the parts of a token in the compact serialization.
    pub(crate) fn new(token: &[u8]) -> Result<Self, Error> {
        if token.len() > MAX_TOKEN_LEN {
            return Err(Error::TokenTooLong);
        }
        let parts: Vec<_> = token.split(|byte| *byte == b'.').collect();
        let [header, claims, signature] = parts[..] else {
            return Err(Error::NotCompact);
        };
        let decode = |part| BASE64URL.decode(part).map_err(|_| Error::InvalidBase64url);
        Ok(Self {
            header: decode(header)?,
            claims: decode(claims)?,
            signature_len: decode(signature)?.len(),
        })
    }

    /// The JOSE header.
    pub(crate) fn header(&self) -> Result<Object<'_>, Error> {
        object(&self.header).and_then(|header| header.ok_or(Error::InvalidHeader))
    }

    /// The claims.
    pub(crate) fn claims(&self) -> Result<Object<'_>, Error> {
        object(&self.claims).and_then(|claims| claims.ok_or(Error::ClaimsNotObject))
    }
}

fn object(document: &[u8]) -> Result<Option<Object<'_>>, Error> {
    json::parse(document).map(Value::as_object)
}

/// A value as it is written, without what could steer a terminal.
pub(crate) fn written(value: Value<'_>) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.as_str().into(),
        Value::String(text) => quoted(&text.to_string()),
        Value::Array(array) => OneLine(array.as_str()).to_string(),
        Value::Object(object) => OneLine(object.as_str()).to_string(),
    }
}

/// A text in quotation marks, without what could steer a terminal.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(character);
            }
            _ if steers(character) => {
                // Writing to a string does not fail.
                let _ = write!(quoted, "\\u{{{:x}}}", u32::from(character));
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// The whole seconds of a date (RFC 7519 section 2).
pub(crate) fn seconds(value: Value<'_>) -> Option<u64> {
    let Value::Number(number) = value else {
        return None;
    };
    let seconds: f64 = number.as_str().parse().ok()?;
    (0.0..9e15).contains(&seconds).then_some(seconds as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_a_number() {
        let number = |text: &'static str| seconds(json::parse(text.as_bytes()).unwrap());
        assert_eq!(number("90.5"), Some(90));
        assert_eq!(number("9e1"), Some(90));
        for none in ["-1", "1e400", "\"90\"", "null"] {
            assert_eq!(number(none), None, "{none}");
        }
    }

    #[test]
    fn nothing_steers_the_terminal() {
        let hostile = "{\"a\\u001b\":[\"\u{9b}2J\\n\u{202e}\\\"\",1.50E+400,true,null,{}]}";
        let value = json::parse(hostile.as_bytes()).unwrap();
        let shown = r#"{"a\u001b":["\u009b2J\n\u202e\"",1.50E+400,true,null,{}]}"#;
        assert_eq!(written(value), shown);
        assert_eq!(
            quoted("\u{9b}2J\n\u{202e}\""),
            r#""\u{9b}2J\u{a}\u{202e}\"""#
        );
    }

    #[test]
    fn what_is_no_token_is_not_decoded() {
        let error = |token: &str| Decoded::new(token.as_bytes()).err();
        assert_eq!(error("a.b"), Some(Error::NotCompact));
        assert_eq!(error("a.b.c.d.e"), Some(Error::NotCompact));
        assert_eq!(error("e30.e30=.e30"), Some(Error::InvalidBase64url));
        let long = "a".repeat(MAX_TOKEN_LEN + 1);
        assert_eq!(error(&long), Some(Error::TokenTooLong));
        let decoded = Decoded::new(b"W10.ezE.").unwrap();
        assert_eq!(decoded.header().err(), Some(Error::InvalidHeader));
        assert_eq!(decoded.claims().err(), Some(Error::InvalidJson));
        assert_eq!(decoded.signature_len, 0);
    }
}

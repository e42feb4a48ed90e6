//! The JOSE header (RFC 7515 section 4).

use crate::error::Error;
use crate::json::{self, Chars, Kind, Raw, Text, Visitor};
use crate::rs256;

/// The longest header, in bytes after base64url.
///
/// Real ones have 30 to 200 bytes, or 2,000 with a certificate (`x5c`).
pub const MAX_HEADER_LEN: usize = 2048;

/// As [`MAX_JSON_MEMBERS`](crate::MAX_JSON_MEMBERS), for the header, which anybody can have made: so that it
/// costs less to read than a signature costs to verify.
pub const MAX_HEADER_MEMBERS: usize = 32;

/// What the verifier takes from the header.
///
/// Keys that a header carries or points to (`jwk`, `jku`, `x5c`, `x5u`) are never used: a token
/// cannot say who may sign it.
#[derive(Clone, Copy)]
pub(crate) struct Header<'t> {
    /// `kid`, or else `x5t` (RFC 7515 sections 4.1.4 and 4.1.7): AD FS names keys by the second alone.
    pub(crate) key_id: Option<Text<'t>>,
    /// `typ`
    pub(crate) token_type: Option<Text<'t>>,
}

impl<'t> Header<'t> {
    pub(crate) fn read(header: &'t [u8]) -> Result<Self, Error> {
        if header.len() > MAX_HEADER_LEN {
            return Err(Error::HeaderTooLong);
        }
        let mut fields = Fields::default();
        let document = json::walk(header, MAX_HEADER_MEMBERS, &mut fields)?;
        document.as_object().ok_or(Error::InvalidHeader)?;
        let Fields([algorithm, key_id, thumbprint, token_type]) = fields;
        if algorithm.is_none_or(|algorithm| algorithm != rs256::ALGORITHM) {
            return Err(Error::UnsupportedAlgorithm);
        }
        Ok(Self {
            key_id: key_id.or(thumbprint),
            token_type,
        })
    }
}

/// The members with these [`NAMES`].
#[derive(Default)]
struct Fields<'t>([Option<Text<'t>>; 4]);

const NAMES: [&str; 4] = ["alg", "kid", "x5t", "typ"];

impl<'t> Visitor<'t> for Fields<'t> {
    fn member(&mut self, name: Text<'t>, value: Raw<'t>) -> Result<(), Error> {
        for (field, wanted) in self.0.iter_mut().zip(&NAMES) {
            if name == *wanted {
                *field = Some(value.as_text().ok_or(Error::InvalidHeader)?);
                return Ok(());
            }
        }
        if name == "crit" {
            return Err(Error::CriticalExtension);
        }
        Ok(())
    }
}

/// Whether two media types are the same as RFC 7515 section 4.1.9 has it: without regard to case,
/// and with `application/` left out where no other `/` is in the name.
pub(crate) fn is_same_media_type(a: Text<'_>, b: &str) -> bool {
    let b = without_application(Chars::plain(b.as_bytes()));
    without_application(a.unescaped()).are(b.rest(), Kind::AnyCase)
}

fn without_application(name: Chars<'_>) -> Chars<'_> {
    let mut rest = name.clone();
    let is_short = rest.skip_text(b"application/", Kind::AnyCase)
        && rest.clone().all(|character| character != '/');
    if is_short { rest } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(header: &[u8]) -> Option<Error> {
        Header::read(header).err()
    }

    #[test]
    fn the_algorithm_is_exactly_rs256() {
        assert_eq!(error(br#"{"alg":"RS256"}"#), None);
        assert_eq!(error(br#"{"\u0061lg":"RS\u003256"}"#), None);
        for header in [
            r#"{}"#,
            r#"{"alg":"none"}"#,
            r#"{"alg":"None"}"#,
            r#"{"alg":"rs256"}"#,
            r#"{"alg":"RS256 "}"#,
            r#"{"alg":"HS256"}"#,
            r#"{"alg":"RS384"}"#,
            r#"{"alg":"PS256"}"#,
            r#"{"alg":""}"#,
        ] {
            assert_eq!(
                error(header.as_bytes()),
                Some(Error::UnsupportedAlgorithm),
                "{header}"
            );
        }
    }

    #[test]
    fn a_member_of_the_wrong_type_is_rejected() {
        for header in [
            r#"[]"#,
            r#""RS256""#,
            r#"{"alg":null}"#,
            r#"{"alg":["RS256"]}"#,
            r#"{"alg":"RS256","kid":1}"#,
            r#"{"alg":"RS256","kid":null}"#,
            r#"{"alg":"RS256","typ":{}}"#,
        ] {
            assert_eq!(
                error(header.as_bytes()),
                Some(Error::InvalidHeader),
                "{header}"
            );
        }
    }

    #[test]
    fn any_critical_extension_is_rejected() {
        for crit in [r#"["b64"]"#, "[]", "null", r#"["exp"]"#] {
            let header = std::format!(r#"{{"alg":"RS256","crit":{crit},"b64":true}}"#);
            assert_eq!(
                error(header.as_bytes()),
                Some(Error::CriticalExtension),
                "{header}"
            );
        }
    }

    #[test]
    fn the_length_is_bounded() {
        let header = |len: usize| {
            let start = r#"{"alg":"RS256","x":""#;
            std::format!("{start}{}\"}}", "x".repeat(len - start.len() - 2))
        };
        assert_eq!(error(header(MAX_HEADER_LEN).as_bytes()), None);
        assert_eq!(
            error(header(MAX_HEADER_LEN + 1).as_bytes()),
            Some(Error::HeaderTooLong)
        );
    }

    #[test]
    fn media_types_are_compared_as_rfc_7515_has_it() {
        for (a, b, same) in [
            ("at+jwt", "at+jwt", true),
            ("AT+JWT", "at+jwt", true),
            ("application/at+jwt", "at+jwt", true),
            ("at+jwt", "application/AT+jwt", true),
            ("JWT", "at+jwt", false),
            ("", "at+jwt", false),
            ("text/at+jwt", "at+jwt", false),
            ("application/application/at+jwt", "at+jwt", false),
            (
                "application/application/at+jwt",
                "application/at+jwt",
                false,
            ),
            ("application/text/plain", "text/plain", false),
            ("at+jwt;v=1", "at+jwt", false),
        ] {
            assert_eq!(is_same_media_type(Text::new(a), b), same, "{a} {b}");
        }
    }
}

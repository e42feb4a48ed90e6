//! The registered claims (RFC 7519 section 4.1) and `scope` (RFC 8693 section 4.2).

use crate::Error;
use crate::json::{self, Number, Object, Text, Value};

/// A claim that the verifier itself reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Claim {
    /// `iss`
    Issuer,
    /// `sub`
    Subject,
    /// `aud`
    Audience,
    /// `exp`
    Expiry,
    /// `nbf`
    NotBefore,
    /// `iat`
    IssuedAt,
    /// `jti`
    TokenId,
    /// `scope`
    Scope,
}

impl Claim {
    /// The claim's name in the token.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Issuer => "iss",
            Self::Subject => "sub",
            Self::Audience => "aud",
            Self::Expiry => "exp",
            Self::NotBefore => "nbf",
            Self::IssuedAt => "iat",
            Self::TokenId => "jti",
            Self::Scope => "scope",
        }
    }
}

/// The claims of a token: each is absent or well-formed.
pub(crate) struct Claims<'a> {
    pub(crate) all: Object<'a>,
    pub(crate) issuer: Option<Text<'a>>,
    pub(crate) subject: Option<Text<'a>>,
    pub(crate) audience: Option<Value<'a>>,
    pub(crate) expiry: Option<NumericDate>,
    pub(crate) not_before: Option<NumericDate>,
    pub(crate) issued_at: Option<NumericDate>,
    pub(crate) token_id: Option<Text<'a>>,
    pub(crate) scope: Option<Value<'a>>,
}

impl<'a> Claims<'a> {
    pub(crate) fn read(payload: &'a [u8]) -> Result<Self, Error> {
        let Value::Object(all) = json::parse(payload)? else {
            return Err(Error::ClaimsNotObject);
        };
        let mut claims = Self {
            all,
            issuer: None,
            subject: None,
            audience: None,
            expiry: None,
            not_before: None,
            issued_at: None,
            token_id: None,
            scope: None,
        };
        for (name, value) in all.members() {
            if name == "iss" {
                claims.issuer = Some(text(value, Claim::Issuer)?);
            } else if name == "sub" {
                claims.subject = Some(text(value, Claim::Subject)?);
            } else if name == "aud" {
                claims.audience = Some(texts(value, Claim::Audience)?);
            } else if name == "exp" {
                claims.expiry = Some(date(value, Claim::Expiry)?);
            } else if name == "nbf" {
                claims.not_before = Some(date(value, Claim::NotBefore)?);
            } else if name == "iat" {
                claims.issued_at = Some(date(value, Claim::IssuedAt)?);
            } else if name == "jti" {
                claims.token_id = Some(text(value, Claim::TokenId)?);
            } else if name == "scope" {
                // ATM's user tokens have an object that describes the user here.
                claims.scope = Some(match value {
                    Value::Object(_) => value,
                    _ => texts(value, Claim::Scope)?,
                });
            }
        }
        Ok(claims)
    }

    pub(crate) fn audiences(&self) -> impl Iterator<Item = Text<'a>> + use<'a> {
        each(self.audience)
    }

    pub(crate) fn scopes(&self) -> impl Iterator<Item = Text<'a>> + use<'a> {
        each(self.scope)
            .flat_map(|text| text.split(' '))
            .filter(|scope| *scope != "")
    }
}

fn text(value: Value<'_>, claim: Claim) -> Result<Text<'_>, Error> {
    value.as_text().ok_or(Error::InvalidClaim(claim))
}

fn date(value: Value<'_>, claim: Claim) -> Result<NumericDate, Error> {
    match value {
        Value::Number(number) => NumericDate::read(number).ok_or(Error::InvalidClaim(claim)),
        _ => Err(Error::InvalidClaim(claim)),
    }
}

/// A string, or an array of nothing but strings.
fn texts(value: Value<'_>, claim: Claim) -> Result<Value<'_>, Error> {
    match value {
        Value::String(_) => Ok(value),
        Value::Array(array) if array.elements().all(|value| value.as_text().is_some()) => Ok(value),
        _ => Err(Error::InvalidClaim(claim)),
    }
}

/// The strings of what [`texts`] accepted.
fn each(texts: Option<Value<'_>>) -> impl Iterator<Item = Text<'_>> {
    let (one, many) = match texts {
        Some(Value::String(text)) => (Some(text), None),
        Some(Value::Array(array)) => (None, Some(array.elements())),
        _ => (None, None),
    };
    one.into_iter()
        .chain(many.into_iter().flatten().filter_map(Value::as_text))
}

/// Seconds since 1970-01-01T00:00:00Z, without leap seconds (RFC 7519 section 2), perhaps with a
/// fraction, from 0 to the end of the year 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NumericDate {
    seconds: u64,
    has_fraction: bool,
}

impl NumericDate {
    /// 9999-12-31T23:59:59Z.
    const MAX: u64 = 253_402_300_799;

    /// The last whole second that is not after it.
    pub(crate) fn floor(self) -> u64 {
        self.seconds
    }

    /// The first whole second that is not before it.
    pub(crate) fn ceil(self) -> u64 {
        self.seconds + u64::from(self.has_fraction)
    }

    /// Reads any JSON number exactly, or refuses it as out of range.
    fn read(number: Number<'_>) -> Option<Self> {
        let text = number.as_str();
        let (is_negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        // How many of the digits stand before the point once the exponent has moved it.
        let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
        let moved = parse_saturating(exponent);
        let mut before_point = i64::try_from(whole.len()).ok()?.saturating_add(moved);
        let mut date = Self {
            seconds: 0,
            has_fraction: false,
        };
        for digit in whole.bytes().chain(fraction.bytes()) {
            let digit = u64::from(digit.wrapping_sub(b'0'));
            if before_point > 0 {
                date.seconds = date.seconds.checked_mul(10)?.checked_add(digit)?;
            } else {
                date.has_fraction |= digit != 0;
            }
            before_point = before_point.saturating_sub(1);
        }
        // Zeros that the exponent adds; zero itself stays zero however many.
        while before_point > 0 && date.seconds > 0 {
            date.seconds = date.seconds.checked_mul(10)?;
            before_point -= 1;
        }
        let is_zero = date.seconds == 0 && !date.has_fraction;
        let in_range = date.ceil() <= Self::MAX && (!is_negative || is_zero);
        in_range.then_some(date)
    }
}

/// A decimal exponent; one beyond any number's length is as good as the largest.
fn parse_saturating(exponent: &str) -> i64 {
    let (is_negative, digits) = match exponent.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, exponent),
    };
    let value = digits.bytes().fold(0_i64, |value, digit| {
        value
            .saturating_mul(10)
            .saturating_add(i64::from(digit.wrapping_sub(b'0')))
    });
    if is_negative { -value } else { value }
}

#[cfg(test)]
mod tests {
    use std::format;
    use std::string::{String, ToString};
    use std::vec::Vec;

    use super::*;

    /// The whole seconds before and after a date.
    fn seconds(number: &str) -> Option<(u64, u64)> {
        let document = format!("{{\"exp\":{number}}}");
        let claims = Claims::read(document.as_bytes()).ok()?;
        claims.expiry.map(|date| (date.floor(), date.ceil()))
    }

    #[test]
    fn a_date_is_any_json_number_in_range_and_exact() {
        for (number, expected) in [
            ("0", (0, 0)),
            ("-0", (0, 0)),
            ("-0.0e5", (0, 0)),
            ("1300819380", (1_300_819_380, 1_300_819_380)),
            ("1300819380.0", (1_300_819_380, 1_300_819_380)),
            ("1300819380.000", (1_300_819_380, 1_300_819_380)),
            ("1300819380.5", (1_300_819_380, 1_300_819_381)),
            (
                "1300819380.000000000000000000000000000001",
                (1_300_819_380, 1_300_819_381),
            ),
            ("1.30081938e9", (1_300_819_380, 1_300_819_380)),
            ("1.30081938E+9", (1_300_819_380, 1_300_819_380)),
            ("13008193800000e-4", (1_300_819_380, 1_300_819_380)),
            ("13008193805000e-4", (1_300_819_380, 1_300_819_381)),
            ("0.00001e9", (10_000, 10_000)),
            ("1e-400", (0, 1)),
            ("0e99999999999999999999", (0, 0)),
            ("1e-99999999999999999999", (0, 1)),
            ("253402300799", (253_402_300_799, 253_402_300_799)),
        ] {
            assert_eq!(seconds(number), Some(expected), "{number}");
        }
        for number in [
            "-1",
            "-1e-9",
            "253402300800",
            "253402300799.1",
            "1e12",
            "1e19",
            "1e400",
            "18446744073709551616",
            "99999999999999999999999",
            "1e99999999999999999999",
        ] {
            assert_eq!(seconds(number), None, "{number}");
        }
    }

    #[test]
    fn a_malformed_claim_is_never_treated_as_absent() {
        let error = |document: &str| Claims::read(document.as_bytes()).err();
        for claim in [
            Claim::Issuer,
            Claim::Subject,
            Claim::Audience,
            Claim::Expiry,
            Claim::NotBefore,
            Claim::IssuedAt,
            Claim::TokenId,
            Claim::Scope,
        ] {
            for value in ["null", "true", "[1]", "[\"a\",null]", "[[\"a\"]]"] {
                let document = format!("{{\"{}\":{value}}}", claim.name());
                assert_eq!(
                    error(&document),
                    Some(Error::InvalidClaim(claim)),
                    "{document}"
                );
            }
        }
        for document in [r#"{"exp":"1"}"#, r#"{"exp":{}}"#, r#"{"\u0065xp":null}"#] {
            assert_eq!(
                error(document),
                Some(Error::InvalidClaim(Claim::Expiry)),
                "{document}"
            );
        }
        for document in ["[]", "\"\"", "1", "null"] {
            assert_eq!(error(document), Some(Error::ClaimsNotObject));
        }
    }

    #[test]
    fn audiences_and_scopes_are_one_or_more() {
        fn list<'a>(texts: impl Iterator<Item = Text<'a>>) -> Vec<String> {
            texts.map(|text| text.to_string()).collect()
        }
        let claims = Claims::read(br#"{"aud":"a b","scope":"a  b\u0020c"}"#).unwrap();
        assert_eq!(list(claims.audiences()), ["a b"]);
        assert_eq!(list(claims.scopes()), ["a", "b", "c"]);
        let claims = Claims::read(br#"{"aud":["a","b"],"scope":{"email":"e"}}"#).unwrap();
        assert_eq!(list(claims.audiences()), ["a", "b"]);
        assert!(claims.scopes().next().is_none());
        let claims = Claims::read(br#"{"aud":[],"scope":""}"#).unwrap();
        assert!(claims.audiences().next().is_none());
        assert!(claims.scopes().next().is_none());
    }
}

//! The response of a token endpoint that issues a token (RFC 6749 section 5.1).

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use tokenlatch::{MAX_TOKEN_LEN, json};

use super::access_token::AccessToken;
use super::error::Malformed;
use crate::clock;

/// The longest lifetime. A longer one counts as this one, which is the longest that Auth0 issues.
pub const MAX_LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The lifetime of a token that has none: neither the response nor the token itself says when it expires. RFC
/// 6749 section 5.1 allows that.
pub const UNSTATED_LIFETIME: Duration = Duration::from_secs(60);

/// A token, and the tokens that refresh it.
pub struct TokenResponse {
    pub(crate) token: AccessToken,
    pub(crate) refresh_token: Option<SecretString>,
    pub(crate) id_token: Option<SecretString>,
}

#[derive(Deserialize)]
struct Members {
    access_token: SecretString,
    token_type: Option<String>,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Lifetime,
    #[serde(default, deserialize_with = "seconds")]
    exp_access_token: Lifetime,
    refresh_token: Option<SecretString>,
    id_token: Option<SecretString>,
}

/// A lifetime in seconds, if the response has one. A malformed one is an error.
type Lifetime = Option<Result<u64, Malformed>>;

impl TokenResponse {
    pub(crate) fn read(body: &[u8]) -> Result<Self, Malformed> {
        let body = json::without_bom(body);
        let members: Members = serde_json::from_slice(body).map_err(|_| Malformed::Json)?;
        let response = std::str::from_utf8(body).map_err(|_| Malformed::Json)?;
        let token_type = members.token_type.as_deref();
        if token_type.is_some_and(|name| !name.eq_ignore_ascii_case("Bearer")) {
            return Err(Malformed::TokenType);
        }
        let token = members.access_token;
        if !is_b64token(token.expose_secret()) {
            return Err(Malformed::Token);
        }
        let lifetime = match members.expires_in.or(members.exp_access_token) {
            Some(seconds) => Duration::from_secs(seconds?),
            None => own_lifetime(token.expose_secret()).unwrap_or(UNSTATED_LIFETIME),
        };
        let lifetime = lifetime.min(MAX_LIFETIME);
        Ok(Self {
            token: AccessToken::new(token, lifetime, response.into()),
            refresh_token: members.refresh_token,
            id_token: members.id_token,
        })
    }
}

/// The lifetime that is left to a token by its own `exp`, if it is a JWT with one.
fn own_lifetime(token: &str) -> Option<Duration> {
    let mut parts = token.split('.');
    let (_, Some(payload), Some(_)) = (parts.next(), parts.next(), parts.next()) else {
        return None;
    };
    let payload = Zeroizing::new(BASE64URL.decode(payload).ok()?);
    let claims = json::parse(&payload).ok()?.as_object()?;
    let expiry = claims.get("exp")?.as_u64()?;
    Some(Duration::from_secs(
        expiry.saturating_sub(clock::unix_now()),
    ))
}

/// Reads a whole number, or a string of digits, which some servers send.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Lifetime, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let number = match &value {
        serde_json::Value::Null => return Ok(None),
        serde_json::Value::String(text) if digits(text) => text.parse().ok(),
        value => value.as_u64().or_else(|| whole(value.as_f64()?)),
    };
    Ok(Some(number.ok_or(Malformed::Lifetime)))
}

/// A number such as `3600.0`.
fn whole(number: f64) -> Option<u64> {
    // Up to here, no whole number is rounded.
    const MAX: f64 = 9_007_199_254_740_992.0;
    let is_whole = number.fract() == 0.0 && (0.0..=MAX).contains(&number);
    is_whole.then_some(number as u64)
}

/// Whether a token has the form that `Authorization: Bearer` requires (RFC 6750 section 2.1).
fn is_b64token(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    let unpadded = text.trim_end_matches('=');
    (1..=MAX_TOKEN_LEN).contains(&text.len())
        && !unpadded.is_empty()
        && unpadded.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<TokenResponse, Malformed> {
        TokenResponse::read(body.as_bytes())
    }

    fn lifetime(member: &str) -> Result<u64, Malformed> {
        let response = read(&format!(r#"{{"access_token":"a.b.c",{member}}}"#))?;
        Ok(response.token.lifetime().as_secs())
    }

    #[test]
    fn a_lifetime_is_a_number_or_a_numeric_string_within_bounds() {
        let longest = 30 * 86_400;
        for (member, seconds) in [
            (r#""expires_in":86400"#, 86_400),
            (r#""expires_in":"86400""#, 86_400),
            (r#""exp_access_token":600"#, 600),
            (r#""exp_access_token":"0600""#, 600),
            (r#""expires_in":null,"exp_access_token":5"#, 5),
            (r#""expires_in":0"#, 0),
            (r#""expires_in":3600.0"#, 3600),
            (r#""expires_in":3.6e3"#, 3600),
            (r#""scope":"a""#, UNSTATED_LIFETIME.as_secs()),
            (r#""expires_in":null"#, UNSTATED_LIFETIME.as_secs()),
            (r#""expires_in":18446744073709551615"#, longest),
        ] {
            assert_eq!(lifetime(member), Ok(seconds), "{member}");
        }
        for member in [
            r#""expires_in":-1"#,
            r#""expires_in":1.5"#,
            r#""expires_in":1e300"#,
            r#""expires_in":"""#,
            r#""expires_in":"+5""#,
            r#""expires_in":" 5""#,
            r#""expires_in":"1h""#,
            r#""expires_in":"99999999999999999999""#,
            r#""expires_in":true"#,
            r#""expires_in":[600]"#,
        ] {
            assert_eq!(lifetime(member), Err(Malformed::Lifetime), "{member}");
        }
    }

    #[test]
    fn a_lifetime_that_is_not_stated_is_that_of_the_token() {
        let lifetime = |claims: &str| {
            let token = format!("e30.{}.c2ln", BASE64URL.encode(claims));
            let response = read(&format!(r#"{{"access_token":"{token}"}}"#));
            response.unwrap().token.lifetime()
        };
        let now = clock::unix_now();
        let left = lifetime(&format!(r#"{{"exp":{}}}"#, now + 600));
        let range = Duration::from_secs(590)..=Duration::from_secs(600);
        assert!(range.contains(&left), "{left:?}");
        assert_eq!(lifetime(r#"{"exp":1}"#), Duration::ZERO);
        assert_eq!(lifetime(r#"{"exp":18446744073709551615}"#), MAX_LIFETIME);
        for unknown in [
            "{}",
            "[]",
            r#"{"exp":"1"}"#,
            r#"{"exp":1,"exp":2}"#,
            "opaque",
        ] {
            assert_eq!(lifetime(unknown), UNSTATED_LIFETIME, "{unknown}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_skipped() {
        assert!(read("\u{feff}{\"access_token\":\"a\"}").is_ok());
    }

    #[test]
    fn what_is_no_answer_is_malformed() {
        let twice = r#"{"access_token":"a","access_token":"b","expires_in":1}"#;
        for body in [
            "",
            "<html>",
            "[]",
            "{}",
            r#"{"access_token":1,"expires_in":1}"#,
            r#"{"access_token":null,"expires_in":1}"#,
            r#"{"access_token":"a","expires_in":1} x"#,
            twice,
            &"[".repeat(100_000),
        ] {
            assert_eq!(read(body).map(drop), Err(Malformed::Json));
        }
        let kind = r#"{"access_token":"a","expires_in":1,"token_type":"DPoP"}"#;
        assert_eq!(read(kind).map(drop), Err(Malformed::TokenType));
        assert!(read(&kind.replace("DPoP", "bearer")).is_ok());
    }

    #[test]
    fn a_token_that_is_no_header_value_is_rejected() {
        let response =
            |token: &str| read(&format!(r#"{{"access_token":"{token}","expires_in":1}}"#));
        let longest = "a".repeat(MAX_TOKEN_LEN);
        for token in ["a", "A-z0.9_~+/==", &longest] {
            let authorization = response(token).unwrap().token.authorization();
            assert_eq!(authorization, format!("Bearer {token}"));
            assert!(authorization.is_sensitive());
        }
        let longer = "a".repeat(MAX_TOKEN_LEN + 1);
        for token in [
            "",
            "=",
            "a=b",
            "a b",
            r"a\r\nHost: b",
            r"a\u0000",
            "é",
            &longer,
        ] {
            assert_eq!(response(token).map(drop), Err(Malformed::Token), "{token}");
        }
    }
}

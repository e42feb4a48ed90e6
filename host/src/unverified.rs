//! What a token says of itself before anything of it is checked: good for nothing but choosing the keys
//! to check it with.
//!
//! Nothing is refused here: a token that is no good says nothing, and the verifier says why. It is not
//! the verifier's own reader that reads it, for that one takes longer over an object of many members,
//! to find a name that comes twice.

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;

/// `kid`, if the token's header has one; `scratch` is overwritten.
pub(crate) fn key_id<'s>(token: &[u8], scratch: &'s mut [u8]) -> Option<Cow<'s, str>> {
    #[derive(Deserialize)]
    struct Header<'a> {
        #[serde(borrow)]
        kid: Option<Text<'a>>,
    }
    Some(read::<Header<'_>>(token, 0, scratch)?.kid?.0)
}

/// `iss`, if the token's claims have one; `scratch` is overwritten.
pub(crate) fn issuer<'s>(token: &[u8], scratch: &'s mut [u8]) -> Option<Cow<'s, str>> {
    #[derive(Deserialize)]
    struct Claims<'a> {
        #[serde(borrow)]
        iss: Option<Text<'a>>,
    }
    Some(read::<Claims<'_>>(token, 1, scratch)?.iss?.0)
}

/// A string that is only copied if it has escapes: within an `Option`, a `Cow` always is.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Reads one part of a token.
fn read<'s, T: Deserialize<'s>>(token: &[u8], part: usize, scratch: &'s mut [u8]) -> Option<T> {
    let text = token.split(|byte| *byte == b'.').nth(part)?;
    let len = BASE64_URL_SAFE_NO_PAD.decode_slice(text, scratch).ok()?;
    serde_json::from_slice(scratch.get(..len)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str, claims: &str) -> String {
        let [header, claims] = [header, claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part));
        format!("{header}.{claims}.c2lnbmF0dXJl")
    }

    #[test]
    fn a_token_says_its_key_and_its_issuer() {
        let mut scratch = [0; 1024];
        let token = token(
            r#"{"alg":"RS256","kid":"a\u0062"}"#,
            r#"{"sub":{"iss":"no"},"iss":"i"}"#,
        );
        let key_id = key_id(token.as_bytes(), &mut scratch).map(Cow::into_owned);
        assert_eq!(key_id.as_deref(), Some("ab"));
        assert_eq!(issuer(token.as_bytes(), &mut scratch).as_deref(), Some("i"));
    }

    #[test]
    fn a_token_that_is_no_good_says_nothing() {
        let mut scratch = [0; 64];
        let long = "x".repeat(100);
        for token in [
            String::new(),
            "e30".into(),
            "..".into(),
            "!.!.!".into(),
            token("{}", "{}"),
            token(r#"{"kid":1}"#, r#"{"iss":["i"]}"#),
            token(r#"{"kid":"a","kid":"b"}"#, r#"{"iss":"a","iss":"b"}"#),
            token(
                &format!(r#"{{"kid":"{long}"}}"#),
                &format!(r#"{{"iss":"{long}"}}"#),
            ),
            token(&"[".repeat(40), &"[".repeat(40)),
        ] {
            assert_eq!(key_id(token.as_bytes(), &mut scratch), None, "{token}");
            assert_eq!(issuer(token.as_bytes(), &mut scratch), None, "{token}");
        }
    }
}

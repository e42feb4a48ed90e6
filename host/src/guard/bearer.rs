//! The token in an `Authorization` header (RFC 6750 section 2.1).

use super::refusal::RefusalReason;

/// The token that the header gives. Another scheme is no credentials (RFC 6750 section 3.1).
pub(super) fn bearer(authorization: Option<&str>) -> Result<&str, RefusalReason> {
    let authorization = authorization.ok_or(RefusalReason::NoCredentials)?;
    let (scheme, token) = match authorization.split_once(' ') {
        Some((scheme, rest)) => (scheme, rest.trim_start_matches(' ')),
        None => (authorization, ""),
    };
    let is_scheme = !scheme.is_empty() && scheme.bytes().all(is_token_char);
    if is_scheme && !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(RefusalReason::NoCredentials);
    }
    let text = token.trim_end_matches('=');
    // Without a branch for each byte, the compiler compares many at a time: a token is long.
    let is_text = text
        .bytes()
        .fold(true, |all, byte| all & is_b64token_char(byte));
    if is_scheme && !text.is_empty() && is_text {
        Ok(token)
    } else {
        Err(RefusalReason::InvalidRequest)
    }
}

/// The only `Authorization` header of a request, if it has one. A header that is no text is `None` in `headers`.
#[cfg(any(feature = "actix", feature = "tower"))]
pub(super) fn only<'h>(
    mut headers: impl Iterator<Item = Option<&'h str>>,
) -> Result<Option<&'h str>, RefusalReason> {
    match (headers.next(), headers.next()) {
        (None, _) => Ok(None),
        (Some(Some(header)), None) => Ok(Some(header)),
        _ => Err(RefusalReason::InvalidRequest),
    }
}

/// `b64token` without its final `=` (RFC 6750 section 2.1).
fn is_b64token_char(byte: u8) -> bool {
    let is_letter = (byte | 0x20).wrapping_sub(b'a') < 26;
    // `-`, `.`, `/` and the digits follow each other.
    let is_digit = byte.wrapping_sub(b'-') < 13;
    is_letter | is_digit | (byte == b'+') | (byte == b'_') | (byte == b'~')
}

/// `tchar` (RFC 9110 section 5.6.2).
fn is_token_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_token_is_found_whatever_the_case_of_its_scheme() {
        for header in [
            "Bearer a.b-_~+/c==",
            "bearer a.b-_~+/c==",
            "BEARER   a.b-_~+/c==",
        ] {
            assert_eq!(bearer(Some(header)), Ok("a.b-_~+/c=="), "{header}");
        }
    }

    #[test]
    fn the_characters_of_a_token_are_those_of_rfc_6750() {
        for byte in 0..=u8::MAX {
            let expected = byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
            assert_eq!(is_b64token_char(byte), expected, "{byte}");
        }
    }

    #[test]
    fn no_header_and_another_scheme_are_no_credentials() {
        for header in [
            None,
            Some("Basic Zm9v"),
            Some("DPoP a.b.c"),
            Some("Negotiate"),
        ] {
            assert_eq!(bearer(header), Err(RefusalReason::NoCredentials));
        }
    }

    #[test]
    fn a_malformed_header_is_an_invalid_request() {
        for header in [
            "",
            " ",
            "Bearer",
            "Bearer ",
            "Bearer =",
            "Bearer a b",
            "Bearer a,b",
            "Bearer a, Bearer b",
            "Bearer \"a\"",
            "Bearer a=b",
            "Bearer\ta",
            "Bearer a\u{e9}",
            "Bearer:a",
        ] {
            assert_eq!(
                bearer(Some(header)),
                Err(RefusalReason::InvalidRequest),
                "{header:?}"
            );
        }
    }
}

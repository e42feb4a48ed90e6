//! What the log shows of a request's first line.

use std::borrow::Cow;

use axum::http::Method;
use percent_encoding::{CONTROLS, percent_decode_str, utf8_percent_encode};

/// The longest part of a path that the log shows, in bytes. The longest part of an endpoint's path is a GUID.
pub const MAX_PATH_PART_LEN: usize = 40;

/// How much of a path the log shows, in bytes: it ends with the part that reaches this length.
pub const MAX_PATH_LEN: usize = 200;

/// The path in ASCII. `…` stands in the place of what is too long, or is a secret.
pub(super) fn path(path: &str, is_secret: impl Fn(&[u8]) -> bool) -> String {
    let ascii = utf8_percent_encode(path, CONTROLS).to_string();
    let mut shown = String::new();
    for (at, part) in ascii.split('/').enumerate() {
        // The bound limits the work of `is_secret`, too.
        if shown.len() >= MAX_PATH_LEN {
            shown.push_str("/…");
            break;
        }
        if at > 0 {
            shown.push('/');
        }
        let decoded: Cow<'_, [u8]> = percent_decode_str(part).into();
        let is_hidden = part.len() > MAX_PATH_PART_LEN || is_secret(&decoded);
        shown.push_str(if is_hidden { "…" } else { part });
    }
    shown
}

/// The method, if it is one of RFC 9110 section 9.3 or RFC 5789. An extension is text of the request.
pub(super) fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::CONNECT => "CONNECT",
        Method::OPTIONS => "OPTIONS",
        Method::TRACE => "TRACE",
        Method::PATCH => "PATCH",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(path: &str) -> String {
        super::path(path, |part| part == b"s3cret")
    }

    #[test]
    fn paths_are_bounded_and_hold_no_token() {
        let guid = "/8a0d7f2e-5c11-4b4e-9a55-0f6b3c2d1e00/oauth2/v2.0/token";
        for same in ["/", "/auth/token", guid, r#"/"'&%3Cb%3E"#, "*", ""] {
            assert_eq!(path(same), same);
        }
        let token = format!("/a/{}.{}/b", "e".repeat(20), "y".repeat(20));
        assert_eq!(path(&token), "/a/…/b");
        assert_eq!(path("/\u{202e}"), "/%E2%80%AE");
        let long = path(&"/0123456789".repeat(100));
        assert!(long.ends_with("9/…"));
        assert!(long.len() <= MAX_PATH_LEN + MAX_PATH_PART_LEN + "/…".len() + 1);
        for secret in ["/a/s3cret/b", "/a/%733cret/b"] {
            assert_eq!(path(secret), "/a/…/b");
        }
    }

    #[test]
    fn methods_of_no_standard_are_not_shown() {
        assert_eq!(method(&Method::PATCH), "PATCH");
        assert_eq!(method(&Method::from_bytes(b"SECRET").unwrap()), "other");
    }
}

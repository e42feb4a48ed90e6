//! The mistakes that people make with a token, told by its form.

use std::path::Path;

/// What is probably wrong with a text that is not a token.
pub(crate) fn hint(token: &[u8]) -> Option<&'static str> {
    let text = str::from_utf8(token).ok()?;
    let dots = text.matches('.').count();
    let is_quote = |character| matches!(character, '"' | '\'' | '`');
    if text.is_empty() {
        Some("it is empty")
    } else if has_scheme(text) {
        Some("leave out `Bearer`: the token begins after it")
    } else if text.starts_with('{') {
        Some("it is JSON: give the token in it, as `access_token`")
    } else if text.contains(is_quote) {
        Some("leave out the quotation marks")
    } else if text.contains(['\n', '\r']) {
        Some("there is a line break in it")
    } else if text.contains(char::is_whitespace) {
        Some("there is white space in it")
    } else if is_file(text) {
        Some("it is the name of a file: give the token in it, as in `verify … - <FILE`")
    } else if text.starts_with("http://") || text.starts_with("https://") {
        Some("it is a URL")
    } else if dots == 4 {
        Some(
            "it has five parts, so it is encrypted (RFC 7516), and its audience alone can read it. \
             Auth0 encrypts the tokens of requests without an audience",
        )
    } else if dots == 0 {
        Some(
            "it has no dots, so it is opaque, and its issuer alone can read it. Auth0 has such \
             tokens for requests without an audience",
        )
    } else if text.contains(['+', '/', '=']) {
        Some("a token is written in base64url, which has no `+`, `/` or `=`")
    } else {
        None
    }
}

fn has_scheme(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default();
    let scheme = first.trim_end_matches(':');
    scheme.eq_ignore_ascii_case("Bearer") || scheme.eq_ignore_ascii_case("Authorization")
}

/// Asks the file system only about what can be a file's name.
fn is_file(text: &str) -> bool {
    text.len() <= 255 && Path::new(text).is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mistake_has_its_hint() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (token, part) in [
            ("", "empty"),
            ("Bearer a.b.c", "Bearer"),
            ("bearer\ta.b.c", "Bearer"),
            ("Authorization: Bearer a.b.c", "Bearer"),
            ("\"a.b.c\"", "quotation"),
            ("a.b\n.c", "line break"),
            ("a.b .c", "white space"),
            (file.path().to_str().unwrap(), "name of a file"),
            ("https://a.example/", "URL"),
            (r#"{"access_token":"a"}"#, "JSON"),
            ("a.b.c.d.e", "five parts"),
            ("opaque", "no dots"),
            ("a+b.c.d", "base64url"),
        ] {
            let hint = hint(token.as_bytes()).unwrap();
            assert!(hint.contains(part), "{token}: {hint}");
        }
        assert_eq!(hint(b"a.b.c"), None);
        assert_eq!(hint(b"\xff"), None);
    }
}

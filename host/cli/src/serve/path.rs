//! The path of a request, as all servers behind a proxy understand it.

/// A path without escapes (RFC 3986 section 6.2.2.2), in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct JudgedPath(Vec<u8>);

/// The path may be another one for the server behind the proxy than for a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("servers understand the path in different ways")]
pub(super) struct Ambiguous;

impl JudgedPath {
    /// The path of a request target (RFC 9112 section 3.2.1), which may have a query.
    ///
    /// Servers differ in how they read `.` and `..`, an empty segment, `;`, a backslash, control characters, and
    /// escapes of `/` or `%`. A rule for such a path would be a guess.
    pub(super) fn of(target: &str) -> Result<Self, Ambiguous> {
        let path = target.split('?').next().unwrap_or_default();
        let path = unescaped(path)?;
        let segments = path.strip_prefix(b"/").ok_or(Ambiguous)?;
        let mut segments = segments.split(|byte| *byte == b'/').peekable();
        while let Some(segment) = segments.next() {
            let is_last = segments.peek().is_none();
            if matches!(segment, b"." | b"..") || segment.is_empty() && !is_last {
                return Err(Ambiguous);
            }
        }
        Ok(Self(path))
    }

    /// Whether it is `prefix` or below it. `prefix` has no final slash, except if it is `/`.
    pub(super) fn is_within(&self, prefix: &str) -> bool {
        let prefix = prefix.trim_end_matches('/').as_bytes();
        let rest = self.0.strip_prefix(prefix);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
    }
}

fn unescaped(path: &str) -> Result<Vec<u8>, Ambiguous> {
    let mut bytes = path.bytes();
    let mut unescaped = Vec::with_capacity(path.len());
    while let Some(byte) = bytes.next() {
        let is_escape = byte == b'%';
        let byte = if is_escape {
            let mut digit = || char::from(bytes.next()?).to_digit(16);
            let (high, low) = (digit().ok_or(Ambiguous)?, digit().ok_or(Ambiguous)?);
            u8::try_from(16 * high + low).map_err(|_| Ambiguous)?
        } else {
            byte
        };
        match byte {
            b'/' | b'%' if is_escape => return Err(Ambiguous),
            b'\\' | b';' | b'#' | 0..0x20 | 0x7f => return Err(Ambiguous),
            byte if !is_escape && !byte.is_ascii() => return Err(Ambiguous),
            byte => unescaped.push(byte),
        }
    }
    Ok(unescaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_compared_by_segments_without_escapes() {
        for (target, prefix) in [
            ("/", "/"),
            ("/doors", "/"),
            ("/doors", "/doors"),
            ("/doors/", "/doors"),
            ("/doors/7?a=../b", "/doors"),
            ("/d%6Fors/7", "/doors"),
            ("/caf%C3%A9/x", "/café"),
            ("/a%20b", "/a b"),
            ("/a/.b/...", "/a/.b"),
        ] {
            assert!(
                JudgedPath::of(target).unwrap().is_within(prefix),
                "{target}"
            );
        }
        for (target, prefix) in [
            ("/doorsteps", "/doors"),
            ("/Doors", "/doors"),
            ("/door", "/doors"),
            ("/x/doors", "/doors"),
            ("/?/doors", "/doors"),
        ] {
            assert!(
                !JudgedPath::of(target).unwrap().is_within(prefix),
                "{target}"
            );
        }
    }

    #[test]
    fn what_servers_read_in_different_ways_has_no_verdict() {
        for target in [
            "",
            "doors",
            "*",
            "http://a.example/doors",
            "//doors",
            "/a//b",
            "/a/./b",
            "/a/..",
            "/../a",
            "/a/%2e%2E/b",
            "/a/%2E",
            "/a%2fb",
            "/a%2Fb",
            "/a%5cb",
            "/a\\b",
            "/a%252fb",
            "/a;x=1/b",
            "/a%3bx",
            "/a#b",
            "/a%23b",
            "/a%00",
            "/a%0a",
            "/a\u{7f}",
            "/a%",
            "/a%1",
            "/a%zz",
            "/caf\u{e9}",
        ] {
            assert_eq!(JudgedPath::of(target), Err(Ambiguous), "{target:?}");
        }
    }
}

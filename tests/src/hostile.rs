//! Documents that were made to cost the reader time: every kind of filler, beside names of every kind.
//!
//! The same documents every time, so that the instructions they take can be counted.

use std::iter::repeat_n;

use tokenlatch::{
    MAX_HEADER_LEN, MAX_HEADER_MEMBERS, MAX_JSON_DEPTH, MAX_JSON_MEMBERS, MAX_KEY_SET_LEN,
    MAX_KEYS, MAX_TOKEN_LEN,
};

use crate::device::claims;
use crate::issuer::{Issuer, signing_input};

/// A document or token, and what is in it.
pub struct Hostile {
    /// The kind of filler and the kind of names.
    pub name: String,
    /// The bytes.
    pub text: String,
}

/// Tokens with hostile headers, as anybody can send them; no key verifies them.
#[must_use]
pub fn unsigned_headers() -> Vec<Hostile> {
    let start = r#"{"alg":"RS256","kid":"unknown""#;
    let all = documents(start, MAX_HEADER_LEN, MAX_HEADER_MEMBERS - 2);
    all.into_iter()
        .chain(long_names(MAX_HEADER_LEN, MAX_HEADER_MEMBERS - 3))
        .map(|document| Hostile {
            text: format!("{}.", signing_input(&document.text, "{}")),
            ..document
        })
        .chain(WORST.lines().map(|token| Hostile {
            name: "found by tests/fuzz/search".into(),
            text: token.into(),
        }))
        .collect()
}

/// Tokens with the headers that cost the most of those that `tests/fuzz/search` found: on x86-64, and on a Cortex-M3.
const WORST: &str = include_str!("worst-headers.txt");

/// Tokens of `issuer` with hostile claims. They are accepted, except those that have too many members.
#[must_use]
pub fn signed_claims(issuer: &Issuer) -> Vec<Hostile> {
    let claims = claims();
    let start = claims.trim_end_matches('}');
    let fixed = issuer.token("").len();
    documents(
        start,
        (MAX_TOKEN_LEN - fixed) / 4 * 3,
        MAX_JSON_MEMBERS - 10,
    )
    .into_iter()
    .map(|document| Hostile {
        text: issuer.token(&document.text),
        ..document
    })
    .collect()
}

/// JWK Set documents.
#[must_use]
pub fn key_sets() -> Vec<Hostile> {
    let mut all = documents(r#"{"keys":[]"#, MAX_KEY_SET_LEN, MAX_JSON_MEMBERS - 1);
    let modulus = |len: usize, end: &str| format!("{}{end}", "_".repeat(len - end.len()));
    let key = |n: &str, members: &str| format!(r#"{{"kty":"RSA","e":"AQAB","n":"{n}"{members}}}"#);
    let even = key(&modulus(683, "g"), "");
    let long = key(&modulus(683, "w"), "");
    let short = key(&modulus(342, "w"), "");
    let escaped = r"\u005f".repeat(682) + r"\u0038";
    let usable: Vec<String> = (0..64)
        .map(|n| key(&modulus(683, "8"), &format!(r#","kid":"{n}""#)))
        .collect();
    for (name, elements) in [
        ("empty objects", fill("{}", MAX_KEY_SET_LEN)),
        ("objects of many members", {
            // As many of them as there may be keys, and as large as there is room for.
            let names = numbered(MAX_JSON_MEMBERS / 3, "%");
            let element = object(names);
            fill(
                &element,
                MAX_KEYS * (element.len() + 1).min(MAX_KEY_SET_LEN / MAX_KEYS),
            )
        }),
        ("even moduli", fill(&even, MAX_KEY_SET_LEN)),
        ("moduli with trailing bits", fill(&long, MAX_KEY_SET_LEN)),
        ("short moduli", fill(&short, MAX_KEY_SET_LEN)),
        (
            "moduli with escapes",
            fill(&key(&escaped, r#","use":"enc""#), MAX_KEY_SET_LEN),
        ),
        ("usable keys, then even moduli", {
            let keys = usable.join(",");
            let rest = fill(&even, MAX_KEY_SET_LEN - keys.len() - 1);
            format!("{keys},{rest}")
        }),
        ("usable keys, and certificates", {
            let certificates = fill(r#""""#, 2800);
            let members = format!(r#","x5c":[{certificates}]"#);
            let keys =
                (0..64).map(|n| key(&modulus(683, "8"), &format!(r#","kid":"{n}"{members}"#)));
            keys.collect::<Vec<_>>().join(",")
        }),
    ] {
        all.push(Hostile {
            name: format!("keys: {name}"),
            text: format!(r#"{{"keys":[{elements}]}}"#),
        });
    }
    all
}

/// Makes a text of so many bytes, or so many names.
type Maker<'m, T> = &'m dyn Fn(usize) -> T;

/// JSON objects of at most `len` bytes and `members` further members that begin with `start`.
fn documents(start: &str, len: usize, members: usize) -> Vec<Hostile> {
    let nested = format!(
        "{}0{}",
        "[".repeat(MAX_JSON_DEPTH - 2),
        "]".repeat(MAX_JSON_DEPTH - 2)
    );
    let objects = format!(
        "{}0{}",
        r#"{"":"#.repeat(MAX_JSON_DEPTH - 2),
        "}".repeat(MAX_JSON_DEPTH - 2)
    );
    let many_members = object(numbered(members.saturating_sub(1), "%"));
    let array = |element: &str, len| format!("[{}]", fill(element, len));
    let text = |piece: &str, len| format!("\"{}\"", piece.repeat(len / piece.len()));
    let fillers: [(&str, Maker<String>); 13] = [
        ("nothing", &|_| "0".into()),
        ("plain text", &|len| text("x", len)),
        ("text of two bytes a character", &|len| text("é", len)),
        ("short escapes", &|len| text(r"\n", len)),
        ("long escapes", &|len| text(r"\u0041", len)),
        ("surrogate pairs", &|len| text(r"\ud83d\ude00", len)),
        ("empty texts", &|len| array(r#""""#, len)),
        ("digits", &|len| "1".repeat(len)),
        ("numbers", &|len| array("0", len)),
        ("white space", &|len| format!("{}0", " ".repeat(len))),
        ("nested arrays", &|len| array(&nested, len)),
        ("nested objects", &|len| array(&objects, len)),
        ("objects of many members", &|len| array(&many_members, len)),
    ];
    let names: [(&str, Maker<Vec<String>>); 7] = [
        ("none", &|_| Vec::new()),
        ("short", &|count| numbered(count, "%")),
        ("escaped", &|count| numbered(count, r"\u0061%")),
        ("almost aud", &|count| {
            numbered(count, r"\u0061\u0075\u0064%")
        }),
        ("almost client_id", &|count| {
            numbered(count, r"\u0063lient_id%")
        }),
        ("long and alike", &|count| {
            numbered(count, "xxxxxxxxxxxxxxxxxxxxxxxx%")
        }),
        ("with one hash", &|count| {
            let mut names = numbered(count.saturating_sub(COLLISIONS.len()), r"\u0061%");
            names.extend(COLLISIONS.iter().take(count).map(ToString::to_string));
            names
        }),
    ];
    let mut all = Vec::new();
    for (filler_name, filler) in fillers {
        for (names_name, names) in names {
            for (few, count) in [("", members - 1), ("few ", 28)] {
                // The filler comes first, so that it lies before every name.
                let members = object(names(count.min(members - 1)));
                let members = members.trim_matches(['{', '}']);
                let comma = if members.is_empty() { "" } else { "," };
                let fixed =
                    start.len() + r#","f":"#.len() + comma.len() + members.len() + "}".len();
                let Some(room) = len.checked_sub(fixed + 2) else {
                    continue;
                };
                let filler = filler(room);
                all.push(Hostile {
                    name: format!("{filler_name}; {few}names: {names_name}"),
                    text: format!(r#"{start},"f":{filler}{comma}{members}}}"#),
                });
                assert!(all.last().is_some_and(|last| last.text.len() <= len));
                if names_name == "none" {
                    break;
                }
            }
        }
    }
    all
}

/// Headers with one long name, or with two that are the same: `tests/fuzz/search` found that they cost more than long
/// values do.
fn long_names(len: usize, members: usize) -> Vec<Hostile> {
    let start = r#"{"alg":"RS256""#;
    let members = object(numbered(members, r"\u0061%"));
    let members = members.trim_matches(['{', '}']);
    let pieces = ["x", "é", "€", "😀", r"\n", r"\u0041", r"\ud83d\ude00"];
    let documents = pieces.iter().flat_map(|piece| {
        [1, 2].map(|times| {
            let fixed = start.len() + members.len() + ",}".len() + times * r#","":0"#.len();
            let name = piece.repeat((len - fixed) / times / piece.len());
            let long = format!(r#","{name}":0"#).repeat(times);
            let text = format!("{start},{members}{long}}}");
            assert!(text.len() <= len);
            Hostile {
                name: format!("{times} long names of {piece}"),
                text,
            }
        })
    });
    documents.collect()
}

/// Different names, the last ones of which have the hashes of the first ones.
const COLLISIONS: [&str; 4] = ["yiijsv", "urswmb", "ktodoe", "sausii"];

/// `element` as often as it fits in `len` bytes, between commas.
fn fill(element: &str, len: usize) -> String {
    let count = len / (element.len() + 1);
    repeat_n(element, count).collect::<Vec<_>>().join(",")
}

fn object(names: Vec<String>) -> String {
    let members = names.into_iter().map(|name| format!("\"{name}\":0"));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

/// Names with a number in place of the `%`.
fn numbered(count: usize, name: &str) -> Vec<String> {
    (0..count)
        .map(|number| name.replace('%', &number.to_string()))
        .collect()
}

//! Input for the verifier that makes its stack grow: hostile input of every kind.

use serde_json::{Value, json};
use tokenlatch::{MAX_HEADER_LEN, MAX_HEADER_MEMBERS, MAX_JSON_DEPTH, MAX_JSON_MEMBERS};
use tokenlatch::{MAX_KEY_ID_LEN, MAX_TOKEN_LEN};

use crate::device::claims;
use crate::firmware::NOW;
use crate::issuer::{Issuer, signing_input, with_signature};

/// A token, or a JWK Set for the tokens after it, and the verdict that it must get.
pub struct Case {
    /// The token, or the JWK Set, which begins with a brace.
    pub line: String,
    /// The code of the error, or `good`.
    pub verdict: &'static str,
}

/// The cases in order: the program `documents` reads them from the first to the last.
#[must_use]
pub fn all(issuer: &Issuer) -> Vec<Case> {
    let groups = [key_sets(issuer), tokens(issuer), ambiguous_key(issuer)].concat();
    let case = |verdict| move |line| Case { line, verdict };
    groups
        .into_iter()
        .flat_map(|(verdict, lines)| lines.into_iter().map(case(verdict)))
        .collect()
}

/// A verdict, and the lines that must get it.
type Group = (&'static str, Vec<String>);

/// JWK Sets. The last good one holds the issuer's key.
fn key_sets(issuer: &Issuer) -> Vec<Group> {
    let set = |keys: Vec<Value>| json!({"keys": keys}).to_string();
    let with_member = |member: String| format!(r#"{{"keys":[],{member}}}"#);
    let jwk = |member: &str, value: Value| {
        let mut jwk = issuer.jwk();
        jwk[member] = value;
        jwk
    };
    let unusable = vec![
        json!("no key"),
        jwk("kid", json!("k".repeat(MAX_KEY_ID_LEN + 1))),
        jwk("key_ops", json!(["sign"])),
        jwk("d", json!("AQAB")),
        jwk("n", json!("_".repeat(341))),
        jwk("n", json!("_".repeat(700))),
        jwk("e", json!("AQAAAAE")),
    ];
    // The same modulus with the exponents 3, 5 and 7.
    let three = ["Aw", "BQ", "Bw"].map(|e| jwk("e", json!(e)));
    vec![
        ("invalid-json", vec!["{".into()]),
        ("invalid-key-set", vec!["{}".into()]),
        ("json-too-deep", vec![with_member(nested(MAX_JSON_DEPTH))]),
        (
            "too-many-members",
            vec![with_member(members(MAX_JSON_MEMBERS))],
        ),
        (
            "duplicate-member",
            vec![with_member(r#""\u006beys":[]"#.into())],
        ),
        ("key-set-full", vec![set(three.into())]),
        (
            "good",
            vec![
                with_member(nested(MAX_JSON_DEPTH - 1)),
                with_member(members(MAX_JSON_MEMBERS - 1)),
                set(unusable),
                set(vec![jwk("e", json!("_____w"))]),
                set(vec![issuer.jwk(), issuer.jwk()]),
                escaped(&issuer.jwk_set()),
            ],
        ),
    ]
}

/// Tokens, to be verified with the issuer's key.
fn tokens(issuer: &Issuer) -> Vec<Group> {
    let key_id = issuer.key_id();
    let header = format!(r#"{{"alg":"RS256","typ":"at+jwt","kid":"{key_id}"}}"#);
    let claims = claims();
    let good = issuer.token(&claims);
    let (signed, signature) = good.rsplit_once('.').expect("a token");
    let with_header = |member: String| {
        let header = header.replacen('{', &format!("{{{member},"), 1);
        issuer.sign(header, &claims)
    };
    let with_claim = |member: String| {
        let claims = claims.replacen('{', &format!("{{{member},"), 1);
        issuer.token(&claims)
    };
    let with = |from: &str, to: &str| {
        assert!(claims.contains(from), "{from}");
        issuer.token(&claims.replace(from, to))
    };
    let with_date = |claim: &str, date: &str| {
        let from = claims.find(claim).expect("the claim");
        let date_now = claims[from..].split_once(',').expect("a next claim").0;
        with(date_now, &format!("{claim}{date}"))
    };

    // A member is 7 bytes longer than its text, with its comma.
    let member = |len: usize| format!(r#""x":"{}""#, "x".repeat(len - 7));
    let longest_header = member(MAX_HEADER_LEN - header.len());
    let longest = with_claim(member((MAX_TOKEN_LEN - good.len()) / 4 * 3));
    assert!((MAX_TOKEN_LEN - 3..=MAX_TOKEN_LEN).contains(&longest.len()));

    vec![
        (
            "good",
            vec![
                good.clone(),
                issuer.sign(escaped(&header), escaped(&claims)),
                longest,
                with_header(longest_header.clone()),
                with_header(nested(MAX_JSON_DEPTH - 1)),
                with_header(members(MAX_HEADER_MEMBERS - 3)),
                with_claim(nested(MAX_JSON_DEPTH - 1)),
                with_claim(members(MAX_JSON_MEMBERS - 10)),
                with(
                    r#""https://device.example/""#,
                    r#"["","https://device.example/"]"#,
                ),
                with_date(r#""exp":"#, &format!("{}.{}1", NOW + 1, "0".repeat(5000))),
                with_date(r#""exp":"#, &format!("{}0e-1", NOW + 1)),
            ],
        ),
        // Rejected before the signature is verified.
        ("token-too-long", vec!["x".repeat(MAX_TOKEN_LEN + 1)]),
        ("not-compact", vec![String::new(), format!("{good}.")]),
        (
            "invalid-base64url",
            vec![format!("{good}="), format!(" {good}")],
        ),
        ("invalid-json", vec!["..".into()]),
        (
            "header-too-long",
            vec![with_header(format!("{longest_header},\"y\":0"))],
        ),
        ("json-too-deep", vec![with_header(nested(MAX_JSON_DEPTH))]),
        (
            "too-many-members",
            vec![with_header(members(MAX_HEADER_MEMBERS - 2))],
        ),
        (
            "duplicate-member",
            vec![with_header(r#""\u0061lg":"none""#.into())],
        ),
        (
            "critical-extension",
            vec![with_header(r#""crit":["b64"]"#.into())],
        ),
        (
            "unsupported-algorithm",
            vec![issuer.sign(r#"{"alg":"none"}"#, &claims)],
        ),
        (
            "unknown-key",
            vec![issuer.sign(r#"{"alg":"RS256","kid":"x"}"#, &claims)],
        ),
        (
            "invalid-signature",
            vec![
                format!("{signed}."),
                with_signature(signed, &issuer.modulus_and_exponent().0),
                format!("{}.{signature}", signing_input(&header, "{}")),
            ],
        ),
        // Rejected after the signature is verified.
        (
            "invalid-utf8",
            vec![issuer.sign(&header, b"{\"\xc0\x80\":0}")],
        ),
        ("json-too-deep", vec![with_claim(nested(MAX_JSON_DEPTH))]),
        (
            "too-many-members",
            vec![with_claim(members(MAX_JSON_MEMBERS - 9))],
        ),
        (
            "duplicate-member",
            vec![with_claim(r#""\u0065xp":0"#.into())],
        ),
        ("claims-not-object", vec![issuer.token("[]")]),
        ("invalid-claim", vec![with_date(r#""nbf":"#, "-1e-9999")]),
        (
            "wrong-type",
            vec![issuer.sign(header.replace("at+", "id+"), &claims)],
        ),
        ("wrong-issuer", vec![with("//issuer", "//x")]),
        ("wrong-audience", vec![with("//device", "//x")]),
        ("wrong-subject", vec![with("technician-7", "technician-8")]),
        ("wrong-client", vec![with_claim(r#""azp":"other""#.into())]),
        ("missing-scope", vec![with("config:write", "x")]),
        (
            "missing-required-claim",
            vec![with(r#""more":true"#, r#""more":null"#)],
        ),
        ("expired", vec![with_date(r#""exp":"#, &NOW.to_string())]),
        (
            "not-yet-valid",
            vec![with_date(r#""nbf":"#, &format!("{NOW}.5"))],
        ),
        (
            "issued-in-future",
            vec![with_date(r#""iat":"#, &format!("{}.5", NOW + 60))],
        ),
        (
            "too-old",
            vec![with_date(r#""iat":"#, &(NOW - 3601).to_string())],
        ),
    ]
}

/// A JWK Set and tokens that could be either key's.
fn ambiguous_key(issuer: &Issuer) -> Vec<Group> {
    let mut other = issuer.jwk();
    other["e"] = json!("Aw");
    let keys = json!({"keys": [issuer.jwk(), other]}).to_string();
    vec![
        ("good", vec![keys]),
        ("ambiguous-key", vec![issuer.token(&claims())]),
        (
            "missing-key-id",
            vec![issuer.sign(r#"{"alg":"RS256"}"#, claims())],
        ),
    ]
}

/// A member of this depth: objects within objects, and an array in the innermost.
fn nested(depth: usize) -> String {
    let objects = depth - 1;
    format!(
        r#""x":{}[]{}"#,
        r#"{"":"#.repeat(objects),
        "}".repeat(objects)
    )
}

/// This many members.
fn members(count: usize) -> String {
    let members: Vec<_> = (0..count).map(|n| format!(r#""{n}":0"#)).collect();
    members.join(",")
}

/// The same JSON with every character of its strings escaped. The JSON must contain no escape.
fn escaped(json: &str) -> String {
    let escape = |text: &str| -> String {
        let escapes = text.chars().map(|c| format!("\\u{:04x}", u32::from(c)));
        escapes.collect()
    };
    // Quotes separate the parts: every second part is a string.
    let parts = json.split('"').enumerate();
    let parts = parts.map(|(n, part)| {
        if n % 2 == 1 {
            escape(part)
        } else {
            part.into()
        }
    });
    parts.collect::<Vec<_>>().join("\"")
}

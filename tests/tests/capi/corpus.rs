//! The hostile corpus: every key set and token of the other tests, and changes of them.

use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde_json::{Value, json};
use tokenlatch::{Bits, Capacity, MAX_TOKEN_LEN, Time};
use tokenlatch_tests::footprint::cases;
use tokenlatch_tests::issuer::{Issuer, signing_input, with_signature};
use tokenlatch_tests::{device, firmware, hostile};

use crate::cases::{Cases, Texts};

const NOW: u64 = firmware::NOW;
const ISSUER: &str = "https://issuer.example/";
const AUDIENCE: &str = "https://device.example/";

/// A group of cases.
pub(crate) struct Group<const BITS: usize>
where
    Bits<BITS>: Capacity,
{
    pub(crate) name: &'static str,
    pub(crate) cases: Cases<BITS>,
}

/// Adds the cases of a group, or says which folder is not there.
type Fill<const BITS: usize> = fn(&mut Cases<BITS>) -> Result<(), &'static str>;

/// All groups, and the folders of which there is no copy beside the checkout.
pub(crate) fn groups<const BITS: usize>() -> (Vec<Group<BITS>>, Vec<&'static str>)
where
    Bits<BITS>: Capacity,
{
    let mut absent = Vec::new();
    let mut groups: Vec<Group<BITS>> = Vec::new();
    let all: [(&'static str, Fill<BITS>); 10] = [
        ("worst cases for the stack", footprint),
        ("documents made to cost time", costly),
        ("changed and cut off tokens", changed),
        ("any bytes", any_bytes),
        ("attacks of RFC 8725", attacks),
        ("policies and times", policies),
        ("keys from constants", constants),
        ("JSONTestSuite", json_test_suite),
        ("Wycheproof JWS and JWK", wycheproof),
        ("tokens in the shape of real issuers", providers),
    ];
    for (name, fill) in all {
        let mut cases = Cases::new();
        cases.policy(&Texts::new(ISSUER, AUDIENCE));
        cases.time(Time::exactly(NOW));
        cases.key_set(Issuer::rfc7515().jwk_set().as_bytes());
        match fill(&mut cases) {
            Ok(()) => groups.push(Group { name, cases }),
            Err(folder) => absent.push(folder),
        }
    }
    (groups, absent)
}

/// Tokens, one a line, for a device that takes nothing but tokens.
pub(crate) fn lines() -> Vec<String> {
    let mut lines: Vec<String> = cases::all(Issuer::rfc7515())
        .into_iter()
        .map(|case| case.line)
        .chain(hostile::unsigned_headers().into_iter().map(|it| it.text))
        .chain(firmware::tokens().map(|(_, token)| token))
        .collect();
    let [(_, good), ..] = firmware::tokens();
    for len in 0..good.len() {
        lines.push(good[..len].into());
    }
    for at in (0..good.len()).step_by(7) {
        let other = if good.as_bytes()[at] == b'A' {
            "B"
        } else {
            "A"
        };
        lines.push([&good[..at], other, &good[at + 1..]].concat());
    }
    lines.retain(|line| !line.contains('\n'));
    lines
}

fn footprint<const BITS: usize>(cases: &mut Cases<BITS>) -> Result<(), &'static str>
where
    Bits<BITS>: Capacity,
{
    let full = Texts {
        more_issuers: vec!["https://other-issuer.example/".into()],
        more_audiences: vec!["https://other-device.example/".into()],
        subject: Some("technician-7".into()),
        client: Some("service-app".into()),
        scopes: vec!["config:read".into(), "config:write".into()],
        claims: vec!["more".into()],
        max_age: 3600,
        flags: 8,
        ..Texts::new(ISSUER, AUDIENCE)
    };
    for policy in [full, Texts::new(ISSUER, AUDIENCE)] {
        cases.policy(&policy);
        for case in cases::all(Issuer::rfc7515()) {
            if case.line.starts_with('{') {
                cases.key_set(case.line.as_bytes());
            } else {
                cases.token(case.line);
            }
        }
    }
    Ok(())
}

fn costly<const BITS: usize>(cases: &mut Cases<BITS>) -> Result<(), &'static str>
where
    Bits<BITS>: Capacity,
{
    for hostile in hostile::unsigned_headers() {
        cases.token(hostile.text);
    }
    for hostile in hostile::signed_claims(Issuer::rfc7515()) {
        cases.token(hostile.text);
    }
    for hostile in hostile::key_sets() {
        cases.key_set(hostile.text.as_bytes());
    }
    Ok(())
}

fn changed<const BITS: usize>(cases: &mut Cases<BITS>) -> Result<(), &'static str>
where
    Bits<BITS>: Capacity,
{
    for (_, token) in firmware::tokens() {
        let token = token.into_bytes();
        for len in 0..=token.len() {
            cases.token(&token[..len]);
            cases.token(&token[len..]);
        }
    }
    let [(_, good), ..] = firmware::tokens();
    let good = good.into_bytes();
    for at in 0..good.len() {
        for byte in [good[at] ^ 1, good[at] ^ 0x80, b'.', b'=', 0] {
            let mut changed = good.clone();
            changed[at] = byte;
            cases.token(changed);
        }
        cases.token([&good[..at], &good[at + 1..]].concat());
        cases.token([&good[..at], b"A", &good[at..]].concat());
    }
    Ok(())
}

fn any_bytes<const BITS: usize>(cases: &mut Cases<BITS>) -> Result<(), &'static str>
where
    Bits<BITS>: Capacity,
{
    // The same ones every time: xorshift64*, of Vigna.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32
    };
    let claims = device::claims();
    for _ in 0..2000 {
        let len = next() % 600;
        let bytes: Vec<u8> = (0..len).map(|_| next() as u8).collect();
        cases.token(&bytes);
        cases.key_set(&bytes);
        // Base64url, for its decoder to let them through.
        cases.token(format!(
            "{}.{}",
            signing_input(&bytes, &bytes),
            BASE64URL.encode(&bytes)
        ));
        // JSON that was almost right.
        let mut header = br#"{"alg":"RS256","typ":"at+jwt","kid":"rfc7515-a2"}"#.to_vec();
        let at = next() as usize % header.len();
        header[at] = next() as u8;
        cases.token(format!("{}.", signing_input(header, &claims)));
    }
    cases.key_set(Issuer::rfc7515().jwk_set().as_bytes());
    for _ in 0..300 {
        let mut claims = claims.clone().into_bytes();
        for _ in 0..1 + next() % 2 {
            let at = next() as usize % claims.len();
            claims[at] = next() as u8;
        }
        cases.token(Issuer::rfc7515().sign(r#"{"alg":"RS256"}"#, claims));
    }
    Ok(())
}

/// The tokens of `attacks.rs`, which says what each is.
fn attacks<const BITS: usize>(cases: &mut Cases<BITS>) -> Result<(), &'static str>
where
    Bits<BITS>: Capacity,
{
    let issuer = Issuer::rfc7515();
    let attacker = Issuer::generate(2048, "attacker");
    let claims =
        json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "exp": NOW + 600, "iat": NOW - 1});
    let text = claims.to_string();
    let header = |members: &Value| {
        let mut header = json!({"alg": "RS256", "kid": issuer.key_id()});
        for (name, value) in members.as_object().expect("an object") {
            header[name] = value.clone();
        }
        header.to_string()
    };
    let good = issuer.sign(header(&json!({})), &text);
    cases.token(&good);
    for algorithm in [
        json!("none"),
        json!("None"),
        json!("nOnE"),
        json!("HS256"),
        json!("RS384"),
        json!("PS256"),
        json!("ES256"),
        json!("dir"),
        json!(""),
        json!(null),
        json!(["RS256"]),
        json!(256),
    ] {
        let token = issuer.sign(header(&json!({"alg": algorithm})), &text);
        cases.token(format!(
            "{}.",
            token.rsplit_once('.').expect("a signature").0
        ));
        cases.token(token);
    }
    for header in [
        r#"{"alg":"none","alg":"RS256"}"#,
        r#"{"alg":"RS256","\u0061lg":"none"}"#,
        r#"{"alg":"RS256","kid":"a","kid":"rfc7515-a2"}"#,
        r#"{"ALG":"RS256"}"#,
        r#"{"alg":"RS256"} {"alg":"none"}"#,
        r#"{"alg":"RS256"/**/}"#,
        r#"{"alg":"RS256",}"#,
        r#"["alg","RS256"]"#,
        "",
    ] {
        cases.token(issuer.sign(header, &text));
    }
    let utf_16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for claims in [
        utf_16.clone(),
        [&[0xff, 0xfe], &utf_16[..]].concat(),
        [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        b"{\"iss\":\"\xe9\"}".to_vec(),
        b"[]".to_vec(),
    ] {
        cases.token(issuer.sign(r#"{"alg":"RS256"}"#, claims));
    }
    for (name, value) in [
        ("aud", json!("https://other.example.com/")),
        ("aud", json!(["https://device.example", 1])),
        ("aud", json!([])),
        ("iss", json!("https://issuer.example")),
        ("iss", json!("https://issuer.example/\u{0}")),
        ("sub", json!("a\u{0}b")),
        ("sub", json!("é\u{1f600}\"\\")),
        ("sub", json!(["a", "b"])),
        ("jti", json!(null)),
        ("client_id", json!("")),
        ("exp", json!(NOW)),
        ("nbf", json!(NOW + 1)),
        ("iat", json!(NOW + 61)),
        ("exp", json!(1e300)),
        ("x", json!("x".repeat(16 * 1024))),
    ] {
        let mut claims = claims.clone();
        claims[name] = value;
        cases.token(issuer.token(&claims.to_string()));
    }
    for members in [
        json!({"kid": issuer.key_id(), "jwk": attacker.jwk()}),
        json!({"kid": issuer.key_id(), "jku": "https://evil.example/jwks.json"}),
        json!({"kid": issuer.key_id(), "x5c": ["MIIB"]}),
        json!({"kid": "x"}),
        json!({"kid": "../../../dev/null"}),
        json!({"kid": "rfc7515-a2\u{0}"}),
        json!({"kid": "k".repeat(1500)}),
        json!({"crit": ["b64"], "b64": false}),
        json!({"typ": "id+jwt"}),
    ] {
        cases.token(attacker.sign(header(&members), &text));
        cases.token(issuer.sign(header(&members), &text));
    }
    for other in [
        format!("{good}.."),
        format!(".{good}"),
        good.replace('.', ""),
        String::new(),
        "{}".into(),
        format!(" {good}"),
        format!("{good}\n"),
        format!("{good}=="),
        format!("Bearer {good}"),
        ".".repeat(MAX_TOKEN_LEN),
        ".".repeat(MAX_TOKEN_LEN + 1),
        "..".into(),
    ] {
        cases.token(other);
    }
    for header in [
        format!(r#"{{"alg":"RS256","x":{}"#, "[".repeat(2000)),
        format!(r#"{{"alg":"RS256","x":{}"#, r#"{"":"#.repeat(400)),
        format!(r#"{{"alg":"RS256","x":"{}"}}"#, "x".repeat(5000)),
    ] {
        cases.token(issuer.sign(header, &text));
    }
    // Encoded messages that are wrong in one way each.
    let signed = good.rsplit_once('.').expect("a token").0;
    let (n, _) = issuer.modulus_and_exponent();
    for signature in [vec![], vec![0; 256], vec![0xff; 256], n, vec![0; 10_000]] {
        cases.token(with_signature(signed, &signature));
    }
    for at in [0, 1, 2, 100, 204, 205, 223, 224, 255] {
        let mut encoded = [&[0x00, 0x01][..], &[0xff; 254]].concat();
        encoded[at] = 0;
        cases.token(with_signature(signed, &issuer.private_operation(&encoded)));
    }
    Ok(())
}

fn policies<const BITS: usize>(cases: &mut Cases<BITS>) -> Result<(), &'static str>
where
    Bits<BITS>: Capacity,
{
    let base = Texts::new(ISSUER, AUDIENCE);
    let with = |change: &dyn Fn(&mut Texts)| {
        let mut policy = base.clone();
        change(&mut policy);
        policy
    };
    let mut policies: Vec<Texts> = (0..16).map(|flags| with(&|it| it.flags = flags)).collect();
    policies.extend([
        with(&|it| it.leeway = 5),
        with(&|it| it.max_age = 10),
        with(&|it| (it.max_age, it.leeway, it.flags) = (10, 5, 1)),
        with(&|it| it.leeway = u32::MAX),
        with(&|it| it.token_type = Some("at+jwt".into())),
        with(&|it| it.token_type = Some("application/JWT".into())),
        with(&|it| it.subject = Some("technician-7".into())),
        with(&|it| it.client = Some("service-app".into())),
        with(&|it| (it.audience, it.client) = (None, Some("service-app".into()))),
        with(&|it| it.scopes = vec!["config:read".into(), "config:write".into()]),
        with(&|it| it.claims = vec!["jti".into(), "none".into()]),
        with(&|it| it.more_audiences = (0..8).map(|n| n.to_string()).collect()),
        with(&|it| {
            (it.issuer, it.more_issuers) = ("x".into(), vec!["y".into(), ISSUER.into()]);
        }),
    ]);
    let full = device::claims();
    let full: Value = serde_json::from_str(&full).expect("JSON");
    let mut tokens = Vec::new();
    for change in [
        json!({}),
        json!({"exp": NOW}),
        json!({"exp": NOW + 10}),
        json!({"exp": (NOW + 10) as f64 + 0.5}),
        json!({"nbf": NOW + 5, "exp": NOW + 10}),
        json!({"iat": NOW + 60, "exp": NOW + 100}),
        json!({"iat": NOW + 61, "exp": NOW + 100}),
        json!({"iat": NOW - 11, "exp": NOW + 100}),
        json!({"iat": null}),
        json!({"aud": null}),
        json!({"aud": ["7", "x"]}),
        json!({"sub": null, "scope": ["config:write"]}),
        json!({"client_id": null, "azp": "service-app"}),
        json!({"jti": "a\u{0}"}),
    ] {
        let mut claims = full.clone();
        for (name, value) in change.as_object().expect("an object") {
            if value.is_null() {
                claims.as_object_mut().expect("an object").remove(name);
            } else {
                claims[name] = value.clone();
            }
        }
        tokens.push(Issuer::rfc7515().token(&claims.to_string()));
    }
    let times = [
        Time::exactly(NOW),
        Time::between(NOW - 20, NOW + 20),
        Time::at_least(NOW),
        Time::exactly(0),
        Time::exactly(u64::MAX),
    ];
    for policy in &policies {
        cases.policy(policy);
        for time in times {
            cases.time(time);
            tokens.iter().for_each(|token| cases.token(token));
        }
    }
    Ok(())
}

fn constants<const BITS: usize>(cases: &mut Cases<BITS>) -> Result<(), &'static str>
where
    Bits<BITS>: Capacity,
{
    let long = Issuer::generate(4096, "long");
    let issuers = [
        Issuer::rfc7515(),
        &Issuer::generate(2048, "a"),
        &Issuer::generate(3072, "b"),
        &long,
    ];
    cases.no_keys();
    for issuer in issuers {
        let (n, e) = issuer.modulus_and_exponent();
        for (n, e) in [
            (&n[..], 2),
            (&n[1..], e),
            (&[&[0], &n[..]].concat(), e),
            (&[&n[..n.len() - 1], &[0]].concat(), e),
            (&n[..0], e),
            (&[0xff; 1000], e),
            (&n[..], e),
        ] {
            cases.key(issuer.key_id(), n, e);
            cases.token(issuer.token(&device::claims()));
        }
    }
    cases.key(&"k".repeat(128), &long.modulus_and_exponent().0, 3);
    cases.key(&"k".repeat(129), &long.modulus_and_exponent().0, 3);
    let (n, e) = Issuer::rfc7515().modulus_and_exponent();
    cases.no_keys();
    for _ in 0..5 {
        cases.key("rfc7515-a2", &n, e);
        cases.token(Issuer::rfc7515().token(&device::claims()));
    }
    cases.no_keys();
    cases.key("rfc7515-a2", &n, e);
    cases.key("rfc7515-a2", &n, 3);
    cases.token(Issuer::rfc7515().token(&device::claims()));
    Ok(())
}

fn json_test_suite<const BITS: usize>(cases: &mut Cases<BITS>) -> Result<(), &'static str>
where
    Bits<BITS>: Capacity,
{
    let folder = "vectors/jsontestsuite/test_parsing";
    let documents = read_folder(folder).ok_or(folder)?;
    for document in &documents {
        cases.token(format!("{}.", signing_input(document, "{}")));
        // A token that is too long has no place for a signature.
        if document.len() < MAX_TOKEN_LEN / 2 {
            cases.token(Issuer::rfc7515().sign(r#"{"alg":"RS256"}"#, document));
            let within = [
                &device::claims().as_bytes()[..device::claims().len() - 1],
                b",\"x\":",
                document,
                b"}",
            ]
            .concat();
            cases.token(Issuer::rfc7515().sign(r#"{"alg":"RS256"}"#, within));
        }
    }
    for document in &documents {
        cases.key_set(document);
        cases.key_set(&[b"{\"keys\":", &document[..], b"}"].concat());
    }
    Ok(())
}

fn wycheproof<const BITS: usize>(cases: &mut Cases<BITS>) -> Result<(), &'static str>
where
    Bits<BITS>: Capacity,
{
    let folder = "vectors/wycheproof";
    for name in ["json_web_signature_test.json", "json_web_key_test.json"] {
        let file = fs::read(shared(folder).join(name)).map_err(|_| folder)?;
        let file: Value = serde_json::from_slice(&file).expect("JSON");
        for group in file["testGroups"].as_array().expect("groups") {
            let keys = group.get("public").or(group.get("private")).expect("keys");
            let keys = if keys.get("keys").is_some() {
                keys.clone()
            } else {
                json!({"keys": [keys]})
            };
            cases.key_set(keys.to_string().as_bytes());
            for test in group["tests"].as_array().expect("tests") {
                cases.token(test["jws"].as_str().expect("a JWS"));
            }
        }
    }
    Ok(())
}

fn providers<const BITS: usize>(cases: &mut Cases<BITS>) -> Result<(), &'static str>
where
    Bits<BITS>: Capacity,
{
    for file in read_folder("providers").ok_or("providers")? {
        let Ok(case) = serde_json::from_slice::<Value>(&file) else {
            continue;
        };
        let text = |name: &str| case[name].as_str().expect("a text");
        let accept = case["accept"].as_array().cloned().unwrap_or_default();
        let refuse = case["refuse"].as_array().into_iter().flatten();
        let refuse = refuse.map(|refuse| refuse[0].as_array().expect("arguments").clone());
        cases.key_set(text("jwks").as_bytes());
        cases.time(Time::exactly(case["now"].as_u64().expect("a time")));
        for arguments in refuse.chain([accept]) {
            let all = |name: &str| {
                let pairs = arguments.chunks(2).filter(|pair| pair[0] == name);
                pairs
                    .map(|pair| pair[1].as_str().expect("a text").to_owned())
                    .collect::<Vec<_>>()
            };
            let mut issuers = all("--issuer").into_iter();
            let policy = Texts {
                issuer: issuers.next().unwrap_or_default(),
                audience: all("--audience").pop(),
                token_type: all("--type").pop(),
                client: all("--client").pop(),
                more_issuers: issuers.collect(),
                scopes: all("--scope"),
                ..Texts::default()
            };
            if policy.audience.is_some() || policy.client.is_some() {
                cases.policy(&policy);
            }
            cases.token(text("token"));
        }
    }
    Ok(())
}

/// A folder beside the checkout.
fn shared(folder: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")).join(folder)
}

/// The files of a folder beside the checkout, in the order of their names.
fn read_folder(folder: &str) -> Option<Vec<Vec<u8>>> {
    let entries = fs::read_dir(shared(folder)).ok()?;
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a file").path()).collect();
    paths.sort();
    let files = paths.iter().filter(|path| path.is_file());
    Some(files.map(|path| fs::read(path).expect("a file")).collect())
}

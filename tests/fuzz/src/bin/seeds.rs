//! Writes the seeds of each target to a folder: the vectors of the other tests, in the form of the target's input, and
//! what the long runs have found besides.
//!
//! `seeds FOLDER` writes `FOLDER/TARGET/seed-NUMBER` and `FOLDER/TARGET/found-NUMBER`. They are the same every time.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::{env, iter};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD as BASE64URL};
use rsa::BoxedUint;
use rsa::pkcs1::{EncodeRsaPublicKey as _, LineEnding};
use rsa::pkcs8::EncodePublicKey as _;
use tokenlatch_fuzz::key::{Key, signing_input};
use tokenlatch_fuzz::reference::rules::{AUDIENCE, ISSUER, NOW};
use tokenlatch_fuzz::secret::{CLIENT_SECRET, HEADER, SECRET, is_only_in};
use tokenlatch_tests::footprint::cases;
use tokenlatch_tests::hostile;
use tokenlatch_tests::issuer::{DOOR_ROOT, Issuer};

/// Longer vectors would slow down every run, and say no more.
const MAX_LEN: usize = 4096;

/// The bytes that choose the plain policy in the target `claims`.
const PLAIN: [u8; 16] = [0; 16];

type Seeds = Vec<Vec<u8>>;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::args_os().nth(1).ok_or("usage: seeds FOLDER")?;
    for (target, seeds) in all() {
        let folder = Path::new(&folder).join(target);
        fs::create_dir_all(&folder)?;
        for (number, seed) in seeds.iter().enumerate() {
            if seed.len() <= MAX_LEN {
                fs::write(folder.join(format!("seed-{number:03}")), seed)?;
            }
        }
        for (number, input) in found(target)?.iter().enumerate() {
            fs::write(folder.join(format!("found-{number:03}")), input)?;
        }
    }
    Ok(())
}

/// What `run --minimise` kept of the long runs of a target: one input in each line, in base64.
fn found(target: &str) -> Result<Seeds, Box<dyn Error>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("found")
        .join(target);
    let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let inputs = text.lines().map(|line| BASE64.decode(line));
    Ok(inputs.collect::<Result<_, _>>()?)
}

fn all() -> Vec<(&'static str, Seeds)> {
    let tokens = tokens();
    let (headers, payloads) = parts(&tokens);
    let key_sets = key_sets();
    let jwks = jwks();
    let (ders, pems) = encoded();
    let with = |prefix: &[u8], seeds: &Seeds| -> Seeds {
        let seeds = seeds.iter();
        seeds.map(|seed| [prefix, seed].concat()).collect()
    };
    let documents = [
        headers.clone(),
        payloads.clone(),
        key_sets.clone(),
        jwks.clone(),
    ]
    .concat();
    let any = any_bytes();
    vec![
        ("token", [with(&[0], &tokens), with(&[1], &tokens)].concat()),
        ("header", headers),
        (
            "claims",
            [with(&PLAIN, &payloads), with(&[0xff; 16], &payloads)].concat(),
        ),
        ("json", documents),
        ("jwk", jwks.clone()),
        ("jwk_set", key_sets.clone()),
        ("spki", ders),
        ("pem", pems.clone()),
        ("packed", [key_sets.clone(), jwks, pems].concat()),
        ("http_key_set", key_set_responses(&key_sets)),
        ("http_token", token_responses()),
        ("authorization", headers_of_requests()),
        ("toml_issuer", issuer_files()),
        ("toml_serve", serve_files()),
        // They make their documents from any bytes.
        ("verifier", any.clone()),
        ("rsa", any.clone()),
        ("key_set_update", any.clone()),
        ("revocation", any.clone()),
        ("c_interface", any),
    ]
}

/// Good tokens, those of the other tests, and the example of RFC 7515.
fn tokens() -> Seeds {
    let claims = format!(
        r#"{{"iss":"{ISSUER}","sub":"technician-7","aud":["{AUDIENCE}","api"],"exp":{},"nbf":{},"iat":{}.5,"jti":"t-1","scope":"read write","client_id":"service-app","x":{{"y":[1,true,null]}}}}"#,
        NOW + 600,
        NOW - 60,
        NOW - 60,
    );
    let good = Key::fixed().token(r#"{"alg":"RS256","typ":"at+jwt","kid":"k1"}"#, claims);
    let cases = cases::all(Issuer::rfc7515())
        .into_iter()
        .map(|case| case.line);
    let cases = cases.filter(|line| !line.starts_with('{'));
    let hostile = hostile::unsigned_headers()
        .into_iter()
        .map(|hostile| hostile.text);
    let all = iter::once(good).chain(cases).chain(hostile.step_by(3));
    all.map(String::into_bytes).collect()
}

/// The headers and payloads of tokens.
fn parts(tokens: &Seeds) -> (Seeds, Seeds) {
    let part = |at: usize| {
        let parts = tokens.iter().filter_map(|token| {
            let part = token.split(|byte| *byte == b'.').nth(at)?;
            BASE64URL.decode(part).ok()
        });
        let mut parts: Seeds = parts.collect();
        parts.sort();
        parts.dedup();
        parts
    };
    (part(0), part(1))
}

fn key_sets() -> Seeds {
    let cases = cases::all(Issuer::rfc7515())
        .into_iter()
        .map(|case| case.line);
    let cases = cases.filter(|line| line.starts_with('{'));
    let key = Key::fixed().jwk("k1");
    let deep = "[".repeat(17);
    let own = [
        Key::fixed().jwk_set(),
        format!(r#"{{"keys":[{key},{key},{{"kty":"EC","kid":"k2"}},7]}}"#),
        // A key that is too deep, and then what nobody has checked: control characters, quotes, brackets.
        format!("{{\"keys\":[[{deep}],\"\u{1}\",{key}]}}"),
        format!("{{\"keys\":[{{\"x\":{deep}\"a\u{0}\"]}},{key}],\"a\":\"\u{1f}\"}}"),
        format!("{{\"keys\":[{{\"a\":0,\"a\":\"\\\u{2}\"}},{key}]}}"),
        "{\"keys\":[{\"a\":0,\"a\":\"\n".into(),
        format!("\u{feff}{}", Key::fixed().jwk_set()),
        // Two members of one name, the second with a bad key where the first has none.
        format!(r#"{{"keys":[{key}],"keys":[{key},{{"a":0,"a":0}}]}}"#),
        // Names with one hash: in two good keys, and in the document on both sides of a bad key.
        format!(
            r#"{{"keys":[{0},{0}]}}"#,
            key.replace('{', r#"{"yiijsv":0,"ktodoe":0,"#)
        ),
        r#"{"yiijsv":0,"ktodoe":0,"keys":[{"x":0,"x":0}],"ktodoe":1}"#.into(),
    ];
    own.into_iter()
        .chain(cases)
        .map(String::into_bytes)
        .collect()
}

fn jwks() -> Seeds {
    let key = Key::fixed().jwk("k1");
    let members = [
        "",
        r#","use":"sig","alg":"RS256""#,
        r#","use":"enc""#,
        r#","key_ops":["sign","verify"]"#,
        r#","d":"AQAB""#,
        r#","issuer":"https://login.microsoftonline.com/{tenantid}/v2.0","x5t":"a","x5c":[]"#,
        r#","k":null"#,
    ];
    let with = |member: &&str| key.replace('}', &format!("{member}}}")).into_bytes();
    members.iter().map(with).collect()
}

/// Keys in DER and in PEM.
fn encoded() -> (Seeds, Seeds) {
    let fixed = Key::fixed();
    let n = BoxedUint::from_be_slice(&fixed.modulus(), 2048).expect("a modulus");
    let key = rsa::PublicKey::new(n, u64::from(fixed.exponent()).into()).expect("a key");
    let spki = key.to_public_key_der().expect("DER").into_vec();
    let pkcs1 = key.to_pkcs1_der().expect("DER").as_bytes().to_vec();
    let (_, private) = DOOR_ROOT.split_once("-----\n").expect("PEM");
    let private: String = private
        .lines()
        .take_while(|line| !line.starts_with('-'))
        .collect();
    let private = BASE64.decode(private).expect("base64");
    let pem = key.to_public_key_pem(LineEnding::LF).expect("PEM");
    let pems = [
        // The first line is text.
        format!("\r-----BEGIN !\n{pem}"),
        pem,
        key.to_public_key_pem(LineEnding::CRLF).expect("PEM"),
        key.to_pkcs1_pem(LineEnding::LF).expect("PEM").to_string(),
        DOOR_ROOT.into(),
    ];
    (
        vec![spki, pkcs1, private],
        pems.map(String::into_bytes).into(),
    )
}

/// Responses as in `server.rs`: between them 0x1e, and 0x1f before a body.
fn key_set_responses(key_sets: &Seeds) -> Seeds {
    let set = &key_sets[0];
    let json = |headers: &str, body: &[u8]| {
        let start = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json{headers}\x1f");
        [start.as_bytes(), body].concat()
    };
    let metadata = json(
        "",
        br#"{"issuer":"http://issuer","jwks_uri":"http://issuer/keys"}"#,
    );
    let cached = json(
        "\r\nCache-Control: public, max-age=600, no-transform\r\nAge: 10\r\nETag: \"2\"",
        set,
    );
    let plain = |text: &str| text.as_bytes().to_vec();
    let responses = [
        cached.clone(),
        json(
            "\r\nCache-Control: no-store\r\nETag: W/\"2\"",
            b"{\"keys\":[]}",
        ),
        json(
            "\r\nContent-Encoding: gzip",
            b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xab\xaeU*I-.QR\x02\0",
        ),
        json(
            "\r\nContent-Encoding: x-gzip",
            b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xab\xaeU*I-.QR\x02\0",
        ),
        plain("HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=60\r\n\r\n"),
        plain("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 120\r\n\r\n"),
        plain(
            "HTTP/1.1 429 Too Many Requests\r\nRetry-After: Fri, 31 Dec 2027 23:59:59 GMT\r\n\r\n",
        ),
        [
            &plain("HTTP/1.1 302 Found\r\nLocation: /other\r\n\r\n"),
            &b"\x1e"[..],
            &cached,
        ]
        .concat(),
        plain("HTTP/1.1 301 Moved\r\nLocation: https://other.example/\r\n\r\n"),
        plain(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"ke\r\n6\r\nys\":[]\r\n1\r\n}\r\n0\r\n\r\n",
        ),
        [&metadata, &b"\x1e"[..], &cached].concat(),
        [
            &plain("HTTP/1.1 404 Not Found\r\n\r\n"),
            &b"\x1e"[..],
            &metadata,
            b"\x1e",
            &cached,
        ]
        .concat(),
    ];
    let choices = 0..8_u8;
    choices
        .flat_map(|choice| {
            responses
                .iter()
                .map(move |response| [&[choice], &response[..]].concat())
        })
        .collect()
}

fn token_responses() -> Seeds {
    let json = |status: &str, headers: &str, body: &str| {
        format!("HTTP/1.1 {status}\r\nContent-Type: application/json{headers}\x1f{body}")
    };
    let own = format!(
        "e30.{}.c2ln",
        BASE64URL.encode(format!(r#"{{"exp":{}}}"#, NOW))
    );
    let responses = [
        json(
            "200 OK",
            "",
            r#"{"access_token":"a.b.c","token_type":"Bearer","expires_in":86400,"scope":"a"}"#,
        ),
        json(
            "200 OK",
            "",
            r#"{"access_token":"a.b.c","exp_access_token":"600","refresh_token":"r","id_token":"i"}"#,
        ),
        json(
            "200 OK",
            "",
            &format!(r#"{{"access_token":"{own}","expires_in":null}}"#),
        ),
        json("200 OK", "", r#"{"access_token":"a b","expires_in":3.6e3}"#),
        json(
            "200 OK",
            "",
            r#"{"error":"invalid_client","error_description":"no hush-hush-secret"}"#,
        ),
        json(
            "401 No",
            "",
            r#"{"error":"hush-hush-\u0073ecret","error_description":"hush-hush-refresh hush-hush-id"}"#,
        ),
        json("429 Wait", "\r\nRetry-After: 7", r#"{"error":"slow_down"}"#),
        json(
            "503 Later",
            "\r\nRetry-After: Fri, 31 Dec 2027 23:59:59 GMT",
            "<html>",
        ),
        "HTTP/1.1 302 Found\r\nLocation: /hush-hush-secret\r\n\r\n".into(),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n".into(),
    ];
    let metadata = json(
        "200 OK",
        "",
        r#"{"issuer":"http://issuer","token_endpoint":"http://issuer/token"}"#,
    );
    let with_metadata = responses
        .iter()
        .map(|response| format!("\u{2}{metadata}\x1e{response}"));
    let twice = responses
        .iter()
        .map(|response| format!("\u{6}{}\x1e{response}", responses[5]));
    let once = (0..7_u8).flat_map(|choice| {
        let start = char::from(choice);
        responses
            .iter()
            .map(move |response| format!("{start}{response}"))
    });
    let all = once.chain(with_metadata).chain(twice);
    all.map(String::into_bytes).collect()
}

fn headers_of_requests() -> Seeds {
    let token = signing_input(r#"{"alg":"RS256"}"#, "{}");
    let values = [
        "Bearer $T".to_owned(),
        "bearer   $T".into(),
        "Bearer $T\nBearer $T".into(),
        "Bearer $T ".into(),
        "Basic Zm9v".into(),
        "Bearer".into(),
        "Bearer =".into(),
        "Bearer a,b".into(),
        "Bearer\ta".into(),
        "\u{e9}".into(),
        format!("Bearer {token}.AAAA"),
        format!("DPoP {token}.AAAA"),
    ];
    let both = ["\0", "\u{1}"];
    let values = both
        .iter()
        .flat_map(|choice| values.iter().map(move |value| format!("{choice}{value}")));
    values.map(String::into_bytes).collect()
}

fn issuer_files() -> Seeds {
    let example = include_str!("../../../../host/src/issuer/model/example.toml");
    let secret = example
        .replace("change-me-too", "change-me")
        .replace("change-me", SECRET);
    // By its tables, so that each is short.
    let tables = secret.split("\n\n").map(String::from);
    let all: Vec<_> = iter::once(secret.clone()).chain(tables).collect();
    let as_name = format!("keys = '{CLIENT_SECRET}'");
    let as_claim = format!("[[clients]]\nclaims = {{ a.{CLIENT_SECRET} }}");
    with_secret_elsewhere(CLIENT_SECRET, &[as_name, as_claim], all)
}

fn serve_files() -> Seeds {
    let example = include_str!("../../../../host/cli/examples/serve/serve.toml");
    let issuer = |members: &str| format!("[[issuer]]\naudience = \"a\"\n{members}\n");
    let issuers = [
        issuer("profile = \"entra\"\ntenant = [\"8a0d7f2e-5c11-4b4e-9a55-0f6b3c2d1e00\"]"),
        issuer("profile = \"cognito\"\nregion = \"eu-west-1\""),
        issuer(&format!(
            "issuer = \"https://a.example/\"\n{HEADER}\nclaim = \"a/b=c\""
        )),
        issuer(
            "issuer-template = \"https://a.example/{tenantid}/\"\nscope = [\"a\", \"b\"]\nmax-age = 5",
        ),
        issuer(
            "metadata = \"https://a.example/m\"\nissuer = \"https://a.example/\"\nallow-http = \"http://k:8080\"",
        ),
    ];
    let all: Vec<_> = iter::once(example.to_owned()).chain(issuers).collect();
    let as_name = format!("issuer = '{HEADER}'");
    with_secret_elsewhere(HEADER, &[as_name], all)
}

/// Adds files in which the text is not secret. In one of the others it has to be.
fn with_secret_elsewhere(secret: &str, elsewhere: &[String], mut files: Vec<String>) -> Seeds {
    let has_secret = |file: &String| file.contains(SECRET) && is_only_in(secret, file);
    assert!(files.iter().any(has_secret), "no file has a secret");
    assert!(!elsewhere.iter().any(has_secret), "it is no secret there");
    files.extend_from_slice(elsewhere);
    files.into_iter().map(String::into_bytes).collect()
}

/// The same bytes every time (xorshift64, Marsaglia 2003), in several lengths.
fn any_bytes() -> Seeds {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    let lens = [16, 64, 64, 128, 128, 256, 256, 512, 512, 1024, 1024, 2048];
    lens.iter()
        .map(|len| (0..*len).map(|_| next()).collect())
        .collect()
}

/// What libFuzzer counts coverage with. Here nobody does.
macro_rules! without_coverage {
    ($($callback:ident)*) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $callback() {}
    )*};
}

without_coverage!(
    __sanitizer_cov_8bit_counters_init
    __sanitizer_cov_pcs_init
    __sanitizer_cov_trace_cmp1
    __sanitizer_cov_trace_cmp2
    __sanitizer_cov_trace_cmp4
    __sanitizer_cov_trace_cmp8
    __sanitizer_cov_trace_const_cmp1
    __sanitizer_cov_trace_const_cmp2
    __sanitizer_cov_trace_const_cmp4
    __sanitizer_cov_trace_const_cmp8
    __sanitizer_cov_trace_pc_indir
    __sanitizer_cov_trace_switch
);

//! A token that nothing of ours made: OpenSSL makes the key and the signature.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde_json::{Value, json};
use tokenlatch::{JwkSet, MAX_TOKEN_LEN, Policy, Time, verify};
use tokenlatch_tests::{issuer, program};

const ISSUER: &str = "https://openssl.example/";
const AUDIENCE: &str = "https://api.example.com/";
const NOW: u64 = 1_800_000_000;

const HEADER: &str = r#"{"alg":"RS256","kid":"openssl"}"#;
const CLAIMS: &str = r#"{"iss":"https://openssl.example/","sub":"alice","aud":"https://api.example.com/","exp":1800000300,"scope":"read write"}"#;

#[test]
fn the_library_verifies_its_token_and_no_altered_one() {
    let (token, jwk_set) = token_and_jwk_set("library");
    let keys = JwkSet::<1>::from_json(jwk_set.as_bytes()).expect("a JWK Set");
    let policy = Policy::new(ISSUER, AUDIENCE);
    let mut scratch = [0; MAX_TOKEN_LEN];

    let verified = verify(
        token.as_bytes(),
        &mut scratch,
        &keys,
        &policy,
        Time::exactly(NOW),
    )
    .expect("the token is good");
    assert!(verified.subject().is_some_and(|subject| subject == "alice"));
    assert!(verified.scopes().any(|scope| scope == "write"));

    for (position, altered) in altered(&token) {
        let verdict = verify(&altered, &mut scratch, &keys, &policy, Time::exactly(NOW));
        assert!(verdict.is_err(), "byte {position}");
    }
}

#[test]
fn the_program_verifies_its_token_and_no_altered_one() {
    let (token, jwk_set) = token_and_jwk_set("program");
    let jwks = folder("program").join("jwks.json");
    fs::write(&jwks, jwk_set).expect("the JWK Set is written");
    let verify = |token: &str| {
        program::command()
            .arg("verify")
            .arg("--jwks")
            .arg(&jwks)
            .args(["--issuer", ISSUER, "--audience", AUDIENCE])
            .args(["--now", &NOW.to_string(), "--json", "--", token])
            .stderr(Stdio::inherit())
            .output()
            .expect("the program starts")
    };

    let output = verify(&token);
    let verdict: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let claims: Value = serde_json::from_str(CLAIMS).expect("JSON");
    assert_eq!(verdict, json!({"verified": true, "claims": claims}));
    assert_eq!(output.status.code(), Some(0));

    for (position, altered) in altered(&token) {
        let output = verify(str::from_utf8(&altered).expect("ASCII"));
        let verdict: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(verdict["verified"], false, "byte {position}");
        assert_eq!(output.status.code(), Some(1), "byte {position}");
    }
}

/// The token with one bit of one byte flipped, at 20 positions from its first byte to its last.
fn altered(token: &str) -> impl Iterator<Item = (usize, Vec<u8>)> {
    (0..20).map(|index| {
        let position = index * (token.len() - 1) / 19;
        let mut altered = token.as_bytes().to_vec();
        altered[position] ^= 1;
        (position, altered)
    })
}

/// A token signed with a new key, and the key's JWK Set.
fn token_and_jwk_set(folder_name: &str) -> (String, String) {
    let folder = folder(folder_name);
    fs::create_dir_all(&folder).expect("the folder is made");
    let key = folder.join("key.pem");
    let key = key.to_str().expect("UTF-8");
    let message = folder.join("signing-input");
    let message = message.to_str().expect("UTF-8");

    openssl(&["genrsa", "-out", key, "2048"]);
    let signing_input = issuer::signing_input(HEADER, CLAIMS);
    fs::write(message, &signing_input).expect("the signing input is written");
    let signature = openssl(&["dgst", "-sha256", "-sign", key, message]);
    let token = issuer::with_signature(&signing_input, &signature);

    let modulus = openssl(&["rsa", "-in", key, "-noout", "-modulus"]);
    let modulus = String::from_utf8(modulus).expect("UTF-8");
    let digits = modulus.trim().strip_prefix("Modulus=").expect("a modulus");
    let n: Vec<u8> = digits
        .as_bytes()
        .chunks(2)
        .map(|digits| str::from_utf8(digits).expect("ASCII"))
        .map(|digits| u8::from_str_radix(digits, 16).expect("hexadecimal"))
        .collect();
    let jwk = json!({"kty": "RSA", "kid": "openssl", "n": BASE64URL.encode(n), "e": "AQAB"});
    (token, json!({"keys": [jwk]}).to_string())
}

/// A test's own folder.
fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join("openssl")
        .join(name)
}

fn openssl(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("openssl")
        .args(arguments)
        .output()
        .expect("openssl starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments:?}: {errors}");
    output.stdout
}

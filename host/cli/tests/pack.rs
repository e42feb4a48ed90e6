//! `tokenlatch pack`: keys as constants, and signed documents.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokenlatch::{JwkSet, Policy, Time, verify};
use tokenlatch_host::device::{RootKey, VerifyingKeys};
use tokenlatch_host::issuer::{ExposeSecret, Issuer};

/// The key of RFC 7515 appendix A.2.
const KEYS: &str = include_str!("pack/rfc7515-a2.json");

/// What `tokenlatch pack` prints for it, as the compiler takes it.
#[path = "pack/keys.rs"]
// As it is printed, for any place in a program.
#[allow(unreachable_pub)]
mod keys;

const ISSUER: &str = "https://issuer.example/";

/// A folder with keys, in which the program runs.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(TempDir::new().unwrap());
        folder.write("rfc7515-a2.json", KEYS);
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, contents: &str) {
        fs::write(self.path().join(name), contents).unwrap();
    }

    fn root_key(&self) -> RootKey {
        let root = RootKey::generate(2048).unwrap();
        self.write("root.pem", root.to_pem().expose_secret());
        root
    }

    /// `tokenlatch pack` with these arguments, at a certain time.
    fn pack(&self, arguments: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tokenlatch"));
        command.args(["pack", "--now", "1790000000"]);
        command.args(arguments.split_whitespace());
        command.current_dir(self.path()).output().unwrap()
    }

    /// What it prints, when it succeeds without a word on standard error.
    fn packed(&self, arguments: &str) -> String {
        let output = self.pack(arguments);
        assert_eq!(text(&output.stderr), "", "{arguments}");
        assert_eq!(output.status.code(), Some(0), "{arguments}");
        text(&output.stdout).to_owned()
    }

    /// Its status, when it fails, and what it says on standard error.
    fn failed(&self, arguments: &str) -> (i32, String) {
        let output = self.pack(arguments);
        assert_eq!(text(&output.stdout), "", "{arguments}");
        (
            output.status.code().unwrap(),
            text(&output.stderr).to_owned(),
        )
    }
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}

fn modulus() -> String {
    let keys: Value = serde_json::from_str(KEYS).unwrap();
    keys["keys"][0]["n"].as_str().unwrap().to_owned()
}

#[test]
fn the_key_of_the_rfc_in_rust_and_in_c() {
    let folder = Folder::new();
    let rust = folder.packed("rfc7515-a2.json");
    assert_eq!(rust, include_str!("pack/keys.rs"));
    let c = folder.packed("--format c rfc7515-a2.json");
    assert_eq!(c, include_str!("pack/keys.h"));
    let mut show = Command::new(env!("CARGO_BIN_EXE_tokenlatch"));
    let show = show.args(["jwks", "show", "--json", "rfc7515-a2.json"]);
    let shown = show.current_dir(folder.path()).output().unwrap();
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    let thumbprint = shown[0]["thumbprint"].as_str().unwrap();
    assert!(rust.contains(thumbprint) && c.contains(thumbprint));
}

#[test]
fn the_compiler_takes_the_constants() {
    let [key] = keys::KEYS.keys() else {
        panic!("there is one key");
    };
    let same = JwkSet::<1>::from_json(KEYS.as_bytes()).unwrap();
    assert_eq!([*key], *same.keys());
}

/// Prints the constants as C sees them.
const PRINTER: &str = r#"
#include <stdio.h>
#include "keys.h"

#define PRINT(kid, n, len, e) print(kid, n, len, e);

static void print(const char *kid, const uint8_t *n, size_t len, uint32_t e) {
    size_t place;
    printf("%s %lu ", kid, (unsigned long)e);
    for (place = 0; place < len; place++) {
        printf("%02x", (unsigned)n[place]);
    }
    printf("\n");
}

int main(void) {
    DOOR_KEYS_EACH(PRINT)
    return DOOR_KEYS_COUNT;
}
"#;

#[test]
fn compilers_of_c_and_cpp_take_the_header() {
    let folder = Folder::new();
    let n = modulus();
    let long = BASE64URL.encode([0xff; 512]);
    // A `kid` that would end a string, a comment or a line, or begin a trigraph.
    let key_id = "\"*/??/\n\\é";
    let keys = json!({"keys": [
        {"kty": "RSA", "kid": key_id, "n": n, "e": "AQAB"},
        {"kty": "RSA", "kid": "long", "n": long, "e": "Aw"},
    ]});
    folder.write("*.json", &keys.to_string());
    let header = folder.packed("--format c --name Door_Keys *.json");
    folder.write("keys.h", &header);
    folder.write("printer.c", PRINTER);
    folder.write("printer.cpp", PRINTER);
    for (compiler, standard, source) in [
        ("cc", "c99", "printer.c"),
        ("cc", "c17", "printer.c"),
        ("c++", "c++11", "printer.cpp"),
    ] {
        let mut compile = Command::new(compiler);
        compile.args(["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]);
        compile
            .arg(format!("-std={standard}"))
            .args(["-o", "printer", source]);
        let compiled = compile.current_dir(folder.path()).output().unwrap();
        assert!(compiled.status.success(), "{}", text(&compiled.stderr));
        let printed = Command::new(folder.path().join("printer"))
            .output()
            .unwrap();
        assert_eq!(printed.status.code(), Some(2), "as many as there are keys");
        let hex = |bytes: &[u8]| {
            bytes
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>()
        };
        let first = hex(&BASE64URL.decode(&n).unwrap());
        let second = "ff".repeat(512);
        let expected = format!("{key_id} 65537 {first}\nlong 3 {second}\n");
        assert_eq!(text(&printed.stdout), expected);
    }
}

#[test]
fn a_key_that_cannot_be_used_is_named_and_left_out() {
    let folder = Folder::new();
    let n = modulus();
    let long = BASE64URL.encode([0xff; 512]);
    let keys = json!({"keys": [
        {"kty": "RSA", "kid": "good", "n": n, "e": "AQAB"},
        {"kty": "RSA", "kid": "enc", "use": "enc", "n": n, "e": "AQAB"},
        {"kty": "RSA", "n": n, "e": "AQAB"},
        {"kty": "RSA", "kid": "secret\u{1b}", "n": n, "e": "AQAB", "d": "AQAB"},
        {"kty": "RSA", "kid": "long", "n": long, "e": "AQAB"},
    ]});
    folder.write("keys.json", &keys.to_string());
    let output = folder.pack("--capacity 2048 keys.json");
    assert_eq!(output.status.code(), Some(0));
    let why = "\
tokenlatch: \"enc\" is left out: the key is not meant for verifying RS256
tokenlatch: key 3 is left out: the key has no kid
tokenlatch: \"secret\\u{1b}\" is left out: the key is a private key
tokenlatch: \"long\" is left out: the modulus is above the capacity
";
    assert_eq!(text(&output.stderr), why);
    let rust = text(&output.stdout);
    assert!(rust.contains("JwkSet<1> ") && rust.contains("jwk!(\"good\", n: \""));
    let wide = folder.pack("keys.json");
    let wide = text(&wide.stdout);
    assert!(wide.contains("JwkSet<2, 4096> ") && wide.contains("\", e: \"AQAB\", 4096),\n"));

    let strict = folder.failed("--capacity 2048 --strict keys.json");
    assert_eq!(strict, (1, why.to_owned()));
    let none = json!({"keys": [{"kty": "EC", "kid": "ec"}]});
    folder.write("none.json", &none.to_string());
    let (status, why) = folder.failed("none.json");
    assert_eq!(status, 1);
    assert!(
        why.ends_with("tokenlatch: there is no key that a device can use\n"),
        "{why}"
    );
    folder.write("page.html", "<html>");
    let (status, why) = folder.failed("page.html");
    assert_eq!(status, 3);
    assert!(
        why.contains("neither a JWK Set nor a public key in PEM"),
        "{why}"
    );
    let nul = json!({"keys": [{"kty": "RSA", "kid": "a\0b", "n": n, "e": "AQAB"}]});
    folder.write("nul.json", &nul.to_string());
    assert!(folder.packed("nul.json").contains(r#"jwk!("a\u{0}b""#));
    let (status, why) = folder.failed("--format c nul.json");
    assert_eq!(status, 1);
    assert!(why.contains("has a NUL"), "{why}");
}

#[test]
fn a_key_in_pem_is_the_key_of_the_set() {
    let folder = Folder::new();
    let root = folder.root_key();
    let (status, why) = folder.failed("--kid a root.pem");
    assert_eq!(status, 1);
    assert!(
        why.contains("\"a\" is left out: the key is a private key"),
        "{why}"
    );
    let mut openssl = Command::new("openssl");
    let openssl = openssl.args(["pkey", "-in", "root.pem", "-pubout", "-out", "public.pem"]);
    let written = openssl.current_dir(folder.path()).output().unwrap();
    assert!(written.status.success());
    let rust = folder.packed("--kid a public.pem");
    assert!(rust.contains(&format!("jwk!(\"a\", n: \"{}\"", root.public().n())));
    let (status, why) = folder.failed("public.pem");
    assert_eq!(status, 1);
    assert!(
        why.contains("key 1 is left out: the key has no kid"),
        "{why}"
    );
}

#[test]
fn an_update_is_verified_as_devices_do_it() {
    let folder = Folder::new();
    let root = folder.root_key();
    let options = "--format update --root-key root.pem --issuer https://issuer.example/ \
                   --audience doors --expires-in 90";
    let update = folder.packed(&format!("rfc7515-a2.json {options}"));
    assert_eq!(
        folder.packed(&format!("rfc7515-a2.json {options}")),
        update,
        "nothing is random"
    );
    let claims = verified(&root, update.trim_end(), "jwk-set+jwt");
    let mut expected: Value = serde_json::from_str(KEYS).unwrap();
    for (name, value) in [
        ("iss", json!(ISSUER)),
        ("sub", json!(ISSUER)),
        ("aud", json!("doors")),
        ("iat", json!(1_790_000_000)),
        ("exp", json!(1_797_776_000)),
    ] {
        expected[name] = value;
    }
    assert_eq!(claims, expected);
    let carried = VerifyingKeys::read(claims.to_string().as_bytes(), None).unwrap();
    assert_eq!(carried.usable.len(), 1);

    let renamed = folder.packed(&format!("rfc7515-a2.json {options} --root-kid root"));
    let root = root.with_key_id("root").unwrap();
    verified(&root, renamed.trim_end(), "jwk-set+jwt");
}

#[test]
fn a_revocation_list_is_verified_as_devices_do_it() {
    let folder = Folder::new();
    let root = folder.root_key();
    let document = folder.packed(
        "--format revocation --root-key root.pem --issuer https://issuer.example/ \
         --audience doors --expires-in 1 --epoch issuer=https://issuer.example/@1780000000 \
         --epoch group=contractors --revoke jti=7f3a --revoke sub=grace --revoke kid=2026-11",
    );
    let claims = verified(&root, document.trim_end(), "revocation+jwt");
    let epochs = json!([
        {"iss": ISSUER, "iat": 1_780_000_000},
        {"group": "contractors", "iat": 1_790_000_000},
    ]);
    assert_eq!(claims["epochs"], epochs);
    let revoked = json!([{"jti": "7f3a"}, {"sub": "grace"}, {"kid": "2026-11"}]);
    assert_eq!(claims["revoked"], revoked);
    assert_eq!(claims["exp"], 1_790_086_400);
}

/// The claims of a document that a device accepts.
fn verified(root: &RootKey, document: &str, token_type: &str) -> Value {
    let keys = json!({"keys": [root.public().jwk()]}).to_string();
    let keys = JwkSet::<1>::from_json(keys.as_bytes()).unwrap();
    let policy = Policy::new(ISSUER, "doors")
        .require_type(token_type)
        .require_subject(ISSUER);
    let mut scratch = vec![0; document.len()];
    let now = Time::exactly(1_790_000_000);
    let verified = verify(document.as_bytes(), &mut scratch, &keys, &policy, now).unwrap();
    serde_json::from_str(verified.claims().as_str()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_come_from_an_issuer_too() {
    let folder = Folder::new();
    let issuer = Issuer::start("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let origin = issuer.origin();
    let by_issuer = folder.packed(&format!("--discover {origin}/"));
    assert!(by_issuer.contains(&format!(" from {origin}/.\n")));
    for key in issuer.keys() {
        // Its `kid` is its thumbprint.
        let key_id = key.key_id;
        assert!(by_issuer.contains(&format!(
            "// 2048 bits, thumbprint {key_id}\n    jwk!(\"{key_id}\", "
        )));
    }
    let by_url = folder.packed(&format!(
        "--jwks {origin}/.well-known/jwks.json?token=s3cret"
    ));
    assert!(by_url.contains(&format!(" from {origin}/.well-known/jwks.json.\n")));
    let keys = |text: &str| text.split_once("pub static").unwrap().1.to_owned();
    assert_eq!(keys(&by_url), keys(&by_issuer));
    let (status, _) = folder.failed(&format!("--jwks {origin}/nowhere"));
    assert_eq!(status, 3);
}

#[test]
fn arguments_that_do_not_go_together_are_status_2() {
    let folder = Folder::new();
    folder.write("wrong.pem", "-----BEGIN");
    let signed = "--issuer i --audience a --expires-in 1 --root-key";
    for (arguments, part) in [
        ("", "which keys? Give a file, --jwks or --discover"),
        (
            "--format revocation rfc7515-a2.json",
            "a revocation list has no keys",
        ),
        (
            "--format revocation",
            "needs --root-key, --issuer, --audience and --expires-in",
        ),
        ("--format update rfc7515-a2.json", "needs --root-key, "),
        (
            "--epoch group=a rfc7515-a2.json",
            "are for --format revocation",
        ),
        ("--issuer a rfc7515-a2.json", "constants are not signed"),
        ("--name 1a rfc7515-a2.json", "it is a letter, and"),
        (
            "--capacity 1024 rfc7515-a2.json",
            "it is 2048, 3072 or 4096",
        ),
        (
            "--format revocation --revoke token=a",
            "it is jti=ID, sub=SUBJECT or kid=KID",
        ),
        (
            "--format revocation --epoch a@5",
            "it is issuer=URL@TIME or group=NAME@TIME",
        ),
        (
            "--jwks https://a.example/ rfc7515-a2.json",
            "cannot be used with",
        ),
        (
            &format!("--format revocation {signed} none.pem"),
            "cannot use the root key none.pem: ",
        ),
        (
            &format!("--format revocation {signed} wrong.pem"),
            "not an RSA private key in PEM",
        ),
    ] {
        let (status, why) = folder.failed(arguments);
        assert_eq!(status, 2, "{arguments}: {why}");
        assert!(why.contains(part), "{arguments}: {why}");
    }
}

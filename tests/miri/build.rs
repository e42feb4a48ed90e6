//! Signs what the tests verify.

use std::path::Path;
use std::{env, fs};

use serde_json::{Value, json};
use tokenlatch_tests::issuer::Issuer;

const ISSUER: &str = "https://issuer.example/";
const NOW: u64 = 1_800_000_000;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let issuer = Issuer::rfc7515();
    let document = |media_type: &str, audience: &str, more: Value| {
        let mut claims =
            json!({"iss": ISSUER, "sub": ISSUER, "aud": audience, "iat": NOW, "exp": NOW + 600});
        for (name, value) in more.as_object().expect("an object") {
            claims[name] = value.clone();
        }
        let header = json!({"alg": "RS256", "typ": media_type, "kid": issuer.key_id()});
        issuer.sign(header.to_string(), claims.to_string())
    };
    let token = |jti: &str| {
        let more = json!({"sub": "alice", "jti": jti, "scope": "door:open door:see", "level": 7, "guest": false,
            "name": "Alice \"A\"", "nonce": "AAECAwQFBgcICQoLDA0ODw"});
        document("at+jwt", "door-1", more)
    };
    let out = env::var("OUT_DIR").expect("cargo sets it");
    for (name, text) in [
        ("keys.json", issuer.jwk_set()),
        ("token.jwt", token("t-1")),
        ("revoked.jwt", token("t-2")),
        (
            "key-set.jwt",
            document("jwk-set+jwt", "fleet", json!({"keys": [issuer.jwk()]})),
        ),
        (
            "revocation.jwt",
            document(
                "revocation+jwt",
                "fleet",
                json!({"epochs": [], "revoked": [{"jti": "t-2"}]}),
            ),
        ),
    ] {
        fs::write(Path::new(&out).join(name), text).expect("it can be written");
    }
    let (modulus, _) = issuer.modulus_and_exponent();
    fs::write(Path::new(&out).join("modulus"), modulus).expect("it can be written");
}

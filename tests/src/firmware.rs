//! The firmware example, from the outside.

use std::path::{Path, PathBuf};

use crate::issuer::Issuer;

/// The folder of the example.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware-example/minimal")
}

/// The file of a token that the example contains.
#[must_use]
pub fn token_file(name: &str) -> PathBuf {
    folder().join("tokens").join(name).with_extension("jwt")
}

/// The tokens that those files must contain, by name.
#[must_use]
pub fn tokens() -> [(&'static str, String); 4] {
    let device = "https://device.example/";
    let good = Issuer::rfc7515().token(&claims(device, NOW - MINUTE, "config:read"));
    let expired = Issuer::rfc7515().token(&claims(device, NOW - HOUR - MINUTE, "config:read"));
    let wrong_audience = Issuer::rfc7515().token(&claims(
        "https://other.example/",
        NOW - MINUTE,
        "config:read",
    ));
    // An attacker adds a scope and keeps the signature.
    let greedy = Issuer::rfc7515().token(&claims(device, NOW - MINUTE, "config:read config:write"));
    let (signing_input, _) = greedy.rsplit_once('.').expect("a token");
    let (_, signature) = good.rsplit_once('.').expect("a token");
    let tampered = format!("{signing_input}.{signature}");
    [
        ("good", good),
        ("expired", expired),
        ("tampered", tampered),
        ("wrong-audience", wrong_audience),
    ]
}

/// 2026-11-21T12:00:00Z, at which the firmware's clock stands still.
pub const NOW: u64 = 1_795_262_400;
const HOUR: u64 = 60 * MINUTE;
const MINUTE: u64 = 60;

/// The claims of an access token (RFC 9068 section 2.2) that is valid for an hour.
fn claims(audience: &str, issued_at: u64, scope: &str) -> String {
    let expiry = issued_at + HOUR;
    [
        r#"{"iss":"https://issuer.example/","sub":"technician-7","#,
        &format!(r#""aud":"{audience}","iat":{issued_at},"exp":{expiry},"#),
        &format!(r#""jti":"5f0c9a1e","client_id":"service-app","scope":"{scope}"}}"#),
    ]
    .concat()
}

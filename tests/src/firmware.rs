//! The firmware example, from the outside.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::issuer::Issuer;

/// Its folder.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware-example")
}

/// Cargo in that folder, as in a user's shell: without what the cargo that runs the tests was told to
/// build, and how.
#[must_use]
pub fn cargo() -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    for (name, _) in env::vars_os() {
        let told = name.to_str().is_some_and(|name| {
            name.ends_with("RUSTFLAGS")
                || ["CARGO_BUILD_", "CARGO_TARGET_", "CARGO_PROFILE_"]
                    .iter()
                    .any(|prefix| name.starts_with(prefix))
        });
        if told {
            cargo.env_remove(name);
        }
    }
    cargo.current_dir(folder()).stdin(Stdio::null());
    cargo
}

/// For size: SHA-256 in its compact form, too.
pub const SIZE: &[&str] = &["--release", "--config", ".cargo/size.toml"];

/// As it is shipped.
pub const RELEASE: &[&str] = &["--release"];

/// For speed.
pub const SPEED: &[&str] = &["--profile", "speed"];

/// Builds one of its programs in a profile, with these features, separated by commas.
///
/// # Errors
///
/// What cargo says.
pub fn build(program: &str, profile: &[&str], features: &str) -> Result<PathBuf, String> {
    let output = cargo()
        .args(["build", "--locked"])
        .args(profile)
        .args(["--bin", program, "--features", features])
        .arg("--message-format=json-render-diagnostics")
        .output()
        .expect("cargo starts");
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let messages = String::from_utf8(output.stdout).expect("UTF-8");
    let executable = messages
        .lines()
        .map(|message| serde_json::from_str::<Value>(message).expect("JSON"))
        .find_map(|message| message["executable"].as_str().map(PathBuf::from));
    Ok(executable.expect("cargo names the program"))
}

/// The file of one of the tokens that are baked into it.
#[must_use]
pub fn token_file(name: &str) -> PathBuf {
    folder().join("tokens").join(name).with_extension("jwt")
}

/// What those files must hold: the tokens by name.
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
    // Somebody gives himself a scope and keeps the signature.
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

/// The firmware's clock stands still at 2026-11-21T12:00:00Z.
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

//! What each part of a device takes on a Cortex-M3, in the device laboratory.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::device::{self, RELEASE};
use crate::firmware::NOW;
use crate::footprint;
use crate::issuer::Issuer;

/// The parts, by the names that the laboratory has for them, and what is measured of each.
pub const PARTS: [(&str, &str); 9] = [
    ("clock", "`Clock`"),
    ("key-set", "`KeySet<4>`"),
    ("revocation", "`Revocation<8, 32>`"),
    ("replay", "`Replay<32>`"),
    ("challenge", "`Challenge`, `Nonces`"),
    ("audit", "`Audit`"),
    ("verdict", "`Verdict`, two `Fingerprint`s"),
    ("storage", "`Storage`, without the driver"),
    ("steps", "`SignatureCheck`"),
];

/// What a part takes, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Besides `verify_in_place`.
    pub flash: u64,
    /// Of its own memory.
    pub size: u64,
    /// At most, in one call.
    pub stack: u64,
}

/// Measures each part, in the order of [`PARTS`].
///
/// # Panics
///
/// If a program does not build or fails.
#[must_use]
pub fn measure() -> [Cost; 9] {
    let memory = memory();
    let verify = footprint::flash("flash-whole-token", RELEASE, "");
    PARTS.map(|(part, _)| {
        let with_part = footprint::flash("flash-part", RELEASE, &format!("part-{part}"));
        let (size, stack) = memory[part];
        Cost {
            flash: with_part - verify,
            size,
            stack,
        }
    })
}

/// The size and the stack of each part.
fn memory() -> BTreeMap<String, (u64, u64)> {
    let program = device::build("parts", RELEASE, "").unwrap_or_else(|error| panic!("{error}"));
    let folder = program.parent().unwrap_or(Path::new("."));
    fs::write(folder.join("cases.txt"), cases().join("\n") + "\n").expect("the cases");
    let output = device::run(&program, folder).expect("QEMU starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    let figures = text.lines().map(|line| {
        let mut words = line.split(' ');
        let part = words.next().expect("a part").to_owned();
        let mut number = || words.next()?.parse().ok();
        let figures = number().zip(number());
        (part, figures.unwrap_or_else(|| panic!("{line}")))
    });
    figures.collect()
}

/// What the program reads: a JWK Set, a token, and then a dozen key sets and revocations, each newer than the one
/// before, so that the storage has to move records while it stores them.
fn cases() -> Vec<String> {
    let issuer = Issuer::rfc7515();
    let token = issuer.token(
        &json!({
            "iss": ISSUER, "aud": "https://device.example/", "sub": "technician-7", "jti": "5f0c9a1e",
            "iat": NOW - 1, "exp": NOW + 600, "scope": "config:read", "groups": ["staff"],
            // Of 16 zeros.
            "nonce": "AAAAAAAAAAAAAAAAAAAAAA",
        })
        .to_string(),
    );
    let keys = ["rfc7515-a2", "b", "c", "d"].map(|key_id| {
        let mut jwk = issuer.jwk();
        jwk["kid"] = key_id.into();
        jwk
    });
    let epochs: Vec<_> = (0..8)
        .map(|n| json!({"group": n.to_string(), "iat": NOW}))
        .collect();
    let entries: Vec<_> = (0..32).map(|n| json!({"sub": n.to_string()})).collect();
    let mut cases = vec![issuer.jwk_set(), token];
    for second in 0..12 {
        let key_set = json!({"keys": keys});
        cases.push(document("jwk-set+jwt", NOW + second, key_set));
        let revocation = json!({"epochs": epochs, "revoked": entries});
        cases.push(document("revocation+jwt", NOW + second, revocation));
    }
    cases
}

/// A document of a root, which is the issuer here.
fn document(media_type: &str, issued_at: u64, mut members: Value) -> String {
    let issuer = Issuer::rfc7515();
    for (name, value) in [
        ("iss", json!(ISSUER)),
        ("aud", json!("fleet")),
        ("iat", json!(issued_at)),
        ("exp", json!(NOW + 1_000_000)),
    ] {
        members[name] = value;
    }
    let key_id = issuer.key_id();
    let header = format!(r#"{{"alg":"RS256","typ":"{media_type}","kid":"{key_id}"}}"#);
    issuer.sign(header, members.to_string())
}

const ISSUER: &str = "https://issuer.example/";

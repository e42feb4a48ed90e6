//! `tokenlatch verify -`: as many tokens as come, in the memory of a few.
#![cfg(target_os = "linux")]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;

use serde_json::Value;
use tokenlatch_tests::issuer::Issuer;
use tokenlatch_tests::program;

const ISSUER: &str = "https://issuer.example/";
const AUDIENCE: &str = "https://api.example.com/";
const NOW: u64 = 1_800_000_000;

#[test]
fn ten_thousand_tokens_take_the_memory_of_a_hundred() {
    let cases = cases();
    let jwks = Path::new(env!("CARGO_TARGET_TMPDIR")).join("stream.jwks.json");
    fs::write(&jwks, Issuer::rfc7515().jwk_set()).expect("the JWK Set is written");
    let mut program = program::command()
        .arg("verify")
        .arg("--jwks")
        .arg(&jwks)
        .args(["--issuer", ISSUER, "--audience", AUDIENCE])
        .args(["--now", &NOW.to_string(), "--json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut input = program.stdin.take().expect("a pipe");
    let output = program.stdout.take().expect("a pipe");
    let mut verdicts = BufReader::new(output).lines();

    // Every verdict is compared with that of its own token, so a lost, doubled or swapped one shows.
    let mut stream = |count: usize| {
        thread::scope(|scope| {
            scope.spawn(|| {
                for (token, _) in cases.iter().cycle().take(count) {
                    writeln!(input, "{token}").expect("the program reads");
                }
            });
            for (index, (_, expected)) in cases.iter().cycle().take(count).enumerate() {
                let verdict = verdicts.next().expect("a verdict").expect("UTF-8");
                let verdict: Value = serde_json::from_str(&verdict).expect("JSON");
                assert_eq!(
                    verdict["claims"]["jti"].as_str(),
                    expected.as_deref(),
                    "token {index}"
                );
                assert_eq!(verdict["verified"], expected.is_some(), "token {index}");
            }
        });
    };
    stream(100);
    let peak_of_a_hundred = peak_kib(&program);
    stream(9_900);
    let peak = peak_kib(&program);

    drop(input);
    assert!(verdicts.next().is_none(), "more verdicts than tokens");
    let status = program.wait().expect("the program ends");
    assert_eq!(status.code(), Some(1), "some tokens were bad");
    assert!(
        peak <= peak_of_a_hundred + 2 * 1024,
        "{peak_of_a_hundred} KiB after 100 tokens, {peak} KiB after 10,000"
    );
}

/// Tokens, each with the `jti` that its verdict must show, or nothing where it must be rejected.
fn cases() -> Vec<(String, Option<String>)> {
    (0..100)
        .map(|number| {
            let jti = format!("token-{number}");
            let is_good = number % 7 != 3;
            let expiry = if is_good { NOW + 1 } else { NOW };
            let claims = format!(
                r#"{{"iss":"{ISSUER}","sub":"alice","aud":"{AUDIENCE}","exp":{expiry},"jti":"{jti}"}}"#
            );
            (Issuer::rfc7515().token(&claims), is_good.then_some(jti))
        })
        .collect()
}

/// The most memory that the program has had resident at one time so far, in KiB.
fn peak_kib(program: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", program.id())).expect("its status");
    status
        .lines()
        .find_map(|line| {
            line.strip_prefix("VmHWM:")?
                .strip_suffix("kB")?
                .trim()
                .parse()
                .ok()
        })
        .expect("its peak")
}

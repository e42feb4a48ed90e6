//! The program as its users have it: exit status, output, streams, signals.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::{Json, Router};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use rsa::pkcs1v15::{Signature, VerifyingKey};
use rsa::signature::Verifier;
use rsa::{BoxedUint, PublicKey};
use serde_json::{Value, json};
use sha2::Sha256;
use tokenlatch::MAX_TOKEN_LEN;
use tokenlatch_host::http;
use tokenlatch_host::issuer::{ATM_ISSUER, Config, Endpoint, Issuer};
use tokenlatch_host::profile::ProfileName;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;

const AUDIENCE: &str = "https://api.example.com/";

fn tokenlatch() -> Command {
    Command::new(env!("CARGO_BIN_EXE_tokenlatch"))
}

/// A running issuer, and what to verify its tokens with.
struct Fixture {
    runtime: Runtime,
    issuer: Issuer,
}

impl Fixture {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let issuer = runtime.block_on(Issuer::start(any_port)).unwrap();
        Self { runtime, issuer }
    }

    fn auth0_token(&self) -> String {
        self.runtime.block_on(auth0_token(self.issuer.origin()))
    }

    fn atm_token(&self) -> String {
        self.runtime.block_on(atm_token(self.issuer.origin()))
    }

    fn jwks(&self) -> String {
        format!("{}/.well-known/jwks.json", self.issuer.origin())
    }

    /// `tokenlatch verify` for Auth0's dialect, as yet without TOKEN.
    fn verify(&self) -> Command {
        self.verify_for(&format!("{}/", self.issuer.origin()))
    }

    fn verify_for(&self, issuer: &str) -> Command {
        let mut command = tokenlatch();
        command.args(["verify", "--jwks", &self.jwks()]).args([
            "--issuer",
            issuer,
            "--audience",
            AUDIENCE,
        ]);
        command
    }
}

async fn auth0_token(origin: &str) -> String {
    let request = json!({
        "grant_type": "client_credentials",
        "client_id": "demo-client",
        "client_secret": "demo-secret",
        "audience": AUDIENCE,
    });
    ask(&format!("{origin}/oauth/token"), &request).await
}

async fn atm_token(origin: &str) -> String {
    let request = json!({
        "clientId": "demo-client",
        "clientSecret": "demo-secret",
        "grant_types": "client_credentials",
    });
    ask(&format!("{origin}/auth/token"), &request).await
}

async fn ask(url: &str, request: &Value) -> String {
    let response = http::post_json(url, request).await.unwrap();
    let response: Value = serde_json::from_slice(&response).unwrap();
    response["access_token"].as_str().unwrap().to_owned()
}

/// The claims of a token as they were signed.
fn claims(token: &str) -> String {
    let claims = token.split('.').nth(1).unwrap();
    String::from_utf8(BASE64URL.decode(claims).unwrap()).unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// Runs `command` with `input` as its standard input.
fn run_with(command: &mut Command, input: &[u8]) -> Output {
    let mut child = spawn_piped(command);
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn spawn_piped(command: &mut Command) -> Child {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// A file of this test's own.
fn file(name: &str, contents: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, contents).unwrap();
    path
}

#[test]
fn a_good_token_is_verified_in_both_dialects() {
    let fixture = Fixture::start();
    let auth0 = fixture.auth0_token();
    let output = fixture.verify().arg(&auth0).output().unwrap();
    assert_eq!(stdout(&output), format!("verified {}\n", claims(&auth0)));
    assert_eq!(output.status.code(), Some(0));

    let atm = fixture.atm_token();
    let mut command = fixture.verify_for(ATM_ISSUER);
    let output = command.args(["--json", &atm]).output().unwrap();
    let expected = format!("{{\"verified\":true,\"claims\":{}}}\n", claims(&atm));
    assert_eq!(stdout(&output), expected);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_key_set_may_be_a_file() {
    let fixture = Fixture::start();
    let document = fixture.runtime.block_on(http::get(&fixture.jwks()));
    let document = String::from_utf8(document.unwrap()).unwrap();
    let output = tokenlatch()
        .args(["verify", "--issuer", ATM_ISSUER, "--audience", AUDIENCE])
        .arg("--jwks")
        .arg(file("good.jwks.json", &document))
        .arg(fixture.atm_token())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn an_issuer_is_enough_to_find_its_key_set() {
    let fixture = Fixture::start();
    let issuer = format!("{}/", fixture.issuer.origin());
    let output = tokenlatch()
        .args(["verify", "--discover", &issuer, "--audience", AUDIENCE])
        .arg(fixture.auth0_token())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    // What it says of itself must be what was asked for: here it lacks the slash.
    let output = tokenlatch()
        .args(["verify", "--discover", fixture.issuer.origin()])
        .args(["--audience", AUDIENCE, "token"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn this_machine_is_reached_without_proxy_and_without_root_certificates() {
    let fixture = Fixture::start();
    let mut command = fixture.verify();
    let output = command
        .arg(fixture.auth0_token())
        .env("http_proxy", "http://127.0.0.1:1")
        .env("SSL_CERT_FILE", "/dev/null")
        .env("SSL_CERT_DIR", "/nonexistent")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn a_snapshot_serves_while_the_issuer_is_down() {
    let fixture = Fixture::start();
    let snapshot = Path::new(env!("CARGO_TARGET_TMPDIR")).join("keys.snapshot");
    let _ = std::fs::remove_file(&snapshot);
    let mut first = fixture.verify();
    first
        .arg("--snapshot")
        .arg(&snapshot)
        .arg(fixture.auth0_token());
    assert_eq!(first.output().unwrap().status.code(), Some(0));
    let mut second = fixture.verify();
    second
        .arg("--snapshot")
        .arg(&snapshot)
        .arg(fixture.auth0_token());
    let Fixture { runtime, issuer } = fixture;
    runtime.block_on(issuer.stop());
    let output = second.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn the_keys_of_a_set_are_shown_with_what_is_wrong_with_them() {
    let fixture = Fixture::start();
    let issuer = format!("{}/", fixture.issuer.origin());
    for source in [&["--discover", &issuer][..], &[&fixture.jwks()]] {
        let mut fetch = tokenlatch();
        fetch.args(["jwks", "fetch", "--json"]).args(source);
        let output = fetch.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let keys: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(keys[0]["usable"], true);
        assert_eq!(keys[0]["bits"], 2048);
        assert_eq!(
            keys[0]["kid"], keys[0]["thumbprint"],
            "as this issuer names its keys"
        );
    }

    let output = tokenlatch()
        .args(["jwks", "fetch", "--document", &fixture.jwks()])
        .output()
        .unwrap();
    let document = fixture
        .runtime
        .block_on(http::get(&fixture.jwks()))
        .unwrap();
    assert_eq!(output.stdout, document);

    let unusable = file(
        "unusable.jwks.json",
        r#"{"keys":[{"kty":"EC","kid":"\u001b[2J"}]}"#,
    );
    let show = |arguments: &[&str]| {
        let mut show = tokenlatch();
        show.args(["jwks", "show"]).arg(&unusable).args(arguments);
        show.output().unwrap()
    };
    let output = show(&[]);
    assert_eq!(output.status.code(), Some(1), "no key can be used");
    assert!(stdout(&output).contains("no: unsupported-key-type"));
    assert!(
        !stdout(&output).contains('\u{1b}'),
        "it could steer the terminal"
    );
    let keys: Value = serde_json::from_slice(&show(&["--json"]).stdout).unwrap();
    assert_eq!(keys[0]["error"], "unsupported-key-type");

    let no_set = file("no-set.jwks.json", "[]");
    let output = tokenlatch()
        .args(["jwks", "show"])
        .arg(no_set)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn a_bad_token_is_rejected_with_its_code_and_without_its_text() {
    let fixture = Fixture::start();
    let token = fixture.auth0_token();
    let (signing_input, signature) = token.rsplit_once('.').unwrap();
    for (arguments, token, code) in [
        (&["--now", "99999999999"][..], token.as_str(), "expired"),
        (&["--audience", "other"], &token, "wrong-audience"),
        (&["--issuer", "other"], &token, "wrong-issuer"),
        (
            &[],
            &format!("{signing_input}AAAA.{signature}"),
            "invalid-signature",
        ),
        (&[], signing_input, "not-compact"),
        (&[], "", "not-compact"),
    ] {
        // No argument may come twice.
        let issuer = format!("{}/", fixture.issuer.origin());
        let mut command = tokenlatch();
        command.args(["verify", "--jwks", &fixture.jwks()]);
        for (name, value) in [("--issuer", issuer.as_str()), ("--audience", AUDIENCE)] {
            if !arguments.contains(&name) {
                command.args([name, value]);
            }
        }
        let output = command
            .args(arguments)
            .args(["--json", token])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{code}");
        assert!(stdout(&output).starts_with(r#"{"verified":false,"error":""#));
        let verdict: Value = serde_json::from_str(stdout(&output)).unwrap();
        assert_eq!(verdict["error"], code);
        assert!(verdict["reason"].is_string());
        for part in token.split('.').filter(|part| !part.is_empty()) {
            assert!(!stdout(&output).contains(part));
            assert!(!stderr(&output).contains(part));
        }
    }
}

#[test]
fn leeway_is_in_seconds() {
    let fixture = Fixture::start();
    let token = fixture.atm_token();
    let claims: Value = serde_json::from_str(&claims(&token)).unwrap();
    let expiry = claims["exp"].as_u64().unwrap();
    for (now, leeway, status) in [
        (expiry - 1, 0, 0),
        (expiry, 0, 1),
        (expiry + 4, 5, 0),
        (expiry + 5, 5, 1),
    ] {
        let output = fixture
            .verify_for(ATM_ISSUER)
            .args(["--now", &now.to_string()])
            .args(["--leeway", &leeway.to_string(), &token])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(status), "{now} {leeway}");
    }
}

#[test]
fn wrong_usage_is_status_2() {
    for arguments in [
        &["verify"][..],
        &["verify", "--profile", "nobody", "token"],
        &["verify", "--jwks", "x", "--claim", "x", "token"],
        &["verify", "--jwks", "x", "--issuer", "x", "token"],
        &["verify", "--jwks", "x", "--audience", "x", "token"],
        &["verify", "--issuer", "x", "--audience", "x", "token"],
        &["verify", "--jwks", "x", "--issuer", "x", "--audience", "x"],
        &["issuer", "--listen", "nowhere"],
        &["nothing"],
    ] {
        let output = tokenlatch().args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stdout(&output).is_empty());
        assert!(!stderr(&output).is_empty());
    }
}

#[test]
fn wrong_usage_is_told_with_what_would_be_right() {
    let template = "https://a.example/{tenant}/";
    for (arguments, parts) in [
        (
            &["--issuer", "x", "--audience", "x"][..],
            &["--jwks", "--discover", "--metadata", "--profile"][..],
        ),
        (
            &["--jwks", "x", "--audience", "x"],
            &["--issuer", "--issuer-template", "--discover", "--profile"],
        ),
        (
            &["--jwks", "x", "--issuer", "x"],
            &["--audience", "--client"],
        ),
        (
            &["--profile", "github", "--audience", "x"],
            &["--claim repository=OWNER/NAME"],
        ),
        (&["--profile", "cognito", "--client", "x"], &["--issuer"]),
        (
            &[
                "--profile",
                "cognito-id",
                "--issuer",
                "https://x",
                "--client",
                "x",
            ],
            &["--audience: the client"],
        ),
        (
            &[
                "--profile",
                "okta",
                "--issuer",
                "x",
                "--issuer",
                "y",
                "--audience",
                "x",
            ],
            &["--profile okta takes only one --issuer"],
        ),
        (
            &[
                "--profile",
                "entra",
                "--issuer-template",
                template,
                "--audience",
                "x",
            ],
            &["--profile entra takes no --issuer-template"],
        ),
        (
            &["--profile", "google", "--tenant", "x", "--audience", "x"],
            &["--profile google takes no --tenant"],
        ),
        (
            &[
                "--jwks",
                "x",
                "--issuer-template",
                template,
                "--audience",
                "x",
            ],
            &["exactly one {tenantid}"],
        ),
        (
            &[
                "--jwks",
                "x",
                "--issuer",
                "x",
                "--tenant",
                "x",
                "--audience",
                "x",
            ],
            &["without an issuer template"],
        ),
    ] {
        let mut command = tokenlatch();
        let output = command.arg("verify").args(arguments).arg("token").output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        for part in parts {
            assert!(stderr(&output).contains(part), "{}", stderr(&output));
        }
    }
}

#[test]
fn no_token_on_standard_input_is_wrong_usage() {
    let fixture = Fixture::start();
    for input in [&b""[..], b" \n\n"] {
        let output = run_with(fixture.verify().arg("-"), input);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("no token on standard input"));
    }
    let output = run_with(tokenlatch().args(["inspect", "-"]), b"");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_text_that_is_no_token_gets_a_hint() {
    let fixture = Fixture::start();
    let token = fixture.auth0_token();
    for (text, part) in [
        (format!("Bearer {token}"), "leave out `Bearer`"),
        (format!("\"{token}\""), "quotation marks"),
        ("a.b.c.d.e".into(), "encrypted"),
        ("opaque".into(), "opaque"),
        (
            file("a.token", &token).display().to_string(),
            "name of a file",
        ),
    ] {
        let output = fixture.verify().arg(&text).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(stdout(&output).contains(part), "{}", stdout(&output));
        assert!(!stdout(&output).contains(&token));
        let output = tokenlatch().args(["inspect", &text]).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(stdout(&output).contains(part), "{}", stdout(&output));
    }
}

#[test]
fn a_token_is_inspected_without_being_verified() {
    let fixture = Fixture::start();
    let token = fixture.auth0_token();
    let (signing_input, _) = token.rsplit_once('.').unwrap();
    // Anybody can write this one.
    let forged = format!("{signing_input}.AAAA");
    let output = run_with(tokenlatch().args(["inspect", "-"]), forged.as_bytes());
    assert_eq!(output.status.code(), Some(0));
    let text = stdout(&output);
    assert!(text.starts_with("NOT VERIFIED: "), "{text}");
    assert!(text.contains("\n  \"alg\": \"RS256\"\n"), "{text}");
    assert!(text.contains("Z, in "), "{text}");
    assert!(text.ends_with("signature: 3 bytes\n"), "{text}");
    let output = tokenlatch().args(["inspect", "--json", &forged]).output();
    let shown: Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
    assert_eq!(shown["verified"], false);
    assert_eq!(shown["claims"].to_string(), claims(&token));
}

#[test]
fn a_verdict_is_explained() {
    let fixture = Fixture::start();
    let token = fixture.auth0_token();
    let origin = fixture.issuer.origin();
    let output = fixture
        .verify_for(origin)
        .args(["--client", "other", "--scope", "read:things erase:things"])
        .args(["--claim", "gty=password", "--explain", &token])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    for part in [
        "rejected wrong-issuer: ",
        &format!("issuer (iss): wanted \"{origin}\"; found \"{origin}/\", with a slash at the end"),
        "audience (aud): wanted \"https://api.example.com/\"; found \"https://api.example.com/\"",
        "client: wanted \"other\"; found \"demo-client\" in azp",
        "without \"erase:things\"",
        "\"gty\": wanted \"password\"; found \"client-credentials\"",
        "expires (exp): 20",
        "Z, in ",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn a_policy_may_ask_for_more_and_for_less() {
    let fixture = Fixture::start();
    let token = fixture.auth0_token();
    let issuer = format!("{}/", fixture.issuer.origin());
    let jwks = fixture.jwks();
    for (arguments, status) in [
        (&["--audience", "x", "--audience", AUDIENCE][..], 0),
        (&["--audience", AUDIENCE, "--issuer", "x"], 0),
        (&["--audience", AUDIENCE, "--client", "demo-client"], 0),
        (&["--audience", AUDIENCE, "--client", "other"], 1),
        (
            &[
                "--audience",
                AUDIENCE,
                "--scope",
                "read:things",
                "--scope",
                "write:things",
            ],
            0,
        ),
        (&["--audience", AUDIENCE, "--scope", "erase:things"], 1),
        (
            &["--audience", AUDIENCE, "--claim", "gty=client-credentials"],
            0,
        ),
        (&["--audience", AUDIENCE, "--claim", "gty=password"], 1),
        (&["--audience", AUDIENCE, "--type", "JWT"], 0),
        (&["--audience", AUDIENCE, "--type", "at+jwt"], 1),
        // It has an audience.
        (&["--client", "demo-client"], 1),
        (&["--audience", AUDIENCE, "--profile", "auth0"], 0),
        (&["--audience", AUDIENCE, "--profile", "rfc9068"], 1),
    ] {
        let mut command = tokenlatch();
        command.args(["verify", "--jwks", &jwks, "--issuer", &issuer]);
        let output = command.args(arguments).arg(&token).output().unwrap();
        assert_eq!(output.status.code(), Some(status), "{arguments:?}");
    }
}

#[test]
fn a_profile_without_an_audience_may_be_asked_for_one() {
    let mut config = Config::default();
    config.profile = ProfileName::Cognito;
    let runtime = Runtime::new().unwrap();
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let issuer = runtime.block_on(Issuer::start_with(config, any_port));
    let issuer = issuer.unwrap();
    let url = issuer.issuer();
    for (claims, audience, status) in [
        (json!({}), None, 0),
        (json!({}), Some(AUDIENCE), 1),
        (json!({"aud": AUDIENCE}), Some(AUDIENCE), 0),
        (json!({"aud": "other"}), Some(AUDIENCE), 1),
        (json!({"aud": AUDIENCE}), None, 1),
    ] {
        let output = tokenlatch()
            .args(["verify", "--profile", "cognito", "--issuer", &url])
            .args(["--client", "demo-client"])
            .args(audience.map(|audience| format!("--audience={audience}")))
            .arg(issuer.token(claims.clone()).unwrap())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(status), "{claims} {audience:?}");
    }
}

#[cfg(unix)]
#[test]
fn unreadable_input_is_status_2() {
    let fixture = Fixture::start();
    let directory = File::open(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut command = fixture.verify();
    let output = command.arg("-").stdin(directory).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("cannot read standard input"));
}

#[test]
fn no_key_set_is_status_3() {
    let fixture = Fixture::start();
    let origin = fixture.issuer.origin();
    let no_key = file("no-key.jwks.json", r#"{"keys":[{"kty":"EC"}]}"#);
    let no_json = file("no-json.jwks.json", "keys");
    for jwks in [
        "/does/not/exist",
        no_key.to_str().unwrap(),
        no_json.to_str().unwrap(),
        &format!("{origin}/nothing-here"),
        "http://127.0.0.1:1/",
        "http://issuer.example/jwks.json",
    ] {
        let output = tokenlatch()
            .args(["verify", "--jwks", jwks])
            .args(["--issuer", "x", "--audience", "x", "token"])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(3), "{jwks}");
        assert!(stdout(&output).is_empty());
        assert!(stderr(&output).starts_with("tokenlatch: cannot get the key set: "));
    }
}

#[test]
fn verdicts_come_as_the_lines_come() {
    let fixture = Fixture::start();
    let mut child = spawn_piped(fixture.verify().arg("-"));
    let mut input = child.stdin.take().unwrap();
    let mut verdicts = BufReader::new(child.stdout.take().unwrap()).lines();
    let token = fixture.auth0_token();
    for _ in 0..3 {
        // Each verdict must be there before the next line is written, or this would wait for ever.
        write!(input, "\r\n  {token} \r\n").unwrap();
        let expected = format!("verified {}", claims(&token));
        assert_eq!(verdicts.next().unwrap().unwrap(), expected);
        writeln!(input, "nonsense").unwrap();
        let verdict = verdicts.next().unwrap().unwrap();
        assert!(verdict.starts_with("rejected not-compact: "), "{verdict}");
    }
    drop(input);
    assert!(verdicts.next().is_none());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn an_over_long_line_gets_its_verdict_and_costs_no_memory() {
    const LONG: usize = 64 * 1024 * 1024;
    let fixture = Fixture::start();
    let token = fixture.auth0_token();
    let mut child = spawn_piped(fixture.verify().arg("-"));
    let mut input = child.stdin.take().unwrap();
    let mut verdicts = BufReader::new(child.stdout.take().unwrap()).lines();
    let chunk = vec![b'a'; MAX_TOKEN_LEN];
    for _ in 0..LONG / chunk.len() {
        input.write_all(&chunk).unwrap();
    }
    write!(input, "\n{token}\n").unwrap();
    let verdict = verdicts.next().unwrap().unwrap();
    assert!(
        verdict.starts_with("rejected token-too-long: "),
        "{verdict}"
    );
    let verdict = verdicts.next().unwrap().unwrap();
    assert!(verdict.starts_with("verified "), "{verdict}");
    #[cfg(target_os = "linux")]
    {
        let peak_kib = peak_kib(&child);
        assert!(peak_kib < LONG / 1024, "{peak_kib} KiB");
    }
    drop(input);
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn every_line_is_one_verdict_in_order() {
    let fixture = Fixture::start();
    let good = fixture.auth0_token();
    let other = fixture.atm_token();
    let input = format!("{good}\nx\n\n{other}\n{good}");
    let output = run_with(fixture.verify().args(["--json", "-"]), input.as_bytes());
    let codes = stdout(&output).lines().map(|line| {
        let verdict: Value = serde_json::from_str(line).unwrap();
        verdict["error"].as_str().unwrap_or("verified").to_owned()
    });
    let expected = ["verified", "not-compact", "wrong-issuer", "verified"];
    assert!(codes.eq(expected));
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn order_is_kept_on_many_threads() {
    const COUNT: usize = 1_500;
    let fixture = Fixture::start();
    let good: Vec<_> = (0..7).map(|_| fixture.auth0_token()).collect();
    let shown: Vec<_> = good
        .iter()
        .map(|token| format!("verified {}", claims(token)))
        .collect();
    let other = fixture.atm_token();
    let forged = format!("{}AAAA", good[0]);
    let long = "a".repeat(MAX_TOKEN_LEN + 1);
    let (mut input, mut expected) = (String::new(), Vec::new());
    for number in 0..COUNT {
        // In no period that a block of lines could have.
        let (token, verdict) = match number * number % 101 {
            0..=9 => (other.as_str(), "rejected wrong-issuer: "),
            10..=29 => ("x", "rejected not-compact: "),
            30..=39 => (forged.as_str(), "rejected invalid-signature: "),
            40 => (long.as_str(), "rejected token-too-long: "),
            other => (
                good[other % good.len()].as_str(),
                shown[other % good.len()].as_str(),
            ),
        };
        input += token;
        input += if number.is_multiple_of(5) {
            "\r\n\n"
        } else {
            "\n"
        };
        expected.push(verdict);
    }
    let input_file = file("many.tokens", &input);
    for threads in ["1", "8"] {
        let output = fixture
            .verify()
            .arg("-")
            .env("TOKIO_WORKER_THREADS", threads)
            .stdin(File::open(&input_file).unwrap())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert_eq!(stdout(&output).lines().count(), COUNT);
        for (line, expected) in stdout(&output).lines().zip(&expected) {
            if expected.starts_with("verified") {
                assert_eq!(line, *expected);
            } else {
                assert!(line.starts_with(expected), "{line}");
            }
        }
        assert_eq!(stderr(&output), "");
    }
}

#[test]
fn verdicts_do_not_wait_for_the_rest_of_a_line() {
    let fixture = Fixture::start();
    let mut child = spawn_piped(fixture.verify().arg("-"));
    let mut input = child.stdin.take().unwrap();
    let mut verdicts = BufReader::new(child.stdout.take().unwrap()).lines();
    let token = fixture.auth0_token();
    let (start, end) = token.split_at(token.len() / 2);
    // The end of the third line, and blank lines, must not be waited for.
    write!(input, "{token}\nnonsense\n\n\n{start}").unwrap();
    let expected = format!("verified {}", claims(&token));
    assert_eq!(verdicts.next().unwrap().unwrap(), expected);
    let verdict = verdicts.next().unwrap().unwrap();
    assert!(verdict.starts_with("rejected not-compact: "), "{verdict}");
    writeln!(input, "{end}").unwrap();
    assert_eq!(verdicts.next().unwrap().unwrap(), expected);
    drop(input);
    assert!(verdicts.next().is_none());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn an_unknown_key_is_fetched_among_many_tokens() {
    let fixture = Fixture::start();
    let old = fixture.auth0_token();
    let mut child = spawn_piped(fixture.verify().arg("-"));
    let mut input = child.stdin.take().unwrap();
    let mut verdicts = BufReader::new(child.stdout.take().unwrap()).lines();
    writeln!(input, "{old}").unwrap();
    let verdict = verdicts.next().unwrap().unwrap();
    assert!(verdict.starts_with("verified "), "{verdict}");
    // The key after the next one is not yet in the set that the program has.
    for _ in 0..2 {
        fixture.runtime.block_on(fixture.issuer.rotate()).unwrap();
    }
    let fetches = || fixture.issuer.log().count(Endpoint::KeySet);
    let before = fetches();
    let new = fixture.auth0_token();
    let lines = format!("{old}\n{new}\n").repeat(500);
    // Two threads: the verdicts fill their pipe before all lines are written.
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    for expected in [&old, &new].iter().cycle().take(1_000) {
        let verdict = verdicts.next().unwrap().unwrap();
        assert_eq!(verdict, format!("verified {}", claims(expected)));
    }
    writer.join().unwrap().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(fetches(), before + 1, "one fetch for all of them");
}

#[test]
fn verdicts_are_counted_in_the_end() {
    let fixture = Fixture::start();
    let good = fixture.auth0_token();
    let other = fixture.atm_token();
    let input = format!("{good}\nx\n\n{other}\n{good}\ny\n{good}");
    let without = run_with(fixture.verify().arg("-"), input.as_bytes());
    assert_eq!(stderr(&without), "");
    let output = run_with(fixture.verify().args(["--summary", "-"]), input.as_bytes());
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, without.stdout, "the verdicts are the same");
    let expected =
        "6 tokens: 3 verified, 3 rejected\n       2 not-compact\n       1 wrong-issuer\n";
    assert_eq!(stderr(&output), expected);

    let mut command = fixture.verify();
    let output = run_with(command.args(["--summary", "--json", "-"]), input.as_bytes());
    assert_eq!(stdout(&output).lines().count(), 6);
    let expected = concat!(
        r#"{"tokens":6,"verified":3,"rejected":3,"#,
        r#""codes":{"not-compact":2,"wrong-issuer":1}}"#,
        "\n"
    );
    assert_eq!(stderr(&output), expected);

    let output = fixture
        .verify()
        .args(["--summary", &good])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(stderr(&output), "1 token: 1 verified, 0 rejected\n");
}

#[cfg(target_os = "linux")]
#[test]
fn many_lines_cost_no_memory() {
    const INPUT_KIB: usize = 48 * 1024;
    let fixture = Fixture::start();
    // What waits is bounded for each thread.
    let mut verify = fixture.verify();
    let mut child = spawn_piped(verify.arg("-").env("TOKIO_WORKER_THREADS", "2"));
    let mut input = child.stdin.take().unwrap();
    let output = child.stdout.take().unwrap();
    let verdicts = std::thread::spawn(move || BufReader::new(output).lines().count());
    let lines = format!("{}\n", "a".repeat(4095)).repeat(256);
    for _ in 0..INPUT_KIB / 1024 {
        input.write_all(lines.as_bytes()).unwrap();
    }
    let peak_kib = peak_kib(&child);
    assert!(peak_kib < INPUT_KIB * 2 / 3, "{peak_kib} KiB");
    drop(input);
    assert_eq!(verdicts.join().unwrap(), INPUT_KIB / 4);
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

/// The most memory that a process has had.
#[cfg(target_os = "linux")]
fn peak_kib(child: &Child) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let peak = status.lines().find(|line| line.starts_with("VmHWM:"));
    let peak = peak.unwrap().split_whitespace().nth(1).unwrap();
    peak.parse().unwrap()
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_ends_the_program_quietly() {
    let fixture = Fixture::start();
    let mut child = spawn_piped(fixture.verify().arg("-"));
    drop(child.stdout.take());
    child.stdin.as_mut().unwrap().write_all(b"token\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(stderr(&output), "");
}

#[test]
fn the_demo_tells_its_story_to_the_end() {
    for arguments in [&[][..], &["demo"]] {
        let output = tokenlatch().args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let story = stdout(&output);
        for event in [
            "POST /oauth/token",
            "POST /auth/token",
            "GET /.well-known/jwks.json",
            "grantType refresh_token",
            "signs no more",
            "the key set is Stale",
            "rejected invalid-signature: ",
        ] {
            assert!(story.contains(event), "{event}");
        }
        assert_eq!(story.matches("\n   verified {").count(), 8);
        assert!(!story.contains("demo-secret"));
        // What every token begins with: `{"` in base64url.
        assert!(!story.contains("eyJ"));
    }
}

#[cfg(unix)]
#[test]
fn the_issuer_runs_until_it_is_told_to_stop() {
    let mut child = spawn_piped(tokenlatch().args(["issuer", "--listen", "127.0.0.1:0"]));
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    let origin = first.strip_prefix("listening on ").unwrap();
    assert!(origin.starts_with("http://127.0.0.1:"));

    let runtime = Runtime::new().unwrap();
    let tokens = [
        runtime.block_on(auth0_token(origin)),
        runtime.block_on(atm_token(origin)),
    ];
    for (token, path) in tokens.iter().zip(["", "/auth"]) {
        let jwks = format!("{origin}{path}/.well-known/jwks.json");
        let jwks = runtime.block_on(http::get(&jwks)).unwrap();
        assert!(rsa_verifies(token, &serde_json::from_slice(&jwks).unwrap()));
    }

    // The shell's own: a minimal system has no program of that name.
    let kill = Command::new("sh")
        .args(["-c", &format!("kill {}", child.id())])
        .status();
    assert!(kill.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// `tokenlatch token` or the like, for the demo client, with its secret in the environment.
fn with_credentials(command: &str, arguments: &[&str]) -> Command {
    let mut tokenlatch = tokenlatch();
    tokenlatch
        .arg(command)
        .args(arguments)
        .args(["--client-id", "demo-client"])
        .env("TOKENLATCH_CLIENT_SECRET", "demo-secret");
    tokenlatch
}

#[test]
fn a_token_is_obtained_and_verified_in_one_pipeline() {
    let fixture = Fixture::start();
    let origin = fixture.issuer.origin();
    let auth0 = ["--auth0", origin, "--audience", AUDIENCE];
    let auth0_issuer = format!("{origin}/");
    let form = [&auth0[..], &["--form"]].concat();
    let user = ["--atm", origin, "--login-id", "admin@example.com"];
    for (arguments, issuer, claim) in [
        (
            &auth0[..],
            auth0_issuer.as_str(),
            r#""gty":"client-credentials""#,
        ),
        (&form, &auth0_issuer, r#""azp":"demo-client""#),
        (&user[..2], ATM_ISSUER, r#""iss":"atm""#),
        (&user, ATM_ISSUER, r#""email":"admin@example.com""#),
    ] {
        let mut token = with_credentials("token", arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let verified = fixture
            .verify_for(issuer)
            .arg("-")
            .stdin(token.stdout.take().unwrap())
            .output()
            .unwrap();
        assert!(token.wait().unwrap().success());
        assert_eq!(verified.status.code(), Some(0), "{}", stdout(&verified));
        assert!(stdout(&verified).contains(claim), "{}", stdout(&verified));
    }
}

#[test]
fn a_token_comes_from_any_token_endpoint() {
    let fixture = Fixture::start();
    let origin = fixture.issuer.origin();
    let url = format!("{origin}/oauth/token");
    let issuer = format!("{origin}/");
    for arguments in [
        &[
            "--url",
            &url,
            "--basic",
            "--audience",
            AUDIENCE,
            "--scope",
            "read:things",
        ][..],
        &["--url", &url, "--post", "--audience", AUDIENCE],
        &["--discover", &issuer, "--audience", AUDIENCE],
    ] {
        let output = with_credentials("token", arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let token = stdout(&output).trim_end();
        let output = fixture.verify().arg(token).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
    }
    // The embedded issuer takes no assertion, and says so.
    let key = file(
        "signing-key.pem",
        "-----BEGIN PRIVATE KEY-----\nhush\n-----END PRIVATE KEY-----",
    );
    for (arguments, status, part) in [
        (
            &["--scope", "a"][..],
            2,
            "--url, --discover, --auth0 or --atm",
        ),
        (
            &["--url", &url, "--discover", &issuer],
            2,
            "cannot be used with",
        ),
        (
            &["--url", &url, "--organization", "a"],
            2,
            "cannot be used with",
        ),
        (
            &["--url", &url, "--signing-key", key.to_str().unwrap()],
            2,
            "--signing-key",
        ),
        (
            &["--url", "http://a.example/token"],
            2,
            "http://a.example is not https",
        ),
        (
            &["--url", "http://a.example/", "--allow-http", "a.example"],
            2,
            "--allow-http takes",
        ),
        (
            &["--url", &url, "--ca", "/nowhere"],
            2,
            "cannot use --ca /nowhere",
        ),
        (&["--discover", origin], 3, "the final slash is missing"),
    ] {
        let output = with_credentials("token", arguments).output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(status),
            "{arguments:?} {}",
            stderr(&output)
        );
        assert!(stderr(&output).contains(part), "{}", stderr(&output));
        assert!(!stderr(&output).contains("hush"));
    }
}

#[test]
fn the_whole_answer_is_one_line_of_json() {
    let fixture = Fixture::start();
    let arguments = ["--atm", fixture.issuer.origin(), "--json"];
    let output = with_credentials("token", &arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stdout(&output).lines().count(), 1);
    let response: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(response["exp_access_token"], 600);
    assert!(response["access_token"].is_string());
}

#[test]
fn a_secret_comes_from_a_file_or_from_standard_input() {
    let fixture = Fixture::start();
    let origin = fixture.issuer.origin();
    let from_file = |name: &Path| {
        let mut token = with_credentials("token", &["--atm", origin]);
        token.env("TOKENLATCH_CLIENT_SECRET", "wrong");
        token.arg("--client-secret-file").arg(name);
        token
    };
    let output = from_file(&file("secret", "demo-secret\n"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let output = run_with(&mut from_file(Path::new("-")), b"demo-secret");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));

    let output = from_file(Path::new("/does/not/exist")).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let mut none = with_credentials("token", &["--atm", origin]);
    let output = none
        .env_remove("TOKENLATCH_CLIENT_SECRET")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("TOKENLATCH_CLIENT_SECRET"));
}

#[test]
fn the_status_says_why_there_is_no_token() {
    let fixture = Fixture::start();
    let origin = fixture.issuer.origin();
    let mut wrong = with_credentials("token", &["--atm", origin]);
    let output = wrong
        .env("TOKENLATCH_CLIENT_SECRET", "hush")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message =
        "tokenlatch: cannot get a token: the server rejected the request: 401 invalid_client";
    assert!(stderr(&output).starts_with(message), "{}", stderr(&output));
    let nothing_there = format!("{origin}/nothing-here");
    for (arguments, status) in [
        (&["--atm", nothing_there.as_str()][..], 1),
        (&["--atm", "http://127.0.0.1:1"], 3),
        (&["--atm", "http://issuer.example"], 2),
        (&["--atm", origin, "--audience", AUDIENCE], 2),
        (&["--auth0", origin], 2),
        (
            &["--auth0", origin, "--audience", AUDIENCE, "--login-id", "x"],
            2,
        ),
        (
            &["--auth0", origin, "--audience", AUDIENCE, "--atm", origin],
            2,
        ),
        (&[], 2),
    ] {
        let output = with_credentials("token", arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(status), "{arguments:?}");
        assert!(stdout(&output).is_empty());
        assert!(!stderr(&output).contains("demo-secret"));
    }
}

/// An API that says how it was called, and rejects the path `/rejected`; returns its origin.
fn api(runtime: &Runtime) -> String {
    let listener = TcpListener::bind("127.0.0.1:0");
    let listener = runtime.block_on(listener).unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let response = async |method: Method, uri: Uri, headers: HeaderMap, body: String| {
        let token = headers["authorization"].to_str().unwrap();
        assert!(token.starts_with("Bearer eyJ"));
        let status = match uri.path() {
            "/rejected" => StatusCode::FORBIDDEN,
            _ => StatusCode::OK,
        };
        let content_type = headers.get("content-type");
        let content_type = content_type.map(|value| value.to_str().unwrap());
        (
            status,
            format!("{method} {} {body}", content_type.unwrap_or("-")),
        )
    };
    runtime.spawn(async move { axum::serve(listener, Router::new().fallback(response)).await });
    origin
}

#[test]
fn an_api_is_called_with_a_token() {
    let fixture = Fixture::start();
    let origin = fixture.issuer.origin();
    let api = api(&fixture.runtime);
    for (arguments, called) in [
        (&[][..], "GET - "),
        (&["--data", "{}"], "POST application/json {}"),
        (&["-d", "-", "-X", "PUT"], "PUT application/json input"),
        (
            &["-d", "a=b", "--content-type", "text/plain"],
            "POST text/plain a=b",
        ),
    ] {
        let mut call = with_credentials("call", &[&api, "--atm", origin]);
        let output = run_with(call.args(arguments), b"input");
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert_eq!(stdout(&output), called);
        assert_eq!(stderr(&output), "");
    }

    let rejected = format!("{api}/rejected");
    let mut call = with_credentials("call", &[&rejected, "--atm", origin]);
    let output = call.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stdout(&output), "GET - ");
    assert_eq!(
        stderr(&output),
        "tokenlatch: the API responded with 403 Forbidden\n"
    );
    for (url, arguments, status) in [
        ("http://127.0.0.1:1/", &[][..], 3),
        ("http://api.example/", &[], 3),
        ("/relative", &[], 2),
        (&api, &["--data", "-", "--client-secret-file", "-"], 2),
        (&api, &["--content-type", "text/plain"], 2),
    ] {
        let mut call = with_credentials("call", &[url, "--atm", origin]);
        let output = call.args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(status), "{url} {arguments:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn no_secret_is_in_the_logs_or_in_the_list_of_processes() {
    const HUSH: [&str; 4] = ["hush-secret", "hush-access", "hush-refresh", "hush-id"];
    let runtime = Runtime::new().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let (told, asked) = std::sync::mpsc::channel();
    let (go, wait) = watch::channel(false);
    let response = move |body: String| {
        let (told, mut wait) = (told.clone(), wait.clone());
        async move {
            told.send(body).unwrap();
            wait.wait_for(|may_go| *may_go).await.unwrap();
            Json(json!({
                "access_token": "hush-access",
                "exp_access_token": 600,
                "refresh_token": "hush-refresh",
                "id_token": "hush-id",
            }))
        }
    };
    runtime.spawn(async move { axum::serve(listener, Router::new().fallback(response)).await });
    let secret = file("hush", "hush-secret\n");
    let mut token = with_credentials("token", &["--atm", &origin, "--log", "trace"]);
    token.env_remove("TOKENLATCH_CLIENT_SECRET");
    let child = spawn_piped(token.arg("--client-secret-file").arg(secret));
    assert!(asked.recv().unwrap().contains("hush-secret"));
    // Now that it has the secret, and waits for its response: this is what `ps` reads.
    let process = format!("/proc/{}", child.id());
    let command_line = std::fs::read(format!("{process}/cmdline")).unwrap();
    let command_line = String::from_utf8(command_line).unwrap();
    assert!(command_line.contains("demo-client"));
    go.send(true).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(stdout(&output), "hush-access\n");
    let log = stderr(&output);
    for expected in ["obtained a token", "TRACE", "hyper_util", "reqwest"] {
        assert!(log.contains(expected), "{log}");
    }
    for hush in HUSH {
        assert!(!log.contains(hush), "{log}");
        assert!(!command_line.contains(hush), "{command_line}");
    }
}

/// Whether another implementation, the `rsa` crate's own verifier, accepts the token under the only
/// key of the set.
fn rsa_verifies(token: &str, jwks: &Value) -> bool {
    let jwk = &jwks["keys"][0];
    let (signing_input, signature) = token.rsplit_once('.').unwrap();
    let header = signing_input.split('.').next().unwrap();
    let header: Value = serde_json::from_slice(&BASE64URL.decode(header).unwrap()).unwrap();
    let expected = json!({"alg": "RS256", "typ": "JWT", "kid": jwk["kid"]});
    assert_eq!(header, expected);
    let [n, e] = ["n", "e"].map(|name| {
        let bytes = BASE64URL.decode(jwk[name].as_str().unwrap()).unwrap();
        BoxedUint::from_be_slice_vartime(&bytes)
    });
    let key = VerifyingKey::<Sha256>::new(PublicKey::new(n, e).unwrap());
    let signature = BASE64URL.decode(signature).unwrap();
    let signature = Signature::try_from(&signature[..]).unwrap();
    key.verify(signing_input.as_bytes(), &signature).is_ok()
}

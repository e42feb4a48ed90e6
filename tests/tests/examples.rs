//! The examples of `host/examples` run and give the expected output.

use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tokenlatch_host::issuer::{Endpoint, Fault, Issuer};
use tokenlatch_tests::cargo;

#[tokio::test(flavor = "multi_thread")]
async fn a_guarded_service_responds_as_rfc_6750_says() {
    let issuer = issuer().await;
    let service = Service::start(&issuer);
    let token = |claims: Value| issuer.token(claims).expect("an object");
    let bearer = |claims: Value| format!("Authorization: Bearer {}", token(claims));

    let good = bearer(json!({}));
    let response = service.curl(&[&good]);
    let expected = [
        "HTTP/1.1 200 OK",
        "content-type: text/plain; charset=utf-8",
        "content-length: 30",
        "things of demo-client@clients",
    ];
    assert_eq!(response, expected);

    let expired = bearer(json!({"exp": 1_700_000_000}));
    let (signed, _) = good.rsplit_once('.').expect("a signature");
    let forged = format!("{signed}.{}", "A".repeat(342));
    let invalid_token = r#"www-authenticate: Bearer error="invalid_token""#;
    let invalid_request = r#"www-authenticate: Bearer error="invalid_request""#;
    let insufficient_scope =
        r#"www-authenticate: Bearer error="insufficient_scope", scope="read:things""#;
    for (headers, status, challenge) in [
        (&[][..], "401 Unauthorized", "www-authenticate: Bearer"),
        (
            &["Authorization: Basic eDp5"],
            "401 Unauthorized",
            "www-authenticate: Bearer",
        ),
        (&[&expired], "401 Unauthorized", invalid_token),
        (&[&forged], "401 Unauthorized", invalid_token),
        (
            &["Authorization: Bearer"],
            "400 Bad Request",
            invalid_request,
        ),
        (&[&good, &good], "400 Bad Request", invalid_request),
        (
            &[&bearer(json!({"scope": "write:things"}))],
            "403 Forbidden",
            insufficient_scope,
        ),
    ] {
        let status = format!("HTTP/1.1 {status}");
        assert_eq!(
            service.curl(headers),
            [&*status, challenge, "content-length: 0"]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guarded_service_without_keys_says_when_to_come_again() {
    let issuer = issuer().await;
    for endpoint in [Endpoint::Metadata, Endpoint::KeySet] {
        let outage = Fault::Outage.at(endpoint);
        issuer.inject(outage).expect("a fault");
    }
    let service = Service::start(&issuer);
    let token = issuer.token(json!({})).expect("an object");
    let response = service.curl(&[&format!("Authorization: Bearer {token}")]);
    let [status, retry_after, length] = &response[..] else {
        panic!("{response:?}");
    };
    assert_eq!(
        (&**status, &**length),
        ("HTTP/1.1 503 Service Unavailable", "content-length: 0")
    );
    let seconds = retry_after.strip_prefix("retry-after: ");
    let seconds: u64 = seconds.expect("a Retry-After").parse().expect("seconds");
    assert!((1..=60).contains(&seconds), "{seconds}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worker_calls_the_guarded_service() {
    let issuer = issuer().await;
    let service = Service::start(&issuer);
    let output = example("worker", "issuer", &[issuer.origin(), &service.url]).output();
    let text = String::from_utf8(output.expect("it starts").stdout).expect("UTF-8");
    assert_eq!(text, "200 OK: things of demo-client@clients\n".repeat(3));
}

#[test]
fn the_tests_with_an_issuer_pass() {
    let output = example("issuer_in_a_test", "issuer", &[])
        .output()
        .expect("it starts");
    assert!(output.status.success());
    assert_eq!(output.stdout, b"3 tests passed\n");
}

async fn issuer() -> Issuer {
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Issuer::start(any_port).await.expect("an issuer")
}

/// `cargo run --example`. Standard error stays that of the test.
fn example(name: &str, feature: &str, arguments: &[&str]) -> Command {
    let mut cargo = cargo::in_folder(Path::new(env!("CARGO_MANIFEST_DIR")));
    cargo
        .args(["run", "--locked", "--quiet", "--package", "tokenlatch-host"])
        .args(["--features", feature, "--example", name, "--"])
        .args(arguments)
        .stdout(Stdio::piped());
    cargo
}

/// The guarded service. It stops with the test.
struct Service {
    process: Child,
    url: String,
}

impl Service {
    fn start(issuer: &Issuer) -> Self {
        let mut command = example("guarded_service", "axum", &[&issuer.issuer()]);
        let mut process = command.spawn().expect("it starts");
        let mut output = BufReader::new(process.stdout.take().expect("its output"));
        let mut url = String::new();
        output.read_line(&mut url).expect("its URL");
        let url = url.trim_end().to_owned();
        Self { process, url }
    }

    /// The lines of the response to this request, without its date.
    fn curl(&self, headers: &[&str]) -> Vec<String> {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--include", &self.url]);
        for header in headers {
            curl.args(["--header", header]);
        }
        let response = String::from_utf8(curl.output().expect("curl starts").stdout);
        let response = response.expect("UTF-8");
        let (head, body) = response.split_once("\r\n\r\n").expect("a response");
        let head = head
            .split("\r\n")
            .filter(|line| !line.starts_with("date: "));
        head.chain(body.lines()).map(String::from).collect()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

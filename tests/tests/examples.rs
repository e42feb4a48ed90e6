//! The examples of `host/examples` run and give the expected output.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tokenlatch_tests::cargo;

#[test]
fn the_worker_calls_the_guarded_service() {
    let mut service = Service(example("guarded_service", &[]).spawn().expect("it starts"));
    let lines = BufReader::new(service.0.stdout.take().expect("its output")).lines();
    let mut lines = lines.map(|line| line.expect("a line"));
    let mut next = || lines.next().expect("a command");

    let curl = next();
    let api = curl.rsplit(' ').next().expect("the API's address");
    let output = Command::new("curl")
        .args(["--silent", "--include", api])
        .output();
    let response = String::from_utf8(output.expect("curl starts").stdout).expect("UTF-8");
    assert!(response.starts_with("HTTP/1.1 401 "), "{response}");
    assert!(
        response.contains("www-authenticate: Bearer\r\n"),
        "{response}"
    );

    let worker = next();
    let (_, arguments) = worker.split_once(" -- ").expect("arguments");
    let arguments: Vec<&str> = arguments.split(' ').collect();
    let output = example("worker", &arguments).output().expect("it starts");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert_eq!(text, "200 OK: things of demo-client@clients\n".repeat(3));
}

#[test]
fn the_tests_with_an_issuer_pass() {
    let output = example("issuer_in_a_test", &[])
        .output()
        .expect("it starts");
    assert!(output.status.success());
    assert_eq!(output.stdout, b"3 tests passed\n");
}

/// `cargo run --example`. Standard error stays that of the test.
fn example(name: &str, arguments: &[&str]) -> Command {
    let mut cargo = cargo::in_folder(Path::new(env!("CARGO_MANIFEST_DIR")));
    cargo
        .args(["run", "--locked", "--quiet", "--package", "tokenlatch-host"])
        .args(["--features", "issuer", "--example", name, "--"])
        .args(arguments)
        .stdout(Stdio::piped());
    cargo
}

/// Stops with the test.
struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

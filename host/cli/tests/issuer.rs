//! `tokenlatch issuer`, the program.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;
use tokenlatch_host::http;

fn issuer(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tokenlatch"));
    command.arg("issuer").args(arguments).current_dir(directory);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Starts it, asks for what is at the path, and stops it.
async fn response(directory: &Path, arguments: &[&str], path: &str) -> Vec<u8> {
    let mut child = issuer(directory, arguments).spawn().unwrap();
    let origin = origin(&mut child);
    let response = http::get(&format!("{origin}{path}")).await;
    child.kill().unwrap();
    child.wait().unwrap();
    response.unwrap()
}

fn origin(child: &mut Child) -> String {
    let mut line = String::new();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut line).unwrap();
    line.trim_end()
        .strip_prefix("listening on ")
        .unwrap()
        .into()
}

#[tokio::test]
async fn keys_outlive_the_program_where_it_is_told_to_keep_them() {
    let directory = TempDir::new().unwrap();
    let jwks = "/.well-known/jwks.json";
    let kept = ["--keys", "kept"];
    let first = response(directory.path(), &kept, jwks).await;
    assert_eq!(response(directory.path(), &kept, jwks).await, first);
    assert_ne!(response(directory.path(), &[], jwks).await, first);
    assert!(directory.path().join("kept/keys.json").exists());
}

#[tokio::test]
async fn the_root_key_of_devices_is_in_a_file() {
    let directory = TempDir::new().unwrap();
    let kept = ["--root-key", "root.pem"];
    let first = response(directory.path(), &kept, "/device/root").await;
    let second = response(directory.path(), &kept, "/device/root").await;
    assert_eq!(second, first);
    assert_ne!(response(directory.path(), &[], "/device/root").await, first);
    let pem = fs::read_to_string(directory.path().join("root.pem")).unwrap();
    assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"));
}

#[tokio::test]
async fn it_reads_a_configuration() {
    let directory = TempDir::new().unwrap();
    let config = include_str!("../../src/issuer/model/example.toml");
    fs::write(directory.path().join("issuer.toml"), config).unwrap();
    let page = response(directory.path(), &["--config", "issuer.toml"], "/").await;
    let page = String::from_utf8(page).unwrap();
    assert!(page.contains("meter-reader") && page.contains("dismissed"));
    assert!(!page.contains("change-me"));
}

#[tokio::test]
async fn it_introduces_itself() {
    let directory = TempDir::new().unwrap();
    let arguments = ["--profile", "cognito", "--listen", "localhost:0"];
    let mut child = issuer(directory.path(), &arguments).spawn().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let lines: Vec<String> = output.lines().take(8).map(Result::unwrap).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    let origin = lines[0].strip_prefix("listening on ").unwrap();
    let expected = [
        format!("page       {origin}/"),
        format!("issuer     {origin}/eu-west-1_AbCdEf123"),
        format!("key set    {origin}/.well-known/jwks.json"),
        format!("tokens at  {origin}/oauth2/token"),
        "client     demo-client".into(),
        "secret     demo-secret".into(),
        "audience   https://api.example.com/".into(),
    ];
    assert_eq!(lines[1..], expected);
}

#[test]
fn an_address_that_is_none_is_status_2() {
    let directory = TempDir::new().unwrap();
    for address in ["nowhere", "localhost:99999", "no-such-host.invalid:0"] {
        let output = issuer(directory.path(), &["--listen", address]).output();
        let Output { status, stderr, .. } = output.unwrap();
        let stderr = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(2), "{address}");
        assert!(stderr.contains("cannot listen at"), "{stderr}");
    }
}

#[test]
fn a_wrong_configuration_is_status_2_and_not_quoted() {
    let directory = TempDir::new().unwrap();
    let config = "[[clients]]\nclient_id = 'a'\nclient_secret = 's3cret\n";
    fs::write(directory.path().join("issuer.toml"), config).unwrap();
    for (file, expected) in [
        ("issuer.toml", "line 3, column "),
        ("missing.toml", "cannot read missing.toml: "),
    ] {
        let command = issuer(directory.path(), &["--config", file]).output();
        let Output { status, stderr, .. } = command.unwrap();
        let stderr = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(2));
        let start = "tokenlatch: cannot use the configuration: ";
        assert!(
            stderr.starts_with(&format!("{start}{expected}")),
            "{stderr}"
        );
        assert!(!stderr.contains("s3cret"), "{stderr}");
    }
}

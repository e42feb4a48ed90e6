//! `GET /`, as a browser gets it.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokenlatch_host::issuer::Fault;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Fixture, json_of};

#[tokio::test]
async fn it_shows_the_system_at_work() {
    let fixture = Fixture::start().await;
    fixture.issuer.clock().set(1_700_000_000);
    fixture.auth0(json!({})).await;
    fixture.issuer.clock().advance(Duration::from_secs(1));
    fixture.issuer.rotate().await.unwrap();
    fixture.issuer.inject(Fault::StaleSet).unwrap();
    let page = fixture.get("/").send().await.unwrap().text().await.unwrap();
    for key in fixture.issuer.keys() {
        assert!(page.contains(&key.key_id));
    }
    for part in [
        fixture.issuer.origin(),
        "signing",
        "next",
        "retiring",
        "stale-set",
        "demo-client",
        "demo-secret",
        "issued",
        "/oauth/token",
        "/auth/token",
        "/.well-known/jwks.json",
        "/.well-known/openid-configuration",
        "--data-urlencode",
        "user_credentials",
        "grantType",
        "/admin/rotate",
        "/admin/verdict",
        "<td>POST</td>",
        "retiring</span> for 23 h 59 min",
        "Tue, 14 Nov 2023 22:13:21 UTC",
        "stands still",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

#[tokio::test]
async fn it_shows_the_path_that_was_asked_for_as_text() {
    let fixture = Fixture::start().await;
    fixture
        .get("/auth/.well-known/jwks.json")
        .send()
        .await
        .unwrap();
    let address = &fixture.issuer.origin()["http://".len()..];
    let path = r#"/"onclick="x"/%3Cimg%20src=x%3E/&lt;b&gt;'"#;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    connection.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 404 "), "{response}");
    let page = fixture.get("/").send().await.unwrap().text().await.unwrap();
    assert!(page.contains("<code>/auth/.well-known/jwks.json</code>"));
    let shown = "/&quot;onclick=&quot;x&quot;/%3Cimg%20src=x%3E/&amp;lt;b&amp;gt;'";
    assert!(page.contains(&format!("<code>{shown}</code>")), "{page}");
}

#[tokio::test]
async fn it_has_a_button_for_every_fault() {
    let fixture = Fixture::start().await;
    let page = fixture.get("/").send().await.unwrap().text().await.unwrap();
    // What the server says to an unknown fault has the known ones in it.
    let unknown = json!({"fault": "flood"});
    let response = fixture.post("/admin/faults").json(&unknown).send().await;
    let response = json_of(response.unwrap()).await;
    let why = response["error_description"].as_str().unwrap();
    let (_, known) = why.split_once("expected one of ").unwrap();
    let names: Vec<_> = known.split('`').skip(1).step_by(2).collect();
    assert!(names.len() > 12, "{why}");
    for name in names {
        assert!(page.contains(&format!(">{name}</button>")), "{name}");
    }
}

#[tokio::test]
async fn its_content_security_policy_allows_nothing_but_its_own_style_and_script() {
    let fixture = Fixture::start().await;
    let response = fixture.get("/").send().await.unwrap();
    assert_eq!(
        response.headers()["content-type"],
        "text/html; charset=utf-8"
    );
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    let policy = response.headers()["content-security-policy"].clone();
    let policy = policy.to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; "));
    assert!(!policy.contains("unsafe"));
    let page = response.text().await.unwrap();
    for element in ["style", "script"] {
        let (_, rest) = page.split_once(&format!("<{element}>")).unwrap();
        let (text, _) = rest.split_once(&format!("</{element}>")).unwrap();
        let hash = BASE64.encode(Sha256::digest(text));
        assert!(policy.contains(&format!("{element}-src 'sha256-{hash}'")));
    }
    assert!(!page.contains(" style=") && !page.contains(" onclick="));
}

/// A shell runs every `curl` line of the page, except those that need a part of an earlier response.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn its_lines_work_in_a_shell() {
    let fixture = Fixture::start().await;
    let page = fixture.get("/").send().await.unwrap().text().await.unwrap();
    let mut ran = 0;
    for part in page.split("<pre tabindex=\"0\"><code>").skip(1) {
        let (line, _) = part.split_once("</code>").unwrap();
        let line = line.replace("&quot;", "\"").replace("&amp;", "&");
        if line.contains("REFRESH_TOKEN") {
            continue;
        }
        let output = std::process::Command::new("sh")
            .args(["-c", &line])
            .output()
            .unwrap();
        let response: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(response.get("error").is_none(), "{line}: {response}");
        assert!(response.get("access_token").is_some() || response.get("keys").is_some());
        ran += 1;
    }
    assert_eq!(ran, 7);
}

//! `GET /`, as a browser gets it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokenlatch_host::issuer::Fault;

use super::Fixture;

#[tokio::test]
async fn it_shows_the_system_at_work() {
    let fixture = Fixture::start().await;
    fixture.auth0(json!({})).await;
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
    ] {
        assert!(page.contains(part), "{part}");
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
    assert_eq!(ran, 6);
}

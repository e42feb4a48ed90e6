//! What each service must do before it is measured.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};
use tokenlatch_benches::Case;
use tokenlatch_tests::issuer::{Issuer, with_signature};

/// A good token, and what is none.
pub(crate) struct Probes {
    good: String,
    bad: Vec<(&'static str, Option<String>)>,
}

impl Probes {
    /// The key of the case must be that of RFC 7515.
    pub(crate) fn of(case: &Case) -> Self {
        let message = std::str::from_utf8(&case.message).expect("a token");
        let mut signature = case.signature.clone();
        signature[100] ^= 1;
        let with = |name: &str, value: Value| {
            let mut claims = json!({
                "iss": case.issuer,
                "aud": case.audience,
                "sub": "auth0|6423f1b2c9a4e80d5f7a1c33",
                "scope": "read:doors",
                "iat": 1_767_225_600,
                "exp": 4_102_444_800_u64,
            });
            claims[name] = value;
            let issuer = Issuer::rfc7515();
            let header = json!({"alg": "RS256", "kid": issuer.key_id(), "typ": "JWT"});
            Some(issuer.sign(header.to_string(), claims.to_string()))
        };
        Self {
            good: case.token.clone(),
            bad: vec![
                ("no token", None),
                ("a forged token", Some(with_signature(message, &signature))),
                ("an expired token", with("exp", 1_767_225_601.into())),
                (
                    "a token of another issuer",
                    with("iss", "https://other.example/".into()),
                ),
                (
                    "a token for another audience",
                    with("aud", "https://other.example/".into()),
                ),
            ],
        }
    }

    /// Whether the service lets the good token pass, and, if it is guarded, nothing else.
    pub(crate) fn check(&self, address: SocketAddr, is_guarded: bool) -> Result<(), String> {
        let status = |token: Option<&str>| {
            let status = status(address, token);
            status.map_err(|error| format!("no response: {error}"))
        };
        // The bad ones come after it, so that a cache knows what they resemble.
        let good = status(Some(&self.good))?;
        if good != "200" {
            return Err(format!("the status for a good token is {good}"));
        }
        for (name, token) in self.bad.iter().filter(|_| is_guarded) {
            let bad = status(token.as_deref())?;
            if bad != "401" {
                return Err(format!("the status for {name} is {bad}"));
            }
        }
        Ok(())
    }
}

/// The status of the response, as it is written.
fn status(address: SocketAddr, token: Option<&str>) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let authorization = token.map(|token| format!("Authorization: Bearer {token}\r\n"));
    let authorization = authorization.unwrap_or_default();
    write!(
        stream,
        "GET /hello HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{authorization}\r\n"
    )?;
    let mut response = String::new();
    stream.read_to_string(&mut response)?;
    let status = response.split(' ').nth(1);
    Ok(status.unwrap_or("absent").to_owned())
}

//! Verifiers among the children: a token a line in, a verdict a line out.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde_json::Value;
use tokenlatch_tests::program;

use super::installed::{node, python, python_version, version};
use super::report::Report;

/// The audience of every token that is verified.
pub(crate) const AUDIENCE: &str = "https://api.example.com/";

/// A verifier, with the keys that it keeps for as long as it runs.
pub(crate) struct Verifier {
    name: String,
    child: Child,
    tokens: Option<ChildStdin>,
    verdicts: Lines<BufReader<ChildStdout>>,
}

impl Verifier {
    /// One of each, with the JWK Set at this URL, and for tokens of this issuer.
    pub(crate) fn all(jwks_uri: &str, issuer: &str) -> Vec<Self> {
        let mut all = Self::others(jwks_uri, issuer, AUDIENCE);
        all.push(Self::tokenlatch(jwks_uri, issuer));
        all
    }

    /// One of each that is not ours. Without an audience, it is empty.
    pub(crate) fn others(jwks_uri: &str, issuer: &str, audience: &str) -> Vec<Self> {
        let expected = [jwks_uri, issuer, audience];
        let jsonwebtoken = format!(
            "jsonwebtoken {}, jwks-rsa {}",
            version("jsonwebtoken"),
            version("jwks-rsa")
        );
        vec![
            Self::start(jsonwebtoken, node("jsonwebtoken.mjs").args(expected)),
            Self::start(
                format!("jose {}", version("jose")),
                node("jose.mjs").args(expected),
            ),
            Self::start(
                format!("PyJWT {}", python_version("pyjwt[crypto]")),
                python("pyjwt.py").args(expected),
            ),
        ]
    }

    /// Ours, told where the JWK Set is.
    pub(crate) fn tokenlatch(jwks_uri: &str, issuer: &str) -> Self {
        let mut command = program::command();
        command.args(["verify", "--json", "--jwks", jwks_uri, "--issuer", issuer]);
        let name = "tokenlatch verify --jwks".into();
        Self::start(name, command.args(["--audience", AUDIENCE, "-"]))
    }

    /// Ours, told these arguments of `tokenlatch verify`.
    pub(crate) fn told(arguments: &[&str]) -> Self {
        let mut command = program::command();
        command.args(["verify", "--json"]).args(arguments).arg("-");
        let name = format!("tokenlatch verify {} {}", arguments[0], arguments[1]);
        Self::start(name, &mut command)
    }

    /// Ours, told only who the issuer is.
    pub(crate) fn discovering(issuer: &str) -> Self {
        let mut command = program::command();
        command.args(["verify", "--json", "--discover", issuer]);
        let name = "tokenlatch verify --discover".into();
        Self::start(name, command.args(["--audience", AUDIENCE, "-"]))
    }

    fn start(name: String, command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{:?}: {error}", command.get_program()));
        let verdicts = child.stdout.take().expect("a pipe");
        Self {
            name,
            tokens: child.stdin.take(),
            child,
            verdicts: BufReader::new(verdicts).lines(),
        }
    }

    /// That it accepts the token, and sees the claims that are in it.
    pub(crate) fn accepts(&mut self, flow: &str, token: &str, report: &mut Report) {
        let verdict = self.verdict(token);
        let is_expected = verdict
            .as_ref()
            .is_ok_and(|claims| *claims == claims_of(token));
        report.line(&self.name, flow, &describe(&verdict), is_expected);
    }

    /// That it rejects the token with one byte changed: it names another key, expires later, or has
    /// another signature.
    pub(crate) fn rejects_altered(&mut self, flow: &str, token: &str, report: &mut Report) {
        // AD FS names the key by `x5t` alone.
        let kid = altered(token, 0, |header| {
            let names = [r#""kid":""#, r#""x5t":""#];
            let mut found = names.iter().filter_map(|name| after(header, name));
            found.next().expect("a key's name")
        });
        let exp = altered(token, 1, |claims| after(claims, r#""exp":"#).expect("exp"));
        let signature = altered(token, 2, |signature| signature.len() / 2);
        for (what, altered, why) in [
            ("another kid", kid, "key"),
            ("a later exp", exp, "signature"),
            ("another signature", signature, "signature"),
        ] {
            let verdict = self.verdict(&altered);
            let is_expected =
                matches!(&verdict, Err(reason) if reason.to_lowercase().contains(why));
            let flow = format!("{flow}, {what}");
            report.line(&self.name, &flow, &describe(&verdict), is_expected);
        }
    }

    /// The claims, or why there are none.
    fn verdict(&mut self, token: &str) -> Result<Value, String> {
        let tokens = self.tokens.as_mut().expect("it is open until the end");
        writeln!(tokens, "{token}").expect("the verifier reads");
        let line = self.verdicts.next().expect("a verdict").expect("UTF-8");
        let mut verdict: Value = serde_json::from_str(&line).expect("JSON");
        match verdict["verified"].as_bool() {
            Some(true) => Ok(verdict["claims"].take()),
            Some(false) => Err(verdict["reason"].as_str().expect("a reason").into()),
            None => panic!("{}: {line}", self.name),
        }
    }
}

impl Drop for Verifier {
    fn drop(&mut self) {
        // It ends when there are no more tokens.
        drop(self.tokens.take());
        self.child.wait().expect("the verifier ends");
    }
}

fn describe(verdict: &Result<Value, String>) -> String {
    match verdict {
        Ok(_) => "verified".into(),
        Err(reason) => format!("rejected: {reason}"),
    }
}

fn claims_of(token: &str) -> Value {
    let claims = token.split('.').nth(1).expect("claims");
    let claims = BASE64URL.decode(claims).expect("base64url");
    serde_json::from_slice(&claims).expect("JSON")
}

/// The token with one byte of this part changed, that at this position.
fn altered(token: &str, part: usize, position: impl Fn(&[u8]) -> usize) -> String {
    let mut parts: Vec<_> = token.split('.').map(String::from).collect();
    let mut bytes = BASE64URL.decode(&parts[part]).expect("base64url");
    let position = position(&bytes);
    bytes[position] ^= 2;
    parts[part] = BASE64URL.encode(bytes);
    parts.join(".")
}

fn after(json: &[u8], text: &str) -> Option<usize> {
    let json = str::from_utf8(json).expect("UTF-8");
    Some(json.find(text)? + text.len())
}

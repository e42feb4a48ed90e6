//! Tokens and key sets in the shape of real issuers, one file for each, in `../shared/providers` beside the
//! checkout. They are not part of the project. If they are absent, the test says so.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use tokenlatch::{JwkSet, MAX_TOKEN_LEN, Time, verify};
use tokenlatch_host::policy::{OwnedPolicy, OwnedValue, PolicySettings};
use tokenlatch_tests::program;

#[derive(Deserialize)]
struct Case {
    about: String,
    jwks: String,
    token: String,
    now: u64,
    /// The arguments of `tokenlatch verify` that accept the token, if any do.
    accept: Option<Vec<String>>,
    /// Arguments that reject it, each with the code; `*` is any.
    #[serde(default)]
    refuse: Vec<(Vec<String>, String)>,
    /// Claims by path: `/` between names, numbers for places in a list.
    #[serde(default)]
    claims: BTreeMap<String, Value>,
    scopes: Option<Vec<String>>,
    client: Option<String>,
}

#[test]
fn tokens_of_real_issuers_get_the_right_verdict() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/providers");
    let Ok(files) = fs::read_dir(&folder) else {
        println!("ABSENT: shared/providers beside the checkout; its cases were not run");
        return;
    };
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    files.retain(|file| file.extension().is_some_and(|it| it == "json"));
    files.sort();
    assert!(!files.is_empty(), "the folder has no cases");
    let scratch = tempfile::tempdir().expect("a folder");
    let jwks = scratch.path().join("jwks.json");
    let mut wrong = Vec::new();
    for file in &files {
        let case: Case = serde_json::from_slice(&fs::read(file).expect("a file")).expect("a case");
        fs::write(&jwks, &case.jwks).expect("a file");
        let name = file.file_stem().expect("a name").to_string_lossy();
        wrong.extend(
            case.check(&jwks)
                .map(|what| format!("{name}: {what} ({})", case.about)),
        );
    }
    println!("{} files of shared/providers", files.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

impl Case {
    /// What is wrong, if anything is.
    fn check(&self, jwks: &Path) -> Option<String> {
        let verdict = |arguments: &[String]| {
            let mut command = program::command();
            command.args(["verify", "--json", "--jwks"]).arg(jwks);
            command
                .args(["--now", &self.now.to_string()])
                .args(arguments);
            let output = command.arg(&self.token).output().expect("it starts");
            let verdict = serde_json::from_slice::<Value>(&output.stdout);
            let verdict = verdict.unwrap_or_else(|_| {
                Value::from(String::from_utf8_lossy(&output.stderr).into_owned())
            });
            (output.status.code(), verdict)
        };
        if let Some(arguments) = &self.accept {
            let (status, verdict) = verdict(arguments);
            if status != Some(0) || verdict["verified"] != true {
                return Some(format!("not accepted: {verdict}"));
            }
            if let Some(what) = self.check_claims(arguments) {
                return Some(what);
            }
        }
        for (arguments, code) in &self.refuse {
            let (status, verdict) = verdict(arguments);
            let is_right = code == "*" || verdict["error"] == *code;
            if status != Some(1) || verdict["verified"] != false || !is_right {
                return Some(format!("not {code} for {arguments:?}: {verdict}"));
            }
        }
        None
    }

    /// The same by the library, which has more to read.
    fn check_claims(&self, arguments: &[String]) -> Option<String> {
        let keys = Box::new(JwkSet::<16, 4096>::from_json(self.jwks.as_bytes()).expect("a set"));
        let policy = OwnedPolicy::new(settings(arguments)).expect("a policy");
        let mut scratch = [0; MAX_TOKEN_LEN];
        let now = Time::exactly(self.now);
        let token = self.token.as_bytes();
        let verified = match verify(token, &mut scratch, &keys, policy.get(), now) {
            Ok(verified) => verified,
            Err(error) => return Some(format!("the library does not accept it: {error}")),
        };
        let claims: Value =
            serde_json::from_str(verified.claims().as_str()).expect("claims are JSON");
        for (path, expected) in &self.claims {
            let found = path
                .split('/')
                .try_fold(&claims, |value, name| match value {
                    Value::Array(list) => list.get(name.parse::<usize>().ok()?),
                    value => value.get(name),
                });
            if found != Some(expected) {
                return Some(format!("{path} is {found:?}"));
            }
        }
        let scopes: Vec<String> = verified.scopes().map(|scope| scope.to_string()).collect();
        if self
            .scopes
            .as_ref()
            .is_some_and(|expected| *expected != scopes)
        {
            return Some(format!("the scopes are {scopes:?}"));
        }
        let client = verified.client().map(|client| client.to_string());
        if self.client.is_some() && self.client != client {
            return Some(format!("the client is {client:?}"));
        }
        None
    }
}

/// What the program makes of the arguments of the cases.
fn settings(arguments: &[String]) -> PolicySettings {
    let mut settings = PolicySettings::default();
    for pair in arguments.chunks(2) {
        let [name, value] = pair else {
            panic!("{name} has no value", name = pair[0]);
        };
        let value = value.clone();
        match name.as_str() {
            "--issuer" => settings.issuers.push(value),
            "--audience" => settings.audiences.push(value),
            "--client" => settings.client = Some(value),
            "--scope" => settings.scopes.push(value),
            "--claim" => {
                let (path, value) = value.split_once('=').expect("PATH=VALUE");
                let path = path.split('/').map(String::from).collect();
                settings
                    .values
                    .push((path, OwnedValue::Written(value.into())));
            }
            "--type" => settings.token_type = Some(value),
            "--issuer-template" => settings.issuer_templates.push(value),
            "--tenant" => settings.tenants.push(value),
            name => panic!("what is {name}?"),
        }
    }
    settings
}

//! C2SP Wycheproof's JSON Web Signatures and JSON Web Keys, tested at the level of JWS.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde_json::{Value, json};
use tokenlatch::{Error, JwkSet, PublicKey, Unverified};

use crate::report::{Expected, Report};

pub(crate) fn json_web_signature() -> Report {
    judge(
        Report::new("Wycheproof JSON Web Signature"),
        "wycheproof/json_web_signature_test.json",
    )
}

pub(crate) fn json_web_key() -> Report {
    judge(
        Report::new("Wycheproof JSON Web Key"),
        "wycheproof/json_web_key_test.json",
    )
}

fn judge(mut report: Report, file: &str) -> Report {
    let Some(file) = report.read(file) else {
        return report;
    };
    let file: Value = serde_json::from_slice(&file).expect("JSON");
    for group in file["testGroups"].as_array().expect("groups") {
        // Symmetric keys have no public half. They are used as they are.
        let keys = group.get("public").or(group.get("private")).expect("keys");
        let keys = if keys.get("keys").is_some() {
            keys.clone()
        } else {
            json!({"keys": [keys]})
        };
        let keys = JwkSet::<4, 4096>::from_json(keys.to_string().as_bytes()).expect("a JWK Set");
        let algorithm = |jws: &str| {
            let header = BASE64URL.decode(jws.split('.').next()?).ok()?;
            let header: Value = serde_json::from_slice(&header).ok()?;
            Some(header.get("alg")?.as_str()? == "RS256")
        };
        if group["comment"] == "jws_rsa_roca_key" {
            assert!(has_roca_key(&group["public"]), "{}", group["public"]);
        }
        for test in group["tests"].as_array().expect("tests") {
            let jws = test["jws"].as_str().expect("a JWS");
            let is_rs256 = algorithm(jws) == Some(true);
            let expected = match test["result"].as_str() {
                Some("valid") if is_rs256 => Expected::Accepted,
                // A verifier of RS256 must reject every other algorithm.
                Some("valid" | "invalid") => Expected::Rejected,
                other => panic!("{other:?}"),
            };
            let mut token = Vec::from(jws);
            let verdict = Unverified::parse(&mut token).and_then(|token| token.authenticate(&keys));
            let case = format!("{} {} {}", test["tcId"], group["comment"], test["comment"]);
            report.case(
                &format!("{case} {:?}", verdict.as_ref().err()),
                expected,
                verdict.is_ok(),
                None,
            );
        }
    }
    report
}

/// Whether the key is rejected because of the fingerprint.
fn has_roca_key(keys: &Value) -> bool {
    let n = keys["keys"][0]["n"].as_str().or(keys["n"].as_str());
    let n = BASE64URL.decode(n.expect("a modulus")).expect("base64url");
    let n = n.strip_prefix(&[0]).unwrap_or(&n);
    PublicKey::<4096>::from_be_bytes(n, 65537) == Err(Error::WeakModulus)
}

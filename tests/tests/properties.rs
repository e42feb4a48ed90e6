//! Properties that hold for every token, key and document, and agreement with the `rsa` crate.

use proptest::prelude::*;
use rsa::pkcs1v15::{Signature, VerifyingKey};
use rsa::signature::Verifier as _;
use serde_json::{Map, Value, json};
use sha2::Sha256;
use tokenlatch::{Error, JwkSet, Policy, PublicKey, Time, json, verify};
use tokenlatch_tests::issuer::Issuer;

const NOW: u64 = 1_800_000_000;

/// Any JSON value within the stated limits.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|members| Value::Object(Map::from_iter(members))),
        ]
    })
}

/// Claims that are good at `NOW`, with others around them.
fn good_claims() -> impl Strategy<Value = Value> {
    let others = prop::collection::btree_map("x[a-z_/:.\\PC]{0,12}", any_json(), 0..8);
    let audience = prop_oneof![Just(json!("api")), Just(json!(["other", "api"]))];
    (
        others,
        audience,
        1..100_000_u64,
        0..100_000_u64,
        any::<Option<String>>(),
    )
        .prop_map(|(others, audience, left, age, subject)| {
            let mut claims = Map::from_iter(others);
            claims.insert("iss".into(), json!("issuer"));
            claims.insert("aud".into(), audience);
            claims.insert("exp".into(), json!(NOW + left));
            claims.insert("iat".into(), json!(NOW - age));
            if let Some(subject) = subject {
                claims.insert("sub".into(), json!(subject));
            }
            Value::Object(claims)
        })
}

fn keys() -> JwkSet<1> {
    JwkSet::from_json(Issuer::rfc7515().jwk_set().as_bytes()).expect("a JWK Set")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn a_good_token_is_accepted_and_read_as_it_was_written(claims in good_claims()) {
        let token = Issuer::rfc7515().token(&claims.to_string());
        let mut scratch = vec![0; token.len()];
        let policy = Policy::new("issuer", "api");
        let verified = verify(token.as_bytes(), &mut scratch, &keys(), &policy, Time::exactly(NOW));
        let verified = verified.expect("a good token");
        prop_assert_eq!(verified.expiry(), claims["exp"].as_u64().unwrap());
        prop_assert_eq!(verified.issued_at(), claims["iat"].as_u64());
        let subject = verified.subject().map(|subject| subject.to_string());
        prop_assert_eq!(subject.as_deref(), claims.get("sub").and_then(Value::as_str));
        prop_assert!(verified.audiences().any(|audience| audience == "api"));
        prop_assert_eq!(verified.claims().as_str(), claims.to_string());
    }

    #[test]
    fn no_token_with_one_byte_changed_is_accepted(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let claims = json!({"iss": "issuer", "aud": "api", "exp": NOW + 1, "sub": "s"});
        let mut token = Issuer::rfc7515().token(&claims.to_string()).into_bytes();
        let at = at.index(token.len());
        prop_assume!(token[at] != byte);
        token[at] = byte;
        let mut scratch = vec![0; token.len()];
        let policy = Policy::new("issuer", "api");
        let verdict = verify(&token, &mut scratch, &keys(), &policy, Time::exactly(NOW));
        prop_assert!(verdict.is_err());
    }

    #[test]
    fn any_bytes_get_a_verdict(mut token in prop::collection::vec(any::<u8>(), 0..2000)) {
        let policy = Policy::new("issuer", "api");
        let mut scratch = [0; 2000];
        prop_assert!(verify(&token, &mut scratch, &keys(), &policy, Time::exactly(NOW)).is_err());
        token.insert(token.len() / 3, b'.');
        token.insert(token.len() / 2, b'.');
        let mut scratch = [0; 2002];
        prop_assert!(verify(&token, &mut scratch, &keys(), &policy, Time::exactly(NOW)).is_err());
        let _ = json::parse(&token);
        let _ = JwkSet::<4>::from_json(&token);
    }

    /// serde_json takes two members of one name, and rejects numbers beyond a double.
    #[test]
    fn json_is_accepted_where_serde_json_accepts_it(
        document in "[\\[\\]{}\":,0-9eE.+\\-truefalsn\\\\u \\PC]{0,24}"
    ) {
        match (json::parse(document.as_bytes()), serde_json::from_str::<Value>(&document)) {
            (Ok(_), Ok(_)) | (Err(_), Err(_)) => {}
            (Err(error), Ok(_)) => prop_assert_eq!(error, Error::DuplicateMember),
            (Ok(_), Err(error)) => prop_assert!(error.to_string().contains("out of range")),
        }
    }

    #[test]
    fn json_that_serde_json_writes_is_accepted(value in any_json()) {
        prop_assert!(json::parse(value.to_string().as_bytes()).is_ok());
        prop_assert!(json::parse(serde_json::to_string_pretty(&value).unwrap().as_bytes()).is_ok());
    }
}

/// The core and the `rsa` crate give the same verdict on random keys, messages and mutations.
#[test]
fn the_core_agrees_with_the_rsa_crate() {
    for bits in [2048, 2049, 2056, 3072, 4096] {
        let issuer = Issuer::generate(bits, "differential");
        let (n, e) = issuer.modulus_and_exponent();
        let ours = PublicKey::<4096>::from_be_bytes(&n, e).expect("a key");
        let theirs = VerifyingKey::<Sha256>::new(issuer.public_key());
        let (mut accepted, mut rejected) = (0, 0);
        for number in 0_u32..24 {
            let message = number.to_be_bytes();
            let mut signature = issuer.signature(&message);
            // Every other one is changed somewhere.
            if number % 2 == 1 {
                let at = number as usize * 97 % signature.len();
                signature[at] ^= 1 << (number % 8);
            }
            let verdict = ours.verify(&message, &&signature[..]).is_ok();
            let expected = Signature::try_from(&signature[..])
                .is_ok_and(|signature| theirs.verify(&message, &signature).is_ok());
            assert_eq!(verdict, expected, "{bits} bits, message {number}");
            if verdict {
                accepted += 1
            } else {
                rejected += 1
            }
        }
        assert_eq!((accepted, rejected), (12, 12), "{bits} bits");
    }
}

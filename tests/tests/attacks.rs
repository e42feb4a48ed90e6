//! Every attack that RFC 8725 (JSON Web Token Best Current Practices) names and that a verifier of
//! RS256 can meet, each rejected with its reason.

use serde_json::{Value, json};
use tokenlatch::{Error, JwkSet, MAX_TOKEN_LEN, Policy, Time, Unverified, verify};
use tokenlatch_tests::issuer::Issuer;

const POLICY: Policy = Policy::new("https://issuer.example/", "https://api.example.com/");
const NOW: u64 = 1_800_000_000;

fn verdict(token: &str, policy: &Policy<'_>) -> Result<(), Error> {
    let keys = JwkSet::<4>::from_json(Issuer::rfc7515().jwk_set().as_bytes())?;
    let mut scratch = vec![0; token.len()];
    let in_steps = verdict_in_steps(token.as_bytes(), &mut scratch, &keys, policy);
    let verified = verify(
        token.as_bytes(),
        &mut scratch,
        &keys,
        policy,
        Time::exactly(NOW),
    );
    let verdict = verified.map(|_| ());
    assert_eq!(in_steps, verdict);
    verdict
}

fn verdict_in_steps(
    token: &[u8],
    scratch: &mut [u8],
    keys: &JwkSet<4>,
    policy: &Policy<'_>,
) -> Result<(), Error> {
    let mut check = Unverified::parse_copy(token, scratch)?.begin(keys)?;
    while !check.step() {}
    check.finish()?.verify(policy, Time::exactly(NOW))?;
    Ok(())
}

fn claims() -> Value {
    json!({
        "iss": "https://issuer.example/",
        "aud": "https://api.example.com/",
        "sub": "alice",
        "exp": NOW + 600,
        "iat": NOW - 1,
    })
}

/// A token whose header has these members besides `alg` and `kid`, or instead of them.
fn with_header(members: &Value) -> String {
    let mut header = json!({"alg": "RS256", "kid": Issuer::rfc7515().key_id()});
    for (name, value) in members.as_object().expect("an object") {
        header[name] = value.clone();
    }
    Issuer::rfc7515().sign(header.to_string(), claims().to_string())
}

fn with_claim(name: &str, value: Value) -> String {
    let mut claims = claims();
    claims[name] = value;
    Issuer::rfc7515().token(&claims.to_string())
}

#[test]
fn a_good_token_is_accepted() {
    assert_eq!(verdict(&with_header(&json!({})), &POLICY), Ok(()));
    assert_eq!(
        verdict(&with_claim("more", json!({"x": [1, null]})), &POLICY),
        Ok(())
    );
}

/// Section 2.1, weak signatures and insufficient signature validation: the verifier chooses the algorithm, not
/// the token.
#[test]
fn the_algorithm_cannot_be_swapped() {
    for algorithm in [
        "none", "None", "NONE", "nOnE", "HS256", "HS512", "RS384", "PS256", "ES256", "RSA1_5",
        "dir", "",
    ] {
        let token = with_header(&json!({"alg": algorithm}));
        assert_eq!(
            verdict(&token, &POLICY),
            Err(Error::UnsupportedAlgorithm),
            "{algorithm}"
        );
        let unsigned = format!("{}.", token.rsplit_once('.').expect("a signature").0);
        assert_eq!(
            verdict(&unsigned, &POLICY),
            Err(Error::UnsupportedAlgorithm),
            "{algorithm}"
        );
    }
    let token = with_header(&json!({}));
    let unsigned = format!("{}.", token.rsplit_once('.').expect("a signature").0);
    assert_eq!(verdict(&unsigned, &POLICY), Err(Error::InvalidSignature));
    for algorithm in [
        json!(null),
        json!(["RS256"]),
        json!({"RS256": 1}),
        json!(256),
    ] {
        let token = with_header(&json!({"alg": algorithm}));
        assert_eq!(verdict(&token, &POLICY), Err(Error::InvalidHeader));
    }
}

/// Section 2.1 again, by way of two readers that disagree about one header.
#[test]
fn a_header_has_one_meaning() {
    let claims = claims().to_string();
    for (header, expected) in [
        (r#"{"alg":"none","alg":"RS256"}"#, Error::DuplicateMember),
        (
            r#"{"alg":"RS256","\u0061lg":"none"}"#,
            Error::DuplicateMember,
        ),
        (
            r#"{"alg":"RS256","kid":"a","kid":"rfc7515-a2"}"#,
            Error::DuplicateMember,
        ),
        (r#"{"ALG":"RS256"}"#, Error::UnsupportedAlgorithm),
        (r#"{"alg":"RS256"} {"alg":"none"}"#, Error::InvalidJson),
        (r#"{"alg":"RS256"/**/}"#, Error::InvalidJson),
        (r#"{"alg":"RS256",}"#, Error::InvalidJson),
        (r#"["alg","RS256"]"#, Error::InvalidHeader),
        ("", Error::InvalidJson),
    ] {
        assert_eq!(
            verdict(&Issuer::rfc7515().sign(header, &claims), &POLICY),
            Err(expected),
            "{header}"
        );
    }
}

/// Sections 2.6 and 3.7: JSON is UTF-8, and nothing else.
#[test]
fn another_character_encoding_is_rejected() {
    let utf_16 =
        |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let utf_16_with_mark = [vec![0xff, 0xfe], utf_16(&claims().to_string())].concat();
    for (claims, expected) in [
        (utf_16(&claims().to_string()), Error::InvalidJson),
        (utf_16_with_mark, Error::InvalidUtf8),
        (
            [b"\xef\xbb\xbf".as_slice(), claims().to_string().as_bytes()].concat(),
            Error::InvalidJson,
        ),
        (b"{\"iss\":\"\xe9\"}".to_vec(), Error::InvalidUtf8),
    ] {
        let token = Issuer::rfc7515().sign(r#"{"alg":"RS256"}"#, claims);
        assert_eq!(verdict(&token, &POLICY), Err(expected));
    }
}

/// Section 2.7, substitution: a token for somebody else, or by somebody else.
#[test]
fn a_token_for_somebody_else_is_rejected() {
    for (name, value, expected) in [
        (
            "aud",
            json!("https://other.example.com/"),
            Error::WrongAudience,
        ),
        (
            "aud",
            json!(["https://api.example.com"]),
            Error::WrongAudience,
        ),
        ("aud", json!([]), Error::WrongAudience),
        ("iss", json!("https://issuer.example"), Error::WrongIssuer),
        (
            "iss",
            json!("https://issuer.example/\u{0}"),
            Error::WrongIssuer,
        ),
        (
            "iss",
            json!("https://issuer.example.evil.example/"),
            Error::WrongIssuer,
        ),
        ("exp", json!(NOW), Error::Expired),
        ("nbf", json!(NOW + 1), Error::NotYetValid),
        ("iat", json!(NOW + 61), Error::IssuedInFuture),
    ] {
        assert_eq!(
            verdict(&with_claim(name, value.clone()), &POLICY),
            Err(expected),
            "{name} {value}"
        );
    }
}

/// Sections 2.8, 3.11 and 3.12, cross-JWT confusion: an ID token is not an access token.
#[test]
fn a_token_of_another_kind_is_rejected() {
    let policy = POLICY.require_type("at+jwt");
    for token_type in ["JWT", "id+jwt", "logout+jwt", "secevent+jwt", ""] {
        let token = with_header(&json!({"typ": token_type}));
        assert_eq!(
            verdict(&token, &policy),
            Err(Error::WrongType),
            "{token_type}"
        );
    }
    assert_eq!(
        verdict(&with_header(&json!({})), &policy),
        Err(Error::WrongType)
    );
    for token_type in ["at+jwt", "AT+JWT", "application/at+jwt"] {
        assert_eq!(
            verdict(&with_header(&json!({"typ": token_type})), &policy),
            Ok(())
        );
    }
}

/// Sections 2.9 and 3.10: the verifier follows no URL of a header and uses no key of a header.
#[test]
fn a_token_cannot_bring_its_own_key() {
    let attacker = Issuer::generate(2048, "attacker");
    let header = |members: &Value| {
        let mut header = json!({"alg": "RS256"});
        for (name, value) in members.as_object().expect("an object") {
            header[name] = value.clone();
        }
        header.to_string()
    };
    for members in [
        json!({"kid": Issuer::rfc7515().key_id()}),
        json!({"kid": Issuer::rfc7515().key_id(), "jwk": attacker.jwk()}),
        json!({"kid": Issuer::rfc7515().key_id(), "jku": "https://evil.example/jwks.json"}),
        json!({"kid": Issuer::rfc7515().key_id(), "x5u": "https://evil.example/cert.pem"}),
        json!({"kid": Issuer::rfc7515().key_id(), "x5c": ["MIIB"]}),
        json!({"jwk": attacker.jwk()}),
    ] {
        let token = attacker.sign(header(&members), claims().to_string());
        assert_eq!(
            verdict(&token, &POLICY),
            Err(Error::InvalidSignature),
            "{members}"
        );
    }
    for key_id in [
        "x",
        "../../../dev/null",
        "' OR 1=1 --",
        "rfc7515-a2\u{0}",
        "RFC7515-A2",
        "",
    ] {
        let token = attacker.sign(header(&json!({"kid": key_id})), claims().to_string());
        assert_eq!(verdict(&token, &POLICY), Err(Error::UnknownKey), "{key_id}");
    }
    assert_eq!(
        verdict(
            &with_header(&json!({"crit": ["b64"], "b64": false})),
            &POLICY
        ),
        Err(Error::CriticalExtension)
    );
}

/// Section 2.3 and RFC 7516: a token with five parts is encrypted, not signed. A signed token has three parts.
#[test]
fn other_serializations_are_rejected() {
    let token = with_header(&json!({}));
    for other in [
        format!("{token}.."),
        format!("{token}."),
        format!(".{token}"),
        token.replace('.', ""),
        token.replacen('.', "", 1),
        String::new(),
        json!({"payload": "", "signatures": []}).to_string(),
    ] {
        assert_eq!(verdict(&other, &POLICY), Err(Error::NotCompact), "{other}");
    }
    for other in [
        format!(" {token}"),
        format!("{token}\n"),
        format!("{token}=="),
        token.replace('.', "=."),
        format!("Bearer {token}"),
    ] {
        assert_eq!(
            verdict(&other, &POLICY),
            Err(Error::InvalidBase64url),
            "{other}"
        );
    }
}

/// Section 3.8 binds the issuer to its keys: the same token under another key set.
#[test]
fn an_issuer_is_bound_to_its_keys() {
    let attacker = Issuer::generate(2048, "attacker");
    let token = with_header(&json!({}));
    let keys = json!({"keys": [attacker.jwk()]}).to_string();
    let keys = JwkSet::<1>::from_json(keys.as_bytes()).expect("a JWK Set");
    let mut scratch = vec![0; token.len()];
    let verdict = verify(
        token.as_bytes(),
        &mut scratch,
        &keys,
        &POLICY,
        Time::exactly(NOW),
    );
    assert_eq!(verdict.err(), Some(Error::UnknownKey));
}

/// Depth bombs and long inputs, before and after the signature.
#[test]
fn bombs_are_rejected() {
    let claims = claims().to_string();
    for (header, expected) in [
        (
            format!(r#"{{"alg":"RS256","x":{}"#, "[".repeat(2000)),
            Error::JsonTooDeep,
        ),
        (
            format!(r#"{{"alg":"RS256","x":{}"#, r#"{"":"#.repeat(400)),
            Error::JsonTooDeep,
        ),
        (
            format!(r#"{{"alg":"RS256","x":"{}"}}"#, "x".repeat(5000)),
            Error::HeaderTooLong,
        ),
    ] {
        assert_eq!(
            verdict(&Issuer::rfc7515().sign(&header, &claims), &POLICY),
            Err(expected)
        );
    }
    let deep = format!("{}1{}", "[".repeat(20), "]".repeat(20));
    let deep = claims.replacen('{', &format!(r#"{{"x":{deep},"#), 1);
    assert_eq!(
        verdict(&Issuer::rfc7515().token(&deep), &POLICY),
        Err(Error::JsonTooDeep)
    );
    let long = with_claim("x", json!("x".repeat(16 * 1024)));
    assert_eq!(verdict(&long, &POLICY), Err(Error::TokenTooLong));
}

#[test]
fn the_longest_token_is_accepted() {
    let with = |letters: usize| with_claim("x", json!("x".repeat(letters)));
    let shortest = with(0).len();
    // Three letters take four characters of base64url.
    let letters = (MAX_TOKEN_LEN - shortest) / 4 * 3;
    let lengths = [0, 1, 2].map(|more| {
        let token = with(letters + more);
        let expected = match token.len() {
            len if len > MAX_TOKEN_LEN => Err(Error::TokenTooLong),
            _ => Ok(()),
        };
        assert_eq!(verdict(&token, &POLICY), expected, "{}", token.len());
        token.len()
    });
    assert!(lengths.contains(&MAX_TOKEN_LEN), "{lengths:?}");
    let longer = with(letters + 3);
    assert_eq!(verdict(&longer, &POLICY), Err(Error::TokenTooLong));
}

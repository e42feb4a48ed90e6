//! Every change of one byte of a token's header, against a reader of JSON of others.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde_json::Value;
use tokenlatch::{Error, JwkSet, Policy, Time, Unverified, verify_in_place};
use tokenlatch_tests::device;
use tokenlatch_tests::firmware::NOW;
use tokenlatch_tests::issuer::{Issuer, signing_input, with_signature};

const POLICY: Policy = Policy::new("https://issuer.example/", "https://device.example/");

/// What a header says: `kid` and `typ`.
type Said = (Option<String>, Option<String>);

/// The header of the token, and the token.
fn original() -> (Vec<u8>, String) {
    let token = Issuer::rfc7515().token(&device::claims());
    let (header, _) = token.split_once('.').expect("a header");
    (BASE64URL.decode(header).expect("base64url"), token)
}

/// What a header of RS256 says, by serde_json. A change of one byte cannot give two members one name.
fn reference(header: &[u8]) -> Option<Said> {
    let header: Value = serde_json::from_slice(header).ok()?;
    let header = header.as_object()?;
    let text = |name: &str| match header.get(name) {
        Some(value) => value.as_str().map(|text| Some(text.to_owned())),
        None => Some(None),
    };
    let is_ours = text("alg")?? == "RS256" && !header.contains_key("crit");
    let key_id = text("kid")?.or(text("x5t")?);
    is_ours.then_some((key_id, text("typ")?))
}

/// What the core reads in the header of a token.
fn read(token: &[u8]) -> Option<Said> {
    let mut token = token.to_vec();
    let token = Unverified::parse(&mut token).ok()?;
    let text = |text: Option<tokenlatch::json::Text<'_>>| text.map(|text| text.chars().collect());
    Some((text(token.key_id()), text(token.token_type())))
}

fn verdict(token: &[u8]) -> Result<(), Error> {
    let keys = JwkSet::<1>::from_json(Issuer::rfc7515().jwk_set().as_bytes())?;
    let mut token = token.to_vec();
    verify_in_place(&mut token, &keys, &POLICY, Time::exactly(NOW)).map(|_| ())
}

/// What a token with a changed header gets.
fn expected(said: Option<&Said>) -> Result<(), Error> {
    match said {
        // The only key of a set needs no name.
        Some((key_id, _)) => match key_id.as_deref() {
            None => Err(Error::InvalidSignature),
            Some(key_id) if key_id == Issuer::rfc7515().key_id() => Err(Error::InvalidSignature),
            Some(_) => Err(Error::UnknownKey),
        },
        None => Ok(()),
    }
}

/// Checks a token whose header was changed, and what its header is to say.
fn check(token: &[u8], said: Option<&Said>) {
    assert_eq!(read(token).as_ref(), said, "{}", token.escape_ascii());
    let verdict = verdict(token);
    match said {
        Some(_) => assert_eq!(verdict, expected(said), "{}", token.escape_ascii()),
        None => assert!(verdict.is_err(), "{}", token.escape_ascii()),
    }
}

/// All but the signature stay as they are.
#[test]
fn every_byte_of_the_text_counts() {
    let (_, token) = original();
    assert_eq!(verdict(token.as_bytes()), Ok(()));
    let len = token.find('.').expect("a header");
    let (mut counted, mut read) = (0, 0);
    for at in 0..len {
        for change in 1..=u8::MAX {
            let mut changed = token.clone().into_bytes();
            changed[at] ^= change;
            let header = BASE64URL.decode(&changed[..len]).ok();
            let said = header.and_then(|header| reference(&header));
            check(&changed, said.as_ref());
            counted += 1;
            read += usize::from(said.is_some());
        }
    }
    println!(
        "exhaustive: {counted} changes of the header's text, {read} of them good headers, none accepted"
    );
    assert!(read > 0);
}

/// With the old signature, and where the header names the key, with one of the issuer for the changed header.
#[test]
fn every_byte_of_the_json_counts() {
    let (header, token) = original();
    let (_, signature) = token.rsplit_once('.').expect("a signature");
    let signature = BASE64URL.decode(signature).expect("base64url");
    let (mut counted, mut signed) = (0, 0);
    for at in 0..header.len() {
        for change in 1..=u8::MAX {
            let mut header = header.clone();
            header[at] ^= change;
            let said = reference(&header);
            let changed = with_signature(&signing_input(&header, device::claims()), &signature);
            check(changed.as_bytes(), said.as_ref());
            counted += 1;
            if said.is_some() && expected(said.as_ref()) == Err(Error::InvalidSignature) {
                let token = Issuer::rfc7515().sign(&header, device::claims());
                assert_eq!(verdict(token.as_bytes()), Ok(()), "{token}");
                signed += 1;
            }
        }
    }
    println!(
        "exhaustive: {counted} changes of the header's JSON, none accepted but the {signed} that the issuer signed"
    );
    assert!(signed > 0);
}

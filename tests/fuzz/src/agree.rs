//! What Tokenlatch says beside what the reference says.

use tokenlatch::json::{self, Value};
use tokenlatch::{Error, JwkSet, MAX_TOKEN_LEN, Unverified, Verified, verify};

use crate::reference::json::{MAX_MEMBERS, Read, Tree};
use crate::reference::keys::KeySet;
use crate::reference::rules::{Now, Rules};
use crate::reference::{self, Good, Reasons};

/// The keys that are compared: as many as a small device has room for.
pub const CAPACITY: usize = 4;
pub type Keys = JwkSet<CAPACITY>;

/// Verifies a token both ways. Returns whether it is good.
pub fn on_token(token: &[u8], keys: &Keys, reference: &KeySet, rules: &Rules, now: Now) -> bool {
    let mut scratch = [0; MAX_TOKEN_LEN];
    let expected = reference::verify(token, reference, CAPACITY, rules, now);
    rules.with_policy(|policy| {
        let verdict = verify(token, &mut scratch, keys, policy, now.time());
        match (&verdict, &expected) {
            (Ok(verified), Ok(good)) => assert_eq!(good_of(verified), *good),
            (Err(error), Err(reasons)) => on_reason(*error, reasons),
            _ => panic!("{verdict:?}, but the reference says {expected:?}"),
        }
        let is_good = verdict.is_ok();
        in_steps(token, keys, policy, now, &expected);
        is_good
    })
}

/// Compares the key sets that were read from a document, and returns both if they are good.
pub fn on_key_set(document: &[u8]) -> Option<(Keys, KeySet)> {
    let keys = Keys::from_json(document);
    match (keys, reference::keys::read_set(document, CAPACITY, 2048)) {
        (Ok(keys), Some(Ok(reference))) => {
            assert_eq!(keys.unusable(), reference.unusable.len());
            assert_eq!(keys.keys().len(), reference.usable.len());
            for (key, expected) in keys.keys().iter().zip(&reference.usable) {
                assert_eq!(key.key_id(), expected.key_id.as_deref());
                assert_eq!(key.issuer(), expected.issuer.as_deref());
                let public_key =
                    tokenlatch::PublicKey::from_be_bytes(&expected.n.to_bytes_be(), expected.e);
                assert_eq!(Ok(key.public_key()), public_key.as_ref());
            }
            Some((keys, reference))
        }
        (Err(error), Some(Err(reasons))) => {
            on_reason(error, &reasons);
            None
        }
        // Of a key that is bad JSON, the rest is skipped, whatever it is.
        (Ok(keys), None) => {
            assert!(keys.unusable() > 0, "this is not JSON");
            None
        }
        (Err(_), None) => None,
        (ours, theirs) => panic!("{ours:?}, but the reference says {theirs:?}"),
    }
}

/// Compares the trees of a document. Returns whether it is one.
pub fn on_json(document: &[u8]) -> bool {
    let ours = json::parse(document);
    match (ours, reference::json::read(document)) {
        (Ok(value), Read::Tree(tree)) => {
            let reasons = reference::json::reasons(&tree, MAX_MEMBERS);
            assert!(reasons.is_empty(), "accepted in spite of {reasons:?}");
            assert_eq!(of_value(value), tree);
            true
        }
        (Err(error), Read::Tree(tree)) => {
            on_reason(error, &reference::json::reasons(&tree, MAX_MEMBERS));
            false
        }
        (Err(_), Read::Malformed | Read::TooDeep) => false,
        (Ok(value), Read::Malformed | Read::TooDeep) => panic!("no JSON is {value:?}"),
    }
}

/// Whether the error is one of those that are right.
pub fn on_reason(error: Error, reasons: &Reasons) {
    assert!(
        reasons.contains(error.code()),
        "{}, but the reference says {reasons:?}",
        error.code()
    );
}

/// The steps, and the ways in place, give the same verdict.
fn in_steps(
    token: &[u8],
    keys: &Keys,
    policy: &tokenlatch::Policy<'_>,
    now: Now,
    expected: &Result<Good, Reasons>,
) {
    let mut copy = token.to_vec();
    let verdict = Unverified::parse(&mut copy).and_then(|token| {
        let mut check = token.begin(keys)?;
        while !check.step() {}
        check.finish()?.verify(policy, now.time())
    });
    match (&verdict, expected) {
        (Ok(verified), Ok(good)) => assert_eq!(good_of(verified), *good),
        (Err(error), Err(reasons)) => on_reason(*error, reasons),
        _ => panic!("in steps {verdict:?}, but the reference says {expected:?}"),
    }
}

fn good_of(verified: &Verified<'_>) -> Good {
    let owned = |text: json::Text<'_>| text.to_string();
    Good {
        key_id: verified.key_id().map(owned),
        issuer: owned(verified.issuer()),
        subject: verified.subject().map(owned),
        audiences: verified.audiences().map(owned).collect(),
        expiry: verified.expiry(),
        not_before: verified.not_before(),
        issued_at: verified.issued_at(),
        token_id: verified.token_id().map(owned),
        scopes: verified.scopes().map(owned).collect(),
        is_certain: verified.is_certainly_valid(),
    }
}

/// The value as a tree, by the API that programs use.
fn of_value(value: Value<'_>) -> Tree {
    match value {
        Value::Null => Tree::Null,
        Value::Bool(truth) => Tree::Bool(truth),
        Value::Number(number) => {
            let expected = reference::number::read(number.as_str());
            let expected = expected.filter(|number| !number.has_fraction);
            let expected = expected.and_then(|number| u64::try_from(number.whole).ok());
            assert_eq!(value.as_u64(), expected, "{}", number.as_str());
            Tree::Number(number.as_str().into())
        }
        Value::String(text) => {
            let expected = text.to_string();
            assert!(text == expected.as_str());
            assert!(text.as_str().is_none_or(|plain| plain == expected));
            let mut buffer = vec![0; expected.len()];
            assert_eq!(text.copy_to(&mut buffer), Some(expected.len()));
            assert_eq!(buffer, expected.as_bytes());
            if let Some(shorter) = buffer.get_mut(1..) {
                assert_eq!(text.copy_to(shorter), None);
            }
            Tree::Text(expected)
        }
        Value::Array(array) => Tree::Array(array.elements().map(of_value).collect()),
        Value::Object(object) => {
            let members = object.members().map(|(name, value)| {
                let name = name.to_string();
                let found = object.get(&name).map(written);
                assert_eq!(found, Some(written(value)));
                (name, of_value(value))
            });
            Tree::Object(members.collect())
        }
    }
}

/// The value as it is written, for a look that does not go deeper.
fn written(value: Value<'_>) -> String {
    match value {
        Value::Array(array) => array.as_str().into(),
        Value::Object(object) => object.as_str().into(),
        value => format!("{value:?}"),
    }
}

//! The task of a contender in its turn.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde::Deserialize;

use crate::case::Case;
use crate::operation::Operation;

/// Does the operation once and tells the verdict.
pub type Task = Box<dyn FnMut() -> bool>;

/// The operations of a library that verifies signatures: it makes keys of modulus and exponent.
pub(super) fn signatures<Key: 'static>(
    operation: Operation,
    case: &'static Case,
    key: fn(&[u8], &[u8]) -> Key,
    verifies: fn(&Key, &Case) -> bool,
) -> Option<Task> {
    Some(match operation {
        Operation::WholeToken => return None,
        Operation::Signature => {
            let key = key(&case.n, &case.e);
            Box::new(move || verifies(&key, case))
        }
        Operation::KeySetUp => Box::new(move || verifies(&key(&case.n, &case.e), case)),
        Operation::JwkSet => Box::new(move || {
            let (n, e) = modulus_and_exponent(&case.jwk_set);
            verifies(&key(&n, &e), case)
        }),
    })
}

/// Modulus and exponent of the only key in a JWK Set, for libraries that read none: `serde_json` and
/// `base64`, as lean as they come.
fn modulus_and_exponent(jwk_set: &str) -> (Vec<u8>, Vec<u8>) {
    #[derive(Deserialize)]
    struct JwkSet<'a> {
        #[serde(borrow)]
        keys: [Jwk<'a>; 1],
    }
    #[derive(Deserialize)]
    struct Jwk<'a> {
        n: &'a str,
        e: &'a str,
    }
    let JwkSet { keys: [jwk] } = serde_json::from_str(jwk_set).expect("a JWK Set");
    let [n, e] = [jwk.n, jwk.e].map(|text| BASE64URL.decode(text).expect("base64url"));
    (n, e)
}

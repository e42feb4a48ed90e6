//! A JWK: which error it has, for keys of each capacity.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tokenlatch::{Bits, Capacity, Jwk, PublicKey};
use tokenlatch_fuzz::agree;
use tokenlatch_fuzz::reference::json::{self, MAX_MEMBERS, Read};
use tokenlatch_fuzz::reference::keys;

fuzz_target!(|document: &[u8]| {
    agree::<2048>(document);
    agree::<4096>(document);
});

fn agree<const BITS: usize>(document: &[u8])
where
    Bits<BITS>: Capacity,
{
    let jwk = Jwk::<BITS>::from_json(document);
    let check = Jwk::<BITS>::check_json(document);
    assert_eq!(jwk.as_ref().err(), check.as_ref().err());
    let document = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
    let Read::Tree(tree) = json::read(document) else {
        assert!(jwk.is_err(), "no JSON is {jwk:?}");
        return;
    };
    let reasons = json::reasons(&tree, MAX_MEMBERS);
    if !reasons.is_empty() {
        agree::on_reason(jwk.expect_err("it has duplicates, or too much"), &reasons);
        return;
    }
    match (jwk, keys::read_key(&tree, BITS)) {
        (Ok(jwk), Ok(key)) => {
            assert_eq!(jwk.key_id(), key.key_id.as_deref());
            assert_eq!(jwk.issuer(), key.issuer.as_deref());
            let public_key = PublicKey::from_be_bytes(&key.n.to_bytes_be(), key.e);
            assert_eq!(Ok(jwk.public_key()), public_key.as_ref());
            assert_eq!(jwk.public_key().bits(), key.n.bits() as usize);
        }
        (Err(error), Err((code, _))) => assert_eq!(error.code(), code),
        (jwk, key) => panic!("{jwk:?}, but the reference says {key:?}"),
    }
}

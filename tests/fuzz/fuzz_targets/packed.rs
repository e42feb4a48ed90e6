//! What a server reads of an issuer's keys, in a JWK Set or in PEM, and signs for its devices: they accept it.
#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use tokenlatch::{Jwk, JwkSet};
use tokenlatch_device::{Applied, Clock, Error, KeySet, MAX_DOCUMENT_LEN, Root};
use tokenlatch_fuzz::memory::Memory;
use tokenlatch_fuzz::reference::rules::{AUDIENCE, ISSUER, NOW};
use tokenlatch_host::device::{RootKey, Terms, VerifyingKey, VerifyingKeys};
use tokenlatch_tests::issuer::DOOR_ROOT;

const CAPACITY: usize = 4;

static ROOT: LazyLock<(RootKey, JwkSet<1>)> = LazyLock::new(|| {
    let root = RootKey::from_pem(DOOR_ROOT).expect("a root key");
    let keys = format!(r#"{{"keys":[{}]}}"#, root.public().jwk());
    (root, JwkSet::from_json(keys.as_bytes()).expect("a key set"))
});

fuzz_target!(|document: &[u8]| {
    let Ok(keys) = VerifyingKeys::read(document, Some("k1")) else {
        return;
    };
    for key in &keys.usable {
        let jwk = key.jwk().to_string();
        let jwk = Jwk::<4096>::from_json(jwk.as_bytes()).expect("it is usable");
        assert_eq!(jwk.key_id(), Some(key.key_id()));
        assert_eq!(jwk.public_key().bits(), key.bits());
        let again = VerifyingKey::new(key.key_id(), key.n(), key.e());
        assert_eq!(again.as_ref(), Ok(key));
    }
    if !keys.usable.is_empty() {
        update(&keys.usable);
    }
});

fn update(keys: &[VerifyingKey]) {
    let (root, root_keys) = &*ROOT;
    let terms = Terms::new(ISSUER, AUDIENCE, NOW, NOW + 1000);
    let Ok(document) = root.key_set_update(&terms, keys) else {
        return;
    };
    let root = Root::new(root_keys, ISSUER, AUDIENCE);
    let mut device = KeySet::<CAPACITY, 4096>::new(JwkSet::from_keys([]));
    let mut clock = Clock::new(NOW, Duration::from_secs(86_400));
    let mut scratch = [0; MAX_DOCUMENT_LEN];
    let mut memory = Memory::default();
    let applied = device.apply(
        document.as_bytes(),
        &mut scratch,
        &root,
        &mut clock,
        &mut memory,
    );
    let expected = match keys.len() {
        ..=CAPACITY => Ok(Applied::New),
        _ => Err(Error::TooManyKeys),
    };
    assert_eq!(applied, expected);
}

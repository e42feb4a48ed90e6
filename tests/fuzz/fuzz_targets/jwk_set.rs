//! A JWK Set: which keys are usable, and that all ways to read it agree.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tokenlatch::{Jwk, JwkSet, for_each_jwk};
use tokenlatch_fuzz::agree;

/// As a service has it.
type Large = JwkSet<64, 4096>;

fuzz_target!(|document: &[u8]| {
    agree::on_key_set(document);
    let set = Large::from_json(document);
    let (mut usable, mut all) = (0, 0);
    let listed = for_each_jwk(document, &mut |jwk| {
        let is_usable =
            jwk.is_ok_and(|jwk| Jwk::<4096>::check_json(jwk.as_str().as_bytes()).is_ok());
        usable += usize::from(is_usable);
        all += 1;
    });
    match set {
        Ok(set) => {
            assert_eq!(listed, Ok(()));
            assert_eq!((set.keys().len(), set.unusable()), (usable, all - usable));
            for key in set.keys() {
                assert!(key.key_id().is_none_or(|key_id| set.knows(key_id)));
            }
        }
        Err(tokenlatch::Error::KeySetFull) if listed.is_ok() => assert!(usable > 64 || all > 1024),
        Err(error) => assert_eq!(listed, Err(error)),
    }
});

//! A public key in DER, a SubjectPublicKeyInfo or an RSAPublicKey: there is one encoding of a key, and no other is
//! accepted.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rsa::pkcs1::{DecodeRsaPublicKey as _, EncodeRsaPublicKey as _};
use rsa::pkcs8::{DecodePublicKey as _, EncodePublicKey as _};
use rsa::traits::PublicKeyParts as _;
use tokenlatch::{Error, PublicKey};
use tokenlatch_fuzz::reference::keys;

type Key = PublicKey<4096>;

fuzz_target!(|der: &[u8]| {
    let spki = rsa::PublicKey::from_public_key_der(der).ok();
    let encoded = spki
        .as_ref()
        .map(|key| key.to_public_key_der().expect("DER").into_vec());
    compare(der, Key::from_spki_der(der), spki, encoded);
    let pkcs1 = rsa::PublicKey::from_pkcs1_der(der).ok();
    let encoded = pkcs1
        .as_ref()
        .map(|key| key.to_pkcs1_der().expect("DER").as_bytes().to_vec());
    compare(der, Key::from_pkcs1_der(der), pkcs1, encoded);
});

/// Compares a key with that of another reader, which says also how it is encoded.
fn compare(
    der: &[u8],
    ours: Result<Key, Error>,
    theirs: Option<rsa::PublicKey>,
    encoded: Option<Vec<u8>>,
) {
    let Some(theirs) = theirs else {
        // It rejects exponents and moduli that Tokenlatch may accept, but none that anybody has.
        return;
    };
    let e = theirs.e_bytes().iter().try_fold(0_u32, |e, byte| {
        e.checked_mul(256).map(|e| e | u32::from(*byte))
    });
    let expected = match e {
        None => Err("invalid-exponent"),
        Some(e) => keys::check(&theirs.n_bytes(), e, 4096).map(|()| e),
    };
    match (ours, expected) {
        (Ok(key), Ok(e)) => {
            assert_eq!(encoded.as_deref(), Some(der), "another encoding");
            assert_eq!(Ok(key), Key::from_be_bytes(&theirs.n_bytes(), e));
        }
        (Err(error), Err(code)) => assert!(
            error.code() == code || encoded.as_deref() != Some(der),
            "{error:?}, but the reference says {code}"
        ),
        (Err(error), Ok(_)) => assert_ne!(encoded.as_deref(), Some(der), "{error:?}"),
        (Ok(key), Err(code)) => panic!("{key:?}, but the reference says {code}"),
    }
}

//! A public key in DER, a SubjectPublicKeyInfo or an RSAPublicKey: there is one encoding of a key, and no other is
//! accepted.
#![no_main]

use libfuzzer_sys::fuzz_target;
use num_bigint::BigUint;
use tokenlatch::{Error, PublicKey};
use tokenlatch_fuzz::reference::keys;

type Key = PublicKey<4096>;

fuzz_target!(|der: &[u8]| {
    let key = pkcs1_in_spki(der).and_then(numbers);
    compare(
        Key::from_spki_der(der),
        key.filter(|(n, e)| spki(n, e) == der),
    );
    let key = numbers(der);
    compare(
        Key::from_pkcs1_der(der),
        key.filter(|(n, e)| pkcs1(n, e) == der),
    );
});

/// Compares a key with the modulus and the exponent that the bytes are the encoding of, if they are one.
fn compare(ours: Result<Key, Error>, numbers: Option<(BigUint, BigUint)>) {
    let expected = numbers.map(|(n, e)| match u32::try_from(e) {
        Ok(e @ 1..) => {
            let n = n.to_bytes_be();
            keys::check(&n, e, 4096).map(|()| (n, e))
        }
        _ => Err("invalid-exponent"),
    });
    match (ours, expected) {
        (Ok(key), Some(Ok((n, e)))) => assert_eq!(Ok(key), Key::from_be_bytes(&n, e)),
        (Err(error), Some(Err(code))) => assert_eq!(error.code(), code),
        (Err(_), None) => {}
        (ours, expected) => panic!("{ours:?}, but the reference says {expected:?}"),
    }
}

/// A SubjectPublicKeyInfo of rsaEncryption with NULL (RFC 3279 section 2.3.1).
fn spki(n: &BigUint, e: &BigUint) -> Vec<u8> {
    let algorithm = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
    let bits = [&[0], &pkcs1(n, e)[..]].concat();
    element(
        0x30,
        &[element(0x30, algorithm), element(0x03, &bits)].concat(),
    )
}

/// An RSAPublicKey (RFC 8017 appendix A.1.1).
fn pkcs1(n: &BigUint, e: &BigUint) -> Vec<u8> {
    let integers = [n, e].map(|number| {
        let bytes = number.to_bytes_be();
        // With the highest bit set, it would be negative.
        let zero: &[u8] = if bytes[0] < 0x80 { &[] } else { &[0] };
        element(0x02, &[zero, &bytes].concat())
    });
    element(0x30, &integers.concat())
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut len = BigUint::from(content.len()).to_bytes_be();
    if content.len() >= 0x80 {
        len.insert(0, 0x80 | len.len() as u8);
    }
    [&[tag], &len[..], content].concat()
}

/// The RSAPublicKey in a SubjectPublicKeyInfo, by looser rules than those of DER.
fn pkcs1_in_spki(der: &[u8]) -> Option<&[u8]> {
    let (spki, _) = content(der)?;
    let (_algorithm, rest) = content(spki)?;
    let (bits, _) = content(rest)?;
    bits.get(1..)
}

/// The modulus and the exponent of an RSAPublicKey, by the same rules.
fn numbers(der: &[u8]) -> Option<(BigUint, BigUint)> {
    let (key, _) = content(der)?;
    let (n, rest) = content(key)?;
    let (e, _) = content(rest)?;
    Some((BigUint::from_bytes_be(n), BigUint::from_bytes_be(e)))
}

/// The content of an element, and what follows it.
fn content(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let [_, first, rest @ ..] = der else {
        return None;
    };
    let (len, rest) = match *first {
        len @ ..0x80 => (BigUint::from(len), rest),
        bytes => {
            let (len, rest) = rest.split_at_checked(usize::from(bytes - 0x80))?;
            (BigUint::from_bytes_be(len), rest)
        }
    };
    rest.split_at_checked(usize::try_from(len).ok()?)
}

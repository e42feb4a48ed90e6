//! Signatures: Tokenlatch with each of its arithmetics, `rsa`, aws-lc-rs and the reference give the same verdict on a
//! key, a signature and a message. Keys are made from the input, and so are good signatures and almost good ones.
#![no_main]

use arbitrary::{Result, Unstructured};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use libfuzzer_sys::fuzz_target;
use num_bigint::BigUint;
use rsa::BoxedUint;
use rsa::pkcs1v15::{Signature, VerifyingKey};
use sha2::Sha256;
use signature::Verifier as _;
use tokenlatch::{Bits, Capacity, Jwk, JwkSet, PublicKey, Unverified};
use tokenlatch_fuzz::key::{self, EXPONENTS, Key, PRIMES, padded};
use tokenlatch_fuzz::reference::keys;

/// Messages are the signing inputs of tokens, so that lanes take them, too. The payload has three bytes.
const HEADER: &str = r#"{"alg":"RS256"}"#;

fuzz_target!(|data: &[u8]| {
    // An input that is too short says nothing.
    let _ = compare(&mut Unstructured::new(data));
});

fn compare(u: &mut Unstructured<'_>) -> Result<()> {
    let payload = u.arbitrary::<[u8; 3]>()?;
    let message = key::signing_input(HEADER, payload);
    let message = message.as_bytes();
    let (n, e, signature) = match u.ratio(1_u8, 8_u8)? {
        // Any bytes: there is nobody who could sign.
        true => {
            let len = u.int_in_range(250..=514)?;
            let mut n = u.bytes(len.min(u.len()))?.to_vec();
            n.resize(len, 0xff);
            let signature = u.bytes(u.len().min(514))?.to_vec();
            (n, u.arbitrary()?, signature)
        }
        false => {
            let key = private_key(u)?;
            let signature = signature(u, &key, message)?;
            (key.modulus(), key.exponent(), signature)
        }
    };
    // All of it takes long, so each input looks at a part: keys with room, or without, and one signature or eight.
    let [has_room, is_eight, ..] = payload.map(|byte| byte & 1 == 1);
    let capacity = match n.len() {
        _ if has_room => 4096,
        ..=256 => 2048,
        257..=384 => 3072,
        _ => 4096,
    };
    match capacity {
        2048 => compare_all::<2048>(&n, e, message, &signature, is_eight),
        3072 => compare_all::<3072>(&n, e, message, &signature, is_eight),
        _ => compare_all::<4096>(&n, e, message, &signature, is_eight),
    }
    Ok(())
}

/// Compares the verdicts of all.
fn compare_all<const BITS: usize>(
    n: &[u8],
    e: u32,
    message: &[u8],
    signature: &[u8],
    is_eight: bool,
) where
    Bits<BITS>: Capacity,
    tokenlatch_without_ifma::Bits<BITS>: tokenlatch_without_ifma::Capacity,
    tokenlatch_portable::Bits<BITS>: tokenlatch_portable::Capacity,
    tokenlatch_rows::Bits<BITS>: tokenlatch_rows::Capacity,
{
    if let Err(code) = keys::check(n, e, BITS) {
        let error = PublicKey::<BITS>::from_be_bytes(n, e).map(drop);
        assert_eq!(error.map_err(|error| error.code()), Err(code));
        return;
    }
    let key = keys::Key {
        key_id: None,
        thumbprint: None,
        issuer: None,
        n: BigUint::from_bytes_be(n),
        e,
    };
    let expected = key.verifies(message, signature);
    macro_rules! ours {
        ($($core:ident)*) => {$(
            let key = $core::PublicKey::<BITS>::from_be_bytes(n, e).expect("a key");
            let ours = key.verify(message, &signature).is_ok();
            assert_eq!(ours, expected, "{}", stringify!($core));
        )*};
    }
    ours!(tokenlatch tokenlatch_without_ifma tokenlatch_portable tokenlatch_rows);
    assert_eq!(of_rsa(n, e, message, signature), expected, "rsa");
    let e_bytes = BigUint::from(e).to_bytes_be();
    let theirs = RsaPublicKeyComponents { n, e: &*e_bytes };
    let theirs = theirs.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature);
    assert_eq!(theirs.is_ok(), expected, "aws-lc-rs");
    if is_eight {
        eight_at_once::<BITS>(n, e, message, signature);
    }
}

fn of_rsa(n: &[u8], e: u32, message: &[u8], signature: &[u8]) -> bool {
    let bits = u32::try_from(8 * n.len()).expect("a short number");
    let n = BoxedUint::from_be_slice(n, bits).expect("a number");
    let key = rsa::PublicKey::new(n, u64::from(e).into()).expect("a key");
    let Ok(signature) = Signature::try_from(signature) else {
        return false;
    };
    VerifyingKey::<Sha256>::new(key)
        .verify(message, &signature)
        .is_ok()
}

/// The same signature in eight lanes: for its own message, for another one, and with another key of the same bits.
fn eight_at_once<const BITS: usize>(n: &[u8], e: u32, message: &[u8], signature: &[u8])
where
    Bits<BITS>: Capacity,
{
    let signature = BASE64URL.encode(signature);
    let set = |n: &[u8]| {
        let key = PublicKey::<BITS>::from_be_bytes(n, e).expect("a key");
        JwkSet::<1, BITS>::from_keys([Jwk::anonymous(key)])
    };
    let mut other = n.to_vec();
    other[n.len() / 2] ^= 0x55;
    let (own, other) = (set(n), set(&other));
    let mut texts: [Vec<u8>; 8] = std::array::from_fn(|lane| {
        let end = if lane < 4 { "" } else { "AAAA" };
        [message, end.as_bytes(), b".", signature.as_bytes()].concat()
    });
    let tokens = texts
        .each_mut()
        .map(|text| Unverified::parse(text).expect("a token"));
    let sets = std::array::from_fn(|lane| if lane % 2 == 0 { &own } else { &other });
    let at_once = Unverified::authenticate_eight(tokens.each_ref(), sets);
    for ((token, set), at_once) in tokens.iter().zip(sets).zip(at_once) {
        assert_eq!(at_once.is_ok(), token.authenticate(set).is_ok());
    }
}

/// A key of 2048 to 4096 bits.
fn private_key(u: &mut Unstructured<'_>) -> Result<Key> {
    let count = match u.int_in_range(0..=3_u8)? {
        0 | 1 => 64,
        2 => 128,
        _ => u.int_in_range(65..=127)?,
    };
    // The first 1500 primes have 32 bits, all ones at the top: 64 of them make 2048 bits.
    let step = u.int_in_range(1..=1500 / count)?;
    let first = u.int_in_range(0..=1500 - step * count)?;
    let mut primes: Vec<u32> = PRIMES
        .iter()
        .skip(first)
        .step_by(step)
        .take(count)
        .copied()
        .collect();
    if count > 64 && count < 128 {
        // Shorter ones, for other bits.
        let shorter = u.int_in_range(0..=8_usize)?.min(count - 65);
        primes.truncate(count - shorter);
        let from = u.int_in_range(1500..=PRIMES.len() - 9)?;
        primes.extend(&PRIMES[from..from + shorter]);
    }
    let e = *u.choose(&EXPONENTS)?;
    Ok(Key::new(&primes, e))
}

/// A signature that is good, or what a careless verifier takes for one.
fn signature(u: &mut Unstructured<'_>, key: &Key, message: &[u8]) -> Result<Vec<u8>> {
    let n = BigUint::from_bytes_be(&key.modulus());
    let len = key.modulus().len();
    let mut encoded = key::encoded_message(message, len);
    let good = key.sign(message);
    let number = BigUint::from_bytes_be(&good);
    Ok(match u.int_in_range(0..=15_u8)? {
        0..=3 => good,
        4 => {
            let mut changed = good;
            let at = u.choose_index(len)?;
            changed[at] ^= 1 << u.int_in_range(0..=7_u8)?;
            changed
        }
        // The same number modulo n.
        5 => padded(&(number + &n), len),
        6 => padded(&(&n - number), len),
        7 => padded(&(&n - 1_u8), len),
        8 => padded(&n, len),
        9 => padded(&BigUint::from(u.arbitrary::<u8>()?), len),
        10 => [&[0], &good[..]].concat(),
        11 => good[..u.int_in_range(0..=len)?].to_vec(),
        // Another padding, another algorithm, other bytes of either.
        12 => {
            for _ in 0..u.int_in_range(1..=3_u8)? {
                let at = u.choose_index(len)?;
                encoded[at] = u.arbitrary()?;
            }
            key.private_operation(&encoded)
        }
        13 => {
            let at = len - 52 + u.int_in_range(0..=51_usize)?;
            encoded[at] ^= 1 << u.int_in_range(0..=7_u8)?;
            key.private_operation(&encoded)
        }
        // Bleichenbacher 2006: the digest comes early, and anything after it.
        14 => {
            let kept = u.int_in_range(0..=len - 55)?;
            let mut forged = encoded.clone();
            forged.drain(2..2 + kept);
            forged.resize(len, u.arbitrary()?);
            key.private_operation(&forged)
        }
        // Without the NULL of the algorithm.
        _ => {
            let start = len - 51;
            encoded.splice(
                start..len - 32,
                *b"\x30\x2f\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x04\x20",
            );
            encoded.splice(2..2, [0xff, 0xff]);
            key.private_operation(&encoded)
        }
    })
}

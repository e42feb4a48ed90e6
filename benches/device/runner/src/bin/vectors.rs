//! Writes the image's vectors, the same every time.
//!
//! All moduli but the first are primes. Such a key keeps no secret, because its private exponent is easy to
//! compute. But verification works as with any key, and there is a prime near every number.

use std::error::Error;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use num_bigint::BigUint;
use sha2::{Digest as _, Sha256};

const MESSAGE: &[u8] = b"abc";

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../image/vectors");
    fs::create_dir_all(&folder)?;
    let keys = [
        rfc7515()?,
        above(&ordinary(3072), 65537),
        above(&ordinary(4096), 65537),
    ];
    fs::write(folder.join("keys.txt"), keys.concat())?;

    let lengths = [2048, 2049, 2056, 3071, 3072, 4090, 4096];
    let exponents = [65537, 3, 17, u32::MAX];
    let edges = lengths.into_iter().zip(exponents.into_iter().cycle());
    let edges = edges.flat_map(|(bits, e)| {
        let power = |bits: u32| BigUint::from(1_u8) << bits;
        [
            above(&(power(bits - 1) + 1_u8), e),
            below(&(power(bits) - 1_u8), e),
        ]
    });
    fs::write(folder.join("edges.txt"), edges.collect::<String>())?;
    Ok(())
}

/// The key of RFC 7515 appendix A.2.
fn rfc7515() -> Result<String, Box<dyn Error>> {
    let jwk = include_str!("../../../../../tests/src/rfc7515-a2.json");
    let jwk: serde_json::Value = serde_json::from_str(jwk)?;
    let number = |member: &str| -> Result<_, Box<dyn Error>> {
        let text = jwk[member].as_str().ok_or("it is no string")?;
        Ok(BigUint::from_bytes_be(&BASE64URL.decode(text)?))
    };
    Ok(line(&number("n")?, 65537, &number("d")?))
}

/// An odd number of that many bits that looks like any other.
fn ordinary(bits: usize) -> BigUint {
    let blocks = (0..bits / 256).map(|block| Sha256::digest([block as u8]));
    let mut bytes: Vec<u8> = blocks.flatten().collect();
    bytes[0] |= 0x80;
    bytes[bits / 8 - 1] |= 1;
    BigUint::from_bytes_be(&bytes)
}

/// The vector of the first modulus that is not below this odd number.
fn above(first: &BigUint, e: u32) -> String {
    (0_u32..)
        .find_map(|step| vector(&(first + 2 * step), e))
        .expect("primes do not end")
}

/// The vector of the first modulus that is not above this odd number.
fn below(first: &BigUint, e: u32) -> String {
    (0_u32..)
        .find_map(|step| vector(&(first - 2 * step), e))
        .expect("there are primes below")
}

/// The vector of a prime modulus.
fn vector(n: &BigUint, e: u32) -> Option<String> {
    let has_small_factor = (3_u32..2000).step_by(2).any(|d| n % d == BigUint::ZERO);
    let order = n - 1_u8;
    // Fermat's test is enough, for `line` checks what follows from it; but not to base 2, near powers
    // of 2.
    if has_small_factor || BigUint::from(3_u8).modpow(&order, n) != BigUint::from(1_u8) {
        return None;
    }
    let d = BigUint::from(e).modinv(&order)?;
    Some(line(n, e, &d))
}

fn line(n: &BigUint, e: u32, d: &BigUint) -> String {
    let len = n.bits().div_ceil(8) as usize;
    let encoded_message = encoded_message(len);
    let signature = encoded_message.modpow(d, n);
    assert_eq!(signature.modpow(&e.into(), n), encoded_message);
    format!("{e} {n:0width$x} {signature:0width$x}\n", width = 2 * len)
}

/// EMSA-PKCS1-v1_5 (RFC 8017 section 9.2), in this many bytes.
fn encoded_message(len: usize) -> BigUint {
    const DIGEST_INFO: [u8; 19] = [
        0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
        0x05, 0x00, 0x04, 0x20,
    ];
    let end = [&DIGEST_INFO[..], &Sha256::digest(MESSAGE)].concat();
    let padding = vec![0xff; len - end.len() - 3];
    BigUint::from_bytes_be(&[&[0, 1][..], &padding, &[0], &end].concat())
}

//! A private key that signs in microseconds, so that a token that is signed costs no more than one that is not.
//!
//! Its modulus has 64 primes or more, of 32 bits at most, and the Chinese remainder theorem puts the signature
//! together from powers modulo each. It hides nothing, and no verifier can tell: to verify, a modulus is a number.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use num_bigint::BigUint;
use sha2::{Digest as _, Sha256};

/// The exponents that there are signatures for.
pub const EXPONENTS: [u32; 4] = [65537, 3, 17, u32::MAX];

/// The `kid` of [`Key::fixed`].
pub const KEY_ID: &str = "k1";

/// A private key.
pub struct Key {
    n: BigUint,
    e: u32,
    primes: Vec<Prime>,
}

struct Prime {
    p: u64,
    /// The private exponent modulo p - 1.
    d: u64,
    /// 1 modulo p, and 0 modulo the other primes.
    unit: BigUint,
}

impl Key {
    /// The key of these primes, which differ, and of one of the [`EXPONENTS`].
    pub fn new(primes: &[u32], e: u32) -> Self {
        let n: BigUint = primes.iter().map(|p| BigUint::from(*p)).product();
        let primes = primes.iter().map(|p| {
            let cofactor = &n / p;
            let rest = u64::try_from(&cofactor % p).expect("less than p");
            let p = u64::from(*p);
            Prime {
                p,
                d: inverse(u64::from(e) % (p - 1), p - 1),
                unit: cofactor * inverse(rest, p),
            }
        });
        let primes = primes.collect();
        Self { n, e, primes }
    }

    /// A key of 2048 bits, always the same.
    pub fn fixed() -> &'static Self {
        static KEY: LazyLock<Key> = LazyLock::new(|| {
            let primes: Vec<u32> = PRIMES.iter().step_by(20).take(64).copied().collect();
            Key::new(&primes, 65537)
        });
        &KEY
    }

    /// The modulus in big-endian bytes.
    pub fn modulus(&self) -> Vec<u8> {
        self.n.to_bytes_be()
    }

    /// The public exponent.
    pub fn exponent(&self) -> u32 {
        self.e
    }

    /// RSASP1 (RFC 8017 section 5.2.1).
    pub fn private_operation(&self, encoded_message: &[u8]) -> Vec<u8> {
        let message = BigUint::from_bytes_be(encoded_message);
        let shares = self.primes.iter().map(|Prime { p, d, unit }| {
            let rest = u64::try_from(&message % *p).expect("less than p");
            unit * power(rest, *d, *p)
        });
        let signature = shares.sum::<BigUint>() % &self.n;
        padded(&signature, encoded_message.len())
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2.1).
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.private_operation(&encoded_message(message, self.modulus().len()))
    }

    /// The JWS of this header and payload in compact serialization.
    pub fn token(&self, header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
        let input = signing_input(header, payload);
        let signature = self.sign(input.as_bytes());
        format!("{input}.{}", BASE64URL.encode(signature))
    }

    /// The public half as a JWK with this `kid`.
    pub fn jwk(&self, key_id: &str) -> String {
        let n = BASE64URL.encode(self.modulus());
        let e = BASE64URL.encode(BigUint::from(self.e).to_bytes_be());
        format!(r#"{{"kty":"RSA","kid":"{key_id}","n":"{n}","e":"{e}"}}"#)
    }

    /// The JWK Set of the key alone.
    pub fn jwk_set(&self) -> String {
        format!(r#"{{"keys":[{}]}}"#, self.jwk(KEY_ID))
    }
}

/// The signing input of a JWS (RFC 7515 section 5.1).
pub fn signing_input(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
    format!("{}.{}", BASE64URL.encode(header), BASE64URL.encode(payload))
}

/// EMSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 9.2).
pub fn encoded_message(message: &[u8], len: usize) -> Vec<u8> {
    let digest_info =
        b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";
    let digest = Sha256::digest(message);
    let padding = vec![0xff; len - digest_info.len() - digest.len() - 3];
    [&[0, 1][..], &padding, &[0], digest_info, &digest].concat()
}

/// A number in so many big-endian bytes.
pub fn padded(number: &BigUint, len: usize) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    let mut padded = vec![0; len.saturating_sub(bytes.len())];
    padded.extend(bytes);
    padded
}

/// Primes p of 32 bits, then some that are shorter. p - 1 has no factor in common with any of the [`EXPONENTS`].
pub static PRIMES: LazyLock<Vec<u32>> = LazyLock::new(|| {
    let below = |highest: u32, count| {
        let odd = (0..).map(move |at| highest - 2 * at);
        odd.filter(|n| is_prime(*n) && is_coprime(n - 1))
            .take(count)
    };
    below(u32::MAX, 1500)
        .chain(below((1 << 31) - 1, 200))
        .chain(below((1 << 17) - 1, 100))
        .collect()
});

/// Whether no factor of 2^32 - 1 divides n. The other exponents have no others.
fn is_coprime(n: u32) -> bool {
    [3, 5, 17, 257, 65537]
        .iter()
        .all(|factor| !n.is_multiple_of(*factor))
}

/// Miller-Rabin with bases that tell all primes below 2^32.
fn is_prime(n: u32) -> bool {
    let n = u64::from(n);
    let twos = (n - 1).trailing_zeros();
    [2, 7, 61].iter().all(|base| {
        let mut x = power(*base, (n - 1) >> twos, n);
        let is_minus_one = (0..twos).any(|_| {
            let found = x == n - 1;
            x = x * x % n;
            found
        });
        is_minus_one || power(*base, (n - 1) >> twos, n) == 1
    })
}

fn power(base: u64, mut exponent: u64, modulus: u64) -> u64 {
    let (mut base, mut power) = (base % modulus, 1);
    while exponent > 0 {
        if exponent & 1 == 1 {
            power = power * base % modulus;
        }
        base = base * base % modulus;
        exponent >>= 1;
    }
    power
}

/// The inverse modulo `modulus` of a number that has no factor in common with it (Euclid).
fn inverse(number: u64, modulus: u64) -> u64 {
    let (mut a, mut b) = (number as i64, modulus as i64);
    let (mut x, mut y) = (1, 0);
    while b != 0 {
        let quotient = a / b;
        (a, b) = (b, a - quotient * b);
        (x, y) = (y, x - quotient * y);
    }
    assert_eq!(a, 1, "the numbers have a factor in common");
    x.rem_euclid(modulus as i64) as u64
}

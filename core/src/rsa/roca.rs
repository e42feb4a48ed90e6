//! The fingerprint of ROCA (CVE-2017-15361): keys made by a faulty library in millions of smart cards
//! and TPMs, from whose modulus the private key can be computed.
//!
//! Such a modulus is a power of 65537 modulo every small prime (Nemec et al., "The Return of
//! Coppersmith's Attack", 2017, section 3.3). A sound modulus has the fingerprint by chance with probability 2^-28.

use super::portable::digits::{Word, short_number};

/// The primes up to 167 modulo which not every number is a power of 65537. Those with the fewest powers
/// come first.
const PRIMES: [Word; 17] = [
    97, 37, 79, 11, 61, 73, 127, 151, 13, 17, 19, 53, 71, 103, 107, 109, 157,
];

/// Whether a modulus, in big-endian bytes, has the fingerprint. For a sound modulus, the first few primes give
/// the verdict.
pub(crate) const fn has_fingerprint(n: &[u8]) -> bool {
    let mut primes = PRIMES.as_slice();
    while let [prime, rest @ ..] = primes {
        if !is_power_of_65537(remainder(n, *prime), *prime) {
            return false;
        }
        primes = rest;
    }
    true
}

/// `n mod divisor`, for a divisor below 2^8.
const fn remainder(n: &[u8], divisor: Word) -> Word {
    /// A word less a byte, which leaves room for a remainder above it.
    const BYTES: usize = size_of::<Word>() - 1;
    let (mut n, mut remainder) = (n, 0);
    // Short chunks come first: a chunk shifts all before it by its own length.
    let mut len = n.len() % BYTES;
    while let Some((chunk, lower)) = n.split_at_checked(len) {
        let chunk_and_remainder = remainder << (8 * BYTES) | short_number(chunk) as Word;
        remainder = modulo(chunk_and_remainder, divisor);
        if lower.is_empty() {
            break;
        }
        (n, len) = (lower, BYTES);
    }
    remainder
}

const fn is_power_of_65537(number: Word, prime: Word) -> bool {
    let mut power = modulo(65537, prime);
    while power != number && power != 1 {
        power = modulo(power * 65537, prime);
    }
    power == number
}

/// `number % divisor`, without a panic: the compiler does not know that no prime is zero.
const fn modulo(number: Word, divisor: Word) -> Word {
    match number.checked_rem(divisor) {
        Some(remainder) => remainder,
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_65537_have_the_fingerprint() {
        let mut bytes = [0; 200];
        bytes[199] = 1;
        for _ in 0..64 {
            // Times 65537: the number plus the number shifted by two bytes.
            let (lower, mut carry) = (bytes, 0);
            for at in (0..198).rev() {
                carry += u16::from(bytes[at]) + u16::from(lower[at + 2]);
                bytes[at] = carry as u8;
                carry >>= 8;
            }
            assert!(has_fingerprint(&bytes));
        }
        bytes[199] += 2;
        assert!(!has_fingerprint(&bytes));
    }

    #[test]
    fn remainders_are_exact() {
        let n = 0x1234_5678_9abc_def0_fedc_ba98_7654_3210_u128.to_be_bytes();
        for len in 0..=n.len() {
            let n = &n[..len];
            let number = n.iter().fold(0, |n, byte| n << 8 | u128::from(*byte));
            for divisor in [3_u8, 97, 157, 251, 255] {
                let expected = number % u128::from(divisor);
                let remainder = remainder(n, Word::from(divisor));
                assert_eq!(u128::from(remainder), expected, "{len} bytes, {divisor}");
            }
        }
    }
}

//! The fingerprint of ROCA (CVE-2017-15361): keys made by a faulty library in millions of smart cards
//! and TPMs, from whose modulus the private key can be computed.
//!
//! Such a modulus is a power of 65537 modulo every small prime (Nemec et al., "The Return of
//! Coppersmith's Attack", 2017, section 3.3). A sound modulus has the fingerprint by chance with probability 2^-28.

use super::portable::digits::{BITS, Digit, Word};

/// The primes up to 167 modulo which not every number is a power of 65537. Those with the fewest powers
/// come first.
const PRIMES: [Word; 17] = [
    97, 37, 79, 11, 61, 73, 127, 151, 13, 17, 19, 53, 71, 103, 107, 109, 157,
];

/// Whether the modulus has the fingerprint. For a sound modulus, the first few primes give the verdict.
pub(crate) const fn has_fingerprint(n: &[Digit]) -> bool {
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
const fn remainder(n: &[Digit], divisor: Word) -> Word {
    /// Half a digit, which leaves room for a remainder above it.
    const HALF: u32 = BITS.div_ceil(2);
    let (mut n, mut remainder) = (n, 0);
    while let [lower @ .., digit] = n {
        let (high, low) = (*digit >> HALF, *digit & ((1 << HALF) - 1));
        remainder = modulo(remainder << (BITS - HALF) | high as Word, divisor);
        remainder = modulo(remainder << HALF | low as Word, divisor);
        n = lower;
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
    use crate::rsa::portable::digits::set_from_be_bytes;

    #[test]
    fn powers_of_65537_have_the_fingerprint() {
        let (mut bytes, mut n) = ([0; 200], [0; 200]);
        bytes[199] = 1;
        for _ in 0..64 {
            // Times 65537: the number plus the number shifted by two bytes.
            let (lower, mut carry) = (bytes, 0);
            for at in (0..198).rev() {
                carry += u16::from(bytes[at]) + u16::from(lower[at + 2]);
                bytes[at] = carry as u8;
                carry >>= 8;
            }
            set_from_be_bytes(&mut n, &bytes);
            assert!(has_fingerprint(&n));
        }
        bytes[199] += 2;
        set_from_be_bytes(&mut n, &bytes);
        assert!(!has_fingerprint(&n));
    }

    #[test]
    fn remainders_are_exact() {
        let mut n = [0; 10];
        set_from_be_bytes(&mut n, &[0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0]);
        for divisor in [3_u8, 97, 157, 251] {
            let expected = 0x1234_5678_9abc_def0_u64 % u64::from(divisor);
            let remainder = remainder(&n, Word::from(divisor));
            assert_eq!(u128::from(remainder), u128::from(expected));
        }
    }
}

//! The fingerprint of ROCA (CVE-2017-15361): keys made by a faulty library in millions of smart cards
//! and TPMs, from whose modulus the private key can be computed.
//!
//! Such a modulus is a power of 65537 modulo every small prime (Nemec et al., "The Return of
//! Coppersmith's Attack", 2017, section 3.3). A sound modulus passes for one with probability 2^-28.

use super::limbs::Limb;

/// The primes up to 167 modulo which not every number is a power of 65537, the rarest powers first.
const PRIMES: [u32; 17] = [
    97, 37, 79, 11, 61, 73, 127, 151, 13, 17, 19, 53, 71, 103, 107, 109, 157,
];

/// Whether the modulus has the fingerprint. A sound one is told after the first few primes.
pub(crate) const fn has_fingerprint(n: &[Limb]) -> bool {
    let mut primes = PRIMES.as_slice();
    while let [prime, rest @ ..] = primes {
        if !is_power_of_65537(remainder(n, *prime), *prime) {
            return false;
        }
        primes = rest;
    }
    true
}

/// `n mod divisor`, for a divisor below 2^16.
const fn remainder(n: &[Limb], divisor: u32) -> u32 {
    let (mut n, mut remainder) = (n, 0);
    while let [lower @ .., limb] = n {
        let mut shift = Limb::BITS;
        while shift > 0 {
            shift -= 16;
            remainder = modulo(remainder << 16 | (*limb >> shift) as u32 & 0xffff, divisor);
        }
        n = lower;
    }
    remainder
}

const fn is_power_of_65537(number: u32, prime: u32) -> bool {
    let mut power = modulo(65537, prime);
    while power != number && power != 1 {
        power = modulo(power * 65537, prime);
    }
    power == number
}

/// `number % divisor`; the optimiser does not know that no prime is zero.
const fn modulo(number: u32, divisor: u32) -> u32 {
    match number.checked_rem(divisor) {
        Some(remainder) => remainder,
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rsa::limbs::add_product;

    #[test]
    fn powers_of_65537_have_the_fingerprint() {
        let mut n = [0; 40];
        n[0] = 1;
        for _ in 0..64 {
            let mut power = [0; 40];
            add_product(&mut power, &n, 65537);
            n = power;
            assert!(has_fingerprint(&n));
        }
        n[0] += 2;
        assert!(!has_fingerprint(&n));
    }

    #[test]
    fn remainders_are_exact() {
        // 2^32 = 1 (mod 3, 5, 17, 257), so that the limbs' halves add up.
        for prime in [3, 5, 17, 257] {
            let limbs = [1, 2, 3, 4].map(|limb: Limb| limb << (Limb::BITS - 32) | limb);
            let sum = if Limb::BITS == 64 { 20 } else { 10 };
            assert_eq!(remainder(&limbs, prime), sum % prime);
        }
    }
}

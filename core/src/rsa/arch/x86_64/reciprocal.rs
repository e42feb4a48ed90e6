//! The constant of a key for the backends: a reciprocal of n, in portable digits.

use crate::rsa::portable::digits::{BITS, Digit, MASK, Signed, SignedDigit, bit_len, stored_digits};
use crate::rsa::portable::montgomery::{
    self, WINDOW, estimate, set_to_power_of_two, shift_and_add, top,
};

/// The bits of n that a step still needs, so that what the steps before left off does not matter.
const LEAST_BITS: usize = 93;

/// How many digits the constant has for an n of that many bits.
pub(crate) const fn constant_digits(bits: usize) -> usize {
    // `ifma_lanes` needs R^2 / n, for an R of whole blocks, and the other backends B^m / n. A few more bits
    // keep the error of the constant below a quarter of theirs.
    let lanes = 2 * (bits + 2).div_ceil(4 * 52) * (4 * 52) + 4;
    let others = 2 * bits + 64;
    let log = if lanes > others { lanes } else { others };
    (log + 1 - bits).div_ceil(BITS as usize)
}

/// How many digits the constant has at most, for an n of at least 2048 bits and at most that many.
pub(crate) const fn max_constant_digits(bits: usize) -> usize {
    let (mut bits, mut max) = (bits, 0);
    while bits >= 2048 {
        let digits = constant_digits(bits);
        if digits > max {
            max = digits;
        }
        bits -= 1;
    }
    max
}

/// The log for which the constant is 2^log / n.
pub(super) fn log(constant: &[Digit], n: &[Digit]) -> usize {
    bit_len(n) - 1 + constant.len() * BITS as usize
}

/// Sets `constant` to 2^log / n, or less: it is not above, and less than 3 below.
///
/// That is by a long division, where a step is x = xB - qn, for the remainder x below 2n. Instead of adding a
/// digit to x, the steps after the first ones take one off n, for the digits below would not matter. That
/// leaves x up to q < 2B of its lowest digit too high: 2^68 after all steps, when n still has 93 bits.
/// `estimate` allows for it: its q is at most 15/8 too low. The quotient is less than 1 too high then, and 1 is
/// subtracted from it.
pub(crate) const fn set_to_constant(constant: &mut [Digit], n: &[Digit]) {
    let mut x = [0; stored_digits(4096)];
    let Some((mut x, _)) = x.split_at_mut_checked(n.len()) else {
        return;
    };
    let bits = bit_len(n);
    // The highest power of 2 below n, from which each step gives a digit.
    set_to_power_of_two(x, bits - 1);
    let mut below = bits - WINDOW;
    let reciprocal = montgomery::reciprocal(top(n, below) + 1);
    let (mut n, mut rest) = (n, &mut *constant);
    while let [lower @ .., digit] = rest {
        *digit = estimate(top(x, below), reciprocal) as Digit;
        if lower.len() >= (bits - LEAST_BITS) / BITS as usize {
            shift_and_add(x, n, -(*digit as SignedDigit));
        } else if let Some((_, higher)) = n.split_first() {
            n = higher;
            x = subtract_product(x, n, *digit);
            below -= BITS as usize;
        }
        rest = lower;
    }
    let (mut rest, mut carry): (_, SignedDigit) = (constant, -1);
    while let [digit, higher @ ..] = rest {
        carry += *digit as SignedDigit;
        *digit = carry as Digit & MASK;
        carry >>= BITS;
        rest = higher;
    }
}

/// `x = x - qn`, which is as long as n. Returns that part of x.
const fn subtract_product<'x>(x: &'x mut [Digit], n: &[Digit], q: Digit) -> &'x mut [Digit] {
    let Some((x, _)) = x.split_at_mut_checked(n.len()) else {
        return &mut [];
    };
    let (mut rest, mut n) = (&mut *x, n);
    let mut carry: Signed = 0;
    while let ([digit, x_higher @ ..], [n_digit, n_higher @ ..]) = (rest, n) {
        carry += *digit as Signed - q as Signed * *n_digit as Signed;
        *digit = carry as Digit & MASK;
        carry >>= BITS;
        (rest, n) = (x_higher, n_higher);
    }
    x
}

#[cfg(test)]
pub(super) mod tests {
    use num_bigint::BigUint;
    use std::vec::Vec;

    use super::*;
    use crate::rsa::portable::digits::{le_bytes, set_from_be_bytes};

    /// The portable digits of n, and its constant.
    pub(crate) fn with_constant(n: &BigUint) -> (Vec<Digit>, Vec<Digit>) {
        let bits = n.bits() as usize;
        let mut digits = std::vec![0; stored_digits(bits)];
        let mut constant = std::vec![0; constant_digits(bits)];
        set_from_be_bytes(&mut digits, &n.to_bytes_be());
        set_to_constant(&mut constant, &digits);
        (digits, constant)
    }

    #[test]
    fn constants_are_reciprocals_and_not_above() {
        let one = &BigUint::from(1_u8);
        for bits in (2048..2170).chain(3000..3200).chain(4000..=4096) {
            let highest: BigUint = (one << bits) - one;
            // Where the highest bits of n and the lower ones are as high or as low as can be.
            for n in [
                highest.clone(),
                (one << (bits - 1)) + one,
                &highest - (one << (bits - 63)),
                (one << (bits - 1)) + (one << (bits - 63)) - one,
                &highest / 3_u8 * 2_u8 + one,
            ] {
                let (digits, constant) = with_constant(&n);
                let exact = (one << log(&constant, &digits)) / n;
                assert!(constant.iter().all(|digit| *digit <= MASK));
                let bytes = le_bytes(&constant).take(8 * constant.len());
                let constant = BigUint::from_bytes_le(&bytes.collect::<Vec<_>>());
                assert!(constant <= exact && exact - constant <= 2_u8.into(), "{bits}");
            }
        }
    }

    #[test]
    fn there_is_room_for_every_constant() {
        for bits in 2048..=4096 {
            let log = bits - 1 + constant_digits(bits) * BITS as usize;
            assert!(log >= 2 * bits + 64 && log >= 2 * (bits + 2).div_ceil(208) * 208 + 4);
            assert!(constant_digits(bits) <= max_constant_digits(bits));
        }
    }
}

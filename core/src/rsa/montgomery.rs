//! Arithmetic modulo an odd number n in Montgomery form (Montgomery 1985).
//!
//! With n of L digits, B = 2^(bits of a digit) and R = B^L >= 4n, the Montgomery form of x is
//! xR mod n. Numbers are only kept below 2n, since (ab + qn) / R < (4n/R + 1)n <= 2n for a, b < 2n and
//! q < R: no product but the last needs a subtraction.

use super::columns::columns;
use super::digits::{
    BITS, Digit, MASK, Signed, SignedDigit, Wide, Word, bit_len, is_less, product, subtract,
};

/// The backend for every processor.
pub(super) fn public_operation(
    power: &mut [Digit],
    s: &[Digit],
    n: &[Digit],
    constant: &[Digit],
    spare: &mut [Digit],
    e: u32,
) -> bool {
    let modulus = Modulus::new(n);
    power.iter_mut().zip(s).for_each(|(to, from)| *to = *from);
    // The power is in Montgomery form, and e is read from its highest bit down. Multiplying by the
    // signature itself leaves Montgomery form, which is just right for the last bit.
    modulus.enter(power, constant, spare);
    for bit in (0..31_u32.saturating_sub(e.leading_zeros())).rev() {
        modulus.multiply(power, None, spare);
        if e >> bit & 1 == 1 {
            modulus.multiply(power, Some(s), spare);
            if bit > 0 {
                modulus.enter(power, constant, spare);
            }
        }
    }
    modulus.reduce(power);
    true
}

/// A modulus n with what is derived from it.
struct Modulus<'n> {
    n: &'n [Digit],
    /// -1/n mod B.
    inverse: Digit,
}

impl<'n> Modulus<'n> {
    fn new(n: &'n [Digit]) -> Self {
        let lowest = n.first().copied().unwrap_or(0);
        Self {
            n,
            inverse: negated_inverse(lowest),
        }
    }

    /// `x = xR mod n`, its Montgomery form; the key's constant is the one of n, and q is spare.
    fn enter(&self, x: &mut [Digit], constant: &[Digit], q: &mut [Digit]) {
        self.multiply(x, Some(constant), q);
        if SHORT > 0 {
            shift(x, self.n, SHORT);
        }
    }

    /// `x = x * y / R mod n`, or `x = x * x / R mod n` without y; q is spare.
    fn multiply(&self, x: &mut [Digit], y: Option<&[Digit]>, q: &mut [Digit]) {
        let _ = self.try_multiply(x, y, q);
    }

    /// As `multiply`, in a form without bounds to check.
    #[inline(never)]
    fn try_multiply(&self, x: &mut [Digit], y: Option<&[Digit]>, q: &mut [Digit]) -> Option<()> {
        let stored = self.n.len();
        let len = stored.checked_sub(1)?;
        let (x, q) = (x.get_mut(..stored)?, q.get_mut(..stored)?);
        let [n0, n1, ..] = *self.n else { return None };
        q.fill(0);
        let mut carry = 0;
        let mut inverse = self.inverse;
        for k in (0..2 * len).step_by(2) {
            // The digits of a factor that meet those of the other in column k of their product, and
            // the next one, which joins in column k + 1.
            let window = if k < len {
                0..k + 2
            } else {
                k + 1 - len..stored
            };
            let xs = x.get(window.clone())?;
            let (x_above, xs) = xs.split_last()?;
            let (lower, upper) = match y {
                Some(y) => (xs, y.get(window.clone())?),
                // Of a square, whose products occur twice, the lower half of the digits with the
                // upper half; the one in the middle follows.
                None => (
                    xs.get(..xs.len() / 2)?,
                    x.get(window.clone())?.get(xs.len() / 2 + 1..)?,
                ),
            };
            let [p0, p1] = columns(lower, upper)?;
            let next = *upper.first()?;
            let [p0, p1] = match y {
                Some(_) => [p0, p1 + product(*x_above, next) as Wide],
                None => {
                    let middle = *xs.get(xs.len() / 2)?;
                    [
                        p0 * 2 + product(middle, middle) as Wide,
                        (p1 + product(middle, next) as Wide) * 2,
                    ]
                }
            };
            let (_, qs) = q.get(window.clone())?.split_last()?;
            let [r0, r1] = columns(qs, self.n.get(window)?)?;
            // The product's columns are carried apart from the reduction's, for both together could
            // overflow.
            let p0 = p0 + carry;
            let p1 = p1 + (p0 >> BITS);
            if k >= len {
                inverse = 0;
            }
            let r0 = r0 + (p0 as Digit & MASK) as Wide;
            let q0 = (r0 as Digit).wrapping_mul(inverse) & MASK;
            let r0 = r0 + product(q0, n0) as Wide;
            let r1 = r1 + (p1 as Digit & MASK) as Wide + (r0 >> BITS) + product(q0, n1) as Wide;
            let q1 = (r1 as Digit).wrapping_mul(inverse) & MASK;
            let r1 = r1 + product(q1, n0) as Wide;
            carry = (p1 >> BITS) + (r1 >> BITS);
            let (to, digits) = match k.checked_sub(len) {
                // The lower half of the columns gives q.
                None => (q.get_mut(k..)?, [q0, q1]),
                // The upper half gives the result.
                Some(k) => (x.get_mut(k..)?, [r0 as Digit & MASK, r1 as Digit & MASK]),
            };
            *to.first_chunk_mut()? = digits;
        }
        Some(())
    }

    /// `x = x mod n`, for an x below 2n.
    fn reduce(&self, x: &mut [Digit]) {
        if !is_less(x, self.n) {
            subtract(x, self.n);
        }
    }
}

const WINDOW: usize = BITS as usize + 3;

/// How many digits the key's constant falls short of R^2: other radices, of backends for some
/// processors, have an R that is a little smaller, and make their R^2 of the same constant.
const SHORT: usize = if cfg!(all(target_arch = "x86_64", not(portable))) {
    4
} else {
    0
};

/// The key's constant, from which R^2 mod n comes, is 2^log mod n for n of so many stored digits.
pub(crate) const fn log_of_constant(stored_digits: usize) -> usize {
    (2 * (stored_digits - 1) - SHORT) * BITS as usize
}

/// Sets `constant` to the key's constant, up to a multiple of n below 2n.
pub(crate) const fn set_to_constant(constant: &mut [Digit], n: &[Digit]) {
    // Starting from the highest power of 2 that is below n and leaves whole digits.
    let log = log_of_constant(n.len());
    let steps = (log - (bit_len(n) - 1)).div_ceil(BITS as usize);
    set_to_power_of_two(constant, log - steps * BITS as usize);
    shift(constant, n, steps);
}

/// `x = xB^steps mod n`, up to a multiple of n below 2n, by long division.
///
/// A step is x = xB - qn, where q is estimated from the highest W = BITS + 3 bits of n and the W + 1
/// highest ones of x. No estimate is too high, and it is less than 2 too low: the bits left out of x
/// make up for 1/4, those of n for 1/2, those of the reciprocal for 1/4, and the rounding for 1. So x
/// stays below 2n.
const fn shift(x: &mut [Digit], n: &[Digit], steps: usize) {
    let bits = bit_len(n).saturating_sub(WINDOW);
    let reciprocal = reciprocal(top(n, bits) + 1);
    let mut steps = steps;
    while steps > 0 {
        let q = (top(x, bits) as Wide * reciprocal as Wide) >> (BITS + 6);
        shift_and_add(x, n, -(q as SignedDigit));
        steps -= 1;
    }
}

/// `x = xB + qn`, where the result is as long as x.
const fn shift_and_add(x: &mut [Digit], n: &[Digit], q: SignedDigit) {
    let (mut x, mut n) = (x, n);
    let (mut below, mut carry): (Digit, Signed) = (0, 0);
    while let ([digit, x_higher @ ..], [n_digit, n_higher @ ..]) = (x, n) {
        carry += q as Signed * *n_digit as SignedDigit as Signed;
        carry += below as Signed;
        below = *digit;
        *digit = carry as Digit & MASK;
        carry >>= BITS;
        (x, n) = (x_higher, n_higher);
    }
}

const fn set_to_power_of_two(x: &mut [Digit], log: usize) {
    let (mut x, mut log) = (x, log);
    while let [digit, higher @ ..] = x {
        *digit = if log < BITS as usize { 1 << log } else { 0 };
        log = log.wrapping_sub(BITS as usize);
        x = higher;
    }
}

/// `x >> shift`, which fits.
const fn top(x: &[Digit], shift: usize) -> Word {
    let (mut x, mut high) = (x, 0);
    while let [lower @ .., digit] = x
        && x.len() > shift / BITS as usize
    {
        high = high << BITS | *digit as Wide;
        x = lower;
    }
    (high >> (shift % BITS as usize)) as Word
}

/// 2^2W / divisor, rounded down, for a divisor above 2^(W-1) and not above 2^W.
const fn reciprocal(divisor: Word) -> Word {
    let (mut quotient, mut remainder): (Word, Word) = (0, 1 << (WINDOW - 1));
    let mut bits = WINDOW + 1;
    while bits > 0 {
        quotient <<= 1;
        remainder <<= 1;
        if remainder >= divisor {
            remainder -= divisor;
            quotient |= 1;
        }
        bits -= 1;
    }
    quotient
}

/// -1/n mod B, for an odd n whose lowest digit is `lowest`.
///
/// Newton's iteration: x(2 - nx) doubles the number of correct low bits, and n itself is its own
/// inverse to 3 bits.
pub(super) fn negated_inverse(lowest: Digit) -> Digit {
    let mut inverse = lowest;
    let mut correct_bits = 3;
    while correct_bits < BITS {
        let error = (2 as Digit).wrapping_sub(lowest.wrapping_mul(inverse));
        inverse = inverse.wrapping_mul(error);
        correct_bits *= 2;
    }
    inverse.wrapping_neg() & MASK
}

/// -1/n modulo the digits asked for: the multiple of n that, added to 1, clears digit after digit.
#[cfg(all(target_arch = "x86_64", not(portable)))]
pub(super) fn negated_inverse_digits<const LEN: usize>(n: &[Digit]) -> [Digit; LEN] {
    let n0 = negated_inverse(n.first().copied().unwrap_or(0));
    let (mut inverse, mut one): ([Digit; LEN], [Digit; LEN]) = ([0; LEN], [0; LEN]);
    if let Some(first) = one.first_mut() {
        *first = 1;
    }
    let mut sum = one.as_mut_slice();
    for digit in &mut inverse {
        let Some(lowest) = sum.first() else { break };
        *digit = lowest.wrapping_mul(n0) & MASK;
        let mut carry = 0;
        for (sum, n) in sum.iter_mut().zip(n) {
            carry += Wide::from(*sum) + Wide::from(*n) * Wide::from(*digit);
            *sum = carry as Digit & MASK;
            carry >>= BITS;
        }
        let Some((_, higher)) = sum.split_first_mut() else {
            break;
        };
        sum = higher;
    }
    inverse
}

#[cfg(test)]
mod tests {
    extern crate std;

    use num_bigint::BigUint;
    use std::{vec, vec::Vec};

    use super::*;
    use crate::rsa::digits::{le_bytes, set_from_be_bytes, stored_digits};

    fn digits(x: &BigUint, len: usize) -> Vec<Digit> {
        let mut digits = vec![0; len];
        set_from_be_bytes(&mut digits, &x.to_bytes_be());
        digits
    }

    fn number(digits: &[Digit]) -> BigUint {
        BigUint::from_bytes_le(
            &le_bytes(digits)
                .take(size_of_val(digits))
                .collect::<Vec<_>>(),
        )
    }

    /// Sums and carries at their highest: overflow checks are on in tests.
    #[test]
    fn products_of_the_highest_factors() {
        let one = &BigUint::from(1u8);
        for bits in (2048..2110).chain([3072, 3500, 3584, 4095, 4096]) {
            let len = stored_digits(bits);
            let r = &(one << (BITS as usize * (len - 1)));
            for n in [(one << bits) - one, (one << (bits - 1)) + one] {
                let n_digits = digits(&n, len);
                let modulus = Modulus::new(&n_digits);
                // 2n - 1, and the number below 2n with the most digits of all ones.
                let ones = (one << bits) - one;
                for (x, y) in [
                    (&n * 2u8 - one, &n * 2u8 - one),
                    (&n * 2u8 - one, ones.clone()),
                    (ones.clone(), ones),
                ] {
                    let (mut product, y_digits) = (digits(&x, len), digits(&y, len));
                    modulus.multiply(&mut product, Some(&y_digits), &mut vec![0; len]);
                    let product = number(&product);
                    assert!(product < &n * 2u8);
                    assert_eq!(product * r % &n, &x * &y % &n);
                    let mut square = digits(&x, len);
                    modulus.multiply(&mut square, None, &mut vec![0; len]);
                    let square = number(&square);
                    assert!(square < &n * 2u8);
                    assert_eq!(square * r % &n, &x * &x % &n);
                }
                let mut constant = vec![0; len];
                set_to_constant(&mut constant, &n_digits);
                assert!(number(&constant) < &n * 2u8);
                assert_eq!(number(&constant) % &n, (one << log_of_constant(len)) % &n);
                let mut form = digits(one, len);
                modulus.enter(&mut form, &constant, &mut vec![0; len]);
                assert!(number(&form) < &n * 2u8);
                assert_eq!(number(&form) % &n, r % &n);
            }
        }
    }
}

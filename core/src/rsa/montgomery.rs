//! Arithmetic modulo an odd number n in Montgomery form (Montgomery 1985).
//!
//! With n of L digits, B = 2^(bits of a digit) and R = B^L >= 4n, the Montgomery form of x is
//! xR mod n. Numbers are only kept below 2n, since (ab + qn) / R < (4n/R + 1)n <= 2n for a, b < 2n and
//! q < R: no product but the last needs a subtraction.

use super::columns::add_columns;
use super::digits::{
    BITS, Digit, MASK, Signed, SignedDigit, Wide, Word, bit_len, is_less, product, subtract,
};

/// The backend for every processor.
// Inlined, for one frame less on the stack.
#[inline(always)]
pub(super) fn public_operation(
    t: &mut [Digit],
    s: &[Digit],
    n: &[Digit],
    constant: &[Digit],
    e: u32,
) -> bool {
    let x = upper_half(t, n).iter_mut();
    x.zip(s).for_each(|(to, from)| *to = *from);
    // The power is in Montgomery form, and e is read from its highest bit down. Multiplying by the
    // signature itself leaves Montgomery form, which is just right for the last bit.
    enter(t, constant, n);
    for bit in (0..31_u32.saturating_sub(e.leading_zeros())).rev() {
        multiply(t, None, n);
        if e >> bit & 1 == 1 {
            multiply(t, Some(s), n);
            if bit > 0 {
                enter(t, constant, n);
            }
        }
    }
    reduce(upper_half(t, n), n);
    true
}

/// Of a buffer for a product modulo n, the half that holds a factor and then the result.
pub(super) fn upper_half<'t>(t: &'t mut [Digit], n: &[Digit]) -> &'t mut [Digit] {
    let len = n.len().saturating_sub(1);
    t.get_mut(len..).unwrap_or_default()
}

/// `x = xR mod n`, its Montgomery form, for x in the upper half of t; the key's constant is the one
/// of n.
fn enter(t: &mut [Digit], constant: &[Digit], n: &[Digit]) {
    multiply(t, Some(constant), n);
    if SHORT != 0 {
        shift(upper_half(t, n), n, SHORT);
    }
}

/// `x = x * y / R mod n`, or `x = x * x / R mod n` without y, for x in the upper half of t; the lower
/// half is spare, and holds q.
fn multiply(t: &mut [Digit], y: Option<&[Digit]>, n: &[Digit]) {
    let _ = try_multiply(t, y, n);
}

/// As `multiply`, in a form without bounds to check.
#[inline(never)]
fn try_multiply(t: &mut [Digit], y: Option<&[Digit]>, modulus: &[Digit]) -> Option<()> {
    let len = modulus.len().checked_sub(1)?;
    let [n0, n1, ..] = *modulus else { return None };
    let inverse = negated_inverse(n0);
    // All lengths now follow from one, and fewer have to be kept at hand.
    let t = t.get_mut(..len + modulus.len())?;
    let y = match y {
        Some(y) => Some(y.get(..modulus.len())?),
        None => None,
    };
    let mut carry = 0;
    let mut k = 0;
    while k < 2 * len {
        let (q, x) = t.split_at_checked(len)?;
        // The lowest digit of a factor that meets one of the other in column k of their product,
        // and those known of q, with n from the digits on that they meet.
        let (lowest, q, n) = if k < len {
            (0, q.get(..k)?, modulus.get(1..)?)
        } else {
            let lowest = k + 1 - len;
            (lowest, q.get(lowest..)?, modulus.get(lowest..)?)
        };
        let [p0, p1] = match y {
            Some(y) => {
                let (x, above) = x.split_at_checked(len.min(k + 1))?;
                let y = y.get(lowest..)?;
                let p1 = product(*above.first()?, *y.first()?) as Wide;
                add_columns([0, p1], x.get(lowest..)?, y)?
            }
            // The products of a square occur twice, but for that of the digit in the middle.
            None => {
                let (lower, upper) = x.split_at_checked(k / 2)?;
                let (middle, upper) = upper.split_first()?;
                let p1 = product(*middle, *upper.first()?) as Wide;
                let [p0, p1] = add_columns([0, p1], lower.get(lowest..)?, upper)?;
                [2 * p0 + product(*middle, *middle) as Wide, 2 * p1]
            }
        };
        // The product's columns are carried apart from the reduction's, for both together could
        // overflow.
        let p0 = p0 + carry;
        let p1 = p1 + (p0 >> BITS);
        let (r0, r1) = (p0 as Digit & MASK, p1 as Digit & MASK);
        let [r0, r1] = add_columns([r0 as Wide, r1 as Wide], q, n)?;
        let (r1, digits) = if k < len {
            // The lower half of the columns gives q.
            let q0 = (r0 as Digit).wrapping_mul(inverse) & MASK;
            let r0 = r0 + product(q0, n0) as Wide;
            let r1 = r1 + (r0 >> BITS) + product(q0, n1) as Wide;
            let q1 = (r1 as Digit).wrapping_mul(inverse) & MASK;
            (r1 + product(q1, n0) as Wide, [q0, q1])
        } else {
            // The upper half gives the result. The digits of x that it replaces are used up.
            let r1 = r1 + (r0 >> BITS);
            (r1, [r0 as Digit & MASK, r1 as Digit & MASK])
        };
        carry = (p1 >> BITS) + (r1 >> BITS);
        *t.get_mut(k..)?.first_chunk_mut()? = digits;
        // The compiler would keep one address for each use of k, more than there are registers.
        k = core::hint::black_box(k + 2);
    }
    Some(())
}

/// `x = x mod n`, for an x below 2n.
// Not inlined, so that what it works with is not on the stack while the power is computed.
#[inline(never)]
pub(super) fn reduce(x: &mut [Digit], n: &[Digit]) {
    if !is_less(x, n) {
        subtract(x, n);
    }
}

const WINDOW: usize = BITS as usize + 3;

/// How many digits the key's constant falls short of R^2: other radices, of backends for some
/// processors, have an R that is a little smaller, and make their R^2 of the same constant.
const SHORT: usize = if cfg!(all(target_arch = "x86_64", not(tokenlatch_portable))) {
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
    // As the optimiser then sees, both are of one length, and one counter does.
    let Some((mut x, _)) = x.split_at_mut_checked(n.len()) else {
        return;
    };
    let mut n = n;
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
#[cfg(all(target_arch = "x86_64", not(tokenlatch_portable)))]
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
                // 2n - 1, and the number below 2n with the most digits of all ones.
                let ones = (one << bits) - one;
                for (x, y) in [
                    (&n * 2u8 - one, &n * 2u8 - one),
                    (&n * 2u8 - one, ones.clone()),
                    (ones.clone(), ones),
                ] {
                    let y_digits = digits(&y, len);
                    let mut t = vec![0; len - 1];
                    t.extend(digits(&x, len));
                    let mut square = t.clone();
                    multiply(&mut t, Some(&y_digits), &n_digits);
                    let product = number(upper_half(&mut t, &n_digits));
                    assert!(product < &n * 2u8);
                    assert_eq!(product * r % &n, &x * &y % &n);
                    multiply(&mut square, None, &n_digits);
                    let square = number(upper_half(&mut square, &n_digits));
                    assert!(square < &n * 2u8);
                    assert_eq!(square * r % &n, &x * &x % &n);
                }
                let mut constant = vec![0; len];
                set_to_constant(&mut constant, &n_digits);
                assert!(number(&constant) < &n * 2u8);
                assert_eq!(number(&constant) % &n, (one << log_of_constant(len)) % &n);
                let mut t = vec![0; len - 1];
                t.extend(digits(one, len));
                enter(&mut t, &constant, &n_digits);
                let form = number(upper_half(&mut t, &n_digits));
                assert!(form < &n * 2u8);
                assert_eq!(form % &n, r % &n);
            }
        }
    }
}

//! Arithmetic modulo an odd number n in Montgomery form (Montgomery 1985).
//!
//! With n of L digits, B = 2^(bits of a digit) and R = B^L, the Montgomery form of x is xR mod n. Numbers are
//! not kept below n: the products are below 2n for products by columns, where R >= 4n and
//! (ab + qn) / R < (4n/R + 1)n <= 2n for a, b < 2n and q < R, and below R for products by rows. The last
//! product, whose factor s is below n, is below 2n anyway, and is the only one that is reduced below n.

#[cfg(products = "columns")]
use super::columns::add_columns;
#[cfg(products = "columns")]
use super::digits::product;
use super::digits::{
    BITS, Digit, MASK, Signed, SignedDigit, Wide, Word, ZEROS, bit_len, is_less, subtract,
};
#[cfg(products = "rows")]
use super::rows;
use crate::rsa::arch::HAS_RECIPROCALS;
#[cfg(products = "assembly")]
use crate::rsa::arch::columns;
use crate::rsa::power::Step;

/// Takes one step to the power: t holds x in its upper half.
// Inlined, to save a frame on the stack.
#[inline(always)]
pub(crate) fn take(step: Step, t: &mut [Digit], s: &[Digit], n: &[Digit], constant: &[Digit]) {
    let y = match step {
        Step::Enter if HAS_RECIPROCALS => {
            return shift(upper_half(t, n), n, n.len().saturating_sub(ZEROS));
        }
        Step::Enter => Some(constant),
        Step::Square => None,
        Step::Multiply => Some(s),
    };
    multiply(t, y, n);
}

/// The half of a buffer for a product modulo n that holds first a factor and then the result.
pub(crate) fn upper_half<'t>(t: &'t mut [Digit], n: &[Digit]) -> &'t mut [Digit] {
    let len = n.len().saturating_sub(ZEROS);
    t.get_mut(len..).unwrap_or_default()
}

/// `x = x * y / R mod n`, or `x = x * x / R mod n` without y, for x in the upper half of t. The
/// lower half holds q.
fn multiply(t: &mut [Digit], y: Option<&[Digit]>, n: &[Digit]) {
    let _ = try_multiply(t, y, n);
}

#[cfg(products = "assembly")]
#[inline(always)]
fn try_multiply(t: &mut [Digit], y: Option<&[Digit]>, n: &[Digit]) -> Option<()> {
    columns::multiply(t, y, n, negated_inverse(*n.first()?))
}

/// Does what `multiply` does, written so that the compiler needs no panic for a bound.
#[cfg(products = "rows")]
#[inline(never)]
fn try_multiply(t: &mut [Digit], y: Option<&[Digit]>, modulus: &[Digit]) -> Option<()> {
    let (_, n) = modulus.split_last()?;
    let (sum, x) = t.split_at_mut_checked(n.len())?;
    let y = match y {
        Some(y) => Some(y.get(..n.len())?),
        None => None,
    };
    let inverse = negated_inverse(*n.first()?);
    rows::multiply(x.get_mut(..n.len())?, y, sum, n, inverse)
}

/// Does what `multiply` does, written so that the compiler needs no panic for a bound.
#[cfg(products = "columns")]
#[inline(never)]
fn try_multiply(t: &mut [Digit], y: Option<&[Digit]>, modulus: &[Digit]) -> Option<()> {
    let len = modulus.len().checked_sub(ZEROS)?;
    let [n0, n1, ..] = *modulus else { return None };
    let inverse = negated_inverse(n0);
    // All lengths now follow from one, so that fewer registers hold lengths.
    let t = t.get_mut(..len + modulus.len())?;
    let y = match y {
        Some(y) => Some(y.get(..modulus.len())?),
        None => None,
    };
    let mut carry = 0;
    let mut k = 0;
    while k < 2 * len {
        let (q, x) = t.split_at_checked(len)?;
        // Column k has the products of two digits whose places add up to k: the lowest place of such a
        // digit, the known digits of q from there on, and the digits of n that they are multiplied with.
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
            // A square has each product twice, except that of the digit in the middle.
            None => {
                let (lower, upper) = x.split_at_checked(k / 2)?;
                let (middle, upper) = upper.split_first()?;
                let p1 = product(*middle, *upper.first()?) as Wide;
                let [p0, p1] = add_columns([0, p1], lower.get(lowest..)?, upper)?;
                [2 * p0 + product(*middle, *middle) as Wide, 2 * p1]
            }
        };
        // The columns of the product and those of the reduction have carries of their own: together they
        // could overflow.
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
            // The upper half gives the result, in the place of digits of x that are no longer needed.
            let r1 = r1 + (r0 >> BITS);
            (r1, [r0 as Digit & MASK, r1 as Digit & MASK])
        };
        carry = (p1 >> BITS) + (r1 >> BITS);
        *t.get_mut(k..)?.first_chunk_mut()? = digits;
        // Otherwise the compiler keeps an address for each use of k, and runs out of registers.
        k = core::hint::black_box(k + 2);
    }
    Some(())
}

/// `x = x mod n`, for an x below 2n.
// Not inlined, so that it takes no stack while the power is computed.
#[inline(never)]
pub(crate) const fn reduce(x: &mut [Digit], n: &[Digit]) {
    if !is_less(x, n) {
        subtract(x, n);
    }
}

/// The bits of a step of the long division: those of a digit, unless it is a whole word.
pub(crate) const STEP: u32 = if BITS < Digit::BITS { BITS } else { BITS - 4 };
pub(crate) const WINDOW: usize = STEP as usize + 3;

/// Sets `constant` to R^2 mod n, with which a number enters Montgomery form.
#[cfg(any(test, tokenlatch_portable, not(target_arch = "x86_64")))]
pub(crate) const fn set_to_constant(constant: &mut [Digit], n: &[Digit]) {
    // From the highest power of 2 below n from which whole steps lead there.
    let log = 2 * (n.len() - ZEROS) * BITS as usize;
    let steps = (log - (bit_len(n) - 1)).div_ceil(STEP as usize);
    set_to_power_of_two(constant, log - steps * STEP as usize);
    shift(constant, n, steps);
    reduce(constant, n);
}

/// `x = x * 2^(STEP * steps) mod n`, up to a multiple of n below 2n, by long division.
///
/// A step is x = x * 2^STEP - qn. The highest W = STEP + 3 bits of n and the highest W + 1 bits of x give an
/// estimate of q that is never too high, and less than 2 too low: the bits left out of x account for 1/4,
/// those of n for 1/2, those of the reciprocal for 1/4, and the rounding for 1. So x stays below 2n.
pub(super) const fn shift(x: &mut [Digit], n: &[Digit], steps: usize) {
    let bits = bit_len(n).saturating_sub(WINDOW);
    let reciprocal = reciprocal(top(n, bits) + 1);
    let mut steps = steps;
    while steps > 0 {
        let q = estimate(top(x, bits), reciprocal);
        shift_and_add(x, n, -(q as SignedDigit));
        steps -= 1;
    }
}

/// That estimate of q, from the highest bits of x and the reciprocal of those of n and 1.
#[inline(always)]
pub(crate) const fn estimate(x_top: Word, reciprocal: Word) -> Wide {
    (x_top as Wide * reciprocal as Wide) >> (STEP + 6)
}

/// `x = x * 2^STEP + qn`, where the result is as long as x.
pub(crate) const fn shift_and_add(x: &mut [Digit], n: &[Digit], q: SignedDigit) {
    // The compiler then sees that both have one length, and needs one counter.
    let Some((mut x, _)) = x.split_at_mut_checked(n.len()) else {
        return;
    };
    let mut n = n;
    let (mut below, mut carry): (Digit, Signed) = (0, 0);
    while let ([digit, x_higher @ ..], [n_digit, n_higher @ ..]) = (x, n) {
        carry += q as Signed * *n_digit as SignedDigit as Signed;
        if STEP == BITS {
            carry += below as Signed;
            below = *digit;
        } else {
            carry += (*digit as Signed) << STEP;
        }
        *digit = carry as Digit & MASK;
        carry >>= BITS;
        (x, n) = (x_higher, n_higher);
    }
}

pub(crate) const fn set_to_power_of_two(x: &mut [Digit], log: usize) {
    let (mut x, mut log) = (x, log);
    while let [digit, higher @ ..] = x {
        *digit = if log < BITS as usize { 1 << log } else { 0 };
        log = log.wrapping_sub(BITS as usize);
        x = higher;
    }
}

/// `x >> shift`, which fits.
pub(crate) const fn top(x: &[Digit], shift: usize) -> Word {
    let (mut x, mut high) = (x, 0);
    while let [lower @ .., digit] = x
        && x.len() > shift / BITS as usize
    {
        high = high << BITS | *digit as Wide;
        x = lower;
    }
    (high >> (shift % BITS as usize)) as Word
}

/// 2^2W / divisor, rounded down, for a divisor above 2^(W-1) and at most 2^W.
pub(crate) const fn reciprocal(divisor: Word) -> Word {
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
/// Newton's iteration: x(2 - nx) has twice as many correct low bits as x, and n is its own inverse to
/// 3 bits.
pub(crate) fn negated_inverse(lowest: Digit) -> Digit {
    let mut inverse = lowest;
    let mut correct_bits = 3;
    while correct_bits < BITS {
        let error = (2 as Digit).wrapping_sub(lowest.wrapping_mul(inverse));
        inverse = inverse.wrapping_mul(error);
        correct_bits *= 2;
    }
    inverse.wrapping_neg() & MASK
}

#[cfg(test)]
mod tests {
    extern crate std;

    use num_bigint::BigUint;
    use std::{vec, vec::Vec};

    use super::*;
    use crate::rsa::portable::digits::{le_bytes, set_from_be_bytes, stored_digits};

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

    /// With digits of more than 32 bits, `tests/proofs` has the proof.
    #[test]
    #[ignore = "up to 2 billion digits: tests/assurance/proofs runs it, optimised"]
    fn every_odd_digit_has_its_negated_inverse() {
        if BITS <= 32 {
            for n in (0..=MASK / 2).map(|half| 2 * half + 1) {
                assert_eq!(n.wrapping_mul(negated_inverse(n)) & MASK, MASK, "{n}");
            }
            std::println!("exhaustive: {} inverses of {BITS} bits", MASK / 2 + 1);
        }
    }

    /// The highest sums and carries: tests have overflow checks.
    #[test]
    fn products_of_the_highest_factors() {
        let one = &BigUint::from(1u8);
        for bits in (2048..2110).chain([3072, 3500, 3584, 4095, 4096]) {
            let len = stored_digits(bits);
            let r = &(one << (BITS as usize * (len - ZEROS)));
            for n in [(one << bits) - one, (one << (bits - 1)) + one] {
                let n_digits = digits(&n, len);
                let bound = if cfg!(products = "rows") {
                    r.clone()
                } else {
                    &n * 2u8
                };
                // The highest factor, and the one with the most digits with all bits set.
                let (highest, ones) = (&bound - one, (one << bits) - one);
                for (x, y) in [(&highest, &highest), (&highest, &ones), (&ones, &ones)] {
                    let y_digits = digits(y, len);
                    let mut t = vec![0; len - ZEROS];
                    t.extend(digits(x, len));
                    let mut square = t.clone();
                    multiply(&mut t, Some(&y_digits), &n_digits);
                    let product = number(upper_half(&mut t, &n_digits));
                    assert!(product < bound);
                    assert_eq!(product * r % &n, x * y % &n);
                    multiply(&mut square, None, &n_digits);
                    let square = number(upper_half(&mut square, &n_digits));
                    assert!(square < bound);
                    assert_eq!(square * r % &n, x * x % &n);
                }
                let mut constant = vec![0; len];
                set_to_constant(&mut constant, &n_digits);
                assert_eq!(number(&constant), r * r % &n);
                let mut t = vec![0; len - ZEROS];
                t.extend(digits(one, len));
                take(Step::Enter, &mut t, &[], &n_digits, &constant);
                let form = number(upper_half(&mut t, &n_digits));
                assert!(form < bound);
                assert_eq!(form % &n, r % &n);
            }
        }
    }
}

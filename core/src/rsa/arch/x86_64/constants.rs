//! The constants of a modulus, in portable digits.

use crate::rsa::portable::digits::{BITS, Digit, MASK, Wide, bit_len, stored_digits};
use crate::rsa::portable::montgomery::{log_of_constant, negated_inverse, top};

/// 2^log mod n, up to a multiple of n below 2n, from the key's constant, which is a lower power of 2.
pub(super) fn power_of_two(
    log: usize,
    constant: &[Digit],
    n: &[Digit],
) -> [Digit; stored_digits(4096)] {
    let mut power = [0; stored_digits(4096)];
    for (to, digit) in power.iter_mut().zip(constant) {
        *to = *digit;
    }
    let mut bits = log.saturating_sub(log_of_constant(n.len()));
    while bits > 0 {
        let step = bits.min(BITS as usize);
        bits -= step;
        shift(&mut power, n, step);
    }
    power
}

/// `x = x * 2^bits mod n`, up to a multiple of n below 2n, for an x below 2n and at most 60 bits.
///
/// That is x * 2^bits - qn. The highest 63 bits of n and the highest 64 bits of x give an estimate of q that
/// is never too high, and less than 2 too low: the bits left out of x account for 1/4, those of n for 1/2,
/// and the rounding for 1.
fn shift(x: &mut [Digit], n: &[Digit], bits: usize) {
    let below = bit_len(n).saturating_sub(63);
    let q = i128::from(quotient(top(x, below), top(n, below), bits));
    let mut carry = 0;
    for (x, n) in x.iter_mut().zip(n) {
        carry += (i128::from(*x) << bits) - q * i128::from(*n);
        *x = carry as Digit & MASK;
        carry >>= BITS;
    }
}

/// That estimate of q, from the highest bits of x and those of n.
#[inline]
pub(super) fn quotient(x_top: u64, n_top: u64, bits: usize) -> u64 {
    ((Wide::from(x_top) << bits) / (Wide::from(n_top) + 1)) as u64
}

/// The lowest `LEN` digits of -1/n: times n and plus 1, they clear one digit after the other.
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

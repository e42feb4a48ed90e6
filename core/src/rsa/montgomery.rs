//! Arithmetic modulo an odd number in Montgomery form (Montgomery 1985).
//!
//! With n of L limbs, B = 2^(bits of a limb) and R = B^L, the Montgomery form of x is xR mod n.
//! Products are reduced limb by limb, by adding the multiple of n that clears the lowest limb.

use super::limbs::{Limb, add_product, add_product_and_shift, double, is_less, subtract};

/// -1/n mod B, for an odd n whose lowest limb is `lowest`.
///
/// Newton's iteration: x(2 - nx) doubles the number of correct low bits, and n itself is its own
/// inverse to 3 bits.
pub(crate) const fn negated_inverse(lowest: Limb) -> Limb {
    let mut inverse = lowest;
    let mut correct_bits = 3;
    while correct_bits < Limb::BITS {
        let error = (2 as Limb).wrapping_sub(lowest.wrapping_mul(inverse));
        inverse = inverse.wrapping_mul(error);
        correct_bits *= 2;
    }
    inverse.wrapping_neg()
}

/// `out = a * b / R mod n`, below n where a and b are.
///
/// Before the last line out < 2n, for it is (ab + qn) / R with a, b < n < R and q < R: hence one
/// subtraction is enough.
pub(crate) const fn multiply(out: &mut [Limb], a: &[Limb], b: &[Limb], n: &[Limb], n0: Limb) {
    clear(out);
    let (mut a, mut overflow) = (a, false);
    while let [factor, higher @ ..] = a {
        let carry = add_product(out, b, *factor);
        let lowest = if let [lowest, ..] = out { *lowest } else { 0 };
        let carry_again = add_product_and_shift(out, n, lowest.wrapping_mul(n0));
        if let [.., highest] = out {
            // The running value stays below 2n < 2R, so that one bit above the limbs is enough.
            let (sum, over) = carry.overflowing_add(carry_again);
            let (sum, over_again) = sum.overflowing_add(overflow as Limb);
            *highest = sum;
            overflow = over | over_again;
        }
        a = higher;
    }
    if overflow || !is_less(out, n) {
        subtract(out, n);
    }
}

/// `out = R^2 mod n`, which takes a number to its Montgomery form; `spare` is as long as n.
///
/// Without a division: 2^(bits of n) mod n is one subtraction, doublings make it the Montgomery
/// form of 2^L, and squarings that of B^L = R.
pub(crate) const fn r_squared(out: &mut [Limb], spare: &mut [Limb], n: &[Limb], n0: Limb) {
    let bits = super::limbs::bit_len(n);
    clear(out);
    subtract(out, n);
    // The subtraction gave R - n; only the bits below n's highest count.
    let mut limbs = &mut *out;
    let mut below = bits;
    while let [limb, higher @ ..] = limbs {
        if below < Limb::BITS as usize {
            *limb &= ((1 as Limb) << below) - 1;
            below = 0;
        } else {
            below -= Limb::BITS as usize;
        }
        limbs = higher;
    }
    let mut doublings = n.len() * (Limb::BITS as usize + 1) - bits;
    while doublings > 0 {
        if double(out) || !is_less(out, n) {
            subtract(out, n);
        }
        doublings -= 1;
    }
    let mut squarings = Limb::BITS.ilog2();
    while squarings > 0 {
        multiply(spare, out, out, n, n0);
        copy(out, spare);
        squarings -= 1;
    }
}

const fn clear(limbs: &mut [Limb]) {
    let mut limbs = limbs;
    while let [limb, higher @ ..] = limbs {
        *limb = 0;
        limbs = higher;
    }
}

const fn copy(to: &mut [Limb], from: &[Limb]) {
    let (mut to, mut from) = (to, from);
    while let ([to_limb, to_higher @ ..], [from_limb, from_higher @ ..]) = (to, from) {
        *to_limb = *from_limb;
        (to, from) = (to_higher, from_higher);
    }
}

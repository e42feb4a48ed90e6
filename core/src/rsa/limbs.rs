//! Natural numbers as little-endian limbs, of the machine's word size.
//!
//! Everything here also runs at compile time, for keys that are constants: hence `while let` over
//! slice patterns, which need no index and so have no way to panic. Two operands of different
//! lengths are worked on for the length of the shorter.

#[cfg(target_pointer_width = "64")]
mod word {
    pub(crate) type Limb = u64;
    pub(crate) type Wide = u128;
}
#[cfg(not(target_pointer_width = "64"))]
mod word {
    pub(crate) type Limb = u32;
    pub(crate) type Wide = u64;
}
pub(crate) use word::{Limb, Wide};

/// Bytes in a limb.
pub(crate) const LIMB_BYTES: usize = size_of::<Limb>();

/// Sets `limbs` to the big-endian number `bytes` (OS2IP, RFC 8017 section 4.2) as far as it fits.
pub(crate) const fn set_from_be_bytes(limbs: &mut [Limb], bytes: &[u8]) {
    let (mut limbs, mut bytes) = (limbs, bytes);
    while let [limb, higher @ ..] = limbs {
        *limb = 0;
        let mut shift = 0;
        while shift < Limb::BITS
            && let [rest @ .., last] = bytes
        {
            *limb |= (*last as Limb) << shift;
            shift += 8;
            bytes = rest;
        }
        limbs = higher;
    }
}

/// The number of bits up to the highest one that is set.
pub(crate) const fn bit_len(limbs: &[Limb]) -> usize {
    let mut limbs = limbs;
    while let [lower @ .., limb] = limbs {
        if *limb != 0 {
            let bits = Limb::BITS - limb.leading_zeros();
            return lower.len() * Limb::BITS as usize + bits as usize;
        }
        limbs = lower;
    }
    0
}

/// `a < b`, for operands of one length.
pub(crate) const fn is_less(a: &[Limb], b: &[Limb]) -> bool {
    let (mut a, mut b) = (a, b);
    while let ([a_lower @ .., a_limb], [b_lower @ .., b_limb]) = (a, b) {
        if *a_limb != *b_limb {
            return *a_limb < *b_limb;
        }
        (a, b) = (a_lower, b_lower);
    }
    false
}

/// `a -= b`, modulo the limbs of `a`.
pub(crate) const fn subtract(a: &mut [Limb], b: &[Limb]) {
    let (mut a, mut b, mut borrow) = (a, b, false);
    while let ([a_limb, a_higher @ ..], [b_limb, b_higher @ ..]) = (a, b) {
        let (difference, under) = a_limb.overflowing_sub(*b_limb);
        let (difference, under_again) = difference.overflowing_sub(borrow as Limb);
        *a_limb = difference;
        borrow = under | under_again;
        (a, b) = (a_higher, b_higher);
    }
}

/// `a *= 2`, modulo the limbs of `a`; returns the bit that is shifted out.
pub(crate) const fn double(a: &mut [Limb]) -> bool {
    let (mut a, mut carry) = (a, false);
    while let [limb, higher @ ..] = a {
        let shifted_out = *limb >> (Limb::BITS - 1) != 0;
        *limb = *limb << 1 | carry as Limb;
        carry = shifted_out;
        a = higher;
    }
    carry
}

/// `a += b * factor`; returns the limb that is carried out.
pub(crate) const fn add_product(a: &mut [Limb], b: &[Limb], factor: Limb) -> Limb {
    let (mut a, mut b, mut carry) = (a, b, 0);
    while let ([a_limb, a_higher @ ..], [b_limb, b_higher @ ..]) = (a, b) {
        // (B - 1) + (B - 1)^2 + (B - 1) = B^2 - 1 for limbs below B: it cannot overflow.
        let sum = *a_limb as Wide + *b_limb as Wide * factor as Wide + carry as Wide;
        *a_limb = sum as Limb;
        carry = (sum >> Limb::BITS) as Limb;
        (a, b) = (a_higher, b_higher);
    }
    carry
}

/// `a = (a + b * factor) / B`, where the sum's lowest limb is known to be zero; the limb that is
/// carried out is returned, and is to be added to the highest limb, which is left zero.
pub(crate) const fn add_product_and_shift(a: &mut [Limb], b: &[Limb], factor: Limb) -> Limb {
    let (mut a, mut b, mut carry) = (a, b, 0);
    if let ([a_limb, ..], [b_limb, b_higher @ ..]) = (&*a, b) {
        let sum = *a_limb as Wide + *b_limb as Wide * factor as Wide;
        carry = (sum >> Limb::BITS) as Limb;
        b = b_higher;
    }
    while let [low, higher @ ..] = a {
        *low = 0;
        if let ([high, ..], [b_limb, b_higher @ ..]) = (&*higher, b) {
            let sum = *high as Wide + *b_limb as Wide * factor as Wide + carry as Wide;
            *low = sum as Limb;
            carry = (sum >> Limb::BITS) as Limb;
            b = b_higher;
        }
        a = higher;
    }
    carry
}

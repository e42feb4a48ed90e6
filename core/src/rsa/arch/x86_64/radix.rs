//! Numbers in digits of another radix.

use core::iter;

use crate::rsa::portable::digits::{BITS, Digit, MASK};

/// The digits of `RADIX_BITS` bits, no more than a portable digit has, of a number. The bits that are left
/// over of the highest portable digit are not among them.
pub(super) fn digits<const RADIX_BITS: usize>(number: &[Digit]) -> impl Iterator<Item = u64> {
    let mut number = number.iter();
    // The bits that are left over, and how many there are.
    let (mut rest, mut bits) = (0, 0);
    iter::from_fn(move || {
        let mut digit = rest;
        if bits < RADIX_BITS {
            let next = number.next()?;
            digit |= next << bits;
            rest = next >> (RADIX_BITS - bits);
            bits += BITS as usize;
        } else {
            rest >>= RADIX_BITS;
        }
        bits -= RADIX_BITS;
        Some(digit & ((1 << RADIX_BITS) - 1))
    })
}

/// Sets `number` to that with these digits of `RADIX_BITS` bits, which may have more bits and be negative,
/// and says whether the whole number is negative: then it is in two's complement.
pub(super) fn set<const RADIX_BITS: usize>(
    number: &mut [Digit],
    digits: impl IntoIterator<Item = i64>,
) -> bool {
    let mut digits = digits.into_iter();
    let (mut carry, mut rest, mut bits) = (0, 0, 0);
    for to in number {
        *to = rest;
        while bits < BITS as usize {
            carry += digits.next().unwrap_or(0);
            let digit = carry.cast_unsigned() & ((1 << RADIX_BITS) - 1);
            carry >>= RADIX_BITS;
            *to |= digit << bits & MASK;
            rest = digit >> (BITS as usize - bits);
            bits += RADIX_BITS;
        }
        bits -= BITS as usize;
    }
    carry < 0
}

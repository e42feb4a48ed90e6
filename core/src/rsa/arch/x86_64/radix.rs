//! Numbers in digits of another radix.

use core::iter;

use crate::rsa::portable::digits::{BITS, Digit, MASK};

/// The digits of `RADIX_BITS` bits, fewer than a portable digit has, of a number without its lowest `skipped`
/// bits, and then zeros without end.
#[inline(always)]
pub(super) fn digits<const RADIX_BITS: usize>(
    number: &[Digit],
    skipped: usize,
) -> impl Iterator<Item = u64> {
    let (mut place, mut bits) = (skipped / BITS as usize, skipped % BITS as usize);
    iter::from_fn(move || {
        let digit = |place: usize| number.get(place).copied().unwrap_or(0);
        let digit = digit(place) >> bits | digit(place + 1) << (BITS as usize - bits);
        bits += RADIX_BITS;
        let is_next = bits >= BITS as usize;
        place += usize::from(is_next);
        bits -= if is_next { BITS as usize } else { 0 };
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

//! Natural numbers as little-endian digits, of a machine word or a few bits less.
//!
//! Spare bits leave room to sum up a column of a product before any carry (`columns`): each product of two
//! digits then costs one multiply-accumulate, where digits of whole words need carries. Every sum of `RUN`
//! products of two digits fits in a `Sum`. Digits of whole words are for processors where carries are cheap
//! (`rows`): there are fewer of them.
//!
//! A digit begins at any bit of a byte. It fits, together with the bits before it, in an `Unaligned`.

cfg_select! {
    // Those of 3, 4 and 8 bits are for tests alone, which try all numbers of few digits. Sums are as tight as
    // with 14, 28 and 32 bits.
    digits = "3" => {
        mod word {
            pub(crate) type Digit = u8;
            pub(crate) type Sum = u8;
            pub(crate) type Wide = u16;
            pub(crate) type Word = u32;
            pub(crate) type Unaligned = u32;
            pub(crate) type Signed = i16;
            pub(crate) type SignedDigit = i16;
            pub(crate) const BITS: u32 = 3;
        }
    }
    digits = "4" => {
        mod word {
            pub(crate) type Digit = u8;
            pub(crate) type Sum = u16;
            pub(crate) type Wide = u16;
            pub(crate) type Word = u32;
            pub(crate) type Unaligned = u32;
            pub(crate) type Signed = i16;
            pub(crate) type SignedDigit = i8;
            pub(crate) const BITS: u32 = 4;
        }
    }
    digits = "8" => {
        mod word {
            pub(crate) type Digit = u8;
            pub(crate) type Wide = u16;
            pub(crate) type Word = u32;
            pub(crate) type Unaligned = u32;
            pub(crate) type Signed = i16;
            pub(crate) type SignedDigit = i16;
            pub(crate) const BITS: u32 = 8;
        }
    }
    // For processors that cannot multiply 32 by 32 bits to 64.
    digits = "14" => {
        mod word {
            pub(crate) type Digit = u16;
            #[cfg(products = "columns")]
            pub(crate) type Sum = u32;
            pub(crate) type Wide = u64;
            pub(crate) type Word = u32;
            pub(crate) type Unaligned = u32;
            pub(crate) type Signed = i32;
            pub(crate) type SignedDigit = i32;
            pub(crate) const BITS: u32 = 14;
        }
    }
    // For processors that add up the two words of a product apart.
    digits = "27" => {
        mod word {
            pub(crate) type Digit = u32;
            #[cfg(products = "columns")]
            pub(crate) type Sum = u64;
            pub(crate) type Wide = u64;
            pub(crate) type Word = u32;
            pub(crate) type Unaligned = u64;
            pub(crate) type Signed = i64;
            pub(crate) type SignedDigit = i32;
            pub(crate) const BITS: u32 = 27;
        }
    }
    digits = "28" => {
        mod word {
            pub(crate) type Digit = u32;
            pub(crate) type Sum = u64;
            pub(crate) type Wide = u64;
            pub(crate) type Word = u32;
            pub(crate) type Unaligned = u32;
            pub(crate) type Signed = i64;
            pub(crate) type SignedDigit = i32;
            pub(crate) const BITS: u32 = 28;
        }
    }
    digits = "32" => {
        mod word {
            pub(crate) type Digit = u32;
            pub(crate) type Wide = u64;
            pub(crate) type Word = u32;
            pub(crate) type Unaligned = u32;
            pub(crate) type Signed = i64;
            pub(crate) type SignedDigit = i64;
            pub(crate) const BITS: u32 = 32;
        }
    }
    // For processors that add up the two words of a product apart.
    digits = "59" => {
        mod word {
            pub(crate) type Digit = u64;
            #[cfg(products = "columns")]
            pub(crate) type Sum = u128;
            pub(crate) type Wide = u128;
            pub(crate) type Word = u64;
            pub(crate) type Unaligned = u128;
            pub(crate) type Signed = i128;
            pub(crate) type SignedDigit = i64;
            pub(crate) const BITS: u32 = 59;
        }
    }
    digits = "60" => {
        mod word {
            pub(crate) type Digit = u64;
            pub(crate) type Sum = u128;
            pub(crate) type Wide = u128;
            pub(crate) type Word = u64;
            pub(crate) type Unaligned = u64;
            pub(crate) type Signed = i128;
            pub(crate) type SignedDigit = i64;
            pub(crate) const BITS: u32 = 60;
        }
    }
    digits = "64" => {
        mod word {
            pub(crate) type Digit = u64;
            pub(crate) type Wide = u128;
            pub(crate) type Word = u64;
            pub(crate) type Unaligned = u64;
            pub(crate) type Signed = i128;
            pub(crate) type SignedDigit = i128;
            pub(crate) const BITS: u32 = 64;
        }
    }
}
#[cfg(products = "columns")]
pub(crate) use word::Sum;
pub(crate) use word::{BITS, Digit, Signed, SignedDigit, Unaligned, Wide, Word};

/// How many products of two digits a `Sum` has room for.
#[cfg(products = "columns")]
pub(crate) const RUN: usize = 1 << (Sum::BITS - 2 * BITS);

pub(crate) const MASK: Digit = Digit::MAX >> (Digit::BITS - BITS);

cfg_select! {
    products = "rows" => {
        /// How many digits of a factor are multiplied at a time.
        pub(crate) const GROUP: usize = cfg_select! {
            // It has more registers than others.
            all(multiplication = "umulh", not(tokenlatch_portable)) => { 8 }
            digits = "8" => { 2 }
            _ => { 4 }
        };
        const HEADROOM: usize = 0;
    }
    any(digits = "27", digits = "59") => {
        /// How many columns are summed up at a time.
        pub(crate) const GROUP: usize = 4;
        const HEADROOM: usize = 2;
    }
    _ => {
        /// How many columns are summed up at a time.
        pub(crate) const GROUP: usize = 2;
        const HEADROOM: usize = 2;
    }
}

/// How many zeros are above a number: products by columns read them.
pub(crate) const ZEROS: usize = if BITS == 27 || BITS == 59 { 2 } else { 1 };

/// How many digits to store for a modulus n of that many bits: the least multiple L of `GROUP` for which
/// R = 2^(BITS * L) is above n, and at least 4n for products by columns; and `ZEROS` for zeros above.
pub(crate) const fn stored_digits(bits: usize) -> usize {
    (bits + HEADROOM).div_ceil(GROUP * BITS as usize) * GROUP + ZEROS
}

/// Sets `digits` to the big-endian number `bytes` (OS2IP, RFC 8017 section 4.2) as far as it fits.
pub(crate) const fn set_from_be_bytes(digits: &mut [Digit], bytes: &[u8]) {
    let (mut digits, mut bytes, mut shift) = (digits, bytes, 0);
    while let [digit, higher @ ..] = digits {
        let word = match bytes.last_chunk() {
            Some(word) => Unaligned::from_be_bytes(*word),
            None => short_number(bytes),
        };
        *digit = (word >> shift) as Digit & MASK;
        shift += BITS;
        bytes = match bytes.split_at_checked(bytes.len().wrapping_sub((shift / 8) as usize)) {
            Some((higher, _)) => higher,
            None => &[],
        };
        shift %= 8;
        digits = higher;
    }
}

/// The big-endian number `bytes`, which has at most the bytes of the result.
pub(crate) const fn short_number(bytes: &[u8]) -> Unaligned {
    let (mut bytes, mut number) = (bytes, 0);
    while let [byte, lower @ ..] = bytes {
        number = number << 8 | *byte as Unaligned;
        bytes = lower;
    }
    number
}

/// The bytes of a number from the lowest on, then zeros without end.
#[cfg(test)]
pub(crate) fn le_bytes(digits: &[Digit]) -> impl Iterator<Item = u8> {
    let bit = |at: usize| {
        let digit = digits.get(at / BITS as usize).copied().unwrap_or(0);
        (digit >> (at % BITS as usize) & 1) as u8
    };
    (0..).map(move |byte| (0..8).fold(0, |bits, at| bits | bit(8 * byte + at) << at))
}

/// The length of a number in bits.
pub(crate) const fn bit_len(digits: &[Digit]) -> usize {
    let mut digits = digits;
    while let [lower @ .., digit] = digits {
        if *digit != 0 {
            return lower.len() * BITS as usize + (Digit::BITS - digit.leading_zeros()) as usize;
        }
        digits = lower;
    }
    0
}

/// `a < b`, for operands of the same length.
pub(crate) const fn is_less(a: &[Digit], b: &[Digit]) -> bool {
    let (mut a, mut b) = (a, b);
    while let ([a_lower @ .., a_digit], [b_lower @ .., b_digit]) = (a, b) {
        if *a_digit != *b_digit {
            return *a_digit < *b_digit;
        }
        (a, b) = (a_lower, b_lower);
    }
    false
}

/// `a -= b`, for a b that is not above a, or for the lowest digits of numbers.
pub(crate) const fn subtract(a: &mut [Digit], b: &[Digit]) {
    let (mut a, mut b, mut borrow) = (a, b, false);
    while let ([a_digit, a_higher @ ..], [b_digit, b_higher @ ..]) = (a, b) {
        let (difference, is_below) = a_digit.overflowing_sub(*b_digit);
        let (difference, is_below_borrow) = difference.overflowing_sub(borrow as Digit);
        *a_digit = difference & MASK;
        borrow = is_below | is_below_borrow;
        (a, b) = (a_higher, b_higher);
    }
}

/// The product of two digits.
#[cfg(products = "columns")]
#[inline(always)]
pub(crate) fn product(x: Digit, y: Digit) -> Sum {
    x as Sum * y as Sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_digits_are_stored_than_a_modulus_needs() {
        for bits in [2048, 2049, 3072, 4096] {
            let len = stored_digits(bits) - ZEROS;
            assert_eq!(len % GROUP, 0, "{bits}");
            let has_room = |len: usize| len * BITS as usize >= bits + HEADROOM;
            assert!(has_room(len) && !has_room(len - GROUP), "{bits}");
        }
    }
}

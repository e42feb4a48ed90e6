//! Natural numbers as little-endian digits of a few bits less than a machine word.
//!
//! The spare bits leave room to sum up a column of a product before any carry: each product of two digits
//! then costs one multiply-accumulate, where digits of whole words would need a carry for each. Every sum
//! of `RUN` products of two digits fits in a `Sum`.

cfg_select! {
    // For processors that cannot multiply 32 by 32 bits to 64.
    any(tokenlatch_digits_of_13, multiplication = "muls") => {
        mod word {
            pub(crate) type Digit = u16;
            pub(crate) type Sum = u32;
            pub(crate) type Wide = u64;
            pub(crate) type Word = u32;
            pub(crate) type Signed = i32;
            pub(crate) type SignedDigit = i32;
            pub(crate) const BITS: u32 = 13;
        }
    }
    all(target_pointer_width = "64", not(tokenlatch_digits_of_28)) => {
        mod word {
            pub(crate) type Digit = u64;
            pub(crate) type Sum = u128;
            pub(crate) type Wide = u128;
            pub(crate) type Word = u64;
            pub(crate) type Signed = i128;
            pub(crate) type SignedDigit = i64;
            pub(crate) const BITS: u32 = 60;
        }
    }
    _ => {
        mod word {
            pub(crate) type Digit = u32;
            pub(crate) type Sum = u64;
            pub(crate) type Wide = u64;
            pub(crate) type Word = u32;
            pub(crate) type Signed = i64;
            pub(crate) type SignedDigit = i32;
            pub(crate) const BITS: u32 = 28;
        }
    }
}
pub(crate) use word::{BITS, Digit, Signed, SignedDigit, Sum, Wide, Word};

/// How many products of two digits a `Sum` has room for.
pub(crate) const RUN: usize = 1 << (Sum::BITS - 2 * BITS);

pub(crate) const MASK: Digit = (1 << BITS) - 1;

/// How many digits to store for a modulus n of that many bits: the least even number L for which
/// R = 2^(BITS * L) is at least 4n, and one for a zero above. L is even because the columns of a product
/// are summed up in pairs.
pub(crate) const fn stored_digits(bits: usize) -> usize {
    (bits + 2).div_ceil(2 * BITS as usize) * 2 + 1
}

/// Sets `digits` to the big-endian number `bytes` (OS2IP, RFC 8017 section 4.2) as far as it fits.
pub(crate) const fn set_from_be_bytes(digits: &mut [Digit], bytes: &[u8]) {
    let (mut digits, mut bytes, mut shift) = (digits, bytes, 0);
    while let [digit, higher @ ..] = digits {
        // A digit lies within a word that starts with its first byte.
        let word = match bytes.last_chunk() {
            Some(word) => Word::from_be_bytes(*word),
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

/// The big-endian number `bytes`, which has at most the bytes of a word.
pub(crate) const fn short_number(bytes: &[u8]) -> Word {
    let (mut bytes, mut number) = (bytes, 0);
    while let [byte, lower @ ..] = bytes {
        number = number << 8 | *byte as Word;
        bytes = lower;
    }
    number
}

/// The bytes of a number from the lowest on, then zeros without end.
#[cfg(test)]
pub(crate) fn le_bytes(digits: &[Digit]) -> impl Iterator<Item = u8> {
    let (mut digits, mut pending, mut filled) = (digits.iter(), 0, 0);
    core::iter::from_fn(move || {
        let mut byte = pending as u8;
        if filled < 8 {
            let digit = digits.next().copied().unwrap_or(0);
            byte |= (digit << filled) as u8;
            pending = digit >> (8 - filled);
            filled += BITS - 8;
        } else {
            pending >>= 8;
            filled -= 8;
        }
        Some(byte)
    })
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
pub(crate) fn is_less(a: &[Digit], b: &[Digit]) -> bool {
    a.iter().rev().lt(b.iter().rev())
}

/// `a -= b`, for a b that is not above a.
pub(crate) fn subtract(a: &mut [Digit], b: &[Digit]) {
    let mut borrow = 0;
    for (a, b) in a.iter_mut().zip(b) {
        let difference = a.wrapping_sub(*b).wrapping_sub(borrow);
        *a = difference & MASK;
        borrow = difference >> (Digit::BITS - 1);
    }
}

/// The product of two digits.
#[inline(always)]
pub(crate) fn product(x: Digit, y: Digit) -> Sum {
    x as Sum * y as Sum
}

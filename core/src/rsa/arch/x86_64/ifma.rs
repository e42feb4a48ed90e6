//! The public operation in the vector units of x86-64, for processors with AVX-512 IFMA.
//!
//! As in `fma`, but IFMA multiplies integers of 52 bits: digits are unsigned integers, and instructions
//! give the two halves of a product.
//!
//! With the radix B = 2^50, n of L digits and R = B^L, a product t is reduced as a whole
//! (Montgomery 1985, section 1): q = t * (-1/n) mod R, and then (t + q * n) / R.
//!
//! Bounds. B^L >= 16 n and L <= 82. A digit is at most B + 2^14, so that its double is below 2^52.
//! - `Sum`: at most 82 products for each of two terms, 2^52 each: below 2^60.
//! - A column: 2^60 and four times that, below 2^63; it carries less than 2^13.
//! - A residue r: r <= t / R + n * (1 + 2^-36) < 2n for t < n^2 * 6.

use core::arch::x86_64::{
    __m512i, _mm512_add_epi64, _mm512_alignr_epi64, _mm512_and_si512, _mm512_loadu_si512,
    _mm512_madd52hi_epu64, _mm512_madd52lo_epu64, _mm512_mask_madd52hi_epu64,
    _mm512_mask_madd52lo_epu64, _mm512_mask_mov_epi64, _mm512_set1_epi64, _mm512_setr_epi64,
    _mm512_setzero_si512, _mm512_slli_epi64, _mm512_srli_epi64, _mm512_storeu_si512,
};
use core::mem::swap;

use super::{constants, radix};
use crate::rsa::portable::digits::{BITS, Digit, bit_len};
use crate::rsa::portable::montgomery::{reduce, upper_half};
use crate::rsa::power::{Step, Steps};

/// The bits of a digit.
const RADIX_BITS: usize = 50;
/// The radix B.
const B: u64 = 1 << RADIX_BITS;
/// The digits of 4096 bits and 4 more, rounded up to a multiple of eight.
const MAX_DIGITS: usize = 88;
/// The place of digit 0. A number has zeros on both sides.
const START: usize = 16;

type Digits = [u64; START + MAX_DIGITS + START];

const ZERO: Digits = [0; START + MAX_DIGITS + START];

/// A modulus n with its constants, all in digits.
struct Modulus {
    n: Digits,
    /// -1/n mod R.
    negated_inverse: Digits,
    /// R^2 mod n, up to a multiple of n below 2n.
    r_squared: Digits,
    /// L, which is even.
    len: usize,
}

/// Whether the processor and the operating system support the instructions.
pub(super) fn is_available() -> bool {
    cpufeatures::new!(ifma, "avx512f", "avx512ifma");
    ifma::get()
}

/// The backend. It returns false if the processor lacks the instructions.
pub(crate) fn public_operation(
    t: &mut [Digit],
    s: &[Digit],
    n: &[Digit],
    constant: &[Digit],
    e: u32,
) -> bool {
    let can = is_available();
    if can {
        // SAFETY: the processor has the instructions.
        unsafe {
            Modulus::new(n, constant).public_operation(upper_half(t, n), s, n, e);
        }
    }
    can
}

impl Modulus {
    /// From n and the key's constant.
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn new(n: &[Digit], constant: &[Digit]) -> Self {
        let len = ((bit_len(n) + 4).div_ceil(2 * RADIX_BITS) * 2).min(MAX_DIGITS);
        let digits = from_digits(n);
        let r_squared = constants::power_of_two(2 * len * RADIX_BITS, constant, n);
        Self {
            negated_inverse: negated_inverse(&digits, n, len),
            n: digits,
            r_squared: from_digits(&r_squared),
            len,
        }
    }

    #[target_feature(enable = "avx512f,avx512ifma")]
    fn public_operation(&self, power: &mut [Digit], s: &[Digit], n: &[Digit], e: u32) {
        let signature = from_digits(s);
        let scratch = &mut Scratch { low: ZERO, q: ZERO };
        let (mut x, mut next) = (&mut Residue::ZERO.clone(), &mut Residue::ZERO.clone());
        x.digits = signature;
        for step in Steps::of(e) {
            match step {
                Step::Enter => self.reduce(next, Terms::Product(&x.digits, &self.r_squared), scratch),
                Step::Square => self.reduce(next, Terms::Square(x), scratch),
                Step::Multiply => self.reduce(next, Terms::Product(&x.digits, &signature), scratch),
            }
            swap(&mut x, &mut next);
        }
        to_digits(power, &x.digits, n);
    }

    /// `out = t / R mod n`, for a product or a square t.
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn reduce(&self, out: &mut Residue, t: Terms, Scratch { low, q }: &mut Scratch) {
        low_columns(low, self.len, t);
        low_columns(q, self.len, Terms::Product(low, &self.negated_inverse));
        let terms = [t, Terms::Product(q, &self.n)];
        high_columns(&mut out.digits, self.len, self.len, &terms);
        for (twice, digit) in out.twice.iter_mut().zip(&out.digits) {
            *twice = digit << 1;
        }
    }
}

/// A number and its double, which a squaring needs.
#[derive(Clone, Copy)]
struct Residue {
    digits: Digits,
    twice: Digits,
}

impl Residue {
    const ZERO: Self = Self {
        digits: ZERO,
        twice: ZERO,
    };
}

/// Products of digits to sum up.
#[derive(Clone, Copy)]
enum Terms<'a> {
    /// Of two numbers.
    Product(&'a Digits, &'a Digits),
    /// Of a number with itself.
    Square(&'a Residue),
    /// Of a number of that many digits and a longer number.
    Middle(&'a Digits, usize, &'a Digits),
}

struct Scratch {
    low: Digits,
    q: Digits,
}

/// -1/n mod R, by Newton's iteration: y = -1/n mod B^k leads to y + y(ny + 1), where ny + 1 is a multiple
/// of B^k.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512ifma")]
fn negated_inverse(n: &Digits, n_digits: &[Digit], len: usize) -> Digits {
    const FIRST: usize = 22;
    const FIRST_DIGITS: usize = (FIRST * RADIX_BITS).div_ceil(BITS as usize);
    let first = constants::negated_inverse_digits::<FIRST_DIGITS>(n_digits);
    let mut inverse = from_digits(&first);
    // Each halving leaves half of the digits or a few more.
    let digits = |halvings: u32| ((len >> halvings) + 1).next_multiple_of(2).min(len);
    let mut known = FIRST;
    let mut halvings = 0;
    while digits(halvings) > FIRST {
        halvings += 1;
    }
    let (mut error, mut next) = (ZERO, ZERO);
    while halvings > 0 {
        halvings -= 1;
        let wanted = digits(halvings);
        let terms = [Terms::Middle(&inverse, known, n)];
        high_columns(&mut error, known, wanted - known, &terms);
        low_columns(&mut next, wanted - known, Terms::Product(&error, &inverse));
        let higher = inverse.iter_mut().skip(START + known).take(wanted - known);
        for (digit, next) in higher.zip(next.iter().skip(START)) {
            *digit = *next;
        }
        known = wanted;
    }
    inverse
}

/// The columns below `len`.
#[target_feature(enable = "avx512f,avx512ifma")]
fn low_columns(out: &mut Digits, len: usize, terms: Terms) {
    let mut carry = Carry::zero();
    // Starts a multiple of 16 below the end: the first columns may lie below the number.
    let mut c = START + len - len.next_multiple_of(16);
    while c < START + len {
        let mut sums = Columns::zero();
        match terms {
            Terms::Product(x, y) => low_product(&mut sums, x, y, c),
            Terms::Square(x) => low_square(&mut sums, x, c),
            Terms::Middle(..) => return,
        }
        carry.store(out, c, sums);
        c += 16;
    }
}

/// The `count` columns from `from` on, of a sum that is a multiple of B^from, or one less than a multiple.
///
/// Two columns below `from` are computed, too. What the columns below those would carry is far less than
/// B / 2, so that rounding gives the carry into column `from`.
#[target_feature(enable = "avx512f,avx512ifma")]
fn high_columns(out: &mut Digits, from: usize, count: usize, terms: &[Terms]) {
    let mut carry = Carry::zero();
    let mut c = START + from - 2;
    let mut round = _mm512_setr_epi64(0, 1 << (RADIX_BITS - 1), 0, 0, 0, 0, 0, 0);
    while c < START + from + count {
        let mut sums = Columns::zero();
        let [columns, _] = &mut sums.0;
        columns.even.low = round;
        round = _mm512_setzero_si512();
        for terms in terms {
            match terms {
                Terms::Product(x, y) => high_product(&mut sums, x, y, from, c),
                Terms::Square(x) => high_square(&mut sums, x, from, c),
                Terms::Middle(x, len, y) => middle_product(&mut sums, x, y, *len, c),
            }
        }
        carry.store(out, c - from, sums);
        c += 16;
    }
    if let Some(below) = out.first_chunk_mut::<START>() {
        *below = [0; START];
    }
}

/// The columns c to c + 15 of the low half of x * y.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn low_product(sums: &mut Columns, x: &Digits, y: &Digits, c: usize) {
    if let Some((both, upper)) = x
        .get(START.min(c + 8)..c + 16)
        .and_then(<[u64]>::split_last_chunk)
        && let Some(window) = y.get(START - 7..).and_then(<[u64]>::first_chunk)
    {
        if let Some(y) = y.get(START - 8..c + 16) {
            sums.add_products(both, y);
        }
        let [_, columns] = &mut sums.0;
        columns.add_eight(upper, window);
    }
}

/// The columns c to c + 15 of the high half of x * y.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn high_product(sums: &mut Columns, x: &Digits, y: &Digits, len: usize, c: usize) {
    // Starts one digit early, at a product with zero, so that an even number of digits is left.
    let from = (c - len).min(START + len - 8);
    if let Some((lower, both)) = x
        .get(from..START + len)
        .and_then(<[u64]>::split_first_chunk)
        && let Some(window) = y.get(START + c - 7 - from..).and_then(<[u64]>::first_chunk)
    {
        let [columns, _] = &mut sums.0;
        columns.add_eight(lower, window);
        if let Some(y) = y.get(c - len..START + c + 8 - from) {
            sums.add_products(both, y);
        }
    }
}

/// The columns c to c + 15 of x * y, for the `len` digits of x and c of at least `len` - 2.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn middle_product(sums: &mut Columns, x: &Digits, y: &Digits, len: usize, c: usize) {
    if let (Some(x), Some(y)) = (x.get(START..START + len), y.get(c - len..c + 16)) {
        sums.add_products(x, y);
    }
}

/// The columns c to c + 15 of the low half of a square: each pair of different digits once, doubled.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn low_square(sums: &mut Columns, x: &Residue, c: usize) {
    let middle = (START + c) / 2;
    let from = START - middle % 2;
    if let (Some(digits), Some(twice)) = (
        x.digits.get(from..middle),
        x.twice.get(middle..START + c + 16 - from),
    ) {
        sums.add_products(digits, twice);
    }
    sums.add_squares(x, middle);
}

/// The columns c to c + 15 of the high half of a square.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn high_square(sums: &mut Columns, x: &Residue, len: usize, c: usize) {
    let middle = (START + c) / 2;
    let from = (c + 1 - len).min(middle - 8);
    let from = from - (middle - from) % 2;
    if let Some((lower, both)) = x
        .digits
        .get(from..middle)
        .and_then(<[u64]>::split_first_chunk)
        && let Some(window) = x
            .twice
            .get(START + c - 7 - from..)
            .and_then(<[u64]>::first_chunk)
    {
        let [columns, _] = &mut sums.0;
        columns.add_eight(lower, window);
        if let Some(twice) = x.twice.get(middle..START + c + 8 - from) {
            sums.add_products(both, twice);
        }
    }
    sums.add_squares(x, middle);
}

/// Sums for sixteen columns.
struct Columns([EightColumns; 2]);

impl Columns {
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn zero() -> Self {
        Self([EightColumns::zero(); 2])
    }

    /// Adds the products of the last digit of x with the second to seventeenth digits of y, of the digit
    /// before with the third to eighteenth digits, and so on. The length of x is even, and y is sixteen
    /// digits longer.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn add_products(&mut self, x: &[u64], y: &[u64]) {
        let [mut columns, mut next] = self.0;
        let x = x.as_chunks::<2>().0.iter().rev();
        for ([x0, x1], y) in x.zip(y.as_chunks::<2>().0.array_windows::<9>()) {
            let Some(y) = y.as_flattened().first_chunk::<18>() else {
                break;
            };
            let [_, y1 @ .., _, _, _, _, _, _, _, _, _] = y;
            let [_, _, _, _, _, _, _, _, _, y1_next @ .., _] = y;
            let x1 = _mm512_set1_epi64(x1.cast_signed());
            columns.odd.add_product(x1, load(y1));
            next.odd.add_product(x1, load(y1_next));
            let [_, _, y0 @ .., _, _, _, _, _, _, _, _] = y;
            let [_, _, _, _, _, _, _, _, _, _, y0_next @ ..] = y;
            let x0 = _mm512_set1_epi64(x0.cast_signed());
            columns.even.add_product(x0, load(y0));
            next.even.add_product(x0, load(y0_next));
        }
        self.0 = [columns, next];
    }

    /// Adds the products of the digits of x from `middle` on, each with itself and with twice the higher
    /// digits.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn add_squares(&mut self, x: &Residue, middle: usize) {
        let (Some(digits), Some(twice)) = (
            x.digits
                .get(middle - 3..)
                .and_then(<[u64]>::first_chunk::<19>),
            x.twice
                .get(middle - 3..)
                .and_then(<[u64]>::first_chunk::<19>),
        ) else {
            return;
        };
        let [columns, next] = &mut self.0;
        let x = |k: usize| _mm512_set1_epi64(digits.get(3 + k).map_or(0, |x| x.cast_signed()));
        columns
            .even
            .add_square::<0>(x(0), eight::<3>(digits), eight::<3>(twice));
        next.even.add_product(x(0), eight::<11>(twice));
        columns
            .odd
            .add_square::<2>(x(1), eight::<2>(digits), eight::<2>(twice));
        next.odd.add_product(x(1), eight::<10>(twice));
        columns
            .even
            .add_square::<4>(x(2), eight::<1>(digits), eight::<1>(twice));
        next.even.add_product(x(2), eight::<9>(twice));
        columns
            .odd
            .add_square::<6>(x(3), eight::<0>(digits), eight::<0>(twice));
        next.odd.add_product(x(3), eight::<8>(twice));
        next.even
            .add_square::<0>(x(4), eight::<7>(digits), eight::<7>(twice));
        next.odd
            .add_square::<2>(x(5), eight::<6>(digits), eight::<6>(twice));
        next.even
            .add_square::<4>(x(6), eight::<5>(digits), eight::<5>(twice));
        next.odd
            .add_square::<6>(x(7), eight::<4>(digits), eight::<4>(twice));
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn eight<const AT: usize>(digits: &[u64; 19]) -> __m512i {
    match digits.get(AT..).and_then(<[u64]>::first_chunk) {
        Some(digits) => load(digits),
        None => _mm512_setzero_si512(),
    }
}

/// Two sums for eight columns, which take the products in turn: each chain of dependent additions is half
/// as long.
#[derive(Clone, Copy)]
struct EightColumns {
    even: Sum,
    odd: Sum,
}

impl EightColumns {
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn zero() -> Self {
        Self {
            even: Sum::zero(),
            odd: Sum::zero(),
        }
    }

    /// Adds the products of x\[0\] with the last eight digits of y, of x\[1\] with the eight digits one
    /// place before, and so on.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn add_eight(&mut self, x: &[u64; 8], y: &[u64; 15]) {
        let mut y = y.as_slice();
        for [x0, x1] in x.as_chunks().0 {
            let Some(window) = y.last_chunk::<9>() else {
                break;
            };
            let [_, y0 @ ..] = window;
            let [y1 @ .., _] = window;
            self.even
                .add_product(_mm512_set1_epi64(x0.cast_signed()), load(y0));
            self.odd
                .add_product(_mm512_set1_epi64(x1.cast_signed()), load(y1));
            let [lower @ .., _, _] = y else { break };
            y = lower;
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn total(self) -> Sum {
        Sum {
            high: _mm512_add_epi64(self.even.high, self.odd.high),
            low: _mm512_add_epi64(self.even.low, self.odd.low),
        }
    }
}

/// A sum of products in eight columns: `high` * 2^52 + `low`.
#[derive(Clone, Copy)]
struct Sum {
    high: __m512i,
    low: __m512i,
}

impl Sum {
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn zero() -> Self {
        Self {
            high: _mm512_setzero_si512(),
            low: _mm512_setzero_si512(),
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn add_product(&mut self, x: __m512i, y: __m512i) {
        self.high = _mm512_madd52hi_epu64(self.high, x, y);
        self.low = _mm512_madd52lo_epu64(self.low, x, y);
    }

    /// Adds the products of a digit with itself, in column `AT`, and with twice the digits above.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn add_square<const AT: u32>(&mut self, x: __m512i, digits: __m512i, twice: __m512i) {
        let y = _mm512_mask_mov_epi64(twice, 1 << AT, digits);
        let columns = 0xff << AT;
        self.high = _mm512_mask_madd52hi_epu64(self.high, columns, x, y);
        self.low = _mm512_mask_madd52lo_epu64(self.low, columns, x, y);
    }
}

/// What the columns before add to the next ones.
struct Carry {
    high: __m512i,
    carry: __m512i,
}

impl Carry {
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn zero() -> Self {
        Self {
            high: _mm512_setzero_si512(),
            carry: _mm512_setzero_si512(),
        }
    }

    /// The digits of the next eight columns.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn digits(&mut self, sum: Sum) -> __m512i {
        let high = _mm512_slli_epi64::<{ 52 - RADIX_BITS as u32 }>(sum.high);
        let columns = _mm512_add_epi64(sum.low, one_up(self.high, high));
        let carry = _mm512_srli_epi64::<{ RADIX_BITS as u32 }>(columns);
        let digits = _mm512_and_si512(columns, _mm512_set1_epi64(B as i64 - 1));
        let carried = one_up(self.carry, carry);
        self.high = high;
        self.carry = carry;
        _mm512_add_epi64(digits, carried)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn store(&mut self, out: &mut Digits, at: usize, sums: Columns) {
        if let Some(out) = out.get_mut(at..).and_then(<[u64]>::first_chunk_mut::<16>) {
            for (out, sums) in out.as_chunks_mut().0.iter_mut().zip(sums.0) {
                store(out, self.digits(sums.total()));
            }
        }
    }
}

/// Eight columns moved up by one: the last of the eight before, and the first seven.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn one_up(before: __m512i, columns: __m512i) -> __m512i {
    _mm512_alignr_epi64::<7>(columns, before)
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn load(digits: &[u64; 8]) -> __m512i {
    // SAFETY: `digits` has eight numbers, and the instruction needs no alignment.
    unsafe { _mm512_loadu_si512(digits.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn store(digits: &mut [u64; 8], vector: __m512i) {
    // SAFETY: `digits` has room for eight numbers, and the instruction needs no alignment.
    unsafe {
        _mm512_storeu_si512(digits.as_mut_ptr().cast(), vector);
    }
}

/// A number from portable digits.
fn from_digits(number: &[Digit]) -> Digits {
    let mut out = ZERO;
    let digits = out.iter_mut().skip(START);
    for (to, digit) in digits.zip(radix::digits::<RADIX_BITS>(number)) {
        *to = digit;
    }
    out
}

/// Sets `out` to a residue below 2n, reduced below n, in portable digits.
fn to_digits(out: &mut [Digit], residue: &Digits, n: &[Digit]) {
    let digits = residue.iter().skip(START).map(|digit| digit.cast_signed());
    radix::set::<RADIX_BITS>(out, digits);
    reduce(out, n);
}

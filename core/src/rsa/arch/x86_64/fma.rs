//! The public operation in the vector units of x86-64, for processors with AVX and FMA.
//!
//! A number has digits of 47 bits, each in an `f64`: no vector multiplication of integers is as wide as
//! that of two mantissas, and fused multiply-adds give both halves of a product exactly. Every `f64` here
//! holds an integer exactly. The only rounding is to a multiple of the radix, and splits a product on
//! purpose: it must be to nearest, which `mxcsr` sees to.
//!
//! A product t of two numbers is reduced as a whole (Barrett 1986): q = t / n, by a reciprocal of n, and then
//! t - qn. That takes the high half of the columns of t, where q is found, and the low half of those of t - qn,
//! and no digit waits for the one before. Digits have the radix B = 2^47, are signed, and a little more than
//! B / 2 at most. Residues are signed, too: a reduction ends without a subtraction.
//!
//! Bounds. A residue has L digits: B^L >= 4n. A digit is at most D = 2^46 + 2^7 in size: B / 2, and what the
//! column below carries. No number has more than 90 digits, and a column is the sum of at most 90 products.
//! - `Sum::even` and `Sum::odd`, half of the products each: 45 D^2 < 2^98, where `ROUND` allows for
//!   2^98.
//! - `Sum::low`: each product leaves at most B / 2, so 90 * 2^46 < 2^53.
//! - A column, with the halves from the column below: 90 * 2^46 + 90 * D^2 / B < 2^54, which carries
//!   less than 2^7. The sum of two products is twice that, but `Total::add` has carried one of them.
//!
//! Of t, q is told the digits from `cut` on, rounded; the reciprocal is B^m / n, rounded down; and q is the
//! product of both from its digit m - `cut` on, rounded. So the error of q is at most the sum of
//! - that of t: 1/2 + 2^-38 of B^cut / n <= 1/8, and 1/32 for columns that are left out,
//! - that of the reciprocal: 81/80 * t / B^m <= 9/64,
//! - that of the product: 1/2 + 2^-37,
//!
//! and t - qn is less than n in size, for t up to n^2. All its digits from L on are zero, as those of every
//! number that is below B^L / 4: the others have a sum of at most B^L * (1/2 + 2^-38).

use core::arch::x86_64::{
    __m256d, _mm256_add_pd, _mm256_blend_pd, _mm256_fmadd_pd, _mm256_loadu_pd,
    _mm256_permute2f128_pd, _mm256_set1_pd, _mm256_setzero_pd, _mm256_shuffle_pd, _mm256_storeu_pd,
    _mm256_sub_pd,
};
use core::hint::black_box;
use core::mem::swap;

use super::{mxcsr, radix, reciprocal};
use crate::rsa::portable::digits::{BITS, Digit, MASK, bit_len};
use crate::rsa::portable::montgomery::upper_half;
use crate::rsa::power::{Step, Steps};

/// The bits of a digit.
const RADIX_BITS: usize = 47;
/// The radix B.
const B: f64 = (1_u64 << RADIX_BITS) as f64;
/// The digits of the longest number, rounded up to a multiple of four.
const MAX_DIGITS: usize = 92;
/// Stands for any bits of a modulus. The lengths for the most usual bits are constants, which saves time.
const ANY: usize = 0;
/// The place of digit 0. A number has zeros on both sides, so that no sum has special cases at its ends.
const START: usize = 8;

/// The most digits of residues that are short: a sum has room for two products of theirs.
const SHORT: usize = 44;

/// To add this is to round to a multiple of B: it is in the middle of 2^99 to 2^100, where the last bit of
/// an `f64` stands for 2^47.
const ROUND: f64 = 1.5 * (1_u128 << (RADIX_BITS + 52)) as f64;

type Digits = [f64; START + MAX_DIGITS + START];

const ZERO: Digits = [0.0; START + MAX_DIGITS + START];

/// A modulus n with its constants, all in digits.
struct Modulus {
    /// -n.
    negated: Digits,
    reciprocal: Digits,
    lengths: Lengths,
}

/// How many digits the numbers have.
#[derive(Clone, Copy)]
struct Lengths {
    /// L: of a residue and of q.
    residue: usize,
    /// `cut`: of the low part of t that q is not told.
    cut: usize,
    /// The first column of t that is computed for q. It is even.
    first: usize,
    /// Of the reciprocal and of the high part of t.
    reciprocal: usize,
    /// m: the reciprocal is B^m / n.
    log: usize,
}

impl Lengths {
    /// For an n of that many bits.
    const fn of(bits: usize) -> Self {
        let cut = bits.saturating_sub(4) / RADIX_BITS;
        let log = (2 * bits + 3).div_ceil(RADIX_BITS);
        let high_bits = (2 * bits).saturating_sub(cut * RADIX_BITS);
        let reciprocal_bits = (log * RADIX_BITS + 1).saturating_sub(bits);
        let most_bits = if high_bits > reciprocal_bits {
            high_bits
        } else {
            reciprocal_bits
        };
        Self {
            residue: (bits + 2).div_ceil(RADIX_BITS),
            cut,
            // The column below has at most 2^99, for 90 products, and those below it far less.
            first: bits.saturating_sub(58) / (2 * RADIX_BITS) * 2,
            reciprocal: (most_bits + 1).div_ceil(RADIX_BITS),
            log,
        }
    }
}

/// Whether the processor and the operating system support the instructions.
fn is_available() -> bool {
    cpufeatures::new!(fma, "avx", "fma");
    fma::get()
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
        mxcsr::in_default_state(|| unsafe {
            Modulus::new(n, constant).public_operation(upper_half(t, n), s, n, e);
        });
    }
    can
}

impl Modulus {
    /// From n and the key's constant, its reciprocal.
    #[target_feature(enable = "fma")]
    fn new(n: &[Digit], reciprocal: &[Digit]) -> Self {
        let lengths = Lengths::of(bit_len(n));
        let mut negated = from_digits(n, 0, lengths.residue);
        for digit in &mut negated {
            *digit = -*digit;
        }
        let skipped = reciprocal::log(reciprocal, n) - lengths.log * RADIX_BITS;
        Self {
            negated,
            reciprocal: from_digits(reciprocal, skipped, lengths.reciprocal),
            lengths,
        }
    }

    #[target_feature(enable = "fma")]
    fn public_operation(&self, power: &mut [Digit], s: &[Digit], n: &[Digit], e: u32) {
        match bit_len(n) {
            2048 => self.power::<2048>(power, s, n, e),
            3072 => self.power::<3072>(power, s, n, e),
            4096 => self.power::<4096>(power, s, n, e),
            _ => self.power::<ANY>(power, s, n, e),
        }
    }

    /// Sets `power` to s^e mod n, for an n of that many bits.
    #[target_feature(enable = "fma")]
    fn power<const BITS: usize>(&self, power: &mut [Digit], s: &[Digit], n: &[Digit], e: u32) {
        let signature = from_digits(s, 0, self.lengths.residue);
        let scratch = &mut Scratch { high: ZERO, q: ZERO };
        let (mut x, mut next) = (&mut Residue::of(&signature), &mut Residue::of(&ZERO));
        for step in Steps::of(e) {
            let t = match step {
                // A residue is no other number than in Montgomery form.
                Step::Enter => continue,
                Step::Square => Factors::Same(x),
                Step::Multiply => Factors::Two(&x.digits, &signature),
            };
            self.reduce::<BITS>(next, t, scratch);
            swap(&mut x, &mut next);
        }
        to_digits(power, &x.digits, n);
    }

    /// The lengths: constants where the bits of n are one.
    #[inline(always)]
    fn lengths<const BITS: usize>(&self) -> Lengths {
        if BITS == ANY {
            self.lengths
        } else {
            const { Lengths::of(BITS) }
        }
    }

    /// `out = t mod n`, for the product t of two numbers or of one with itself.
    #[target_feature(enable = "fma")]
    fn reduce<const BITS: usize>(&self, out: &mut Residue, t: Factors, Scratch { high, q }: &mut Scratch) {
        let Lengths { residue: len, cut, first, reciprocal, log } = self.lengths::<BITS>();
        match t {
            Factors::Two(x, y) => {
                high_columns(high, first, cut, reciprocal, |c| high_product(x, y, len, c));
            }
            Factors::Same(x) => {
                high_columns(high, first, cut, reciprocal, |c| high_square(x, len, c));
            }
        }
        let from = log - cut;
        high_columns(q, from - 2, from, len, |c| {
            high_product(high, &self.reciprocal, reciprocal, c)
        });
        let (digits, n) = (&mut out.digits, &self.negated);
        match t {
            Factors::Two(x, y) => low_columns(digits, len, |c| {
                let mut sums = Columns::zero();
                low_product(&mut sums, x, y, c);
                minus_qn(sums, q, n, len, c)
            }),
            Factors::Same(x) => low_columns(digits, len, |c| {
                let mut sums = Columns::zero();
                low_square(&mut sums, x, c);
                minus_qn(sums, q, n, len, c)
            }),
        }
        for (twice, digit) in out.twice.iter_mut().zip(&out.digits) {
            *twice = digit + digit;
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
    fn of(digits: &Digits) -> Self {
        Self {
            digits: *digits,
            twice: digits.map(|digit| digit + digit),
        }
    }
}

/// What is multiplied.
#[derive(Clone, Copy)]
enum Factors<'a> {
    Two(&'a Digits, &'a Digits),
    Same(&'a Residue),
}

struct Scratch {
    /// The high part of t.
    high: Digits,
    q: Digits,
}

/// The columns below `len`, and perhaps two more. `totals` gives eight at a time.
#[inline]
#[target_feature(enable = "fma")]
fn low_columns(out: &mut Digits, len: usize, totals: impl Fn(usize) -> [Total; 2]) {
    let mut carry = Carry::zero();
    // Starts a multiple of eight below the end: the first columns may lie below the number.
    let end = START + len.next_multiple_of(4);
    let mut c = end - (end - START).next_multiple_of(8);
    while c < end {
        carry.store(out, c, totals(c));
        c = black_box(c + 8);
    }
}

/// The `count` columns from `from` on, and perhaps some more, of a product of which the columns below `first`
/// are left out. `totals` gives eight at a time.
#[inline]
#[target_feature(enable = "fma")]
fn high_columns(
    out: &mut Digits,
    first: usize,
    from: usize,
    count: usize,
    totals: impl Fn(usize) -> [Total; 2],
) {
    let mut carry = Carry::zero();
    let mut c = START + first;
    while c < START + from + count {
        carry.store(out, c - from, totals(c));
        c = black_box(c + 8);
    }
    if let Some(below) = out.first_chunk_mut::<START>() {
        *below = [0.0; START];
    }
}

// Of the eight columns c to c + 7, the lower four have products of other digits of x than the upper four.
// Where the ranges differ, the lacking digits of y are the zeros around it.

/// The columns c to c + 7 of the low half of a product t, which are in `sums`, and of the product of q and -n.
#[inline]
#[target_feature(enable = "fma")]
fn minus_qn(mut sums: Columns, q: &Digits, n: &Digits, len: usize, c: usize) -> [Total; 2] {
    if len <= SHORT {
        low_product(&mut sums, q, n, c);
        return sums.totals();
    }
    let mut others = Columns::zero();
    low_product(&mut others, q, n, c);
    added(sums.totals(), others.totals())
}

/// Adds the columns c to c + 7 of the low half of x * y.
#[inline]
#[target_feature(enable = "fma")]
fn low_product(sums: &mut Columns, x: &Digits, y: &Digits, c: usize) {
    if let Some((both, upper)) = x.get(START..c + 8).and_then(<[f64]>::split_last_chunk)
        && let Some(y) = y.get(START - 4..c + 8)
        && let Some(window) = y.first_chunk()
    {
        sums.add_products(both, y);
        let [_, columns] = &mut sums.0;
        columns.add_four(upper, window);
    }
}

/// The columns c to c + 7 of the high half of x * y, which have `len` digits each.
#[inline]
#[target_feature(enable = "fma")]
fn high_product(x: &Digits, y: &Digits, len: usize, c: usize) -> [Total; 2] {
    let mut sums = Columns::zero();
    let end = START + len;
    let from = end - (end + len).saturating_sub(c + 1).next_multiple_of(4);
    if let Some((lower, both)) = x.get(from..end).and_then(<[f64]>::split_first_chunk)
        && let Some(y) = y.get(c - len..START + c + 4 - from)
        && let Some(window) = y.last_chunk()
    {
        let [columns, _] = &mut sums.0;
        columns.add_four(lower, window);
        sums.add_products(both, y);
    }
    sums.totals()
}

/// Adds the columns c to c + 7 of the low half of a square: each pair of different digits once, doubled.
#[inline]
#[target_feature(enable = "fma")]
fn low_square(sums: &mut Columns, x: &Residue, c: usize) {
    let middle = (START + c) / 2;
    let from = START - middle % 4;
    if let (Some(digits), Some(twice)) = (
        x.digits.get(from..middle),
        x.twice.get(middle..START + c + 8 - from),
    ) {
        sums.add_products(digits, twice);
    }
    sums.add_squares(x, middle);
}

/// The columns c to c + 7 of the high half of a square of `len` digits, for an even c.
#[inline]
#[target_feature(enable = "fma")]
fn high_square(x: &Residue, len: usize, c: usize) -> [Total; 2] {
    let mut sums = Columns::zero();
    let middle = (START + c) / 2;
    let from = middle - middle.saturating_sub(c + 1 - len).next_multiple_of(4);
    if let Some((lower, both)) = x.digits.get(from..middle).and_then(<[f64]>::split_first_chunk)
        && let Some(twice) = x.twice.get(middle..START + c + 4 - from)
        && let Some(window) = twice.last_chunk()
    {
        let [columns, _] = &mut sums.0;
        columns.add_four(lower, window);
        sums.add_products(both, twice);
    }
    sums.add_squares(x, middle);
    sums.totals()
}

/// Sums for eight columns.
struct Columns([Sum; 2]);

impl Columns {
    #[inline]
    #[target_feature(enable = "fma")]
    fn zero() -> Self {
        Self([Sum::zero(); 2])
    }

    /// Adds the products of the last digit of x with the second to ninth digits of y, of the digit before
    /// with the third to tenth digits, and so on. The length of x is a multiple of four, and y is eight
    /// digits longer.
    #[inline]
    #[target_feature(enable = "fma")]
    fn add_products(&mut self, x: &[f64], y: &[f64]) {
        let [mut columns, mut next] = self.0;
        let x = x.as_chunks::<4>().0.iter().rev();
        for ([x0, x1, x2, x3], y) in x.zip(y.as_chunks::<4>().0.array_windows::<3>()) {
            let Some(y) = y.as_flattened().first_chunk::<12>() else {
                break;
            };
            let [_, y3 @ .., _, _, _, _, _, _, _] = y;
            let [_, _, _, _, _, y3_next @ .., _, _, _] = y;
            let x3 = _mm256_set1_pd(*x3);
            columns.add_odd(x3, load(y3));
            next.add_odd(x3, load(y3_next));
            let [_, _, y2 @ .., _, _, _, _, _, _] = y;
            let [_, _, _, _, _, _, y2_next @ .., _, _] = y;
            let x2 = _mm256_set1_pd(*x2);
            columns.add_even(x2, load(y2));
            next.add_even(x2, load(y2_next));
            let [_, _, _, y1 @ .., _, _, _, _, _] = y;
            let [_, _, _, _, _, _, _, y1_next @ .., _] = y;
            let x1 = _mm256_set1_pd(*x1);
            columns.add_odd(x1, load(y1));
            next.add_odd(x1, load(y1_next));
            let [_, _, _, _, y0 @ .., _, _, _, _] = y;
            let [_, _, _, _, _, _, _, _, y0_next @ ..] = y;
            let x0 = _mm256_set1_pd(*x0);
            columns.add_even(x0, load(y0));
            next.add_even(x0, load(y0_next));
        }
        self.0 = [columns, next];
    }

    /// Adds the products of the digits of x from `middle` on, each with itself and with twice the higher
    /// digits.
    #[inline]
    #[target_feature(enable = "fma")]
    fn add_squares(&mut self, x: &Residue, middle: usize) {
        let (Some(digits), Some(twice)) = (
            x.digits
                .get(middle - 1..)
                .and_then(<[f64]>::first_chunk::<9>),
            x.twice
                .get(middle - 1..)
                .and_then(<[f64]>::first_chunk::<9>),
        ) else {
            return;
        };
        let [_, x0, x1, x2, x3, ..] = digits;
        let [columns, next] = &mut self.0;

        let [_, y @ .., _, _, _, _] = digits;
        let [_, y_twice @ .., _, _, _, _] = twice;
        let [_, _, _, _, _, y_next @ ..] = twice;
        let x0 = _mm256_set1_pd(*x0);
        let y = _mm256_blend_pd::<0b0001>(load(y_twice), load(y));
        columns.add_even(x0, y);
        next.add_even(x0, load(y_next));

        let [y @ .., _, _, _, _, _] = digits;
        let [y_twice @ .., _, _, _, _, _] = twice;
        let [_, _, _, _, y_next @ .., _] = twice;
        let x1 = _mm256_set1_pd(*x1);
        let y = _mm256_blend_pd::<0b0100>(load(y_twice), load(y));
        let y = _mm256_blend_pd::<0b0011>(y, _mm256_setzero_pd());
        columns.add_odd(x1, y);
        next.add_odd(x1, load(y_next));

        let [_, _, _, y @ .., _, _] = digits;
        let [_, _, _, y_twice @ .., _, _] = twice;
        let y = _mm256_blend_pd::<0b0001>(load(y_twice), load(y));
        next.add_even(_mm256_set1_pd(*x2), y);

        let [_, _, y @ .., _, _, _] = digits;
        let [_, _, y_twice @ .., _, _, _] = twice;
        let y = _mm256_blend_pd::<0b0100>(load(y_twice), load(y));
        let y = _mm256_blend_pd::<0b0011>(y, _mm256_setzero_pd());
        next.add_odd(_mm256_set1_pd(*x3), y);
    }

    #[inline]
    #[target_feature(enable = "fma")]
    fn totals(self) -> [Total; 2] {
        self.0.map(|sum| sum.total())
    }
}

/// A sum of products in four columns.
///
/// Two sums take the multiples of B in turn: each chain of dependent additions is half as long, and each
/// sum half as large.
#[derive(Clone, Copy)]
struct Sum {
    /// A multiple of B, and `ROUND`.
    even: __m256d,
    /// A multiple of B, and the negative of `ROUND`.
    odd: __m256d,
    low: __m256d,
}

impl Sum {
    #[inline]
    #[target_feature(enable = "fma")]
    fn zero() -> Self {
        Self {
            even: _mm256_set1_pd(ROUND),
            odd: _mm256_set1_pd(-ROUND),
            low: _mm256_setzero_pd(),
        }
    }

    /// Adds the products of x\[0\] with the last four digits of y, of x\[1\] with the four digits one place
    /// before, and so on.
    #[inline]
    #[target_feature(enable = "fma")]
    fn add_four(&mut self, x: &[f64; 4], y: &[f64; 8]) {
        let [x0, x1, x2, x3] = x;
        let [_, _, _, _, y0 @ ..] = y;
        let [_, _, _, y1 @ .., _] = y;
        let [_, _, y2 @ .., _, _] = y;
        let [_, y3 @ .., _, _, _] = y;
        self.add_even(_mm256_set1_pd(*x0), load(y0));
        self.add_odd(_mm256_set1_pd(*x1), load(y1));
        self.add_even(_mm256_set1_pd(*x2), load(y2));
        self.add_odd(_mm256_set1_pd(*x3), load(y3));
    }

    #[inline]
    #[target_feature(enable = "fma")]
    fn add_even(&mut self, x: __m256d, y: __m256d) {
        let high = _mm256_fmadd_pd(x, y, self.even);
        // What the rounding took off, exactly.
        let low = _mm256_fmadd_pd(x, y, _mm256_sub_pd(self.even, high));
        self.even = high;
        self.low = _mm256_add_pd(self.low, low);
    }

    #[inline]
    #[target_feature(enable = "fma")]
    fn add_odd(&mut self, x: __m256d, y: __m256d) {
        swap(&mut self.even, &mut self.odd);
        self.add_even(x, y);
        swap(&mut self.even, &mut self.odd);
    }

    #[inline]
    #[target_feature(enable = "fma")]
    fn total(self) -> Total {
        Total {
            // `ROUND` and its negative cancel out.
            high: _mm256_add_pd(self.even, self.odd),
            low: self.low,
        }
    }
}

/// The sum of four columns: `high`, a multiple of B, and `low`.
#[derive(Clone, Copy)]
struct Total {
    high: __m256d,
    low: __m256d,
}

impl Total {
    #[inline]
    #[target_feature(enable = "fma")]
    fn add(self, other: Self) -> Self {
        let carry = rounded(self.low);
        let high = _mm256_add_pd(self.high, carry);
        let low = _mm256_sub_pd(self.low, carry);
        Self {
            high: _mm256_add_pd(high, other.high),
            low: _mm256_add_pd(low, other.low),
        }
    }
}

#[inline]
#[target_feature(enable = "fma")]
fn added([x, y]: [Total; 2], [v, w]: [Total; 2]) -> [Total; 2] {
    [x.add(v), y.add(w)]
}

/// What the columns before add to the next ones.
struct Carry {
    high: __m256d,
    carry: __m256d,
}

impl Carry {
    #[inline]
    #[target_feature(enable = "fma")]
    fn zero() -> Self {
        Self {
            high: _mm256_setzero_pd(),
            carry: _mm256_setzero_pd(),
        }
    }

    /// The digits of the next four columns.
    #[inline]
    #[target_feature(enable = "fma")]
    fn digits(&mut self, total: Total) -> __m256d {
        let unit = _mm256_set1_pd(1.0 / B);
        let high = one_up(self.high, total.high);
        // May be inexact, but the carry then still is one that leaves a digit within its bounds.
        let column = _mm256_fmadd_pd(high, unit, total.low);
        let carry = rounded(column);
        let digits = _mm256_fmadd_pd(high, unit, _mm256_sub_pd(total.low, carry));
        let carried = one_up(self.carry, carry);
        self.high = total.high;
        self.carry = carry;
        _mm256_fmadd_pd(carried, unit, digits)
    }

    #[inline]
    #[target_feature(enable = "fma")]
    fn store(&mut self, out: &mut Digits, at: usize, totals: [Total; 2]) {
        if let Some(out) = out.get_mut(at..).and_then(<[f64]>::first_chunk_mut::<8>) {
            for (out, total) in out.as_chunks_mut().0.iter_mut().zip(totals) {
                store(out, self.digits(total));
            }
        }
    }
}

/// To the nearest multiple of B.
#[inline]
#[target_feature(enable = "fma")]
fn rounded(x: __m256d) -> __m256d {
    let round = _mm256_set1_pd(ROUND);
    _mm256_sub_pd(_mm256_add_pd(x, round), round)
}

/// Four columns moved up by one: the last of the four before, and the first three.
#[inline]
#[target_feature(enable = "fma")]
fn one_up(before: __m256d, columns: __m256d) -> __m256d {
    let middle = _mm256_permute2f128_pd::<0x21>(before, columns);
    _mm256_shuffle_pd::<0b0101>(middle, columns)
}

#[inline]
#[target_feature(enable = "fma")]
fn load(digits: &[f64; 4]) -> __m256d {
    // SAFETY: `digits` has four numbers, and the instruction needs no alignment.
    unsafe { _mm256_loadu_pd(digits.as_ptr()) }
}

#[inline]
#[target_feature(enable = "fma")]
fn store(digits: &mut [f64; 4], vector: __m256d) {
    // SAFETY: `digits` has room for four numbers, and the instruction needs no alignment.
    unsafe {
        _mm256_storeu_pd(digits.as_mut_ptr(), vector);
    }
}

/// A number of `len` digits, from portable digits without the lowest `skipped` bits.
#[inline(never)]
#[target_feature(enable = "fma")]
fn from_digits(number: &[Digit], skipped: usize, len: usize) -> Digits {
    let mut out = ZERO;
    let digits = out.iter_mut().skip(START).take(len);
    for (to, digit) in digits.zip(radix::digits::<RADIX_BITS>(number, skipped)) {
        *to = digit.cast_signed() as f64;
    }
    // The digits become signed.
    let mut carry = Carry::zero();
    for digits in out.as_chunks_mut().0.iter_mut().take((START + len) / 4 + 1) {
        let low = load(digits);
        let high = _mm256_setzero_pd();
        store(digits, carry.digits(Total { high, low }));
    }
    out
}

/// Sets `out` to a residue between -n and n, made positive, in portable digits.
fn to_digits(out: &mut [Digit], residue: &Digits, n: &[Digit]) {
    let digits = residue.iter().skip(START).map(|digit| *digit as i64);
    let is_negative = radix::set::<RADIX_BITS>(out, digits);
    if is_negative {
        let mut carry = 0;
        for (out, n) in out.iter_mut().zip(n) {
            carry += *out + *n;
            *out = carry & MASK;
            carry >>= BITS;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::reciprocal::tests::with_constant;
    use super::*;
    use num_bigint::{BigInt, BigUint};

    const D: f64 = (1_u64 << 46) as f64 + 128.0;

    fn value(digits: &Digits) -> BigInt {
        let digits = digits.iter().skip(START).rev();
        digits.fold(BigInt::ZERO, |sum, digit| {
            (sum << RADIX_BITS) + *digit as i64
        })
    }

    /// Numbers whose digits are at their bounds, except the two highest digits.
    fn extremes(len: usize) -> [Digits; 4] {
        [[D, D], [-D, -D], [D, -D], [-D, D]].map(|signs| {
            let mut out = ZERO;
            let digits = out.iter_mut().skip(START).take(len - 2);
            digits
                .zip(signs.iter().cycle())
                .for_each(|(digit, d)| *digit = *d);
            out
        })
    }

    #[test]
    fn the_lengths_keep_the_bounds() {
        for bits in 2048..=4096 {
            let Lengths {
                residue,
                cut,
                first,
                reciprocal,
                log,
            } = Lengths::of(bits);
            assert!(residue * RADIX_BITS >= bits + 2);
            assert!(cut * RADIX_BITS + 3 < bits && log * RADIX_BITS >= 2 * bits + 3);
            assert!(first % 2 == 0 && (first - 1) * RADIX_BITS + 99 + 5 < bits);
            assert!(cut >= first && cut - first < START);
            // A bit is for the sign.
            let digits = reciprocal * RADIX_BITS - 1;
            assert!(digits >= 2 * bits - cut * RADIX_BITS && digits > log * RADIX_BITS - bits);
            assert!(reciprocal.next_multiple_of(4) <= MAX_DIGITS);
            assert!(residue.max(reciprocal) <= 90);
        }
    }

    #[test]
    fn two_full_totals_are_added_exactly() {
        assert!(is_available(), "this processor cannot run the test");
        let (x, y) = ((1_u64 << 53) - 1, (1_u64 << 53) - 2);
        let mut out = ZERO;
        // SAFETY: the processor has the instructions.
        unsafe {
            let total = |low: u64| Total {
                high: _mm256_set1_pd(B * B),
                low: _mm256_set1_pd(low as f64),
            };
            let sum = total(x).add(total(y));
            let nothing = Sum::zero().total();
            Carry::zero().store(&mut out, START, [sum, nothing]);
        }
        let column = BigInt::from(x) + y + (BigInt::from(2) << (2 * RADIX_BITS));
        let expected = (0..4).fold(BigInt::ZERO, |sum, _| (sum << RADIX_BITS) + &column);
        assert_eq!(value(&out), expected);
    }

    /// Does what `reduce` does, for lengths that are constants, too.
    fn reduce(modulus: &Modulus, bits: usize, out: &mut Residue, t: Factors, scratch: &mut Scratch) {
        // SAFETY: the processor has the instructions.
        unsafe {
            match bits {
                2048 => modulus.reduce::<2048>(out, t, scratch),
                3072 => modulus.reduce::<3072>(out, t, scratch),
                4096 => modulus.reduce::<4096>(out, t, scratch),
                _ => modulus.reduce::<ANY>(out, t, scratch),
            }
        }
    }

    #[test]
    fn no_sum_is_rounded_at_the_bounds() {
        assert!(is_available(), "this processor cannot run the test");
        for bits in (2048..2148).chain([2560, 3071, 3072, 3073]).chain(4000..=4096) {
            for n in [(BigUint::from(1_u8) << bits) - 1_u8, (BigUint::from(1_u8) << (bits - 1)) + 1_u8] {
                let (digits, constant) = with_constant(&n);
                // SAFETY: the processor has the instructions.
                let modulus = unsafe { Modulus::new(&digits, &constant) };
                let n = BigInt::from(n);
                // SAFETY: the processor has the instructions.
                let highest = unsafe { from_digits(&digits, 0, modulus.lengths.residue) };
                let numbers = extremes(modulus.lengths.residue);
                for x in numbers.iter().chain([&highest, &modulus.negated]) {
                    for y in numbers.iter().chain([&highest, &modulus.negated]) {
                        let mut out = Residue::of(&ZERO);
                        let scratch = &mut Scratch { high: ZERO, q: ZERO };
                        let square = Residue::of(x);
                        for (terms, t) in [
                            (Factors::Two(x, y), value(x) * value(y)),
                            (Factors::Same(&square), value(x) * value(x)),
                        ] {
                            reduce(&modulus, bits, &mut out, terms, scratch);
                            let residue = value(&out.digits);
                            assert_eq!((&residue - &t) % &n, BigInt::ZERO, "{bits}");
                            assert!(residue.magnitude() * 32_u8 < n.magnitude() * 26_u8, "{bits}");
                            let digits = out.digits.iter().chain(&scratch.high).chain(&scratch.q);
                            assert!(digits.into_iter().all(|digit| digit.abs() <= D));
                            let above = out.digits.iter().skip(START + modulus.lengths.residue);
                            assert!(above.into_iter().all(|digit| *digit == 0.0));
                        }
                    }
                }
            }
        }
    }
}

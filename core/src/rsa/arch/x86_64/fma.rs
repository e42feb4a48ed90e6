//! The public operation in the vector units of x86-64, for processors with AVX and FMA.
//!
//! A number has digits of 47 bits, each in an `f64`: no vector multiplication of integers is as wide as
//! that of two mantissas, and fused multiply-adds give both halves of a product exactly. Every `f64` here
//! holds an integer exactly. The only rounding is to a multiple of the radix, and splits a product on
//! purpose: it must be to nearest, which `mxcsr` sees to.
//!
//! With the radix B = 2^47, n of L digits and R = B^L, a product t is reduced as a whole
//! (Montgomery 1985, section 1): q = t * (-1/n) mod R, and then (t + q * n) / R. That takes the low
//! half of the columns of t and q and the high half of those of t + q * n, and no digit waits for the
//! one before. Digits are signed, and a little more than B / 2 at most. Residues are signed, too: a
//! reduction ends without a subtraction.
//!
//! Bounds. B^L >= 16 n. A digit is at most D = 2^46 + 2^7 in size: B / 2, and what the column below
//! carries. L is at most 88, so that a column is the sum of at most 88 products.
//! - `Sum::even` and `Sum::odd`, half of the products each: 44 D^2 < 2^98, where `ROUND` allows for
//!   2^98.
//! - `Sum::low`: each product leaves at most B / 2, so 88 * 2^46 < 2^53.
//! - A column, with the halves from the column below: 88 * 2^46 + 88 * D^2 / B < 2^54, which carries
//!   less than 2^7. The sum of two products is twice that, but `Total::add` has carried one of them.
//! - A residue r: |q| <= R / 2 * (1 + 2^-38), so |r| <= |t| / R + n / 2 * (1 + 2^-38), which is less
//!   than n for |t| < n^2 * 6: the sum of all digits above L vanishes.

use core::arch::x86_64::{
    __m256d, _mm256_add_pd, _mm256_blend_pd, _mm256_fmadd_pd, _mm256_loadu_pd,
    _mm256_permute2f128_pd, _mm256_set1_pd, _mm256_setzero_pd, _mm256_shuffle_pd, _mm256_storeu_pd,
    _mm256_sub_pd,
};
use core::mem::swap;

use super::{constants, mxcsr, radix};
use crate::rsa::portable::digits::{BITS, Digit, MASK, bit_len};
use crate::rsa::portable::montgomery::upper_half;
use crate::rsa::power::{Step, Steps};

/// The bits of a digit.
const RADIX_BITS: usize = 47;
/// The radix B.
const B: f64 = (1_u64 << RADIX_BITS) as f64;
/// The digits of 4096 bits and 4 more.
const MAX_DIGITS: usize = 88;
/// The place of digit 0. A number has zeros on both sides, so that no sum has special cases at its ends.
const START: usize = 8;

/// To add this is to round to a multiple of B: it is in the middle of 2^99 to 2^100, where the last bit of
/// an `f64` stands for 2^47.
const ROUND: f64 = 1.5 * (1_u128 << (RADIX_BITS + 52)) as f64;

type Digits = [f64; START + MAX_DIGITS + START];

const ZERO: Digits = [0.0; START + MAX_DIGITS + START];

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
    /// From n and the key's constant.
    #[target_feature(enable = "fma")]
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

    #[target_feature(enable = "fma")]
    fn public_operation(&self, power: &mut [Digit], s: &[Digit], n: &[Digit], e: u32) {
        let signature = from_digits(s);
        let scratch = &mut Scratch { low: ZERO, q: ZERO };
        let (mut x, mut next) = (&mut Residue::ZERO.clone(), &mut Residue::ZERO.clone());
        x.digits = signature;
        for step in Steps::of(e) {
            match step {
                Step::Enter => self.reduce(next, Factors::Two(&x.digits, &self.r_squared), scratch),
                Step::Square => self.reduce(next, Factors::Same(x), scratch),
                Step::Multiply => self.reduce(next, Factors::Two(&x.digits, &signature), scratch),
            }
            swap(&mut x, &mut next);
        }
        to_digits(power, &x.digits, n);
    }

    /// `out = t / R mod n`, for the product t of two numbers or of one with itself.
    #[target_feature(enable = "fma")]
    fn reduce(&self, out: &mut Residue, t: Factors, Scratch { low, q }: &mut Scratch) {
        let (len, n) = (self.len, &self.n);
        match t {
            Factors::Two(x, y) => low_columns(low, len, |c| low_product(x, y, c)),
            Factors::Same(x) => low_columns(low, len, |c| low_square(x, c)),
        }
        low_columns(q, len, |c| low_product(low, &self.negated_inverse, c));
        let digits = &mut out.digits;
        match t {
            Factors::Two(x, y) => high_columns(digits, len, len, |c| {
                added(high_product(x, y, len, c), high_product(q, n, len, c))
            }),
            Factors::Same(x) => high_columns(digits, len, len, |c| {
                added(high_square(x, len, c), high_product(q, n, len, c))
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
    const ZERO: Self = Self {
        digits: ZERO,
        twice: ZERO,
    };
}

/// What is multiplied.
#[derive(Clone, Copy)]
enum Factors<'a> {
    Two(&'a Digits, &'a Digits),
    Same(&'a Residue),
}

struct Scratch {
    low: Digits,
    q: Digits,
}

/// -1/n mod R, by Newton's iteration: y = -1/n mod B^k leads to y + y(ny + 1), where ny + 1 is a multiple
/// of B^k.
#[inline(never)]
#[target_feature(enable = "fma")]
fn negated_inverse(n: &Digits, n_digits: &[Digit], len: usize) -> Digits {
    const FIRST: usize = 12;
    const FIRST_DIGITS: usize = (FIRST * RADIX_BITS).div_ceil(BITS as usize);
    let mut inverse = from_digits(&constants::negated_inverse_digits::<FIRST_DIGITS>(n_digits));
    // Each halving leaves half of the digits or a few more.
    let digits = |halvings: u32| ((len >> halvings) + 1).next_multiple_of(4).min(len);
    let mut known = FIRST;
    let mut halvings = 0;
    while digits(halvings) > FIRST {
        halvings += 1;
    }
    let (mut error, mut next) = (ZERO, ZERO);
    while halvings > 0 {
        halvings -= 1;
        let wanted = digits(halvings);
        high_columns(&mut error, known, wanted - known, |c| {
            middle_product(&inverse, n, known, c)
        });
        low_columns(&mut next, wanted - known, |c| {
            low_product(&error, &inverse, c)
        });
        let higher = inverse.iter_mut().skip(START + known).take(wanted - known);
        for (digit, next) in higher.zip(next.iter().skip(START)) {
            *digit = *next;
        }
        known = wanted;
    }
    inverse
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
        c += 8;
    }
}

/// The `count` columns from `from` on, of a sum that is a multiple of B^from, or one less than a multiple.
/// `totals` gives eight at a time.
///
/// Two or four columns below `from` are computed, too. What the columns below those would carry is far
/// less than B / 2, so that rounding gives the carry into column `from`.
#[inline]
#[target_feature(enable = "fma")]
fn high_columns(out: &mut Digits, from: usize, count: usize, totals: impl Fn(usize) -> [Total; 2]) {
    let mut carry = Carry::zero();
    let mut c = START + from - from % 4 - 2;
    while c < START + from + count {
        carry.store(out, c - from, totals(c));
        c += 8;
    }
    if let Some(below) = out.first_chunk_mut::<START>() {
        *below = [0.0; START];
    }
}

// Of the eight columns c to c + 7, the lower four have products of other digits of x than the upper four.
// Where the ranges differ, the lacking digits of y are the zeros around it.

/// The columns c to c + 7 of the low half of x * y.
#[inline]
#[target_feature(enable = "fma")]
fn low_product(x: &Digits, y: &Digits, c: usize) -> [Total; 2] {
    let mut sums = Columns::zero();
    if let Some((both, upper)) = x.get(START..c + 8).and_then(<[f64]>::split_last_chunk)
        && let Some(y) = y.get(START - 4..c + 8)
        && let Some(window) = y.first_chunk()
    {
        sums.add_products(both, y);
        let [_, columns] = &mut sums.0;
        columns.add_four(upper, window);
    }
    sums.totals()
}

/// The columns c to c + 7 of the high half of x * y.
#[inline]
#[target_feature(enable = "fma")]
fn high_product(x: &Digits, y: &Digits, len: usize, c: usize) -> [Total; 2] {
    let mut sums = Columns::zero();
    if let Some((x0, x)) = x
        .get(c + 1 - len..START + len)
        .and_then(<[f64]>::split_first)
        && let Some(y) = y.get(c - len..START + len + 6)
        && let Some(window) = y.last_chunk::<7>()
    {
        let [columns, _] = &mut sums.0;
        let [y0 @ .., _, _, _] = window;
        columns.add_odd(_mm256_set1_pd(*x0), load(y0));
        sums.add_products(x, y);
    }
    sums.totals()
}

/// The columns c to c + 7 of x * y, for the `len` digits of x and c of at least `len` - 2.
#[inline]
#[target_feature(enable = "fma")]
fn middle_product(x: &Digits, y: &Digits, len: usize, c: usize) -> [Total; 2] {
    let mut sums = Columns::zero();
    if let (Some(x), Some(y)) = (x.get(START..START + len), y.get(c - len..c + 8)) {
        sums.add_products(x, y);
    }
    sums.totals()
}

/// The columns c to c + 7 of the low half of a square: each pair of different digits once, doubled.
#[inline]
#[target_feature(enable = "fma")]
fn low_square(x: &Residue, c: usize) -> [Total; 2] {
    let mut sums = Columns::zero();
    let middle = (START + c) / 2;
    let from = START - middle % 4;
    if let (Some(digits), Some(twice)) = (
        x.digits.get(from..middle),
        x.twice.get(middle..START + c + 8 - from),
    ) {
        sums.add_products(digits, twice);
    }
    sums.add_squares(x, middle);
    sums.totals()
}

/// The columns c to c + 7 of the high half of a square.
#[inline]
#[target_feature(enable = "fma")]
fn high_square(x: &Residue, len: usize, c: usize) -> [Total; 2] {
    let mut sums = Columns::zero();
    let middle = (START + c) / 2;
    let from = c + 1 - len;
    let single = middle.saturating_sub(from) % 4;
    if let Some((singles, digits)) = x
        .digits
        .get(from..middle)
        .and_then(|x| x.split_at_checked(single))
        && let Some(twice) = x.twice.get(middle..START + c + 8 - from - single)
        && let Some(window) = x
            .twice
            .get(START + len - 2..)
            .and_then(<[f64]>::first_chunk::<5>)
    {
        let [columns, _] = &mut sums.0;
        if let [x0, x1] = singles {
            let [_, y0 @ ..] = window;
            let [y1 @ .., _] = window;
            columns.add_even(_mm256_set1_pd(*x0), load(y0));
            columns.add_odd(_mm256_set1_pd(*x1), load(y1));
        }
        sums.add_products(digits, twice);
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

/// A number from portable digits.
#[inline(never)]
#[target_feature(enable = "fma")]
fn from_digits(number: &[Digit]) -> Digits {
    let mut out = ZERO;
    let digits = out.iter_mut().skip(START);
    for (to, digit) in digits.zip(radix::digits::<RADIX_BITS>(number)) {
        *to = digit.cast_signed() as f64;
    }
    // The digits become signed.
    let mut carry = Carry::zero();
    for digits in out.as_chunks_mut().0 {
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
    use super::*;
    use crate::rsa::portable::digits::{set_from_be_bytes, stored_digits};
    use num_bigint::{BigInt, BigUint};
    use std::vec::Vec;

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

    #[test]
    fn no_sum_is_rounded_at_the_bounds() {
        assert!(is_available(), "this processor cannot run the test");
        for limbs in 32..=64 {
            let n_bytes: Vec<u8> = std::iter::repeat_n(u8::MAX, 8 * limbs).collect();
            let n_value = BigInt::from(BigUint::from_bytes_be(&n_bytes));
            let mut n: Vec<Digit> = std::vec![0; stored_digits(64 * limbs)];
            set_from_be_bytes(&mut n, &n_bytes);
            // SAFETY: the processor has the instructions.
            let modulus = unsafe { Modulus::new(&n, &n) };
            let len = modulus.len;
            let r = BigInt::from(1) << (len * RADIX_BITS);
            let inverse = value(&modulus.negated_inverse);
            assert_eq!((&n_value * inverse + 1) % &r, BigInt::ZERO);
            for x in &extremes(len) {
                for y in &extremes(len) {
                    let mut out = Residue::ZERO;
                    let scratch = &mut Scratch { low: ZERO, q: ZERO };
                    let mut square = Residue {
                        digits: *x,
                        twice: *x,
                    };
                    square.twice.iter_mut().for_each(|digit| *digit *= 2.0);
                    for (terms, t) in [
                        (Factors::Two(x, y), value(x) * value(y)),
                        (Factors::Same(&square), value(x) * value(x)),
                    ] {
                        // SAFETY: the processor has the instructions.
                        unsafe { modulus.reduce(&mut out, terms, scratch) };
                        let residue = value(&out.digits);
                        assert_eq!((&residue * &r - &t) % &n_value, BigInt::ZERO, "{limbs}");
                        assert!(residue.magnitude() < n_value.magnitude());
                        let digits = out.digits.iter().chain(&scratch.low).chain(&scratch.q);
                        assert!(digits.into_iter().all(|digit| digit.abs() <= D));
                    }
                }
            }
        }
    }
}

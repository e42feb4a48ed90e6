//! The public operation in the vector units of x86-64, for processors with AVX-512 IFMA.
//!
//! As in `fma`, but IFMA multiplies integers of 52 bits: digits are unsigned integers, and instructions
//! give the two halves of a product.
//!
//! Bounds. The radix B is 2^50, and a residue has L digits: B^L >= 16n. L <= 82, and no number has
//! more than 84 digits. A digit is at most B + 2^14, so that its double is below 2^52.
//! - `Sum`: at most 84 products for each of two terms, 2^52 each, and a digit of n: below 2^60.
//! - A column: 2^60 and four times that, below 2^63; it carries less than 2^13.
//!
//! Of a product t, q is told the digits from `cut` on; the reciprocal is B^m / n, rounded down; and q is the
//! product of both from its digit m - `cut` on. So q is not above t / n, and below it by at most the sum of
//! - what it is not told of t: B^cut / n <= 1/8, and 1/32 for columns that are left out,
//! - what the reciprocal lacks: 81/80 * t / B^m <= 1/12,
//! - what the product lacks: 1 + 2^-35,
//!
//! and the residue, which is t - qn + n, is from n to n * 9/4, for t up to n^2 * 81/16. It is at least B^(L-1)
//! / 32, so that its digits from L on, and the bits of its highest one above B, are only what a sum modulo a
//! power of B may have too much.

use core::arch::x86_64::{
    __m512i, _mm512_add_epi64, _mm512_alignr_epi64, _mm512_and_si512, _mm512_loadu_si512,
    _mm512_madd52hi_epu64, _mm512_madd52lo_epu64, _mm512_mask_madd52hi_epu64,
    _mm512_mask_madd52lo_epu64, _mm512_mask_mov_epi64, _mm512_set1_epi64,
    _mm512_setzero_si512, _mm512_slli_epi64, _mm512_srli_epi64, _mm512_storeu_si512,
};
use core::hint::black_box;
use core::mem::swap;

use super::{radix, reciprocal};
use crate::rsa::portable::digits::{Digit, bit_len, subtract};
use crate::rsa::portable::montgomery::{reduce, upper_half};
use crate::rsa::power::{Step, Steps};

/// The bits of a digit.
const RADIX_BITS: usize = 50;
/// The radix B.
const B: u64 = 1 << RADIX_BITS;
/// The digits of the longest number, rounded up to a multiple of eight.
const MAX_DIGITS: usize = 88;
/// Stands for any bits of a modulus. The lengths for the most usual bits are constants, which saves time.
const ANY: usize = 0;
/// The place of digit 0. A number has zeros on both sides.
const START: usize = 16;

type Digits = [u64; START + MAX_DIGITS + START];

const ZERO: Digits = [0; START + MAX_DIGITS + START];

/// A modulus n with its constants, all in digits.
struct Modulus {
    n: Digits,
    /// B^`low` - n.
    complement: Digits,
    reciprocal: Digits,
    /// The bits that the highest eight of the `low` digits of a residue can have.
    top: [u64; 8],
    lengths: Lengths,
}

/// How many digits the numbers have.
#[derive(Clone, Copy)]
struct Lengths {
    /// L: of a residue.
    residue: usize,
    /// L, rounded up to an even number: of what a residue is computed from.
    low: usize,
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
        let residue = (bits + 4).div_ceil(RADIX_BITS);
        let cut = bits.saturating_sub(4) / RADIX_BITS;
        let log = (2 * bits + 6).div_ceil(RADIX_BITS);
        let high_bits = (2 * bits + 3).saturating_sub(cut * RADIX_BITS);
        let reciprocal_bits = (log * RADIX_BITS + 1).saturating_sub(bits);
        let most_bits = if high_bits > reciprocal_bits {
            high_bits
        } else {
            reciprocal_bits
        };
        Self {
            residue,
            low: residue.next_multiple_of(2),
            cut,
            // The column below has at most 2^107, for 84 products, and those below it far less.
            first: bits.saturating_sub(63) / (2 * RADIX_BITS) * 2,
            reciprocal: most_bits.div_ceil(RADIX_BITS),
            log,
        }
    }
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
    /// From n and the key's constant, its reciprocal.
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn new(n: &[Digit], reciprocal: &[Digit]) -> Self {
        let lengths = Lengths::of(bit_len(n));
        let skipped = reciprocal::log(reciprocal, n) - lengths.log * RADIX_BITS;
        let n = from_digits(n, 0, lengths.residue);
        let mut complement = n;
        for digit in complement.iter_mut().skip(START).take(lengths.low) {
            *digit = B - 1 - *digit;
        }
        // n is odd: the lowest digit is even.
        if let Some(lowest) = complement.get_mut(START) {
            *lowest += 1;
        }
        let mut top = [u64::MAX; 8];
        let mut highest = top.iter_mut().rev();
        if lengths.low != lengths.residue {
            highest.next().into_iter().for_each(|digit| *digit = 0);
        }
        highest.next().into_iter().for_each(|digit| *digit = B - 1);
        Self {
            n,
            complement,
            reciprocal: from_digits(reciprocal, skipped, lengths.reciprocal),
            top,
            lengths,
        }
    }

    #[target_feature(enable = "avx512f,avx512ifma")]
    fn public_operation(&self, power: &mut [Digit], s: &[Digit], n: &[Digit], e: u32) {
        match bit_len(n) {
            2048 => self.power::<2048>(power, s, n, e),
            3072 => self.power::<3072>(power, s, n, e),
            4096 => self.power::<4096>(power, s, n, e),
            _ => self.power::<ANY>(power, s, n, e),
        }
    }

    /// Sets `power` to s^e mod n, for an n of that many bits.
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn power<const BITS: usize>(&self, power: &mut [Digit], s: &[Digit], n: &[Digit], e: u32) {
        let signature = from_digits(s, 0, self.lengths.residue);
        let scratch = &mut Scratch { high: ZERO, q: ZERO };
        let (mut x, mut next) = (&mut Residue::of(&signature), &mut Residue::of(&ZERO));
        for step in Steps::of(e) {
            let t = match step {
                // A residue is no other number than in Montgomery form.
                Step::Enter => continue,
                Step::Square => Terms::Square(x),
                Step::Multiply => Terms::Product(&x.digits, &signature),
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

    /// `out = t mod n`, for a product or a square t.
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn reduce<const BITS: usize>(&self, out: &mut Residue, t: Terms, Scratch { high, q }: &mut Scratch) {
        let Lengths {
            residue,
            low,
            cut,
            first,
            reciprocal,
            log,
        } = self.lengths::<BITS>();
        match t {
            Terms::Product(x, y) => {
                high_columns(high, first, cut, reciprocal, |c| high_product(x, y, residue, c));
            }
            Terms::Square(x) => {
                high_columns(high, first, cut, reciprocal, |c| high_square(x, residue, c));
            }
        }
        let from = log - cut;
        high_columns(q, from - 2, from, low, |c| {
            high_product(high, &self.reciprocal, reciprocal, c)
        });
        let digits = &mut out.digits;
        let start = |c| {
            let mut sums = Columns::starting_with(&self.n, c);
            low_product(&mut sums, q, &self.complement, c);
            sums
        };
        match t {
            Terms::Product(x, y) => low_columns(digits, low, |c| {
                let mut sums = start(c);
                low_product(&mut sums, x, y, c);
                sums
            }),
            Terms::Square(x) => low_columns(digits, low, |c| {
                let mut sums = start(c);
                low_square(&mut sums, x, c);
                sums
            }),
        }
        if let Some(highest) = out
            .digits
            .get_mut(START + low - 8..)
            .and_then(<[u64]>::first_chunk_mut)
        {
            store(highest, _mm512_and_si512(load(highest), load(&self.top)));
        }
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
    fn of(digits: &Digits) -> Self {
        Self {
            digits: *digits,
            twice: digits.map(|digit| digit << 1),
        }
    }
}

/// Products of digits to sum up.
#[derive(Clone, Copy)]
enum Terms<'a> {
    /// Of two numbers.
    Product(&'a Digits, &'a Digits),
    /// Of a number with itself.
    Square(&'a Residue),
}

struct Scratch {
    /// The high part of t.
    high: Digits,
    q: Digits,
}

/// The columns below `len`. `sums` gives sixteen at a time.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn low_columns(out: &mut Digits, len: usize, sums: impl Fn(usize) -> Columns) {
    let mut carry = Carry::zero();
    // Starts a multiple of 16 below the end: the first columns may lie below the number.
    let mut c = START + len - len.next_multiple_of(16);
    while c < START + len {
        carry.store(out, c, sums(c));
        c = black_box(c + 16);
    }
}

/// The `count` columns from `from` on, and perhaps some more, of a product of which the columns below `first`
/// are left out. `sums` gives sixteen at a time.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn high_columns(
    out: &mut Digits,
    first: usize,
    from: usize,
    count: usize,
    sums: impl Fn(usize) -> Columns,
) {
    let mut carry = Carry::zero();
    let mut c = START + first;
    while c < START + from + count {
        carry.store(out, c - from, sums(c));
        c = black_box(c + 16);
    }
    if let Some(below) = out.first_chunk_mut::<START>() {
        *below = [0; START];
    }
}

/// Adds the columns c to c + 15 of the low half of x * y.
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
fn high_product(x: &Digits, y: &Digits, len: usize, c: usize) -> Columns {
    let mut sums = Columns::zero();
    // Starts up to one digit early, at a product with zero, so that there is an even number of digits.
    let end = START + len;
    let from = end - (end + len).saturating_sub(c + 1).next_multiple_of(2).max(8);
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
    sums
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
fn high_square(x: &Residue, len: usize, c: usize) -> Columns {
    let mut sums = Columns::zero();
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
    sums
}

/// Sums for sixteen columns.
struct Columns([EightColumns; 2]);

impl Columns {
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn zero() -> Self {
        Self([EightColumns::zero(); 2])
    }

    /// The columns c to c + 15 of a number.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn starting_with(number: &Digits, c: usize) -> Self {
        let mut sums = Self::zero();
        if let Some(digits) = number.get(c..) {
            for (sums, digits) in sums.0.iter_mut().zip(digits.as_chunks().0) {
                sums.even.low = load(digits);
            }
        }
        sums
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

/// A number of `len` digits, from portable digits without the lowest `skipped` bits.
#[inline(never)]
fn from_digits(number: &[Digit], skipped: usize, len: usize) -> Digits {
    let mut out = ZERO;
    let digits = out.iter_mut().skip(START).take(len);
    for (to, digit) in digits.zip(radix::digits::<RADIX_BITS>(number, skipped)) {
        *to = digit;
    }
    out
}

/// Sets `out` to a residue of at least n and below 3n, reduced below n, in portable digits.
fn to_digits(out: &mut [Digit], residue: &Digits, n: &[Digit]) {
    let digits = residue.iter().skip(START).map(|digit| digit.cast_signed());
    radix::set::<RADIX_BITS>(out, digits);
    subtract(out, n);
    reduce(out, n);
}

#[cfg(test)]
mod tests {
    use super::super::reciprocal::tests::with_constant;
    use super::*;
    use crate::rsa::portable::digits::{set_from_be_bytes, stored_digits};
    use crate::rsa::public_operation::tests::not_tested;
    use num_bigint::BigUint;
    use std::vec::Vec;

    const MAX: u64 = B + (1 << 14);

    fn value(digits: &Digits) -> BigUint {
        let digits = digits.iter().skip(START).rev();
        digits.fold(BigUint::ZERO, |sum, digit| (sum << RADIX_BITS) + *digit)
    }

    /// Numbers whose digits are at their bounds, except the two highest digits.
    fn extremes(len: usize) -> [Digits; 3] {
        [[0, 0], [MAX, MAX], [MAX, B - 1]].map(|pattern| {
            let mut out = ZERO;
            let digits = out.iter_mut().skip(START).take(len - 2);
            digits
                .zip(pattern.iter().cycle())
                .for_each(|(to, digit)| *to = *digit);
            out
        })
    }

    #[test]
    fn the_lengths_keep_the_bounds() {
        for bits in 2048..=4096 {
            let Lengths {
                residue,
                low,
                cut,
                first,
                reciprocal,
                log,
            } = Lengths::of(bits);
            assert!(residue * RADIX_BITS >= bits + 4 && residue <= 82);
            assert!((residue - 1) * RADIX_BITS < bits + 4);
            assert!(low.is_multiple_of(2) && low - residue <= 1);
            assert!(cut * RADIX_BITS + 3 < bits && log * RADIX_BITS >= 2 * bits + 6);
            assert!(first.is_multiple_of(2) && (first - 1) * RADIX_BITS + 107 + 5 < bits);
            assert!(cut >= first && cut - first < START);
            let digits = reciprocal * RADIX_BITS;
            assert!(digits >= 2 * bits + 3 - cut * RADIX_BITS && digits > log * RADIX_BITS - bits);
            assert!(reciprocal <= 84);
        }
    }

    /// Does what `reduce` does, for lengths that are constants, too.
    fn reduce(modulus: &Modulus, bits: usize, out: &mut Residue, t: Terms, scratch: &mut Scratch) {
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
    fn residues_keep_the_bounds() {
        if !is_available() {
            return not_tested();
        }
        let one = &BigUint::from(1_u8);
        for bits in (2048..2150)
            .chain([2560, 3071, 3072, 3073])
            .chain(4000..=4096)
        {
            for n in [(one << bits) - one, (one << (bits - 1)) + one] {
                let (digits, constant) = with_constant(&n);
                // SAFETY: the processor has the instructions.
                let modulus = unsafe { Modulus::new(&digits, &constant) };
                let len = modulus.lengths.residue;
                // The highest residue, and numbers whose products are close to multiples of n.
                let highest = &n * 9_u8 / 4_u8;
                let numbers = [&highest, &n, &(&n - one), &(&n * 2_u8 - one), one].map(|x| {
                    let mut digits = std::vec![0; stored_digits(bits)];
                    set_from_be_bytes(&mut digits, &x.to_bytes_be());
                    from_digits(&digits, 0, len)
                });
                let numbers = numbers.iter().chain(&extremes(len)).copied().collect::<Vec<_>>();
                for x in &numbers {
                    for y in &numbers {
                        let mut out = Residue::of(&ZERO);
                        let scratch = &mut Scratch { high: ZERO, q: ZERO };
                        let square = Residue::of(x);
                        for (terms, t) in [
                            (Terms::Product(x, y), value(x) * value(y)),
                            (Terms::Square(&square), value(x) * value(x)),
                        ] {
                            reduce(&modulus, bits, &mut out, terms, scratch);
                            let residue = value(&out.digits);
                            assert_eq!(&residue % &n, t % &n, "{bits}");
                            assert!(residue >= n && residue <= highest, "{bits}");
                            let digits = out.digits.iter().chain(&scratch.high).chain(&scratch.q);
                            assert!(digits.into_iter().all(|digit| *digit <= MAX));
                        }
                    }
                }
            }
        }
    }
}

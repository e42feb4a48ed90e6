//! Eight public operations at once, of one number in each lane, for processors with AVX-512 IFMA.
//!
//! With the radix B = 2^52, n of L digits and R = B^L, a vector has one digit of eight numbers. What `ifma`
//! has to shuffle, and what it computes in vain at the ends of a number, is not needed here: column after
//! column is summed up, and each of the lower ones gives a digit of q (Montgomery 1985, section 2).
//!
//! Digits are taken in blocks of four, and columns, too, so that a digit that was loaded is used four times,
//! for eight sums that do not wait for each other.
//!
//! To enter Montgomery form is no multiplication by R^2, but the lower half of -qn, for q = xR / n by the
//! reciprocal of n (Barrett 1986).
//!
//! Bounds. B^L >= 4n and L <= 80. All digits are below B.
//! - A column: at most 81 products each of two terms, two halves of less than B of each: below 2^61. What is
//!   carried is below 2^9.
//! - A residue r: r <= (xy + qn) / R < n * (4n / R + 1) <= 2n for x, y < 2n.
//! - On entering, q is not above xR / n, and below it by at most 1 for what the product lacks, 5/4 * x / R <=
//!   5/8 for what the reciprocal lacks, and far less for columns that are left out: r < 2n. Only q mod R
//!   matters.

use core::arch::x86_64::{
    __m512i, _mm512_add_epi64, _mm512_and_si512, _mm512_madd52hi_epu64, _mm512_madd52lo_epu64,
    _mm512_or_si512, _mm512_set1_epi64, _mm512_setr_epi64, _mm512_setzero_si512, _mm512_sllv_epi64,
    _mm512_srli_epi64, _mm512_srlv_epi64, _mm512_storeu_si512, _mm512_sub_epi64,
};
use core::mem::swap;

use super::ifma::is_available;
use super::{radix, reciprocal};
use crate::rsa::portable::digits::{self, Digit, MASK, bit_len};
use crate::rsa::portable::montgomery;
use crate::rsa::power::{Step, Steps};

/// How many numbers a vector has a digit of.
const LANES: usize = 8;
/// The bits of a digit.
const RADIX_BITS: usize = 52;
/// The radix B.
const B: u64 = 1 << RADIX_BITS;
/// The digits of a block.
const BLOCK: usize = 4;
/// The blocks of 4096 bits and 2 more.
const MAX_BLOCKS: usize = 4098_usize.div_ceil(RADIX_BITS * BLOCK);

/// Four digits of each number.
type Block = [__m512i; BLOCK];
/// Eight numbers of at most two blocks more, and a block of zeros above.
type Numbers = [Block; MAX_BLOCKS + 3];

/// Eight moduli n of the same bits with their constants, all in digits.
struct Moduli {
    n: Numbers,
    /// -1/n mod B.
    negated_inverse: __m512i,
    /// R^2 / n, rounded down.
    reciprocal: Numbers,
    /// The blocks of a number: L / 4.
    len: usize,
}

/// Sets each of `numbers`, which holds a signature s, to s^e mod n, and returns true. It returns false if the
/// processor lacks the instructions. The moduli have the same bits, and each has its key's constant.
pub(crate) fn public_operation(
    numbers: [&mut [Digit]; LANES],
    n: [&[Digit]; LANES],
    constants: [&[Digit]; LANES],
    e: u32,
) -> bool {
    let can = is_available();
    if can {
        // SAFETY: the processor has the instructions.
        unsafe {
            Moduli::new(n, constants).public_operation(numbers, n, e);
        }
    }
    can
}

impl Moduli {
    /// From the moduli and the keys' constants, their reciprocals.
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn new(moduli: [&[Digit]; LANES], reciprocals: [&[Digit]; LANES]) -> Self {
        let ([modulus, ..], [reciprocal, ..]) = (moduli, reciprocals);
        let len = (bit_len(modulus) + 2).div_ceil(RADIX_BITS * BLOCK);
        let len = len.min(MAX_BLOCKS);
        let lowest = |n: &[Digit]| montgomery::negated_inverse(n.first().copied().unwrap_or(0));
        let skipped = reciprocal::log(reciprocal, modulus) - 2 * len * BLOCK * RADIX_BITS;
        Self {
            negated_inverse: vector(moduli.map(lowest)),
            n: from_digits(moduli, 0, len),
            reciprocal: from_digits(reciprocals, skipped, len + 2),
            len,
        }
    }

    #[target_feature(enable = "avx512f,avx512ifma")]
    fn public_operation(&self, mut numbers: [&mut [Digit]; LANES], n: [&[Digit]; LANES], e: u32) {
        let signatures = from_digits(numbers.each_ref().map(|number| &**number), 0, self.len);
        let (mut x, mut next, q) = (&mut signatures.clone(), &mut zero(), &mut zero());
        for step in Steps::of(e) {
            match step {
                Step::Enter => self.enter(next, x, q),
                Step::Square => self.reduce::<true>(next, x, x, q),
                Step::Multiply => self.reduce::<false>(next, x, &signatures, q),
            }
            swap(&mut x, &mut next);
        }
        to_digits(&mut numbers, x);
        for (number, n) in numbers.into_iter().zip(n) {
            montgomery::reduce(number, n);
        }
    }

    /// `out = xR mod n`.
    #[inline(never)]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn enter(&self, out: &mut Numbers, x: &Numbers, q: &mut Numbers) {
        let mut carry = _mm512_setzero_si512();
        // The block below is only for what it carries.
        let below = Sums::of_product(x, &self.reciprocal, self.len, self.len - 1);
        (_, carry) = digits_of(below.columns(carry));
        for (k, q) in q.iter_mut().enumerate().take(self.len) {
            let sums = Sums::of_product(x, &self.reciprocal, self.len, self.len + k);
            (*q, carry) = digits_of(sums.columns(carry));
        }
        // -qn mod R is the complement of qn mod R and 1.
        carry = _mm512_setzero_si512();
        let mut up = _mm512_set1_epi64(1);
        let mask = _mm512_set1_epi64(B as i64 - 1);
        for (k, out) in out.iter_mut().enumerate().take(self.len) {
            let sums = Sums::of_product(q, &self.n, self.len, k);
            let digits;
            (digits, carry) = digits_of(sums.columns(carry));
            *out = digits.map(|digit| {
                let negated = _mm512_add_epi64(_mm512_sub_epi64(mask, digit), up);
                up = carried(negated);
                _mm512_and_si512(negated, mask)
            });
        }
    }

    /// `out = xy / R mod n`, for y = x if it is a square.
    #[inline(never)]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn reduce<const IS_SQUARE: bool>(
        &self,
        out: &mut Numbers,
        x: &Numbers,
        y: &Numbers,
        q: &mut Numbers,
    ) {
        let mut carry = _mm512_setzero_si512();
        for k in 0..self.len {
            let mut sums = Sums::zero();
            if IS_SQUARE {
                sums.add_low_square(x, q, &self.n, k);
            } else {
                sums.add_low_product(x, y, q, &self.n, k);
            }
            let digits;
            (digits, carry) = self.next_of_q(sums.columns(carry));
            if let Some(q) = q.get_mut(k) {
                *q = digits;
            }
        }
        for (k, out) in out.iter_mut().enumerate().take(self.len) {
            let mut sums = Sums::zero();
            if IS_SQUARE {
                sums.add_high_square(x, q, &self.n, self.len, k);
            } else {
                sums.add_high_product(x, y, q, &self.n, self.len, k);
            }
            (*out, carry) = digits_of(sums.columns(carry));
        }
    }

    /// The digits of q that clear four columns, and what these carry then.
    ///
    /// A digit of q clears the low bits of a column, so that it carries 1 more if they were not zero: the
    /// next column need not wait for the low half of that product.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn next_of_q(&self, [c0, c1, c2, c3, c4]: [__m512i; 5]) -> (Block, __m512i) {
        let [[n0, n1, n2, n3], ..] = self.n;
        let zero = _mm512_setzero_si512();
        let low = _mm512_madd52lo_epu64;
        let high = _mm512_madd52hi_epu64;
        let up = |c| carried(_mm512_add_epi64(c, _mm512_set1_epi64(B as i64 - 1)));

        let q0 = low(zero, c0, self.negated_inverse);
        let c1 = low(_mm512_add_epi64(c1, up(c0)), q0, n1);
        let c1 = _mm512_add_epi64(c1, high(zero, q0, n0));
        let c2 = high(low(c2, q0, n2), q0, n1);
        let c3 = high(low(c3, q0, n3), q0, n2);
        let c4 = high(c4, q0, n3);

        let q1 = low(zero, c1, self.negated_inverse);
        let c2 = low(_mm512_add_epi64(c2, up(c1)), q1, n1);
        let c2 = _mm512_add_epi64(c2, high(zero, q1, n0));
        let c3 = high(low(c3, q1, n2), q1, n1);
        let c4 = high(c4, q1, n2);

        let q2 = low(zero, c2, self.negated_inverse);
        let c3 = low(_mm512_add_epi64(c3, up(c2)), q2, n1);
        let c3 = _mm512_add_epi64(c3, high(zero, q2, n0));
        let c4 = high(c4, q2, n1);

        let q3 = low(zero, c3, self.negated_inverse);
        let c4 = high(_mm512_add_epi64(c4, up(c3)), q3, n0);
        ([q0, q1, q2, q3], c4)
    }
}

/// Two sums for each column of a block, which take products in turn: with one, half of the multipliers
/// would wait for the other half.
struct Sums {
    /// Has those of a product or a square t.
    t: Columns,
    /// Has those of qn.
    qn: Columns,
}

impl Sums {
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn zero() -> Self {
        Self {
            t: Columns::zero(),
            qn: Columns::zero(),
        }
    }

    /// Block k of xy, for an x of `len` blocks.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn of_product(x: &Numbers, y: &Numbers, len: usize, k: usize) -> Self {
        let mut sums = Self::zero();
        let zeros = [_mm512_setzero_si512(); BLOCK];
        for (x, above) in x.iter().take(len).zip((0..=k).rev()) {
            if let Some(upper) = y.get(above) {
                let lower = above.checked_sub(1).and_then(|below| y.get(below));
                sums.t.add_block(x, lower.unwrap_or(&zeros), upper);
            }
        }
        sums
    }

    /// Adds block k of xy, and of qn for the lower blocks of q, in the low half.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn add_low_product(&mut self, x: &Numbers, y: &Numbers, q: &Numbers, n: &Numbers, k: usize) {
        if let (Some([below @ .., last]), Some(y)) = (x.get(..=k), y.get(..=k))
            && let (Some(q), Some(n), Some(first)) = (q.get(..k), n.get(..=k), y.first())
        {
            self.add_rows([below, y], [q, n]);
            self.t.add_lower(last, first);
        }
    }

    /// The same for the square of x.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn add_low_square(&mut self, x: &Numbers, q: &Numbers, n: &Numbers, k: usize) {
        let middle = k / 2;
        let above = k - middle;
        if let (Some(x_below), Some(x_above)) = (x.get(..middle), x.get(above..=k))
            && let (Some(q), Some(n)) = (q.get(..k), n.get(..=k))
            && let (Some((q, q_rest)), Some(n_above), Some(n_rest)) =
                (q.split_at_checked(middle), n.get(above..), n.get(..=above))
        {
            self.add_rows([x_below, x_above], [q, n_above]);
            self.t.add_middle(x, k);
            self.add_rows_in_halves(q_rest, n_rest);
        }
    }

    /// Adds block `len` + k of xy and qn, in the high half.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn add_high_product(
        &mut self,
        x: &Numbers,
        y: &Numbers,
        q: &Numbers,
        n: &Numbers,
        len: usize,
        k: usize,
    ) {
        if let (Some([x_first, x @ ..]), Some(y)) = (x.get(k..len), y.get(k..len))
            && let (Some([q_first, q @ ..]), Some(n)) = (q.get(k..len), n.get(k..len))
            && let (Some(y_last), Some(n_last)) = (y.last(), n.last())
        {
            self.t.add_upper(x_first, y_last);
            self.qn.add_upper(q_first, n_last);
            self.add_rows([x, y], [q, n]);
        }
    }

    /// The same for the square of x.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn add_high_square(&mut self, x: &Numbers, q: &Numbers, n: &Numbers, len: usize, k: usize) {
        let middle = usize::midpoint(len, k);
        let above = len + k - middle;
        if let (Some([q_first, q @ ..]), Some(n)) = (q.get(k..len), n.get(k..len))
            && let Some(n_last) = n.last()
        {
            self.qn.add_upper(q_first, n_last);
            if let (Some([x_first, x_below @ ..]), Some(x_above)) =
                (x.get(k..middle), x.get(above..len))
                && let Some(x_last) = x_above.last()
                && let (Some((q, q_rest)), Some(n_above), Some(n_rest)) = (
                    q.split_at_checked(x_below.len()),
                    n.get(above - k..),
                    n.get(..=above - k),
                )
            {
                self.t.add_upper(x_first, x_last);
                self.add_rows([x_below, x_above], [q, n_above]);
                self.t.add_middle(x, len + k);
                self.add_rows_in_halves(q_rest, n_rest);
            } else {
                self.t.add_middle(x, len + k);
            }
        }
    }

    /// Adds, for each of the two pairs, the products of the first block of x with the last two of y, of the
    /// second block with the two one place before, and so on: y is one block longer.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn add_rows(&mut self, [x, y]: [&[Block]; 2], [q, n]: [&[Block]; 2]) {
        let (mut t, mut qn) = (self.t, self.qn);
        let first = x.iter().zip(y.array_windows().rev());
        let second = q.iter().zip(n.array_windows().rev());
        for ((x, [y_lower, y_upper]), (q, [n_lower, n_upper])) in first.zip(second) {
            t.add_block(x, y_lower, y_upper);
            qn.add_block(q, n_lower, n_upper);
        }
        (self.t, self.qn) = (t, qn);
    }

    /// Adds the same for one pair, of which each sum takes one half.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn add_rows_in_halves(&mut self, q: &[Block], n: &[Block]) {
        let half = q.len() / 2;
        let above = q.len() - half;
        if let Some((q, q_rest)) = q.split_at_checked(half)
            && let Some((q_half, q_last)) = q_rest.split_at_checked(half)
            && let (Some(n_upper), Some(n_lower)) = (n.get(above..), n.get(q_last.len()..=above))
        {
            self.add_rows([q, n_upper], [q_half, n_lower]);
            if let ([q], [n_lower, n_upper, ..]) = (q_last, n) {
                self.qn.add_block(q, n_lower, n_upper);
            }
        }
    }

    /// The four columns, to which the ones below carry that much, and what belongs to the one above.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn columns(self, carry: __m512i) -> [__m512i; BLOCK + 1] {
        let [c0, c1, c2, c3] = self.t.plus(self.qn).0;
        [
            _mm512_add_epi64(c0.low, carry),
            _mm512_add_epi64(c1.low, c0.high),
            _mm512_add_epi64(c2.low, c1.high),
            _mm512_add_epi64(c3.low, c2.high),
            c3.high,
        ]
    }
}

/// Sums for the four columns of a block.
#[derive(Clone, Copy)]
struct Columns([Sum; BLOCK]);

impl Columns {
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn zero() -> Self {
        let zero = _mm512_setzero_si512();
        Self(
            [Sum {
                low: zero,
                high: zero,
            }; BLOCK],
        )
    }

    /// Adds the products of the digits of x, the first with those of `upper`, and each other one with four
    /// that start one place before.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn add_block(&mut self, [x0, x1, x2, x3]: &Block, lower: &Block, upper: &Block) {
        let [_, l1, l2, l3] = *lower;
        let [u0, u1, u2, u3] = *upper;
        self.add_row(*x0, [u0, u1, u2, u3]);
        self.add_row(*x1, [l3, u0, u1, u2]);
        self.add_row(*x2, [l2, l3, u0, u1]);
        self.add_row(*x3, [l1, l2, l3, u0]);
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn add_row(&mut self, x: __m512i, [y0, y1, y2, y3]: Block) {
        let [c0, c1, c2, c3] = &mut self.0;
        c0.add_product(x, y0);
        c1.add_product(x, y1);
        c2.add_product(x, y2);
        c3.add_product(x, y3);
    }

    /// Adds the lower four columns of the product of two blocks.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn add_lower(&mut self, [x0, x1, x2, x3]: &Block, y: &Block) {
        self.add_row(*x0, *y);
        let ([_, c1, c2, c3], [y0, y1, y2, _]) = (&mut self.0, *y);
        c1.add_product(*x1, y0);
        c2.add_product(*x1, y1);
        c3.add_product(*x1, y2);
        c2.add_product(*x2, y0);
        c3.add_product(*x2, y1);
        c3.add_product(*x3, y0);
    }

    /// Adds the upper three columns of the product of two blocks.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn add_upper(&mut self, [_, x1, x2, x3]: &Block, [_, y1, y2, y3]: &Block) {
        let [c0, c1, c2, _] = &mut self.0;
        c0.add_product(*x3, *y1);
        c1.add_product(*x3, *y2);
        c2.add_product(*x3, *y3);
        c0.add_product(*x2, *y2);
        c1.add_product(*x2, *y3);
        c0.add_product(*x1, *y3);
    }

    /// Completes the columns of block k of a square, which have the products of digits that lie further
    /// apart: adds those of different digits near the middle, doubles them all, and adds the squares.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn add_middle(&mut self, x: &Numbers, k: usize) {
        let Some([lower, upper]) = x.get(k / 2..).and_then(<[Block]>::first_chunk) else {
            return;
        };
        let [x0, x1, x2, x3] = *lower;
        if k.is_multiple_of(2) {
            let [_, c1, c2, c3] = &mut self.0;
            c1.add_product(x0, x1);
            c2.add_product(x0, x2);
            c3.add_product(x0, x3);
            c3.add_product(x1, x2);
            self.double();
            let [c0, _, c2, _] = &mut self.0;
            c0.add_product(x0, x0);
            c2.add_product(x1, x1);
        } else {
            let [u0, u1, u2, u3] = *upper;
            self.add_row(x0, [u0, u1, u2, u3]);
            self.add_row(x1, [x3, u0, u1, u2]);
            let [_, c1, c2, c3] = &mut self.0;
            c1.add_product(x2, x3);
            c2.add_product(x2, u0);
            c3.add_product(x2, u1);
            c3.add_product(x3, u0);
            self.double();
            let [c0, _, c2, _] = &mut self.0;
            c0.add_product(x2, x2);
            c2.add_product(x3, x3);
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn double(&mut self) {
        *self = self.plus(*self);
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn plus(mut self, other: Self) -> Self {
        for (to, from) in self.0.iter_mut().zip(other.0) {
            to.low = _mm512_add_epi64(to.low, from.low);
            to.high = _mm512_add_epi64(to.high, from.high);
        }
        self
    }
}

/// A sum of products in one column: `high` * B + `low`.
#[derive(Clone, Copy)]
struct Sum {
    low: __m512i,
    high: __m512i,
}

impl Sum {
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn add_product(&mut self, x: __m512i, y: __m512i) {
        self.low = _mm512_madd52lo_epu64(self.low, x, y);
        self.high = _mm512_madd52hi_epu64(self.high, x, y);
    }
}

/// The digits of four columns, and what these carry.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn digits_of([c0, c1, c2, c3, c4]: [__m512i; BLOCK + 1]) -> (Block, __m512i) {
    let c1 = _mm512_add_epi64(c1, carried(c0));
    let c2 = _mm512_add_epi64(c2, carried(c1));
    let c3 = _mm512_add_epi64(c3, carried(c2));
    let c4 = _mm512_add_epi64(c4, carried(c3));
    let mask = _mm512_set1_epi64(B as i64 - 1);
    let digits = [c0, c1, c2, c3].map(|c| _mm512_and_si512(c, mask));
    (digits, c4)
}

/// What a column carries.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn carried(column: __m512i) -> __m512i {
    _mm512_srli_epi64::<{ RADIX_BITS as u32 }>(column)
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn zero() -> Numbers {
    [[_mm512_setzero_si512(); BLOCK]; MAX_BLOCKS + 3]
}

/// A vector with a number in each lane.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn vector(lanes: [u64; LANES]) -> __m512i {
    let [a, b, c, d, e, f, g, h] = lanes.map(u64::cast_signed);
    _mm512_setr_epi64(a, b, c, d, e, f, g, h)
}

/// The numbers in the lanes.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn lanes(vector: __m512i) -> [u64; LANES] {
    let mut lanes = [0; LANES];
    // SAFETY: `lanes` has room for eight numbers, and the instruction needs no alignment.
    unsafe {
        _mm512_storeu_si512(lanes.as_mut_ptr().cast(), vector);
    }
    lanes
}

/// Numbers of `len` blocks, from portable digits without the lowest `skipped` bits.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512ifma")]
fn from_digits(numbers: [&[Digit]; LANES], skipped: usize, len: usize) -> Numbers {
    let mut out = zero();
    let mut digits = numbers.map(|number| radix::digits::<RADIX_BITS>(number, skipped));
    for to in out.iter_mut().take(len).flatten() {
        *to = vector(digits.each_mut().map(|digits| digits.next().unwrap_or(0)));
    }
    out
}

/// Sets `out` to numbers, in portable digits.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512ifma")]
fn to_digits(out: &mut [&mut [Digit]; LANES], numbers: &Numbers) {
    let len = out.each_ref().map(|out| out.len()).into_iter().max();
    let mask = _mm512_set1_epi64(MASK as i64);
    let mut digits = numbers.as_flattened().iter();
    let (mut rest, mut bits) = (_mm512_setzero_si512(), 0);
    for at in 0..len.unwrap_or(0) {
        let mut digit = rest;
        while bits < digits::BITS as usize {
            let next = digits.next().copied().unwrap_or(_mm512_setzero_si512());
            let (left, right) = (bits as i64, (digits::BITS as usize - bits) as i64);
            let low = _mm512_sllv_epi64(next, _mm512_set1_epi64(left));
            digit = _mm512_or_si512(digit, low);
            rest = _mm512_srlv_epi64(next, _mm512_set1_epi64(right));
            bits += RADIX_BITS;
        }
        bits -= digits::BITS as usize;
        for (out, lane) in out.iter_mut().zip(lanes(_mm512_and_si512(digit, mask))) {
            if let Some(out) = out.get_mut(at) {
                *out = lane;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::reciprocal::tests::with_constant;
    use super::*;
    use crate::rsa::portable::digits::{set_from_be_bytes, stored_digits};
    use crate::rsa::public_operation::tests::not_tested;
    use num_bigint::BigUint;
    use std::vec::Vec;

    fn digits(number: &BigUint, bits: usize) -> Vec<Digit> {
        let mut digits = std::vec![0; stored_digits(bits)];
        set_from_be_bytes(&mut digits, &number.to_bytes_be());
        digits
    }

    /// The number in lane 0.
    fn value(numbers: &Numbers) -> BigUint {
        let digits = numbers.as_flattened().iter().rev();
        digits.fold(BigUint::ZERO, |sum, digit| {
            // SAFETY: the processor has the instructions.
            let [digit, ..] = unsafe { lanes(*digit) };
            (sum << RADIX_BITS) + digit
        })
    }

    /// Also of numbers whose R is as close to 4n, and as far from it, as can be.
    #[test]
    fn the_highest_numbers_enter_montgomery_form() {
        if !is_available() {
            return not_tested();
        }
        let one = &BigUint::from(1_u8);
        for bits in [2048, 2078, 2079, 2286, 2287, 3072, 4095, 4096] {
            for n in [(one << bits) - one, (one << (bits - 1)) + one] {
                let (n_digits, constant) = with_constant(&n);
                for x in [BigUint::ZERO, one.clone(), &n - one, n.clone(), &n * 2_u8 - one] {
                    let x_digits = digits(&x, bits);
                    // SAFETY: the processor has the instructions.
                    let (r, form) = unsafe {
                        let moduli = Moduli::new([&n_digits; LANES], [&constant; LANES]);
                        let x: [&[Digit]; LANES] = [&x_digits; LANES];
                        let x = from_digits(x, 0, moduli.len);
                        let (out, q) = (&mut zero(), &mut zero());
                        moduli.enter(out, &x, q);
                        (one << (moduli.len * BLOCK * RADIX_BITS), value(out))
                    };
                    assert_eq!(&form % &n, x * r % &n, "{bits}");
                    assert!(form < &n * 2_u8, "{bits}");
                }
            }
        }
    }
}

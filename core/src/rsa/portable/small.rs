//! All numbers of few digits, through the same code as numbers of 4096 bits: with digits of 3, 4 or 8 bits.
//!
//! With two and four digits, the code takes each of its paths but longer loops: the first and the last columns
//! or rows, those between, a carry into the last one, and none. What it computes with more digits follows by
//! induction over the columns, as `tests/proofs` has it.

extern crate std;

use std::println;
use std::vec::Vec;

use super::digits::{BITS, Digit, MASK, ZEROS, bit_len, stored_digits};
use super::montgomery::{
    STEP, WINDOW, estimate, reciprocal, reduce, set_to_constant, shift, take, top, upper_half,
};
use crate::rsa::power::Step;

/// Numbers of so many digits at the most can be checked with the integers of the processor.
type Number = u64;

/// A modulus, and what is computed modulo it.
struct Modulus {
    n: Number,
    digits: Vec<Digit>,
    /// R
    r: Number,
    /// What all factors and results are below.
    bound: Number,
    t: Vec<Digit>,
    y: Vec<Digit>,
}

impl Modulus {
    fn new(n: Number) -> Self {
        let bits = (Number::BITS - n.leading_zeros()) as usize;
        let len = stored_digits(bits);
        let r = 1 << (BITS as usize * (len - ZEROS));
        let bound = if cfg!(products = "rows") { r } else { 2 * n };
        assert!(if cfg!(products = "rows") {
            r > n
        } else {
            r >= 4 * n
        });
        Self {
            n,
            digits: digits(n, len),
            r,
            bound,
            t: std::vec![0; 2 * len - ZEROS],
            y: std::vec![0; len],
        }
    }

    /// Takes a step with x and y, which is not used for a square, and checks the product.
    fn check(&mut self, step: Step, x: Number, y: Number) {
        // What is where q comes to be must not matter.
        self.t.fill(MASK);
        set(upper_half(&mut self.t, &self.digits), x);
        set(&mut self.y, y);
        take(step, &mut self.t, &self.y, &self.digits, &self.y);
        let y = if step == Step::Square { x } else { y };
        let half = upper_half(&mut self.t, &self.digits);
        assert!(half.iter().all(|digit| *digit <= MASK));
        let result = number(half);
        let Self { n, r, bound, .. } = *self;
        assert!(result < bound, "{x} * {y} mod {n}: {result}");
        let is_right = product(result, r, n) == product(x, y, n);
        assert!(is_right, "{x} * {y} mod {n}: {result}");
        // The last factor of a power is below n.
        if y < n {
            assert!(result < 2 * n, "{x} * {y} mod {n}: {result}");
            reduce(half, &self.digits);
            assert_eq!(number(half), result % n);
        }
    }
}

/// xy mod n
fn product(x: Number, y: Number, n: Number) -> Number {
    match x.checked_mul(y) {
        Some(product) => product % n,
        None => (u128::from(x) * u128::from(y) % u128::from(n)) as Number,
    }
}

fn digits(number: Number, len: usize) -> Vec<Digit> {
    let mut digits = std::vec![0; len];
    set(&mut digits, number);
    digits
}

fn set(digits: &mut [Digit], number: Number) {
    let mut rest = number;
    for digit in digits {
        *digit = rest as Digit & MASK;
        rest = rest.checked_shr(BITS).unwrap_or(0);
    }
    assert_eq!(rest, 0);
}

fn number(digits: &[Digit]) -> Number {
    digits
        .iter()
        .rev()
        .fold(0, |number, digit| number << BITS | Number::from(*digit))
}

/// Odd numbers of that many bits.
fn moduli(bits: core::ops::RangeInclusive<u32>) -> impl Iterator<Item = Number> {
    let (first, last) = (*bits.start(), *bits.end());
    ((1 << (first - 1))..(1 << last)).filter(|n| n % 2 == 1 && *n > 1)
}

/// Numbers whose digits are the lowest, the highest, or have but the lowest or the highest bit set.
fn extremes(len: usize, bound: Number) -> Vec<Number> {
    let patterns = [0, 1, MASK >> 1, (MASK >> 1) + 1, MASK - 1, MASK];
    let all = (0..patterns.len().pow(len as u32)).map(|pattern| {
        (0..len).fold(0, |number, place| {
            let digit = patterns[pattern / patterns.len().pow(place as u32) % patterns.len()];
            number << BITS | Number::from(digit)
        })
    });
    let near = [bound - 1, bound / 2, bound / 2 + 1, bound / 2 - 1];
    all.chain(near).filter(|x| *x < bound).collect()
}

/// Two digits: all moduli and all pairs of factors.
#[test]
fn all_products_of_two_digits() {
    // Of 8 bits, all pairs of two digits would be 2^47.
    if cfg!(products = "rows") {
        return;
    }
    let mut counted: u64 = 0;
    for n in moduli(2..=2 * BITS - 2) {
        let mut modulus = Modulus::new(n);
        assert_eq!(modulus.digits.len() - ZEROS, 2);
        for x in 0..modulus.bound {
            modulus.check(Step::Square, x, 0);
            for y in 0..modulus.bound {
                modulus.check(Step::Multiply, x, y);
            }
            counted += 1 + modulus.bound;
        }
    }
    println!("exhaustive: {counted} products of two digits of {BITS} bits");
}

/// Four digits: all moduli and all pairs of factors.
#[cfg(digits = "3")]
#[test]
fn all_products_of_four_digits() {
    let mut counted: u64 = 0;
    for n in moduli(2 * BITS - 1..=4 * BITS - 2) {
        let mut modulus = Modulus::new(n);
        assert_eq!(modulus.digits.len() - ZEROS, 4);
        for x in 0..modulus.bound {
            modulus.check(Step::Square, x, 0);
            for y in 0..modulus.bound {
                modulus.check(Step::Multiply, x, y);
            }
            counted += 1 + modulus.bound;
        }
    }
    println!("exhaustive: {counted} products of four digits of {BITS} bits");
}

/// All moduli with the factors that make the highest and the lowest sums, and all squares and products of some.
#[test]
fn products_of_more_digits() {
    let mut counted: u64 = 0;
    let bits = if cfg!(products = "rows") {
        2..=2 * BITS
    } else {
        2 * BITS - 1..=4 * BITS - 2
    };
    // By rows, these are of one group, and the others of two.
    let longer = match cfg!(products = "rows") {
        true => extremes(4, 1 << (4 * BITS)),
        false => Vec::new(),
    };
    let longer = longer
        .into_iter()
        .filter(|n| n % 2 == 1 && *n >= 1 << (3 * BITS));
    for n in moduli(bits).chain(longer) {
        let mut modulus = Modulus::new(n);
        let len = modulus.digits.len() - ZEROS;
        let factors = extremes(len, modulus.bound);
        // Every so many moduli have all pairs of these, and all squares.
        let is_whole = n % 509 == 1;
        let some = if is_whole {
            &*factors
        } else {
            &factors[factors.len() - 4..]
        };
        for x in &factors {
            modulus.check(Step::Square, *x, 0);
            for y in some {
                modulus.check(Step::Multiply, *x, *y);
            }
        }
        counted += (factors.len() * (1 + some.len())) as u64;
        if is_whole && modulus.bound < 1 << 20 {
            for x in 0..modulus.bound {
                modulus.check(Step::Square, x, 0);
                modulus.check(Step::Multiply, x, n - 1);
            }
            counted += 2 * modulus.bound;
        }
    }
    println!("exhaustive: {counted} products of more digits of {BITS} bits");
}

/// Six digits, and so runs that are longer than a sum has room for.
#[test]
fn products_of_six_digits() {
    let len = 6;
    let mut state = 1_u64;
    let mut counted: u64 = 0;
    for at in 0..2000 {
        // xorshift64 (Marsaglia 2003): the same numbers every time.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let bits = len as u32 * BITS - 2;
        let highest = (1 << bits) - 1;
        let n = match at {
            0 => highest,
            1 => highest / 2 + 2,
            _ => (state & highest) | highest / 2 + 1 | 1,
        };
        let mut modulus = Modulus::new(n);
        assert!(modulus.digits.len() - ZEROS >= len);
        let below = |number: u64| number % modulus.bound;
        let (x, y) = (below(state.rotate_left(20)), below(state.rotate_left(40)));
        let bound = modulus.bound;
        for x in [x, bound - 1, highest, 1] {
            modulus.check(Step::Square, x, 0);
            for y in [y, bound - 1, highest, n - 1, 1] {
                modulus.check(Step::Multiply, x, y);
            }
            counted += 6;
        }
    }
    println!("exhaustive: {counted} products of six digits of {BITS} bits");
}

/// All moduli that have enough bits: the constant, and all steps of the long division.
#[test]
fn all_steps_of_the_long_division() {
    let mut counted: u64 = 0;
    for n in moduli(WINDOW as u32..=4 * BITS - 2).filter(|n| *n < 1 << 14) {
        let mut modulus = Modulus::new(n);
        let len = modulus.digits.len();
        let mut constant = std::vec![0; len];
        set_to_constant(&mut constant, &modulus.digits);
        let r = modulus.r;
        assert_eq!(number(&constant), product(r, r, n));
        modulus.check(Step::Enter, n - 1, number(&constant));

        let below = bit_len(&modulus.digits) - WINDOW;
        let reciprocal = reciprocal(top(&modulus.digits, below) + 1);
        let mut x_digits = digits(0, len);
        for x in 0..2 * n {
            set(&mut x_digits, x);
            let q = Number::from(estimate(top(&x_digits, below), reciprocal));
            let exact = x << STEP;
            assert!(q * n <= exact && exact < (q + 2) * n, "{x} / {n}: {q}");
            shift(&mut x_digits, &modulus.digits, 1);
            assert_eq!(number(&x_digits), exact - q * n);
        }
        counted += 1 + 2 * n;
    }
    println!("exhaustive: {counted} steps of the long division with digits of {BITS} bits");
}

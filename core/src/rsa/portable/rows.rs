//! Products by rows, for digits of whole words.
//!
//! A strip of four digits of one factor is multiplied with the whole other factor at a time. Then a
//! multiple of n clears the four lowest digits of the sum, which moves down by four digits (Montgomery 1985;
//! Koc, Acar and Kaliski 1996, "coarsely integrated operand scanning").
//!
//! Bounds. With B = 2^(bits of a digit) and R = B^L > n, factors are below R. A sum is below R + n, so that
//! at most 1 is carried above its L digits, and where it is, one subtraction of n leaves less than R.

use core::cell::Cell;

use super::digits::{BITS, Digit, GROUP, Wide, subtract};

/// `x = x * y / R mod n`, or `x = x * x / R mod n` without y. The sum takes as many digits as x, and its
/// digits before do not matter.
///
/// x is below R, up to a multiple of n, and below 2n if a factor is below n.
// Written so that the compiler needs no panic for a bound.
#[inline(always)]
pub(super) fn multiply(
    x: &mut [Digit],
    y: Option<&[Digit]>,
    sum: &mut [Digit],
    n: &[Digit],
    inverse: Digit,
) -> Option<()> {
    let (n_low, n_high) = n.split_first_chunk()?;
    sum.fill(0);
    let mut carry = 0;
    // The bit that doubling the digits before carries into the next ones.
    let mut doubled = 0;
    let mut start = 0;
    while start < n.len() {
        let product = match y {
            Some(y) => {
                let (_, y) = y.split_at_checked(start)?;
                let mut strip = Strip::of(*y.first_chunk()?, NOTHING);
                strip.add(sum, x);
                strip
            }
            // A square has each product of two different strips twice: with D = 2A - c + c'B^4 for the digits A
            // of a strip, and c and c' the bits that doubling carries in and out, the square of x is the sum of
            // all A(A + c) and of all D times the strips above A.
            None => {
                let (_, x) = x.split_at_checked(start)?;
                let (x_low, x_high) = x.split_first_chunk()?;
                let (_, sum) = sum.split_at_mut_checked(start)?;
                let (sum_low, sum_high) = sum.split_at_mut_checked(GROUP)?;
                let mut strip = Strip::of(*x_low, if doubled == 0 { NOTHING } else { *x_low });
                strip.add(sum_low, x_low);
                for digit in &mut strip.digits {
                    let above = *digit >> (BITS - 1);
                    *digit = *digit << 1 | doubled;
                    doubled = above;
                }
                strip.add(sum_high, x_high);
                strip
            }
        };
        // The digits that, times n, clear the lowest digits of the sum.
        let mut multiple = Strip::of(NOTHING, *sum.first_chunk()?);
        multiple.clear(n_low, inverse);
        multiple.add_and_move(sum, n_high);
        let (_, top) = sum.split_last_chunk_mut::<GROUP>()?;
        let windows = product.window.into_iter().zip(multiple.window);
        for (digit, (product, multiple)) in top.iter_mut().zip(windows) {
            let sum = Wide::from(product) + Wide::from(multiple) + Wide::from(carry);
            *digit = sum as Digit;
            carry = (sum >> BITS) as Digit;
        }
        // Otherwise the compiler keeps an address for each use of `start`, and runs out of registers.
        start = core::hint::black_box(start + GROUP);
    }
    if carry != 0 {
        subtract(sum, n);
    }
    x.copy_from_slice(sum.get(..x.len())?);
    Some(())
}

const NOTHING: [Digit; GROUP] = [0; GROUP];

/// Digits of a factor, to be multiplied with a number from its lowest digit on.
#[repr(C)]
pub(crate) struct Strip {
    digits: [Digit; GROUP],
    /// What is to be added to the digits that come next.
    window: [Digit; GROUP],
}

impl Strip {
    fn of(digits: [Digit; GROUP], window: [Digit; GROUP]) -> Self {
        Self { digits, window }
    }

    /// Adds the product with x to as many digits of a sum.
    fn add(&mut self, sum: &mut [Digit], x: &[Digit]) {
        let sum = Cell::from_mut(sum).as_slice_of_cells();
        self.add_row(sum, sum, x);
    }

    /// As [`add`](Self::add), to the digits of a sum from `GROUP` on, which are moved to its start.
    fn add_and_move(&mut self, sum: &mut [Digit], x: &[Digit]) {
        let sum = Cell::from_mut(sum).as_slice_of_cells();
        if let Some((_, from)) = sum.split_at_checked(GROUP) {
            self.add_row(from, sum, x);
        }
    }
}

cfg_select! {
    all(multiplication = "umaal", not(tokenlatch_portable)) => {}
    _ => {
        impl Strip {
            /// Sets the digits to those that, times n, clear the window, and adds their product with the lowest
            /// digits of n.
            fn clear(&mut self, n_low: &[Digit; GROUP], inverse: Digit) {
                for q in &mut self.digits {
                    let [lowest, ..] = self.window;
                    *q = lowest.wrapping_mul(inverse);
                    let mut carry = 0;
                    for (digit, n) in self.window.iter_mut().zip(n_low) {
                        (*digit, carry) = multiply_and_add(*q, *n, *digit, carry);
                    }
                    self.window.rotate_left(1);
                    let [.., highest] = &mut self.window;
                    *highest = carry;
                }
            }

            /// Adds the product with x to as many digits, and puts the sums to the start of `to`, which may be
            /// the same place or one before.
            fn add_row(&mut self, from: &[Cell<Digit>], to: &[Cell<Digit>], x: &[Digit]) {
                for ((from, to), x) in from.iter().zip(to).zip(x) {
                    let mut carry = from.get();
                    for (sum, digit) in self.window.iter_mut().zip(&self.digits) {
                        (*sum, carry) = multiply_and_add(*digit, *x, *sum, carry);
                    }
                    let [lowest, ..] = self.window;
                    to.set(lowest);
                    self.window.rotate_left(1);
                    let [.., highest] = &mut self.window;
                    *highest = carry;
                }
            }
        }

        /// `xy + a + b`, which is below B^2: the lower digit and the higher one.
        #[inline(always)]
        fn multiply_and_add(x: Digit, y: Digit, a: Digit, b: Digit) -> (Digit, Digit) {
            let sum = Wide::from(x) * Wide::from(y) + Wide::from(a) + Wide::from(b);
            (sum as Digit, (sum >> BITS) as Digit)
        }
    }
}

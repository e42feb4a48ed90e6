//! Products by rows, for digits of whole words.
//!
//! A group of digits of one factor at a time is multiplied with the whole other factor. Then a multiple of n
//! clears the lowest group of the sum, which moves down by a group (Montgomery 1985; Koc, Acar and Kaliski
//! 1996, "coarsely integrated operand scanning").
//!
//! Bounds. With B = 2^(bits of a digit) and R = B^L > n, factors are below R. Of two factors below R, the
//! last sum is below R + n, and one subtraction of n leaves less than R where 1 is carried above its L digits.

use super::digits::{Digit, GROUP, subtract};

/// `x = x * y / R mod n`, or `x = x * x / R mod n` without y, up to a multiple of n: below R, and below 2n if
/// a factor is below n. The sum has as many digits as n, and starts with any.
// Written so that the compiler needs no panic for a bound.
#[inline(always)]
pub(super) fn multiply(
    x: &mut [Digit],
    y: Option<&[Digit]>,
    sum: &mut [Digit],
    n: &[Digit],
    inverse: Digit,
) -> Option<()> {
    sum.fill(0);
    let mut above = Above::default();
    let mut start = 0;
    while start < n.len() {
        match y {
            Some(y) => {
                let (_, y) = y.split_at_checked(start)?;
                above.add_product(sum, y.first_chunk()?, x);
            }
            None => {
                let (_, x) = x.split_at_checked(start)?;
                let (_, sum) = sum.split_at_mut_checked(start)?;
                above.add_square(sum, x);
            }
        }
        above.clear(sum, n, inverse);
        // Otherwise the compiler keeps an address for each use of `start`, and runs out of registers.
        start = core::hint::black_box(start + GROUP);
    }
    if above.carry != 0 {
        subtract(sum, n);
    }
    for (x, sum) in x.iter_mut().zip(sum) {
        *x = *sum;
    }
    Some(())
}

/// What lies above the digits of a sum.
#[derive(Default)]
#[repr(C)]
pub(crate) struct Above {
    /// Digits that are to be added.
    window: [Digit; GROUP],
    carry: Digit,
    /// The bit that doubling the last digits of a square carried.
    doubled: Digit,
}

cfg_select! {
    all(any(multiplication = "umaal", multiplication = "umulh"), not(tokenlatch_portable)) => {}
    _ => {
        use core::cell::Cell;
        use super::digits::{BITS, Wide};

        impl Above {
            /// Adds the product of the digits with x to a sum.
            fn add_product(&mut self, sum: &mut [Digit], digits: &[Digit; GROUP], x: &[Digit]) {
                self.window = [0; GROUP];
                add_row(sum, digits, x, &mut self.window);
            }

            /// Adds the lowest digits of x, squared and doubled with its other digits, to a sum.
            ///
            /// A square has the product of two different groups twice. With D = 2A + c - c'B^G for the G digits
            /// A of a group, and c and c' the bits that doubling carries in and out, the square of x is the sum
            /// of all A(A + c) and of all D times the groups above A.
            fn add_square(&mut self, sum: &mut [Digit], x: &[Digit]) {
                let Some((low, high)) = x.split_first_chunk() else {
                    return;
                };
                let Some((sum_low, sum_high)) = sum.split_at_mut_checked(GROUP) else {
                    return;
                };
                self.window = low.map(|digit| digit * self.doubled);
                add_row(sum_low, low, low, &mut self.window);
                let twice = low.map(|digit| {
                    let twice = digit << 1 | self.doubled;
                    self.doubled = digit >> (BITS - 1);
                    twice
                });
                add_row(sum_high, &twice, high, &mut self.window);
            }

            /// Adds the multiple of n that clears the lowest digits of a sum, and moves all others down.
            fn clear(&mut self, sum: &mut [Digit], n: &[Digit], inverse: Digit) {
                let (Some((low, _)), Some((n_low, n_high))) =
                    (sum.split_first_chunk(), n.split_first_chunk())
                else {
                    return;
                };
                let mut window = *low;
                let digits = clearing(&mut window, n_low, inverse);
                let cells = Cell::from_mut(&mut *sum).as_slice_of_cells();
                if let Some((_, from)) = cells.split_at_checked(GROUP) {
                    add_row_and_move(from, cells, &digits, n_high, &mut window);
                }
                let Some((_, top)) = sum.split_last_chunk_mut::<GROUP>() else {
                    return;
                };
                for ((digit, product), multiple) in top.iter_mut().zip(self.window).zip(window) {
                    (*digit, self.carry) = multiply_and_add(product, 1, multiple, self.carry);
                }
            }
        }

        /// The digits that, times n, clear the window. Their product with the lowest digits of n is added.
        fn clearing(
            window: &mut [Digit; GROUP],
            n_low: &[Digit; GROUP],
            inverse: Digit,
        ) -> [Digit; GROUP] {
            [(); GROUP].map(|()| {
                let [lowest, ..] = window;
                let q = lowest.wrapping_mul(inverse);
                let mut carry = 0;
                for (digit, n) in window.iter_mut().zip(n_low) {
                    (*digit, carry) = multiply_and_add(q, *n, *digit, carry);
                }
                advance(window, carry);
                q
            })
        }

        fn add_row(
            sum: &mut [Digit],
            digits: &[Digit; GROUP],
            x: &[Digit],
            window: &mut [Digit; GROUP],
        ) {
            let sum = Cell::from_mut(sum).as_slice_of_cells();
            add_row_and_move(sum, sum, digits, x, window);
        }

        /// Adds the product of the digits with x, and the window, to as many digits, and writes the sums to the
        /// start of `to`, which may be the same place or one before. What lies above is in the window then.
        fn add_row_and_move(
            from: &[Cell<Digit>],
            to: &[Cell<Digit>],
            digits: &[Digit; GROUP],
            x: &[Digit],
            window: &mut [Digit; GROUP],
        ) {
            for ((from, to), x) in from.iter().zip(to).zip(x) {
                let mut carry = from.get();
                for (sum, digit) in window.iter_mut().zip(digits) {
                    (*sum, carry) = multiply_and_add(*digit, *x, *sum, carry);
                }
                to.set(advance(window, carry));
            }
        }

        /// Moves the window up by one digit, and returns the one that it leaves.
        #[inline(always)]
        fn advance(window: &mut [Digit; GROUP], highest: Digit) -> Digit {
            window.rotate_left(1);
            let [.., last] = window;
            core::mem::replace(last, highest)
        }

        /// `xy + a + b`, which is below B^2: the lower digit and the higher one.
        #[inline(always)]
        fn multiply_and_add(x: Digit, y: Digit, a: Digit, b: Digit) -> (Digit, Digit) {
            let sum = Wide::from(x) * Wide::from(y) + Wide::from(a) + Wide::from(b);
            (sum as Digit, (sum >> BITS) as Digit)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use num_bigint::BigUint;

    use super::*;
    use crate::rsa::portable::digits::BITS;
    use crate::rsa::portable::montgomery::negated_inverse;

    fn number(digits: &[Digit]) -> BigUint {
        let bytes: Vec<_> = digits.iter().flat_map(|d| d.to_le_bytes()).collect();
        BigUint::from_bytes_le(&bytes)
    }

    /// Digits of zeros and of ones make carries that go far, and those that no carry should reach.
    #[test]
    fn products_of_the_lowest_and_the_highest_digits() {
        let mut state = 1_u64;
        let mut digit = || {
            // xorshift64 (Marsaglia 2003): the same numbers every time.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            match state >> 61 {
                0 => 1,
                1 | 2 => 0,
                3 | 4 => Digit::MAX,
                5 => Digit::MAX - 1,
                _ => state as Digit,
            }
        };
        for groups in 1..8 {
            let len = groups * GROUP;
            let r = BigUint::from(1_u8) << (BITS as usize * len);
            for _ in 0..300 {
                let [mut x, y, mut n, mut sum] =
                    [(); 4].map(|()| (0..len).map(|_| digit()).collect::<Vec<_>>());
                n[0] |= 1;
                for factor in [Some(y.as_slice()), None] {
                    let expected = number(&x) * number(factor.unwrap_or(&x));
                    multiply(&mut x, factor, &mut sum, &n, negated_inverse(n[0])).unwrap();
                    assert!(number(&x) < r);
                    assert_eq!(number(&x) * &r % number(&n), expected % number(&n));
                }
            }
        }
    }
}

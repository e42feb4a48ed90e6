//! A check of products by columns where their sums are highest, for processors that no unit test runs on.

use super::portable::digits::{BITS, Digit, MASK, ZEROS, stored_digits};
use super::portable::montgomery::{take, upper_half};
use super::power::Step;

const LONGEST: usize = stored_digits(4096);

/// Whether every column of x * y + q * n is right, for all pairs of some factors, at three lengths.
#[must_use]
pub fn highest_columns_are_right() -> bool {
    // The products of the highest digits are the highest, and those of the highest digit and 1 leave the most modulo B.
    // The first factor is 2n - 1. For the factors n and 1, q is R - 1.
    let of_highest = [
        [MASK - 2, MASK, MASK, MASK >> 1],
        [MASK, MASK, MASK, MASK >> 2],
        [MASK, 1, MASK, 1],
        [1, 1, 1, 1],
        [1, 0, 0, 0],
    ];
    let of_ones = [[1, 2, 2, 2], [MASK, 1, MASK, 1], [1, 1, 1, 1], [1, 0, 0, 0]];
    let moduli: [(Pattern, &[Pattern]); _] = [
        ([MASK, MASK, MASK, MASK >> 2], &of_highest),
        ([1, 1, 1, 1], &of_ones),
    ];
    [2048, 3072, 4096].map(stored_digits).iter().all(|stored| {
        moduli.iter().all(|(n, factors)| {
            let is_right = |step, x, y| are_columns_right(step, *stored, [x, y, n]) == Some(true);
            factors.iter().all(|x| {
                is_right(Step::Square, x, x)
                    && factors.iter().all(|y| is_right(Step::Multiply, x, y))
            })
        })
    })
}

/// The digits of a number: the lowest one, those at odd and at even places, and the highest one.
type Pattern = [Digit; 4];

fn are_columns_right(step: Step, stored: usize, numbers: [&Pattern; 3]) -> Option<bool> {
    let len = stored - ZEROS;
    let [x, y, n] = numbers.map(|[lowest, odd, even, highest]| -> [Digit; LONGEST] {
        core::array::from_fn(|at| match at {
            0 => *lowest,
            _ if at >= len => 0,
            _ if at + 1 == len => *highest,
            _ if at % 2 == 1 => *odd,
            _ => *even,
        })
    });
    let [x, y, n] = [x.get(..stored)?, y.get(..stored)?, n.get(..stored)?];
    // What is where q comes to be must not matter.
    let mut t = [MASK; 2 * LONGEST];
    let t = t.get_mut(..len + stored)?;
    upper_half(t, n).copy_from_slice(x);
    take(step, t, y, n, &[]);

    let (q, result) = t.split_at_checked(len)?;
    let mut carry = 0;
    for k in 0..2 * len {
        let sum = carry + column(x, y, k) + column(q, n, k);
        let expected = match k.checked_sub(len) {
            Some(at) => *result.get(at)?,
            None => 0,
        };
        if sum as Digit & MASK != expected {
            return Some(false);
        }
        carry = sum >> BITS;
    }
    Some(carry == 0)
}

/// The sum of all x\[i\] * y\[k - i\].
fn column(x: &[Digit], y: &[Digit], k: usize) -> u128 {
    let pairs = x.iter().zip((0..=k).rev());
    pairs
        .filter_map(|(x, at)| Some(*x as u128 * *y.get(at)? as u128))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the check is not needed, it is checked itself.
    #[test]
    fn the_highest_columns_are_right() {
        assert!(highest_columns_are_right());
    }
}

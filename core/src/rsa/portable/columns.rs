//! The columns of a product: the innermost loop.
//!
//! Two columns are summed up at a time, so that each digit is loaded once for two products.

use super::digits::{Digit, RUN, Sum, Wide};

/// Adds two neighbouring columns of a product to two sums.
///
/// Where x has m digits and y has more, all x\[i\] * y\[m-1-i\] go to the first sum, and all
/// x\[i\] * y\[m-i\] to the second.
#[inline(always)]
pub(crate) fn add_columns(
    [mut first, mut second]: [Wide; 2],
    mut x: &[Digit],
    y: &[Digit],
) -> Option<[Wide; 2]> {
    if RUN >= 256 {
        let sums = add_run([first as Sum, second as Sum], x, y)?;
        return Some(sums.map(Wide::from));
    }
    while !x.is_empty() {
        let (run, rest) = x.split_at_checked(x.len().min(RUN))?;
        let [low, high] = add_run([0; 2], run, y.get(rest.len()..)?)?;
        first += Wide::from(low);
        second += Wide::from(high);
        x = rest;
    }
    Some([first, second])
}

cfg_select! {
    all(multiplication = "umlal", not(tokenlatch_portable)) => {
        use crate::rsa::arch::arm::add_run;
    }
    _ => {
        /// Does what [`add_columns`] does, for sums that have room for all products.
        #[inline(always)]
        fn add_run([mut low, mut high]: [Sum; 2], x: &[Digit], y: &[Digit]) -> Option<[Sum; 2]> {
            use super::digits::product;

            let (above, y) = y.get(..=x.len())?.split_last()?;
            let mut above = *above;
            let (mut xs, x) = x.as_chunks();
            let (y, mut ys) = y.as_rchunks();
            while let ([[x0, x1], xs_rest @ ..], [ys_rest @ .., [y1, y0]]) = (xs, ys) {
                high += product(*x0, above);
                low += product(*x0, *y0);
                high += product(*x1, *y0);
                low += product(*x1, *y1);
                above = *y1;
                (xs, ys) = (xs_rest, ys_rest);
                // No instruction, but it stops the compiler from unrolling the loop until registers run out.
                core::hint::black_box(());
            }
            if let ([x], [y]) = (x, y) {
                high += product(*x, above);
                low += product(*x, *y);
            }
            Some([low, high])
        }
    }
}

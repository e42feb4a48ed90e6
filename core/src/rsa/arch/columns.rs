//! Products by columns, all in assembly: the compiler would not find the registers.

#[cfg(multiplication = "muls")]
use super::arm_baseline::multiply_columns;
#[cfg(any(target_arch = "riscv32", target_arch = "riscv64"))]
use super::riscv::multiply_columns;
use crate::rsa::portable::digits::{Digit, GROUP, Word, ZEROS};

/// `x = x * y / R mod n`, or `x = x * x / R mod n` without y, for x in the upper half of t. The lower half
/// comes to hold q.
///
/// The columns k to k + `GROUP` - 1 are summed up at a time. With c from 0 to `GROUP` - 1, they have the products
/// x\[i\] * y\[k + c - i\]:
///
/// 1. *Runs* take a digit of x after the other, and its products with `GROUP` digits of y, one for each column.
///    In the lower half of the columns, i begins with 0 and ends before k; in the upper half, it ends before len,
///    and begins where y has no digits but the zeros above it. In a square, it ends before k / 2, and all sums are
///    doubled.
/// 2. The *corner* comes next: of the products of `GROUP` digits of x and as many of y, those that belong to these
///    columns. In the upper half, only a square has it, and reads the zeros above x.
///
/// The columns of q * n are the same, but their corner is where the digits of q are found.
#[inline(always)]
pub(crate) fn multiply(
    t: &mut [Digit],
    y: Option<&[Digit]>,
    n: &[Digit],
    inverse: Digit,
) -> Option<()> {
    let len = n.len().checked_sub(ZEROS)?;
    if len == 0 || !len.is_multiple_of(GROUP) {
        return None;
    }
    let t = t.get_mut(..len + n.len())?.as_mut_ptr();
    let y = match y {
        Some(y) => y.get(..n.len())?.as_ptr(),
        None => t.wrapping_add(len),
    };
    // SAFETY: it reads and writes `len` digits at t and reads the `len + ZEROS` above, which are x, and reads as
    // many at y and n. For a square, y is x.
    unsafe { multiply_columns(t, y, n.as_ptr(), len, inverse as Word) }
    Some(())
}

//! The columns of a product: the inner loop of everything.
//!
//! Two columns are summed up at once, for then each digit loaded serves two products. On ARM's
//! microcontrollers the loop is in assembly: sums, digits and addresses just fit in the registers, but
//! the compiler does not see how, and misses UMLAL on a Cortex-M4.

use super::digits::{Digit, RUN, Sum, Wide};

/// Two neighbouring columns of a product.
///
/// With m digits in x and m + 1 in y: the sums of all x\[i\] * y\[m-1-i\] and of all x\[i\] * y\[m-i\].
#[inline(always)]
pub(crate) fn columns(mut x: &[Digit], mut y: &[Digit]) -> Option<[Wide; 2]> {
    if RUN >= 256 {
        return sums(x, y).map(|sums| sums.map(Wide::from));
    }
    let [mut first, mut second] = [0; 2];
    while !x.is_empty() {
        let (x_run, x_rest) = x.split_at_checked(x.len().min(RUN))?;
        let y_rest = y.len().checked_sub(x_run.len())?;
        let [low, high] = sums(x_run, y.get(y_rest.checked_sub(1)?..)?)?;
        first += Wide::from(low);
        second += Wide::from(high);
        (x, y) = (x_rest, y.get(..y_rest)?);
    }
    Some([first, second])
}

/// Two neighbouring columns of up to `RUN` digits in x.
#[cfg(any(not(any(multiplication = "muls", multiplication = "umlal")), portable))]
#[inline(always)]
fn sums(x: &[Digit], y: &[Digit]) -> Option<[Sum; 2]> {
    use super::digits::product;

    let [mut low, mut high] = [0; 2];
    let (above, y) = y.split_last()?;
    let mut above = *above;
    let (mut xs, x) = x.as_chunks();
    let (y, ys) = y.as_rchunks();
    let mut ys = ys.get(..xs.len())?;
    while let ([[x0, x1], xs_rest @ ..], [ys_rest @ .., [y1, y0]]) = (xs, ys) {
        high += product(*x0, above);
        low += product(*x0, *y0);
        high += product(*x1, *y0);
        low += product(*x1, *y1);
        above = *y1;
        (xs, ys) = (xs_rest, ys_rest);
        // Free of instructions, but keeps the loop from being unrolled beyond the registers.
        core::hint::black_box(());
    }
    if let ([x], [y]) = (x, y) {
        high += product(*x, above);
        low += product(*x, *y);
    }
    Some([low, high])
}

/// As above, for ARMv7-M and ARMv8-M's main line: UMLAL adds a product to a sum.
#[cfg(all(multiplication = "umlal", not(portable)))]
#[expect(unsafe_code, reason = "the assembly reads the digits of x and y")]
fn sums(x: &[Digit], y: &[Digit]) -> Option<[Sum; 2]> {
    let above = y.get(..=x.len())?.as_ptr().wrapping_add(x.len());
    let [low_0, low_1, high_0, high_1]: [u32; 4];
    // SAFETY: each of the steps, as many as x has digits, reads one digit of x, upwards from its
    // start, and one of y, downwards from that below `above`.
    unsafe {
        core::arch::asm!(
            "ldr r4, [{y}]",
            "subs {steps}, {steps}, #4",
            "blo 3f",
            "2:",
            "ldrd r2, r3, [{x}], #8",
            "ldrd r8, r9, [{y}, #-8]!",
            "umlal {high_0}, {high_1}, r2, r4",
            "umlal {low_0}, {low_1}, r2, r9",
            "umlal {high_0}, {high_1}, r3, r9",
            "umlal {low_0}, {low_1}, r3, r8",
            "ldrd r2, r3, [{x}], #8",
            "ldrd r4, r5, [{y}, #-8]!",
            "umlal {high_0}, {high_1}, r2, r8",
            "umlal {low_0}, {low_1}, r2, r5",
            "umlal {high_0}, {high_1}, r3, r5",
            "umlal {low_0}, {low_1}, r3, r4",
            "subs {steps}, {steps}, #4",
            "bhs 2b",
            "3:",
            "adds {steps}, {steps}, #4",
            "beq 5f",
            "4:",
            "ldr r2, [{x}], #4",
            "ldr r5, [{y}, #-4]!",
            "umlal {high_0}, {high_1}, r2, r4",
            "umlal {low_0}, {low_1}, r2, r5",
            "mov r4, r5",
            "subs {steps}, {steps}, #1",
            "bne 4b",
            "5:",
            x = inout(reg) x.as_ptr() => _,
            y = inout(reg) above => _,
            steps = inout(reg) x.len() => _,
            low_0 = inout(reg) 0 => low_0,
            low_1 = inout(reg) 0 => low_1,
            high_0 = inout(reg) 0 => high_0,
            high_1 = inout(reg) 0 => high_1,
            out("r2") _,
            out("r3") _,
            out("r4") _,
            out("r5") _,
            out("r8") _,
            out("r9") _,
            options(pure, readonly, nostack),
        );
    }
    let sum = |low, high| Sum::from(low) | Sum::from(high) << 32;
    Some([sum(low_0, low_1), sum(high_0, high_1)])
}

/// As above, for ARMv6-M and ARMv8-M's baseline: MULS takes one of its factors' places.
#[cfg(all(multiplication = "muls", not(portable)))]
#[expect(unsafe_code, reason = "the assembly reads the digits of x and y")]
#[inline(always)]
fn sums(x: &[Digit], y: &[Digit]) -> Option<[Sum; 2]> {
    let above = y.get(..=x.len())?.as_ptr().wrapping_add(x.len());
    let (low, high);
    // SAFETY: each of the steps, as many as x has digits, reads one digit of x, upwards from its
    // start, and one of y, downwards from that below `above`. The register r6 is put back.
    unsafe {
        core::arch::asm!(
            "mov r8, r6",
            "ldrh r4, [r0]",
            "mov r10, r5",
            "subs r5, r5, r1",
            "lsrs r5, r5, #3",
            "lsls r5, r5, #3",
            "adds r5, r5, r1",
            "mov r9, r5",
            "b 3f",
            "2:",
            "subs r0, #8",
            "ldrh r6, [r1, #0]",
            "ldrh r5, [r0, #6]",
            "muls r4, r6, r4",
            "adds r3, r3, r4",
            "muls r6, r5, r6",
            "adds r2, r2, r6",
            "ldrh r6, [r1, #2]",
            "ldrh r4, [r0, #4]",
            "muls r5, r6, r5",
            "adds r3, r3, r5",
            "muls r6, r4, r6",
            "adds r2, r2, r6",
            "ldrh r6, [r1, #4]",
            "ldrh r5, [r0, #2]",
            "muls r4, r6, r4",
            "adds r3, r3, r4",
            "muls r6, r5, r6",
            "adds r2, r2, r6",
            "ldrh r6, [r1, #6]",
            "ldrh r4, [r0, #0]",
            "muls r5, r6, r5",
            "adds r3, r3, r5",
            "muls r6, r4, r6",
            "adds r2, r2, r6",
            "adds r1, #8",
            "3:",
            "cmp r1, r9",
            "bne 2b",
            "b 5f",
            "4:",
            "subs r0, #2",
            "ldrh r6, [r1, #0]",
            "ldrh r5, [r0, #0]",
            "muls r4, r6, r4",
            "adds r3, r3, r4",
            "muls r6, r5, r6",
            "adds r2, r2, r6",
            "mov r4, r5",
            "adds r1, #2",
            "5:",
            "cmp r1, r10",
            "bne 4b",
            "mov r6, r8",
            inout("r0") above => _,
            inout("r1") x.as_ptr() => _,
            inout("r2") 0 => low,
            inout("r3") 0 => high,
            out("r4") _,
            inout("r5") x.as_ptr_range().end => _,
            out("r8") _,
            out("r9") _,
            out("r10") _,
            options(pure, readonly, nostack),
        );
    }
    Some([low, high])
}

//! The columns of a product: the inner loop of everything.
//!
//! Two columns are summed up at once, for then each digit loaded serves two products. For
//! microcontrollers the loop is in assembly: sums, digits and addresses just fit in the registers, but
//! the compiler does not see how, and misses UMLAL on a Cortex-M4.

use super::digits::{Digit, RUN, Sum, Wide};

/// Adds two neighbouring columns of a product to two sums.
///
/// With m digits in x and more in y: all x\[i\] * y\[m-1-i\] to the first sum and all x\[i\] * y\[m-i\]
/// to the second.
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

/// As `add_columns`, for sums with room for all the products.
#[cfg(any(
    not(any(
        multiplication = "muls",
        multiplication = "umlal",
        all(target_arch = "riscv32", target_feature = "m"),
    )),
    tokenlatch_portable
))]
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
        // Free of instructions, but keeps the loop from being unrolled beyond the registers.
        core::hint::black_box(());
    }
    if let ([x], [y]) = (x, y) {
        high += product(*x, above);
        low += product(*x, *y);
    }
    Some([low, high])
}

/// As above, for ARMv7-M and ARMv8-M's main line.
#[cfg(all(multiplication = "umlal", not(tokenlatch_portable)))]
#[expect(unsafe_code, reason = "the assembly reads the digits of x and y")]
#[inline(always)]
fn add_run([low, high]: [Sum; 2], x: &[Digit], y: &[Digit]) -> Option<[Sum; 2]> {
    let above = y.get(..=x.len())?.as_ptr().wrapping_add(x.len());
    let [low_0, low_1, high_0, high_1]: [u32; 4];
    // SAFETY: `add_with_umlal` reads as many digits as x has from its start upwards, and `above` with
    // as many below it.
    unsafe {
        core::arch::asm!(
            "bl {add_with_umlal}",
            add_with_umlal = sym add_with_umlal,
            inout("r0") x.as_ptr() => _,
            inout("r1") above => _,
            inout("r2") low as u32 => low_0,
            inout("r3") (low >> 32) as u32 => low_1,
            inout("r4") high as u32 => high_0,
            inout("r5") (high >> 32) as u32 => high_1,
            inout("r8") x.len() => _,
            out("r12") _,
            out("lr") _,
            options(pure, readonly),
        );
    }
    let sum = |low, high| Sum::from(low) | Sum::from(high) << 32;
    Some([sum(low_0, low_1), sum(high_0, high_1)])
}

/// UMLAL adds a product to a sum. The digit of y above that of x is in lr.
///
/// The number of digits is taken apart into 1, 2 and 4, as its lowest bits say, and eights: four are the
/// second half of an eight. All registers but those named in `add_run` are kept, for the compiler is
/// short of them.
#[cfg(all(multiplication = "umlal", not(tokenlatch_portable)))]
#[allow(unsafe_code, reason = "called by `add_run`")]
#[unsafe(naked)]
unsafe extern "C" fn add_with_umlal() {
    macro_rules! four_digits {
        () => {
            "ldm r0!, {{r9, r10, r11, r12}}
            umlal r4, r5, r9, lr
            ldrd lr, r6, [r1, #-8]!
            umlal r2, r3, r9, r6
            umlal r4, r5, r10, r6
            umlal r2, r3, r10, lr
            umlal r4, r5, r11, lr
            ldrd lr, r6, [r1, #-8]!
            umlal r2, r3, r11, r6
            umlal r4, r5, r12, r6
            umlal r2, r3, r12, lr"
        };
    }
    core::arch::naked_asm!(
        "push {{r6, r9, r10, r11, lr}}",
        "ldr lr, [r1]",
        "add r8, r8, #4",
        "lsrs r8, r8, #1",
        "bcc 2f",
        "ldr r9, [r0], #4",
        "umlal r4, r5, r9, lr",
        "ldr lr, [r1, #-4]!",
        "umlal r2, r3, r9, lr",
        "2:",
        "lsrs r8, r8, #1",
        "bcc 3f",
        "ldrd r9, r10, [r0], #8",
        "umlal r4, r5, r9, lr",
        "ldrd lr, r6, [r1, #-8]!",
        "umlal r2, r3, r9, r6",
        "umlal r4, r5, r10, r6",
        "umlal r2, r3, r10, lr",
        "3:",
        "lsrs r8, r8, #1",
        // With the four added above, the bit is clear where there are four, and they count as an eight.
        "bcc 5f",
        // Whether the last shift left any eights.
        "beq 6f",
        "4:",
        four_digits!(),
        "5:",
        four_digits!(),
        "subs r8, r8, #1",
        "bne 4b",
        "6:",
        "pop {{r6, r9, r10, r11, pc}}",
    );
}

/// As above, for RISC-V.
#[cfg(all(
    target_arch = "riscv32",
    target_feature = "m",
    not(tokenlatch_portable)
))]
#[expect(unsafe_code, reason = "the assembly reads the digits of x and y")]
#[inline(always)]
fn add_run([low, high]: [Sum; 2], x: &[Digit], y: &[Digit]) -> Option<[Sum; 2]> {
    let above = y.get(..=x.len())?.as_ptr().wrapping_add(x.len());
    let [low_0, low_1, high_0, high_1]: [u32; 4];
    // SAFETY: `add_with_mulhu` reads as many digits as x has from its start upwards, and `above` with
    // as many below it.
    unsafe {
        core::arch::asm!(
            "call {add_with_mulhu}",
            add_with_mulhu = sym add_with_mulhu,
            inout("a0") x.as_ptr() => _,
            inout("a1") above => _,
            inout("a2") x.len() => _,
            inout("a3") low as u32 => low_0,
            inout("a4") (low >> 32) as u32 => low_1,
            inout("a5") high as u32 => high_0,
            inout("a6") (high >> 32) as u32 => high_1,
            clobber_abi("C"),
            options(pure, readonly),
        );
    }
    let sum = |low, high| Sum::from(low) | Sum::from(high) << 32;
    Some([sum(low_0, low_1), sum(high_0, high_1)])
}

/// MUL and MULHU give the two words of a product, but the carry from one to the other would take two
/// more instructions.
///
/// So the words are added up apart, in runs of at most 16 products xy. As the high word of 16x * y is
/// xy / 2^28, rounded down, the sum H of these words fits in a word, and the sum of the products is at
/// least 2^28 * H and less than 2^28 * H + 2^32. It is the one number there that ends in the sum of
/// the low words.
#[cfg(all(
    target_arch = "riscv32",
    target_feature = "m",
    not(tokenlatch_portable)
))]
#[allow(unsafe_code, reason = "called by `add_run`")]
#[unsafe(naked)]
unsafe extern "C" fn add_with_mulhu() {
    core::arch::naked_asm!(
        ".option push",
        ".option arch, +m",
        // All instructions are of 4 bytes, and so all steps of 44.
        ".option norvc",
        "beqz a2, 3f",
        "lw t0, (a1)",
        // To start with an incomplete run, its first steps are passed over.
        "neg t1, a2",
        "andi t1, t1, 15",
        "add a2, a2, t1",
        "slli t1, t1, 2",
        "sub a0, a0, t1",
        "add a1, a1, t1",
        "li t2, 44 / 4",
        "mul t1, t1, t2",
        "la t2, 2f",
        "add t2, t2, t1",
        "li t3, 0",
        "li t4, 0",
        "li t5, 0",
        "li t6, 0",
        "jr t2",
        "1:",
        "li t3, 0",
        "li t4, 0",
        "li t5, 0",
        "li t6, 0",
        "2:",
        ".irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15",
        "lw t1, 4 * \\i(a0)",
        "slli t2, t1, 4",
        "mul a7, t1, t0",
        "add t5, t5, a7",
        "mulhu a7, t2, t0",
        "add t6, t6, a7",
        "lw t0, -4 - 4 * \\i(a1)",
        "mul a7, t1, t0",
        "add t3, t3, a7",
        "mulhu a7, t2, t0",
        "add t4, t4, a7",
        ".endr",
        "slli t1, t4, 28",
        "sltu t1, t3, t1",
        "srli t4, t4, 4",
        "add a3, a3, t3",
        "sltu t3, a3, t3",
        "add a4, a4, t4",
        "add a4, a4, t1",
        "add a4, a4, t3",
        "slli t1, t6, 28",
        "sltu t1, t5, t1",
        "srli t6, t6, 4",
        "add a5, a5, t5",
        "sltu t5, a5, t5",
        "add a6, a6, t6",
        "add a6, a6, t1",
        "add a6, a6, t5",
        "addi a0, a0, 64",
        "addi a1, a1, -64",
        "addi a2, a2, -16",
        "bnez a2, 1b",
        "3:",
        "ret",
        ".option pop",
    );
}

/// As above, for ARMv6-M and ARMv8-M's baseline: MULS takes one of its factors' places.
#[cfg(all(multiplication = "muls", not(tokenlatch_portable)))]
#[expect(unsafe_code, reason = "the assembly reads the digits of x and y")]
#[inline(always)]
fn add_run([low, high]: [Sum; 2], x: &[Digit], y: &[Digit]) -> Option<[Sum; 2]> {
    let above = y.get(..=x.len())?.as_ptr().wrapping_add(x.len());
    let (low_sum, high_sum);
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
            inout("r2") low => low_sum,
            inout("r3") high => high_sum,
            out("r4") _,
            inout("r5") x.as_ptr_range().end => _,
            out("r8") _,
            out("r9") _,
            out("r10") _,
            options(pure, readonly, nostack),
        );
    }
    Some([low_sum, high_sum])
}

//! The columns of a product on RISC-V of 32 bits with multiplication, in assembly.

use core::arch::{asm, naked_asm};

use crate::rsa::portable::digits::{Digit, Sum};

/// Adds two neighbouring columns of a product to two sums, as `columns` does.
#[inline(always)]
pub(crate) fn add_run([low, high]: [Sum; 2], x: &[Digit], y: &[Digit]) -> Option<[Sum; 2]> {
    let above = y.get(..=x.len())?.as_ptr().wrapping_add(x.len());
    let [low_0, low_1, high_0, high_1]: [u32; 4];
    // SAFETY: `add_with_mulhu` reads all digits of x, from the start upwards, and as many of y below
    // `above`, and `above` itself.
    unsafe {
        asm!(
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
/// So the low words and the high words are added up apart, in runs of at most 16 products xy. The high
/// word of 16x * y is xy / 2^28, rounded down. So the sum H of these words fits in a word, and the sum of
/// the products is at least 2^28 * H and less than 2^28 * H + 2^32. One number of that range ends in the
/// sum of the low words.
#[unsafe(naked)]
unsafe extern "C" fn add_with_mulhu() {
    naked_asm!(
        ".option push",
        ".option arch, +m",
        // Every instruction has 4 bytes, and so every step has 44.
        ".option norvc",
        "beqz a2, 3f",
        "lw t0, (a1)",
        // The first run may be incomplete: its first steps are skipped.
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

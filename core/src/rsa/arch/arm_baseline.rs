//! Products by columns on ARMv6-M and on ARMv8-M without the main extension, as `columns` says, two columns at a
//! time.
//!
//! MULS gives the low 32 bits of a product, and overwrites one of its factors. So digits have 14 bits, B = 2^14,
//! and a column adds up whole products in one word, *low*. That has room for 16 products and 2^18 more. So a column
//! is often *settled*: what is above a digit moves to another word, *high*. High stays below 2^24, for columns of
//! 2 * 294 products (4096 bits) are below 2^38.

use core::arch::naked_asm;

use crate::rsa::portable::digits::Digit;

/// Adds the products of a digit of x to both columns. The digit of y for the second column is in the first
/// register named, and that for the first column comes to be in the other.
macro_rules! add_products {
    ($at:literal, $above:literal, $y:literal) => {
        concat!(
            "ldrh r6, [r1, #2 * ", $at, "]\n",
            "ldrh ", $y, ", [r0, #30 - 2 * ", $at, "]\n",
            "muls ", $above, ", r6, ", $above, "\n",
            "adds r3, r3, ", $above, "\n",
            "muls r6, ", $y, ", r6\n",
            "adds r2, r2, r6\n",
        )
    };
}

macro_rules! settle {
    () => {
        "lsrs r5, r2, #14
        add r8, r8, r5
        lsls r2, r2, #18
        lsrs r2, r2, #18
        lsrs r5, r3, #14
        add r9, r9, r5
        lsls r3, r3, #18
        lsrs r3, r3, #18"
    };
}

/// Does what `columns::multiply` says. The digits of x, of y and of n, `len` each, have a zero above them.
///
/// | registers | |
/// |---|---|
/// | r2, r3 and r8, r9 | low and high of the two columns |
/// | r0, r1 | the addresses of digits of y, less 30, and of x |
/// | r7 | the address at which the runs end; then -1/n mod B |
/// | r11, r12 | the addresses of t\[k\] and of x |
/// | r4, r5, r6 | any other values |
#[unsafe(naked)]
pub(super) unsafe extern "C" fn multiply_columns(
    t: *mut Digit,
    y: *const Digit,
    n: *const Digit,
    len: usize,
    negated_inverse: u32,
) {
    naked_asm!(
        "push {{r4, r5, r6, r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r11",
        "push {{r4, r5, r6}}",
        "sub sp, #16",
        "lsls r3, r3, #1",
        "str r1, [sp, #0]",
        "str r2, [sp, #4]",
        "str r3, [sp, #8]",
        // The carry to the next two columns.
        "movs r4, #0",
        "str r4, [sp, #12]",
        "mov r11, r0",
        "adds r0, r0, r3",
        "mov r12, r0",

        // Two columns of the product.
        "1:",
        "movs r2, #0",
        "movs r3, #0",
        "mov r8, r2",
        "mov r9, r2",
        "mov r1, r12",
        "ldr r0, [sp, #0]",
        "ldr r5, [sp, #8]",
        "mov r7, r11",
        "subs r7, r7, r1",
        "adds r7, r7, r5",
        // A square's runs end at x[k / 2], others at x[k] or x[len].
        "cmp r0, r1",
        "beq 2f",
        "cmp r7, r5",
        "bls 3f",
        "mov r7, r5",
        "b 3f",
        "2:",
        "lsrs r7, r7, #1",
        "3:",
        "adds r7, r7, r1",
        "bl {add_runs}",
        "ldr r4, [sp, #0]",
        "cmp r4, r12",
        "bne 4f",
        "adds r2, r2, r2",
        "adds r3, r3, r3",
        "add r8, r8, r8",
        "add r9, r9, r9",
        "b 5f",
        "4:",
        "cmp r11, r12",
        "bhs 6f",
        // The corner.
        "5:",
        "ldrh r4, [r1, #0]",
        "ldrh r5, [r0, #30]",
        "ldrh r6, [r0, #32]",
        "muls r6, r4, r6",
        "adds r3, r3, r6",
        "muls r4, r5, r4",
        "adds r2, r2, r4",
        "ldrh r4, [r1, #2]",
        "muls r4, r5, r4",
        "adds r3, r3, r4",
        settle!(),

        // The same columns of q * n.
        "6:",
        "mov r1, r12",
        "ldr r5, [sp, #8]",
        "subs r1, r1, r5",
        "ldr r0, [sp, #4]",
        "mov r7, r11",
        "cmp r7, r12",
        "bls 7f",
        "mov r7, r12",
        "7:",
        "bl {add_runs}",
        "ldr r4, [sp, #12]",
        "adds r2, r2, r4",
        "mov r1, r11",
        "cmp r1, r12",
        "bhs 8f",
        "ldr r7, [sp, #48]",
        "ldrh r6, [r0, #30]",
        "movs r4, r2",
        "muls r4, r7, r4",
        "lsls r4, r4, #18",
        "lsrs r4, r4, #18",
        "strh r4, [r1, #0]",
        "movs r5, r4",
        "muls r5, r6, r5",
        "adds r2, r2, r5",
        "lsrs r2, r2, #14",
        "add r2, r2, r8",
        "adds r3, r3, r2",
        "ldrh r5, [r0, #32]",
        "muls r4, r5, r4",
        "adds r3, r3, r4",
        "movs r4, r3",
        "muls r4, r7, r4",
        "lsls r4, r4, #18",
        "lsrs r4, r4, #18",
        "strh r4, [r1, #2]",
        "muls r4, r6, r4",
        "adds r3, r3, r4",
        "b 9f",
        "8:",
        "lsls r4, r2, #18",
        "lsrs r4, r4, #18",
        "strh r4, [r1, #0]",
        "lsrs r2, r2, #14",
        "add r2, r2, r8",
        "adds r3, r3, r2",
        "lsls r4, r3, #18",
        "lsrs r4, r4, #18",
        "strh r4, [r1, #2]",
        "9:",
        "lsrs r3, r3, #14",
        "add r3, r3, r9",
        "str r3, [sp, #12]",
        "adds r1, r1, #4",
        "mov r11, r1",
        "ldr r5, [sp, #8]",
        "add r5, r5, r12",
        "cmp r1, r5",
        "bne 1b",

        "add sp, #16",
        "pop {{r4, r5, r6}}",
        "mov r8, r4",
        "mov r9, r5",
        "mov r11, r6",
        "pop {{r4, r5, r6, r7, pc}}",
        add_runs = sym add_runs,
    );
}

/// Adds the runs of x, at r1, and y, at r0, to the columns. Leaves r1 at the end in r7, and in r0 the address of the
/// digit of y that belongs to the digit of x there, less 30.
///
/// The lower half begins with x\[0\] * y\[k\], the upper half with x\[k - len + 1\] * y\[len - 1\], where y is read
/// up to its zero.
///
/// A run is 16 digits of x, between settled columns. The first run may be incomplete: its first digits are
/// skipped.
#[unsafe(naked)]
unsafe extern "C" fn add_runs() {
    naked_asm!(
        "ldr r5, [sp, #8]",
        "mov r4, r11",
        "mov r6, r12",
        "subs r4, r4, r6",
        "bge 1f",
        "adds r0, r0, r4",
        "adds r0, r0, r5",
        "b 2f",
        "1:",
        "adds r1, r1, r4",
        "adds r1, r1, #2",
        "adds r0, r0, r5",
        "subs r0, r0, #2",
        "2:",
        "ldrh r4, [r0, #2]",
        "subs r0, r0, #30",
        "subs r6, r7, r1",
        "bne 3f",
        "bx lr",
        "3:",
        "negs r6, r6",
        "movs r5, #30",
        "ands r6, r5",
        "subs r1, r1, r6",
        "adds r0, r0, r6",
        // A digit takes six instructions of 2 bytes.
        "lsls r5, r6, #1",
        "adds r6, r6, r5",
        "lsls r6, r6, #1",
        "mov r5, r4",
        "add pc, r6",
        "nop",
        "4:",
        add_products!("0", "r4", "r5"),
        add_products!("1", "r5", "r4"),
        add_products!("2", "r4", "r5"),
        add_products!("3", "r5", "r4"),
        add_products!("4", "r4", "r5"),
        add_products!("5", "r5", "r4"),
        add_products!("6", "r4", "r5"),
        add_products!("7", "r5", "r4"),
        add_products!("8", "r4", "r5"),
        add_products!("9", "r5", "r4"),
        add_products!("10", "r4", "r5"),
        add_products!("11", "r5", "r4"),
        add_products!("12", "r4", "r5"),
        add_products!("13", "r5", "r4"),
        add_products!("14", "r4", "r5"),
        add_products!("15", "r5", "r4"),
        "adds r1, r1, #32",
        "subs r0, r0, #32",
        settle!(),
        "cmp r1, r7",
        "bne 4b",
        "bx lr",
    );
}

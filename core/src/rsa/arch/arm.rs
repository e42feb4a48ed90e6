//! The columns of a product on ARMv7-M, and on ARMv8-M with the main extension, in assembly.
//!
//! Sums, digits and addresses just fit in the registers, but the compiler does not find out how.

use core::arch::{asm, naked_asm};

use crate::rsa::portable::digits::{Digit, Sum};

/// Adds two neighbouring columns of a product to two sums, as `columns` does.
#[inline(always)]
pub(crate) fn add_run([low, high]: [Sum; 2], x: &[Digit], y: &[Digit]) -> Option<[Sum; 2]> {
    let above = y.get(..=x.len())?.as_ptr().wrapping_add(x.len());
    let [low_0, low_1, high_0, high_1]: [u32; 4];
    // SAFETY: `add_with_umlal` reads all digits of x, from the start upwards, and as many of y below
    // `above`, and `above` itself.
    unsafe {
        asm!(
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
/// The three lowest bits of the number of digits say whether one, two and four digits come first. All
/// others come in eights, and four digits are the second half of an eight. The function keeps all
/// registers but those named in `add_run`, because the compiler is short of registers.
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
    naked_asm!(
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
        // As 4 was added above, the bit is clear if there are four digits, and they count as an eight.
        "bcc 5f",
        // The last shift left the number of eights.
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

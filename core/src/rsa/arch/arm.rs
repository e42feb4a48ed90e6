//! The columns of a product on Arm's microcontrollers, in assembly.
//!
//! Sums, digits and addresses just fit in the registers, but the compiler does not find out how. For a
//! Cortex-M4, it does not use UMLAL either.

use core::arch::asm;
#[cfg(multiplication = "umlal")]
use core::arch::naked_asm;

use crate::rsa::portable::digits::{Digit, Sum};

/// Adds two neighbouring columns of a product to two sums, as `columns` does, on ARMv7-M and on ARMv8-M
/// with the main extension.
#[cfg(multiplication = "umlal")]
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
#[cfg(multiplication = "umlal")]
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

/// Adds two neighbouring columns of a product to two sums, as `columns` does, on ARMv6-M and on ARMv8-M
/// without the main extension. MULS overwrites one of its factors.
#[cfg(multiplication = "muls")]
#[inline(always)]
pub(crate) fn add_run([low, high]: [Sum; 2], x: &[Digit], y: &[Digit]) -> Option<[Sum; 2]> {
    let above = y.get(..=x.len())?.as_ptr().wrapping_add(x.len());
    let (low_sum, high_sum);
    // SAFETY: there are as many steps as x has digits. Each reads one digit of x, from its start upwards,
    // and one of y, from that below `above` downwards. The register r6 is restored.
    unsafe {
        asm!(
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

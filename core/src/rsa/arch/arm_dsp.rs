//! The rows of a product on Arm's microcontrollers with the DSP extension, in assembly.
//!
//! UMAAL adds two numbers of 32 bits to a product of 64 bits, so that there are no carries.

use core::arch::naked_asm;

use crate::rsa::portable::digits::{Digit, GROUP};
use crate::rsa::portable::rows::Above;

impl Above {
    /// As the portable code.
    #[inline(always)]
    pub(crate) fn add_product(&mut self, sum: &mut [Digit], digits: &[Digit; GROUP], x: &[Digit]) {
        let count = x.len().min(sum.len());
        // SAFETY: it reads `count` digits of x and writes as many of the sum, reads four digits, and writes the
        // window of `self`.
        unsafe {
            add_product_with_umaal(sum.as_mut_ptr(), x.as_ptr(), count, digits, self);
        }
    }

    /// As the portable code.
    #[inline(always)]
    pub(crate) fn add_square(&mut self, sum: &mut [Digit], x: &[Digit]) {
        if let Some(count_above) = x.len().min(sum.len()).checked_sub(GROUP) {
            // SAFETY: it reads four digits of x and `count_above` more, writes as many of the sum, reads and writes
            // the window and the doubled bit of `self`.
            unsafe {
                add_square_with_umaal(sum.as_mut_ptr(), x.as_ptr(), count_above, self);
            }
        }
    }

    /// As the portable code.
    #[inline(always)]
    pub(crate) fn clear(&mut self, sum: &mut [Digit], n: &[Digit], inverse: Digit) {
        if let Some(count_above) = n.len().min(sum.len()).checked_sub(GROUP) {
            // SAFETY: it reads four digits of n and `count_above` more, and as many of the sum, all of which it
            // writes. It reads the window of `self`, and reads and writes the carry.
            unsafe {
                clear_with_umaal(sum.as_mut_ptr(), n.as_ptr(), count_above, inverse, self);
            }
        }
    }
}

/// UMAAL: the registers of the two sums, lower and higher, and of the two factors.
///
/// As a number, because LLVM assembles a naked function without the features of the processor that the compiler is
/// told of, and rejects the instruction on Armv8-M.
macro_rules! umaal {
    ($low:literal $high:literal $x:literal $y:literal) => {
        concat!(
            concat!(".inst.w 0xfbe00060 + (", $x, " << 16) + (", $low, " << 12)"),
            concat!(" + (", $high, " << 8) + ", $y, "\n"),
        )
    };
}

/// Multiplies the digit in lr with the four digits in r4 to r7. The sums, in registers of these numbers, move by one
/// register with each step: five steps bring them back.
macro_rules! multiply {
    ($sum_0:literal $sum_1:literal $sum_2:literal $sum_3:literal $sum_4:literal) => {
        concat!(
            umaal!($sum_0 $sum_4 4 14),
            umaal!($sum_1 $sum_4 5 14),
            umaal!($sum_2 $sum_4 6 14),
            umaal!($sum_3 $sum_4 7 14),
        )
    };
}

/// A row: adds the product of the digits in r4 to r7 with the number at r0, and the window in r8 to r11, to the sum
/// at r1, and writes it to r2. Each has r3 digits, and the addresses move to their ends. What lies above is in the
/// window then. Uses r12.
#[unsafe(naked)]
unsafe extern "C" fn add_row_with_umaal() {
    macro_rules! step {
        ($sum_0:literal $sum_1:literal $sum_2:literal $sum_3:literal $sum_4:literal) => {
            concat!(
                "ldr lr, [r0], #4\n",
                concat!("ldr r", $sum_4, ", [r1], #4\n"),
                multiply!($sum_0 $sum_1 $sum_2 $sum_3 $sum_4),
                concat!("str r", $sum_0, ", [r2], #4"),
            )
        };
    }
    naked_asm!(
        "push {{lr}}",
        "subs r3, #5",
        "blo 3f",
        "2:",
        step!(8 9 10 11 12),
        step!(9 10 11 12 8),
        step!(10 11 12 8 9),
        step!(11 12 8 9 10),
        step!(12 8 9 10 11),
        "subs r3, #5",
        "bhs 2b",
        "3:",
        "adds r3, #5",
        "beq 5f",
        // Single steps move the sums.
        "4:",
        step!(8 9 10 11 12),
        "mov r8, r9",
        "mov r9, r10",
        "mov r10, r11",
        "mov r11, r12",
        "subs r3, #1",
        "bne 4b",
        "5:",
        "pop {{pc}}",
    );
}

#[unsafe(naked)]
unsafe extern "C" fn add_product_with_umaal(
    sum: *mut Digit,
    x: *const Digit,
    count: usize,
    digits: &[Digit; GROUP],
    above: &mut Above,
) {
    naked_asm!(
        "push {{r4-r11, lr}}",
        "ldm r3, {{r4-r7}}",
        "mov r8, #0",
        "mov r9, #0",
        "mov r10, #0",
        "mov r11, #0",
        "mov r3, r2",
        "mov r2, r0",
        "mov r0, r1",
        "mov r1, r2",
        "bl {add_row}",
        "ldr r0, [sp, #36]",
        "stm r0, {{r8-r11}}",
        "pop {{r4-r11, pc}}",
        add_row = sym add_row_with_umaal,
    );
}

/// The window of `above` comes first, then the carry, then the doubled bit.
#[unsafe(naked)]
unsafe extern "C" fn add_square_with_umaal(
    sum: *mut Digit,
    x: *const Digit,
    count_above: usize,
    above: &mut Above,
) {
    naked_asm!(
        "push {{r2-r11, lr}}",
        "ldr r3, [r3, #20]",
        "ldm r1, {{r4-r7}}",
        "mul r8, r4, r3",
        "mul r9, r5, r3",
        "mul r10, r6, r3",
        "mul r11, r7, r3",
        "mov r2, r0",
        "mov r0, r1",
        "mov r1, r2",
        "mov r3, #4",
        "bl {add_row}",
        "pop {{r3, r12}}",
        "push {{r12}}",
        "ldr r12, [r12, #20]",
        // The doubled bit becomes the carry, and then the carry the doubled bit.
        "lsrs r12, r12, #1",
        "adcs r4, r4, r4",
        "adcs r5, r5, r5",
        "adcs r6, r6, r6",
        "adcs r7, r7, r7",
        "mov r12, #0",
        "adc r12, r12, #0",
        "ldr lr, [sp]",
        "str r12, [lr, #20]",
        "bl {add_row}",
        "pop {{r3}}",
        "stm r3, {{r8-r11}}",
        "pop {{r4-r11, pc}}",
        add_row = sym add_row_with_umaal,
    );
}

#[unsafe(naked)]
unsafe extern "C" fn clear_with_umaal(
    sum: *mut Digit,
    n: *const Digit,
    count_above: usize,
    inverse: Digit,
    above: &mut Above,
) {
    /// The next digit to multiply n with, which clears the lowest sum.
    macro_rules! step {
        ($sum_0:literal $sum_1:literal $sum_2:literal $sum_3:literal $sum_4:literal) => {
            concat!(
                concat!("mul lr, r", $sum_0, ", r3\n"),
                concat!("mov r", $sum_4, ", #0\n"),
                multiply!($sum_0 $sum_1 $sum_2 $sum_3 $sum_4),
            )
        };
    }
    naked_asm!(
        "push {{r4-r11, lr}}",
        "sub sp, #16",
        "ldm r1!, {{r4-r7}}",
        "ldm r0!, {{r9-r12}}",
        step!(9 10 11 12 8),
        "str lr, [sp]",
        step!(10 11 12 8 9),
        "str lr, [sp, #4]",
        step!(11 12 8 9 10),
        "str lr, [sp, #8]",
        step!(12 8 9 10 11),
        "str lr, [sp, #12]",
        "pop {{r4-r7}}",
        "mov r3, r2",
        "sub r2, r0, #16",
        "mov lr, r0",
        "mov r0, r1",
        "mov r1, lr",
        "bl {add_row}",
        // The windows and the carry are added up.
        "ldr r0, [sp, #36]",
        "ldm r0, {{r4-r7, r12}}",
        "mov lr, #1",
        umaal!(8 12 4 14),
        umaal!(9 12 5 14),
        umaal!(10 12 6 14),
        umaal!(11 12 7 14),
        "str r12, [r0, #16]",
        "stm r2, {{r8-r11}}",
        "pop {{r4-r11, pc}}",
        add_row = sym add_row_with_umaal,
    );
}

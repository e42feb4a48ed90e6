//! A row of a product on Arm's microcontrollers with the DSP extension, in assembly.
//!
//! UMAAL adds two numbers of 32 bits to a product, so that there are no carries: four digits of the
//! multiplier, four sums, what UMAAL carries, three addresses and a count are all that registers hold.

use core::arch::naked_asm;
use core::cell::Cell;

use crate::rsa::portable::digits::{Digit, GROUP};
use crate::rsa::portable::rows::Strip;

impl Strip {
    /// Sets the digits to those that, times n, clear the window, and adds their product with the lowest
    /// digits of n.
    #[inline(always)]
    pub(crate) fn clear(&mut self, n_low: &[Digit; GROUP], inverse: Digit) {
        // SAFETY: `clear_with_umaal` reads four digits of n, and reads and writes the strip.
        unsafe {
            clear_with_umaal(self, n_low, inverse);
        }
    }

    /// Adds the product with x to as many digits, and puts the sums to the start of `to`, which may be the
    /// same place or one before, as the portable code does.
    #[inline(always)]
    pub(crate) fn add_row(&mut self, from: &[Cell<Digit>], to: &[Cell<Digit>], x: &[Digit]) {
        let count = x.len();
        if from.len() < count || to.len() < count {
            return;
        }
        // SAFETY: `add_with_umaal` reads `count` digits of x and of `from`, and writes as many of `to`. It reads
        // and writes the strip.
        unsafe {
            add_with_umaal(x.as_ptr(), from.as_ptr(), to.as_ptr(), count, self);
        }
    }
}

/// Each step multiplies a digit of x with the four digits of the strip. The sums move by one register with
/// each step: five steps bring them back, and single steps move them.
#[unsafe(naked)]
unsafe extern "C" fn add_with_umaal(
    x: *const Digit,
    from: *const Cell<Digit>,
    to: *const Cell<Digit>,
    count: usize,
    strip: &mut Strip,
) {
    macro_rules! step {
        ($sum_0:literal $sum_1:literal $sum_2:literal $sum_3:literal $sum_4:literal) => {
            concat!(
                "ldr lr, [r0], #4\n",
                concat!("ldr ", $sum_4, ", [r1], #4\n"),
                concat!("umaal ", $sum_0, ", ", $sum_4, ", r4, lr\n"),
                concat!("umaal ", $sum_1, ", ", $sum_4, ", r5, lr\n"),
                concat!("umaal ", $sum_2, ", ", $sum_4, ", r6, lr\n"),
                concat!("umaal ", $sum_3, ", ", $sum_4, ", r7, lr\n"),
                concat!("str ", $sum_0, ", [r2], #4"),
            )
        };
    }
    naked_asm!(
        "push {{r4-r11, lr}}",
        "ldr lr, [sp, #36]",
        "ldm lr, {{r4-r11}}",
        "subs r3, #5",
        "blo 3f",
        "2:",
        step!("r8" "r9" "r10" "r11" "r12"),
        step!("r9" "r10" "r11" "r12" "r8"),
        step!("r10" "r11" "r12" "r8" "r9"),
        step!("r11" "r12" "r8" "r9" "r10"),
        step!("r12" "r8" "r9" "r10" "r11"),
        "subs r3, #5",
        "bhs 2b",
        "3:",
        "adds r3, #5",
        "beq 5f",
        "4:",
        step!("r8" "r9" "r10" "r11" "r12"),
        "mov r8, r9",
        "mov r9, r10",
        "mov r10, r11",
        "mov r11, r12",
        "subs r3, #1",
        "bne 4b",
        "5:",
        "ldr lr, [sp, #36]",
        "add lr, lr, #16",
        "stm lr, {{r8-r11}}",
        "pop {{r4-r11, pc}}",
    );
}

/// Finds the digits one by one.
#[unsafe(naked)]
unsafe extern "C" fn clear_with_umaal(strip: &mut Strip, n_low: &[Digit; GROUP], inverse: Digit) {
    macro_rules! step {
        ($q:literal $sum_0:literal $sum_1:literal $sum_2:literal $sum_3:literal $sum_4:literal) => {
            concat!(
                concat!("mul ", $q, ", ", $sum_0, ", r2\n"),
                concat!("mov ", $sum_4, ", #0\n"),
                concat!("umaal ", $sum_0, ", ", $sum_4, ", ", $q, ", r4\n"),
                concat!("umaal ", $sum_1, ", ", $sum_4, ", ", $q, ", r5\n"),
                concat!("umaal ", $sum_2, ", ", $sum_4, ", ", $q, ", r6\n"),
                concat!("umaal ", $sum_3, ", ", $sum_4, ", ", $q, ", r7"),
            )
        };
    }
    naked_asm!(
        "push {{r4-r11, lr}}",
        "ldm r1, {{r4-r7}}",
        "add r3, r0, #16",
        "ldm r3, {{r8-r11}}",
        step!("lr" "r8" "r9" "r10" "r11" "r12"),
        "str lr, [r0], #4",
        step!("lr" "r9" "r10" "r11" "r12" "r8"),
        "str lr, [r0], #4",
        step!("lr" "r10" "r11" "r12" "r8" "r9"),
        "str lr, [r0], #4",
        step!("lr" "r11" "r12" "r8" "r9" "r10"),
        "str lr, [r0], #4",
        "strd r12, r8, [r0]",
        "strd r9, r10, [r0, #8]",
        "pop {{r4-r11, pc}}",
    );
}

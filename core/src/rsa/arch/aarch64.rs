//! The rows of a product on aarch64, in assembly.
//!
//! The compiler does not keep a carry in the processor's flag along the digits of a row. Here, the low words of
//! the products of a digit with a group are added in one chain of carries, and the high words in another.
//!
//! A group has eight digits, in x4 to x11. The window is in x12 to x17, x19 and x20: column c of the sum is in
//! the one at c mod 8 of these, so that the window moves up without any instruction.

use core::arch::naked_asm;

use crate::rsa::portable::digits::{Digit, GROUP};
use crate::rsa::portable::rows::Above;

impl Above {
    /// As the portable code.
    #[inline(always)]
    pub(crate) fn add_product(&mut self, sum: &mut [Digit], digits: &[Digit; GROUP], x: &[Digit]) {
        let groups = x.len().min(sum.len()) / GROUP;
        // SAFETY: it reads `groups` groups of x, reads and writes as many of the sum, reads a group of digits,
        // and writes the window of `self`.
        unsafe {
            add_product_in_chains(sum.as_mut_ptr(), x.as_ptr(), groups, digits, self);
        }
    }

    /// As the portable code.
    #[inline(always)]
    pub(crate) fn add_square(&mut self, sum: &mut [Digit], x: &[Digit]) {
        if let Some(groups_above) = (x.len().min(sum.len()) / GROUP).checked_sub(1) {
            // SAFETY: it reads a group of x and `groups_above` more, reads and writes as many of the sum,
            // writes the window of `self`, and reads and writes its doubled bit.
            unsafe {
                add_square_in_chains(sum.as_mut_ptr(), x.as_ptr(), groups_above, self);
            }
        }
    }

    /// As the portable code.
    #[inline(always)]
    pub(crate) fn clear(&mut self, sum: &mut [Digit], n: &[Digit], inverse: Digit) {
        if let Some(groups_above) = (n.len().min(sum.len()) / GROUP).checked_sub(1) {
            // SAFETY: it reads a group of n and `groups_above` more, and reads and writes as many of the sum.
            // It reads the window of `self`, and reads and writes the carry.
            unsafe {
                clear_in_chains(sum.as_mut_ptr(), n.as_ptr(), groups_above, inverse, self);
            }
        }
    }
}

/// Saves what a function must not change, with room for four words at the top of the stack.
macro_rules! save {
    () => {
        "stp x19, x20, [sp, #-128]!
        stp x21, x22, [sp, #16]
        stp x23, x24, [sp, #32]
        stp x25, x26, [sp, #48]
        stp x27, x28, [sp, #64]
        str x30, [sp, #80]"
    };
}

macro_rules! restore {
    () => {
        "ldr x30, [sp, #80]
        ldp x27, x28, [sp, #64]
        ldp x25, x26, [sp, #48]
        ldp x23, x24, [sp, #32]
        ldp x21, x22, [sp, #16]
        ldp x19, x20, [sp], #128"
    };
}

/// Loads or stores eight registers.
macro_rules! eight {
    ($instruction:literal $r0:literal $r1:literal $r2:literal $r3:literal $r4:literal $r5:literal $r6:literal
     $r7:literal at $address:literal) => {
        concat!(
            concat!($instruction, " ", $r0, ", ", $r1, ", [", $address, "]\n"),
            concat!($instruction, " ", $r2, ", ", $r3, ", [", $address, ", #16]\n"),
            concat!($instruction, " ", $r4, ", ", $r5, ", [", $address, ", #32]\n"),
            concat!($instruction, " ", $r6, ", ", $r7, ", [", $address, ", #48]"),
        )
    };
}

macro_rules! group {
    ($instruction:literal at $address:literal) => {
        eight!($instruction "x4" "x5" "x6" "x7" "x8" "x9" "x10" "x11" at $address)
    };
}

macro_rules! window {
    ($instruction:literal at $address:literal) => {
        eight!($instruction "x12" "x13" "x14" "x15" "x16" "x17" "x19" "x20" at $address)
    };
}

/// A row: adds the product of the group with the number at x0, and the window, to the sum at x1, and writes it
/// to x2. Each has x3 groups, and the addresses move to their ends. What lies above is in the window then. Uses
/// x21 to x28.
#[unsafe(naked)]
unsafe extern "C" fn add_row() {
    /// Multiplies the digit `$x` with the group, and adds the digit `$sum` and the window. The lowest digit of
    /// the result goes to `$sum`, the others are the window.
    ///
    /// With B = 2^64, the result is at most (B - 1)(B^8 - 1) + (B - 1) + (B^8 - 1) = B^9 - 1. So no chain
    /// carries beyond the ninth digit.
    macro_rules! step {
        ($x:literal $sum:literal: $w0:literal $w1:literal $w2:literal $w3:literal $w4:literal $w5:literal
         $w6:literal $w7:literal) => {
            concat!(
                concat!("umulh x25, x4, ", $x, "\n"),
                concat!("umulh x26, x5, ", $x, "\n"),
                concat!("umulh x27, x6, ", $x, "\n"),
                concat!("umulh x28, x7, ", $x, "\n"),
                concat!("adds ", $sum, ", ", $sum, ", ", $w0, "\n"),
                concat!("adcs ", $w1, ", ", $w1, ", x25\n"),
                concat!("umulh x25, x8, ", $x, "\n"),
                concat!("adcs ", $w2, ", ", $w2, ", x26\n"),
                concat!("umulh x26, x9, ", $x, "\n"),
                concat!("adcs ", $w3, ", ", $w3, ", x27\n"),
                concat!("umulh x27, x10, ", $x, "\n"),
                concat!("adcs ", $w4, ", ", $w4, ", x28\n"),
                concat!("umulh x28, x11, ", $x, "\n"),
                concat!("adcs ", $w5, ", ", $w5, ", x25\n"),
                concat!("mul x25, x4, ", $x, "\n"),
                concat!("adcs ", $w6, ", ", $w6, ", x26\n"),
                concat!("mul x26, x5, ", $x, "\n"),
                concat!("adcs ", $w7, ", ", $w7, ", x27\n"),
                concat!("mul x27, x6, ", $x, "\n"),
                "adc x28, x28, xzr\n",
                concat!("mul ", $w0, ", x7, ", $x, "\n"),
                concat!("adds ", $sum, ", ", $sum, ", x25\n"),
                concat!("mul x25, x8, ", $x, "\n"),
                concat!("adcs ", $w1, ", ", $w1, ", x26\n"),
                concat!("mul x26, x9, ", $x, "\n"),
                concat!("adcs ", $w2, ", ", $w2, ", x27\n"),
                concat!("mul x27, x10, ", $x, "\n"),
                concat!("adcs ", $w3, ", ", $w3, ", ", $w0, "\n"),
                concat!("mul ", $w0, ", x11, ", $x, "\n"),
                concat!("adcs ", $w4, ", ", $w4, ", x25\n"),
                concat!("adcs ", $w5, ", ", $w5, ", x26\n"),
                concat!("adcs ", $w6, ", ", $w6, ", x27\n"),
                concat!("adcs ", $w7, ", ", $w7, ", ", $w0, "\n"),
                concat!("adc ", $w0, ", x28, xzr\n"),
            )
        };
    }
    naked_asm!(
        "cbz x3, 3f",
        "2:",
        "ldp x21, x22, [x0], #16",
        "ldp x23, x24, [x1], #16",
        step!("x21" "x23": "x12" "x13" "x14" "x15" "x16" "x17" "x19" "x20"),
        step!("x22" "x24": "x13" "x14" "x15" "x16" "x17" "x19" "x20" "x12"),
        "stp x23, x24, [x2], #16",
        "ldp x21, x22, [x0], #16",
        "ldp x23, x24, [x1], #16",
        step!("x21" "x23": "x14" "x15" "x16" "x17" "x19" "x20" "x12" "x13"),
        step!("x22" "x24": "x15" "x16" "x17" "x19" "x20" "x12" "x13" "x14"),
        "stp x23, x24, [x2], #16",
        "ldp x21, x22, [x0], #16",
        "ldp x23, x24, [x1], #16",
        step!("x21" "x23": "x16" "x17" "x19" "x20" "x12" "x13" "x14" "x15"),
        step!("x22" "x24": "x17" "x19" "x20" "x12" "x13" "x14" "x15" "x16"),
        "stp x23, x24, [x2], #16",
        "ldp x21, x22, [x0], #16",
        "ldp x23, x24, [x1], #16",
        step!("x21" "x23": "x19" "x20" "x12" "x13" "x14" "x15" "x16" "x17"),
        step!("x22" "x24": "x20" "x12" "x13" "x14" "x15" "x16" "x17" "x19"),
        "stp x23, x24, [x2], #16",
        "sub x3, x3, #1",
        "cbnz x3, 2b",
        "3:",
        "ret",
    );
}

#[unsafe(naked)]
unsafe extern "C" fn add_product_in_chains(
    sum: *mut Digit,
    x: *const Digit,
    groups: usize,
    digits: &[Digit; GROUP],
    above: &mut Above,
) {
    naked_asm!(
        save!(),
        "str x4, [sp, #88]",
        group!("ldp" at "x3"),
        "mov x12, xzr",
        "mov x13, xzr",
        "mov x14, xzr",
        "mov x15, xzr",
        "mov x16, xzr",
        "mov x17, xzr",
        "mov x19, xzr",
        "mov x20, xzr",
        "mov x3, x2",
        "mov x2, x0",
        "mov x0, x1",
        "mov x1, x2",
        "bl {add_row}",
        "ldr x4, [sp, #88]",
        window!("stp" at "x4"),
        restore!(),
        "ret",
        add_row = sym add_row,
    );
}

/// The window of `above` comes first, then the carry, then the doubled bit.
#[unsafe(naked)]
unsafe extern "C" fn add_square_in_chains(
    sum: *mut Digit,
    x: *const Digit,
    groups_above: usize,
    above: &mut Above,
) {
    /// What is done for the groups of x is done for the digits of a group: the digit a gives a(a + c), and
    /// becomes d = 2a + c, without what that carries, to be multiplied with the digits above it. All bits of
    /// the mask `$doubled` are c, and `$next` is the mask for the next digit. The last column is new.
    ///
    /// With i digits below, the columns so far are below B^(8 - i), and the step adds at most
    /// (B - 1)B + (B - 1)B(B^(7 - i) - 1) = (B - 1)B^(8 - i). So no chain carries beyond the last column.
    macro_rules! step {
        ($a:literal $doubled:literal $next:literal: [$($digit:literal)*]
         [$c0:literal $c1:literal: $($low:literal)*] [$($high:literal)*] $last:literal) => {
            concat!(
                concat!("mul x2, ", $a, ", ", $a, "\n"),
                concat!("umulh x3, ", $a, ", ", $a, "\n"),
                concat!("and ", $last, ", ", $doubled, ", ", $a, "\n"),
                concat!("adds x2, x2, ", $last, "\n"),
                "adc x3, x3, xzr\n",
                concat!("asr ", $next, ", ", $a, ", #63\n"),
                concat!("extr ", $a, ", ", $a, ", ", $doubled, ", #63\n"),
                concat!("adds ", $c0, ", ", $c0, ", x2\n"),
                $(concat!("mul x2, ", $a, ", ", $digit, "\nadcs ", $low, ", ", $low, ", x2\n"),)*
                concat!("adc ", $last, ", xzr, xzr\n"),
                concat!("adds ", $c1, ", ", $c1, ", x3\n"),
                $(concat!("umulh x3, ", $a, ", ", $digit, "\nadcs ", $high, ", ", $high, ", x3\n"),)*
            )
        };
    }
    naked_asm!(
        save!(),
        "stp x2, x3, [sp, #88]",
        "stp x0, x1, [sp, #104]",
        "ldr x30, [x3, #72]",
        "neg x30, x30",
        group!("ldp" at "x1"),
        eight!("ldp" "x21" "x22" "x23" "x24" "x25" "x26" "x27" "x28" at "x0"),
        step!("x4" "x30" "x1": ["x5" "x6" "x7" "x8" "x9" "x10" "x11"]
            ["x21" "x22": "x22" "x23" "x24" "x25" "x26" "x27" "x28"]
            ["x23" "x24" "x25" "x26" "x27" "x28" "x12"] "x12"),
        step!("x5" "x1" "x30": ["x6" "x7" "x8" "x9" "x10" "x11"]
            ["x23" "x24": "x24" "x25" "x26" "x27" "x28" "x12"]
            ["x25" "x26" "x27" "x28" "x12" "x13"] "x13"),
        step!("x6" "x30" "x1": ["x7" "x8" "x9" "x10" "x11"]
            ["x25" "x26": "x26" "x27" "x28" "x12" "x13"]
            ["x27" "x28" "x12" "x13" "x14"] "x14"),
        step!("x7" "x1" "x30": ["x8" "x9" "x10" "x11"]
            ["x27" "x28": "x28" "x12" "x13" "x14"]
            ["x12" "x13" "x14" "x15"] "x15"),
        step!("x8" "x30" "x1": ["x9" "x10" "x11"]
            ["x12" "x13": "x13" "x14" "x15"]
            ["x14" "x15" "x16"] "x16"),
        step!("x9" "x1" "x30": ["x10" "x11"]
            ["x14" "x15": "x15" "x16"]
            ["x16" "x17"] "x17"),
        step!("x10" "x30" "x1": ["x11"]
            ["x16" "x17": "x17"]
            ["x19"] "x19"),
        step!("x11" "x1" "x30": []
            ["x19" "x20": ]
            [] "x20"),
        "ldr x3, [sp, #96]",
        "neg x30, x30",
        "str x30, [x3, #72]",
        "ldp x2, x0, [sp, #104]",
        eight!("stp" "x21" "x22" "x23" "x24" "x25" "x26" "x27" "x28" at "x2"),
        "add x2, x2, #64",
        "add x0, x0, #64",
        "mov x1, x2",
        "ldr x3, [sp, #88]",
        "bl {add_row}",
        "ldr x3, [sp, #96]",
        window!("stp" at "x3"),
        restore!(),
        "ret",
        add_row = sym add_row,
    );
}

#[unsafe(naked)]
unsafe extern "C" fn clear_in_chains(
    sum: *mut Digit,
    n: *const Digit,
    groups_above: usize,
    inverse: Digit,
    above: &mut Above,
) {
    /// The next digit to multiply n with, which clears the lowest digit of the window. That carries 1 unless
    /// the digit is 0 already.
    macro_rules! step {
        ($q:literal: $w0:literal $w1:literal $w2:literal $w3:literal $w4:literal $w5:literal
         $w6:literal $w7:literal) => {
            concat!(
                concat!("mul ", $q, ", ", $w0, ", x3\n"),
                concat!("umulh x25, x4, ", $q, "\n"),
                concat!("umulh x26, x5, ", $q, "\n"),
                concat!("umulh x27, x6, ", $q, "\n"),
                concat!("umulh x28, x7, ", $q, "\n"),
                concat!("adds ", $w1, ", ", $w1, ", x25\n"),
                concat!("umulh x25, x8, ", $q, "\n"),
                concat!("adcs ", $w2, ", ", $w2, ", x26\n"),
                concat!("umulh x26, x9, ", $q, "\n"),
                concat!("adcs ", $w3, ", ", $w3, ", x27\n"),
                concat!("umulh x27, x10, ", $q, "\n"),
                concat!("adcs ", $w4, ", ", $w4, ", x28\n"),
                concat!("umulh x28, x11, ", $q, "\n"),
                concat!("adcs ", $w5, ", ", $w5, ", x25\n"),
                concat!("mul x25, x5, ", $q, "\n"),
                concat!("adcs ", $w6, ", ", $w6, ", x26\n"),
                concat!("mul x26, x6, ", $q, "\n"),
                concat!("adcs ", $w7, ", ", $w7, ", x27\n"),
                concat!("mul x27, x7, ", $q, "\n"),
                "adc x28, x28, xzr\n",
                concat!("cmp ", $w0, ", #1\n"),
                concat!("mul ", $w0, ", x8, ", $q, "\n"),
                concat!("adcs ", $w1, ", ", $w1, ", x25\n"),
                concat!("mul x25, x9, ", $q, "\n"),
                concat!("adcs ", $w2, ", ", $w2, ", x26\n"),
                concat!("mul x26, x10, ", $q, "\n"),
                concat!("adcs ", $w3, ", ", $w3, ", x27\n"),
                concat!("mul x27, x11, ", $q, "\n"),
                concat!("adcs ", $w4, ", ", $w4, ", ", $w0, "\n"),
                concat!("adcs ", $w5, ", ", $w5, ", x25\n"),
                concat!("adcs ", $w6, ", ", $w6, ", x26\n"),
                concat!("adcs ", $w7, ", ", $w7, ", x27\n"),
                concat!("adc ", $w0, ", x28, xzr\n"),
            )
        };
    }
    naked_asm!(
        save!(),
        "stp x4, x2, [sp, #88]",
        group!("ldp" at "x1"),
        window!("ldp" at "x0"),
        step!("x21": "x12" "x13" "x14" "x15" "x16" "x17" "x19" "x20"),
        step!("x22": "x13" "x14" "x15" "x16" "x17" "x19" "x20" "x12"),
        "stp x21, x22, [x0], #16",
        step!("x21": "x14" "x15" "x16" "x17" "x19" "x20" "x12" "x13"),
        step!("x22": "x15" "x16" "x17" "x19" "x20" "x12" "x13" "x14"),
        "stp x21, x22, [x0], #16",
        step!("x21": "x16" "x17" "x19" "x20" "x12" "x13" "x14" "x15"),
        step!("x22": "x17" "x19" "x20" "x12" "x13" "x14" "x15" "x16"),
        "stp x21, x22, [x0], #16",
        step!("x21": "x19" "x20" "x12" "x13" "x14" "x15" "x16" "x17"),
        step!("x22": "x20" "x12" "x13" "x14" "x15" "x16" "x17" "x19"),
        "stp x21, x22, [x0], #16",
        "add x21, x1, #64",
        "mov x1, x0",
        "sub x2, x0, #64",
        "mov x0, x21",
        group!("ldp" at "x2"),
        "ldr x3, [sp, #96]",
        "bl {add_row}",
        // The windows and the carry are added up.
        "ldr x3, [sp, #88]",
        group!("ldp" at "x3"),
        "ldr x0, [x3, #64]",
        "cmp x0, #1",
        "adcs x12, x12, x4",
        "adcs x13, x13, x5",
        "adcs x14, x14, x6",
        "adcs x15, x15, x7",
        "adcs x16, x16, x8",
        "adcs x17, x17, x9",
        "adcs x19, x19, x10",
        "adcs x20, x20, x11",
        "cset x0, cs",
        "str x0, [x3, #64]",
        window!("stp" at "x2"),
        restore!(),
        "ret",
        add_row = sym add_row,
    );
}

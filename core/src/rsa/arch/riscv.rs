//! Products by columns on RISC-V, of 32 bits and of 64, as `columns` says, four columns at a time.
//!
//! MUL and MULHU give the two words of a product, but the carry from one to the other would take two more
//! instructions. So a column adds up the low words of its products apart from the high ones:
//!
//! - *low* is the sum modulo 2^32, or 2^64.
//! - *high* adds up floor(xy / B), where B = 2^27, or 2^59: the high word of 32x * y.
//!
//! The sum is high * B + rest, where rest adds up all xy mod B. As long as rest fits in a word, it is
//! low - high * B modulo 2^32, or 2^64, and nothing needs to add it up.
//!
//! Now and then, a column is *settled*: what is above a digit moves from rest to high, and from high to a third
//! word, *top*. High and rest are below B then, and each product adds less than B to both. So there is room for
//! 31 products, or for 30 once a settled column is doubled.

use core::arch::naked_asm;

use crate::rsa::portable::digits::Digit;

/// Lets the assembler use instructions of 2 bytes where the processor has them.
macro_rules! compressed {
    () => {
        cfg_select! {
            target_feature = "c" => { ".option arch, +c" }
            _ => { "" }
        }
    };
}

/// A digit has five bits less than a word.
macro_rules! constants {
    () => {
        cfg_select! {
            target_arch = "riscv64" => { ".set WORD, 8\n.set LOG_WORD, 3\n.set BITS, 59" }
            _ => { ".set WORD, 4\n.set LOG_WORD, 2\n.set BITS, 27" }
        }
    };
}

macro_rules! load {
    ($operands:literal) => {
        concat!(cfg_select! { target_arch = "riscv64" => { "ld " } _ => { "lw " } }, $operands)
    };
}

macro_rules! store {
    ($operands:literal) => {
        concat!(cfg_select! { target_arch = "riscv64" => { "sd " } _ => { "sw " } }, $operands)
    };
}

// The registers of the four columns.
macro_rules! low {
    (0) => {"t3"}; (1) => {"t4"}; (2) => {"t5"}; (3) => {"t6"};
}
macro_rules! high {
    (0) => {"a6"}; (1) => {"a7"}; (2) => {"s2"}; (3) => {"s3"};
}
macro_rules! top {
    (before) => {"s1"}; (0) => {"s4"}; (1) => {"s5"}; (2) => {"s6"}; (3) => {"s7"};
}

macro_rules! for_all_sums {
    ($instruction:literal) => {
        concat!(
            ".irp sum, t3, t4, t5, t6, a6, a7, s2, s3, s4, s5, s6, s7\n",
            $instruction,
            "\n.endr",
        )
    };
}

/// Takes the digit of x, or of q, at a distance.
macro_rules! load_x {
    ($at:literal) => {
        concat!(load!("a4, WORD * "), $at, "(s0)\n", "slli t0, a4, 5\n")
    };
}

/// Adds the product of that digit and one of y, or of n, to a column.
macro_rules! add_product {
    ($y:literal, $column:tt) => {
        concat!(
            "mul a5, a4, ", $y, "\n",
            "add ", low!($column), ", ", low!($column), ", a5\n",
            "mulhu a5, t0, ", $y, "\n",
            "add ", high!($column), ", ", high!($column), ", a5\n",
        )
    };
}

/// Adds the products of a digit of x to the four columns. Then the next digit of y below takes the place of the
/// highest one.
macro_rules! add_products {
    ($at:literal, $y_0:literal, $y_1:literal, $y_2:literal, $y_3:literal) => {
        concat!(
            load_x!($at),
            add_product!($y_0, 0),
            add_product!($y_1, 1),
            add_product!($y_2, 2),
            add_product!($y_3, 3),
            load!(""), $y_3, ", 3 * WORD - WORD * ", $at, "(s1)\n",
        )
    };
}

macro_rules! settle_rest {
    ($column:tt) => {
        concat!(
            "slli a5, ", high!($column), ", BITS\n",
            "sub a5, ", low!($column), ", a5\n",
            "srli a5, a5, BITS\n",
            "add ", high!($column), ", ", high!($column), ", a5\n",
        )
    };
}

macro_rules! settle {
    ($column:tt) => {
        concat!(
            settle_rest!($column),
            "srli a5, ", high!($column), ", BITS\n",
            "add ", top!($column), ", ", top!($column), ", a5\n",
            "and ", high!($column), ", ", high!($column), ", s10\n",
        )
    };
}

/// Takes the digit of a column whose rest is settled to a4. In t2 is the carry to this column, and then what is
/// known of the carry to the next one.
macro_rules! take_digit {
    ($column:tt, $two_below:tt) => {
        concat!(
            "and a4, ", low!($column), ", s10\n",
            "add a4, a4, t2\n",
            "srli t2, a4, BITS\n",
            "and a4, a4, s10\n",
            "add t2, t2, ", top!($two_below), "\n",
        )
    };
}

/// Finds the digit of q with which the multiple of n clears the digit of a column.
macro_rules! digit_of_q {
    ($column:tt, $two_below:tt) => {
        concat!(
            settle_rest!($column),
            take_digit!($column, $two_below),
            // q * n_0 mod B and the digit are both zero, or their sum is B.
            "snez a5, a4\n",
            "add t2, t2, a5\n",
            "mul a4, a4, t1\n",
            "and a4, a4, s10\n",
            store!("a4, WORD * "), $column, "(s8)\n",
            "slli t0, a4, 5\n",
            "mulhu a5, t0, a0\n",
            "add t2, t2, a5\n",
            "add t2, t2, ", high!($column), "\n",
        )
    };
}

macro_rules! digit_of_result {
    ($column:tt, $two_below:tt) => {
        concat!(
            take_digit!($column, $two_below),
            store!("a4, WORD * "), $column, "(s8)\n",
            "add t2, t2, ", high!($column), "\n",
        )
    };
}

/// Does what `columns::multiply` says. The digits of x, of y and of n, `len` each, have two zeros above them.
///
/// The most products between two times that a column is settled are 29, and a column that was doubled before:
/// four of a corner, one that comes before a run in the upper half, and 24 of the run. Top stays below 2^9, for
/// columns of 2 * 152 products (4096 bits) are below 2^63, and those of 2 * 72 digits of 59 bits below 2^126.
///
/// | registers | |
/// |---|---|
/// | `low!`, `high!`, `top!` | the columns |
/// | a0 to a3 | four digits of y |
/// | a4, t0 | a digit of x, and 32 times it |
/// | s0, s1 | the addresses of digits of x and of y |
/// | t1 | the address at which the runs end; then -1/n mod B |
/// | t2 | the address at which a run ends; then the carry to the next column |
/// | s8, s9 | the addresses of t\[k\] and of x |
/// | s10, s11 | B - 1, and 4 len |
/// | a5 | any other value |
#[unsafe(naked)]
pub(super) unsafe extern "C" fn multiply_columns(
    t: *mut Digit,
    y: *const Digit,
    n: *const Digit,
    len: usize,
    negated_inverse: Digit,
) {
    naked_asm!(
        ".option push",
        ".option arch, +m",
        constants!(),
        compressed!(),
        "addi sp, sp, -20 * WORD",
        ".irp saved, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11",
        store!("s\\saved, WORD * \\saved(sp)"),
        ".endr",
        store!("ra, 12 * WORD(sp)"),
        store!("a1, 13 * WORD(sp)"),
        store!("a2, 14 * WORD(sp)"),
        store!("a4, 15 * WORD(sp)"),
        // The carries to the first and to the second of the next four columns.
        store!("zero, 16 * WORD(sp)"),
        store!("zero, 17 * WORD(sp)"),
        "mv s8, a0",
        "slli s11, a3, LOG_WORD",
        "add s9, s8, s11",
        "li s10, (1 << BITS) - 1",

        // Four columns of the product.
        "1:",
        for_all_sums!("li \\sum, 0"),
        "mv s0, s9",
        load!("s1, 13 * WORD(sp)"),
        "sub a5, s8, s9",
        "add a5, a5, s11",
        // A square's runs end at x[k / 2], others at x[k] or x[len].
        "beq s1, s9, 2f",
        "bltu s8, s9, 3f",
        "mv a5, s11",
        "j 3f",
        "2:",
        "srli a5, a5, 1",
        "3:",
        "add t1, s9, a5",
        "call {add_runs}",
        load!("a5, 13 * WORD(sp)"),
        "bne a5, s9, 4f",
        for_all_sums!("slli \\sum, \\sum, 1"),
        "j 5f",
        "4:",
        "bgeu s8, s9, 6f",
        // The corner.
        "5:",
        load_x!("0"),
        add_product!("a0", 0),
        add_product!("a1", 1),
        add_product!("a2", 2),
        add_product!("a3", 3),
        load_x!("1"),
        add_product!("a0", 1),
        add_product!("a1", 2),
        add_product!("a2", 3),
        load_x!("2"),
        add_product!("a0", 2),
        add_product!("a1", 3),
        load_x!("3"),
        add_product!("a0", 3),

        // The same columns of q * n.
        "6:",
        "sub s0, s9, s11",
        load!("s1, 14 * WORD(sp)"),
        "mv t1, s8",
        "bltu s8, s9, 7f",
        "mv t1, s9",
        "7:",
        "call {add_runs}",
        load!("t2, 16 * WORD(sp)"),
        load!("s1, 17 * WORD(sp)"),
        "bgeu s8, s9, 8f",
        load!("t1, 15 * WORD(sp)"),
        digit_of_q!(0, before),
        add_product!("a1", 1),
        add_product!("a2", 2),
        add_product!("a3", 3),
        digit_of_q!(1, 0),
        add_product!("a1", 2),
        add_product!("a2", 3),
        digit_of_q!(2, 1),
        add_product!("a1", 3),
        digit_of_q!(3, 2),
        "j 9f",
        "8:",
        digit_of_result!(0, before),
        digit_of_result!(1, 0),
        digit_of_result!(2, 1),
        digit_of_result!(3, 2),
        "9:",
        store!("t2, 16 * WORD(sp)"),
        store!("s7, 17 * WORD(sp)"),
        "addi s8, s8, 4 * WORD",
        "add a5, s9, s11",
        "bne s8, a5, 1b",

        ".irp saved, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11",
        load!("s\\saved, WORD * \\saved(sp)"),
        ".endr",
        load!("ra, 12 * WORD(sp)"),
        "addi sp, sp, 20 * WORD",
        "ret",
        ".option pop",
        add_runs = sym add_runs,
    );
}

/// Adds the runs of x, at s0, and y, at s1, to the columns. Leaves s0 at the end in t1, and in a0 to a3 the digits
/// of y that belong to the digit of x there.
///
/// The lower half begins with x\[0\] * y\[k\]. The upper half begins with x\[k - len + 1\] * y\[len - 1\], which is
/// alone in the first column, and then x\[k - len + 2\] * y\[len - 2\], where y is read up to its second zero. From
/// there on, the number of digits is even. They are taken by fours, but the first two are skipped if they must be.
///
/// A run is 24 digits of x, or fewer. After a run, the columns are settled.
#[unsafe(naked)]
unsafe extern "C" fn add_runs() {
    naked_asm!(
        ".option push",
        ".option arch, +m",
        constants!(),
        compressed!(),
        "sub a5, s8, s9",
        "bgez a5, 1f",
        "add s1, s1, s11",
        "add s1, s1, a5",
        "j 2f",
        "1:",
        "add s0, s0, a5",
        "addi s0, s0, 2 * WORD",
        "add s1, s1, s11",
        "addi s1, s1, -2 * WORD",
        load_x!("-1"),
        load!("a0, 1 * WORD(s1)"),
        add_product!("a0", 0),
        "2:",
        "sub a5, t1, s0",
        "andi a5, a5, 2 * WORD",
        "bnez a5, 3f",
        load!("a0, 0(s1)"),
        load!("a1, 1 * WORD(s1)"),
        load!("a2, 2 * WORD(s1)"),
        load!("a3, 3 * WORD(s1)"),
        "addi s1, s1, -4 * WORD",
        "j 7f",
        "3:",
        load!("a2, 0(s1)"),
        load!("a3, 1 * WORD(s1)"),
        load!("a0, 2 * WORD(s1)"),
        load!("a1, 3 * WORD(s1)"),
        "addi s0, s0, -2 * WORD",
        "addi s1, s1, -2 * WORD",
        "addi t2, s0, 24 * WORD",
        "bleu t2, t1, 6f",
        "mv t2, t1",
        "j 6f",
        "4:",
        "addi t2, s0, 24 * WORD",
        "bleu t2, t1, 5f",
        "mv t2, t1",
        "5:",
        add_products!("0", "a0", "a1", "a2", "a3"),
        add_products!("1", "a3", "a0", "a1", "a2"),
        "6:",
        add_products!("2", "a2", "a3", "a0", "a1"),
        add_products!("3", "a1", "a2", "a3", "a0"),
        "addi s0, s0, 4 * WORD",
        "addi s1, s1, -4 * WORD",
        "bne s0, t2, 5b",
        settle!(0),
        settle!(1),
        settle!(2),
        settle!(3),
        "7:",
        "bne s0, t1, 4b",
        "ret",
        ".option pop",
    );
}

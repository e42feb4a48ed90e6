"""Proves the bounds that the core's arithmetic relies on.

Each proof names the function that it is about. The constants are read from the source. A function whose
expressions a proof repeats is pinned by a hash: if it changes, its proof fails until somebody has read both
again and pinned the new function. `prove.py --pin` shows the hashes.

Three kinds of evidence:

- z3 proves what holds for all numbers: it finds none for which the claim is false. Each of these claims has
  a control beside it: the same claim with a bound that is a little too tight, for which z3 must find numbers.
- Sums of numbers that are not negative are highest where each of them is. So their bounds are computed, with
  whole numbers and fractions of any size, for all lengths of a modulus from 2048 to 4096 bits.
- `core/src/rsa/portable/small.rs` runs the same code with digits of 3, 4 and 8 bits on all numbers.

Induction to real sizes: a product takes one column, or one row, after the other, each time by the same
instructions, on the same two or four digits and on a carry. If a carry is within its bound, the next one is,
and no sum on the way overflows: that is proved here for a column in any place, with up to as many products as
there are digits. What a column then gives is its sum modulo B, and the carry the rest: what is added up is the
number itself, and the bounds of numbers (below) do not depend on how many digits they have.
"""

import hashlib
import re
import sys
from fractions import Fraction
from pathlib import Path

import z3

CORE = Path(__file__).resolve().parents[2] / "core" / "src" / "rsa"
SIZES = range(2048, 4097)

# The functions whose expressions are repeated here, and the hash of each.
PINNED = {
    ("portable/digits.rs", "GROUP, HEADROOM, ZEROS"): "96398d0765f244ac",
    ("portable/digits.rs", "stored_digits"): "d31e46455947f230",
    ("portable/digits.rs", "subtract"): "eb25c838b3ed758e",
    ("portable/columns.rs", "add_columns"): "068b90d3f9c3c42d",
    ("portable/columns.rs", "add_run"): "885e0d2bd043c1c6",
    ("portable/montgomery.rs", "try_multiply"): "b22ee4adafc6f830",
    ("portable/montgomery.rs", "reduce"): "948e0874f66da48c",
    ("portable/montgomery.rs", "set_to_constant"): "0e9c68ea545667be",
    ("portable/montgomery.rs", "shift"): "139a3faf56d8afb7",
    ("portable/montgomery.rs", "estimate"): "ef88344125525ecc",
    ("portable/montgomery.rs", "reciprocal"): "6ba568dca63f94d9",
    ("portable/montgomery.rs", "negated_inverse"): "49e3fc417f090d61",
    ("portable/rows.rs", "multiply"): "de79236b8a0b0159",
    ("portable/rows.rs", "add_square"): "ead6217e2c79f7d1",
    ("portable/rows.rs", "clear"): "b435419e8146bb74",
    ("portable/rows.rs", "multiply_and_add"): "62e5e76b8ddf0dcf",
    ("arch/x86_64/reciprocal.rs", "constant_digits"): "69b33d24202499ed",
    ("arch/x86_64/reciprocal.rs", "log"): "95c14a37ca0bf9e0",
    ("arch/x86_64/reciprocal.rs", "set_to_constant"): "ad52d78f635fb6f1",
    ("arch/x86_64/reciprocal.rs", "subtract_product"): "9e942ebeeba6fbee",
    ("arch/x86_64/fma.rs", "of"): "902779a689586561",
    ("arch/x86_64/fma.rs", "reduce"): "63703a033291c035",
    ("arch/x86_64/ifma.rs", "of"): "977130c74c27c3e0",
    ("arch/x86_64/ifma.rs", "reduce"): "54fbbe474469efeb",
    ("arch/x86_64/ifma_lanes.rs", "new"): "be64061cd84a483e",
    ("arch/x86_64/ifma_lanes.rs", "enter"): "f7c2d47b245199b5",
    ("arch/x86_64/ifma_lanes.rs", "reduce"): "568002f9751c88bf",
    ("arch/x86_64/ifma_lanes.rs", "next_of_q"): "c885c6d7846de17f",
    ("arch/x86_64/ifma_lanes.rs", "columns"): "260b1ec00b8bfdbf",
}

proofs = 0
controls = 0


def main():
    if "--pin" in sys.argv:
        for file, function in PINNED:
            print(f'    ("{file}", "{function}"): "{digest(file, function)}",')
        return
    for (file, function), known in PINNED.items():
        now = digest(file, function)
        check(now == known, f"{file}: `{function}` has changed ({now}): read its proof again, then pin it")
    print(f"{len(PINNED)} functions are as they were when their proofs were written\n")
    digits_and_columns()
    columns_in_assembly()
    rows()
    montgomery()
    long_division()
    inverse()
    reciprocal_of_n()
    fma()
    ifma()
    lanes()
    print(f"\n{proofs} bounds proved, {controls} of {controls} bounds that are too tight disproved")


# portable/digits.rs, portable/columns.rs, portable/montgomery.rs: `try_multiply`


def digits_and_columns():
    for width in (14, 27, 28, 59, 60):
        word = digits_of(width)
        base, highest = 1 << width, (1 << width) - 1
        lens = [stored_digits(word, bits) - word["zeros"] for bits in SIZES]
        for bits, length in zip(SIZES, lens):
            # R >= 4n for each n of that many bits.
            check(width * length >= bits + 2, f"{width}: R >= 4n at {bits} bits")
        wide, run = 1 << word["Wide"], 1 << (word["Sum"] - 2 * width)
        check(run * highest**2 < 1 << word["Sum"], f"{width}: a run fits")
        # Of every column: at most as many products as digits, in a square, too; and of q * n, where the
        # digits of q are found, too.
        length = max(lens)
        if run >= 256:
            # Then a sum begins with a product or a digit, and runs have no end.
            check((length + 1) * highest**2 < 1 << word["Sum"], f"{width}: a column fits in a `Sum`")
        bound = least_carry(base, length)
        check(column_holds(base, length, wide, bound), f"{width}: the columns of {length} digits fit")
        # So many digits would be too many.
        too_many = length
        while column_holds(base, too_many, wide, least_carry(base, too_many)):
            too_many *= 2
        proved(f"try_multiply: {length} digits of {width} bits: carries are at most {bound}, all sums fit",
               column(base, length, wide, bound))
        disproved(f"and of {too_many} digits do not",
                  column(base, too_many, wide, least_carry(base, too_many)))
        disproved("and carries may be above four less", column(base, length, wide, bound - 4))


def column(base, length, wide, bound):
    """Two columns, of at most `length` products each: the carry stays within the bound, and all fits."""
    product = (base - 1) ** 2
    carry, p0, p1, q0, q1 = z3.Ints("carry p0 p1 q0 q1")
    given = [0 <= carry, carry <= bound]
    for total in (p0, p1, q0, q1):
        given += [0 <= total, total <= length * product]
    with_carry = p0 + carry
    second = p1 + with_carry / base
    # The digit that the product leaves, and the products of q.
    r0 = with_carry % base + q0
    r1 = second % base + q1 + r0 / base
    after = second / base + r1 / base
    fits = [total < wide for total in (with_carry, second, r0, r1)]
    return given, z3.And(after <= bound, *fits)


def highest_column(base, length, carry):
    """The same for the highest sums: what is highest at a digit is taken for each digit by itself."""
    product = length * (base - 1) ** 2
    with_carry = product + carry
    second = product + with_carry // base
    r0 = base - 1 + product
    r1 = base - 1 + product + r0 // base
    return max(with_carry, second, r0, r1), second // base + r1 // base


def least_carry(base, length):
    carry = 0
    while True:
        _, after = highest_column(base, length, carry)
        if after <= carry:
            return carry
        carry = after


def column_holds(base, length, wide, carry):
    return highest_column(base, length, carry)[0] < wide


# arch/arm_baseline.rs, arch/riscv.rs


def columns_in_assembly():
    # arm_baseline.rs: a word for low takes 16 products and 2^18 more, high stays below 2^24.
    highest = (1 << 14) - 1
    check(16 * highest**2 + (1 << 18) < 1 << 32, "14: low has room for 16 products and 2^18 more")
    expect_not(17 * highest**2 + (1 << 18) < 1 << 32, "14: not for 17")
    length = max(stored_digits(digits_of(14), bits) for bits in SIZES) - 1
    says = number_in("arch/arm_baseline.rs", r"columns of\s+//! 2 \* (\d+) products \(4096 bits\) are below 2\^38")
    check(length == says, f"14: {length} digits, and the comment has {says}")
    check(2 * length * highest**2 < 1 << 38, "14: a column is below 2^38, and high below 2^24")
    # riscv.rs: high and rest are below B when a column is settled, and each product adds less than B to both.
    for width, word, says in ((27, 32, 152), (59, 64, 72)):
        base = 1 << width
        room, room_doubled = 31, 30
        check(base - 1 + room * (base - 1) < 1 << word, f"{width}: there is room for {room} products")
        expect_not(base - 1 + (room + 1) * base < 1 << word, f"{width}: not for one more")
        check(2 * (base - 1) + room_doubled * (base - 1) < 1 << word, f"{width}: for {room_doubled} if doubled")
        # The most are 29 (its comment), and a digit of a carry.
        check(2 * (base - 1) + 29 * (base - 1) + base - 1 < 1 << word, f"{width}: for the 29 that there are")
        length = max(stored_digits(digits_of(width), bits) for bits in SIZES) - 2
        check(length == says, f"{width}: {length} digits, and the comment has {says}")
        total = 2 * length * (base - 1) ** 2
        check(total < 1 << (63 if width == 27 else 126), f"{width}: columns are below what the comment has")
        # What lies above two digits.
        check(total >> 2 * width < 1 << 9, f"{width}: top stays below 2^9")


# portable/rows.rs


def rows():
    base = z3.Int("base")
    x, y, a, b = z3.Ints("x y a b")
    given = [base >= 2] + [z3.And(0 <= v, v < base) for v in (x, y, a, b)]
    # The highest product comes first, which is what the solver needs help with.
    given += [x * y <= (base - 1) * (base - 1)]
    proved("multiply_and_add: xy + a + b is below B^2", (given, x * y + a + b < base * base))
    disproved("and not below B^2 - 1", (given, x * y + a + b < base * base - 1))
    xs, ys = z3.Reals("x y")
    top = z3.Real("top")
    proved("multiply_and_add: a product of two digits is at most (B - 1)^2",
           ([0 <= xs, xs <= top, 0 <= ys, ys <= top], xs * ys <= top * top))
    # Three groups of a square, of which the middle one has one below and one above.
    beta, a0, a1, a2, c1, c2, c3 = z3.Ints("beta a0 a1 a2 c1 c2 c3")
    whole = a0 + a1 * beta + a2 * beta * beta

    def square(c0):
        d0 = 2 * a0 + c0 - c1 * beta
        d1 = 2 * a1 + c1 - c2 * beta
        return (a0 * (a0 + c0) + d0 * (a1 + a2 * beta) * beta
                + (a1 * (a1 + c1) + d1 * a2 * beta) * beta**2
                + a2 * (a2 + c2) * beta**4)

    proved("add_square: the sum of all A(A + c) and D times the groups above is the square",
           ([], square(0) == whole * whole))
    disproved("and not, if a bit were carried into the lowest group", ([], square(1) == whole * whole))


# portable/montgomery.rs, arch/x86_64/ifma_lanes.rs: the bounds of numbers


def montgomery():
    n, r, a, b, q = z3.Reals("n r a b q")

    def product(given, claim):
        return [n > 0, 0 <= a, 0 <= b, 0 <= q, q < r] + given, claim(a * b + q * n)

    by_columns = [r >= 4 * n, a < 2 * n, b < 2 * n]
    proved("columns: for R >= 4n and factors below 2n, (ab + qn) / R < 2n",
           product(by_columns, lambda t: t < 2 * n * r))
    disproved("and not for R >= 3n",
              product([r >= 3 * n, a < 2 * n, b < 2 * n], lambda t: t < 2 * n * r))
    proved("columns: where a factor is below n, the product is below 2n: one subtraction of n is enough",
           product([r >= 4 * n, a < 2 * n, b < n], lambda t: t < 2 * n * r))
    disproved("and without it, it is not", product([r >= 4 * n, a < 2 * n, b < n], lambda t: t < n * r))
    by_rows = [r > n, a < r, b < r]
    proved("rows: for R > n and factors below R, (ab + qn) / R < R + n: a carry is 1, one subtraction clears it",
           product(by_rows, lambda t: t < (r + n) * r))
    disproved("and it may be R or more", product(by_rows, lambda t: t < r * r))
    proved("rows: where a factor is below n, the product is below 2n",
           product([r > n, a < r, b < n], lambda t: t < 2 * n * r))
    disproved("and it may be n or more", product([r > n, a < r, b < n], lambda t: t < n * r))
    for width in (32, 64):
        word = digits_of(width)
        for bits in SIZES:
            check(width * (stored_digits(word, bits) - 1) >= bits, f"{width}: R > n at {bits} bits")


# portable/montgomery.rs: `estimate` and `shift`


def long_division():
    for width, step in ((14, 14), (27, 27), (28, 28), (32, 28), (59, 59), (60, 60), (64, 60)):
        check(step == (width if width < word_bits(width) else width - 4), f"{width}: the bits of a step")
        window = step + 3
        # The words that it is computed in: the top of x, the reciprocal, and their product.
        check(window + 1 <= digits_of(width)["Word"], f"{width}: the top of x fits in a `Word`")
        check(2 * (window + 1) <= digits_of(width)["Wide"], f"{width}: their product fits in a `Wide`")
        check(2 * window == step + 6 + step, f"{width}: 2^2W is 2^STEP times what `estimate` divides by")
        for claim, is_true in division(step, window, 2):
            (proved if is_true else disproved)(*claim)


def division(step, window, most):
    """x = (X + f) 2^k and n = (N + g) 2^k, with the windows X and N, and what is left out, f and g."""
    x_top, n_top, f, g, lost, rounded = z3.Reals("X N f g lost rounded")
    unit = 1 << (window - 1)
    # In units of 2^(W - 1), so that the numbers are small.
    given = [1 <= n_top, n_top < 2, 0 <= x_top]
    given += [0 <= part for part in (f, g, lost, rounded)]
    given += [f < Fraction(1, unit), g < Fraction(1, unit), lost < 1, rounded < 1]
    given += [x_top + f < 2 * (n_top + g)]
    # The reciprocal is 2^2W / (N + 1) - lost, and q is X * that / 2^(STEP + 6) - rounded.
    divisor = n_top + Fraction(1, unit)
    scale = 1 << step
    # Times the divisor, q = X * 2^STEP / divisor - X * lost / 2^(STEP + 6) - rounded.
    small = Fraction(unit, 1 << (step + 6))
    q = z3.Real("q")
    given += [q * divisor == x_top * scale - (x_top * lost * small + rounded) * divisor]
    exact = (x_top + f) * scale
    total = n_top + g
    return [
        ((f"shift: with steps of {step} bits, q is never too high", (given, q * total <= exact)), True),
        ((f"shift: and less than {most} too low: x stays below {most}n", (given, exact < (q + most) * total)), True),
        (("and not always less than 7/4 too low", (given, exact < (q + Fraction(7, 4)) * total)), False),
    ]


# portable/montgomery.rs: `negated_inverse`


def inverse():
    n, x, error, part, power = z3.Ints("n x error part power")
    # x(2 - nx) leaves the square of the error of x.
    proved("negated_inverse: the error of x(2 - nx) is the square of that of x",
           ([], 1 - n * (x * (2 - n * x)) == (1 - n * x) * (1 - n * x)))
    disproved("and of x(3 - nx) is not", ([], 1 - n * (x * (3 - n * x)) == (1 - n * x) * (1 - n * x)))
    proved("negated_inverse: an error that is a multiple of 2^k has a square that is one of 2^2k",
           ([error == part * power], error * error == part * part * (power * power)))
    digit = z3.BitVec("digit", 64)
    proved("negated_inverse: an odd number is its own inverse to 3 bits",
           ([digit & 1 == 1], (digit * digit) & 7 == 1))
    disproved("and not to 4 bits", ([digit & 1 == 1], (digit * digit) & 15 == 1))
    for width in (14, 27, 28, 32, 59, 60, 64):
        correct = 3
        while correct < width:
            correct *= 2
        check(correct >= width, f"{width}: enough steps")
        # Words wrap at 2^(bits of a word), of which B is a divisor: what is congruent stays so.
        check(width <= word_bits(width), f"{width}: B divides what words wrap at")


# arch/x86_64/reciprocal.rs: `set_to_constant`


def reciprocal_of_n():
    width, step = 60, 60
    window = step + 3
    least = constant("arch/x86_64/reciprocal.rs", "LEAST_BITS")
    base = 1 << width
    # Each step after the first ones leaves x up to q, below 2B, of its lowest digit too high; there are at
    # most so many, and n still has its highest bits.
    most = max(-(-bits // width) for bits in SIZES)
    drift = Fraction(most * 2 * base, 1 << (least - 1))
    check(most * 2 * base <= 1 << 68, "reciprocal: x gets at most 2^68 too high")
    check(drift <= Fraction(1, 1 << 24), "reciprocal: which is at most 2^-24 of n")
    # `estimate` is at most 15/8 too low, so that 2n - x has room for what x is too high.
    for claim, is_true in division(step, window, Fraction(15, 8)):
        (proved if is_true else disproved)(*claim)
    check(2 - Fraction(15, 8) > drift, "reciprocal: so x stays below 2n")
    # The last x is what the quotient lacks of 2^log / n, times n, and what x is too high. 1 is subtracted.
    n, x, too_high, exact, constant_ = z3.Reals("n x too_high exact constant")
    given = [n > 0, 0 <= x, x < 2 * n, 0 <= too_high, too_high <= drift * n]
    given += [(exact - 1 - constant_) * n == x - too_high]
    proved("reciprocal: the constant is at most 2^log / n, and less than 3 below",
           (given, z3.And(constant_ <= exact, exact < constant_ + 3)))
    disproved("and it may be more than 2 below", (given, exact <= constant_ + 2))
    for bits in SIZES:
        log = bits - 1 + constant_digits(bits, width) * width
        check(log >= 2 * bits + 64, f"reciprocal: enough digits at {bits} bits")


# arch/x86_64/fma.rs


def fma():
    file = "arch/x86_64/fma.rs"
    radix = constant(file, "RADIX_BITS")
    base = 1 << radix
    digit = base // 2 + (1 << 7)
    lengths = [fma_lengths(bits, radix) for bits in SIZES]
    most = 90
    check(constant(file, "MAX_DIGITS") >= most, "fma: there is room for 90 digits")
    for bits, (residue, cut, first, reciprocal, log) in zip(SIZES, lengths):
        at = f"at {bits} bits"
        check(radix * residue >= bits + 2, f"fma: B^L >= 4n {at}")
        check(max(residue, reciprocal) <= most, f"fma: at most 90 digits {at}")
        check(cut * radix <= bits - 4, f"fma: B^cut / n <= 1/8 {at}")
        check(log * radix >= 2 * bits + 3, f"fma: t / B^m <= 1/8 {at}")
        # The columns below `first`, against n.
        left_out = most * digit**2 * (base**first - 1) // (base - 1)
        check(32 * left_out <= 1 << (bits - 1), f"fma: at most 1/32 for columns left out {at}")
        skipped = bits - 1 + constant_digits(bits, 60) * 60 - log * radix
        check(1 + Fraction(3, 1 << skipped) <= Fraction(81, 80), f"fma: the reciprocal lacks at most 81/80 {at}")
    half = most // 2
    check(half * digit**2 < 1 << 98, "fma: half of the products are below 2^98, as `ROUND` allows for")
    expect_not(2 * half * digit**2 < 1 << 98, "fma: all of them are not")
    low = most * (base // 2)
    check(low < 1 << 53, "fma: what rounding leaves is an exact `f64`")
    both = low + most * digit**2 // base
    check(both < 1 << 54 and both >> radix < 1 << 7, "fma: a column carries less than 2^7")
    error = (Fraction(1, 2) + Fraction(1, 1 << 38)) / 8 + Fraction(1, 32)
    error += Fraction(81, 80) / 8
    error += Fraction(1, 2) + Fraction(1, 1 << 37)
    check(Fraction(81, 80) / 8 <= Fraction(9, 64), "fma: 81/80 * t / B^m <= 9/64")
    check(error < 1, f"fma: q is off by less than 1, so that t - qn is less than n in size")
    # A number of L digits of at most `digit` that is below B^L / 4 has no other digits than these.
    check(Fraction(1, 2) + Fraction(1, 1 << 38) >= Fraction(digit, base - 1), "fma: the others have at most that sum")


def fma_lengths(bits, radix):
    cut = (bits - 4) // radix
    log = -(-(2 * bits + 3) // radix)
    most = max(2 * bits - cut * radix, log * radix + 1 - bits)
    first = (bits - 58) // (2 * radix) * 2
    return -(-(bits + 2) // radix), cut, first, -(-(most + 1) // radix), log


# arch/x86_64/ifma.rs


def ifma():
    file = "arch/x86_64/ifma.rs"
    radix = constant(file, "RADIX_BITS")
    base = 1 << radix
    digit = base + (1 << 14)
    most = 84
    check(constant(file, "MAX_DIGITS") >= most, "ifma: there is room for 84 digits")
    for bits in SIZES:
        residue, low, cut, first, reciprocal, log = ifma_lengths(bits, radix)
        at = f"at {bits} bits"
        check(radix * residue >= bits + 4, f"ifma: B^L >= 16n {at}")
        check(residue <= 82 and max(low, reciprocal) <= most, f"ifma: at most 84 digits {at}")
        check(cut * radix <= bits - 4, f"ifma: B^cut / n <= 1/8 {at}")
        # t is up to n^2 * 81/16.
        lacks = Fraction(81, 80) * Fraction(81, 16) * Fraction(1 << (2 * bits), 1 << (log * radix))
        check(lacks <= Fraction(1, 12), f"ifma: 81/80 * t / B^m <= 1/12 {at}")
        skipped = bits - 1 + constant_digits(bits, 60) * 60 - log * radix
        check(1 + Fraction(3, 1 << skipped) <= Fraction(81, 80), f"ifma: the reciprocal lacks at most 81/80 {at}")
        left_out = most * digit**2 * (base**first - 1) // (base - 1)
        check(32 * left_out <= 1 << (bits - 1), f"ifma: at most 1/32 for columns left out {at}")
        check(radix * (residue - 1) - 5 <= bits - 1, f"ifma: a residue is at least B^(L-1) / 32 {at}")
    check(2 * digit < 1 << 52, "ifma: the double of a digit is below 2^52")
    total = 2 * most * (1 << 52) + digit
    check(total < 1 << 60, "ifma: a sum is below 2^60")
    whole = total + 4 * total
    check(whole < 1 << 63 and whole >> radix < 1 << 13, "ifma: a column is below 2^63, and carries less than 2^13")
    check(base - 1 + (1 << 13) <= digit, "ifma: a digit is at most B + 2^14")
    error = Fraction(1, 8) + Fraction(1, 32) + Fraction(1, 12) + 1 + Fraction(1, 1 << 35)
    check(1 + error <= Fraction(9, 4), "ifma: a residue is at most n * 9/4")
    check(Fraction(9, 4) ** 2 == Fraction(81, 16), "ifma: and a product of two at most n^2 * 81/16")
    expect_not(1 + error <= Fraction(11, 5), "ifma: it may be above n * 11/5")


def ifma_lengths(bits, radix):
    residue = -(-(bits + 4) // radix)
    cut = (bits - 4) // radix
    log = -(-(2 * bits + 6) // radix)
    most = max(2 * bits + 3 - cut * radix, log * radix + 1 - bits)
    first = (bits - 63) // (2 * radix) * 2
    return residue, residue + residue % 2, cut, first, -(-most // radix), log


# arch/x86_64/ifma_lanes.rs


def lanes():
    file = "arch/x86_64/ifma_lanes.rs"
    radix, block = constant(file, "RADIX_BITS"), constant(file, "BLOCK")
    base = 1 << radix
    longest = 0
    for bits in SIZES:
        length = -(-(bits + 2) // (radix * block)) * block
        longest = max(longest, length)
        check(radix * length >= bits + 2, f"lanes: B^L >= 4n at {bits} bits")
        skipped = bits - 1 + constant_digits(bits, 60) * 60 - 2 * length * radix
        check(1 + Fraction(3, 1 << skipped) <= Fraction(5, 4), f"lanes: the reciprocal lacks at most 5/4 at {bits} bits")
    check(longest <= 80, "lanes: L <= 80")
    # `enter` begins a block below R: the columns below that, against R.
    check(80 * base * Fraction(2, base**4) <= Fraction(1, 8), "lanes: far less than 1/8 for columns left out")
    # The two terms are t and qn; each product gives its halves to two columns. The multiplier takes the low
    # 52 bits of a sum, so that sums need not be carried before.
    total = 81 * 2 * 2 * (base - 1)
    carry = 0
    while True:
        after = (total + carry + base - 1 + 4 * (base - 1)) >> radix
        if after <= carry:
            break
        carry = after
    check(total + carry + 5 * base < 1 << 61, "lanes: a column is below 2^61")
    check(carry < 1 << 9, "lanes: what is carried is below 2^9")
    expect_not(carry < 1 << 8, "lanes: and not below 2^8")
    # `enter`: x < 2n and R >= 4n.
    n, r, x, q, lacks_reciprocal, lacks_product, left_out = z3.Reals("n r x q lacks_reciprocal lacks_product left_out")
    given = [n > 0, r >= 4 * n, 0 <= x, x < 2 * n, 0 <= lacks_product, lacks_product <= 1]
    given += [0 <= lacks_reciprocal, lacks_reciprocal <= Fraction(5, 4), 0 <= left_out, left_out <= Fraction(1, 8)]
    # q = xR / n - lacks_reciprocal * x / R - ...
    given += [q * n * r == x * r * r - (lacks_reciprocal * x + (lacks_product + left_out) * r) * n]
    rest = x * r - q * n
    proved("enter: 0 <= xR - qn < 2n", (given, z3.And(0 <= rest, rest < 2 * n)))
    disproved("and not always below 5n/4", (given, rest < Fraction(5, 4) * n))


# The source


def digest(file, function):
    text = (CORE / file).read_text()
    if "," in function:
        # Constants, from the first to the last.
        first, *_, last = function.split(", ")
        found = re.search(rf"const {first}.*const {last}[^;]*;", text, re.S)
        check(found, f"{file} has no constants {function}")
        return hashed(found[0])
    # Tests have functions of these names, too.
    text = text.split("#[cfg(test)]\nmod tests")[0].split("#[cfg(test)]\npub(super) mod tests")[0]
    bodies = []
    for start in re.finditer(rf"\bfn {function}\b", text):
        depth, at = 0, text.index("{", start.end())
        for at in range(at, len(text)):
            depth += {"{": 1, "}": -1}.get(text[at], 0)
            if depth == 0:
                break
        bodies.append(text[start.start() : at + 1])
    check(bodies, f"{file} has no function `{function}`")
    return hashed("\n".join(bodies))


def hashed(code):
    """Neither layout nor comments matter."""
    code = re.sub(r"//[^\n]*", "", code)
    return hashlib.sha256(re.sub(r"\s+", " ", code).encode()).hexdigest()[:16]


def constant(file, name):
    text = (CORE / file).read_text()
    found = re.search(rf"const {name}: usize = (\d+);", text)
    check(found, f"{file} has no number {name}")
    return int(found[1])


def number_in(file, pattern):
    found = re.search(pattern, (CORE / file).read_text())
    check(found, f"{file} does not say {pattern}")
    return int(found[1])


def digits_of(width):
    """The types of digits of that many bits, in bits."""
    text = (CORE / "portable/digits.rs").read_text()
    arm = re.search(rf'digits = "{width}" => \{{\s*mod word \{{(.*?)\}}', text, re.S)
    check(arm, f"there are no digits of {width} bits")
    types = {name: int(bits) for name, bits in re.findall(r"type (\w+) = [ui](\d+);", arm[1])}
    check(f"const BITS: u32 = {width};" in arm[1], f"digits of {width} bits have that many")
    # By columns: of how many digits there is a multiple, and how many bits R has more than n.
    group, headroom = {27: (4, 2), 59: (4, 2), 32: (4, 0), 64: (4, 0)}.get(width, (2, 2))
    zeros = 2 if width in (27, 59) else 1
    return types | {"width": width, "group": group, "headroom": headroom, "zeros": zeros}


def word_bits(width):
    return digits_of(width)["Digit"]


def stored_digits(word, bits):
    """`stored_digits`, with its constants."""
    text = (CORE / "portable/digits.rs").read_text()
    formula = "(bits + HEADROOM).div_ceil(GROUP * BITS as usize) * GROUP + ZEROS"
    check(formula in text, "stored_digits is as it was")
    group = word["group"]
    return -(-(bits + word["headroom"]) // (group * word["width"])) * group + word["zeros"]


def constant_digits(bits, width):
    """`constant_digits` of `arch/x86_64/reciprocal.rs`."""
    lanes = 2 * -(-(bits + 2) // (4 * 52)) * (4 * 52) + 4
    return -(-(max(lanes, 2 * bits + 64) + 1 - bits) // width)


# What a proof is


def check(holds, what):
    if not holds:
        sys.exit(f"prove.py: it does not hold: {what}")


def expect_not(holds, what):
    """A control: what must not hold."""
    global controls
    if holds:
        sys.exit(f"prove.py: it holds, and should not: {what}")
    controls += 1


def solve(claim):
    given, holds = claim
    solver = z3.Solver()
    solver.set("timeout", 120_000)
    solver.add(*given, z3.Not(holds))
    return solver.check()


def proved(what, claim):
    global proofs
    result = solve(claim)
    check(result == z3.unsat, f"{what} ({result})")
    proofs += 1
    print(f"proved: {what}")


def disproved(what, claim):
    """A control: a claim that is too tight must be found false."""
    global controls
    result = solve(claim)
    if result != z3.sat:
        sys.exit(f"prove.py: {what}: it was not found to be so ({result})")
    controls += 1
    print(f"        {what}")


if __name__ == "__main__":
    main()

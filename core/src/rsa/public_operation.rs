//! The public operation, RSAVP1 (RFC 8017 section 5.2.2), by the fastest backend for the processor.

use core::num::NonZeroUsize;

use super::key_constant;
use super::portable::digits::{self, Digit, ZEROS};
use super::portable::montgomery;
use super::power::Steps;
use super::public_key::View;

impl View<'_> {
    /// s^e mod n, for the signature s, in a part of the buffer; nothing if s is not below n.
    // Inlined, to save a frame on the stack, as is all that it calls up to the multiplication.
    #[inline(always)]
    pub(crate) fn public_operation<'b>(
        &self,
        signature: &[u8],
        buffer: &'b mut [Digit],
    ) -> Option<&'b [Digit]> {
        let mut operation = self.operation(buffer)?;
        let mut steps = operation.begin(signature)?;
        while operation.step(&mut steps) {}
        Some(operation.result())
    }

    /// The public operation in a buffer.
    #[inline(always)]
    pub(crate) fn operation<'b>(&self, buffer: &'b mut [Digit]) -> Option<Operation<'b, '_>> {
        // The compiler multiplies in fewer instructions if it knows that there are digits.
        let len = NonZeroUsize::new(digits::stored_digits(self.bits))?.get();
        let (s, t) = buffer.split_at_mut_checked(len)?;
        Some(Operation {
            t: t.get_mut(..2 * len - ZEROS)?,
            s,
            n: self.n.get(..len)?,
            constant: self
                .constant
                .get(..key_constant::constant_digits(self.bits))?,
            e: self.e,
        })
    }

    /// As [`public_operation`](Self::public_operation), for eight signatures at once, each with its key and a
    /// buffer for its number.
    ///
    /// Nothing if the moduli differ in bits, or the exponents differ, or no backend supports the processor.
    pub(crate) fn public_operations<'b>(
        keys: &[Self; LANES],
        signatures: [&[u8]; LANES],
        buffers: [&'b mut [Digit]; LANES],
    ) -> Option<[Option<&'b [Digit]>; LANES]> {
        let [first, ..] = keys;
        let is_other = |key: &Self| (key.bits, key.e) != (first.bits, first.e);
        if keys.iter().any(is_other) {
            return None;
        }
        let len = digits::stored_digits(first.bits);
        let constant_len = key_constant::constant_digits(first.bits);
        let n = keys
            .each_ref()
            .map(|key| key.n.get(..len).unwrap_or_default());
        let constants = keys
            .each_ref()
            .map(|key| key.constant.get(..constant_len).unwrap_or_default());
        let mut numbers = buffers.map(|buffer| buffer.get_mut(..len).unwrap_or_default());
        let mut are_below = [false; LANES];
        let lanes = numbers.iter_mut().zip(signatures).zip(n);
        for (((number, signature), n), is_below) in lanes.zip(&mut are_below) {
            digits::set_from_be_bytes(number, signature);
            *is_below = digits::is_less(number, n);
            if !*is_below {
                number.fill(0);
            }
        }
        let mut backends = LANE_BACKENDS.iter();
        let is_done = backends.any(|backend| {
            let numbers = numbers.each_mut().map(|number| &mut **number);
            backend(numbers, n, constants, first.e)
        });
        let mut are_below = are_below.into_iter();
        let powers = numbers.map(|power| are_below.next()?.then_some(&*power));
        is_done.then_some(powers)
    }
}

/// A public operation in a buffer, where it can rest between two steps.
pub(crate) struct Operation<'b, 'k> {
    /// Room for a product. Its upper half is x.
    t: &'b mut [Digit],
    s: &'b mut [Digit],
    n: &'k [Digit],
    constant: &'k [Digit],
    e: u32,
}

impl<'b> Operation<'b, '_> {
    /// Reads s, and returns the steps from there to s^e mod n: none where a backend takes all at once. Returns
    /// nothing if s is not below n.
    #[inline(always)]
    pub(crate) fn begin(&mut self, signature: &[u8]) -> Option<Steps> {
        let Self {
            t,
            s,
            n,
            constant,
            e,
        } = self;
        digits::set_from_be_bytes(s, signature);
        if !digits::is_less(s, n) {
            return None;
        }
        let mut backends = BACKENDS.iter();
        if backends.any(|backend| backend(t, s, n, constant, *e)) {
            return Some(Steps::none());
        }
        let x = montgomery::upper_half(t, n).iter_mut();
        x.zip(&**s).for_each(|(to, from)| *to = *from);
        Some(Steps::of(*e))
    }

    /// Takes the next step, which is one multiplication. Returns whether there was one.
    #[inline(always)]
    pub(crate) fn step(&mut self, steps: &mut Steps) -> bool {
        let Some(step) = steps.next() else {
            return false;
        };
        montgomery::take(step, self.t, self.s, self.n, self.constant);
        true
    }

    /// s^e mod n, after the last step.
    #[inline(always)]
    pub(crate) fn result(self) -> &'b [Digit] {
        let power = montgomery::upper_half(self.t, self.n);
        montgomery::reduce(power, self.n);
        power
    }
}

/// How many signatures [`View::public_operations`] takes at once.
pub(crate) const LANES: usize = 8;

/// A way to the whole public operation at once: called with t, s, n, the key's constant and e, it sets the upper
/// half of t to s^e mod n and returns true. It returns false if it does not support the processor. The
/// signature s is below n, and e is odd and at least 3.
type Backend = fn(&mut [Digit], &[Digit], &[Digit], &[Digit], u32) -> bool;

/// The fastest comes first. Where there is none, [`montgomery`] takes step after step, on every processor.
const BACKENDS: &[Backend] = &[
    #[cfg(all(target_arch = "x86_64", not(tokenlatch_portable)))]
    #[cfg(not(tokenlatch_without_ifma))]
    super::arch::x86_64::ifma::public_operation,
    #[cfg(all(target_arch = "x86_64", not(tokenlatch_portable)))]
    super::arch::x86_64::fma::public_operation,
];

/// A way to eight public operations at once: called with eight signatures, each below its n, moduli of the same
/// bits, their keys' constants, and e, it sets each signature s to s^e mod n and returns true. It returns false
/// if it does not support the processor.
type LaneBackend = fn([&mut [Digit]; LANES], [&[Digit]; LANES], [&[Digit]; LANES], u32) -> bool;

/// The fastest comes first.
const LANE_BACKENDS: &[LaneBackend] = &[
    #[cfg(all(target_arch = "x86_64", not(tokenlatch_portable)))]
    #[cfg(not(tokenlatch_without_ifma))]
    super::arch::x86_64::ifma_lanes::public_operation,
];

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;
    use std::vec::Vec;

    use num_bigint::BigUint;

    use super::*;
    use crate::rsa::public_key::{Bits, Capacity, PublicKey};

    /// s^e mod n by another implementation.
    pub(crate) fn oracle(n: &[u8], e: u32, s: &[u8]) -> Vec<u8> {
        let number = BigUint::from_bytes_be;
        let power = number(s).modpow(&e.into(), &number(n)).to_bytes_be();
        let mut padded = std::vec![0; n.len() - power.len()];
        padded.extend(power);
        padded
    }

    /// s^e mod n by the core, at a capacity; all backends must agree.
    pub(crate) fn ours<const BITS: usize>(n: &[u8], e: u32, s: &[u8]) -> Option<Vec<u8>>
    where
        Bits<BITS>: Capacity,
    {
        let key = PublicKey::<BITS>::from_be_bytes(n, e).unwrap();
        let mut buffer = PublicKey::<BITS>::BUFFER;
        let view = key.view();
        let power = view.public_operation(s, buffer.as_mut())?;

        let len = power.len();
        let view_n = &view.n[..len];
        let constant = &view.constant[..key_constant::constant_digits(view.bits)];
        let mut digits = std::vec![0; len];
        digits::set_from_be_bytes(&mut digits, s);
        for backend in BACKENDS {
            let mut t = std::vec![0; 2 * len - ZEROS];
            let can = backend(&mut t, &digits, view_n, constant, e);
            assert!(!can || &t[len - ZEROS..] == power, "the backends differ");
        }
        let mut t = std::vec![0; len - ZEROS];
        t.extend(&digits);
        for step in Steps::of(e) {
            montgomery::take(step, &mut t, &digits, view_n, constant);
        }
        montgomery::reduce(&mut t[len - ZEROS..], view_n);
        assert_eq!(&t[len - ZEROS..], power, "a backend differs from the steps");

        let mut bytes: Vec<u8> = digits::le_bytes(power).take(n.len()).collect();
        bytes.reverse();
        Some(bytes)
    }

    /// Numbers of that many bits: random ones, and ones whose products have long chains of carries.
    pub(crate) fn moduli(bits: usize) -> Vec<Vec<u8>> {
        let len = bits.div_ceil(8);
        let top = 0xff_u8 >> (8 * len - bits);
        let mut state = bits as u64;
        let mut random = || {
            // xorshift64 (Marsaglia 2003): the same numbers every time.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        };
        let mut all: Vec<Vec<u8>> = std::vec![
            // 2^bits - 1, 2^(bits - 1) + 1, and a number with words of ones and words of zeros.
            std::vec![0xff; len],
            std::vec![0; len],
            (0..len)
                .map(|at| if at / 8 % 2 == 0 { 0xff } else { 0 })
                .collect(),
        ];
        all.extend((0..4).map(|_| (0..len).map(|_| random()).collect::<Vec<_>>()));
        for n in &mut all {
            n[0] = (n[0] & top) | (top / 2 + 1);
            n[len - 1] |= 1;
        }
        all
    }

    #[test]
    fn the_public_operation_agrees_with_num_bigint() {
        for bits in [
            2048, 2049, 2050, 2111, 2112, 2113, 2560, 3071, 3072, 3073, 4095, 4096,
        ] {
            for n in moduli(bits) {
                let last = n.len() - 1;
                let below = |change: u8| {
                    let mut s = n.clone();
                    s[last] -= change;
                    s
                };
                let mut signatures = std::vec![std::vec![0; n.len()], below(1)];
                signatures.extend(moduli(bits - 1).into_iter().map(|s| {
                    let mut padded = std::vec![0; n.len() - s.len()];
                    padded.extend(s);
                    padded
                }));
                for (s, e) in signatures.iter().zip([
                    3,
                    65537,
                    65537,
                    17,
                    3,
                    65537,
                    u32::MAX,
                    0x8000_0001,
                    65539,
                ]) {
                    let expected = oracle(&n, e, s);
                    assert_eq!(
                        ours::<4096>(&n, e, s),
                        Some(expected.clone()),
                        "{bits} bits, e = {e}"
                    );
                    if bits <= 3072 {
                        assert_eq!(ours::<3072>(&n, e, s), Some(expected.clone()));
                    }
                    if bits <= 2048 {
                        assert_eq!(ours::<2048>(&n, e, s), Some(expected));
                    }
                }
                assert_eq!(ours::<4096>(&n, 3, &n), None, "s = n");
            }
        }
    }

    /// Eight at once, by the lanes and by the backends for one, which must agree, or nothing if there are no
    /// lanes here.
    fn at_once<const BITS: usize>(
        n: [&[u8]; LANES],
        e: u32,
        s: [&[u8]; LANES],
    ) -> Option<[Option<Vec<u8>>; LANES]>
    where
        Bits<BITS>: Capacity,
    {
        let keys = n.map(|n| PublicKey::<BITS>::from_be_bytes(n, e).unwrap());
        let views = keys.each_ref().map(PublicKey::view);
        // What was in a buffer before must not matter.
        let mut buffers = [[Digit::MAX; digits::stored_digits(4096)]; LANES];
        let buffers = buffers.each_mut().map(<[Digit; _]>::as_mut_slice);
        let mut lanes = n.iter().zip(s);
        let powers = View::public_operations(&views, s, buffers)?;
        Some(powers.map(|power| {
            let (n, s) = lanes.next().unwrap();
            let power = power.map(|power| {
                let mut bytes: Vec<u8> = digits::le_bytes(power).take(n.len()).collect();
                bytes.reverse();
                bytes
            });
            assert_eq!(power, ours::<BITS>(n, e, s), "e = {e}");
            power
        }))
    }

    /// Signatures for a modulus: 0, 1, n - 1, n / 2, as many ones as fit, and random ones below n; then n
    /// itself, which is too large.
    fn signatures(n: &[u8]) -> Vec<Vec<u8>> {
        let number = BigUint::from_bytes_be(n);
        let bits = number.bits() as usize;
        let one = BigUint::from(1_u8);
        let mut all = std::vec![
            BigUint::ZERO,
            one.clone(),
            &number - &one,
            &number / 2_u8,
            (&one << (bits - 1)) - &one,
        ];
        all.extend(moduli(bits - 1).iter().map(|s| BigUint::from_bytes_be(s)));
        all.push(number);
        let padded = |s: BigUint| {
            let bytes = s.to_bytes_be();
            let mut padded = std::vec![0; n.len() - bytes.len()];
            padded.extend(bytes);
            padded
        };
        all.into_iter().map(padded).collect()
    }

    /// No test can skip itself, and what one prints is not shown if it passes: so this goes past the capture.
    pub(crate) fn not_tested() {
        writeln!(std::io::stderr(), "not tested: no AVX-512 IFMA here").unwrap();
    }

    fn lanes_agree<const BITS: usize>(sizes: &[usize])
    where
        Bits<BITS>: Capacity,
    {
        for bits in sizes {
            let moduli = moduli(*bits);
            let signatures: Vec<_> = moduli.iter().map(|n| signatures(n)).collect();
            let exponents = [65537, 3, 17, 65537, u32::MAX, 0x8000_0001, 65539];
            // Each lane has each modulus, and each modulus about all of its signatures.
            for round in (0..moduli.len() * signatures[0].len()).step_by(4) {
                let key: [usize; LANES] =
                    core::array::from_fn(|lane| (round + lane) % moduli.len());
                let n = key.map(|key| moduli[key].as_slice());
                let mut lane = 0;
                let s = key.map(|key| {
                    lane += 1;
                    let all = &signatures[key];
                    all[(round / moduli.len() + 5 * lane) % all.len()].as_slice()
                });
                let e = exponents[round % exponents.len()];
                let Some(powers) = at_once::<BITS>(n, e, s) else {
                    return not_tested();
                };
                if round < 4 {
                    for ((n, s), power) in n.iter().zip(s).zip(powers) {
                        assert_eq!(power, (s < *n).then(|| oracle(n, e, s)));
                    }
                }
            }
        }
    }

    #[test]
    fn eight_at_once_agree_with_one_at_a_time() {
        lanes_agree::<2048>(&[2048]);
        lanes_agree::<3072>(&[2049, 2078, 2079, 3072]);
        lanes_agree::<4096>(&[3119, 4095, 4096]);
    }

    /// Exactly where there is the backend for one: nothing else tells that the test above tests anything.
    #[cfg(all(
        target_arch = "x86_64",
        not(tokenlatch_portable),
        not(tokenlatch_without_ifma)
    ))]
    #[test]
    fn there_are_lanes_where_there_is_ifma() {
        let n = moduli(2048);
        let s = std::vec![2; 256];
        let has_ifma = std::is_x86_feature_detected!("avx512ifma");
        let powers = at_once::<2048>([n[0].as_slice(); LANES], 3, [&s; LANES]);
        assert_eq!(powers.is_some(), has_ifma);
    }

    #[test]
    fn moduli_of_other_bits_and_other_exponents_are_not_taken_at_once() {
        let (n, other) = (&moduli(2048)[0], &moduli(2049)[0]);
        let key = |n: &[u8], e| PublicKey::<4096>::from_be_bytes(n, e).unwrap();
        let (key, longer, other_e) = (key(n, 3), key(other, 3), key(n, 17));
        for odd in [&longer, &other_e] {
            let keys = [&key, &key, &key, &key, &key, &key, &key, odd].map(PublicKey::view);
            let mut buffers = [[0; digits::stored_digits(4096)]; LANES];
            let buffers = buffers.each_mut().map(<[Digit; _]>::as_mut_slice);
            assert_eq!(View::public_operations(&keys, [&[1]; LANES], buffers), None);
        }
    }
}

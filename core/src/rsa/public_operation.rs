//! The public operation, RSAVP1 (RFC 8017 section 5.2.2), by the fastest backend for the processor.

use super::portable::digits::{self, Digit};
use super::portable::montgomery;
use super::public_key::View;

impl View<'_> {
    /// s^e mod n, for the signature s, in a part of the buffer; nothing if s is not below n.
    pub(crate) fn public_operation<'b>(
        &self,
        signature: &[u8],
        buffer: &'b mut [Digit],
    ) -> Option<&'b [Digit]> {
        let len = digits::stored_digits(self.bits);
        let n = self.n.get(..len)?;
        let constant = self.constant.get(..len)?;
        let (s, t) = buffer.split_at_mut_checked(len)?;
        let t = t.get_mut(..2 * len - 1)?;
        digits::set_from_be_bytes(s, signature);
        if !digits::is_less(s, n) {
            return None;
        }
        let mut backends = BACKENDS.iter();
        let is_done = backends.any(|backend| backend(t, s, n, constant, self.e));
        is_done.then_some(montgomery::upper_half(t, n))
    }
}

/// A way to the public operation: called with t, s, n, the key's constant and e, it sets the upper half of
/// t to s^e mod n and returns true. It returns false if it does not support the processor. The signature
/// s is below n, and e is odd and at least 3.
type Backend = fn(&mut [Digit], &[Digit], &[Digit], &[Digit], u32) -> bool;

/// The fastest comes first, and the last is for every processor.
const BACKENDS: &[Backend] = &[
    #[cfg(all(target_arch = "x86_64", not(tokenlatch_portable)))]
    #[cfg(not(tokenlatch_without_ifma))]
    super::arch::x86_64::ifma::public_operation,
    #[cfg(all(target_arch = "x86_64", not(tokenlatch_portable)))]
    super::arch::x86_64::fma::public_operation,
    montgomery::public_operation,
];

#[cfg(test)]
pub(super) mod tests {
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
        let (view_n, constant) = (&view.n[..len], &view.constant[..len]);
        let mut digits = std::vec![0; len];
        digits::set_from_be_bytes(&mut digits, s);
        for backend in BACKENDS {
            let mut t = std::vec![0; 2 * len - 1];
            let can = backend(&mut t, &digits, view_n, constant, e);
            assert!(!can || &t[len - 1..] == power, "the backends differ");
        }

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
}

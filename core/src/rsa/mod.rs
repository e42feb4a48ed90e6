//! RSA with public keys only: nothing here is secret, so nothing here needs constant time.
//!
//! In layers, each of which knows only those before it: [`digits`], [`columns`], [`montgomery`], the
//! public operation ([`View`]), and the signature scheme ([`pkcs1_v1_5`]). Processors that have more
//! to offer have a backend of their own for the public operation: [`BACKENDS`] lists them.

mod columns;
#[cfg(feature = "der")]
mod der;
mod digits;
#[cfg(all(target_arch = "x86_64", not(tokenlatch_portable)))]
mod fma;
#[cfg(all(target_arch = "x86_64", not(tokenlatch_portable)))]
#[cfg(not(tokenlatch_without_ifma))]
mod ifma;
mod montgomery;
#[cfg(all(target_arch = "x86_64", not(tokenlatch_portable)))]
mod mxcsr;
mod pkcs1_v1_5;
mod roca;

use core::fmt;

use sha2::{Digest, Sha256};

use crate::Error;
use digits::Digit;

/// The shortest modulus, in bits (RFC 7518 section 3.3).
const MIN_BITS: usize = 2048;

/// An RSA public key (RFC 8017 section 3.1) with a modulus of 2048 to `BITS` bits, ready to verify.
///
/// The modulus n is odd and without ROCA's fingerprint. The public exponent e is odd, at least 3 and
/// below 2^32: 3 and 17 occur in real key sets and are sound where, as here, the padding is compared
/// whole; larger ones only make verifying slow. [`signature::Verifier`] checks a message.
///
/// `BITS` is the capacity: 2048 (the default), 3072 or 4096. The Montgomery constants are computed
/// when the key is made, at compile time if it is a constant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey<const BITS: usize = 2048>
where
    Bits<BITS>: Capacity,
{
    /// The modulus n.
    n: Digits<BITS>,
    /// A power of 2 mod n, which takes a number to its Montgomery form.
    constant: Digits<BITS>,
    /// The public exponent e.
    e: u32,
    /// The bits of n.
    bits: usize,
}

/// A capacity in bits.
#[derive(Clone, Copy, Debug)]
pub enum Bits<const BITS: usize> {}

/// The capacities there are: [`Bits<2048>`], [`Bits<3072>`] and [`Bits<4096>`].
pub trait Capacity: sealed::Storage {}

type Digits<const BITS: usize> = <Bits<BITS> as sealed::Storage>::Digits;

mod sealed {
    use super::Digit;

    pub trait Storage {
        type Digits: Copy + Eq + AsRef<[Digit]> + AsMut<[Digit]>;
        const ZERO: Self::Digits;
        /// Room for a signature, and for a product of two numbers.
        type Buffer: AsMut<[Digit]>;
        const BUFFER: Self::Buffer;
    }
}

impl<const BITS: usize> PublicKey<BITS>
where
    Bits<BITS>: Capacity,
{
    /// The key with the big-endian modulus `n`, without leading zeros, and the exponent `e`.
    ///
    /// # Errors
    ///
    /// As those of [`new`](PublicKey::<2048>::new).
    pub fn from_be_bytes(n: &[u8], e: u32) -> Result<Self, Error> {
        let mut key = Self {
            n: Self::ZERO,
            constant: Self::ZERO,
            e,
            bits: 0,
        };
        key.bits = prepare(key.n.as_mut(), key.constant.as_mut(), n, e, BITS)?;
        Ok(key)
    }

    /// The bits of the modulus.
    #[must_use]
    pub fn bits(&self) -> usize {
        self.bits
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256: whether `signature` is that of a message with this digest.
    ///
    /// Not inlined, so that the buffer takes no stack while header and claims are read.
    #[inline(never)]
    pub(crate) fn verifies(&self, digest: &[u8; 32], signature: &[u8]) -> bool {
        let mut buffer = Self::BUFFER;
        self.view().verifies(digest, signature, buffer.as_mut())
    }

    fn view(&self) -> View<'_> {
        View {
            n: self.n.as_ref(),
            constant: self.constant.as_ref(),
            e: self.e,
            bits: self.bits,
        }
    }

    const ZERO: Digits<BITS> = <Bits<BITS> as sealed::Storage>::ZERO;
    const BUFFER: <Bits<BITS> as sealed::Storage>::Buffer = <Bits<BITS> as sealed::Storage>::BUFFER;
}

/// A key of any capacity, so that one code serves them all.
struct View<'k> {
    n: &'k [Digit],
    constant: &'k [Digit],
    e: u32,
    bits: usize,
}

impl View<'_> {
    #[inline(never)]
    fn verifies(&self, digest: &[u8; 32], signature: &[u8], buffer: &mut [Digit]) -> bool {
        // RFC 8017 section 8.2.2, step 1: the length.
        let len = self.bits.div_ceil(8);
        if signature.len() != len {
            return false;
        }
        // Steps 2a and 2b: RSAVP1. Steps 2c, 3 and 4: the encoded message, compared whole.
        self.public_operation(signature, buffer)
            .is_some_and(|message| pkcs1_v1_5::is_encoded_message(message, len, digest))
    }

    /// RSAVP1 (RFC 8017 section 5.2.2): s^e mod n in a part of the buffer, or nothing where s is not
    /// below n.
    fn public_operation<'b>(
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

/// A way to the public operation: s^e mod n in the upper half of t, for s below n and an odd e of at
/// least 3, from the key's constant; or false, where the processor cannot.
type Backend = fn(&mut [Digit], &[Digit], &[Digit], &[Digit], u32) -> bool;

/// The fastest first; the last one is for every processor.
const BACKENDS: &[Backend] = &[
    #[cfg(all(target_arch = "x86_64", not(tokenlatch_portable)))]
    #[cfg(not(tokenlatch_without_ifma))]
    ifma::public_operation,
    #[cfg(all(target_arch = "x86_64", not(tokenlatch_portable)))]
    fma::public_operation,
    montgomery::public_operation,
];

/// The modulus and exponent are no secret, but no log has a use for them.
impl<const BITS: usize> fmt::Debug for PublicKey<BITS>
where
    Bits<BITS>: Capacity,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey")
            .field("bits", &self.bits)
            .field("e", &self.e)
            .finish_non_exhaustive()
    }
}

/// `signature` is as long as the modulus, big-endian.
impl<'s, const BITS: usize> signature::Verifier<&'s [u8]> for PublicKey<BITS>
where
    Bits<BITS>: Capacity,
{
    fn verify(&self, message: &[u8], signature: &&'s [u8]) -> Result<(), signature::Error> {
        if self.verifies(&sha256(message), signature) {
            Ok(())
        } else {
            Err(signature::Error::new())
        }
    }
}

/// Not inlined, so that what hashing takes of the stack is free again for what follows.
#[inline(never)]
fn sha256(message: &[u8]) -> [u8; 32] {
    Sha256::digest(message).into()
}

/// The public exponent from its big-endian bytes, without leading zeros.
pub(crate) fn exponent(bytes: &[u8]) -> Result<u32, Error> {
    match bytes {
        [1..=u8::MAX, ..] if bytes.len() <= size_of::<u32>() => {
            Ok(bytes.iter().fold(0, |e, byte| e << 8 | u32::from(*byte)))
        }
        _ => Err(Error::InvalidExponent),
    }
}

/// Fills in a key's modulus and constant from big-endian bytes, and returns the bits of n.
const fn prepare(
    digits: &mut [Digit],
    constant: &mut [Digit],
    n: &[u8],
    e: u32,
    capacity: usize,
) -> Result<usize, Error> {
    if let [0, ..] = n {
        return Err(Error::ModulusLeadingZero);
    }
    if n.len() > capacity / 8 {
        return Err(Error::ModulusTooLong);
    }
    digits::set_from_be_bytes(digits, n);
    let bits = digits::bit_len(digits);
    let [lowest, ..] = *digits else {
        return Err(Error::ModulusTooShort);
    };
    if bits < MIN_BITS {
        return Err(Error::ModulusTooShort);
    }
    if lowest & 1 == 0 {
        return Err(Error::ModulusEven);
    }
    if roca::has_fingerprint(digits) {
        return Err(Error::WeakModulus);
    }
    if e & 1 == 0 || e < 3 {
        return Err(Error::InvalidExponent);
    }
    let len = digits::stored_digits(bits);
    if let (Some((n, _)), Some((constant, _))) = (
        digits.split_at_checked(len),
        constant.split_at_mut_checked(len),
    ) {
        montgomery::set_to_constant(constant, n);
    }
    Ok(bits)
}

macro_rules! capacities {
    ($($bits:literal)*) => {$(
        impl Capacity for Bits<$bits> {}

        impl sealed::Storage for Bits<$bits> {
            type Digits = [Digit; digits::stored_digits($bits)];
            const ZERO: Self::Digits = [0; digits::stored_digits($bits)];
            type Buffer = [Digit; 3 * digits::stored_digits($bits) - 1];
            const BUFFER: Self::Buffer = [0; 3 * digits::stored_digits($bits) - 1];
        }

        impl PublicKey<$bits> {
            /// As [`from_be_bytes`](PublicKey::from_be_bytes), for keys that are constants: the key
            /// and its Montgomery constant then lie in flash.
            ///
            /// # Errors
            ///
            /// [`Error::ModulusTooShort`], [`Error::ModulusTooLong`], [`Error::ModulusEven`],
            /// [`Error::ModulusLeadingZero`], [`Error::WeakModulus`] and
            /// [`Error::InvalidExponent`].
            pub const fn new(n: &[u8], e: u32) -> Result<Self, Error> {
                let mut key = Self {
                    n: Self::ZERO,
                    constant: Self::ZERO,
                    e,
                    bits: 0,
                };
                match prepare(&mut key.n, &mut key.constant, n, e, $bits) {
                    Ok(bits) => {
                        key.bits = bits;
                        Ok(key)
                    }
                    Err(error) => Err(error),
                }
            }
        }
    )*};
}

capacities!(2048 3072 4096);

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use num_bigint::BigUint;

    use super::*;

    /// s^e mod n by another implementation.
    pub(super) fn oracle(n: &[u8], e: u32, s: &[u8]) -> Vec<u8> {
        let number = BigUint::from_bytes_be;
        let power = number(s).modpow(&e.into(), &number(n)).to_bytes_be();
        let mut padded = std::vec![0; n.len() - power.len()];
        padded.extend(power);
        padded
    }

    /// The same by the core, at a capacity, in which all backends agree.
    pub(super) fn ours<const BITS: usize>(n: &[u8], e: u32, s: &[u8]) -> Option<Vec<u8>>
    where
        Bits<BITS>: Capacity,
    {
        let key = PublicKey::<BITS>::from_be_bytes(n, e).unwrap();
        let mut buffer = PublicKey::<BITS>::BUFFER;
        let power = key.view().public_operation(s, buffer.as_mut())?;

        let len = power.len();
        let (key_n, constant) = (&key.n.as_ref()[..len], &key.constant.as_ref()[..len]);
        let mut digits = std::vec![0; len];
        digits::set_from_be_bytes(&mut digits, s);
        for backend in BACKENDS {
            let mut t = std::vec![0; 2 * len - 1];
            let can = backend(&mut t, &digits, key_n, constant, e);
            assert!(!can || &t[len - 1..] == power, "the backends differ");
        }

        let mut bytes: Vec<u8> = digits::le_bytes(power).take(n.len()).collect();
        bytes.reverse();
        Some(bytes)
    }

    /// Numbers of so many bits: random ones, and such as make carries ripple.
    pub(super) fn moduli(bits: usize) -> Vec<Vec<u8>> {
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
            // 2^bits - 1, 2^(bits - 1) + 1, and limbs that are full or empty.
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

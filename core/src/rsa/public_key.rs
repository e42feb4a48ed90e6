//! RSA public keys (RFC 8017 section 3.1).

use core::fmt;

use super::key_constant;
use super::portable::digits::{self, Digit, ZEROS};
use super::roca;
use crate::error::Error;

/// The shortest modulus, in bits (RFC 7518 section 3.3).
const MIN_BITS: usize = 2048;

/// An RSA public key (RFC 8017 section 3.1) with a modulus of 2048 to `BITS` bits, ready to verify.
///
/// The modulus n is odd and without ROCA's fingerprint. The public exponent e is odd, at least 3 and
/// below 2^32. Real key sets have the exponents 3 and 17, which are safe because the whole padding is
/// compared; larger ones only make verifying slow. [`signature::Verifier`] checks a message.
///
/// `BITS` is the capacity: 2048 (the default), 3072 or 4096. What the arithmetic needs besides n and e is
/// computed when the key is made: at compile time if the key is a constant.
#[derive(Clone, Copy)]
pub struct PublicKey<const BITS: usize = 2048>
where
    Bits<BITS>: Capacity,
{
    /// The modulus n.
    n: Digits<BITS>,
    /// R^2 mod n, which takes a number to its Montgomery form, or where a backend needs it, a reciprocal of n.
    constant: Constant<BITS>,
    /// The public exponent e.
    e: u32,
    /// The bits of n.
    bits: usize,
}

/// A capacity in bits.
#[derive(Clone, Copy, Debug)]
pub enum Bits<const BITS: usize> {}

/// The capacities: [`Bits<2048>`], [`Bits<3072>`] and [`Bits<4096>`].
pub trait Capacity: sealed::Storage {}

type Digits<const BITS: usize> = <Bits<BITS> as sealed::Storage>::Digits;
type Constant<const BITS: usize> = <Bits<BITS> as sealed::Storage>::Constant;

/// Room for a public operation.
pub(crate) type Buffer<const BITS: usize> = <Bits<BITS> as sealed::Storage>::Buffer;

mod sealed {
    use super::Digit;

    pub trait Storage {
        type Digits: Copy + Eq + AsRef<[Digit]> + AsMut<[Digit]>;
        const ZERO: Self::Digits;
        type Constant: Copy + Eq + AsRef<[Digit]> + AsMut<[Digit]>;
        const NO_CONSTANT: Self::Constant;
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
    /// The same as those of [`new`](PublicKey::<2048>::new).
    pub fn from_be_bytes(n: &[u8], e: u32) -> Result<Self, Error> {
        let checked = Checked::new(n, e, BITS)?;
        let mut key = Self::EMPTY;
        key.set(&checked);
        Ok(key)
    }

    /// The bits of the modulus.
    #[must_use]
    pub fn bits(&self) -> usize {
        self.bits
    }

    /// The key as a type without the capacity.
    pub(crate) fn view(&self) -> View<'_> {
        View {
            n: self.n.as_ref(),
            constant: self.constant.as_ref(),
            e: self.e,
            bits: self.bits,
        }
    }

    /// Room for a key.
    pub(crate) const EMPTY: Self = Self {
        n: Self::ZERO,
        constant: <Bits<BITS> as sealed::Storage>::NO_CONSTANT,
        e: 0,
        bits: 0,
    };

    /// Becomes the key that was checked for this capacity.
    pub(crate) fn set(&mut self, checked: &Checked<'_>) {
        // Equal keys are equal in the digits above the modulus, too.
        self.constant.as_mut().fill(0);
        checked.prepare(self.n.as_mut(), self.constant.as_mut());
        self.e = checked.e;
        self.bits = checked.bits;
    }

    /// Room for a signature.
    pub(crate) const ZERO: <Bits<BITS> as sealed::Storage>::Digits =
        <Bits<BITS> as sealed::Storage>::ZERO;
    /// The buffer that [`View::public_operation`] needs.
    pub(crate) const BUFFER: Buffer<BITS> = <Bits<BITS> as sealed::Storage>::BUFFER;
}

/// The constant and the bits follow from the modulus.
impl<const BITS: usize> PartialEq for PublicKey<BITS>
where
    Bits<BITS>: Capacity,
{
    fn eq(&self, other: &Self) -> bool {
        self.e == other.e && self.n == other.n
    }
}

impl<const BITS: usize> Eq for PublicKey<BITS> where Bits<BITS>: Capacity {}

/// Shows no modulus: it is no secret, but would fill a log.
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

/// A key of any capacity, so that there is one code for all of them.
pub(crate) struct View<'k> {
    pub(super) n: &'k [Digit],
    pub(super) constant: &'k [Digit],
    pub(super) e: u32,
    /// The bits of n.
    pub(crate) bits: usize,
}

/// The public exponent from its big-endian bytes, without leading zeros.
pub(crate) const fn exponent(bytes: &[u8]) -> Result<u32, Error> {
    match bytes {
        [1..=u8::MAX, ..] if bytes.len() <= size_of::<u32>() => {
            Ok(digits::short_number(bytes) as u32)
        }
        _ => Err(Error::InvalidExponent),
    }
}

/// A modulus and an exponent that a key can be made of.
pub(crate) struct Checked<'n> {
    n: &'n [u8],
    e: u32,
    bits: usize,
}

impl<'n> Checked<'n> {
    /// Checks a big-endian modulus and an exponent for a key of this capacity in bits.
    pub(crate) const fn new(n: &'n [u8], e: u32, capacity: usize) -> Result<Self, Error> {
        let [highest, .., lowest] = n else {
            return Err(Error::ModulusTooShort);
        };
        if *highest == 0 {
            return Err(Error::ModulusLeadingZero);
        }
        if n.len() > capacity / 8 {
            return Err(Error::ModulusTooLong);
        }
        let bits = 8 * n.len() - highest.leading_zeros() as usize;
        if bits < MIN_BITS {
            return Err(Error::ModulusTooShort);
        }
        if *lowest & 1 == 0 {
            return Err(Error::ModulusEven);
        }
        if roca::has_fingerprint(n) {
            return Err(Error::WeakModulus);
        }
        if e & 1 == 0 || e < 3 {
            return Err(Error::InvalidExponent);
        }
        Ok(Self { n, e, bits })
    }

    /// Fills in a key's modulus and constant.
    const fn prepare(&self, n: &mut [Digit], constant: &mut [Digit]) {
        digits::set_from_be_bytes(n, self.n);
        let len = digits::stored_digits(self.bits);
        if let (Some((n, _)), Some((constant, _))) = (
            n.split_at_checked(len),
            constant.split_at_mut_checked(key_constant::constant_digits(self.bits)),
        ) {
            key_constant::set_to_constant(constant, n);
        }
    }
}

macro_rules! capacities {
    ($($bits:literal)*) => {$(
        impl Capacity for Bits<$bits> {}

        impl sealed::Storage for Bits<$bits> {
            type Digits = [Digit; digits::stored_digits($bits)];
            const ZERO: Self::Digits = [0; digits::stored_digits($bits)];
            type Constant = [Digit; key_constant::max_constant_digits($bits)];
            const NO_CONSTANT: Self::Constant = [0; key_constant::max_constant_digits($bits)];
            type Buffer = [Digit; 3 * digits::stored_digits($bits) - ZEROS];
            const BUFFER: Self::Buffer = [0; 3 * digits::stored_digits($bits) - ZEROS];
        }

        impl PublicKey<$bits> {
            /// The same as [`from_be_bytes`](PublicKey::from_be_bytes), for keys that are constants:
            /// the key and its Montgomery constant then lie in flash.
            ///
            /// # Errors
            ///
            /// [`Error::ModulusTooShort`], [`Error::ModulusTooLong`], [`Error::ModulusEven`],
            /// [`Error::ModulusLeadingZero`], [`Error::WeakModulus`] and
            /// [`Error::InvalidExponent`].
            pub const fn new(n: &[u8], e: u32) -> Result<Self, Error> {
                let checked = match Checked::new(n, e, $bits) {
                    Ok(checked) => checked,
                    Err(error) => return Err(error),
                };
                let mut key = Self::EMPTY;
                checked.prepare(&mut key.n, &mut key.constant);
                key.e = e;
                key.bits = checked.bits;
                Ok(key)
            }
        }
    )*};
}

capacities!(2048 3072 4096);

#[cfg(test)]
mod tests {
    use std::format;

    use crate::authenticated::tests::key;

    #[test]
    fn shows_how_long_it_is_and_no_modulus() {
        let shown = "PublicKey { bits: 2048, e: 65537, .. }";
        assert_eq!(format!("{:?}", key()), shown);
    }
}

//! A JSON number (RFC 8259 section 6), read exactly, without floating point.

/// A number from 0 on, to the last digit before its point.
#[derive(Clone, Copy)]
pub(crate) struct Decimal {
    /// The number without its fraction.
    pub(crate) whole: u64,
    /// Whether it has a fraction, which is not zero.
    pub(crate) has_fraction: bool,
}

impl Decimal {
    /// Reads the text of any JSON number exactly, or rejects it as negative or above `max`.
    pub(crate) fn read(text: &[u8], max: u64) -> Option<Self> {
        /// No text has as many digits.
        const MOST: isize = 1 << (isize::BITS - 5);
        let (mut part, mut mantissa) = (Part::Whole, text);
        let (mut is_negative, mut sign) = (false, 1);
        // How many digits stand before the point, once the exponent has moved it.
        let (mut before_point, mut exponent) = (0, 0);
        for (at, byte) in text.iter().enumerate() {
            match (byte, part) {
                (b'e' | b'E', _) => {
                    part = Part::Exponent;
                    mantissa = text.get(..at)?;
                }
                (b'.', _) => part = Part::Fraction,
                (b'-', Part::Exponent) => sign = -1,
                (b'-', _) => is_negative = true,
                (b'+', _) | (_, Part::Fraction) => {}
                (_, Part::Whole) => before_point += 1,
                // An exponent longer than any number acts like the largest one.
                (digit, Part::Exponent) => {
                    exponent = MOST.min(10 * exponent + isize::from(digit & 0xf));
                }
            }
        }
        before_point += sign * exponent;
        let mut decimal = Self {
            whole: 0,
            has_fraction: false,
        };
        let mut bytes = mantissa.iter();
        loop {
            let digit = match bytes.next() {
                Some(digit @ b'0'..=b'9') => digit & 0xf,
                Some(_) => continue,
                // Zeros that the exponent adds; zero itself stays zero however many.
                None if before_point > 0 && decimal.whole > 0 => 0,
                None => break,
            };
            if before_point > 0 {
                let whole = decimal.whole.checked_mul(10)?;
                decimal.whole = whole.checked_add(digit.into())?;
                if decimal.whole > max {
                    return None;
                }
                before_point -= 1;
            } else {
                decimal.has_fraction |= digit != 0;
            }
        }
        let is_zero = decimal.whole == 0 && !decimal.has_fraction;
        (!is_negative || is_zero).then_some(decimal)
    }

    /// The number, if it has no fraction.
    pub(crate) fn as_u64(self) -> Option<u64> {
        (!self.has_fraction).then_some(self.whole)
    }
}

/// A part of a number, as it is written.
#[derive(Clone, Copy)]
enum Part {
    Whole,
    Fraction,
    Exponent,
}

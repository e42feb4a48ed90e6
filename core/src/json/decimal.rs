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
    pub(crate) fn read(text: &str, max: u64) -> Option<Self> {
        let (mut is_negative, mut in_fraction, mut in_exponent) = (false, false, false);
        let (mut exponent_is_negative, mut exponent, mut whole_digits) = (false, 0_i32, 0_i32);
        for byte in text.bytes() {
            match byte {
                b'-' if in_exponent => exponent_is_negative = true,
                b'-' => is_negative = true,
                b'.' => in_fraction = true,
                b'e' | b'E' => in_exponent = true,
                b'0'..=b'9' if in_exponent => {
                    // An exponent longer than any number acts like the largest one.
                    exponent = exponent
                        .saturating_mul(10)
                        .saturating_add(i32::from(byte - b'0'));
                }
                b'0'..=b'9' if !in_fraction => whole_digits = whole_digits.saturating_add(1),
                _ => {}
            }
        }
        // How many digits stand before the point once the exponent has moved it.
        let exponent = if exponent_is_negative {
            -exponent
        } else {
            exponent
        };
        let mut before_point = whole_digits.saturating_add(exponent);
        let mut decimal = Self {
            whole: 0,
            has_fraction: false,
        };
        let mantissa = text.bytes().take_while(|byte| !matches!(byte, b'e' | b'E'));
        let mut digits = mantissa.filter(u8::is_ascii_digit);
        loop {
            let digit = match digits.next() {
                Some(digit) => digit.wrapping_sub(b'0'),
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
            } else {
                decimal.has_fraction |= digit != 0;
            }
            before_point = before_point.saturating_sub(1);
        }
        let is_zero = decimal.whole == 0 && !decimal.has_fraction;
        (!is_negative || is_zero).then_some(decimal)
    }

    /// The number, if it has no fraction.
    pub(crate) fn as_u64(self) -> Option<u64> {
        (!self.has_fraction).then_some(self.whole)
    }
}

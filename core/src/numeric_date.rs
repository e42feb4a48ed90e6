//! NumericDate (RFC 7519 section 2), read exactly from any JSON number, without floating point.

use crate::json::{Decimal, Raw};

/// Seconds since 1970-01-01T00:00:00Z, without leap seconds (RFC 7519 section 2), perhaps with a
/// fraction, from 0 to the end of the year 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NumericDate {
    seconds: u64,
    has_fraction: bool,
}

impl NumericDate {
    /// 9999-12-31T23:59:59Z.
    const MAX: u64 = 253_402_300_799;

    /// The last whole second that is not after it.
    pub(crate) fn floor(self) -> u64 {
        self.seconds
    }

    /// The first whole second that is not before it.
    pub(crate) fn ceil(self) -> u64 {
        self.seconds + u64::from(self.has_fraction)
    }

    /// Reads any JSON number exactly. Rejects a number out of range, and any other value.
    pub(crate) fn read(value: Raw<'_>) -> Option<Self> {
        let Decimal {
            whole: seconds,
            has_fraction,
        } = value.as_decimal(Self::MAX)?;
        let date = Self {
            seconds,
            has_fraction,
        };
        (date.ceil() <= Self::MAX).then_some(date)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;
    use std::format;

    /// The whole seconds before and after a date.
    fn seconds(number: &str) -> Option<(u64, u64)> {
        let number = json::walk(number.as_bytes(), 0, &mut ());
        NumericDate::read(number.unwrap()).map(|date| (date.floor(), date.ceil()))
    }

    #[test]
    fn a_date_is_any_json_number_in_range_and_exact() {
        for (number, expected) in [
            ("0", (0, 0)),
            ("-0", (0, 0)),
            ("-0.0e5", (0, 0)),
            ("1300819380", (1_300_819_380, 1_300_819_380)),
            ("1300819380.0", (1_300_819_380, 1_300_819_380)),
            ("1300819380.000", (1_300_819_380, 1_300_819_380)),
            ("1300819380.5", (1_300_819_380, 1_300_819_381)),
            (
                "1300819380.000000000000000000000000000001",
                (1_300_819_380, 1_300_819_381),
            ),
            ("1.30081938e9", (1_300_819_380, 1_300_819_380)),
            ("1.30081938E+9", (1_300_819_380, 1_300_819_380)),
            ("13008193800000e-4", (1_300_819_380, 1_300_819_380)),
            ("13008193805000e-4", (1_300_819_380, 1_300_819_381)),
            ("0.00001e9", (10_000, 10_000)),
            ("1e-400", (0, 1)),
            ("0e99999999999999999999", (0, 0)),
            ("1e-99999999999999999999", (0, 1)),
            ("253402300799", (253_402_300_799, 253_402_300_799)),
        ] {
            assert_eq!(seconds(number), Some(expected), "{number}");
        }
        for number in [
            "-1",
            "-1e-9",
            "253402300800",
            "253402300799.1",
            "1e12",
            "1e19",
            "1e400",
            "18446744073709551616",
            "99999999999999999999999",
            "1e99999999999999999999",
        ] {
            assert_eq!(seconds(number), None, "{number}");
        }
    }

    #[test]
    fn any_number_of_digits_is_read() {
        let zeros = "0".repeat(5_000);
        assert_eq!(seconds(&format!("7{zeros}e-5000")), Some((7, 7)));
        assert_eq!(seconds(&format!("0.{zeros}7e5001")), Some((7, 7)));
    }
}

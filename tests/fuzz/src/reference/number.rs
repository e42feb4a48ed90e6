//! Numbers of JSON, exactly.

use num_bigint::BigUint;

/// 9999-12-31T23:59:59Z.
const LAST_DATE: u64 = 253_402_300_799;

/// An exponent beyond this is beyond any number of a token.
const MAX_EXPONENT: i64 = 100_000;

/// A number that is not negative.
pub struct Decimal {
    pub whole: BigUint,
    pub has_fraction: bool,
}

/// A date, rounded down and up to whole seconds.
#[derive(Clone, Copy)]
pub struct Date {
    pub floor: u64,
    pub ceil: u64,
}

/// The number that is written so; nothing if it is negative.
pub fn read(text: &str) -> Option<Decimal> {
    let (is_negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: BigUint = format!("{whole}{fraction}").parse().ok()?;
    if digits == BigUint::ZERO {
        return Some(Decimal {
            whole: digits,
            has_fraction: false,
        });
    }
    if is_negative {
        return None;
    }
    let sign = if exponent.starts_with('-') { -1 } else { 1 };
    let exponent = exponent
        .trim_start_matches(['+', '-'])
        .trim_start_matches('0');
    let exponent = match exponent {
        "" => 0,
        long if long.len() > 8 => MAX_EXPONENT,
        short => short.parse::<i64>().ok()?.min(MAX_EXPONENT),
    };
    let shift = sign * exponent - fraction.len() as i64;
    let power = BigUint::from(10_u8).pow(u32::try_from(shift.unsigned_abs()).ok()?);
    Some(if shift >= 0 {
        Decimal {
            whole: digits * power,
            has_fraction: false,
        }
    } else {
        Decimal {
            has_fraction: &digits % &power != BigUint::ZERO,
            whole: digits / power,
        }
    })
}

/// The number as a date (RFC 7519 section 2, NumericDate).
pub fn date(text: &str) -> Option<Date> {
    let Decimal {
        whole,
        has_fraction,
    } = read(text)?;
    let floor = u64::try_from(whole).ok()?;
    let ceil = floor.checked_add(u64::from(has_fraction))?;
    (ceil <= LAST_DATE).then_some(Date { floor, ceil })
}

//! Keys from constants: [`jwk!`](crate::jwk!), and the functions that it has the compiler run.
//!
//! Each ends the compilation with the rule that is broken, at the line of the caller. No program contains them.

use crate::error::Error;
use crate::rsa;
use crate::uint::Uint;

/// A [`Jwk`](crate::Jwk) from constants, checked when it is compiled: a key that cannot be used does not
/// compile, and the compiler's message says which rule it breaks.
///
/// It takes the `kid`, and then:
///
/// - `n` and `e` as they stand in the JWK (RFC 7518 section 6.3.1), or
/// - the modulus as big-endian bytes and the exponent as a number.
///
/// The capacity in bits comes last. Without it, it is the least one for the modulus.
///
/// ```
/// use tokenlatch::{Jwk, JwkSet, jwk};
///
/// /// In flash, with what verifying needs computed already. (Made up: nobody has the private key.)
/// static KEYS: JwkSet<1> = JwkSet::from_keys([jwk!(
///     "2026-11",
///     n: "oKpydH8Yuvd4nXlUn6uHpOYvoLlPEPBh-fR6yGIom3VXqDu2HnrO_uK9pPdKpIDYuvKDdfGsSffF4CxOz8yzq5wnYy_XDrz_1Dl9NUCzIf9GH2rchDALYI_WhHJd9gA_JhoRqK12qES1cVvMbPqzEhCpGIBFkga_u2q157QU064BJChsdb9k6JzhQWO5T9P-WidUhazl98zBYxRCY6RO2Wv3onQPDOMQ4iINhgfSJDPpUTTDZGLFNLXuDIeZPVVwqyy0fij21cEE_TFREKJTSDKtcK-sSK7OsTQJTG3cBmvEQWcnClUT1NDHjaBCf6-wSmHT-GmSFbWWsHgO05pnwQ",
///     e: "AQAB",
/// )]);
///
/// # const MODULUS: [u8; 256] = {
/// #     let mut n = [0xff; 256];
/// #     n[255] = 0x8b;
/// #     n
/// # };
/// /// From bytes, with a capacity of 4096 bits.
/// const KEY: Jwk<4096> = jwk!("2026-10", &MODULUS, 65537, 4096);
/// ```
///
/// # What it checks
///
/// All that [`PublicKey::new`](crate::PublicKey::<2048>::new) checks, the length of the `kid`, and that the
/// modulus has no factor below 752 (NIST SP 800-89 section 5.3.3). Nine of ten moduli whose bytes are reversed
/// break one of these rules, and eight of ten with a wrong digit: the check is no proof. The text of a JWK has
/// no order of bytes to mistake. To be sure, compare the key's thumbprint (RFC 7638) with the one that
/// `tokenlatch pack` writes beside the constants.
///
/// ```compile_fail,E0080
/// # use tokenlatch::{Jwk, jwk};
/// const SHORT: Jwk = jwk!("short", &[0xff; 255], 65537);
/// ```
///
/// ```compile_fail,E0080
/// # use tokenlatch::{Jwk, jwk};
/// const EVEN: Jwk = jwk!("even", &[0xfe; 256], 65537);
/// ```
///
/// ```compile_fail,E0080
/// # use tokenlatch::{Jwk, jwk};
/// const NO_BASE64URL: Jwk = jwk!("no base64url", n: "+/+/", e: "AQAB");
/// ```
#[macro_export]
macro_rules! jwk {
    ($key_id:expr, n: $n:expr, e: $e:expr $(,)?) => {
        $crate::jwk!($key_id, n: $n, e: $e, { $crate::constant::capacity_for_text($n) })
    };
    ($key_id:expr, n: $n:expr, e: $e:expr, $bits:tt $(,)?) => {
        const {
            let n = $crate::constant::modulus($n);
            $crate::jwk!(@key $key_id, n.bytes(), $crate::constant::exponent($e), $bits)
        }
    };
    ($key_id:expr, $n:expr, $e:expr $(,)?) => {
        $crate::jwk!($key_id, $n, $e, { $crate::constant::capacity($n) })
    };
    ($key_id:expr, $n:expr, $e:expr, $bits:tt $(,)?) => {
        const { $crate::jwk!(@key $key_id, $n, $e, $bits) }
    };
    (@key $key_id:expr, $n:expr, $e:expr, $bits:tt) => {{
        let n: &[u8] = $n;
        let key = match $crate::PublicKey::<$bits>::new(n, $e) {
            Ok(key) => key,
            Err(error) => $crate::constant::reject_key(n, error),
        };
        $crate::constant::check_factors(n);
        match $crate::Jwk::new($key_id, key) {
            Ok(jwk) => jwk,
            Err(error) => $crate::constant::reject_key(n, error),
        }
    }};
}

/// The least capacity for a big-endian modulus.
#[must_use]
pub const fn capacity(n: &[u8]) -> usize {
    let mut n = n;
    // The compiler is to say that there are zeros, and not that another capacity was expected.
    while let [0, rest @ ..] = n {
        n = rest;
    }
    match 8 * n.len() {
        0..=2048 => 2048,
        2049..=3072 => 3072,
        _ => 4096,
    }
}

/// The least capacity for a modulus in base64url. Where it is none, that of a modulus of its length.
#[must_use]
pub const fn capacity_for_text(n: &str) -> usize {
    match Uint::new(n, Error::ModulusTooLong) {
        Ok(n) => capacity(n.bytes()),
        Err(_) => match n.len() {
            0..=344 => 2048,
            345..=512 => 3072,
            _ => 4096,
        },
    }
}

/// `n` of a JWK.
#[must_use]
#[track_caller]
pub const fn modulus(n: &str) -> Uint {
    match Uint::new(n, Error::ModulusTooLong) {
        Ok(n) => n,
        Err(Error::InvalidBase64url) => broken("`n` is not strict base64url"),
        Err(error) => broken(error.sentence()),
    }
}

/// `e` of a JWK.
#[must_use]
#[track_caller]
pub const fn exponent(e: &str) -> u32 {
    let e = match Uint::new(e, Error::InvalidExponent) {
        Ok(e) => e,
        Err(Error::InvalidBase64url) => broken("`e` is not strict base64url"),
        Err(error) => broken(error.sentence()),
    };
    match rsa::exponent(e.bytes()) {
        Ok(e) => e,
        Err(error) => broken(error.sentence()),
    }
}

/// Rejects a modulus that has a factor below 752.
///
/// An RSA modulus has none; of other odd numbers, five of six have one.
#[track_caller]
pub const fn check_factors(n: &[u8]) {
    let mut divisor = 3;
    while divisor < 752 {
        let (mut n, mut remainder) = (n, 0_u32);
        while let [byte, lower @ ..] = n {
            remainder = (remainder << 8 | *byte as u32) % divisor;
            n = lower;
        }
        if remainder == 0 {
            broken(
                "the modulus has a factor below 752: are its bytes reversed, or is a digit wrong?",
            );
        }
        divisor += 2;
    }
}

/// Says why a key is rejected.
#[track_caller]
pub const fn reject_key(n: &[u8], error: Error) -> ! {
    match error {
        Error::ModulusEven => broken("the modulus is even: are its bytes reversed?"),
        Error::ModulusTooShort if n.len() >= 2048 / 8 => {
            broken("the modulus is shorter than 2048 bits: are its bytes reversed?")
        }
        _ => broken(error.sentence()),
    }
}

#[track_caller]
#[expect(clippy::panic, reason = "only the compiler runs it")]
const fn broken(rule: &str) -> ! {
    panic!("{}", rule)
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;
    use std::string::String;

    use super::*;

    /// What ends the compilation.
    fn message(compile: impl FnOnce() + std::panic::UnwindSafe) -> String {
        let rule = catch_unwind(compile).expect_err("it is rejected");
        *rule.downcast::<String>().expect("a message")
    }

    #[test]
    fn a_capacity_is_the_least_one_for_the_modulus() {
        for (len, bits) in [
            (256, 2048),
            (257, 3072),
            (384, 3072),
            (385, 4096),
            (600, 4096),
        ] {
            let bytes = std::vec![0xff; len];
            assert_eq!(capacity(&bytes), bits);
            assert_eq!(capacity(&[&[0, 0], &*bytes].concat()), bits);
            // `_` is six bits that are set; the last bits of a text that end no byte are not.
            let last = ["_", "w", "8"][len % 3];
            let text = "_".repeat((4 * len).div_ceil(3) - 1) + last;
            assert_eq!(capacity_for_text(&text), bits, "{len}");
        }
        for (len, bits) in [(344, 2048), (345, 3072), (512, 3072), (513, 4096)] {
            assert_eq!(capacity_for_text(&"!".repeat(len)), bits);
        }
    }

    #[test]
    fn each_rule_that_a_constant_breaks_has_its_message() {
        assert_eq!(modulus("AQAB").bytes(), [1, 0, 1]);
        assert_eq!(exponent("AQAB"), 65537);
        let not_strict = [
            message(|| drop(modulus("AQ="))),
            message(|| _ = exponent("AQ=")),
        ];
        assert_eq!(
            message(|| _ = exponent(&"_".repeat(800))),
            Error::InvalidExponent.sentence()
        );
        assert_eq!(
            not_strict,
            ["`n`", "`e`"].map(|it| std::format!("{it} is not strict base64url"))
        );
        let long = "_".repeat(800);
        assert_eq!(
            message(move || drop(modulus(&long))),
            Error::ModulusTooLong.sentence()
        );
        for text in ["", "AAAA", "AQAAAAAB"] {
            assert_eq!(
                message(|| _ = exponent(text)),
                Error::InvalidExponent.sentence()
            );
        }
        // A prime, and a product of two that are beyond the limit.
        check_factors(&757_u16.to_be_bytes());
        check_factors(&(757_u32 * 761).to_be_bytes());
        assert!(
            message(|| check_factors(&(757_u32 * 751).to_be_bytes()))
                .contains("a factor below 752")
        );
        for (len, error, part) in [
            (256, Error::ModulusEven, "is even: are its bytes reversed?"),
            (
                256,
                Error::ModulusTooShort,
                "2048 bits: are its bytes reversed?",
            ),
            (
                255,
                Error::ModulusTooShort,
                Error::ModulusTooShort.sentence(),
            ),
            (256, Error::WeakModulus, Error::WeakModulus.sentence()),
        ] {
            assert!(message(move || reject_key(&std::vec![0; len], error)).ends_with(part));
        }
    }
}

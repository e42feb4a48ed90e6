//! NIST CAVP: SigVer15 of FIPS 186-3.

use rsa::signature::Verifier as _;
use tokenlatch::{Error, PublicKey};

use crate::report::{Expected, Report};

pub(crate) fn sig_ver() -> Report {
    let mut report = Report::new("NIST CAVP SigVer15 SHA-256");
    let Some(file) = report.read("nist/SigVer15_186-3.rsp") else {
        return report;
    };
    let file = String::from_utf8(file).expect("UTF-8");
    let (mut bits, mut n, mut e, mut message, mut signature) = (0, vec![], vec![], vec![], vec![]);
    let mut is_sha256 = false;
    for (number, line) in (1..).zip(file.lines()) {
        let line = line.trim_matches(['[', ']']);
        let Some((name, value)) = line.split_once(" = ") else {
            continue;
        };
        match name {
            "mod" => bits = value.parse().expect("a number of bits"),
            "SHAAlg" => is_sha256 = value == "SHA256",
            "n" => n = unhex(value),
            "e" => e = unhex(value),
            "Msg" => message = unhex(value),
            "S" => signature = unhex(value),
            "Result" if is_sha256 => {
                let zeros = e.iter().take_while(|byte| **byte == 0).count();
                let exponent = e[zeros..]
                    .iter()
                    .fold(0, |e, byte| e << 8 | u32::from(*byte));
                let key = PublicKey::<4096>::from_be_bytes(&n, exponent);
                let is_accepted =
                    key.is_ok_and(|key| key.verify(&message, &&signature[..]).is_ok());
                let expected = if value.starts_with('P') {
                    Expected::Accepted
                } else {
                    Expected::Rejected
                };
                let too_short = "a key below 2048 bits (RFC 7518 section 3.3)";
                let why = (key == Err(Error::ModulusTooShort)).then_some(too_short);
                report.case(
                    &format!("line {number}, {bits} bits"),
                    expected,
                    is_accepted,
                    why,
                );
            }
            _ => {}
        }
    }
    report
}

fn unhex(digits: &str) -> Vec<u8> {
    assert_eq!(digits.len() % 2, 0);
    let digit = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal");
    (0..digits.len()).step_by(2).map(digit).collect()
}

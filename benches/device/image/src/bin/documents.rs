//! Measures what the verifier takes, for any input.
//!
//! Reads `cases.txt` in the folder where QEMU was started, line by line. A line that begins with a brace is a
//! JWK Set, whose keys verify the tokens after it. Any other line is a token. For each
//! line, the program prints the bytes of stack, the executed instructions and the verdict.
#![no_std]
#![no_main]

use core::panic::PanicInfo;
use core::time::Duration;

use semihosting::fs::File;
use semihosting::io::Read as _;
use tokenlatch::{Error, JwkSet, MAX_TOKEN_LEN, Policy, Time, verify_in_place};
use tokenlatch_device_image::machine::{Cost, measure};
use tokenlatch_device_image::whole_token::CAPACITY;
use tokenlatch_device_image::{entry, exit, println};

/// All that a policy can require, so that all of it is measured.
const POLICY: Policy = Policy::rfc9068("https://issuer.example/", "https://device.example/")
    .or_issuers(&["https://other-issuer.example/"])
    .or_audiences(&["https://other-device.example/"])
    .require_subject("technician-7")
    .require_client("service-app")
    .require_scopes(&["config:read", "config:write"])
    .require_claims(&["more"])
    .max_age(Duration::from_secs(3600));

/// 2026-11-21T12:00:00Z
const NOW: Time = Time::exactly(1_795_262_400);

#[entry]
fn main() -> ! {
    // As in firmware, where a set that is read lies in no function's frame.
    static mut KEYS: JwkSet<2, CAPACITY> = JwkSet::from_keys([]);
    let keys: &mut JwkSet<2, CAPACITY> = KEYS;

    // One byte more than the longest token, so that a token can be too long.
    let mut line = [0; MAX_TOKEN_LEN + 1];

    let mut cases = File::open(c"cases.txt").expect("the file cases.txt");
    while let Some(case) = read_line(&mut cases, &mut line) {
        if case.starts_with(b"{") {
            let (read, cost) = measure(|| keys.read_json(case));
            print(cost, read.as_ref().err());
        } else {
            let (verified, cost) = measure(|| verify_in_place(case, keys, &POLICY, NOW));
            print(cost, verified.as_ref().err());
        }
    }
    exit(0)
}

/// Reads the next line, without its end, into the front of `buffer`. Returns `None` at the end of the file.
///
/// # Panics
///
/// If the line is longer than `buffer`.
fn read_line<'b>(file: &mut File, buffer: &'b mut [u8]) -> Option<&'b mut [u8]> {
    let mut len = 0;
    loop {
        let mut byte = [0];
        if file.read(&mut byte).expect("the file can be read") == 0 {
            assert!(len == 0, "the last line has no end");
            return None;
        }
        if byte == *b"\n" {
            return buffer.get_mut(..len);
        }
        *buffer.get_mut(len).expect("room for the line") = byte[0];
        len += 1;
    }
}

fn print(cost: Cost, error: Option<&Error>) {
    let verdict = error.map_or("good", |error| error.code());
    println!("{} {} {verdict}", cost.stack, cost.count);
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    println!("{info}");
    exit(1)
}

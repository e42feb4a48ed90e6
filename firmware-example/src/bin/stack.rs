//! Measures the stack that the verifier takes, with whatever it is given.
//!
//! Reads the lines of `cases.txt`, in the folder where it is run: one that begins with a brace is a
//! JWK Set, to verify with from then on if it is good; any other is a token. For each, a line says
//! the bytes of stack and the verdict. The feature `capacity-4096` makes the keys' capacity 4096
//! bits.
#![no_std]
#![no_main]

use core::time::Duration;

use cortex_m_rt::entry;
use cortex_m_semihosting::debug::{EXIT_SUCCESS, exit};
use cortex_m_semihosting::hprintln;
use panic_semihosting as _;
use tokenlatch::{Error, JwkSet, MAX_TOKEN_LEN, Policy, Time, verify_in_place};
use tokenlatch_firmware::{input::File, memory};

const CAPACITY: usize = if cfg!(feature = "capacity-4096") {
    4096
} else {
    2048
};

/// All that a policy can ask for, so that all of it is measured.
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
    // One byte more than the longest token, so that one can be too long.
    static mut LINE: [u8; MAX_TOKEN_LEN + 1] = [0; MAX_TOKEN_LEN + 1];

    let Some(mut cases) = File::open(c"cases.txt") else {
        panic!("there is no cases.txt");
    };
    let mut keys = JwkSet::<2, CAPACITY>::from_keys([]);
    while let Some(case) = cases.read_line(LINE) {
        if case.starts_with(b"{") {
            let (loaded, stack) = memory::stack_of(|| JwkSet::from_json(case));
            print(stack, loaded.as_ref().err());
            keys = loaded.unwrap_or(keys);
        } else {
            let (verified, stack) = memory::stack_of(|| verify_in_place(case, &keys, &POLICY, NOW));
            print(stack, verified.as_ref().err());
        }
    }
    loop {
        exit(EXIT_SUCCESS);
    }
}

fn print(stack: usize, error: Option<&Error>) {
    hprintln!("{stack} {}", error.map_or("good", |error| error.code()));
}

//! Tokenlatch on a bare Cortex-M3: verifies four tokens, and prints the verdicts and the memory it took.
//!
//! `cargo run` runs the program in QEMU. The program exits with success if each token gets the verdict that
//! it must get.
//!
//! To use Tokenlatch in firmware of your own, copy [`POLICY`], [`key`] and [`receive_and_verify`].
#![no_std]
#![no_main]

mod key;
mod memory;

use cortex_m as _;
use cortex_m_rt::entry;
use cortex_m_semihosting::debug::{EXIT_SUCCESS, exit};
use cortex_m_semihosting::{hprint, hprintln};
use panic_semihosting as _;
use tokenlatch::{Error, Policy, Time, Verified, verify_in_place};

use key::KEYS;

/// What the device accepts: tokens that its issuer issued for this device.
const POLICY: Policy = Policy::new("https://issuer.example/", "https://device.example/");

/// 2026-11-21T12:00:00Z, so that the verdicts stay the same. A device reads its real-time clock.
const NOW: Time = Time::exactly(1_795_262_400);

/// The longest token that the device accepts, in bytes.
const MAX_TOKEN_LEN: usize = 1024;

/// A token and the verdict that it must get.
struct Case {
    name: &'static str,
    token: &'static [u8],
    /// `None` for a token that must be verified.
    rejection: Option<Error>,
}

static CASES: [Case; 4] = [
    Case {
        name: "good",
        token: include_bytes!("../tokens/good.jwt"),
        rejection: None,
    },
    Case {
        name: "expired",
        token: include_bytes!("../tokens/expired.jwt"),
        rejection: Some(Error::Expired),
    },
    Case {
        name: "tampered",
        token: include_bytes!("../tokens/tampered.jwt"),
        rejection: Some(Error::InvalidSignature),
    },
    Case {
        name: "wrong-audience",
        token: include_bytes!("../tokens/wrong-audience.jwt"),
        rejection: Some(Error::WrongAudience),
    },
];

#[entry]
fn main() -> ! {
    static mut BUFFER: [u8; MAX_TOKEN_LEN] = [0; MAX_TOKEN_LEN];

    // Printing uses the stack, too. A first round without it shows what verification takes.
    for case in &CASES {
        let verdict = receive_and_verify(case.token, BUFFER);
        assert_eq!(verdict.err(), case.rejection, "{}", case.name);
    }
    let stack = memory::stack_used();

    hprintln!("tokenlatch on a Cortex-M3");
    for key in KEYS.keys() {
        let key_id = key.key_id().unwrap_or_default();
        hprintln!("{:<16}{} bits, in flash", key_id, key.public_key().bits());
    }
    for case in &CASES {
        print(case.name, &receive_and_verify(case.token, BUFFER));
    }
    hprintln!("flash {} bytes, stack {stack} bytes", memory::flash_used());
    loop {
        exit(EXIT_SUCCESS);
    }
}

/// Receives a token into a buffer, and verifies the token there. Here, the token comes from flash.
fn receive_and_verify<'b>(
    token: &[u8],
    buffer: &'b mut [u8; MAX_TOKEN_LEN],
) -> Result<Verified<'b>, Error> {
    let received = buffer.get_mut(..token.len()).ok_or(Error::TokenTooLong)?;
    received.copy_from_slice(token);
    verify_in_place(received, &KEYS, &POLICY, NOW)
}

/// Prints a verdict: the claims that the device would use, or the reason for the rejection.
fn print(name: &str, verdict: &Result<Verified<'_>, Error>) {
    hprint!("{name:<16}");
    match verdict {
        Ok(verified) => {
            hprint!("verified:");
            if let Some(subject) = verified.subject() {
                hprint!(" sub={subject}");
            }
            hprint!(" scopes=");
            for (index, scope) in verified.scopes().enumerate() {
                let separator = if index == 0 { "" } else { "," };
                hprint!("{separator}{scope}");
            }
            hprintln!();
        }
        Err(error) => hprintln!("rejected: {} ({error})", error.code()),
    }
}

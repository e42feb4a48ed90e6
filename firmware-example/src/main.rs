//! Tokenlatch on a bare Cortex-M3: verifies four tokens and says what it made of them.
//!
//! The program runs in QEMU (`cargo run`). Its output and its exit status, success where each token
//! got the verdict that it deserves, go through semihosting.
#![no_std]
#![no_main]

mod key;

use cortex_m as _;
use cortex_m_rt::entry;
use cortex_m_semihosting::debug::{EXIT_SUCCESS, exit};
use cortex_m_semihosting::{hprint, hprintln};
use heapless::Vec;
use panic_semihosting as _;
use tokenlatch::{Error, Policy, Time, Verified, verify_in_place};
use tokenlatch_firmware::memory;

use key::KEYS;

/// What the device accepts: its issuer's tokens, for itself.
const POLICY: Policy = Policy::new("https://issuer.example/", "https://device.example/");

/// 2026-11-21T12:00:00Z, so that the verdicts stay the same; a device asks its real-time clock.
const NOW: Time = Time::exactly(1_795_262_400);

/// The longest token that the device takes, in bytes.
const MAX_TOKEN_LEN: usize = 1024;

/// A token and the verdict that it deserves.
struct Case {
    name: &'static str,
    token: &'static [u8],
    /// Nothing for a token that is good.
    refusal: Option<Error>,
}

static CASES: [Case; 4] = [
    Case {
        name: "good",
        token: include_bytes!("../tokens/good.jwt"),
        refusal: None,
    },
    Case {
        name: "expired",
        token: include_bytes!("../tokens/expired.jwt"),
        refusal: Some(Error::Expired),
    },
    Case {
        name: "tampered",
        token: include_bytes!("../tokens/tampered.jwt"),
        refusal: Some(Error::InvalidSignature),
    },
    Case {
        name: "wrong-audience",
        token: include_bytes!("../tokens/wrong-audience.jwt"),
        refusal: Some(Error::WrongAudience),
    },
];

#[entry]
fn main() -> ! {
    static mut BUFFERS: [[u8; MAX_TOKEN_LEN]; CASES.len()] = [[0; MAX_TOKEN_LEN]; CASES.len()];

    // All verdicts first, as printing takes stack too.
    let (verdicts, stack) = memory::stack_of(|| -> Vec<_, { CASES.len() }> {
        let received = CASES.iter().zip(BUFFERS);
        received
            .map(|(case, buffer)| receive_and_verify(case.token, buffer))
            .collect()
    });

    hprintln!("tokenlatch on a Cortex-M3");
    for key in KEYS.keys() {
        let key_id = key.key_id().unwrap_or_default();
        hprintln!("{:<16}{} bits, in flash", key_id, key.public_key().bits());
    }
    for (case, verdict) in CASES.iter().zip(&verdicts) {
        print(case.name, verdict);
    }
    hprintln!("flash {} bytes, stack {stack} bytes", memory::flash_used());

    for (case, verdict) in CASES.iter().zip(&verdicts) {
        let refusal = verdict.as_ref().err();
        assert_eq!(refusal, case.refusal.as_ref(), "{}", case.name);
    }
    loop {
        exit(EXIT_SUCCESS);
    }
}

/// Verifies a token in the buffer that it was received in: here, copied from flash.
fn receive_and_verify<'b>(
    token: &[u8],
    buffer: &'b mut [u8; MAX_TOKEN_LEN],
) -> Result<Verified<'b>, Error> {
    let received = buffer.get_mut(..token.len()).ok_or(Error::TokenTooLong)?;
    received.copy_from_slice(token);
    verify_in_place(received, &KEYS, &POLICY, NOW)
}

/// Prints a verdict: what the device would act upon, or the reason to refuse.
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

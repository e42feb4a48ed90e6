//! Counts the verification of a whole token, from its text to `Verified`. Prints lines like those of `rsa`.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;

use tokenlatch::{Error, Jwk, JwkSet, Policy, PublicKey, Time, verify_in_place};
use tokenlatch_device_image::machine::{Cost, measure};
use tokenlatch_device_image::{entry, exit, println, vectors};

static TOKEN: [u8; LEN] =
    *include_bytes!("../../../../../firmware-example/minimal/tokens/good.jwt");
const LEN: usize = include_bytes!("../../../../../firmware-example/minimal/tokens/good.jwt").len();

const POLICY: Policy = Policy::new("https://issuer.example/", "https://device.example/");

/// 2026-11-21T12:00:00Z, as in the firmware example.
const NOW: Time = Time::exactly(1_795_262_400);

#[entry]
fn main() -> ! {
    let vector = vectors::rsa_2048();
    let key = PublicKey::from_be_bytes(vector.n(), vector.e).expect("a key");
    let keys = JwkSet::<1>::from_keys([Jwk::new("rfc7515-a2", key).expect("a short name")]);
    let (keys, policy, now) = (black_box(&keys), black_box(&POLICY), black_box(NOW));

    let mut token = black_box(TOKEN);
    let (verified, cost) = measure(|| verify_in_place(&mut token, keys, policy, now));
    let verified = verified.expect("a good token");
    assert!(verified.scopes().any(|scope| scope == "config:read"));
    let Cost { count, stack, heap } = cost;
    println!("whole token,{},{count},{stack},{heap}", key.bits());

    let mut token = TOKEN;
    token[LEN / 2] ^= 1;
    let verdict = verify_in_place(&mut token, keys, policy, now);
    assert_eq!(verdict.err(), Some(Error::InvalidSignature));
    println!("all results are right");
    exit(0)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    println!("{info}");
    exit(1)
}

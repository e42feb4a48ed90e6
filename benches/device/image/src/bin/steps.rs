//! Counts the verification of a whole token in steps, and its longest step. Prints lines like those of `rsa`.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;

use tokenlatch::{Jwk, JwkSet, Policy, PublicKey, Time, Unverified};
use tokenlatch_device_image::machine::{Cost, measure};
use tokenlatch_device_image::whole_token::verify_in_steps;
use tokenlatch_device_image::{entry, exit, println, vectors};

static TOKEN: [u8; LEN] =
    *include_bytes!("../../../../../firmware-example/minimal/tokens/good.jwt");
const LEN: usize = include_bytes!("../../../../../firmware-example/minimal/tokens/good.jwt").len();

const POLICY: Policy = Policy::new("https://issuer.example/", "https://device.example/");

/// 2026-11-21T12:00:00Z, as in the firmware example.
const NOW: Time = Time::exactly(1_795_262_400);

/// The steps of a signature by a key with the exponent 65537: one that reads it, and 18 multiplications.
const STEPS: usize = 19;

#[entry]
fn main() -> ! {
    let vector = vectors::rsa_2048();
    let key = PublicKey::from_be_bytes(vector.n(), vector.e).expect("a key");
    let keys = JwkSet::from_keys([Jwk::new("rfc7515-a2", key).expect("a short name")]);
    let (keys, policy, now) = (black_box(&keys), black_box(&POLICY), black_box(NOW));

    let mut token = black_box(TOKEN);
    let (verified, cost) = measure(|| verify_in_steps(&mut token, keys, policy, now));
    assert!(verified.is_ok());
    print("whole token in steps", key.bits(), cost);

    // The last step multiplies two different numbers, which takes longer than to square one.
    let mut token = black_box(TOKEN);
    let unverified = Unverified::parse(&mut token).expect("a token");
    let mut check = unverified.begin(keys).expect("a key");
    for _ in 1..STEPS {
        assert!(!check.step());
    }
    let (is_done, longest) = measure(|| check.step());
    assert!(is_done && check.finish().is_ok());
    print("longest step", key.bits(), longest);

    let is_longest = |cost: Cost| assert!(cost.count < longest.count + 100);
    let (check, cost) = measure(|| unverified.begin(keys));
    is_longest(cost);
    let mut check = check.expect("a key");
    for step in 1..=STEPS {
        let (is_done, cost) = measure(|| check.step());
        assert_eq!(is_done, step == STEPS);
        is_longest(cost);
    }
    let (authenticated, cost) = measure(|| check.finish());
    is_longest(cost);
    assert!(authenticated.is_ok());
    println!("all results are right");
    exit(0)
}

fn print(operation: &str, bits: usize, cost: Cost) {
    let Cost { count, stack, heap } = cost;
    println!("{operation},{bits},{count},{stack},{heap}");
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    println!("{info}");
    exit(1)
}

//! The smallest program around the verifier, to measure the flash that the verifier takes.
//!
//! Without features it does nothing; `verify` adds verifying a token, and `load` reading a JWK Set.
//! What each adds to the program's length is its price. The feature `capacity-4096` makes the keys'
//! capacity 4096 bits. Nothing runs it.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;

use cortex_m as _;
use cortex_m_rt::entry;
use tokenlatch::{JwkSet, Policy, Time, verify_in_place};

const CAPACITY: usize = if cfg!(feature = "capacity-4096") {
    4096
} else {
    2048
};

#[entry]
fn main() -> ! {
    static mut TOKEN: [u8; 1024] = [0; 1024];
    static KEYS: JwkSet<1, CAPACITY> = JwkSet::from_keys([]);
    const POLICY: Policy = Policy::new("https://issuer.example/", "https://device.example/");

    loop {
        // A `black_box` hides from the compiler what is in it; it is in the empty program, too.
        let token: &mut [u8] = black_box(TOKEN);
        let (keys, policy) = (black_box(&KEYS), black_box(&POLICY));
        let now = Time::exactly(black_box(0));
        if cfg!(feature = "load") {
            black_box(JwkSet::<1, CAPACITY>::from_json(token)).ok();
        }
        if cfg!(feature = "verify") {
            black_box(verify_in_place(token, keys, policy, now)).ok();
        }
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}

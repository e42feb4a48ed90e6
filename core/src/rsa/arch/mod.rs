//! Code for one kind of processor each, and all of the core's `unsafe`.

cfg_select! {
    tokenlatch_portable => {}
    multiplication = "umlal" => {
        pub(crate) mod arm;
    }
    multiplication = "umaal" => {
        pub(crate) mod arm_dsp;
    }
    multiplication = "umulh" => {
        pub(crate) mod aarch64;
    }
    products = "assembly" => {
        #[cfg(multiplication = "muls")]
        mod arm_baseline;
        pub(crate) mod columns;
        #[cfg(any(target_arch = "riscv32", target_arch = "riscv64"))]
        mod riscv;
    }
    target_arch = "x86_64" => {
        pub(crate) mod x86_64;
    }
    _ => {}
}

cfg_select! {
    all(target_arch = "x86_64", not(tokenlatch_portable)) => {
        pub(crate) use x86_64::reciprocal::{constant_digits, max_constant_digits, set_to_constant};
    }
    _ => {
        pub(crate) use super::portable::digits::stored_digits as constant_digits;
        pub(crate) use super::portable::digits::stored_digits as max_constant_digits;
        pub(crate) use super::portable::montgomery::set_to_constant;
    }
}

/// Whether a key's constant is a reciprocal of n, for backends. It is R^2 mod n where there are none.
pub(crate) const HAS_RECIPROCALS: bool =
    cfg!(all(target_arch = "x86_64", not(tokenlatch_portable)));

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

/// Whether a key's constant is a reciprocal of n, for backends. It is R^2 mod n where there are none.
pub(crate) const HAS_RECIPROCALS: bool =
    cfg!(all(target_arch = "x86_64", not(tokenlatch_portable)));

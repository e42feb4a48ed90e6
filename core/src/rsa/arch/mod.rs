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

/// By how many digits the power of 2 in a key's constant is lower than the portable R^2, so that backends
/// whose R^2 is lower can start from it.
pub(crate) const SHORT: usize = cfg_select! {
    all(target_arch = "x86_64", not(tokenlatch_portable)) => { x86_64::SHORT }
    _ => { 0 }
};

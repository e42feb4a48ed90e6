//! What the programs share: the machine, the implementations and what they are given.
//!
//! # On real hardware
//!
//! With the feature `hardware`, the programs count cycles: a Cortex-M3, M4 or M7 its own (DWT's
//! CYCCNT), a RISC-V core those of `mcycle`. Connect a board through a debug probe and, in this
//! package's folder:
//!
//! ```sh
//! cargo build --release --target thumbv7em-none-eabi --features hardware,tokenlatch --bin rsa
//! probe-rs run --chip nRF52840_xxAA ../target/thumbv7em-none-eabi/release/rsa
//! ```
//!
//! Where flash is not at 0, or there is less RAM than 256 KB, `MEMORY_X=memory.x` names the board's
//! own layout.
#![no_std]

pub mod heap;
pub mod implementations;
pub mod machine;
pub mod vectors;

#[cfg(target_arch = "arm")]
pub use cortex_m_rt::entry;
#[cfg(target_arch = "riscv32")]
pub use riscv_rt::entry;
pub use semihosting::{println, process::exit};

// What a critical section is on this machine, for the heap.
#[cfg(target_arch = "arm")]
use cortex_m as _;
#[cfg(target_arch = "riscv32")]
use riscv as _;
use sha2::{Digest as _, Sha256};

/// What signatures are of, and what is counted apart from them.
#[must_use]
pub fn hash(message: &[u8]) -> [u8; 32] {
    Sha256::digest(message).into()
}

/// What all firmware has: the compiler's functions that copy and clear memory.
pub fn copy_and_clear<T: Copy + Default>(to: &mut [T], from: &mut [T]) {
    to.copy_from_slice(from);
    from.fill(T::default());
}

/// The smallest program that these functions, coerced to pointers, are in: what each adds to it is its
/// price in flash. Nothing runs it.
#[macro_export]
macro_rules! program_that_holds {
    ($($function:expr),* $(,)?) => {
        #[$crate::entry]
        fn main() -> ! {
            // A `black_box` might call what it is given, with anything.
            core::hint::black_box($crate::copy_and_clear::<u8> as fn(&mut [_], &mut [_]));
            core::hint::black_box($crate::copy_and_clear::<u32> as fn(&mut [_], &mut [_]));
            core::hint::black_box($crate::copy_and_clear::<u64> as fn(&mut [_], &mut [_]));
            $(core::hint::black_box($function);)*
            loop {}
        }

        #[panic_handler]
        fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
            loop {}
        }
    };
}

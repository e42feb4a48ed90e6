//! What the programs share: the machine, the implementations, and their input.
//!
//! # On real hardware
//!
//! With the feature `hardware`, the programs count cycles: a Cortex-M3, M4, M7 or M33 its own (DWT's
//! CYCCNT), a RISC-V core those of `mcycle`. Connect a board through a debug probe and, in this
//! package's folder:
//!
//! ```sh
//! cargo build --release --target thumbv7em-none-eabi --features hardware,tokenlatch --bin rsa
//! probe-rs run --chip nRF52840_xxAA ../target/thumbv7em-none-eabi/release/rsa
//! ```
//!
//! If the board's memory is not where `build.rs` has it, or the board has less RAM than 256 KB, write its
//! layout to a file and name the file in the environment variable `MEMORY_X`.
#![no_std]

pub mod heap;
pub mod implementations;
pub mod machine;
pub mod parts;
pub mod vectors;
pub mod whole_token;

#[cfg(target_arch = "arm")]
pub use cortex_m_rt::entry;
#[cfg(target_arch = "riscv32")]
pub use riscv_rt::entry;
pub use semihosting::{println, process::exit};

// These crates implement the critical section of this machine, which the heap needs.
#[cfg(target_arch = "arm")]
use cortex_m as _;
#[cfg(target_arch = "riscv32")]
use riscv as _;
use sha2::{Digest as _, Sha256};

/// The SHA-256 digest of a message. A signature covers the digest; hashing is counted by itself.
#[must_use]
pub fn hash(message: &[u8]) -> [u8; 32] {
    Sha256::digest(message).into()
}

/// Makes the compiler add its functions that copy and clear memory, which all firmware has.
pub fn copy_and_clear<T: Copy + Default>(to: &mut [T], from: &mut [T]) {
    to.copy_from_slice(from);
    from.fill(T::default());
}

/// The smallest program that contains these functions, given as function pointers. The bytes that a function
/// adds to the program are its price in flash. Nothing runs the program.
#[macro_export]
macro_rules! program_that_holds {
    ($($function:expr),* $(,)?) => {
        #[$crate::entry]
        fn main() -> ! {
            // The compiler must assume that `black_box` calls the functions, with any argument.
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

//! How the program ends: by a reset, or with QEMU.
#![allow(unsafe_code)]

use core::hint;
use core::panic::PanicInfo;

use crate::registers::TEST;

/// Resets the machine.
pub(crate) fn reset() -> ! {
    TEST.write(RESET);
    loop {
        hint::spin_loop();
    }
}

/// Ends QEMU. There is no bolt to close.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    // The place only: a message may have what was received.
    if let Some(place) = info.location() {
        semihosting::eprintln!("panicked at {place}");
    }
    semihosting::process::exit(1)
}

/// What riscv-rt calls for an exception, as when the program accesses memory that does not exist.
// SAFETY: riscv-rt expects a function of this name and kind.
#[unsafe(no_mangle)]
extern "C" fn abort() -> ! {
    panic!("exception")
}

const RESET: u32 = 0x7777;

//! The registers of QEMU's machine virt that the drivers use.
//!
//! Source: hw/riscv/virt.c of QEMU, and the documents that the modules name.
#![allow(unsafe_code)]

use tokenlatch_drivers::register::Register;

const fn register<T: Copy>(address: usize) -> Register<T> {
    // SAFETY: this file has only addresses of registers that are there, of the size that they have. None of them
    // makes the machine access the memory of the program.
    unsafe { Register::at(address) }
}

/// The UART, a 16550 (Texas Instruments, PC16550D).
pub(crate) mod uart {
    use super::{Register, register};

    /// The bytes; the lower byte of the divisor while LCR says so.
    pub(crate) const RBR_THR_DLL: Register<u8> = register(0x1000_0000);
    /// The interrupts; the upper byte of the divisor while LCR says so.
    pub(crate) const IER_DLM: Register<u8> = register(0x1000_0001);
    pub(crate) const FCR: Register<u8> = register(0x1000_0002);
    pub(crate) const LCR: Register<u8> = register(0x1000_0003);
    pub(crate) const LSR: Register<u8> = register(0x1000_0005);
}

/// The real-time clock, of Google's Goldfish.
pub(crate) mod rtc {
    use super::{Register, register};

    /// Reading it stores what TIME_HIGH has.
    pub(crate) const TIME_LOW: Register = register(0x10_1000);
    pub(crate) const TIME_HIGH: Register = register(0x10_1004);
}

/// The timer of the processor (RISC-V Privileged Architecture, section "Machine Timer Registers").
pub(crate) mod timer {
    use super::{Register, register};

    pub(crate) const MTIMECMP_LOW: Register = register(0x200_4000);
    pub(crate) const MTIMECMP_HIGH: Register = register(0x200_4004);
    pub(crate) const MTIME_LOW: Register = register(0x200_bff8);
    pub(crate) const MTIME_HIGH: Register = register(0x200_bffc);
}

/// Resets the machine (SiFive's test device).
pub(crate) const TEST: Register = register(0x10_0000);

/// The second flash memory, of which the door uses 2 MiB (Intel's Common Flash Interface).
pub(crate) mod flash {
    use super::{Register, register};

    pub(crate) const CAPACITY: usize = 2 * 1024 * 1024;

    /// The word that has the byte at an offset.
    ///
    /// # Panics
    ///
    /// Beyond the end.
    pub(crate) fn word(offset: usize) -> Register {
        assert!(offset < CAPACITY, "beyond the end of the flash memory");
        register(0x2200_0000 + (offset & !3))
    }
}

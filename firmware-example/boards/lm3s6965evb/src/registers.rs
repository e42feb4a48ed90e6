//! The registers of the LM3S6965 that the drivers use: the only file that accesses them.
//!
//! Source: the data sheet of the LM3S6965 (Texas Instruments, SPMS040), whose chapters the modules are.
#![allow(unsafe_code)]

use core::ptr;

/// A register of 32 bits. Only this file can make one, so each is the address of a register.
#[derive(Clone, Copy)]
pub(crate) struct Register(usize);

impl Register {
    pub(crate) fn read(self) -> u32 {
        // SAFETY: the address is that of a register, which is always there and aligned. No register of this
        // file makes the chip access memory, so no variable changes by it.
        unsafe { ptr::with_exposed_provenance::<u32>(self.0).read_volatile() }
    }

    pub(crate) fn write(self, value: u32) {
        // SAFETY: as in `read`.
        unsafe { ptr::with_exposed_provenance_mut::<u32>(self.0).write_volatile(value) }
    }

    /// Sets bits, and leaves the others as they are.
    pub(crate) fn set(self, bits: u32) {
        self.write(self.read() | bits);
    }

    /// Clears bits, and leaves the others as they are.
    pub(crate) fn clear(self, bits: u32) {
        self.write(self.read() & !bits);
    }
}

/// System control.
pub(crate) mod system {
    use super::Register;

    pub(crate) const RIS: Register = Register(0x400f_e050);
    pub(crate) const RCC: Register = Register(0x400f_e060);
    pub(crate) const RCGC0: Register = Register(0x400f_e100);
    pub(crate) const RCGC1: Register = Register(0x400f_e104);
    pub(crate) const RCGC2: Register = Register(0x400f_e108);
}

/// General-purpose inputs and outputs.
pub(crate) mod gpio {
    use super::Register;

    /// A port of eight pins.
    #[derive(Clone, Copy)]
    pub(crate) struct Port(usize);

    pub(crate) const A: Port = Port(0x4000_4000);
    pub(crate) const B: Port = Port(0x4000_5000);
    pub(crate) const F: Port = Port(0x4002_5000);

    impl Port {
        /// The data of the pins in `mask`: bits 9 to 2 of the address are the mask, so that a write changes
        /// no other pin.
        pub(crate) fn data(self, mask: u8) -> Register {
            Register(self.0 + (usize::from(mask) << 2))
        }

        pub(crate) fn direction(self) -> Register {
            Register(self.0 + 0x400)
        }

        pub(crate) fn alternate_function(self) -> Register {
            Register(self.0 + 0x420)
        }

        pub(crate) fn open_drain(self) -> Register {
            Register(self.0 + 0x50c)
        }

        pub(crate) fn digital(self) -> Register {
            Register(self.0 + 0x51c)
        }
    }
}

/// The watchdog timer.
pub(crate) mod watchdog {
    use super::Register;

    pub(crate) const LOAD: Register = Register(0x4000_0000);
    pub(crate) const CTL: Register = Register(0x4000_0008);
    pub(crate) const ICR: Register = Register(0x4000_000c);
    pub(crate) const LOCK: Register = Register(0x4000_0c00);
}

/// The first UART.
pub(crate) mod uart0 {
    use super::Register;

    pub(crate) const DR: Register = Register(0x4000_c000);
    pub(crate) const FR: Register = Register(0x4000_c018);
    pub(crate) const IBRD: Register = Register(0x4000_c024);
    pub(crate) const FBRD: Register = Register(0x4000_c028);
    pub(crate) const LCRH: Register = Register(0x4000_c02c);
    pub(crate) const CTL: Register = Register(0x4000_c030);
}

/// The first I2C bus, as its master.
pub(crate) mod i2c0 {
    use super::Register;

    pub(crate) const MSA: Register = Register(0x4002_0000);
    /// The status when read, the command when written.
    pub(crate) const MCS: Register = Register(0x4002_0004);
    pub(crate) const MDR: Register = Register(0x4002_0008);
    pub(crate) const MTPR: Register = Register(0x4002_000c);
    pub(crate) const MCR: Register = Register(0x4002_0020);
}

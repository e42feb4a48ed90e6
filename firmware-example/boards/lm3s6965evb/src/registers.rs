//! The registers of the LM3S6965 that the drivers use.
//!
//! Source: the data sheet of the LM3S6965 (Texas Instruments, SPMS040), whose chapters the modules are.
#![allow(unsafe_code)]

use tokenlatch_drivers::register::Register;

const fn register(address: usize) -> Register {
    // SAFETY: this file has only addresses of the data sheet, and none of a register that starts a transfer
    // from or to memory.
    unsafe { Register::at(address) }
}

/// System control.
pub(crate) mod system {
    use super::{Register, register};

    pub(crate) const RIS: Register = register(0x400f_e050);
    pub(crate) const RCC: Register = register(0x400f_e060);
    pub(crate) const RCGC0: Register = register(0x400f_e100);
    pub(crate) const RCGC1: Register = register(0x400f_e104);
    pub(crate) const RCGC2: Register = register(0x400f_e108);
}

/// General-purpose inputs and outputs.
pub(crate) mod gpio {
    use super::{Register, register};

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
            register(self.0 + (usize::from(mask) << 2))
        }

        pub(crate) fn direction(self) -> Register {
            register(self.0 + 0x400)
        }

        pub(crate) fn alternate_function(self) -> Register {
            register(self.0 + 0x420)
        }

        pub(crate) fn open_drain(self) -> Register {
            register(self.0 + 0x50c)
        }

        pub(crate) fn digital(self) -> Register {
            register(self.0 + 0x51c)
        }
    }
}

/// The watchdog timer.
pub(crate) mod watchdog {
    use tokenlatch_drivers::watchdog::Registers;

    use super::register;

    pub(crate) const ALL: Registers = Registers {
        load: register(0x4000_0000),
        control: register(0x4000_0008),
        clear: register(0x4000_000c),
        lock: register(0x4000_0c00),
    };
}

/// The first UART.
pub(crate) mod uart0 {
    use super::{Register, register};

    pub(crate) const DR: Register = register(0x4000_c000);
    pub(crate) const FR: Register = register(0x4000_c018);
    pub(crate) const IBRD: Register = register(0x4000_c024);
    pub(crate) const FBRD: Register = register(0x4000_c028);
    pub(crate) const LCRH: Register = register(0x4000_c02c);
    pub(crate) const CTL: Register = register(0x4000_c030);
}

/// The first I2C bus, as its master.
pub(crate) mod i2c0 {
    use super::{Register, register};

    pub(crate) const MSA: Register = register(0x4002_0000);
    /// The status when read, the command when written.
    pub(crate) const MCS: Register = register(0x4002_0004);
    pub(crate) const MDR: Register = register(0x4002_0008);
    pub(crate) const MTPR: Register = register(0x4002_000c);
    pub(crate) const MCR: Register = register(0x4002_0020);
}

//! The registers of the AN500 that the drivers use.
//!
//! Source: Application Note AN500 (Arm, DAI0500), and the Cortex-M System Design Kit Technical
//! Reference Manual (Arm, DDI0479C).
#![allow(unsafe_code)]

use tokenlatch_drivers::register::Register;

const fn register(address: usize) -> Register {
    // SAFETY: this file has only addresses of the manuals, and none of a register that starts a transfer from or
    // to memory.
    unsafe { Register::at(address) }
}

/// The first UART.
pub(crate) mod uart0 {
    use tokenlatch_drivers::cmsdk_uart::Registers;

    use super::register;

    pub(crate) const ALL: Registers = Registers {
        data: register(0x4000_4000),
        state: register(0x4000_4004),
        control: register(0x4000_4008),
        divisor: register(0x4000_4010),
    };
}

/// The pins of the I2C bus of the second shield, where QEMU puts devices: a bit of 1 lets go of the line.
pub(crate) mod i2c {
    use super::{Register, register};

    /// Sets bits when written; the lines when read.
    pub(crate) const SET: Register = register(I2C);
    pub(crate) const CLEAR: Register = register(I2C + 4);

    const I2C: usize = 0x4002_a000;
}

/// The LEDs of the FPGA.
pub(crate) const LEDS: Register = register(0x4002_8000);

/// The watchdog.
pub(crate) mod watchdog {
    use tokenlatch_drivers::watchdog::Registers;

    use super::register;

    pub(crate) const ALL: Registers = Registers {
        load: register(0x4000_8000),
        control: register(0x4000_8008),
        clear: register(0x4000_800c),
        lock: register(0x4000_8c00),
    };
}

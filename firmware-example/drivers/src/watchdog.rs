//! The watchdog of Arm's Cortex-M System Design Kit, which the LM3S6965 has, too.

use tokenlatch_door::board;

use crate::register::Register;

/// Resets the chip unless it is fed. Nothing but a reset stops it.
pub struct Watchdog {
    clear: Register,
    lock: Register,
}

/// The registers that are used, in their order.
pub struct Registers {
    /// What the counter starts from.
    pub load: Register,
    /// What happens at zero.
    pub control: Register,
    /// Any value starts the counter anew.
    pub clear: Register,
    /// Makes the others writable.
    pub lock: Register,
}

impl Watchdog {
    /// Starts the watchdog, whose counter has this frequency in Hz.
    #[must_use]
    pub fn new(registers: Registers, frequency: u32) -> Self {
        let Registers {
            load,
            control,
            clear,
            lock,
        } = registers;
        lock.write(UNLOCK);
        // The first time that the counter reaches zero, it asks for an interrupt, to which nobody listens. The
        // second time, the chip resets: after four seconds.
        load.write(2 * frequency);
        control.write(INTERRUPT | RESET);
        // So that a wild write does not feed it.
        lock.write(0);
        Self { clear, lock }
    }
}

impl board::Watchdog for Watchdog {
    fn feed(&mut self) {
        self.lock.write(UNLOCK);
        self.clear.write(0);
        self.lock.write(0);
    }
}

/// Any other value locks.
const UNLOCK: u32 = 0x1acc_e551;

const INTERRUPT: u32 = 1;
const RESET: u32 = 1 << 1;

//! The watchdog timer: resets the chip unless it is fed.

use tokenlatch_door::board;

use crate::clock::FREQUENCY;
use crate::registers::watchdog::{CTL, ICR, LOAD, LOCK};

/// The watchdog, which nothing but a reset can stop.
pub(crate) struct Watchdog(());

impl Watchdog {
    /// Starts the watchdog.
    pub(crate) fn new() -> Self {
        LOCK.write(UNLOCK);
        // The first time that the counter reaches zero, the chip asks for an interrupt, which nobody listens
        // to. The second time, it resets.
        LOAD.write(2 * FREQUENCY);
        CTL.write(INTERRUPT | RESET);
        // Any other value locks the registers, so that a wild write cannot feed the watchdog.
        LOCK.write(0);
        Self(())
    }
}

impl board::Watchdog for Watchdog {
    fn feed(&mut self) {
        LOCK.write(UNLOCK);
        // Clears the interrupt, and starts the counter anew.
        ICR.write(0);
        LOCK.write(0);
    }
}

// LOCK.
const UNLOCK: u32 = 0x1acc_e551;

// CTL.
const RESET: u32 = 1 << 1;
const INTERRUPT: u32 = 1;

//! A watchdog: the interrupt of the timer resets the machine unless it is put off.
//!
//! virt has no watchdog. This one does not help if the program disables interrupts, or hangs in a trap.
#![allow(unsafe_code)]

use riscv::interrupt::Interrupt;
use riscv::register::{mie, mstatus};
use riscv_rt::core_interrupt;
use tokenlatch_door::board;

use crate::end::reset;
use crate::registers::timer::{MTIMECMP_HIGH, MTIMECMP_LOW};
use crate::timer::{FREQUENCY, now};

/// The watchdog.
pub(crate) struct Watchdog(());

impl Watchdog {
    /// Starts the watchdog.
    pub(crate) fn new() -> Self {
        put_off();
        // SAFETY: the handler of this interrupt touches no state of the program, and there is no other interrupt.
        unsafe {
            mie::set_mtimer();
            mstatus::set_mie();
        }
        Self(())
    }
}

impl board::Watchdog for Watchdog {
    fn feed(&mut self) {
        put_off();
    }
}

/// To four seconds from now.
fn put_off() {
    let then = now() + 4 * FREQUENCY;
    // The upper half first at its highest, so that no time between the two writes is in the past.
    MTIMECMP_HIGH.write(u32::MAX);
    MTIMECMP_LOW.write(then as u32);
    MTIMECMP_HIGH.write((then >> 32) as u32);
}

#[core_interrupt(Interrupt::MachineTimer)]
fn starve() -> ! {
    reset()
}

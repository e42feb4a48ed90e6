//! The clock of the processor, and of its peripherals.

use crate::registers::system::{RCC, RCGC0, RCGC1, RCGC2, RIS};

/// The frequency of the processor and of the peripherals, in Hz. The highest that the chip can do.
pub(crate) const FREQUENCY: u32 = 50_000_000;

/// Starts the peripherals that the drivers use, and the PLL on the board's crystal of 8 MHz.
///
/// At reset the chip runs on an oscillator of its own, which is 12 MHz by 30 per cent: too coarse for a UART.
///
/// # Panics
///
/// Without a crystal: the door does not open.
pub(crate) fn start() {
    RCGC0.set(WATCHDOG);
    RCGC1.set(UART0 | I2C0);
    RCGC2.set(GPIO_A | GPIO_B | GPIO_F);
    // A peripheral must not be accessed in the three cycles after its clock starts.
    RCGC2.read();
    RCGC2.read();

    // The order is that of the data sheet, section "Initialization and Configuration" of system control.
    RCC.set(BYPASS);
    RCC.clear(USE_DIVIDER | MAIN_OSCILLATOR_OFF);
    // A crystal takes up to 20 ms to start. A turn of the loop takes three cycles at least.
    for _ in 0..100_000 {
        core::hint::spin_loop();
    }
    let rcc = RCC.read() & !(CRYSTAL | SOURCE | PLL_OFF | DIVIDER);
    RCC.write(rcc | CRYSTAL_8_MHZ | DIVIDE_BY_4 | USE_DIVIDER);
    let locked = (0..100_000).any(|_| RIS.read() & PLL_LOCKED != 0);
    assert!(locked, "no clock");
    RCC.clear(BYPASS);
}

// RCC.
const DIVIDER: u32 = 0xf << 23;
/// Of the 200 MHz of the PLL.
const DIVIDE_BY_4: u32 = 3 << 23;
const USE_DIVIDER: u32 = 1 << 22;
const PLL_OFF: u32 = 1 << 13;
const BYPASS: u32 = 1 << 11;
const CRYSTAL: u32 = 0xf << 6;
const CRYSTAL_8_MHZ: u32 = 0xe << 6;
/// All zeros: the main oscillator.
const SOURCE: u32 = 3 << 4;
const MAIN_OSCILLATOR_OFF: u32 = 1;

// RIS.
const PLL_LOCKED: u32 = 1 << 6;

// RCGC0, RCGC1, RCGC2.
const WATCHDOG: u32 = 1 << 3;
const UART0: u32 = 1;
const I2C0: u32 = 1 << 12;
const GPIO_A: u32 = 1;
const GPIO_B: u32 = 1 << 1;
const GPIO_F: u32 = 1 << 5;

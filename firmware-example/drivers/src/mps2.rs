//! What Arm's MPS2+ board has with each of its FPGA images, at addresses of their own.

use core::convert::Infallible;

use embedded_hal::delay::DelayNs;
use embedded_hal::digital::{ErrorType, InputPin, OutputPin};

use crate::pins_i2c::PinsI2c;
use crate::register::Register;

/// An LED of the FPGA, as an output pin.
pub struct Led {
    leds: Register,
    mask: u32,
}

impl Led {
    /// Turns that LED off. `leds` is the register of all of them, `number` is 0 or 1.
    #[must_use]
    pub fn new(leds: Register, number: u32) -> Self {
        let mask = 1 << number;
        leds.clear(mask);
        Self { leds, mask }
    }
}

impl ErrorType for Led {
    type Error = Infallible;
}

impl OutputPin for Led {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.leds.clear(self.mask);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.leds.set(self.mask);
        Ok(())
    }
}

/// An I2C bus of the board, by its two pins.
pub type I2c = PinsI2c<Line, Line, Delay>;

/// Takes the bus. `set` sets bits when written, and has the lines when read. `clear` clears bits. A bit of 1 lets go
/// of the line. `frequency` is that of the processor, in Hz.
#[must_use]
pub fn i2c(set: Register, clear: Register, frequency: u32) -> I2c {
    let line = |mask| Line { set, clear, mask };
    let [mut scl, mut sda] = [line(1), line(1 << 1)];
    // Nothing is on the bus but when it is used.
    let Ok(()) = scl.set_high();
    let Ok(()) = sda.set_high();
    PinsI2c::new(scl, sda, Delay { frequency })
}

/// A line of the bus.
pub struct Line {
    set: Register,
    clear: Register,
    mask: u32,
}

impl ErrorType for Line {
    type Error = Infallible;
}

impl OutputPin for Line {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.clear.write(self.mask);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.set.write(self.mask);
        Ok(())
    }
}

impl InputPin for Line {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.set.read() & self.mask != 0)
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        Ok(!self.is_high()?)
    }
}

/// Waits in a loop.
pub struct Delay {
    frequency: u32,
}

impl DelayNs for Delay {
    fn delay_ns(&mut self, ns: u32) {
        cortex_m::asm::delay(ns.div_ceil(1_000_000_000 / self.frequency));
    }
}

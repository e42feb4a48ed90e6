//! The lines of the I2C bus, as pins.

use core::convert::Infallible;

use embedded_hal::delay::DelayNs;
use embedded_hal::digital::{ErrorType, InputPin, OutputPin};
use tokenlatch_drivers::pins_i2c::PinsI2c;

use crate::clock::FREQUENCY;
use crate::registers::i2c::{CLEAR, SET};

/// The bus of the second shield.
pub(crate) type I2c = PinsI2c<Line, Line, Delay>;

/// Takes the bus.
pub(crate) fn i2c() -> I2c {
    let [mut scl, mut sda] = [Line(1), Line(1 << 1)];
    // Nothing is on the bus but when it is used.
    let Ok(()) = scl.set_high();
    let Ok(()) = sda.set_high();
    PinsI2c::new(scl, sda, Delay)
}

/// A line of the bus.
pub(crate) struct Line(u32);

impl ErrorType for Line {
    type Error = Infallible;
}

impl OutputPin for Line {
    fn set_low(&mut self) -> Result<(), Infallible> {
        CLEAR.write(self.0);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        SET.write(self.0);
        Ok(())
    }
}

impl InputPin for Line {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(SET.read() & self.0 != 0)
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        Ok(!self.is_high()?)
    }
}

/// Waits in a loop.
pub(crate) struct Delay;

impl DelayNs for Delay {
    fn delay_ns(&mut self, ns: u32) {
        cortex_m::asm::delay(ns.div_ceil(1_000_000_000 / FREQUENCY));
    }
}

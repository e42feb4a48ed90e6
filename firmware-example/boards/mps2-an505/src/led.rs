//! An LED of the board as an output pin.

use core::convert::Infallible;

use embedded_hal::digital::{ErrorType, OutputPin};

use crate::registers::LEDS;

/// An LED.
pub(crate) struct Led(u32);

impl Led {
    /// Turns that LED off. `number` is 0 or 1.
    pub(crate) fn new(number: u32) -> Self {
        let led = Self(1 << number);
        LEDS.clear(led.0);
        led
    }
}

impl ErrorType for Led {
    type Error = Infallible;
}

impl OutputPin for Led {
    fn set_low(&mut self) -> Result<(), Infallible> {
        LEDS.clear(self.0);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        LEDS.set(self.0);
        Ok(())
    }
}

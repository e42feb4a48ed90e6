//! A pin as an output.

use core::convert::Infallible;

use embedded_hal::digital::{ErrorType, OutputPin};

use crate::registers::gpio::Port;

/// A pin that drives its line.
pub(crate) struct Output {
    port: Port,
    mask: u8,
}

impl Output {
    /// Makes that pin an output, low. `pin` is 0 to 7.
    pub(crate) fn new(port: Port, pin: u8) -> Self {
        let mask = 1 << pin;
        let mut output = Self { port, mask };
        // The level first, so that the line is never high.
        output.write(0);
        port.direction().set(mask.into());
        port.digital().set(mask.into());
        // Again, for a port keeps no level for a pin that is still an input.
        output.write(0);
        output
    }

    fn write(&mut self, value: u8) {
        self.port.data(self.mask).write(value.into());
    }
}

impl ErrorType for Output {
    type Error = Infallible;
}

impl OutputPin for Output {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.write(0);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.write(self.mask);
        Ok(())
    }
}

//! A pin that virt does not have: each change of its level is a line on QEMU's standard error.

use core::convert::Infallible;

use embedded_hal::digital::{ErrorType, OutputPin, PinState};

/// The pin.
pub(crate) struct Pin {
    name: &'static str,
    state: PinState,
}

impl Pin {
    /// The pin of that name, low.
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            state: PinState::Low,
        }
    }
}

impl ErrorType for Pin {
    type Error = Infallible;
}

impl OutputPin for Pin {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.set_state(PinState::Low)
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.set_state(PinState::High)
    }

    fn set_state(&mut self, state: PinState) -> Result<(), Infallible> {
        if self.state != state {
            self.state = state;
            let level = u8::from(bool::from(state));
            semihosting::eprintln!("pin {} {level}", self.name);
        }
        Ok(())
    }
}

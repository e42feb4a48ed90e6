//! The bolt, which a pin draws for a time.

use embedded_hal::digital::OutputPin;

/// A bolt that is drawn while its pin is high, and the light beside it.
pub(crate) struct Bolt<P, L> {
    pin: P,
    led: L,
    /// Until when it is drawn, in milliseconds since reset.
    until: Option<u64>,
}

impl<P: OutputPin, L: OutputPin> Bolt<P, L> {
    /// A bolt that is shut, whatever the pins said before.
    pub(crate) fn new(pin: P, led: L) -> Self {
        let mut bolt = Self {
            pin,
            led,
            until: None,
        };
        bolt.shut();
        bolt
    }

    /// Draws it until a time that [`tick`](Self::tick) is told.
    pub(crate) fn draw(&mut self, until: u64) {
        self.until = Some(until);
        let _ = self.led.set_high();
        let _ = self.pin.set_high();
    }

    /// Shuts it when its time is over.
    pub(crate) fn tick(&mut self, milliseconds: u64) {
        if self.until.is_some_and(|until| milliseconds >= until) {
            self.shut();
        }
    }

    fn shut(&mut self) {
        self.until = None;
        // The pins of a microcontroller cannot fail. One behind a bus could: it is told again at every tick.
        if self.pin.set_low().is_err() {
            self.until = Some(0);
        }
        let _ = self.led.set_low();
    }
}

#[cfg(test)]
mod tests {
    use embedded_hal_mock::eh1::digital::{Mock, State, Transaction};

    use super::*;

    #[test]
    fn it_is_drawn_for_its_time() {
        let changes = [State::Low, State::High, State::Low].map(Transaction::set);
        let (mut pin, mut led) = (Mock::new(&changes), Mock::new(&changes));
        let mut bolt = Bolt::new(pin.clone(), led.clone());
        bolt.tick(0);
        bolt.draw(5_000);
        bolt.tick(4_999);
        assert!(bolt.until.is_some());
        bolt.tick(5_000);
        bolt.tick(9_000);
        pin.done();
        led.done();
    }
}

//! The bolt, which a pin draws for a time.

use embedded_hal::digital::OutputPin;
use tokenlatch_device::Verdict;

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

    /// Draws it until a time that [`tick`](Self::tick) is told, if that is the verdict.
    ///
    /// The verdict is looked at here once more, before the LED and before the pin, and this is not inlined: an
    /// instruction that is skipped elsewhere, so that the processor goes on where it should not, leads to a comparison.
    #[inline(never)]
    pub(crate) fn draw(&mut self, until: u64, verdict: Verdict) {
        if !verdict.is_accepted() {
            return;
        }
        self.until = Some(until);
        let _ = self.led.set_high();
        if verdict.is_accepted() {
            let _ = self.pin.set_high();
        }
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
    use std::boxed::Box;

    use embedded_hal_mock::eh1::digital::{Mock, State, Transaction};
    use tokenlatch::{JwkSet, Policy, Time};
    use tokenlatch_device::Fingerprint;
    use tokenlatch_tests::issuer::Issuer;

    use super::*;

    /// The verdict on a good token.
    fn accepted() -> Verdict {
        let issuer = Issuer::rfc7515();
        let keys = JwkSet::<1>::from_json(issuer.jwk_set().as_bytes()).expect("a key set");
        let token = issuer.token(r#"{"iss":"i","aud":"a","exp":9}"#);
        let scratch = Box::leak(token.into_bytes().into_boxed_slice());
        let policy = Policy::new("i", "a");
        let verified = tokenlatch::verify_in_place(scratch, &keys, &policy, Time::exactly(1));
        let fingerprint = Fingerprint::of(&verified.expect("a good token"));
        Verdict::confirm(&fingerprint, &fingerprint)
    }

    #[test]
    fn it_is_not_drawn_without_a_verdict() {
        let shut = [Transaction::set(State::Low)];
        let (mut pin, mut led) = (Mock::new(&shut), Mock::new(&shut));
        let mut bolt = Bolt::new(pin.clone(), led.clone());
        bolt.draw(5_000, Verdict::REJECTED);
        assert_eq!(bolt.until, None);
        pin.done();
        led.done();
    }

    #[test]
    fn it_is_drawn_for_its_time() {
        let changes = [State::Low, State::High, State::Low].map(Transaction::set);
        let (mut pin, mut led) = (Mock::new(&changes), Mock::new(&changes));
        let mut bolt = Bolt::new(pin.clone(), led.clone());
        bolt.tick(0);
        bolt.draw(5_000, accepted());
        bolt.tick(4_999);
        assert!(bolt.until.is_some());
        bolt.tick(5_000);
        bolt.tick(9_000);
        pin.done();
        led.done();
    }
}

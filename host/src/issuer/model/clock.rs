//! The issuer's clock: it follows the system's clock until a test moves it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock;

/// The latest time, 9999-12-31T23:59:59Z, in seconds since 1970.
pub const MAX_TIME: u64 = 253_402_300_799;

/// The clock by which tokens are issued and keys rotate.
///
/// Times are seconds since 1970-01-01T00:00:00Z, at most [`MAX_TIME`].
#[derive(Debug)]
pub struct Clock(Mutex<State>);

#[derive(Clone, Copy, Debug)]
enum State {
    /// It runs like the system's clock, this many seconds ahead of it.
    Ahead(u64),
    /// It stands still at this time.
    Still(u64),
}

impl Clock {
    /// The system's time.
    pub(crate) fn new() -> Self {
        Self(Mutex::new(State::Ahead(0)))
    }

    /// The present time.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.with(|state| state.now())
    }

    /// Stops the clock at this time, which may be in the past.
    pub fn set(&self, time: u64) {
        self.with(|state| *state = State::Still(time.min(MAX_TIME)));
    }

    /// Moves the clock forward, by whole seconds. A clock that stands still continues to stand still.
    pub fn advance(&self, span: Duration) {
        self.with(|state| match state {
            State::Ahead(time) | State::Still(time) => {
                *time = time.saturating_add(span.as_secs()).min(MAX_TIME);
            }
        });
    }

    /// Follows the system's clock again.
    pub fn reset(&self) {
        self.with(|state| *state = State::Ahead(0));
    }

    pub(crate) fn stands_still(&self) -> bool {
        self.with(|state| matches!(state, State::Still(_)))
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn now(self) -> u64 {
        match self {
            Self::Ahead(ahead) => clock::unix_now().saturating_add(ahead).min(MAX_TIME),
            Self::Still(time) => time,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_or_stands_still() {
        let clock = Clock::new();
        let before = clock::unix_now();
        clock.advance(Duration::from_secs(1000));
        assert!((before + 1000..=clock::unix_now() + 1000).contains(&clock.now()));
        assert!(!clock.stands_still());
        clock.set(5);
        assert!(clock.stands_still());
        clock.advance(Duration::from_secs(7));
        assert_eq!(clock.now(), 12);
        clock.advance(Duration::from_secs(u64::MAX));
        assert_eq!(clock.now(), MAX_TIME);
        clock.reset();
        assert!((before..=clock::unix_now()).contains(&clock.now()));
    }
}

//! The timer of the processor: the time since reset.

use tokenlatch_door::board;

use crate::registers::timer::{MTIME_HIGH, MTIME_LOW};

/// The time since reset.
pub(crate) struct Timer {
    /// In ticks. A reset does not set the timer to zero.
    reset: u64,
}

impl Timer {
    /// Starts to count.
    pub(crate) fn new() -> Self {
        Self { reset: now() }
    }
}

impl board::Timer for Timer {
    fn milliseconds(&mut self) -> u64 {
        (now() - self.reset) / (FREQUENCY / 1000)
    }
}

/// The ticks of the timer in a second.
pub(crate) const FREQUENCY: u64 = 10_000_000;

/// In ticks.
pub(crate) fn now() -> u64 {
    loop {
        let high = MTIME_HIGH.read();
        let low = MTIME_LOW.read();
        // The upper half may have changed between the two reads.
        if high == MTIME_HIGH.read() {
            return u64::from(high) << 32 | u64::from(low);
        }
    }
}

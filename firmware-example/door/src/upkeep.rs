//! What must go on while a token is verified.

use tokenlatch_device::Verdict;

use crate::board::{Board, Timer, Watchdog};
use crate::bolt::Bolt;

/// How long the bolt is drawn, in milliseconds.
const OPEN: u64 = 5_000;

/// The bolt, which has to be shut in time, and the watchdog, which has to be fed.
pub(crate) struct Upkeep<B: Board> {
    bolt: Bolt<B::Bolt, B::Led>,
    watchdog: B::Watchdog,
    timer: B::Timer,
}

impl<B: Board> Upkeep<B> {
    pub(crate) fn new(bolt: B::Bolt, led: B::Led, watchdog: B::Watchdog, timer: B::Timer) -> Self {
        Self {
            bolt: Bolt::new(bolt, led),
            watchdog,
            timer,
        }
    }

    /// Feeds the watchdog alone: for the start, when the bolt is shut.
    pub(crate) fn feed(&mut self) {
        self.watchdog.feed();
    }

    /// Does what is due, and returns the milliseconds since reset. To be called several times a second.
    pub(crate) fn tick(&mut self) -> u64 {
        self.feed();
        let now = self.timer.milliseconds();
        self.bolt.tick(now);
        now
    }

    /// Opens the door for a while, if that is the verdict.
    pub(crate) fn open(&mut self, verdict: Verdict) {
        let now = self.timer.milliseconds();
        self.bolt.draw(now.saturating_add(OPEN), verdict);
    }
}

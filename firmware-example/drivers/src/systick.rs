//! The timer of every Cortex-M, SysTick, as the time since reset.

use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::exception;
use tokenlatch_door::board::Timer;

/// The time since reset.
pub struct SysTick {
    /// The timer counts while this exists.
    _timer: SYST,
    cycles_per_millisecond: u32,
    /// The last time that was read.
    milliseconds: u64,
}

impl SysTick {
    /// Starts the timer. `frequency` is that of the processor, in Hz.
    #[must_use]
    pub fn new(mut timer: SYST, frequency: u32) -> Self {
        timer.set_clock_source(SystClkSource::Core);
        timer.set_reload(TURN - 1);
        timer.clear_current();
        timer.enable_interrupt();
        timer.enable_counter();
        Self {
            _timer: timer,
            cycles_per_millisecond: frequency / 1000,
            milliseconds: 0,
        }
    }
}

impl Timer for SysTick {
    fn milliseconds(&mut self) -> u64 {
        let now = cycles() / u64::from(self.cycles_per_millisecond);
        // In QEMU, the counter may show that a turn has ended before the interrupt does.
        self.milliseconds = self.milliseconds.max(now);
        self.milliseconds
    }
}

/// The counter has 24 bits: the fewest interrupts.
const TURN: u32 = 1 << 24;

/// The turns of the counter. Only the interrupt counts them: the Cortex-M0 can load and store at once, but not add.
static TURNS: AtomicU32 = AtomicU32::new(0);

#[exception]
fn SysTick() {
    let turns = TURNS.load(Ordering::SeqCst);
    TURNS.store(turns.wrapping_add(1), Ordering::SeqCst);
}

/// Since the start of the timer.
fn cycles() -> u64 {
    loop {
        let turns = TURNS.load(Ordering::SeqCst);
        // It counts down, and a turn ends at zero.
        let passed = (TURN - SYST::get_current()) % TURN;
        // A turn may have ended between the two.
        if turns == TURNS.load(Ordering::SeqCst) {
            return u64::from(turns) * u64::from(TURN) + u64::from(passed);
        }
    }
}

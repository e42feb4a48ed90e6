//! The timer of every Cortex-M, SysTick, as the time since reset.

use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::exception;
use tokenlatch_door::board::Timer;

/// The time since reset.
pub struct SysTick {
    /// The timer interrupts while this exists.
    _timer: SYST,
    milliseconds: u64,
}

impl SysTick {
    /// Starts the timer. `frequency` is that of the processor, in Hz.
    pub fn new(mut timer: SYST, frequency: u32) -> Self {
        timer.set_clock_source(SystClkSource::Core);
        timer.set_reload(frequency / 1000 - 1);
        timer.clear_current();
        timer.enable_interrupt();
        timer.enable_counter();
        Self {
            _timer: timer,
            milliseconds: 0,
        }
    }
}

impl Timer for SysTick {
    fn milliseconds(&mut self) -> u64 {
        // No Cortex-M adds 64 bits at once, so the interrupt counts in 32, which wrap around after 49 days.
        let passed = MILLISECONDS
            .load(Ordering::Relaxed)
            .wrapping_sub(self.milliseconds as u32);
        self.milliseconds += u64::from(passed);
        self.milliseconds
    }
}

/// Counted by the interrupt only: the Cortex-M0 can load and store at once, but not add.
static MILLISECONDS: AtomicU32 = AtomicU32::new(0);

#[exception]
fn SysTick() {
    let now = MILLISECONDS.load(Ordering::Relaxed);
    MILLISECONDS.store(now.wrapping_add(1), Ordering::Relaxed);
}

//! What the door needs of a board: all that a new board has to implement.

use embedded_hal::digital::OutputPin;
use embedded_io::{Read, ReadReady, Write};
use embedded_storage::nor_flash::NorFlash;

/// The types of a board's peripherals.
pub trait Board {
    /// Where tokens and commands come from, and where responses go.
    ///
    /// A read waits for at least one byte. An error, such as an overrun, means that bytes before it may be
    /// lost; the next read goes on after them.
    type Serial: Read + ReadReady + Write;

    /// The real-time clock, [`NoRtc`] if there is none.
    type Rtc: Rtc;

    /// What keeps the state through a reset.
    ///
    /// At least 16 KiB in at least 8 pages of `ERASE_SIZE`, which may be anything from 1 KiB to 256 KiB.
    /// `READ_SIZE` is 1, `WRITE_SIZE` is at most 32. To read all of it takes 1.2 seconds at most: the watchdog is not
    /// fed meanwhile.
    type Flash: NorFlash;

    /// The bolt of the door: high is open. It must be low from reset on.
    type Bolt: OutputPin;

    /// The status LED: high is on.
    type Led: OutputPin;

    /// What resets the board if the door hangs.
    type Watchdog: Watchdog;

    /// The time since reset.
    type Timer: Timer;

    /// What the program takes of the memory.
    type Memory: Memory;
}

/// The peripherals of a board, ready to use.
#[expect(missing_docs, reason = "the types say it")]
pub struct Peripherals<B: Board> {
    pub serial: B::Serial,
    pub rtc: B::Rtc,
    pub flash: B::Flash,
    pub bolt: B::Bolt,
    pub led: B::Led,
    pub watchdog: B::Watchdog,
    pub timer: B::Timer,
    pub memory: B::Memory,
}

/// A real-time clock, which may have stopped or be wrong.
pub trait Rtc {
    /// The seconds since 1970.
    ///
    /// `None` if the clock is absent, has stopped, was never set, or shows what is no date. A clock that
    /// runs may still show any time: whether to believe it is for the door to decide.
    fn read(&mut self) -> Option<u64>;

    /// Sets the clock, in seconds since 1970, and starts it if it has stopped.
    ///
    /// # Errors
    ///
    /// [`RtcNotSet`] if the clock is absent, or cannot hold that time.
    fn set(&mut self, seconds: u64) -> Result<(), RtcNotSet>;
}

/// The real-time clock could not be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtcNotSet;

/// No real-time clock: the door knows only the earliest time that it can be.
#[derive(Clone, Copy, Debug)]
pub struct NoRtc;

impl Rtc for NoRtc {
    fn read(&mut self) -> Option<u64> {
        None
    }

    fn set(&mut self, _seconds: u64) -> Result<(), RtcNotSet> {
        Err(RtcNotSet)
    }
}

/// A watchdog that runs: it resets the board unless it is fed at least every three seconds.
pub trait Watchdog {
    /// Starts its time anew.
    fn feed(&mut self);
}

/// A timer that counts from reset and does not wrap around.
pub trait Timer {
    /// The milliseconds since reset.
    fn milliseconds(&mut self) -> u64;
}

/// What the program takes of the memory.
pub trait Memory {
    /// The figures up to now.
    fn usage(&self) -> MemoryUsage;
}

/// What the program takes of the memory, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryUsage {
    /// The code, the constants, and the initial values of variables.
    pub flash: u32,
    /// The variables that are there all the time.
    pub static_ram: u32,
    /// The most stack since reset.
    pub peak_stack: u32,
    /// All the RAM there is.
    pub ram: u32,
}

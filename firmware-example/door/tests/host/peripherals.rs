//! The peripherals of a door on the host.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use embedded_hal::digital::{ErrorType as PinErrorType, OutputPin};
use embedded_io::{ErrorKind, ErrorType, Read, ReadReady, Write};
use embedded_storage::nor_flash::{
    ErrorType as FlashErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash,
};
use tokenlatch_door::board::{
    Board, Memory, MemoryUsage, Peripherals, Rtc, RtcNotSet, Timer, Watchdog,
};
use tokenlatch_door::{Door, Workspace};

/// 2026-11-21T12:00:00Z
pub(crate) const NOW: u64 = 1_795_262_400;

/// What is around a door, and stays when the door is started again.
#[derive(Clone)]
pub(crate) struct Fixture(Rc<Around>);

struct Around {
    received: RefCell<VecDeque<u8>>,
    sent: RefCell<Vec<u8>>,
    rtc: Cell<Option<u64>>,
    flash: RefCell<Vec<u8>>,
    bolt: Cell<bool>,
    milliseconds: Cell<u64>,
    /// How long the storage took since the watchdog was fed, in microseconds, and the most that it took.
    unfed: Cell<u64>,
    longest_unfed: Cell<u64>,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self(Rc::new(Around {
            received: RefCell::default(),
            sent: RefCell::default(),
            rtc: Cell::new(Some(NOW)),
            flash: RefCell::new(vec![0xff; 32 * 1024]),
            bolt: Cell::new(true),
            milliseconds: Cell::new(0),
            unfed: Cell::new(0),
            longest_unfed: Cell::new(0),
        }))
    }

    /// The door after a reset.
    pub(crate) fn start(&self) -> Started {
        let workspace = Box::leak(Box::new(Workspace::new()));
        let mut door = Door::new(
            Peripherals::<Host> {
                serial: self.clone(),
                rtc: self.clone(),
                flash: self.clone(),
                bolt: self.clone(),
                led: NoLed,
                watchdog: self.clone(),
                timer: self.clone(),
                memory: Sample,
            },
            workspace,
        );
        door.load();
        let mut started = Started {
            door,
            around: self.clone(),
        };
        assert_eq!(started.lines(), ["ready door-1"]);
        started
    }

    pub(crate) fn is_open(&self) -> bool {
        self.0.bolt.get()
    }

    pub(crate) fn wait(&self, milliseconds: u64) {
        let now = &self.0.milliseconds;
        now.set(now.get() + milliseconds);
    }

    pub(crate) fn set_rtc(&self, seconds: Option<u64>) {
        self.0.rtc.set(seconds);
    }

    pub(crate) fn rtc(&self) -> Option<u64> {
        self.0.rtc.get()
    }

    /// The longest time without feeding the watchdog that the storage took, in microseconds, since this was called
    /// last.
    pub(crate) fn longest_unfed(&self) -> u64 {
        self.0.unfed.set(0);
        self.0.longest_unfed.take()
    }

    /// The storage takes some time.
    fn take(&self, microseconds: u64) {
        let unfed = self.0.unfed.get() + microseconds;
        self.0.unfed.set(unfed);
        self.0
            .longest_unfed
            .set(self.0.longest_unfed.get().max(unfed));
    }
}

/// A byte on an I2C bus of two pins, in microseconds: nine bits at 270 kHz. Four more bytes begin a transfer.
const BYTE: u64 = 34;
const BEGIN: u64 = 4 * BYTE;

/// To write a page of an EEPROM of 64 bytes.
const WRITE: u64 = 10_000;

/// A door that runs.
pub(crate) struct Started {
    door: Door<'static, Host>,
    around: Fixture,
}

impl Started {
    /// The lines that the door sends for this one.
    pub(crate) fn says(&mut self, line: &str) -> Vec<String> {
        self.around.0.received.borrow_mut().extend(line.bytes());
        self.around.0.received.borrow_mut().push_back(b'\n');
        while !self.around.0.received.borrow().is_empty() {
            self.door.poll();
        }
        self.lines()
    }

    pub(crate) fn poll(&mut self) {
        self.door.poll();
    }

    fn lines(&mut self) -> Vec<String> {
        let sent = std::mem::take(&mut *self.around.0.sent.borrow_mut());
        let sent = String::from_utf8(sent).unwrap();
        // An empty line ends a response.
        let sent = sent.strip_suffix("\n\n").unwrap_or(&sent);
        sent.lines().map(str::to_owned).collect()
    }
}

struct Host;

impl Board for Host {
    type Serial = Fixture;
    type Rtc = Fixture;
    type Flash = Fixture;
    type Bolt = Fixture;
    type Led = NoLed;
    type Watchdog = Fixture;
    type Timer = Fixture;
    type Memory = Sample;
}

impl ErrorType for Fixture {
    type Error = ErrorKind;
}

impl ReadReady for Fixture {
    fn read_ready(&mut self) -> Result<bool, ErrorKind> {
        Ok(!self.0.received.borrow().is_empty())
    }
}

impl Read for Fixture {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        let byte = self.0.received.borrow_mut().pop_front();
        buffer[0] = byte.expect("ready");
        Ok(1)
    }
}

impl Write for Fixture {
    fn write(&mut self, buffer: &[u8]) -> Result<usize, ErrorKind> {
        self.0.sent.borrow_mut().extend(buffer);
        Ok(buffer.len())
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

impl Rtc for Fixture {
    fn read(&mut self) -> Option<u64> {
        self.0.rtc.get()
    }

    fn set(&mut self, seconds: u64) -> Result<(), RtcNotSet> {
        self.0.rtc.set(Some(seconds));
        Ok(())
    }
}

impl FlashErrorType for Fixture {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for Fixture {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        self.take(BEGIN + BYTE * bytes.len() as u64);
        let offset = offset as usize;
        bytes.copy_from_slice(&self.0.flash.borrow()[offset..offset + bytes.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.0.flash.borrow().len()
    }
}

impl NorFlash for Fixture {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 1024;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        self.take(u64::from((to - from) / 64) * (WRITE + BEGIN + 64 * BYTE));
        self.0.flash.borrow_mut()[from as usize..to as usize].fill(0xff);
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        self.take(BEGIN + BYTE * bytes.len() as u64);
        self.take((bytes.len() as u64 / 64 + 1) * WRITE);
        let mut flash = self.0.flash.borrow_mut();
        // A write can only clear bits.
        let place = flash[offset as usize..].iter_mut().zip(bytes);
        place.for_each(|(to, from)| *to &= from);
        Ok(())
    }
}

impl PinErrorType for Fixture {
    type Error = core::convert::Infallible;
}

impl OutputPin for Fixture {
    fn set_low(&mut self) -> Result<(), Self::Error> {
        self.0.bolt.set(false);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Self::Error> {
        self.0.bolt.set(true);
        Ok(())
    }
}

impl Timer for Fixture {
    fn milliseconds(&mut self) -> u64 {
        self.0.milliseconds.get()
    }
}

pub(crate) struct NoLed;

impl PinErrorType for NoLed {
    type Error = core::convert::Infallible;
}

impl OutputPin for NoLed {
    fn set_low(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

impl Watchdog for Fixture {
    fn feed(&mut self) {
        self.0.unfed.set(0);
    }
}

/// Figures for `status`.
pub(crate) struct Sample;

impl Memory for Sample {
    fn usage(&self) -> MemoryUsage {
        MemoryUsage {
            flash: 1,
            static_ram: 2,
            peak_stack: 3,
            ram: 4,
        }
    }
}

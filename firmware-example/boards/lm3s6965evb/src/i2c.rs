//! The master of I2C0, at up to 400 kHz.

use embedded_hal::i2c::{ErrorKind, ErrorType, I2c as I2cBus, NoAcknowledgeSource, Operation};

use crate::clock::FREQUENCY;
use crate::registers::gpio;
use crate::registers::i2c0::{MCR, MCS, MDR, MSA, MTPR};

/// The bus on pins PB2 (SCL) and PB3 (SDA), which need pull-up resistors.
pub(crate) struct I2c(());

impl I2c {
    /// Starts the bus.
    pub(crate) fn new() -> Self {
        let pins = u32::from(SCL | SDA);
        gpio::B.open_drain().set(pins);
        gpio::B.digital().set(pins);
        free();
        gpio::B.alternate_function().set(pins);
        MCR.write(MASTER);
        // A period of SCL is 20 cycles, times this and one more.
        MTPR.write(FREQUENCY.div_ceil(20 * RATE) - 1);
        Self(())
    }
}

/// Why a transfer failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Error {
    /// No device has that address, or the device is busy.
    NoDevice,
    /// The device did not take a byte.
    NotTaken,
    /// The bus is held low, by a device or by a short.
    Timeout,
    /// The chip can transfer nothing but whole bytes, at least one.
    Empty,
}

impl embedded_hal::i2c::Error for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoDevice => ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address),
            Self::NotTaken => ErrorKind::NoAcknowledge(NoAcknowledgeSource::Data),
            Self::Timeout => ErrorKind::Bus,
            Self::Empty => ErrorKind::Other,
        }
    }
}

/// Bits a second, at most. A DS1307 would need 100,000, but to read the whole EEPROM, as the door does at reset,
/// would then take three seconds.
const RATE: u32 = 400_000;

// Port B.
const SCL: u8 = 1 << 2;
const SDA: u8 = 1 << 3;

// MCR.
const MASTER: u32 = 1 << 4;

// MCS, written.
const RUN: u32 = 1;
const START: u32 = 1 << 1;
const STOP: u32 = 1 << 2;
const ACKNOWLEDGE: u32 = 1 << 3;

// MCS, read.
const BUSY: u32 = 1;
const ERROR: u32 = 1 << 1;
const ADDRESS_NOT_ACKNOWLEDGED: u32 = 1 << 2;
const ARBITRATION_LOST: u32 = 1 << 4;

// MSA.
const RECEIVE: u32 = 1;

impl ErrorType for I2c {
    type Error = Error;
}

impl I2cBus for I2c {
    /// Where the direction changes, this sends STOP and START, not a repeated START: QEMU's LM3S6965 has no
    /// repeated START, and the devices of this board need none, for they keep the address that was written.
    fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), Error> {
        for index in 0..operations.len() {
            let is_read = is_read(&operations[index]);
            let is_like = |index: Option<usize>| {
                let other = index.and_then(|index| operations.get(index));
                other.is_some_and(|other| self::is_read(other) == is_read)
            };
            // Operations of one direction in a row are one transfer.
            let starts = !is_like(index.checked_sub(1));
            let stops = !is_like(index.checked_add(1));
            match &mut operations[index] {
                Operation::Read(buffer) => read(address, buffer, starts, stops)?,
                Operation::Write(bytes) => write(address, bytes, starts, stops)?,
            }
        }
        Ok(())
    }
}

/// Frees the bus of a device that was reading out a byte when the chip was reset: such a device holds SDA, and
/// lets go of it within nine turns of the clock.
fn free() {
    let scl = gpio::B.data(SCL);
    let sda = gpio::B.data(SDA);
    scl.write(SCL.into());
    gpio::B.direction().set(SCL.into());
    for _ in 0..9 {
        if sda.read() != 0 {
            break;
        }
        for level in [0, SCL] {
            scl.write(level.into());
            cortex_m::asm::delay(FREQUENCY / RATE);
        }
    }
    gpio::B.direction().clear(SCL.into());
}

fn is_read(operation: &Operation<'_>) -> bool {
    matches!(operation, Operation::Read(_))
}

fn read(address: u8, buffer: &mut [u8], starts: bool, stops: bool) -> Result<(), Error> {
    let last = buffer.len().checked_sub(1).ok_or(Error::Empty)?;
    MSA.write(u32::from(address) << 1 | RECEIVE);
    for (index, byte) in buffer.iter_mut().enumerate() {
        let start = if starts && index == 0 { START } else { 0 };
        // The last byte is not acknowledged, which tells the device that it is the last.
        let stop = if stops && index == last {
            STOP
        } else {
            ACKNOWLEDGE
        };
        command(start | RUN | stop)?;
        *byte = MDR.read() as u8;
    }
    Ok(())
}

fn write(address: u8, bytes: &[u8], starts: bool, stops: bool) -> Result<(), Error> {
    let last = bytes.len().checked_sub(1).ok_or(Error::Empty)?;
    MSA.write(u32::from(address) << 1);
    for (index, &byte) in bytes.iter().enumerate() {
        let start = if starts && index == 0 { START } else { 0 };
        let stop = if stops && index == last { STOP } else { 0 };
        MDR.write(byte.into());
        command(start | RUN | stop)?;
    }
    Ok(())
}

/// Carries out a command, and waits until it is done.
fn command(command: u32) -> Result<(), Error> {
    MCS.write(command);
    let status = wait()?;
    if status & ERROR == 0 {
        return Ok(());
    }
    // After an error the bus is still taken, unless this command was to release it.
    if command & STOP == 0 && status & ARBITRATION_LOST == 0 {
        MCS.write(STOP);
        wait()?;
    }
    // QEMU reports an absent device as lost arbitration, which cannot happen to the only master of a bus.
    if status & (ADDRESS_NOT_ACKNOWLEDGED | ARBITRATION_LOST) != 0 {
        Err(Error::NoDevice)
    } else {
        Err(Error::NotTaken)
    }
}

/// Waits until the bus is idle, and returns the status. A byte takes 25 µs; this waits for some 10 ms, in
/// which devices may hold the clock.
fn wait() -> Result<u32, Error> {
    (0..100_000)
        .map(|_| MCS.read())
        .find(|status| status & BUSY == 0)
        .ok_or(Error::Timeout)
}

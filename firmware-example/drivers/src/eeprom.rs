//! A 24C256 EEPROM on I2C as flash memory, through the `eeprom24x` crate.
//!
//! An EEPROM needs no erasing. Here, to erase writes ones, so that what is written for flash memory works.

use eeprom24x::addr_size::TwoBytes;
use eeprom24x::page_size::B64;
use eeprom24x::unique_serial::No;
use eeprom24x::{Eeprom24x, SlaveAddr};
use embedded_hal::i2c::{ErrorKind, I2c};
use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash, check_erase, check_read,
    check_write,
};

/// The EEPROM, 32 KiB, at I2C address 0x50.
pub struct Eeprom<I>(Eeprom24x<I, B64, TwoBytes, No>);

impl<I: I2c> Eeprom<I> {
    /// The EEPROM on that bus.
    pub fn new(bus: I) -> Self {
        Self(Eeprom24x::new_24x256(bus, SlaveAddr::Default))
    }

    /// Writes within one page of the chip, and waits until the chip has stored it.
    fn write_page(&mut self, address: u32, bytes: &[u8]) -> Result<(), Error> {
        self.0.write_page(address, bytes)?;
        // The chip acknowledges nothing while it stores a page. A try that is not acknowledged takes 0.1 ms
        // at 100 kHz, and storing takes 10 ms at most.
        let mut response = Ok(0);
        for _ in 0..200 {
            response = self.0.read_byte(address);
            if response.is_ok() {
                break;
            }
        }
        response?;
        Ok(())
    }
}

/// Why the EEPROM was not read, written or erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The bus failed, or the chip did not respond.
    Bus(ErrorKind),
    /// The address is beyond the end, or not a multiple of what it must be a multiple of.
    Address(NorFlashErrorKind),
}

impl<E: embedded_hal::i2c::Error> From<eeprom24x::Error<E>> for Error {
    fn from(error: eeprom24x::Error<E>) -> Self {
        match error {
            eeprom24x::Error::I2C(error) => Self::Bus(error.kind()),
            _ => Self::Address(NorFlashErrorKind::OutOfBounds),
        }
    }
}

impl From<NorFlashErrorKind> for Error {
    fn from(kind: NorFlashErrorKind) -> Self {
        Self::Address(kind)
    }
}

impl NorFlashError for Error {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::Bus(_) => NorFlashErrorKind::Other,
            Self::Address(kind) => *kind,
        }
    }
}

/// The chip stores this many bytes at once, and wraps around at the end of such a page.
const PAGE: usize = 64;

impl<I> ErrorType for Eeprom<I> {
    type Error = Error;
}

impl<I: I2c> ReadNorFlash for Eeprom<I> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Error> {
        check_read(self, offset, bytes.len())?;
        if bytes.is_empty() {
            return Ok(());
        }
        Ok(self.0.read_data(offset, bytes)?)
    }

    fn capacity(&self) -> usize {
        32 * 1024
    }
}

impl<I: I2c> NorFlash for Eeprom<I> {
    const WRITE_SIZE: usize = 1;
    const ERASE_SIZE: usize = 1024;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Error> {
        check_erase(self, from, to)?;
        for page in (from..to).step_by(PAGE) {
            self.write_page(page, &[0xff; PAGE])?;
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Error> {
        check_write(self, offset, bytes.len())?;
        let (mut offset, mut bytes) = (offset, bytes);
        while !bytes.is_empty() {
            let room = PAGE - offset as usize % PAGE;
            let (page, rest) = bytes.split_at(room.min(bytes.len()));
            self.write_page(offset, page)?;
            offset += page.len() as u32;
            bytes = rest;
        }
        Ok(())
    }
}

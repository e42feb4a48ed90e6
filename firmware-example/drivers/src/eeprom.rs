//! A 24C256 EEPROM on I2C as flash memory, through the `eeprom24x` crate.
//!
//! An EEPROM needs no erasing. Here, to erase writes ones, so that what is written for flash memory works.
//!
//! The chip may store all of its page of 64 bytes anew, though less of it is written. If its supply fails then, records
//! beside the written one may be damaged, and a used token be new again. So its supply must outlast a write, 10 ms at
//! most: with a capacitor, and a brown-out detection that resets the microcontroller first. Or take FRAM, which stores
//! each byte alone.

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
        // The chip acknowledges nothing while it stores a page, which takes 10 ms at most. A try takes 25 µs at
        // 400 kHz.
        let mut response = Ok(0);
        for _ in 0..1000 {
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

#[cfg(test)]
mod tests {
    use embedded_hal::i2c::{NoAcknowledgeSource, Operation};

    use super::*;

    /// A chip that stores for a while after each write.
    struct Chip {
        memory: Vec<u8>,
        address: usize,
        /// How many more times it does not respond.
        busy: u32,
        /// How many times it does not respond after a write.
        write_time: u32,
        writes: u32,
    }

    impl Chip {
        fn new(write_time: u32) -> Self {
            Self {
                memory: vec![0; 32 * 1024],
                address: 0,
                busy: 0,
                write_time,
                writes: 0,
            }
        }
    }

    impl embedded_hal::i2c::ErrorType for Chip {
        type Error = ErrorKind;
    }

    impl I2c for Chip {
        fn transaction(
            &mut self,
            address: u8,
            operations: &mut [Operation<'_>],
        ) -> Result<(), ErrorKind> {
            assert_eq!(address, 0x50);
            if self.busy > 0 {
                self.busy -= 1;
                return Err(ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address));
            }
            for operation in operations {
                match operation {
                    Operation::Read(buffer) => {
                        buffer.copy_from_slice(&self.memory[self.address..][..buffer.len()]);
                    }
                    Operation::Write([high, low, bytes @ ..]) => {
                        self.address = usize::from(u16::from_be_bytes([*high, *low]));
                        let page = self.address / PAGE * PAGE;
                        for (index, byte) in (self.address % PAGE..).zip(bytes) {
                            self.memory[page + index % PAGE] = *byte;
                        }
                        if !bytes.is_empty() {
                            self.busy = self.write_time;
                            self.writes += 1;
                        }
                    }
                    Operation::Write(_) => panic!("half an address"),
                }
            }
            Ok(())
        }
    }

    #[test]
    fn what_is_written_is_read_wherever_the_pages_end() {
        for (offset, len) in [(0, 1), (0, 64), (63, 2), (60, 200), (32 * 1024 - 5, 5)] {
            let mut flash = Eeprom::new(Chip::new(3));
            let bytes: Vec<u8> = (1..=len).collect();
            flash.write(offset, &bytes).expect("written");
            let mut read = vec![0; bytes.len()];
            flash.read(offset, &mut read).expect("read");
            assert_eq!(read, bytes, "{offset} {len}");
            let other = flash
                .0
                .destroy()
                .memory
                .iter()
                .filter(|byte| **byte == 0)
                .count();
            assert_eq!(other, 32 * 1024 - bytes.len(), "{offset} {len}");
        }
    }

    #[test]
    fn what_is_erased_is_ones_and_nothing_else_is() {
        let mut flash = Eeprom::new(Chip::new(3));
        flash.erase(1024, 3072).expect("erased");
        let chip = flash.0.destroy();
        let (before, rest) = chip.memory.split_at(1024);
        let (erased, after) = rest.split_at(2048);
        assert!(before.iter().chain(after).all(|byte| *byte == 0));
        assert!(erased.iter().all(|byte| *byte == 0xff));
        assert_eq!(chip.writes, 32);
    }

    #[test]
    fn nothing_is_read_written_or_erased_beyond_the_end_or_between_pages() {
        let mut flash = Eeprom::new(Chip::new(3));
        let beyond = Err(Error::Address(NorFlashErrorKind::OutOfBounds));
        assert_eq!(flash.read(32 * 1024, &mut [0]), beyond);
        assert_eq!(flash.write(32 * 1024 - 1, &[0; 2]), beyond);
        assert_eq!(flash.erase(31 * 1024, 33 * 1024), beyond);
        let between = Err(Error::Address(NorFlashErrorKind::NotAligned));
        assert_eq!(flash.erase(0, 1000), between);
        assert_eq!(flash.0.destroy().writes, 0);
    }

    #[test]
    fn a_chip_that_does_not_respond_any_more_is_not_waited_for_without_end() {
        let mut flash = Eeprom::new(Chip::new(u32::MAX));
        let error = Error::Bus(ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address));
        assert_eq!(flash.write(0, &[1]), Err(error));
        assert_eq!(flash.read(0, &mut [0]), Err(error));
    }
}

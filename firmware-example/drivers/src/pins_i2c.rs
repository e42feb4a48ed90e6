//! The master of an I2C bus on two pins, for boards without a peripheral for it.

use embedded_hal::delay::DelayNs;
use embedded_hal::digital::{InputPin, OutputPin};
use embedded_hal::i2c::{ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation};

/// The bus. Its pins are open-drain: high lets go of the line, and reading a pin reads the line.
pub struct PinsI2c<C, D, W> {
    scl: C,
    sda: D,
    delay: W,
}

impl<C: OutputPin + InputPin, D: OutputPin + InputPin, W: DelayNs> PinsI2c<C, D, W> {
    /// A bus of 400 kHz at most.
    #[must_use]
    pub fn new(scl: C, sda: D, delay: W) -> Self {
        Self { scl, sda, delay }
    }

    fn start(&mut self) -> Result<(), Error> {
        self.set_sda(true)?;
        self.raise_scl()?;
        self.set_sda(false)?;
        self.lower_scl()
    }

    fn stop(&mut self) -> Result<(), Error> {
        self.set_sda(false)?;
        self.raise_scl()?;
        self.set_sda(true)
    }

    /// Whether the device has acknowledged the byte.
    fn write_byte(&mut self, byte: u8) -> Result<bool, Error> {
        for bit in (0..8).rev() {
            self.set_sda(byte >> bit & 1 != 0)?;
            self.raise_scl()?;
            self.lower_scl()?;
        }
        Ok(!self.read_bit()?)
    }

    /// The device goes on if the byte is acknowledged.
    fn read_byte(&mut self, acknowledge: bool) -> Result<u8, Error> {
        let mut byte = 0;
        for _ in 0..8 {
            byte = byte << 1 | u8::from(self.read_bit()?);
        }
        self.set_sda(!acknowledge)?;
        self.raise_scl()?;
        self.lower_scl()?;
        Ok(byte)
    }

    fn read_bit(&mut self) -> Result<bool, Error> {
        self.set_sda(true)?;
        self.raise_scl()?;
        let bit = self.sda.is_high().map_err(|_| Error::Pin)?;
        self.lower_scl()?;
        Ok(bit)
    }

    fn set_sda(&mut self, level: bool) -> Result<(), Error> {
        self.sda.set_state(level.into()).map_err(|_| Error::Pin)?;
        self.wait();
        Ok(())
    }

    fn lower_scl(&mut self) -> Result<(), Error> {
        self.scl.set_low().map_err(|_| Error::Pin)?;
        self.wait();
        Ok(())
    }

    /// A device may hold the line low until it is ready, but not for longer than 10 ms.
    fn raise_scl(&mut self) -> Result<(), Error> {
        self.scl.set_high().map_err(|_| Error::Pin)?;
        for _ in 0..10_000 {
            self.wait();
            if self.scl.is_high().map_err(|_| Error::Pin)? {
                return Ok(());
            }
        }
        Err(Error::Timeout)
    }

    /// Half of a period.
    fn wait(&mut self) {
        self.delay.delay_ns(1250);
    }

    fn transfer(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), Error> {
        let mut direction = None;
        let mut operations = operations.iter_mut().peekable();
        while let Some(operation) = operations.next() {
            let is_read = is_read(operation);
            // Operations of one direction in a row are one transfer.
            if direction != Some(is_read) {
                direction = Some(is_read);
                self.start()?;
                if !self.write_byte(address << 1 | u8::from(is_read))? {
                    return Err(Error::NoDevice);
                }
            }
            match operation {
                Operation::Read(buffer) => {
                    let goes_on = operations.peek().is_some_and(|next| self::is_read(next));
                    let last = buffer.len().wrapping_sub(1);
                    for (index, byte) in buffer.iter_mut().enumerate() {
                        *byte = self.read_byte(goes_on || index != last)?;
                    }
                }
                Operation::Write(bytes) => {
                    for &byte in *bytes {
                        if !self.write_byte(byte)? {
                            return Err(Error::NotTaken);
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

/// Why a transfer failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// No device has that address, or the device is busy.
    NoDevice,
    /// The device did not take a byte.
    NotTaken,
    /// The clock is held low, by a device or by a short.
    Timeout,
    /// A pin failed.
    Pin,
}

impl embedded_hal::i2c::Error for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoDevice => ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address),
            Self::NotTaken => ErrorKind::NoAcknowledge(NoAcknowledgeSource::Data),
            Self::Timeout => ErrorKind::Bus,
            Self::Pin => ErrorKind::Other,
        }
    }
}

impl<C, D, W> ErrorType for PinsI2c<C, D, W> {
    type Error = Error;
}

impl<C: OutputPin + InputPin, D: OutputPin + InputPin, W: DelayNs> I2c for PinsI2c<C, D, W> {
    fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), Error> {
        let result = self.transfer(address, operations);
        result.and(self.stop())
    }
}

fn is_read(operation: &Operation<'_>) -> bool {
    matches!(operation, Operation::Read(_))
}

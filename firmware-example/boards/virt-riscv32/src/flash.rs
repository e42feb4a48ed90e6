//! The flash memory: two chips of 16 bits side by side, which take Intel's commands.

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash, check_erase, check_read,
    check_write,
};

use crate::registers::flash::{CAPACITY, word};

/// The flash memory.
pub(crate) struct Flash(());

impl Flash {
    /// Makes the chips show their content.
    pub(crate) fn new() -> Self {
        word(0).write(READ);
        Self(())
    }

    /// Gives the chips a command for an address, waits until it is done, and shows the content again.
    fn carry_out(&mut self, offset: u32, command: u32, confirmation: u32) -> Result<(), Error> {
        let word = word(offset as usize);
        word.write(CLEAR_STATUS);
        word.write(command);
        word.write(confirmation);
        // Some chips take four seconds to erase a block. A turn of the loop takes some ten nanoseconds at least.
        let status = (0..400_000_000)
            .map(|_| word.read())
            .find(|status| status & READY == READY);
        word.write(READ);
        if status.ok_or(Error::Timeout)? & FAILED != 0 {
            return Err(Error::Failed);
        }
        Ok(())
    }
}

/// Why the flash memory was not read, written or erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Error {
    /// The chips do not respond.
    Timeout,
    /// The chips report that they could not write or erase.
    Failed,
    /// The address is beyond the end, or not a multiple of what it must be a multiple of.
    Address(NorFlashErrorKind),
}

impl From<NorFlashErrorKind> for Error {
    fn from(kind: NorFlashErrorKind) -> Self {
        Self::Address(kind)
    }
}

impl NorFlashError for Error {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::Timeout | Self::Failed => NorFlashErrorKind::Other,
            Self::Address(kind) => *kind,
        }
    }
}

// Commands, for both chips.
const ERASE: u32 = 0x0020_0020;
const WRITE: u32 = 0x0040_0040;
const CLEAR_STATUS: u32 = 0x0050_0050;
const CONFIRM: u32 = 0x00d0_00d0;
const READ: u32 = 0x00ff_00ff;

// The status, of both chips.
const READY: u32 = 0x0080_0080;
/// To erase, to write, or because the block is locked.
const FAILED: u32 = 0x003a_003a;

impl ErrorType for Flash {
    type Error = Error;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Error> {
        check_read(self, offset, bytes.len())?;
        let (mut offset, mut bytes) = (offset as usize, bytes);
        while !bytes.is_empty() {
            // From this byte on, what is in the same word.
            let word = &word(offset).read().to_le_bytes()[offset % WORD..];
            let (now, rest) = bytes.split_at_mut(word.len().min(bytes.len()));
            now.copy_from_slice(&word[..now.len()]);
            offset += now.len();
            bytes = rest;
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        CAPACITY
    }
}

const WORD: usize = size_of::<u32>();

impl NorFlash for Flash {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = 256 * 1024;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Error> {
        check_erase(self, from, to)?;
        for block in (from..to).step_by(Self::ERASE_SIZE) {
            self.carry_out(block, ERASE, CONFIRM)?;
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Error> {
        check_write(self, offset, bytes.len())?;
        let (words, _) = bytes.as_chunks::<WORD>();
        for (offset, word) in (offset..).step_by(WORD).zip(words) {
            self.carry_out(offset, WRITE, u32::from_le_bytes(*word))?;
        }
        Ok(())
    }
}

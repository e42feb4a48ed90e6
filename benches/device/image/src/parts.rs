//! The parts of a device, of the sizes that the example door has, and a flash in memory.

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};
use tokenlatch_device::{KeySet, Replay, Revocation};

/// Room for four keys.
pub type Keys = KeySet<4>;
/// Room for eight epochs and 32 entries.
pub type Revoked = Revocation<8, 32>;
/// Room for 32 used tokens.
pub type Used = Replay<32>;

/// A flash of 32 pages of 1 KiB, in memory that is the caller's.
pub struct Flash<'m>(pub &'m mut [u8; CAPACITY]);

/// The bytes of the flash.
pub const CAPACITY: usize = 32 * PAGE;
const PAGE: usize = 1024;

/// An access that is not in the flash.
#[derive(Debug)]
pub struct OutOfBounds;

impl NorFlashError for OutOfBounds {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::OutOfBounds
    }
}

impl ErrorType for Flash<'_> {
    type Error = OutOfBounds;
}

impl ReadNorFlash for Flash<'_> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), OutOfBounds> {
        bytes.copy_from_slice(self.at(offset, bytes.len())?);
        Ok(())
    }

    fn capacity(&self) -> usize {
        CAPACITY
    }
}

impl NorFlash for Flash<'_> {
    const WRITE_SIZE: usize = 1;
    const ERASE_SIZE: usize = PAGE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), OutOfBounds> {
        let len = to.saturating_sub(from) as usize;
        self.at(from, len)?.fill(0xff);
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), OutOfBounds> {
        self.at(offset, bytes.len())?.copy_from_slice(bytes);
        Ok(())
    }
}

impl Flash<'_> {
    fn at(&mut self, offset: u32, len: usize) -> Result<&mut [u8], OutOfBounds> {
        let from = offset as usize;
        self.0
            .get_mut(from..from.saturating_add(len))
            .ok_or(OutOfBounds)
    }
}

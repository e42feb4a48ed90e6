//! What a device has to remember, apart from where.

use crate::error::Error;

/// A storage for records: small values that are replaced whole, each under a number.
///
/// [`Storage`](crate::Storage) is the one for flash. Another one, such as for an EEPROM or FRAM, must keep the
/// rule that everything here is built on: after a loss of power in [`put`](Self::put), the record has its old
/// value or its new one.
pub trait Records {
    /// How many bytes a signed document may have.
    fn max_document_len(&self) -> usize;

    /// Copies the record to the front of `buffer` and returns its length, or `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`]; [`Error::Corrupt`] if the record is longer than `buffer`.
    fn get(&mut self, record: u8, buffer: &mut [u8]) -> Result<Option<usize>, Error>;

    /// Replaces the record. When it returns, the new value survives a loss of power.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`], [`Error::StorageFull`]. The record then has its old value or its new one.
    fn put(&mut self, record: u8, value: &[u8]) -> Result<(), Error>;

    /// Calls `each` with the number and the value of every record, in no order. A record may come more than
    /// once: the last time it has its value.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    fn each(&mut self, each: &mut dyn FnMut(u8, &[u8])) -> Result<(), Error>;
}

/// A ring of entries, of which the oldest make room for new ones.
pub trait Log {
    /// Adds an entry. When it returns, the entry survives a loss of power.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    fn push(&mut self, entry: &[u8]) -> Result<(), Error>;

    /// Calls `each` with every entry, from the oldest to the newest.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    fn each_entry(&mut self, each: &mut dyn FnMut(&[u8])) -> Result<(), Error>;
}

/// The longest record, in bytes.
pub const MAX_RECORD_LEN: usize = 324;

/// The numbers of the records.
pub(crate) mod number {
    /// The clock's floor and anchor.
    pub(crate) const CLOCK: u8 = 0;
    /// The counter of nonces.
    pub(crate) const NONCES: u8 = 1;
    /// Where the key set in force lies.
    pub(crate) const KEY_SET: u8 = 2;
    /// Where the revocation in force lies.
    pub(crate) const REVOCATION: u8 = 3;
    /// The first piece of the first of three slots for documents.
    pub(crate) const DOCUMENT: u8 = 16;
    /// The first used token.
    pub(crate) const REPLAY: u8 = 64;
}

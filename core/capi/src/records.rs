//! The storage of a device, which C provides.

use core::ffi::c_void;
use core::ptr;

use tokenlatch_device::{Error, HEAD_LEN, MAX_DOCUMENT_LEN, MAX_RECORD_LEN, Records};

use crate::code::{Code, tl_error};
use crate::slot;

/// The longest record, in bytes.
pub const TL_MAX_RECORD_LEN: usize = 324;

/// The longest signed document, in bytes.
pub const TL_MAX_DOCUMENT_LEN: usize = 3888;

/// The records have numbers below this one.
pub const TL_MAX_RECORDS: u8 = 96;

const _: () = assert!(TL_MAX_RECORD_LEN == MAX_RECORD_LEN);
const _: () = assert!(TL_MAX_DOCUMENT_LEN == MAX_DOCUMENT_LEN);
// The longest of the numbers 0 to 3, as the header says below.
const _: () = assert!(HEAD_LEN == 44);

/// Where a device keeps what it must remember: records of at most `TL_MAX_RECORD_LEN` bytes that are replaced
/// whole, each under a number below `TL_MAX_RECORDS`.
///
/// The program provides it, over whatever keeps values under names: a log in flash, such as the NVS of Zephyr or
/// of ESP-IDF, a file system such as littlefs, an EEPROM or FRAM with two places for each record. All that the
/// parts of a device promise is built on one rule: **after a loss of power in `put`, the record has its old value
/// or its new one, and after `put` has returned, its new one.**
///
/// Numbers 0 to 3 have at most 44 bytes, 16 to 63 the signed documents in pieces of `TL_MAX_RECORD_LEN`, and 64
/// to 95 the used tokens, 24 bytes each. Most are never used.
#[repr(C)]
pub struct tl_records {
    /// Given to the functions.
    pub context: *mut c_void,
    /// Copies a record of at most `size` bytes to `buffer` and sets `*len`. Returns `TL_OK`; `TL_ERROR_NO_RECORD` if
    /// it was never put; `TL_ERROR_CORRUPT` if it is damaged for good, so that a new document may take its place; or
    /// any other error.
    pub get: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            record: u8,
            buffer: *mut u8,
            size: usize,
            len: *mut usize,
        ) -> Code,
    >,
    /// Replaces a record. Returns `TL_OK`, `TL_ERROR_STORAGE_FULL`, or any other error.
    pub put: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            record: u8,
            value: *const u8,
            len: usize,
        ) -> Code,
    >,
    /// How many bytes a signed document may have; three of them must have room. At most `TL_MAX_DOCUMENT_LEN`.
    pub max_document_len: usize,
}

/// The storage as the parts of a device know it.
pub(crate) struct Callbacks<'r>(&'r tl_records);

impl<'r> Callbacks<'r> {
    /// # Safety
    ///
    /// The pointer is null, misaligned, or valid for reads of a struct whose functions are null or keep to the
    /// header, during `'r`.
    pub(crate) unsafe fn new(records: *const tl_records) -> Result<Self, Code> {
        slot::check(records)?;
        // SAFETY: the caller's condition.
        let records = unsafe { &*records };
        if records.get.is_none() || records.put.is_none() {
            return Err(tl_error::TL_ERROR_NULL.into());
        }
        Ok(Self(records))
    }
}

impl Records for Callbacks<'_> {
    fn max_document_len(&self) -> usize {
        self.0.max_document_len.min(MAX_DOCUMENT_LEN)
    }

    fn get(&mut self, record: u8, buffer: &mut [u8]) -> Result<Option<usize>, Error> {
        let get = self.0.get.ok_or(Error::Storage)?;
        let (size, mut len) = (buffer.len(), 0);
        // SAFETY: the function keeps to the header, as `new` requires: it writes no more than it may.
        let code = unsafe {
            get(
                self.0.context,
                record,
                buffer.as_mut_ptr(),
                size,
                &raw mut len,
            )
        };
        if code == Code::from(tl_error::TL_OK) {
            if len > size {
                return Err(Error::Corrupt);
            }
            Ok(Some(len))
        } else if code == Code::from(tl_error::TL_ERROR_NO_RECORD) {
            Ok(None)
        } else if code == Code::from(Error::Corrupt) {
            Err(Error::Corrupt)
        } else {
            Err(Error::Storage)
        }
    }

    fn put(&mut self, record: u8, value: &[u8]) -> Result<(), Error> {
        let put = self.0.put.ok_or(Error::Storage)?;
        let value = ptr::from_ref(value);
        // SAFETY: the function keeps to the header, as `new` requires: it reads no more than there is.
        let code = unsafe { put(self.0.context, record, value.cast(), value.len()) };
        if code == Code::from(tl_error::TL_OK) {
            Ok(())
        } else if code == Code::from(Error::StorageFull) {
            Err(Error::StorageFull)
        } else {
            Err(Error::Storage)
        }
    }

    fn each(&mut self, each: &mut dyn FnMut(u8, &[u8])) -> Result<(), Error> {
        let mut buffer = [0; MAX_RECORD_LEN];
        for record in 0..TL_MAX_RECORDS {
            if let Some(len) = self.get(record, &mut buffer)? {
                each(record, buffer.get(..len).unwrap_or_default());
            }
        }
        Ok(())
    }
}

//! The storage of a device, in memory. Writes fail on request.

use std::collections::BTreeMap;

use tokenlatch_device::{Error, MAX_DOCUMENT_LEN, MAX_RECORD_LEN, Records};

/// Records in memory.
#[derive(Clone, Default)]
pub struct Memory {
    pub records: BTreeMap<u8, Vec<u8>>,
    /// How many writes succeed before the others fail; nothing, if all do.
    pub writes_left: Option<usize>,
}

impl Records for Memory {
    fn max_document_len(&self) -> usize {
        MAX_DOCUMENT_LEN
    }

    fn get(&mut self, record: u8, buffer: &mut [u8]) -> Result<Option<usize>, Error> {
        let Some(value) = self.records.get(&record) else {
            return Ok(None);
        };
        let to = buffer.get_mut(..value.len()).ok_or(Error::Corrupt)?;
        to.copy_from_slice(value);
        Ok(Some(value.len()))
    }

    fn put(&mut self, record: u8, value: &[u8]) -> Result<(), Error> {
        assert!(value.len() <= MAX_RECORD_LEN);
        if let Some(left) = &mut self.writes_left {
            *left = left.checked_sub(1).ok_or(Error::Storage)?;
        }
        self.records.insert(record, value.into());
        Ok(())
    }

    fn each(&mut self, each: &mut dyn FnMut(u8, &[u8])) -> Result<(), Error> {
        for (record, value) in &self.records {
            each(*record, value);
        }
        Ok(())
    }
}

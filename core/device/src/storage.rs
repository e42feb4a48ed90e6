//! Records and entries in flash, by the crate sequential-storage.

use core::ops::Range;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use embedded_storage_async::nor_flash as asynchronous;
use sequential_storage::cache::key_pointers::ArrayKeyPointers;
use sequential_storage::cache::{Cache, Uncached};
use sequential_storage::map::MapStorage;
use sequential_storage::queue::{QueueConfig, QueueStorage};

use crate::document::{MAX_PIECES, SLOTS};
use crate::error::Error;
use crate::record::{Log, MAX_RECORD_LEN, Records};

/// Records and audit entries in a NOR flash, by the crate `sequential-storage`.
pub struct Storage<F: NorFlash> {
    map: Map<F>,
    audit: Range<u32>,
    max_document_len: usize,
    buffer: [u8; BUFFER_LEN],
}

type Map<F> = MapStorage<u8, Blocking<F>, Cache<Uncached, Uncached, ArrayKeyPointers<u8, 96>, u8>>;

impl<F: NorFlash> Storage<F> {
    /// Uses the whole of `flash`: its last `audit_pages` pages for the audit record, and the others for records.
    ///
    /// # Errors
    ///
    /// [`Error::WrongFlash`], [`Error::Storage`].
    pub fn open(flash: F, audit_pages: u32) -> Result<Self, Error> {
        let _ = (flash, audit_pages, MAX_PIECES, SLOTS);
        Err(Error::WrongFlash)
    }
}

impl<F: NorFlash> Records for Storage<F> {
    fn max_document_len(&self) -> usize {
        self.max_document_len
    }

    fn get(&mut self, record: u8, buffer: &mut [u8]) -> Result<Option<usize>, Error> {
        let value = self.map.fetch_item::<&[u8]>(&mut self.buffer, &record);
        let Some(value) = block_on(value).map_err(error)? else {
            return Ok(None);
        };
        let to = buffer.get_mut(..value.len()).ok_or(Error::Corrupt)?;
        to.copy_from_slice(value);
        Ok(Some(value.len()))
    }

    fn put(&mut self, record: u8, value: &[u8]) -> Result<(), Error> {
        let store = self.map.store_item(&mut self.buffer, &record, &value);
        block_on(store).map_err(error)
    }

    fn each(&mut self, each: &mut dyn FnMut(u8, &[u8])) -> Result<(), Error> {
        let mut items = block_on(self.map.fetch_all_items(&mut self.buffer)).map_err(error)?;
        while let Some((record, value)) =
            block_on(items.next::<&[u8]>(&mut self.buffer)).map_err(error)?
        {
            each(record, value);
        }
        Ok(())
    }
}

impl<F: NorFlash> Log for Storage<F> {
    fn push(&mut self, entry: &[u8]) -> Result<(), Error> {
        block_on(self.queue()?.push(entry, true)).map_err(error)
    }

    fn each_entry(&mut self, each: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let mut buffer = [0; 64];
        let mut queue = self.queue()?;
        let mut entries = block_on(queue.iter()).map_err(error)?;
        while let Some(entry) = block_on(entries.next(&mut buffer)).map_err(error)? {
            each(&entry);
        }
        Ok(())
    }
}

impl<F: NorFlash> Storage<F> {
    fn queue(
        &mut self,
    ) -> Result<QueueStorage<&mut Blocking<F>, Cache<Uncached, Uncached, Uncached>>, Error> {
        let config = QueueConfig::try_new(self.audit.clone()).map_err(|_| Error::WrongFlash)?;
        Ok(QueueStorage::new(
            self.map.flash(),
            config,
            Cache::new_uncached(),
        ))
    }
}

/// A record with its number, rounded up to the widest word of a flash.
const BUFFER_LEN: usize = (1 + MAX_RECORD_LEN).next_multiple_of(32);

fn error<E>(error: sequential_storage::Error<E>) -> Error {
    match error {
        sequential_storage::Error::FullStorage => Error::StorageFull,
        sequential_storage::Error::Corrupted { .. } => Error::Corrupt,
        _ => Error::Storage,
    }
}

/// A flash whose calls are done when they return, for code that may wait.
struct Blocking<F>(F);

impl<F: ErrorType> ErrorType for Blocking<F> {
    type Error = F::Error;
}

impl<F: ReadNorFlash> asynchronous::ReadNorFlash for Blocking<F> {
    const READ_SIZE: usize = F::READ_SIZE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), F::Error> {
        self.0.read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.0.capacity()
    }
}

impl<F: NorFlash> asynchronous::NorFlash for Blocking<F> {
    const WRITE_SIZE: usize = F::WRITE_SIZE;
    const ERASE_SIZE: usize = F::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), F::Error> {
        self.0.erase(from, to)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), F::Error> {
        self.0.write(offset, bytes)
    }
}

/// Runs what never waits.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(result) = future.as_mut().poll(&mut context) {
            return result;
        }
    }
}

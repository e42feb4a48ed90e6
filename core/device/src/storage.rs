//! Records and entries in flash, by the crate sequential-storage.

use core::ops::Range;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use embedded_storage_async::nor_flash as asynchronous;
use sequential_storage::cache::key_pointers::ArrayKeyPointers;
use sequential_storage::cache::{Cache, Uncached};
use sequential_storage::map::{MapConfig, MapStorage};
use sequential_storage::queue::{QueueConfig, QueueStorage};

use crate::document::{HEAD_LEN, MAX_PIECES, SLOTS};
use crate::error::Error;
use crate::record::{Log, MAX_RECORD_LEN, Records};

/// Records and audit entries in a NOR flash, by the crate [sequential-storage](sequential_storage), which appends
/// and so spreads the erasing over all pages.
///
/// The flash is the window of the device's memory that nothing else uses: all of it, from offset 0 to its
/// capacity. It is blank (0xff) when the device is made.
///
/// # Room
///
/// The last [`Layout::audit_pages`] pages are for the audit record, and the others, at least three, for records.
/// How long a signed document may be follows from that, and [`max_document_len`](Records::max_document_len) says it:
///
/// | flash | pages | longest document |
/// |---|---|---|
/// | 16 KiB | 1 or 2 KiB | 2,268 bytes |
/// | 20 KiB | 4 KiB | 1,944 bytes |
/// | 24 KiB | 1 or 2 KiB | 3,888 bytes ([`MAX_DOCUMENT_LEN`](crate::MAX_DOCUMENT_LEN)) |
/// | 32 KiB | 4 KiB | 3,888 bytes |
///
/// A key set of four keys of 2048 bits has about 2,900 bytes. A storage takes about 1,150 bytes of memory and
/// the flash driver: a buffer for one record, and where 96 records lie. Reading a document needs no more than that,
/// and the caller's scratch.
///
/// # Loss of power
///
/// A record has its old value or its new one, wherever the power is lost, and an audit entry is there or not: the
/// crate adds a checksum to everything, ignores what does not match, and moves what is in use before it erases a
/// page. What an interrupted erasure leaves is finished by [`open`](Self::open), for here the crate alone is not
/// enough. It takes a page without its mark for blank, and moves records once more from a page that is damaged
/// already: tested without this, used tokens were forgotten. After a record is written, it is read back.
///
/// Two things are expected of the flash. A write that is interrupted leaves the bytes before it written, those after
/// it as they were, and one of them in between. An erasure that is interrupted may leave any part of that page
/// erased, and nothing of another page. A page whose bits read differently each time, as some do after an erasure
/// that ended almost at its end, is beyond this. So is an EEPROM that stores all of its page anew for each write: its
/// supply must outlast a write, or FRAM takes its place.
///
/// # Damage
///
/// A record that was damaged since is as if it had not been written: the one before it counts, if it is still there.
/// So an old floor or fewer used tokens are possible with a flash that loses bits, and with somebody who writes
/// it.
///
/// # Panics
///
/// Nothing of this crate panics, and that is proven by linking it, without `sequential-storage`. That crate has
/// slices and divisions of which the compiler cannot tell that they are in range.
pub struct Storage<F: NorFlash> {
    map: Map<F>,
    audit: Range<u32>,
    max_document_len: usize,
    buffer: Buffer,
}

/// How the flash of a [`Storage`] is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// How many pages are for the audit record: 2 or more. A page of 1 KiB has 31 entries and one of 4 KiB has 127,
    /// with words of up to 4 bytes, and one page is lost whenever the ring comes round.
    pub audit_pages: u32,
    /// How many used tokens are remembered: the `N` of [`Replay`](crate::Replay).
    pub used_tokens: u32,
}

impl Default for Layout {
    /// Two pages for the audit record, and 32 used tokens.
    fn default() -> Self {
        Self {
            audit_pages: 2,
            used_tokens: 32,
        }
    }
}

type Map<F> = MapStorage<u8, Blocking<F>, Cache<Uncached, Uncached, ArrayKeyPointers<u8, 96>, u8>>;

impl<F: NorFlash> Storage<F> {
    /// Opens the storage, after every reset, and finishes what a loss of power interrupted. It reads all of the
    /// flash.
    ///
    /// # Errors
    ///
    /// - [`Error::WrongFlash`]: the capacity is not a number of whole pages, or a word is longer than 32 bytes.
    /// - [`Error::PagesTooSmall`]: a page has no room for two records of [`MAX_RECORD_LEN`].
    /// - [`Error::FlashTooSmall`]: fewer than two pages for the audit record or three for the others, or too few
    ///   for signed documents of 1,296 bytes, which one key of 2048 bits needs.
    /// - [`Error::Storage`]: the flash reported an error.
    pub fn open(flash: F, layout: Layout) -> Result<Self, Error> {
        let geometry = Geometry::of(&flash)?;
        let max_pieces = geometry.max_pieces(layout)?;
        let audit_len = geometry.page * layout.audit_pages;
        let records = 0..geometry.page * geometry.pages - audit_len;
        let audit = records.end..records.end + audit_len;

        let mut flash = Blocking {
            flash,
            hidden: 0..0,
        };
        let mut buffer = Buffer([0; BUFFER_LEN]);
        flash.finish_erasures(&records, &mut buffer.0)?;
        flash.finish_erasures(&audit, &mut buffer.0)?;
        let config = MapConfig::try_new(records).map_err(|_| Error::WrongFlash)?;
        let cache = Cache::new(Uncached, Uncached, ArrayKeyPointers::new());
        let mut storage = Self {
            map: MapStorage::new(flash, config, cache),
            audit,
            max_document_len: max_pieces as usize * MAX_RECORD_LEN,
            buffer,
        };
        storage.finish_move()?;
        Ok(storage)
    }

    /// Erases everything: all that the device learned, the used tokens and the audit record included.
    ///
    /// For the factory, and for a technician where nothing else helps. What was revoked and used before counts
    /// again, so whoever can call this can open the door.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub fn erase(&mut self) -> Result<(), Error> {
        block_on(self.map.erase_all()).map_err(error)?;
        block_on(self.queue()?.erase_all()).map_err(error)?;
        self.map.flash().hidden = 0..0;
        Ok(())
    }

    /// The flash, for counting or for testing. Do not write to it.
    pub fn flash(&mut self) -> &mut F {
        &mut self.map.flash().flash
    }
}

impl<F: NorFlash> Records for Storage<F> {
    fn max_document_len(&self) -> usize {
        self.max_document_len
    }

    fn get(&mut self, record: u8, buffer: &mut [u8]) -> Result<Option<usize>, Error> {
        let value = self.map.fetch_item::<&[u8]>(&mut self.buffer.0, &record);
        let Some(value) = block_on(value).map_err(error)? else {
            return Ok(None);
        };
        let to = buffer.get_mut(..value.len()).ok_or(Error::Corrupt)?;
        to.copy_from_slice(value);
        Ok(Some(value.len()))
    }

    fn put(&mut self, record: u8, value: &[u8]) -> Result<(), Error> {
        for _ in 0..2 {
            let store = self.map.store_item(&mut self.buffer.0, &record, &value);
            block_on(store).map_err(error)?;
            let stored = self.map.fetch_item::<&[u8]>(&mut self.buffer.0, &record);
            if block_on(stored).map_err(error)? == Some(value) {
                return Ok(());
            }
            // The place is bad: the next one may be better.
        }
        Err(Error::Storage)
    }

    fn each(&mut self, each: &mut dyn FnMut(u8, &[u8])) -> Result<(), Error> {
        let mut items = block_on(self.map.fetch_all_items(&mut self.buffer.0)).map_err(error)?;
        while let Some((record, value)) =
            block_on(items.next::<&[u8]>(&mut self.buffer.0)).map_err(error)?
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
    fn queue(&mut self) -> Result<Queue<'_, F>, Error> {
        let config = QueueConfig::try_new(self.audit.clone()).map_err(|_| Error::WrongFlash)?;
        let cache = Cache::new_uncached();
        Ok(QueueStorage::new(self.map.flash(), config, cache))
    }

    /// Finishes the erasure of a page of records whose content was moved already.
    ///
    /// The crate moves the records of the oldest page to the page before it, and then erases the oldest one. If the
    /// power is lost in this, it begins again: it erases the newer page, and moves the records once more. But an
    /// erasure that was interrupted may have damaged the older ones. So if everything was moved, this does the rest.
    fn finish_move(&mut self) -> Result<(), Error> {
        let range = self.map.flash_range();
        let flash = self.map.flash();
        let mut oldest = None;
        for page in flash.pages(&range) {
            let next = flash.next(&range, page);
            if flash.state(page)? == State::PartialOpen && flash.state(next)? == State::Closed {
                oldest = Some(next);
            }
        }
        let Some(oldest) = oldest else {
            return Ok(());
        };
        let all = self.numbers()?;
        self.map.flash().hidden = oldest..oldest + Blocking::<F>::PAGE;
        let without = self.numbers();
        self.map.flash().hidden = 0..0;
        let without = without?;
        if all
            .iter()
            .zip(without)
            .all(|(all, without)| all & !without == 0)
        {
            self.map.flash().erase_page(oldest)?;
        }
        Ok(())
    }

    /// The numbers of the records that there are, a bit for each.
    fn numbers(&mut self) -> Result<[u8; 32], Error> {
        let mut numbers = [0; 32];
        self.each(&mut |number, _| {
            if let Some(bits) = numbers.get_mut(usize::from(number / 8)) {
                *bits |= 1 << (number % 8);
            }
        })?;
        Ok(numbers)
    }
}

type Queue<'s, F> = QueueStorage<&'s mut Blocking<F>, Cache<Uncached, Uncached, Uncached>>;

/// A record with its number, rounded up to the widest word of a flash.
const BUFFER_LEN: usize = (1 + MAX_RECORD_LEN).next_multiple_of(32);

/// Some flashes are written by words that lie on a boundary of four bytes in memory.
#[repr(align(4))]
struct Buffer([u8; BUFFER_LEN]);

fn error<E>(error: sequential_storage::Error<E>) -> Error {
    match error {
        sequential_storage::Error::FullStorage => Error::StorageFull,
        sequential_storage::Error::Storage { .. } => Error::Storage,
        _ => Error::Corrupt,
    }
}

/// The sizes of a flash, in bytes.
struct Geometry {
    page: u32,
    pages: u32,
    word: u32,
}

impl Geometry {
    fn of<F: NorFlash>(flash: &F) -> Result<Self, Error> {
        let wrong = Error::WrongFlash;
        let page = u32::try_from(F::ERASE_SIZE).map_err(|_| wrong)?;
        let word = F::WRITE_SIZE.max(F::READ_SIZE);
        let capacity = u32::try_from(flash.capacity()).map_err(|_| wrong)?;
        let pages = capacity.checked_div(page).ok_or(wrong)?;
        let is_whole = pages * page == capacity && page.checked_rem(word as u32) == Some(0);
        if !is_whole || word > 32 {
            return Err(wrong);
        }
        let word = word as u32;
        Ok(Self { page, pages, word })
    }

    /// What a record of this many bytes takes: the crate's header, the record's number, and the record.
    fn item(&self, len: usize) -> u32 {
        let round_up = |len: u32| len.div_ceil(self.word) * self.word;
        round_up(8) + round_up(1 + len as u32)
    }

    /// How many pieces a document may have.
    ///
    /// A record always finds room, if all that is in use would leave room for the longest record in each page but
    /// one.
    fn max_pieces(&self, layout: Layout) -> Result<u32, Error> {
        let piece = self.item(MAX_RECORD_LEN);
        // Each page has a mark at both ends.
        let area = self.page.saturating_sub(2 * self.word);
        if area < 2 * piece {
            return Err(Error::PagesTooSmall);
        }
        let pages = self.pages.checked_sub(layout.audit_pages);
        let pages = pages.filter(|pages| *pages >= 3 && layout.audit_pages >= 2);
        let pages = pages.ok_or(Error::FlashTooSmall)?;
        let room = (pages - 1).saturating_mul(area - piece);
        let used = layout.used_tokens.saturating_mul(self.item(24));
        let others = self.item(17) + self.item(8) + 2 * self.item(HEAD_LEN);
        let documents = room.saturating_sub(used.saturating_add(others));
        let pieces = documents.checked_div(u32::from(SLOTS) * piece);
        let pieces = pieces.unwrap_or(0).min(u32::from(MAX_PIECES));
        if pieces < 4 {
            return Err(Error::FlashTooSmall);
        }
        Ok(pieces)
    }
}

/// A flash whose calls are done when they return, for code that may wait.
struct Blocking<F> {
    flash: F,
    /// A page that reads as if it were blank.
    hidden: Range<u32>,
}

/// What the crate makes of the marks at the ends of a page.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    PartialOpen,
    Closed,
    /// The erasure was interrupted.
    HalfErased,
}

impl<F: NorFlash> Blocking<F> {
    const PAGE: u32 = F::ERASE_SIZE as u32;

    /// Erases again what an interrupted erasure may have left.
    ///
    /// - A page without the mark at its start is blank, or its erasure was interrupted.
    /// - Of two pages in a row that look as if they were being written, the second one lost the mark at its end when
    ///   it was being erased: no second page is begun while there is one.
    fn finish_erasures(&mut self, range: &Range<u32>, buffer: &mut [u8]) -> Result<(), Error> {
        for page in self.pages(range) {
            let is_begun = matches!(self.state(page)?, State::PartialOpen | State::Closed);
            if !is_begun && !self.is_blank(page..page + Self::PAGE, buffer)? {
                self.erase_page(page)?;
            }
        }
        for page in self.pages(range) {
            let next = self.next(range, page);
            let are_begun =
                self.state(page)? == State::PartialOpen && self.state(next)? == State::PartialOpen;
            if are_begun && page != next {
                let half_erased = self.half_erased(range, page, next, buffer)?;
                self.erase_page(half_erased)?;
            }
        }
        Ok(())
    }

    /// Which of two pages in a row was being erased.
    fn half_erased(
        &mut self,
        range: &Range<u32>,
        page: u32,
        next: u32,
        buffer: &mut [u8],
    ) -> Result<u32, Error> {
        // Of two pages each one is the next of the other. The audit record then has entries to the end of the page
        // that it was writing.
        let is_pair = self.next(range, next) == page;
        let end = page + Self::PAGE;
        if is_pair && self.is_blank(end - Self::PAGE / 4..end, buffer)? {
            Ok(page)
        } else {
            Ok(next)
        }
    }

    /// The offset of each page.
    fn pages(&self, range: &Range<u32>) -> impl Iterator<Item = u32> + use<F> {
        range.clone().step_by(F::ERASE_SIZE)
    }

    /// The page after this one, or the first one.
    fn next(&self, range: &Range<u32>, page: u32) -> u32 {
        let next = page + Self::PAGE;
        if next < range.end { next } else { range.start }
    }

    /// The state of a page, by the same rule as the crate's.
    fn state(&mut self, page: u32) -> Result<State, Error> {
        let last = page + Self::PAGE - F::READ_SIZE as u32;
        Ok(match (self.is_marked(page)?, self.is_marked(last)?) {
            (false, false) => State::Open,
            (true, false) => State::PartialOpen,
            (true, true) => State::Closed,
            (false, true) => State::HalfErased,
        })
    }

    fn is_marked(&mut self, offset: u32) -> Result<bool, Error> {
        let mut bytes = [0xff; 32];
        let bytes = bytes.get_mut(..F::READ_SIZE).ok_or(Error::WrongFlash)?;
        self.flash.read(offset, bytes).map_err(|_| Error::Storage)?;
        let zeros: u32 = bytes.iter().map(|byte| byte.count_zeros()).sum();
        Ok(zeros >= 4)
    }

    fn is_blank(&mut self, range: Range<u32>, buffer: &mut [u8]) -> Result<bool, Error> {
        let mut offset = range.start;
        while offset < range.end {
            let len = buffer.len().min((range.end - offset) as usize);
            let bytes = buffer.get_mut(..len).ok_or(Error::WrongFlash)?;
            self.flash.read(offset, bytes).map_err(|_| Error::Storage)?;
            if bytes.iter().any(|byte| *byte != 0xff) {
                return Ok(false);
            }
            offset += len as u32;
        }
        Ok(true)
    }

    fn erase_page(&mut self, page: u32) -> Result<(), Error> {
        let erased = self.flash.erase(page, page + Self::PAGE);
        erased.map_err(|_| Error::Storage)
    }
}

impl<F: ErrorType> ErrorType for Blocking<F> {
    type Error = F::Error;
}

impl<F: ReadNorFlash> asynchronous::ReadNorFlash for Blocking<F> {
    const READ_SIZE: usize = F::READ_SIZE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), F::Error> {
        self.flash.read(offset, bytes)?;
        // Nothing is read across pages.
        if self.hidden.contains(&offset) {
            bytes.fill(0xff);
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.flash.capacity()
    }
}

impl<F: NorFlash> asynchronous::NorFlash for Blocking<F> {
    const WRITE_SIZE: usize = F::WRITE_SIZE;
    const ERASE_SIZE: usize = F::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), F::Error> {
        self.flash.erase(from, to)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), F::Error> {
        self.flash.write(offset, bytes)
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

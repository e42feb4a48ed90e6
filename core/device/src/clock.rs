//! The time, as far as a device can know it whose clock may lie.

use core::time::Duration;

use tokenlatch::Time;

use crate::error::Error;
use crate::record::{Records, number};

/// The time, as far as a device can know it whose clock may lie.
///
/// It keeps a *floor*: a second that has certainly passed, and that never goes back. What raises it:
///
/// | source | how far |
/// |---|---|
/// | the build time of the firmware | it is where the floor begins |
/// | `iat` of a signed document that is applied ([`KeySet`](crate::KeySet), [`Revocation`](crate::Revocation)) | any: who has the root key says what time it is. It is the *anchor*, too |
/// | `iat` of a verified token of the issuer that you designate ([`learn`](Self::learn)) | up to the *ceiling* |
/// | a reading of the real-time clock ([`read`](Self::read)), less the drift | up to the ceiling |
///
/// The ceiling is the anchor and [`max_advance`](Self::new) more, so that one token from the far future, or
/// somebody at the wires of the real-time clock, cannot push the floor beyond it: only the root can. Below the
/// ceiling they can, and the tokens before it are then rejected as expired until the ceiling is reached. So
/// choose a `max_advance` as short as the time that a device may go without a signed document, and no shorter.
///
/// # Through a loss of power
///
/// Floor and anchor are one record. A flash has a limited number of writes, so the floor is stored once it has
/// risen by an hour ([`store_every`](Self::store_every)), the anchor at once. After a restart the floor may so be
/// up to an hour below the last one: [`Replay`](crate::Replay) forgets by the *stored* floor alone, so that no
/// used token becomes new by that.
///
/// # If the record cannot be read
///
/// Then nobody knows which used tokens were forgotten: [`Replay`](crate::Replay) accepts no token, and the record is
/// not written over by a lower floor. [`store`](Self::store) tries to read it again. If it is damaged for good, the next
/// new document of the root takes its place: sign one then, for the floor begins again with its `iat`.
#[derive(Clone, Debug)]
pub struct Clock {
    /// All in seconds since 1970.
    floor: u64,
    anchor: u64,
    stored_floor: u64,
    stored_anchor: u64,
    /// All in seconds.
    max_advance: u64,
    drift: u64,
    store_every: u64,
    /// There is a record in storage that cannot be read.
    is_lost: bool,
}

/// What [`Clock::read`] makes of the real-time clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The seconds that the present may be, for [`Policy`](tokenlatch::Policy).
    pub time: Time,
    /// Why it is no more certain.
    pub certainty: Certainty,
}

/// How certain the time is, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Certainty {
    /// The real-time clock runs, and agrees with all that is known: the time is an interval.
    Interval,
    /// There is no real-time clock, or it says itself that it stopped: the time is the floor or later.
    Absent,
    /// The real-time clock is before the floor: it was reset or set back. The time is the floor or later.
    Early,
    /// The real-time clock is beyond the ceiling. The time is the floor or later.
    Far,
}

/// What [`Clock::learn`] makes of an `iat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Learned {
    /// It raised the floor.
    Raised,
    /// The floor was that high already.
    Known,
    /// It is beyond the ceiling, and says nothing. Worth an entry in the audit record.
    Far,
}

impl Clock {
    /// A clock that knows the firmware's build time, in seconds since 1970.
    ///
    /// `max_advance`: how far the floor may rise above the last signed document, or above the build time, by
    /// tokens and by the real-time clock. Such as 400 days.
    #[must_use]
    pub const fn new(build_time: u64, max_advance: Duration) -> Self {
        Self {
            floor: build_time,
            anchor: build_time,
            // The next start knows it, too.
            stored_floor: build_time,
            stored_anchor: build_time,
            max_advance: max_advance.as_secs(),
            drift: 60,
            store_every: 3600,
            is_lost: false,
        }
    }

    /// How far the real-time clock may be off, before and after. Without this, 60 seconds. A crystal of 20 ppm
    /// is off by 10 minutes in a year.
    #[must_use]
    pub const fn drift(mut self, drift: Duration) -> Self {
        self.drift = drift.as_secs();
        self
    }

    /// By how much the floor has to rise to be stored. Without this, an hour: 8,760 writes in a year.
    #[must_use]
    pub const fn store_every(mut self, rise: Duration) -> Self {
        self.store_every = rise.as_secs();
        self
    }

    /// Takes the stored floor and anchor, after a restart.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`], or [`Error::Corrupt`] if the record is not one of a clock: the time is then as it was, and
    /// no token is used ([`Replay::accept`](crate::Replay::accept)).
    pub fn load(&mut self, records: &mut dyn Records) -> Result<(), Error> {
        self.is_lost = true;
        let mut record = [0; RECORD_LEN];
        let Some(len) = records.get(number::CLOCK, &mut record)? else {
            self.is_lost = false;
            return Ok(());
        };
        let [VERSION, rest @ ..] = &record else {
            return Err(Error::Corrupt);
        };
        let (floor, anchor) = rest.split_at(8);
        let (Ok(floor), Ok(anchor)) = (floor.try_into(), anchor.try_into()) else {
            return Err(Error::Corrupt);
        };
        let (floor, anchor) = (u64::from_le_bytes(floor), u64::from_le_bytes(anchor));
        if len != RECORD_LEN || floor < anchor {
            return Err(Error::Corrupt);
        }
        self.floor = self.floor.max(floor);
        self.anchor = self.anchor.max(anchor);
        self.stored_floor = self.stored_floor.max(floor);
        self.stored_anchor = self.stored_anchor.max(anchor);
        self.is_lost = false;
        Ok(())
    }

    /// As if [`load`](Self::load) had failed: for programs in C.
    #[doc(hidden)]
    pub const fn lose(&mut self) {
        self.is_lost = true;
    }

    /// Whether the last [`load`](Self::load) failed.
    pub(crate) const fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// Takes what could not be read before, unless it is damaged for good.
    pub(crate) fn load_lost(&mut self, records: &mut dyn Records) -> Result<(), Error> {
        if self.is_lost {
            match self.load(records) {
                Ok(()) | Err(Error::Corrupt) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Learns from the `iat` of a document, and stores that: before the document, which is then in force. It takes the
    /// place of a record that is damaged for good, for who has the root key says what time it is.
    pub(crate) fn store_from_root(
        &mut self,
        issued_at: u64,
        records: &mut dyn Records,
    ) -> Result<(), Error> {
        self.learn_from_root(issued_at);
        if self.is_lost {
            self.put(records)?;
            self.is_lost = false;
        }
        self.store_if_due(records)
    }

    /// Stores floor and anchor, if they changed. First takes the record, if the last [`load`](Self::load) failed.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`], [`Error::StorageFull`], and [`Error::Corrupt`] if the record cannot be read.
    pub fn store(&mut self, records: &mut dyn Records) -> Result<(), Error> {
        if self.is_lost {
            self.load(records)?;
        }
        if self.floor == self.stored_floor && self.anchor == self.stored_anchor {
            return Ok(());
        }
        self.put(records)
    }

    fn put(&mut self, records: &mut dyn Records) -> Result<(), Error> {
        let mut record = [VERSION; RECORD_LEN];
        let dates = [self.floor, self.anchor].map(u64::to_le_bytes);
        for (to, from) in record.iter_mut().skip(1).zip(dates.as_flattened()) {
            *to = *from;
        }
        records.put(number::CLOCK, &record)?;
        self.stored_floor = self.floor;
        self.stored_anchor = self.anchor;
        Ok(())
    }

    /// As [`store`](Self::store), if it is due: the floor has risen by [`store_every`](Self::store_every), there
    /// is a new anchor, or the last [`load`](Self::load) failed. For the end of every round of the device's loop.
    ///
    /// # Errors
    ///
    /// As [`store`](Self::store).
    pub fn store_if_due(&mut self, records: &mut dyn Records) -> Result<(), Error> {
        let rise = self.floor.saturating_sub(self.stored_floor);
        let is_due = self.anchor != self.stored_anchor || rise >= self.store_every.max(1);
        if self.is_lost || is_due {
            self.store(records)?;
        }
        Ok(())
    }

    /// The time, by a reading of the real-time clock in seconds since 1970: `None` if there is none, or if the
    /// clock says that it stopped.
    pub fn read(&mut self, rtc: Option<u64>) -> Reading {
        let uncertain = |certainty| Reading {
            time: Time::at_least(self.floor),
            certainty,
        };
        let Some(reading) = rtc else {
            return uncertain(Certainty::Absent);
        };
        let earliest = reading.saturating_sub(self.drift);
        let latest = reading.saturating_add(self.drift);
        if latest < self.floor {
            return uncertain(Certainty::Early);
        }
        if earliest > self.ceiling() {
            return uncertain(Certainty::Far);
        }
        self.floor = self.floor.max(earliest);
        Reading {
            time: Time::between(self.floor, latest),
            certainty: Certainty::Interval,
        }
    }

    /// Learns from the `iat` of a verified token, in seconds since 1970.
    ///
    /// The caller designates the issuer: give this no `iat` of another one. An `iat` says that the time is that
    /// or later, also where the token has expired.
    pub fn learn(&mut self, issued_at: u64) -> Learned {
        if issued_at > self.ceiling() {
            Learned::Far
        } else if issued_at > self.floor {
            self.floor = issued_at;
            Learned::Raised
        } else {
            Learned::Known
        }
    }

    /// Learns from the `iat` of a document that the root signed: [`KeySet`](crate::KeySet) and
    /// [`Revocation`](crate::Revocation) do this themselves.
    pub fn learn_from_root(&mut self, issued_at: u64) {
        self.anchor = self.anchor.max(issued_at);
        self.floor = self.floor.max(self.anchor);
    }

    /// The second that has certainly passed, since 1970.
    #[must_use]
    pub const fn floor(&self) -> u64 {
        self.floor
    }

    /// The floor that a restart would begin with.
    #[must_use]
    pub const fn stored_floor(&self) -> u64 {
        self.stored_floor
    }

    /// The latest date that the root vouches for: that of the build or of a signed document.
    #[must_use]
    pub const fn anchor(&self) -> u64 {
        self.anchor
    }

    /// The last second that a token or the real-time clock is believed.
    #[must_use]
    pub const fn ceiling(&self) -> u64 {
        self.anchor.saturating_add(self.max_advance)
    }
}

/// The first byte of the record.
const VERSION: u8 = 1;

/// The version, the floor and the anchor.
const RECORD_LEN: usize = 17;

#[cfg(test)]
mod tests {
    use super::*;

    const BUILD: u64 = 1_000_000;
    const CLOCK: Clock =
        Clock::new(BUILD, Duration::from_secs(10_000)).drift(Duration::from_secs(60));

    /// One record.
    #[derive(Default)]
    struct Memory {
        record: Option<std::vec::Vec<u8>>,
        puts: usize,
    }

    impl Records for Memory {
        fn max_document_len(&self) -> usize {
            0
        }

        fn get(&mut self, _: u8, buffer: &mut [u8]) -> Result<Option<usize>, Error> {
            let Some(record) = &self.record else {
                return Ok(None);
            };
            let to = buffer.get_mut(..record.len()).ok_or(Error::Corrupt)?;
            to.copy_from_slice(record);
            Ok(Some(record.len()))
        }

        fn put(&mut self, _: u8, value: &[u8]) -> Result<(), Error> {
            self.record = Some(value.into());
            self.puts += 1;
            Ok(())
        }

        fn each(&mut self, _: &mut dyn FnMut(u8, &[u8])) -> Result<(), Error> {
            Ok(())
        }
    }

    fn interval(earliest: u64, latest: u64) -> Reading {
        Reading {
            time: Time::between(earliest, latest),
            certainty: Certainty::Interval,
        }
    }

    #[test]
    fn a_reading_is_believed_between_the_floor_and_the_ceiling() {
        let uncertain = |certainty| Reading {
            time: Time::at_least(BUILD),
            certainty,
        };
        for (reading, expected) in [
            (None, uncertain(Certainty::Absent)),
            (Some(0), uncertain(Certainty::Early)),
            (Some(BUILD - 61), uncertain(Certainty::Early)),
            // It may be a little slow: the floor cuts off what cannot be.
            (Some(BUILD - 60), interval(BUILD, BUILD)),
            (Some(BUILD + 10), interval(BUILD, BUILD + 70)),
            (Some(BUILD + 100), interval(BUILD + 40, BUILD + 160)),
            (
                Some(BUILD + 10_060),
                interval(BUILD + 10_000, BUILD + 10_120),
            ),
            (Some(BUILD + 10_061), uncertain(Certainty::Far)),
            (Some(u64::MAX), uncertain(Certainty::Far)),
        ] {
            let mut clock = CLOCK;
            assert_eq!(clock.read(reading), expected, "{reading:?}");
        }
    }

    #[test]
    fn the_floor_never_goes_back() {
        let mut clock = CLOCK;
        clock.read(Some(BUILD + 1_000));
        assert_eq!(clock.floor(), BUILD + 940);
        let set_back = clock.read(Some(BUILD + 500));
        assert_eq!(set_back.certainty, Certainty::Early);
        assert_eq!(set_back.time, Time::at_least(BUILD + 940));
        assert_eq!(clock.learn(BUILD + 900), Learned::Known);
        clock.learn_from_root(BUILD + 100);
        assert_eq!(clock.floor(), BUILD + 940);
        assert_eq!(clock.learn(BUILD + 2_000), Learned::Raised);
        assert_eq!(clock.floor(), BUILD + 2_000);
    }

    #[test]
    fn only_the_root_moves_the_ceiling() {
        let mut clock = CLOCK;
        assert_eq!(clock.learn(BUILD + 10_001), Learned::Far);
        assert_eq!(clock.floor(), BUILD);
        assert_eq!(clock.learn(BUILD + 10_000), Learned::Raised);
        assert_eq!(clock.learn(BUILD + 10_001), Learned::Far);
        clock.read(Some(BUILD + 10_060));
        assert_eq!(clock.ceiling(), BUILD + 10_000);
        clock.learn_from_root(BUILD + 50_000);
        assert_eq!(
            (clock.floor(), clock.anchor()),
            (BUILD + 50_000, BUILD + 50_000)
        );
        assert_eq!(clock.learn(BUILD + 60_000), Learned::Raised);
        clock.learn_from_root(u64::MAX);
        assert_eq!(clock.ceiling(), u64::MAX);
    }

    #[test]
    fn the_floor_is_stored_once_it_has_risen_enough() {
        let (mut clock, mut memory) = (CLOCK, Memory::default());
        clock.store(&mut memory).unwrap();
        clock.learn(BUILD + 3_599);
        clock.store_if_due(&mut memory).unwrap();
        assert_eq!((memory.puts, clock.stored_floor()), (0, BUILD));
        clock.learn(BUILD + 3_600);
        clock.store_if_due(&mut memory).unwrap();
        assert_eq!((memory.puts, clock.stored_floor()), (1, BUILD + 3_600));
        // A new anchor is stored at once.
        clock.learn_from_root(BUILD + 1);
        clock.store_if_due(&mut memory).unwrap();
        clock.store(&mut memory).unwrap();
        assert_eq!(memory.puts, 2);

        let mut restarted = CLOCK;
        restarted.load(&mut memory).unwrap();
        assert_eq!(restarted.floor(), BUILD + 3_600);
        assert_eq!(restarted.stored_floor(), BUILD + 3_600);
        assert_eq!(restarted.ceiling(), BUILD + 10_001);
        // A newer firmware knows better.
        let mut newer = Clock::new(BUILD + 5_000, Duration::from_secs(10_000));
        newer.load(&mut memory).unwrap();
        assert_eq!(
            (newer.floor(), newer.anchor()),
            (BUILD + 5_000, BUILD + 5_000)
        );
    }

    #[test]
    fn a_record_that_is_no_clocks_changes_nothing() {
        let dates = |floor: u64, anchor: u64| [floor.to_le_bytes(), anchor.to_le_bytes()].concat();
        for record in [
            std::vec![],
            std::vec![1; 16],
            [std::vec![2], dates(BUILD + 2, BUILD + 1)].concat(),
            [std::vec![1], dates(BUILD + 1, BUILD + 2)].concat(),
            [std::vec![1], dates(BUILD + 2, BUILD + 1), std::vec![0]].concat(),
        ] {
            let mut clock = CLOCK;
            let mut memory = Memory {
                record: Some(record),
                puts: 0,
            };
            assert_eq!(clock.load(&mut memory), Err(Error::Corrupt));
            assert_eq!(clock.floor(), BUILD);
        }
    }
}

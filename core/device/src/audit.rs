//! What happened, in a ring that survives a reset.

use tokenlatch::Time;
use tokenlatch::json::Text;

use crate::error::Error;
use crate::hash::{self, Kind};
use crate::record::Log;

/// The record of what happened: as many entries as the flash has room for, of which the oldest make room.
///
/// Each entry has 24 bytes, with the numbers in little-endian order:
///
/// | bytes | what |
/// |---|---|
/// | 0 to 3 | a number that counts the entries, from 0 on: what is missing between two of them was lost |
/// | 4 | [`Event`] |
/// | 5 | 0, or [`Error::number`] |
/// | 6 | 1 if the time is certain to within the clock's drift, or 0 |
/// | 7 | 0 |
/// | 8 to 15 | the earliest that the time may be, in seconds since 1970 |
/// | 16 to 23 | the first bytes of a hash of `sub`, or zeros |
///
/// A hash of `sub` tells whether two entries are about one person, and a list of all persons gives the name. Who
/// must not be found out by that must not be in the record: leave out the subject.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    next: u32,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The device started.
    Start,
    /// A token, accepted or rejected.
    Token,
    /// A key set update, applied or rejected.
    KeySet,
    /// A revocation, applied or rejected.
    Revocation,
    /// Something about the time: a real-time clock that is not believed, or an `iat` beyond the ceiling.
    Clock,
    /// Something about the storage.
    Storage,
    /// Whatever the device's own program wants to record: 128 to 255.
    Other(u8),
}

/// An entry of the audit record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// What counts the entries.
    pub sequence: u32,
    /// What happened.
    pub event: Event,
    /// 0, or [`Error::number`].
    pub number: u8,
    /// Whether the time is certain to within the clock's drift.
    pub is_certain: bool,
    /// The earliest that the time may be, in seconds since 1970.
    pub time: u64,
    /// The first bytes of a hash of `sub`, or zeros.
    pub subject: [u8; 8],
}

/// How many entries there are, and how many are not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuditCount {
    /// Entries that can be read.
    pub entries: u32,
    /// Entries between the oldest and the newest that cannot be read, or were lost with the power.
    pub lost: u32,
}

/// The length of an entry, in bytes.
pub const AUDIT_ENTRY_LEN: usize = 24;

impl Audit {
    /// A record without an entry. Take the count with [`load`](Self::load).
    #[must_use]
    pub const fn new() -> Self {
        Self { next: 0 }
    }

    /// Takes the count, after a restart.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub fn load(&mut self, log: &mut dyn Log) -> Result<AuditCount, Error> {
        let mut count = AuditCount::default();
        let mut next = None;
        Self::each(log, &mut |entry| {
            let expected = next.unwrap_or(entry.sequence);
            count.entries = count.entries.saturating_add(1);
            count.lost = count
                .lost
                .saturating_add(entry.sequence.wrapping_sub(expected));
            next = Some(entry.sequence.wrapping_add(1));
        })?;
        self.next = next.unwrap_or(0);
        Ok(count)
    }

    /// Adds an entry: what happened, why it was rejected if it was, when, and to whom (`sub`).
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub fn record(
        &mut self,
        event: Event,
        result: Result<(), Error>,
        time: Time,
        subject: Option<Text<'_>>,
        log: &mut dyn Log,
    ) -> Result<(), Error> {
        let number = result.err().map_or(0, Error::number);
        self.record_number(event, number, time, subject, log)
    }

    /// As [`record`](Self::record), with 0 or the number of an error: for programs in C.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    #[doc(hidden)]
    pub fn record_number(
        &mut self,
        event: Event,
        number: u8,
        time: Time,
        subject: Option<Text<'_>>,
        log: &mut dyn Log,
    ) -> Result<(), Error> {
        let entry = AuditEntry {
            sequence: self.next,
            event,
            number,
            is_certain: time.latest() != u64::MAX,
            time: time.earliest(),
            subject: subject.map_or([0; 8], subject_hash),
        };
        log.push(&entry.to_bytes())?;
        self.next = self.next.wrapping_add(1);
        Ok(())
    }

    /// Calls `each` with every entry that can be read, from the oldest to the newest.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub fn each(log: &mut dyn Log, each: &mut dyn FnMut(AuditEntry)) -> Result<(), Error> {
        log.each_entry(&mut |entry| {
            if let Some(entry) = AuditEntry::from_bytes(entry) {
                each(entry);
            }
        })
    }
}

/// What stands for `sub` in an entry.
#[must_use]
pub fn subject_hash(subject: Text<'_>) -> [u8; 8] {
    let hash = hash::texts(Kind::Subject, &[subject]);
    hash.first_chunk().copied().unwrap_or_default()
}

impl Event {
    const fn to_byte(self) -> u8 {
        match self {
            Self::Start => 1,
            Self::Token => 2,
            Self::KeySet => 3,
            Self::Revocation => 4,
            Self::Clock => 5,
            Self::Storage => 6,
            Self::Other(other) => other | 128,
        }
    }

    const fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            1 => Self::Start,
            2 => Self::Token,
            3 => Self::KeySet,
            4 => Self::Revocation,
            5 => Self::Clock,
            6 => Self::Storage,
            128.. => Self::Other(byte),
            _ => return None,
        })
    }
}

impl AuditEntry {
    /// The entry as it is stored.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; AUDIT_ENTRY_LEN] {
        let [a, b, c, d] = self.sequence.to_le_bytes();
        let [e, f, g, h] = [
            self.event.to_byte(),
            self.number,
            u8::from(self.is_certain),
            0,
        ];
        let start = [a, b, c, d, e, f, g, h];
        let mut bytes = [0; AUDIT_ENTRY_LEN];
        let parts = [start, self.time.to_le_bytes(), self.subject];
        for (to, from) in bytes.iter_mut().zip(parts.as_flattened()) {
            *to = *from;
        }
        bytes
    }

    /// Reads an entry as it is stored; `None` if it is none.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let ([start, time, subject], []) = bytes.as_chunks::<8>() else {
            return None;
        };
        let [a, b, c, d, event, number, is_certain @ 0..=1, 0] = *start else {
            return None;
        };
        Some(Self {
            sequence: u32::from_le_bytes([a, b, c, d]),
            event: Event::from_byte(event)?,
            number,
            is_certain: is_certain == 1,
            time: u64::from_le_bytes(*time),
            subject: *subject,
        })
    }
}

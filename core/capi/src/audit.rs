//! A record of what happened, which C stores.

use tokenlatch_device::{AUDIT_ENTRY_LEN, Audit, AuditEntry, Error, Event, Log};

use crate::code::{Code, tl_error};
use crate::slot::{self, Slot};
use crate::time::tl_time;
use crate::verified::tl_verified;

/// The length of an entry, in bytes.
pub const TL_AUDIT_ENTRY_LEN: usize = 24;

const _: () = assert!(TL_AUDIT_ENTRY_LEN == AUDIT_ENTRY_LEN);

/// The size of a `tl_audit` in words of 8 bytes: enough on every target.
pub const TL_AUDIT_WORDS: usize = 1;

/// The device started.
pub const TL_EVENT_START: u8 = 1;
/// A token, accepted or rejected.
pub const TL_EVENT_TOKEN: u8 = 2;
/// A key-set update, applied or rejected.
pub const TL_EVENT_KEY_SET: u8 = 3;
/// A revocation, applied or rejected.
pub const TL_EVENT_REVOCATION: u8 = 4;
/// Something about the time.
pub const TL_EVENT_CLOCK: u8 = 5;
/// Something about the storage.
pub const TL_EVENT_STORAGE: u8 = 6;
/// The first of the program's own events, up to 255.
pub const TL_EVENT_OTHER: u8 = 128;

/// Makes the entries of a record of what happened, and counts them. The program stores them, such as in a ring in
/// flash. Do not read or write its member.
#[repr(C)]
pub struct tl_audit {
    /// Opaque.
    pub opaque: [u64; TL_AUDIT_WORDS],
}

// SAFETY: integers only, and the assertion follows.
unsafe impl Slot for tl_audit {
    type Value<'a> = Audit;
    const MARK: u32 = 0xa0d1_7a0d;
}

const _: () = slot::assert_fits::<tl_audit>();

/// An entry, read.
#[repr(C)]
pub struct tl_audit_entry {
    /// The earliest that the time may have been, in seconds since 1970.
    pub time: u64,
    /// What counts the entries: what is missing between two of them was lost.
    pub sequence: u32,
    /// `TL_EVENT_TOKEN` or another.
    pub event: u8,
    /// A `tl_error`, by its number.
    pub error: u8,
    /// Whether the time was certain to within the clock's drift.
    pub is_certain: bool,
    /// The first bytes of a hash of `sub`, or zeros.
    pub subject: [u8; 8],
}

/// Begins to count, after every restart.
///
/// @param audit  The record.
/// @param newest The newest entry that was stored, of `TL_AUDIT_ENTRY_LEN` bytes; `NULL` if there is none.
/// @return `TL_OK`, `TL_ERROR_UNKNOWN_EVENT` if the bytes are no entry, or what is wrong with the arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_audit_init(audit: *mut tl_audit, newest: *const u8) -> Code {
    // SAFETY: the caller keeps to the header: the pointers are to a struct, and to so many bytes or null.
    Code::of(unsafe { init(audit, newest) })
}

/// # Safety
///
/// As the header says.
unsafe fn init(audit: *mut tl_audit, newest: *const u8) -> Result<(), Code> {
    let mut value = Audit::new();
    if !newest.is_null() {
        // SAFETY: the caller's condition.
        let bytes = unsafe { newest.cast::<[u8; AUDIT_ENTRY_LEN]>().read() };
        AuditEntry::from_bytes(&bytes).ok_or(tl_error::TL_ERROR_UNKNOWN_EVENT)?;
        value.load(&mut One(bytes))?;
    }
    // SAFETY: the caller's condition. The value borrows nothing.
    unsafe { slot::put(audit, value) }
}

/// Makes the next entry.
///
/// @param audit    An initialised record.
/// @param event    `TL_EVENT_TOKEN` or another.
/// @param error    `TL_OK`, or why it was rejected.
/// @param now      When.
/// @param verified Whose token it was; `NULL`, or one that is empty, if nobody's.
/// @param entry    Where the entry goes: `TL_AUDIT_ENTRY_LEN` bytes.
/// @return `TL_OK`, `TL_ERROR_UNKNOWN_EVENT`, or what is wrong with the arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_audit_record(
    audit: *mut tl_audit,
    event: u8,
    error: u8,
    now: tl_time,
    verified: *const tl_verified,
    entry: *mut u8,
) -> Code {
    // SAFETY: the caller keeps to the header: the pointers are to an initialised struct that nothing else uses now, to
    // claims or null, and to so many bytes.
    Code::of(unsafe { record(audit, event, error, now, verified, entry) })
}

/// # Safety
///
/// As the header says.
unsafe fn record(
    audit: *mut tl_audit,
    event: u8,
    error: u8,
    now: tl_time,
    verified: *const tl_verified,
    entry: *mut u8,
) -> Result<(), Code> {
    let event = match event {
        TL_EVENT_START => Event::Start,
        TL_EVENT_TOKEN => Event::Token,
        TL_EVENT_KEY_SET => Event::KeySet,
        TL_EVENT_REVOCATION => Event::Revocation,
        TL_EVENT_CLOCK => Event::Clock,
        TL_EVENT_STORAGE => Event::Storage,
        TL_EVENT_OTHER.. => Event::Other(event),
        _ => return Err(tl_error::TL_ERROR_UNKNOWN_EVENT.into()),
    };
    slot::check(entry)?;
    // SAFETY: the caller's condition.
    unsafe {
        let subject = slot::get(verified).ok().and_then(|it| it.subject());
        let mut bytes = One([0; AUDIT_ENTRY_LEN]);
        slot::get_mut(audit)?.record_number(event, error, now.into(), subject, &mut bytes)?;
        entry.cast::<[u8; AUDIT_ENTRY_LEN]>().write(bytes.0);
    }
    Ok(())
}

/// Reads an entry.
///
/// @param bytes `TL_AUDIT_ENTRY_LEN` bytes.
/// @param entry Where what they say goes.
/// @return `TL_OK`, `TL_ERROR_UNKNOWN_EVENT` if the bytes are no entry, or what is wrong with the arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tl_audit_read(bytes: *const u8, entry: *mut tl_audit_entry) -> Code {
    // SAFETY: the caller keeps to the header: the pointers are to so many bytes and to a struct.
    Code::of(unsafe { read(bytes, entry) })
}

/// # Safety
///
/// As the header says.
unsafe fn read(bytes: *const u8, entry: *mut tl_audit_entry) -> Result<(), Code> {
    slot::check(bytes)?;
    slot::check(entry)?;
    // SAFETY: the caller's condition.
    let bytes = unsafe { bytes.cast::<[u8; AUDIT_ENTRY_LEN]>().read() };
    let read = AuditEntry::from_bytes(&bytes).ok_or(tl_error::TL_ERROR_UNKNOWN_EVENT)?;
    let [_, _, _, _, event, ..] = bytes;
    let read = tl_audit_entry {
        time: read.time,
        sequence: read.sequence,
        event,
        error: read.number,
        is_certain: read.is_certain,
        subject: read.subject,
    };
    // SAFETY: the caller's condition.
    unsafe { entry.write(read) };
    Ok(())
}

/// A log of one entry, which C stores.
struct One([u8; AUDIT_ENTRY_LEN]);

impl Log for One {
    fn push(&mut self, entry: &[u8]) -> Result<(), Error> {
        self.0 = entry.try_into().map_err(|_| Error::Storage)?;
        Ok(())
    }

    fn each_entry(&mut self, each: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        each(&self.0);
        Ok(())
    }
}

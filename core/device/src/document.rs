//! Signed documents: what the root says to all devices, by whatever way it comes.

use tokenlatch::{Bits, Capacity, JwkSet, Policy, Time, Unverified, Verified};

use crate::clock::Clock;
use crate::error::Error;
use crate::hash;
use crate::record::{MAX_RECORD_LEN, Records, number};

/// Who signs the documents of a device: a key that lies in flash and signs nothing else.
///
/// A document is a JWT that this key signed (RS256), with the `typ` of its kind, and with `iss`, `aud`, `iat` and
/// `exp`.
#[derive(Clone, Copy, Debug)]
pub struct Root<'r, const N: usize = 1, const BITS: usize = 2048>
where
    Bits<BITS>: Capacity,
{
    keys: &'r JwkSet<N, BITS>,
    policy: Policy<'r>,
}

impl<'r, const N: usize, const BITS: usize> Root<'r, N, BITS>
where
    Bits<BITS>: Capacity,
{
    /// Documents of `issuer` for `audience`, such as the name of a fleet, under one of these keys.
    #[must_use]
    pub const fn new(keys: &'r JwkSet<N, BITS>, issuer: &'r str, audience: &'r str) -> Self {
        Self {
            keys,
            policy: Policy::new(issuer, audience).accept_uncertain(),
        }
    }
}

/// What became of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It is in force now.
    New,
    /// It was in force already.
    Already,
}

/// Which document is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    /// `iat`
    pub(crate) issued_at: u64,
    pub(crate) digest: [u8; 32],
}

impl Version {
    /// Before the first document.
    pub(crate) const NONE: Self = Self {
        issued_at: 0,
        digest: [0; 32],
    };
}

/// A document that the root signed.
pub(crate) struct Document<'s> {
    pub(crate) verified: Verified<'s>,
    pub(crate) version: Version,
}

/// Verifies a document, if it is newer than the one in force; `None` if it is that one.
///
/// Twice, each time from the document itself, so that one disturbed instruction brings nothing into force.
// Inlined: no one place that returns decides for both.
#[inline(always)]
pub(crate) fn verify_twice<'s, const N: usize, const BITS: usize>(
    document: &[u8],
    scratch: &'s mut [u8],
    root: &Root<'_, N, BITS>,
    media_type: &str,
    in_force: &Version,
    floor: u64,
) -> Result<Option<Document<'s>>, Error>
where
    Bits<BITS>: Capacity,
{
    verify(document, scratch, root, media_type, in_force, floor)?;
    verify(document, scratch, root, media_type, in_force, floor)
}

/// What is not newer costs no RSA: the `iat` that nobody has checked yet can only lead to a rejection here.
#[inline(never)]
fn verify<'s, const N: usize, const BITS: usize>(
    document: &[u8],
    scratch: &'s mut [u8],
    root: &Root<'_, N, BITS>,
    media_type: &str,
    in_force: &Version,
    floor: u64,
) -> Result<Option<Document<'s>>, Error>
where
    Bits<BITS>: Capacity,
{
    let digest = hash::document(document);
    if digest == in_force.digest {
        return Ok(None);
    }
    let unverified = Unverified::parse_copy(document, scratch)?;
    let claimed = unverified.unverified_claim("iat")?;
    let claimed = claimed.and_then(|claim| claim.as_u64());
    if claimed.ok_or(Error::WrongDocument)? <= in_force.issued_at {
        return Err(Error::Rollback);
    }
    // The root's date counts for more than any other: it can only be known to be too late.
    let verified = authenticate(&unverified, root, media_type, Time::at_least(floor))?;
    let issued_at = verified.issued_at().ok_or(Error::WrongDocument)?;
    if issued_at <= in_force.issued_at {
        return Err(Error::Rollback);
    }
    let version = Version { issued_at, digest };
    Ok(Some(Document { verified, version }))
}

/// Reads the document that a record says is in force, and verifies it again; `None` if there is none.
pub(crate) fn load<'s, const N: usize, const BITS: usize>(
    head: u8,
    scratch: &'s mut [u8],
    root: &Root<'_, N, BITS>,
    media_type: &str,
    records: &mut dyn Records,
) -> Result<Option<Document<'s>>, Error>
where
    Bits<BITS>: Capacity,
{
    let Some(head) = Head::load(head, records)? else {
        return Ok(None);
    };
    let document = scratch.get_mut(..head.len()).ok_or(Error::Corrupt)?;
    document.fill(0);
    // All records at once, since a flash is searched from end to end for each one. A piece that is missing or has
    // another length shows in the digest.
    records.each(&mut |number, value| {
        let mut pieces = document.chunks_mut(MAX_RECORD_LEN).zip(head.pieces());
        if let Some((piece, _)) = pieces.find(|(_, other)| *other == number)
            && piece.len() == value.len()
        {
            piece.copy_from_slice(value);
        }
    })?;
    if hash::document(document) != head.version.digest {
        return Err(Error::Corrupt);
    }
    let unverified = Unverified::parse(document).map_err(|_| Error::Corrupt)?;
    // It was in time when it was applied.
    let verified = authenticate(&unverified, root, media_type, Time::at_least(0))?;
    let version = Version {
        // The root's word counts for more than the head's.
        issued_at: verified.issued_at().ok_or(Error::Corrupt)?,
        digest: head.version.digest,
    };
    Ok(Some(Document { verified, version }))
}

/// Stores a document so that after a loss of power it is in force, or the one before is. The clock learns from it.
///
/// There are three slots for two kinds of documents, so that one slot is always free. The record at `head` says
/// last which slot is in force.
///
/// What is older than the document in force is rejected here once more, for that may not have been read at the start.
/// If its head is damaged for good, the anchor stands for it: the clock is stored before each document, so that none in
/// force is later than the anchor.
pub(crate) fn store(
    head: u8,
    document: &[u8],
    version: &Version,
    clock: &mut Clock,
    records: &mut dyn Records,
) -> Result<(), Error> {
    if document.len() > records.max_document_len() {
        return Err(Error::DocumentTooLong);
    }
    clock.load_lost(records)?;
    let mut is_used = [false; SLOTS as usize];
    for kind in [number::KEY_SET, number::REVOCATION] {
        let in_force = match Head::load(kind, records) {
            Ok(Some(head)) => {
                if let Some(is_used) = is_used.get_mut(usize::from(head.slot)) {
                    *is_used = true;
                }
                // A damaged head must not reject all that is new.
                head.version.issued_at.min(clock.anchor())
            }
            Ok(None) => Version::NONE.issued_at,
            // It holds no slot.
            Err(Error::Corrupt) => clock.anchor(),
            Err(error) => return Err(error),
        };
        if kind == head && version.issued_at < in_force {
            return Err(Error::Rollback);
        }
    }
    clock.store_from_root(version.issued_at, records)?;
    let slot = is_used.iter().position(|is_used| !is_used);
    let slot = slot.ok_or(Error::Corrupt)? as u8;
    let len = u16::try_from(document.len()).map_err(|_| Error::DocumentTooLong)?;
    let new = Head {
        slot,
        len,
        version: *version,
    };
    for (piece, number) in document.chunks(MAX_RECORD_LEN).zip(new.pieces()) {
        records.put(number, piece)?;
    }
    new.store(head, records)
}

/// The longest document that any storage takes, in bytes.
pub const MAX_DOCUMENT_LEN: usize = MAX_PIECES as usize * MAX_RECORD_LEN;

/// How many slots there are, and how many pieces fit into the numbers of one.
pub(crate) const SLOTS: u8 = 3;
pub(crate) const MAX_PIECES: u8 = 12;
const NUMBERS_OF_A_SLOT: u8 = 16;

/// Where a document lies.
struct Head {
    slot: u8,
    len: u16,
    version: Version,
}

/// The first byte of the record.
const VERSION: u8 = 1;

/// How many bytes the record has.
pub const HEAD_LEN: usize = 44;

impl Head {
    fn load(head: u8, records: &mut dyn Records) -> Result<Option<Self>, Error> {
        let mut record = [0; HEAD_LEN];
        match records.get(head, &mut record)? {
            None => Ok(None),
            Some(HEAD_LEN) => {
                let [VERSION, slot @ 0..SLOTS, low, high, rest @ ..] = &record else {
                    return Err(Error::Corrupt);
                };
                let len = u16::from_le_bytes([*low, *high]);
                let (Some((issued_at, digest)), true) = (
                    rest.split_first_chunk(),
                    usize::from(len) <= MAX_DOCUMENT_LEN,
                ) else {
                    return Err(Error::Corrupt);
                };
                let version = Version {
                    issued_at: u64::from_le_bytes(*issued_at),
                    digest: digest.try_into().map_err(|_| Error::Corrupt)?,
                };
                let slot = *slot;
                Ok(Some(Self { slot, len, version }))
            }
            Some(_) => Err(Error::Corrupt),
        }
    }

    fn store(&self, head: u8, records: &mut dyn Records) -> Result<(), Error> {
        let mut record = [0; HEAD_LEN];
        let [low, high] = self.len.to_le_bytes();
        let start = [VERSION, self.slot, low, high];
        let issued_at = self.version.issued_at.to_le_bytes();
        let bytes = start.iter().chain(&issued_at).chain(&self.version.digest);
        for (to, from) in record.iter_mut().zip(bytes) {
            *to = *from;
        }
        records.put(head, &record)
    }

    fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// The numbers of its pieces.
    fn pieces(&self) -> impl Iterator<Item = u8> + use<> {
        let first = number::DOCUMENT + NUMBERS_OF_A_SLOT * self.slot.min(SLOTS - 1);
        first..first + MAX_PIECES
    }
}

/// Checks the signature and the claims that every document has.
fn authenticate<'s, const N: usize, const BITS: usize>(
    unverified: &Unverified<'s>,
    root: &Root<'_, N, BITS>,
    media_type: &str,
    now: Time,
) -> Result<Verified<'s>, Error>
where
    Bits<BITS>: Capacity,
{
    let policy = root.policy.require_type(media_type);
    let policy = policy.require_claims(&["iat"]);
    Ok(unverified.authenticate(root.keys)?.verify(&policy, now)?)
}

//! What is revoked before it expires: by epochs, and by a short list.

use heapless::Vec;
use tokenlatch::json::{Text, Value};
use tokenlatch::{Bits, Capacity, Verified};

use crate::clock::Clock;
use crate::document::{self, Applied, Root, Version};
use crate::error::Error;
use crate::hash::{self, Kind, Short};
use crate::record::{Records, number};

/// The `typ` of a revocation.
pub const REVOCATION_TYPE: &str = "revocation+jwt";

/// What is revoked: up to `EPOCHS` epochs and `ENTRIES` entries.
///
/// It is a JWT of the [`Root`]:
///
/// ```json
/// {"alg":"RS256","typ":"revocation+jwt","kid":"root"}
/// {"iss":"https://issuer.example/","aud":"fleet","iat":1790000000,"exp":1800000000,
///  "epochs":[{"iss":"https://issuer.example/","iat":1780000000},{"group":"contractors","iat":1790000000}],
///  "revoked":[{"jti":"t-17"},{"sub":"mallory"},{"kid":"2026-10"}]}
/// ```
///
/// - An epoch rejects the tokens of an issuer, or those whose claim `groups` has a group, whose `iat` is before
///   the epoch's, or absent. It takes one place however many tokens it rejects, so it comes first.
/// - An entry rejects a token by its `jti`, its subject by `sub`, or its key by `kid`.
/// - Its own `iat` is its version, as with a [`KeySet`](crate::KeySet), and it replaces all that was revoked. Its
///   `exp` counts when it arrives only: what is in force stays in force.
/// - One with more epochs or entries than there is room for is rejected whole ([`Error::TooManyRevoked`]), as is
///   one with a member that is neither known here nor in RFC 7519 section 4.1 ([`Error::WrongDocument`]): half a list
///   would be worse than the old one. If a list gets too long, replace its entries by an epoch.
///
/// An epoch takes 32 bytes of memory and an entry 16, whatever the length of the text: hashes stand for them.
#[derive(Clone, Debug)]
pub struct Revocation<const EPOCHS: usize, const ENTRIES: usize> {
    tables: Tables<EPOCHS, ENTRIES>,
    version: Version,
    /// There is a revocation in storage that cannot be read.
    is_lost: bool,
}

impl<const EPOCHS: usize, const ENTRIES: usize> Default for Revocation<EPOCHS, ENTRIES> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const EPOCHS: usize, const ENTRIES: usize> Revocation<EPOCHS, ENTRIES> {
    /// Nothing is revoked.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            tables: Tables::EMPTY,
            version: Version::NONE,
            is_lost: false,
        }
    }

    /// Rejects a token that is revoked.
    ///
    /// # Errors
    ///
    /// [`Error::Revoked`]. [`Error::Corrupt`] for every token, if [`load`](Self::load) found a revocation that it
    /// could not read, until there is a new one.
    pub fn check(&self, token: &Verified<'_>) -> Result<(), Error> {
        if self.is_lost {
            return Err(Error::Corrupt);
        }
        let is_revoked = self.tables.epochs.iter().any(|epoch| epoch.revokes(token))
            || self.tables.revokes(Kind::TokenId, token.token_id())
            || self.tables.revokes(Kind::Subject, token.subject())
            || self.tables.revokes(Kind::KeyId, token.key_id());
        if is_revoked {
            Err(Error::Revoked)
        } else {
            Ok(())
        }
    }

    /// `iat` of the revocation in force, in seconds since 1970; 0 if there is none, or if it could not be loaded.
    #[must_use]
    pub const fn issued_at(&self) -> u64 {
        self.version.issued_at
    }

    /// How many epochs and entries are in force.
    #[must_use]
    pub fn len(&self) -> (usize, usize) {
        (self.tables.epochs.len(), self.tables.entries.len())
    }

    /// Takes the revocation that is in force, after a restart. `scratch` has room for a document
    /// ([`MAX_DOCUMENT_LEN`](crate::MAX_DOCUMENT_LEN) is always enough). The clock must have been loaded before.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`]; [`Error::Corrupt`] if there is a revocation that cannot be read, and
    /// [`Error::Token`] if its signature or its claims are not what the root's are. Every token is then rejected.
    pub fn load<const M: usize, const BITS: usize>(
        &mut self,
        scratch: &mut [u8],
        root: &Root<'_, M, BITS>,
        clock: &mut Clock,
        records: &mut dyn Records,
    ) -> Result<(), Error>
    where
        Bits<BITS>: Capacity,
    {
        self.lose();
        let read = document::load(number::REVOCATION, scratch, root, REVOCATION_TYPE, records)?;
        if let Some(read) = read {
            Tables::<EPOCHS, ENTRIES>::check(&read.verified)?;
            self.tables.take(&read.verified)?;
            self.version = read.version;
            clock.learn_from_root(read.version.issued_at);
        }
        self.is_lost = false;
        Ok(())
    }

    /// As if [`load`](Self::load) had failed: for programs in C.
    #[doc(hidden)]
    pub const fn lose(&mut self) {
        self.is_lost = true;
        // What is lost may be applied again, and what is older is rejected when it is to be stored. (If its head is
        // damaged, the anchor decides, and another document may have raised that.)
        self.version = Version::NONE;
    }

    /// Applies a revocation: a compact JWT, by whatever way it came. `scratch` is at least as long.
    ///
    /// The revocation raises the clock's anchor. It is stored first, and then in force.
    ///
    /// # Errors
    ///
    /// [`Error::Token`], [`Error::Rollback`], [`Error::WrongDocument`], [`Error::DocumentTooLong`],
    /// [`Error::TooManyRevoked`], [`Error::Storage`] and [`Error::StorageFull`]. What was in force stays so.
    pub fn apply<const M: usize, const BITS: usize>(
        &mut self,
        document: &[u8],
        scratch: &mut [u8],
        root: &Root<'_, M, BITS>,
        clock: &mut Clock,
        records: &mut dyn Records,
    ) -> Result<Applied, Error>
    where
        Bits<BITS>: Capacity,
    {
        let in_force = &self.version;
        let floor = clock.floor();
        let read =
            document::verify_twice(document, scratch, root, REVOCATION_TYPE, in_force, floor)?;
        let Some(read) = read else {
            return Ok(Applied::Already);
        };
        Tables::<EPOCHS, ENTRIES>::check(&read.verified)?;
        document::store(number::REVOCATION, document, &read.version, clock, records)?;
        // Half a list would be worse than none.
        self.is_lost = true;
        self.tables.take(&read.verified)?;
        self.version = read.version;
        self.is_lost = false;
        Ok(Applied::New)
    }
}

#[derive(Clone, Debug)]
struct Tables<const EPOCHS: usize, const ENTRIES: usize> {
    epochs: Vec<Epoch, EPOCHS>,
    entries: Vec<Short, ENTRIES>,
}

/// The tokens of an issuer, or of a group, from before `start`.
#[derive(Clone, Copy, Debug)]
struct Epoch {
    is_group: bool,
    hash: Short,
    /// In seconds since 1970.
    start: u64,
}

impl<const EPOCHS: usize, const ENTRIES: usize> Tables<EPOCHS, ENTRIES> {
    const EMPTY: Self = Self {
        epochs: Vec::new(),
        entries: Vec::new(),
    };

    /// Checks that all of a document is known and has room, before what is in force is given up.
    fn check(document: &Verified<'_>) -> Result<(), Error> {
        let mut members = document.claims().members();
        if !members.all(|(name, _)| CLAIMS.iter().any(|claim| name == **claim)) {
            return Err(Error::WrongDocument);
        }
        let (mut epochs, mut entries) = (0, 0);
        each(document, &mut |revoked| {
            let (count, room) = match revoked {
                Revoked::Epoch(_) => (&mut epochs, EPOCHS),
                Revoked::Entry(_) => (&mut entries, ENTRIES),
            };
            *count += 1;
            if *count > room {
                return Err(Error::TooManyRevoked);
            }
            Ok(())
        })
    }

    /// Takes a document in place: on a small stack there is no room for other tables.
    fn take(&mut self, document: &Verified<'_>) -> Result<(), Error> {
        self.epochs.clear();
        self.entries.clear();
        each(document, &mut |revoked| {
            let is_full = match revoked {
                Revoked::Epoch(epoch) => self.epochs.push(epoch).is_err(),
                Revoked::Entry(entry) => self.entries.push(entry).is_err(),
            };
            if is_full {
                return Err(Error::TooManyRevoked);
            }
            Ok(())
        })
    }

    /// Whether there is an entry with this text.
    fn revokes(&self, kind: Kind, text: Option<Text<'_>>) -> bool {
        text.is_some_and(|text| {
            let hash = hash::texts(kind, &[text]);
            self.entries.contains(&hash)
        })
    }
}

impl Epoch {
    fn read(epoch: Value<'_>) -> Result<Self, Error> {
        let epoch = epoch.as_object().ok_or(Error::WrongDocument)?;
        let (mut whose, mut start) = (None, None);
        for (name, value) in epoch.members() {
            if name == "iat" {
                start = value.as_u64();
            } else if let (None, Some(text)) = (whose, value.as_text()) {
                whose = if name == "iss" {
                    Some((false, hash::texts(Kind::Issuer, &[text])))
                } else if name == "group" {
                    Some((true, hash::texts(Kind::Group, &[text])))
                } else {
                    return Err(Error::WrongDocument);
                };
            } else {
                return Err(Error::WrongDocument);
            }
        }
        let (is_group, hash) = whose.ok_or(Error::WrongDocument)?;
        let start = start.ok_or(Error::WrongDocument)?;
        Ok(Self {
            is_group,
            hash,
            start,
        })
    }

    fn revokes(&self, token: &Verified<'_>) -> bool {
        if token.issued_at().is_some_and(|date| date >= self.start) {
            return false;
        }
        if self.is_group {
            let mut groups = token.texts(&["groups"]);
            groups.any(|group| hash::texts(Kind::Group, &[group]) == self.hash)
        } else {
            hash::texts(Kind::Issuer, &[token.issuer()]) == self.hash
        }
    }
}

/// What a document may have: the claims of RFC 7519 section 4.1, and its own. A list with a misspelt name would revoke
/// nothing.
const CLAIMS: [&str; 9] = [
    "iss", "sub", "aud", "exp", "nbf", "iat", "jti", "epochs", "revoked",
];

/// What a document revokes.
enum Revoked {
    Epoch(Epoch),
    Entry(Short),
}

/// Calls `each` with the epochs and then the entries of a document.
fn each(
    document: &Verified<'_>,
    each: &mut dyn FnMut(Revoked) -> Result<(), Error>,
) -> Result<(), Error> {
    for epoch in elements(document, "epochs")? {
        each(Revoked::Epoch(Epoch::read(epoch)?))?;
    }
    for entry in elements(document, "revoked")? {
        each(Revoked::Entry(read_entry(entry)?))?;
    }
    Ok(())
}

/// The elements of an array, which may be absent.
fn elements<'s>(
    document: &Verified<'s>,
    claim: &str,
) -> Result<impl Iterator<Item = Value<'s>>, Error> {
    let array = match document.claim(&[claim]) {
        None => None,
        Some(Value::Array(array)) => Some(array),
        Some(_) => return Err(Error::WrongDocument),
    };
    Ok(array.into_iter().flat_map(|array| array.elements()))
}

/// The hash of the only member.
fn read_entry(entry: Value<'_>) -> Result<Short, Error> {
    let entry = entry.as_object().ok_or(Error::WrongDocument)?;
    let mut members = entry.members();
    let (Some((name, value)), None) = (members.next(), members.next()) else {
        return Err(Error::WrongDocument);
    };
    let text = value.as_text().ok_or(Error::WrongDocument)?;
    let kind = if name == "jti" {
        Kind::TokenId
    } else if name == "sub" {
        Kind::Subject
    } else if name == "kid" {
        Kind::KeyId
    } else {
        return Err(Error::WrongDocument);
    };
    Ok(hash::texts(kind, &[text]))
}

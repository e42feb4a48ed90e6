//! The keys in force, replaced by signed updates.

use tokenlatch::{Bits, Capacity, Jwk, JwkSet, Time, for_each_jwk};

use crate::clock::Clock;
use crate::document::{self, Applied, Document, Root, Version};
use crate::error::Error;
use crate::record::{Records, number};

/// The `typ` of a key set update: a signed JWK Set (OpenID Federation 1.0 section 5.2.1.1).
pub const KEY_SET_TYPE: &str = "jwk-set+jwt";

/// The keys in force, at most `N` of at most `BITS` bits: those of the factory, until the first signed update.
///
/// An update is a JWT of the [`Root`]:
///
/// ```json
/// {"alg":"RS256","typ":"jwk-set+jwt","kid":"root"}
/// {"iss":"https://issuer.example/","aud":"fleet","iat":1790000000,"exp":1800000000,"keys":[{"kty":"RSA"}]}
/// ```
///
/// - Its `iat` is its version: it is applied if that is greater than that of the set in force.
/// - Its `exp` is the end of its keys, too: once the time has certainly reached it, there are no keys
///   ([`Error::KeySetExpired`]). Whoever only ever lets the device hear the past keeps it from the end, too, so
///   the [`Clock`] matters.
/// - It replaces all keys. One with more usable keys than `N`, or with none, is rejected whole. Keys that are not
///   usable, such as those that are not RSA, are skipped (RFC 7517 section 5).
///
/// What is stored is the signed text, and [`load`](Self::load) verifies it again: whoever can write the flash but
/// not sign can give the device no key. He can give it back an older update, or the factory's keys by removing
/// the records.
#[derive(Clone, Debug)]
pub struct KeySet<const N: usize, const BITS: usize = 2048>
where
    Bits<BITS>: Capacity,
{
    keys: JwkSet<N, BITS>,
    version: Version,
    /// `exp`, in seconds since 1970.
    expiry: u64,
    /// There is an update in storage that cannot be read.
    is_lost: bool,
}

impl<const N: usize, const BITS: usize> KeySet<N, BITS>
where
    Bits<BITS>: Capacity,
{
    /// The factory's keys, which never expire, and which every update is newer than.
    #[must_use]
    pub const fn new(keys: JwkSet<N, BITS>) -> Self {
        Self {
            keys,
            version: Version::NONE,
            expiry: u64::MAX,
            is_lost: false,
        }
    }

    /// The keys for a token, at this time.
    ///
    /// # Errors
    ///
    /// [`Error::KeySetExpired`], once the time has certainly reached their end. [`Error::Corrupt`], if
    /// [`load`](Self::load) found an update that it could not read, until there is a new one.
    pub const fn keys(&self, now: Time) -> Result<&JwkSet<N, BITS>, Error> {
        if self.is_lost {
            Err(Error::Corrupt)
        } else if now.earliest() >= self.expiry {
            Err(Error::KeySetExpired)
        } else {
            Ok(&self.keys)
        }
    }

    /// `iat` of the update in force, in seconds since 1970; 0 for the factory's keys, or if it could not be loaded.
    #[must_use]
    pub const fn issued_at(&self) -> u64 {
        self.version.issued_at
    }

    /// The second from which on there are no keys, since 1970; `u64::MAX` for the factory's keys.
    #[must_use]
    pub const fn expiry(&self) -> u64 {
        self.expiry
    }

    /// Takes the update that is in force, after a restart. `scratch` has room for a document
    /// ([`MAX_DOCUMENT_LEN`](crate::MAX_DOCUMENT_LEN) is always enough). The clock must have been loaded before.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`]; [`Error::Corrupt`] if there is an update that cannot be read, and
    /// [`Error::Token`] if its signature or its claims are not what the root's are. There are then no keys.
    pub fn load<const M: usize, const ROOT_BITS: usize>(
        &mut self,
        scratch: &mut [u8],
        root: &Root<'_, M, ROOT_BITS>,
        clock: &mut Clock,
        records: &mut dyn Records,
    ) -> Result<(), Error>
    where
        Bits<ROOT_BITS>: Capacity,
    {
        self.lose();
        if let Some(document) =
            document::load(number::KEY_SET, scratch, root, KEY_SET_TYPE, records)?
        {
            self.check(&document)?;
            self.take(&document)?;
            clock.learn_from_root(document.version.issued_at);
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

    /// Applies an update: a compact JWT, by whatever way it came. `scratch` is at least as long.
    ///
    /// The update raises the clock's anchor. It is stored first, and then in force.
    ///
    /// # Errors
    ///
    /// [`Error::Token`], [`Error::Rollback`], [`Error::WrongDocument`], [`Error::DocumentTooLong`],
    /// [`Error::TooManyKeys`], [`Error::Storage`] and [`Error::StorageFull`]. What was in force stays so.
    pub fn apply<const M: usize, const ROOT_BITS: usize>(
        &mut self,
        document: &[u8],
        scratch: &mut [u8],
        root: &Root<'_, M, ROOT_BITS>,
        clock: &mut Clock,
        records: &mut dyn Records,
    ) -> Result<Applied, Error>
    where
        Bits<ROOT_BITS>: Capacity,
    {
        let in_force = &self.version;
        let floor = clock.floor();
        let read = document::verify_twice(document, scratch, root, KEY_SET_TYPE, in_force, floor)?;
        let Some(read) = read else {
            return Ok(Applied::Already);
        };
        self.check(&read)?;
        document::store(number::KEY_SET, document, &read.version, clock, records)?;
        self.take(&read)?;
        self.is_lost = false;
        Ok(Applied::New)
    }

    /// Checks that all of the keys will be there, before the ones in force are given up.
    fn check(&self, document: &Document<'_>) -> Result<(), Error> {
        let mut usable = 0;
        for_each_jwk(json(document), &mut |jwk| {
            let is_usable = |jwk: &[u8]| Jwk::<BITS>::check_json(jwk).is_ok();
            if jwk.is_ok_and(|jwk| is_usable(jwk.as_str().as_bytes())) {
                usable += 1;
            }
        })?;
        match usable {
            0 => Err(Error::WrongDocument),
            usable if usable > N => Err(Error::TooManyKeys),
            _ => Ok(()),
        }
    }

    fn take(&mut self, document: &Document<'_>) -> Result<(), Error> {
        self.keys.read_json(json(document))?;
        self.version = document.version;
        self.expiry = document.verified.expiry();
        Ok(())
    }
}

/// The claims, which are a JWK Set, too: they have `keys`.
fn json<'s>(document: &Document<'s>) -> &'s [u8] {
    document.verified.claims().as_str().as_bytes()
}

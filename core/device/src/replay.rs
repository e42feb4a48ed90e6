//! Tokens that are used once.

use core::time::Duration;

use tokenlatch::Verified;

use crate::clock::Clock;
use crate::error::Error;
use crate::hash::{self, Kind, Short};
use crate::record::{Records, number};

/// The last `N` tokens that were used, by `iss` and `jti` (RFC 7519 section 4.1.7); at most 128.
///
/// A token is forgotten only once it has certainly expired, by the *stored* floor of the [`Clock`]: then the
/// policy rejects it as expired, also after a restart. If none of `N` tokens has, there is no room for another
/// one, which is rejected ([`Error::ReplayFull`]). So `N` is how many tokens a device takes in the time that a
/// token is valid, and tokens for devices should be valid for minutes. Without a running clock nothing expires
/// but by later tokens and documents.
///
/// A token is stored before it counts as accepted: a loss of power between the two costs its holder another
/// token, and gives nobody a second use. A token takes 24 bytes of memory and 36 of flash.
#[derive(Clone, Debug)]
pub struct Replay<const N: usize> {
    used: [Used; N],
    /// In seconds.
    leeway: u64,
}

impl<const N: usize> Replay<N> {
    /// No token was used. `leeway` is that of the policy that accepts the tokens
    /// ([`Policy::leeway`](tokenlatch::Policy::leeway)): they are remembered for that much longer.
    #[must_use]
    pub const fn new(leeway: Duration) -> Self {
        const { assert!(N >= 1 && N <= 128, "from 1 to 128 tokens can be remembered") };
        // What is left of a fraction of a second counts as a whole one.
        let leeway = leeway.as_secs().saturating_add(1);
        Self {
            used: [Used::NONE; N],
            leeway,
        }
    }

    /// Takes the used tokens, after a restart. The clock must have been loaded before.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`], or [`Error::Corrupt`] if a record is not one of a token; then every place is taken,
    /// and no token is accepted.
    pub fn load(&mut self, records: &mut dyn Records) -> Result<(), Error> {
        // Until all is known, no token is new.
        self.lose();
        let mut used = [Used::NONE; N];
        let mut is_corrupt = false;
        records.each(&mut |number, value| {
            if let Some(place) = number.checked_sub(number::REPLAY)
                && let Some(place) = used.get_mut(usize::from(place))
            {
                match Used::read(value) {
                    Some(used) => *place = used,
                    None => is_corrupt = true,
                }
            }
        })?;
        if is_corrupt {
            return Err(Error::Corrupt);
        }
        self.used = used;
        Ok(())
    }

    /// As if [`load`](Self::load) had failed: for programs in C.
    #[doc(hidden)]
    pub const fn lose(&mut self) {
        self.used = [Used::NEVER_FORGOTTEN; N];
    }

    /// Uses a token, or rejects it.
    ///
    /// # Errors
    ///
    /// [`Error::MissingTokenId`], [`Error::Replayed`], [`Error::ReplayFull`], [`Error::Storage`] and
    /// [`Error::StorageFull`]; [`Error::Corrupt`] for every token, if the clock could not be loaded ([`Clock`]).
    pub fn accept(
        &mut self,
        token: &Verified<'_>,
        clock: &mut Clock,
        records: &mut dyn Records,
    ) -> Result<(), Error> {
        // The floor by which tokens were forgotten is not known.
        if clock.is_lost() {
            return Err(Error::Corrupt);
        }
        self.check(token)?;
        let used = Used {
            hash: hash_of(token)?,
            expiry: token.expiry().saturating_add(self.leeway),
        };
        let place = match self.place(clock.stored_floor()) {
            Some(place) => place,
            None => {
                // What has expired by now is forgotten once a restart would know so, too.
                let place = self.place(clock.floor()).ok_or(Error::ReplayFull)?;
                clock.store(records)?;
                place
            }
        };
        let number = number::REPLAY.saturating_add(place as u8);
        records.put(number, &used.record())?;
        if let Some(place) = self.used.get_mut(place) {
            *place = used;
        }
        Ok(())
    }

    /// Rejects a token that was used, and uses up none: for the first of two verifications, so that a disturbed
    /// instruction in the second one, which calls [`accept`](Self::accept), is not enough.
    ///
    /// # Errors
    ///
    /// [`Error::MissingTokenId`] and [`Error::Replayed`].
    #[inline(never)]
    pub fn check(&self, token: &Verified<'_>) -> Result<(), Error> {
        let hash = hash_of(token)?;
        if self.used.iter().any(|used| used.hash == hash) {
            return Err(Error::Replayed);
        }
        Ok(())
    }

    /// How many tokens are remembered that may not have expired yet, by the clock's floor.
    #[must_use]
    pub fn len(&self, clock: &Clock) -> usize {
        let used = self.used.iter();
        used.filter(|used| used.expiry > clock.floor()).count()
    }

    /// The first place whose token has expired.
    fn place(&self, floor: u64) -> Option<usize> {
        self.used.iter().position(|used| used.expiry <= floor)
    }
}

// Inlined: as a function of its own it gets a pointer to its result, and where the instruction that sets the pointer was
// skipped, the result of the first verification went over the used tokens.
#[inline(always)]
fn hash_of(token: &Verified<'_>) -> Result<Short, Error> {
    let id = token.token_id().ok_or(Error::MissingTokenId)?;
    Ok(hash::texts(Kind::Used, &[token.issuer(), id]))
}

/// A used token.
#[derive(Clone, Copy, Debug)]
struct Used {
    hash: Short,
    /// The second from which on no policy accepts it, since 1970.
    expiry: u64,
}

const RECORD_LEN: usize = 24;

impl Used {
    const NONE: Self = Self {
        hash: [0; 16],
        expiry: 0,
    };

    const NEVER_FORGOTTEN: Self = Self {
        hash: [0; 16],
        expiry: u64::MAX,
    };

    fn record(&self) -> [u8; RECORD_LEN] {
        let mut record = [0; RECORD_LEN];
        let expiry = self.expiry.to_le_bytes();
        for (to, from) in record.iter_mut().zip(self.hash.iter().chain(&expiry)) {
            *to = *from;
        }
        record
    }

    fn read(record: &[u8]) -> Option<Self> {
        let (hash, expiry) = record.split_first_chunk()?;
        Some(Self {
            hash: *hash,
            expiry: u64::from_le_bytes(expiry.try_into().ok()?),
        })
    }
}

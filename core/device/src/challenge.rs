//! A challenge: a nonce of the device that the token must echo, so that a copied token is worth nothing.

use core::time::Duration;

use tokenlatch::Verified;

use crate::error::Error;
use crate::hash::{self, Hasher, Kind};
use crate::record::{Records, number};

/// A nonce that no token has echoed before.
#[derive(Clone, Copy)]
pub struct Nonce([u8; 16]);

/// The characters of a nonce in a token's claim `nonce` (OpenID Connect Core section 2): base64url without
/// padding.
pub const NONCE_LEN: usize = 22;

impl Nonce {
    /// A nonce of 16 bytes of a true random number generator.
    ///
    /// Bytes that somebody can foretell, such as those of a timer, let him have a token made before he comes.
    #[must_use]
    pub const fn from_random(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The text for the claim `nonce`.
    #[must_use]
    pub fn text(&self) -> [u8; NONCE_LEN] {
        const ALPHABET: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut text = [0; NONCE_LEN];
        let bits = u128::from_be_bytes(self.0);
        for (at, character) in text.iter_mut().enumerate() {
            let shift = 122_usize.checked_sub(6 * at);
            let index = match shift {
                Some(shift) => bits >> shift,
                // The last character has the last two bits, and four zeros.
                None => bits << 4,
            };
            *character = ALPHABET.get(index as usize % 64).copied().unwrap_or(b'A');
        }
        text
    }
}

/// The challenge that waits for its token: one at a time.
///
/// Ask for tokens with a nonce where a token that was copied on its way must open nothing. The issuer must be
/// reachable then while somebody stands at the door, so this is not for tokens that were fetched before.
#[derive(Clone)]
pub struct Challenge {
    waiting: Option<Waiting>,
    /// In milliseconds.
    lifetime: u64,
}

#[derive(Clone)]
struct Waiting {
    text: [u8; NONCE_LEN],
    /// In milliseconds since the reset.
    since: u64,
}

impl Challenge {
    /// No challenge. Each one lasts for `lifetime`, such as 60 seconds.
    #[must_use]
    pub const fn new(lifetime: Duration) -> Self {
        let lifetime = lifetime.as_millis();
        Self {
            waiting: None,
            lifetime: if lifetime < u64::MAX as u128 {
                lifetime as u64
            } else {
                u64::MAX
            },
        }
    }

    /// Begins a challenge, which replaces the one that waits, and returns the text for the token. `now` is in
    /// milliseconds, of a counter that does not go back.
    pub fn begin(&mut self, nonce: Nonce, now: u64) -> [u8; NONCE_LEN] {
        let text = nonce.text();
        self.waiting = Some(Waiting { text, since: now });
        text
    }

    /// Whether a challenge waits for its token.
    #[must_use]
    pub fn is_waiting(&self, now: u64) -> bool {
        // A counter that has wrapped around ends the challenge.
        let age = self
            .waiting
            .as_ref()
            .and_then(|waiting| now.checked_sub(waiting.since));
        age.is_some_and(|age| age < self.lifetime)
    }

    /// Ends the challenge, if the token echoes it; else it waits on.
    ///
    /// # Errors
    ///
    /// [`Error::MissingNonce`], [`Error::WrongNonce`], [`Error::NonceExpired`].
    pub fn check(&mut self, token: &Verified<'_>, now: u64) -> Result<(), Error> {
        self.compare(token, now)?;
        self.waiting = None;
        Ok(())
    }

    /// As [`check`](Self::check), but the challenge waits on: for the first of two verifications, so that a
    /// disturbed instruction in the second one, which calls `check`, is not enough.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    #[inline(never)]
    pub fn compare(&self, token: &Verified<'_>, now: u64) -> Result<(), Error> {
        let claim = token.claim(&["nonce"]).and_then(|claim| claim.as_text());
        let claim = claim.ok_or(Error::MissingNonce)?;
        let waiting = self.waiting.as_ref().filter(|_| self.is_waiting(now));
        let waiting = waiting.ok_or(Error::NonceExpired)?;
        // One byte more, for a text that is too long.
        let mut text = [0; NONCE_LEN + 1];
        let len = claim.copy_to(&mut text);
        let differences = text.iter().zip(&waiting.text);
        let differences = differences.fold(0, |all, (one, other)| all | (one ^ other));
        if len != Some(NONCE_LEN) || core::hint::black_box(differences) != 0 {
            return Err(Error::WrongNonce);
        }
        Ok(())
    }
}

/// Nonces for a device without a true random number generator: SHA-256 over a secret seed and a counter that
/// never goes back.
///
/// Whoever knows the seed can foretell all nonces, and nobody else can, however many he has seen. Give each device
/// a seed of its own, of 32 random bytes, when it is made.
///
/// The counter is stored for 64 nonces at once, before the first of them is shown, so that 64 questions cost one
/// write; a restart skips what is left of them.
#[derive(Clone)]
pub struct Nonces {
    seed: [u8; 32],
    next: u64,
    /// The counters below this one are this run's.
    reserved: u64,
}

/// How many nonces are reserved at once.
const RESERVED: u64 = 64;

impl Nonces {
    /// The nonces of a seed. Take the counter with [`load`](Self::load).
    #[must_use]
    pub const fn new(seed: [u8; 32]) -> Self {
        Self {
            seed,
            next: u64::MAX,
            reserved: u64::MAX,
        }
    }

    /// Takes the counter, after a restart.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`], or [`Error::Corrupt`] if the record is not one of a counter. There are then no nonces.
    pub fn load(&mut self, records: &mut dyn Records) -> Result<(), Error> {
        self.lose();
        let mut record = [0; 8];
        self.next = match records.get(number::NONCES, &mut record)? {
            None => 0,
            Some(8) => u64::from_le_bytes(record),
            Some(_) => return Err(Error::Corrupt),
        };
        self.reserved = self.next;
        Ok(())
    }

    /// As if [`load`](Self::load) had failed: for programs in C.
    #[doc(hidden)]
    pub const fn lose(&mut self) {
        self.next = u64::MAX;
        self.reserved = u64::MAX;
    }

    /// The next nonce.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`], [`Error::StorageFull`], and [`Error::Corrupt`] if [`load`](Self::load) did not succeed
    /// before.
    pub fn next(&mut self, records: &mut dyn Records) -> Result<Nonce, Error> {
        if self.next == self.reserved {
            let reserved = self.next.checked_add(RESERVED).ok_or(Error::Corrupt)?;
            records.put(number::NONCES, &reserved.to_le_bytes())?;
            self.reserved = reserved;
        }
        let mut hasher = Hasher::new(Kind::Nonce);
        hasher.bytes(&self.seed);
        hasher.bytes(&self.next.to_le_bytes());
        self.next += 1;
        Ok(Nonce(hash::short(&hasher.finish())))
    }
}

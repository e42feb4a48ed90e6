//! What a device that verifies tokens offline needs besides the verifier, [`tokenlatch`]: the time, key updates,
//! revocation, single use, a challenge, a record of what happened, and a storage for all of it.
//!
//! Nothing here allocates, nothing is unsafe, and nothing is global: each part is a value that the firmware owns.
//!
//! # A door, in order
//!
//! ```
//! use core::time::Duration;
//!
//! use embedded_storage::nor_flash::NorFlash;
//! use tokenlatch::{JwkSet, Policy, Time, Verified, verify};
//! use tokenlatch_device::{
//!     Applied, Audit, Challenge, Clock, Error, Event, Fingerprint, KeySet, Layout, Nonces, Replay, Revocation, Root,
//!     Storage, Verdict,
//! };
//!
//! // Constants, from `tokenlatch pack`: the root's key, the factory's keys and the time of the build.
//! # const BUILD_TIME: u64 = 1_790_000_000;
//! # const FACTORY_KEYS: JwkSet<4> = JwkSet::from_keys([]);
//! static ROOT_KEYS: JwkSet<1> = JwkSet::from_keys([/* jwk!("root", ...) */]);
//! const ROOT: Root = Root::new(&ROOT_KEYS, "https://issuer.example/", "fleet");
//! // As far as the real-time clock may be off.
//! const LEEWAY: Duration = Duration::from_secs(60);
//! const POLICY: Policy = Policy::new("https://issuer.example/", "door-1")
//!     .require_scopes(&["door:open"])
//!     .leeway(LEEWAY);
//!
//! struct Door<F: NorFlash> {
//!     storage: Storage<F>,
//!     clock: Clock,
//!     keys: KeySet<4>,
//!     revocation: Revocation<4, 32>,
//!     replay: Replay<32>,
//!     challenge: Challenge,
//!     nonces: Nonces,
//!     audit: Audit,
//! }
//!
//! impl<F: NorFlash> Door<F> {
//!     /// After every reset. `scratch` has `MAX_DOCUMENT_LEN` bytes, or as many as the storage takes.
//!     fn start(flash: F, seed: [u8; 32], scratch: &mut [u8]) -> Result<Self, Error> {
//!         let mut door = Self {
//!             storage: Storage::open(flash, Layout::default())?,
//!             clock: Clock::new(BUILD_TIME, Duration::from_secs(400 * 86_400)),
//!             keys: KeySet::new(FACTORY_KEYS),
//!             revocation: Revocation::new(),
//!             replay: Replay::new(LEEWAY),
//!             challenge: Challenge::new(Duration::from_secs(60)),
//!             nonces: Nonces::new(seed),
//!             audit: Audit::new(),
//!         };
//!         let (storage, clock) = (&mut door.storage, &mut door.clock);
//!         // A door records an error of these and goes on: what could not be read then rejects by itself. The audit
//!         // record alone begins anew.
//!         clock.load(storage)?;
//!         door.keys.load(scratch, &ROOT, clock, storage)?;
//!         door.revocation.load(scratch, &ROOT, clock, storage)?;
//!         door.replay.load(storage)?;
//!         door.nonces.load(storage)?;
//!         door.audit.load(storage)?;
//!         Ok(door)
//!     }
//!
//!     /// A key set update, from the wire or from a token's claim `signed_jwks`.
//!     fn update(&mut self, document: &[u8], scratch: &mut [u8]) -> Result<Applied, Error> {
//!         self.keys.apply(document, scratch, &ROOT, &mut self.clock, &mut self.storage)
//!     }
//!
//!     /// A question for a nonce. `ticks` are milliseconds since the reset.
//!     fn ask(&mut self, ticks: u64) -> Result<[u8; 22], Error> {
//!         let nonce = self.nonces.next(&mut self.storage)?;
//!         Ok(self.challenge.begin(nonce, ticks))
//!     }
//!
//!     /// A token: whether the bolt moves. `rtc` is what the real-time clock says, if it runs.
//!     fn token(&mut self, token: &[u8], rtc: Option<u64>, scratch: &mut [u8]) -> Verdict {
//!         let now = self.clock.read(rtc).time;
//!         let result = self.accept(token, now, scratch);
//!         let event = result.map(|_| ());
//!         let recorded = self.audit.record(Event::Token, event, now, None, &mut self.storage);
//!         match (result, recorded) {
//!             (Ok(verdict), Ok(())) => verdict,
//!             _ => Verdict::REJECTED,
//!         }
//!     }
//!
//!     /// All of it twice, each time from what came over the wire, so that no one disturbed instruction decides.
//!     fn accept(&mut self, token: &[u8], now: Time, scratch: &mut [u8]) -> Result<Verdict, Error> {
//!         let first = self.check(token, now, scratch, false)?;
//!         let second = self.check(token, now, scratch, true)?;
//!         Ok(Verdict::confirm(&first, &second.inverted()))
//!     }
//!
//!     fn check(
//!         &mut self,
//!         token: &[u8],
//!         now: Time,
//!         scratch: &mut [u8],
//!         uses: bool,
//!     ) -> Result<Fingerprint, Error> {
//!         let token: Verified = verify(token, scratch, self.keys.keys(now)?, &POLICY, now)?;
//!         self.revocation.check(&token)?;
//!         if !uses {
//!             // If the door asks for nonces: self.challenge.compare(&token, ticks)?;
//!             self.replay.check(&token)?;
//!             return Ok(Fingerprint::of(&token));
//!         }
//!         // If the door asks for nonces: self.challenge.check(&token, ticks)?;
//!         // Last, for it uses the token up. It is stored when this returns.
//!         self.replay.accept(&token, &mut self.clock, &mut self.storage)?;
//!         // The one issuer of this door is the one that is believed about the time.
//!         if let Some(issued_at) = token.issued_at() {
//!             self.clock.learn(issued_at);
//!         }
//!         self.clock.store_if_due(&mut self.storage)?;
//!         Ok(Fingerprint::of(&token).inverted())
//!     }
//! }
//! ```
//!
//! # Parts
//!
//! | part | what it keeps | its records |
//! |---|---|---|
//! | [`Clock`] | a floor that never goes back | one |
//! | [`KeySet`] | the keys in force | a signed document |
//! | [`Revocation`] | what is revoked | a signed document |
//! | [`Replay`] | which tokens were used | one for each token |
//! | [`Challenge`], [`Nonces`] | the nonce that a token must echo | a counter |
//! | [`Audit`] | what happened | the [`Log`] |
//! | [`Verdict`], [`Fingerprint`] | what two verifications agree on | |
//! | [`Storage`] | all of the records and the log, in flash | |
//!
//! The parts know the storage by the traits [`Records`] and [`Log`] alone.
#![no_std]

#[cfg(test)]
extern crate std;

mod audit;
mod challenge;
mod clock;
mod document;
mod error;
mod hardened;
mod hash;
mod key_set;
mod record;
mod replay;
mod revocation;
mod storage;

pub use audit::{AUDIT_ENTRY_LEN, Audit, AuditCount, AuditEntry, Event, subject_hash};
pub use challenge::{Challenge, NONCE_LEN, Nonce, Nonces};
pub use clock::{Certainty, Clock, Learned, Reading};
#[doc(hidden)]
pub use document::HEAD_LEN;
pub use document::{Applied, MAX_DOCUMENT_LEN, Root};
pub use error::Error;
pub use hardened::{Fingerprint, Verdict};
pub use key_set::{KEY_SET_TYPE, KeySet};
pub use record::{Log, MAX_RECORD_LEN, Records};
pub use replay::Replay;
pub use revocation::{REVOCATION_TYPE, Revocation};
pub use storage::{Layout, Storage};

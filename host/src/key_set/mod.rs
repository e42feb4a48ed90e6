//! Key sets that are always there: JWK Sets fetched, cached and refreshed.
//!
//! [`KeySetCache`] is the cache, [`blocking::KeySetCache`] the same for callers without an async runtime,
//! and [`Verifier`](crate::verifier::Verifier) takes the tokens of several issuers, each with its own. All
//! that they decide is decided by one state machine that knows no clock and no network (`schedule.rs`); the
//! rest carries out what it asks for.
//!
//! - **Fresh, stale, dead.** A set is fresh for as long as its server says, within [`MIN_TTL`] and
//!   [`MAX_TTL`], or else for [`TTL`]. It is fetched again a little before that is over. If that fails it
//!   serves on, stale, for [`MAX_STALE`], while the fetch is retried after [`MIN_RETRY`] and then less
//!   and less often, to [`MAX_RETRY`]. After that it is dead, and serves nobody.
//! - **An unknown `kid`** has the set fetched again, once for all who wait, and at most once per
//!   [`COOLDOWN`], which counts from the attempt. One that stays unknown is asked for less and less often,
//!   to [`MAX_ABSENT`].
//! - **A set replaces another** only if it could be read and holds a usable key. Nothing else takes keys
//!   away.
//!
//! `benches/KEY-SET-CACHES.md` in the repository compares it with other caches.
//!
//! What it does not do: a set whose keys change under the same `kid`, or that has one key without any, is
//! only seen to have changed at the next refresh.

pub mod blocking;
mod cache;
mod discovery;
mod error;
mod fetcher;
mod health;
mod listing;
mod schedule;
mod shared;
mod snapshot;
mod source;

use std::path::Path;

use tokenlatch::JwkSet;

use crate::files;
use crate::http::MAX_BODY_LEN;

pub use self::cache::{Builder, FETCH_TIMEOUT, KeySetCache, Keys, Unavailable, VerifyError};
pub use self::error::{KeySetError, SourceError};
pub use self::health::Health;
pub use self::listing::{ListedKey, list};
pub use self::schedule::{
    COOLDOWN, MAX_ABSENT, MAX_ABSENT_KEY_IDS, MAX_RETRY, MAX_STALE, MAX_TTL, MIN_RETRY, MIN_TTL,
    Schedule, State, TTL,
};
pub use self::snapshot::{MAX_SNAPSHOT_LEN, Snapshot, SnapshotError};
pub use self::source::{HttpSource, Source};
pub use crate::http::Fetched;

/// A JWK Set of up to 64 keys of up to 4096 bits: more than any issuer publishes.
pub type KeySet = JwkSet<64, 4096>;

/// Reads a JWK Set document from a file, under the bound that a URL has.
///
/// # Errors
///
/// [`KeySetError::Read`].
pub fn read(path: impl AsRef<Path>) -> Result<Vec<u8>, KeySetError> {
    Ok(files::read(path, MAX_BODY_LEN)?)
}

/// The keys of a JWK Set document.
///
/// # Errors
///
/// [`KeySetError::Invalid`], and [`KeySetError::NoUsableKey`]: a set without any usable key would only
/// hide that something is wrong.
pub fn parse(document: &[u8]) -> Result<Box<KeySet>, KeySetError> {
    let keys = Box::new(KeySet::from_json(document)?);
    if keys.keys().is_empty() {
        return Err(KeySetError::NoUsableKey {
            unusable: keys.unusable(),
        });
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_without_a_usable_key_is_rejected() {
        let document = br#"{"keys":[{"kty":"EC"},{"kty":"oct"}]}"#;
        let rejected = parse(document).map(drop);
        assert!(matches!(
            rejected,
            Err(KeySetError::NoUsableKey { unusable: 2 })
        ));
    }

    #[test]
    fn a_page_is_no_key_set() {
        let rejected = parse(b"<html>").map(drop);
        assert!(matches!(rejected, Err(KeySetError::Invalid(_))));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_has_a_bound() {
        // It never ends.
        let rejected = read("/dev/zero");
        assert!(matches!(rejected, Err(KeySetError::Read(_))));
    }
}

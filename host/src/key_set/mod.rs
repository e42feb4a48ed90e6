//! JWK Sets, fetched, cached and refreshed.
//!
//! [`KeySetCache`] is the cache, [`blocking::KeySetCache`] the cache for callers without an async runtime,
//! and [`Verifier`](crate::verifier::Verifier) verifies the tokens of several issuers, with one cache for
//! each. One state machine, without clock or network, makes all decisions (`schedule.rs`). The other files
//! carry them out.
//!
//! - **Fresh, stale, dead.** A set is fresh for the time that its server gives, from [`MIN_TTL`] to
//!   [`MAX_TTL`], or for [`TTL`] if the server gives none. It is fetched again a little before the end of
//!   that time. If nobody has used it since the last fetch, the fetch waits until somebody does, or until
//!   almost half of [`MAX_STALE`] is over: an outage may follow. If the fetch fails, the set is stale and still
//!   serves for [`MAX_STALE`]. The fetch is tried again after [`MIN_RETRY`], and then less and less often, up to
//!   [`MAX_RETRY`]; if the server said `Retry-After`, not earlier than that. At the end of [`MAX_STALE`] the set is
//!   dead and no longer serves.
//! - **An unknown `kid`** makes the cache fetch the set again, once for all waiting callers, and at most once
//!   per [`COOLDOWN`], counted from the lookup that asks for it. A `kid` that stays unknown causes fetches less and
//!   less often, up to [`MAX_ABSENT`].
//! - **Every wait is random**, within bounds: hosts that fetched, failed or restarted together do not come to the
//!   server together again. `benches/FLEET.md` in the repository shows it for 10,000 of them.
//! - **A set replaces another** only if it can be read and has a usable key. Nothing else removes keys.
//!
//! `benches/KEY-SET-CACHES.md` in the repository compares it with other caches.
//!
//! Two limits: if a key changes and keeps its `kid`, or has no `kid`, the cache sees the change only at the
//! next refresh. And time in suspend does not count on every system: a machine that was suspended may use its set for
//! as long as it would have used it before.

pub mod blocking;
mod cache;
pub(crate) mod discovery;
mod error;
mod fetcher;
mod health;
mod listing;
mod schedule;
mod shared;
#[cfg(feature = "simulation")]
#[doc(hidden)]
pub mod simulation;
mod snapshot;
mod source;

use std::path::Path;

use tokenlatch::JwkSet;

use crate::files;
use crate::http::MAX_BODY_LEN;

pub use self::cache::{Builder, FETCH_TIMEOUT, KeySetCache, Keys, Unavailable, VerifyError};
pub use self::error::{KeySetError, MAX_ISSUER_LEN, SourceError, WrongIssuer};
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

/// Reads a JWK Set document from a file of at most [`MAX_BODY_LEN`] bytes.
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
/// [`KeySetError::Invalid`], and [`KeySetError::NoUsableKey`]: a set without a usable key would hide that
/// something is wrong.
pub fn parse(document: &[u8]) -> Result<Box<KeySet>, KeySetError> {
    let mut keys = Box::new(KeySet::from_keys([]));
    keys.read_json(document)?;
    if keys.keys().is_empty() {
        return Err(KeySetError::NoUsableKey(list(document)?));
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_without_a_usable_key_is_rejected() {
        let document = br#"{"keys":[{"kty":"EC"},{"kty":"RSA","kid":"a","d":"AQAB"}]}"#;
        let error = parse(document).map(drop).unwrap_err();
        let why =
            "no key can verify RS256: the key is not an RSA key, a (the key is a private key)";
        assert_eq!(error.to_string(), why);
        let many = [r#"{"kty":"EC"}"#; 5].join(",");
        let error = parse(format!(r#"{{"keys":[{many}]}}"#).as_bytes()).map(drop);
        assert!(error.unwrap_err().to_string().ends_with(", and 2 more"));
        let error = parse(br#"{"keys":[]}"#).map(drop);
        assert!(error.unwrap_err().to_string().ends_with("the set is empty"));
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

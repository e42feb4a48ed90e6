//! Key sets that are always there: JWK Sets fetched, cached and refreshed.
//!
//! [`KeySetCache`] is the cache, [`blocking::KeySetCache`] the same for callers without an async runtime,
//! and [`Verifier`](crate::verifier::Verifier) takes the tokens of several issuers, each with its own. All
//! that they decide is decided by one state machine that knows no clock and no network (`cache.rs`); the
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
//! # Beside other caches
//!
//! Their defaults, as their sources of late 2026 have them: jose 6.2.17, aws-jwt-verify 5.2.1, jwks-rsa
//! 4.1.0, Nimbus JOSE + JWT 9.31 (`JWKSourceBuilder`), jwkset 0.10.0 with keyfunc 3.7.0 (`NewDefault`),
//! jwks-cache 0.2.0. *Part* is what holds for some cases only, *off* what is there but not by default.
//! Behind each of our ticks stands the name of its test.
//!
//! | | Tokenlatch | jose | aws-jwt-verify | jwks-rsa | Nimbus | jwkset | jwks-cache |
//! |---|---|---|---|---|---|---|---|
//! | a cached key is looked up without a lock, and without waiting for a fetch | ✓ and without allocating: `a_key_that_is_cached_is_waited_for_by_nobody`, `a_key_that_is_cached_costs_no_allocation` | part | ✓ | part | part | part: a read lock | part |
//! | a failed refresh takes no key away | ✓ `a_failed_refresh_never_evicts_and_is_retried_with_backoff`, `what_is_no_usable_set_leaves_the_old_one` | part: for 10 min | ✓ | – | part: for 5 min | part: an empty set does | part |
//! | TTL from `Cache-Control`, within bounds | ✓ 30 s to 24 h, else 10 min: `a_set_is_fresh_then_stale_then_dead` | – 10 min | – never expires | – 10 min | – 5 min | – 1 h | ✓ 30 s to 24 h |
//! | `ETag` | ✓ `what_has_not_changed_is_not_sent_again`, `an_unchanged_set_is_not_sent_again` | – | – | – | – | – | ✓ |
//! | refresh ahead of expiry, with jitter | ✓ 5 to 20 % ahead: `a_refresh_is_due_before_the_set_expires` | – | – | – | part: no jitter | part: no jitter | ✓ |
//! | stale keys serve through an outage, up to a bound | ✓ 1 h: `a_set_serves_until_it_has_been_stale_for_too_long_and_then_again` | – | part: no bound | off | off | part: no bound | ✓ 60 s |
//! | a key that left the set stops verifying in bounded time | ✓ `a_new_key_verifies_at_once_and_one_that_left_no_more` | ✓ | – | ✓ | ✓ | – | ✓ |
//! | an unknown `kid`: one fetch for all who wait | ✓ `one_fetch_is_for_all_who_wait` | ✓ | ✓ | part: for each `kid` | ✓ | part | – |
//! | a cooldown that counts failed attempts, too | ✓ 30 s: `an_unknown_key_causes_one_fetch_per_cooldown_failures_included` | part: successes | part: successes | off | ✓ | ✓ 5 min | – |
//! | absent `kid`s are remembered | ✓ `a_key_found_absent_again_and_again_is_asked_for_less_and_less` | – | – | – | – | – | – |
//! | who gives up harms no fetch | ✓ `who_gives_up_takes_no_fetch_with_him`, `a_fetch_goes_on_when_everybody_gave_up` | ✓ | ✓ | part | part | part | part |
//! | retries with backoff and jitter | ✓ `retries_come_less_and_less_often` | – | part: one | – | off | – | ✓ |
//! | connect, response and total timeouts | ✓ 3, 5 and 10 s: `every_phase_has_its_time` | total | response | idle | connect, read | total | connect, total |
//! | a body cap, enforced while streaming | ✓ 256 KiB: `a_body_has_a_bound`, `gzip_is_understood` | – | – | – | ✓ 50 KiB | – | part: 1 MiB, afterwards |
//! | no redirect to another origin | ✓ `a_redirect_stays_with_its_origin` | ✓ | ✓ | ✓ | – | – | – |
//! | https only | ✓ `only_https_or_loopback` | – | ✓ | – | – | – | part |
//! | discovery, with the issuer compared | ✓ `either_document_will_do`, `metadata_must_be_the_issuers_own_and_lead_to_https` | – | – | – | – | – | – |
//! | several issuers, by issuer and `kid` | ✓ `the_key_of_one_issuer_never_verifies_a_token_of_another` | – | ✓ | – | – | – | part: by tenant |
//! | preload | ✓ `fixed_keys_need_no_server` | ✓ | ✓ | ✓ | ✓ | ✓ | – |
//! | a snapshot, written and read by itself | ✓ `a_restart_during_an_outage_has_the_last_good_keys` | – | – | – | – | – | off: Redis |
//! | health and metrics | ✓ `health_and_metrics_count_what_happened` | part | – | – | off | part | ✓ |
//!
//! What it does not do: a set whose keys change under the same `kid`, or that has one key without any, is
//! only seen to have changed at the next refresh.

pub mod blocking;
mod cache;
mod discovery;
mod fetcher;
mod health;
mod listing;
mod schedule;
mod shared;
mod snapshot;
mod source;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use tokenlatch::JwkSet;

use crate::http::MAX_BODY_LEN;

pub use self::cache::{Builder, FETCH_TIMEOUT, KeySetCache, Keys, Unavailable, VerifyError};
pub use self::health::Health;
pub use self::listing::{ListedKey, list};
pub use self::schedule::{
    COOLDOWN, MAX_ABSENT, MAX_ABSENT_KEY_IDS, MAX_RETRY, MAX_STALE, MAX_TTL, MIN_RETRY, MIN_TTL,
    Schedule, State, TTL,
};
pub use self::snapshot::{MAX_SNAPSHOT_LEN, Snapshot, SnapshotError};
pub use self::source::{HttpSource, Source, SourceError};
pub use crate::http::Fetched;

/// A JWK Set of up to 64 keys of up to 4096 bits: more than any issuer publishes.
pub type KeySet = JwkSet<64, 4096>;

/// Why there is no key set.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeySetError {
    /// The file cannot be read.
    #[error("cannot read the file")]
    Read(#[from] io::Error),
    /// The source brought no document.
    #[error("cannot fetch the key set")]
    Fetch(#[from] SourceError),
    /// The document is not a JWK Set (RFC 7517 section 5).
    #[error("not a usable JWK Set")]
    Invalid(#[from] tokenlatch::Error),
    /// The source took longer than the whole fetch may.
    #[error("the fetch took too long")]
    TimedOut,
    /// The source panicked.
    #[error("the source panicked")]
    Panicked,
    /// The document is a JWK Set, but none of its keys can verify RS256.
    #[error("no key can verify RS256 ({unusable} cannot)")]
    NoUsableKey {
        /// How many keys the document has.
        unusable: usize,
    },
}

/// Reads a JWK Set document from a file, under the bound that a URL has.
///
/// # Errors
///
/// [`KeySetError::Read`].
pub fn read(path: impl AsRef<Path>) -> Result<Vec<u8>, KeySetError> {
    let mut document = Vec::new();
    let limit = MAX_BODY_LEN as u64 + 1;
    File::open(path)?.take(limit).read_to_end(&mut document)?;
    if document.len() > MAX_BODY_LEN {
        return Err(io::Error::from(io::ErrorKind::FileTooLarge).into());
    }
    Ok(document)
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
    fn a_set_without_a_usable_key_is_refused() {
        let document = br#"{"keys":[{"kty":"EC"},{"kty":"oct"}]}"#;
        let refused = parse(document).map(drop);
        assert!(matches!(
            refused,
            Err(KeySetError::NoUsableKey { unusable: 2 })
        ));
    }

    #[test]
    fn a_page_is_no_key_set() {
        let refused = parse(b"<html>").map(drop);
        assert!(matches!(refused, Err(KeySetError::Invalid(_))));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_has_a_bound() {
        // It never ends.
        let refused = read("/dev/zero");
        assert!(matches!(refused, Err(KeySetError::Read(_))));
    }
}

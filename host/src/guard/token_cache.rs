//! Good tokens that were verified before, so that they need not be verified again.

use std::time::Duration;

use metrics::counter;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sha2::{Digest as _, Sha256};
use tokenlatch::Time;

use super::claims::{Claims, Under};

/// Good tokens and their claims.
///
/// Nobody but an issuer can put anything into it: a bad token is looked up and not kept, so that it takes
/// nobody's place.
pub(super) struct TokenCache(Cache<TokenDigest, Remembered, Bytes>);

/// The SHA-256 of a token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TokenDigest([u8; 32]);

/// The claims of a token, and how long they hold.
#[derive(Clone)]
struct Remembered {
    claims: Claims,
    /// When the token was verified. At an earlier time it might not be valid yet.
    verified: u64,
    /// From when on it is not valid.
    end: u64,
}

impl TokenCache {
    /// A cache that takes up to this many bytes.
    pub(super) fn new(bytes: u64) -> Self {
        let tokens = usize::try_from(bytes / TYPICAL_LEN).unwrap_or(usize::MAX);
        Self(Cache::with_weighter(tokens, bytes, Bytes))
    }

    /// The claims of a token, if it is good at this time, too, and its key set is still current.
    pub(super) fn get(
        &self,
        token: &TokenDigest,
        now: Time,
        is_current: impl FnOnce(Under) -> bool,
    ) -> Option<Claims> {
        let found = self.0.get(token).filter(|it| {
            let is_in_time = it.verified <= now.earliest() && now.latest() < it.end;
            is_in_time && is_current(it.claims.under())
        });
        match &found {
            Some(_) => counter!("tokenlatch_token_cache_hits_total").increment(1),
            None => counter!("tokenlatch_token_cache_misses_total").increment(1),
        }
        found.map(|found| found.claims)
    }

    /// Keeps the claims of a token that is good at this time.
    pub(super) fn keep(
        &self,
        token: TokenDigest,
        claims: Claims,
        now: Time,
        max_age: Option<Duration>,
    ) {
        let max_age = max_age.map(|age| age.as_secs());
        let too_old = max_age
            .zip(claims.issued_at())
            .map(|(age, issued_at)| issued_at.saturating_add(age));
        let end = claims.expiry().min(too_old.unwrap_or(u64::MAX));
        let remembered = Remembered {
            claims,
            verified: now.earliest(),
            end,
        };
        self.0.insert(token, remembered);
    }
}

impl TokenDigest {
    pub(super) fn of(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }
}

/// What a token of usual length takes. It is a hint for the size of the table.
const TYPICAL_LEN: u64 = 2048;

/// What an entry takes besides the token's text, at most.
const OVERHEAD: u64 = 1024;

#[derive(Clone)]
struct Bytes;

impl Weighter<TokenDigest, Remembered> for Bytes {
    fn weight(&self, _: &TokenDigest, remembered: &Remembered) -> u64 {
        // The text is there twice.
        2 * remembered.claims.token().len() as u64 + OVERHEAD
    }
}

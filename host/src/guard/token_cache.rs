//! Good tokens that were verified before, so that they need not be verified again.

use std::hash::{Hash, Hasher};
use std::time::Duration;

use metrics::counter;
use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Weighter};
use tokenlatch::Time;

use super::claims::{Claims, Under};

/// Good tokens and their claims.
///
/// Nobody but an issuer can put anything into it: a bad token is looked up and not kept, so that it takes
/// nobody's place.
pub(super) struct TokenCache(Cache<Known, Remembered, Bytes>);

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
        token: &str,
        now: Time,
        is_current: impl FnOnce(Under) -> bool,
    ) -> Option<Claims> {
        let found = self.0.get(&Presented(token)).filter(|it| {
            let is_in_time = it.verified <= now.earliest() && now.latest() < it.end;
            is_in_time && is_current(it.claims.under())
        });
        if found.is_some() {
            counter!("tokenlatch_token_cache_hits_total").increment(1);
        }
        found.map(|found| found.claims)
    }

    /// Counts a token that had to be verified.
    pub(super) fn count_miss() {
        counter!("tokenlatch_token_cache_misses_total").increment(1);
    }

    /// Keeps the claims of a token that is good at this time.
    pub(super) fn keep(&self, claims: Claims, now: Time, max_age: Option<Duration>) {
        let max_age = max_age.map(|age| age.as_secs());
        let too_old = max_age
            .zip(claims.issued_at())
            .map(|(age, issued_at)| issued_at.saturating_add(age));
        let end = claims.expiry().min(too_old.unwrap_or(u64::MAX));
        let known = Known(claims.clone());
        let remembered = Remembered {
            claims,
            verified: now.earliest(),
            end,
        };
        self.0.insert(known, remembered);
    }
}

/// The text of a token in the cache: that of its claims.
#[derive(Clone)]
struct Known(Claims);

/// The text of a token that is looked up.
///
/// The whole text is compared, so that no token passes for another. The hash, whose seed nobody knows, only finds
/// what to compare it with.
struct Presented<'t>(&'t str);

impl Hash for Known {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Presented(self.0.token()).hash(state);
    }
}

impl Hash for Presented<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl PartialEq for Known {
    fn eq(&self, other: &Self) -> bool {
        Presented(self.0.token()).equivalent(other)
    }
}

impl Eq for Known {}

impl Equivalent<Known> for Presented<'_> {
    /// Compares all of it whatever differs, so that the time tells nothing about a token that is known.
    fn equivalent(&self, known: &Known) -> bool {
        let [presented, known] = [self.0, known.0.token()].map(str::as_bytes);
        let pairs = presented.iter().zip(known);
        let difference = pairs.fold(0, |difference, (a, b)| difference | (a ^ b));
        presented.len() == known.len() && difference == 0
    }
}

/// What a token of usual length takes. It is a hint for the size of the table.
const TYPICAL_LEN: u64 = 2048;

/// What an entry takes besides the token's text, at most.
const OVERHEAD: u64 = 1024;

const _: () = assert!(size_of::<Known>() + size_of::<Remembered>() < OVERHEAD as usize);

#[derive(Clone)]
struct Bytes;

impl Weighter<Known, Remembered> for Bytes {
    fn weight(&self, _: &Known, remembered: &Remembered) -> u64 {
        // The text is there twice.
        2 * remembered.claims.token().len() as u64 + OVERHEAD
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokenlatch_tests::issuer::Issuer;

    use super::*;
    use crate::guard::Guard;
    use crate::key_set;
    use crate::policy::PolicySettings;

    #[test]
    fn no_token_passes_for_another() {
        let issuer = Issuer::rfc7515();
        let text = issuer.token(r#"{"iss":"https://a.example","aud":"b","exp":1900000000}"#);
        let keys = key_set::parse(issuer.jwk_set().as_bytes()).unwrap();
        let guard = Guard::fixed(
            Arc::from(keys),
            PolicySettings::new("https://a.example", "b"),
        );
        let guard = guard.clock(|| Time::exactly(1_800_000_000)).start();
        let verdict = guard.unwrap().check_cached(Some(&format!("Bearer {text}")));
        let known = Known(verdict.unwrap().unwrap());
        assert!(Presented(&text).equivalent(&known));
        assert!(!Presented(&text[1..]).equivalent(&known));
        assert!(!Presented(&text[..text.len() - 1]).equivalent(&known));
        for at in 0..text.len() {
            let mut other = text.clone().into_bytes();
            other[at] ^= 1;
            let other = String::from_utf8(other).unwrap();
            assert!(!Presented(&other).equivalent(&known), "{at}");
        }
        // Two differences that are alike.
        let two = text.replacen('e', "d", 2);
        assert!(!Presented(&two).equivalent(&known));
    }
}

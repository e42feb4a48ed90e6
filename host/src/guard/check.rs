//! The way of a token through a guard: from its text to its claims.

use std::sync::Arc;

use tokenlatch::{Error, Time, Unverified, Verified};
use tracing::debug;

use super::claims::{Claims, Under};
use super::refusal::RefusalReason;
use super::token_cache::TokenCache;
use crate::key_set::{KeySetCache, Keys, Unavailable, VerifyError};
use crate::policy::OwnedPolicy;
use crate::verifier::choose;

pub(super) type Clock = Arc<dyn Fn() -> Time + Send + Sync>;

/// What the clones of a guard share.
pub(super) struct Shared {
    pub(super) issuers: Vec<Trusted>,
    pub(super) clock: Clock,
    pub(super) resource_metadata: Option<Arc<str>>,
    pub(super) token_cache: Option<TokenCache>,
}

/// An issuer whose tokens are accepted.
pub(super) struct Trusted {
    /// All of it but the scopes.
    pub(super) policy: OwnedPolicy,
    pub(super) scopes: Vec<String>,
    pub(super) keys: KeySetCache,
}

/// Why there are no claims.
pub(super) enum Failure {
    Rejected(Error),
    /// The key set has no such key.
    UnknownKey(Named),
    /// The key may have to be fetched.
    NotCached(Named),
    /// The keys could not be fetched.
    Unavailable(Named, Unavailable),
}

/// The key that a token names.
pub(super) struct Named {
    /// The index of the issuer.
    issuer: usize,
    key_id: Option<String>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Rejected(error)
    }
}

impl Shared {
    /// Verifies a token with these keys, or with those that are cached; all but its scopes.
    pub(super) fn verify(&self, token: &str, keys: Option<&Keys>) -> Result<Claims, Failure> {
        let now = (self.clock)();
        let Some(cache) = &self.token_cache else {
            return self.verify_anew(token, keys, now);
        };
        if let Some(claims) = cache.get(token, now, |under| self.is_current(under)) {
            return Ok(claims);
        }
        let verdict = self.verify_anew(token, keys, now);
        // It is verified once more when its key is there.
        if !matches!(verdict, Err(Failure::NotCached(_))) {
            TokenCache::count_miss();
        }
        let claims = verdict?;
        let policy = &self.issuers[claims.under().issuer].policy;
        cache.keep(claims.clone(), now, policy.settings().max_age);
        Ok(claims)
    }

    /// The keys that a token names, once they are fetched.
    pub(super) async fn keys(&self, named: &Named) -> Result<Keys, Unavailable> {
        let keys = &self.issuers[named.issuer].keys;
        keys.keys(named.key_id.as_deref()).await
    }

    /// The scopes that the policy asks for.
    pub(super) fn scopes(&self, claims: &Claims) -> &[String] {
        &self.issuers[claims.under().issuer].scopes
    }

    /// Why a request is refused whose token has no claims. The failure is counted.
    pub(super) fn reason(&self, failure: Failure) -> RefusalReason {
        let keys = |named: &Named| &self.issuers[named.issuer].keys;
        match failure {
            Failure::Rejected(error) => rejected(error),
            Failure::UnknownKey(named) => {
                let reason = rejected(Error::UnknownKey);
                let wait = keys(&named).retry_in(named.key_id.as_deref());
                wait.map_or(reason, |wait| RefusalReason::Unavailable(Some(wait)))
            }
            Failure::NotCached(named) => RefusalReason::Unavailable(keys(&named).retry_in(None)),
            Failure::Unavailable(named, error) => {
                let error = VerifyError::Keys(error);
                error.count();
                // The failed fetch was logged. Whoever sends tokens must not fill the log.
                debug!(%error, "no keys to verify a token with");
                RefusalReason::Unavailable(keys(&named).retry_in(None))
            }
        }
    }

    pub(super) fn caches(&self) -> impl Iterator<Item = &KeySetCache> {
        self.issuers.iter().map(|trusted| &trusted.keys)
    }

    pub(super) fn policies(&self) -> impl Iterator<Item = &OwnedPolicy> {
        self.issuers.iter().map(|trusted| &trusted.policy)
    }

    fn verify_anew(&self, token: &str, keys: Option<&Keys>, now: Time) -> Result<Claims, Failure> {
        Claims::of_token(token, |unverified| {
            self.authenticate(&unverified, keys, now)
        })
    }

    fn authenticate<'t>(
        &self,
        token: &Unverified<'t>,
        keys: Option<&Keys>,
        now: Time,
    ) -> Result<(Verified<'t>, Under), Failure> {
        let issuer = choose(&self.issuers, |trusted| trusted.policy.get(), token)?;
        let trusted = &self.issuers[issuer];
        let named = || Named {
            issuer,
            key_id: token.key_id().map(|key_id| key_id.to_string()),
        };
        let cached;
        let keys = match keys {
            Some(keys) => keys,
            None => {
                let found = trusted.keys.cached_for(token.key_id());
                cached = found.ok_or_else(|| Failure::NotCached(named()))?;
                &cached
            }
        };
        let authenticated = token.authenticate(keys).map_err(|error| match error {
            Error::UnknownKey => Failure::UnknownKey(named()),
            error => Failure::Rejected(error),
        })?;
        let verified = authenticated.verify(trusted.policy.get(), now)?;
        let generation = keys.generation();
        Ok((verified, Under { issuer, generation }))
    }

    /// Whether the issuer's key set is still the one under which a token was verified.
    fn is_current(&self, under: Under) -> bool {
        let keys = self.issuers[under.issuer].keys.cached_for(None);
        keys.is_some_and(|keys| keys.generation() == under.generation)
    }
}

/// The rejection of a token, which is counted.
fn rejected(error: Error) -> RefusalReason {
    VerifyError::Token(error).count();
    RefusalReason::InvalidToken(error)
}

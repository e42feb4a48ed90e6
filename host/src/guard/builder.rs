//! The settings of a guard, and its start.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use tokenlatch::Time;

use super::Guard;
use super::check::{Clock, Shared, Trusted};
use super::token_cache::TokenCache;
use crate::clock;
use crate::http::HttpClient;
use crate::key_set::{self, KeySet, KeySetCache, SourceError};
use crate::policy::{OwnedPolicy, PolicyError, PolicySettings};
use crate::profile::{KeyPlace, Profile};

/// The settings of a guard.
#[must_use]
pub struct GuardBuilder {
    issuers: Vec<Candidate>,
    client: HttpClient,
    clock: Clock,
    resource_metadata: Option<Arc<str>>,
    token_cache: Option<u64>,
}

/// Why a guard cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GuardError {
    /// An issuer's settings are no policy.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// An issuer's keys have no source.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Each issuer's keys need a snapshot of their own: give it before [`GuardBuilder::or`].
    #[error("two issuers cannot share a snapshot")]
    SharedSnapshot,
    /// The keys of a [`KeySetCache`] have no snapshot but that of the cache
    /// ([`key_set::Builder::snapshot`](crate::key_set::Builder::snapshot)).
    #[error("the keys of a cache cannot get a snapshot from the guard")]
    CacheSnapshot,
    /// No thread can be started.
    #[error("no thread can be started")]
    Thread(#[from] io::Error),
}

impl Guard {
    /// Accepts the tokens of this issuer for this audience ([`PolicySettings::new`]). The issuer's metadata
    /// says where its keys are.
    pub fn issuer(issuer: impl Into<String>, audience: impl Into<String>) -> GuardBuilder {
        Self::profile(Profile::of_issuer(PolicySettings::new(issuer, audience)))
    }

    /// Accepts the tokens of a profile.
    pub fn profile(profile: Profile) -> GuardBuilder {
        GuardBuilder::new(profile.policy, Origin::Place(profile.keys))
    }

    /// Accepts the tokens of a policy under fixed keys, which are never fetched.
    pub fn fixed(keys: impl Into<Arc<KeySet>>, policy: PolicySettings) -> GuardBuilder {
        Self::cache(KeySetCache::fixed(keys), policy)
    }

    /// Accepts the tokens of a policy under the keys of a cache with settings of its own.
    pub fn cache(keys: KeySetCache, policy: PolicySettings) -> GuardBuilder {
        GuardBuilder::new(policy, Origin::Cache(keys))
    }
}

impl GuardBuilder {
    /// How far the clocks of the issuers and of this host may differ ([`PolicySettings::leeway`]).
    pub fn leeway(self, leeway: Duration) -> Self {
        self.policy(|policy| policy.leeway = leeway)
    }

    /// Changes what the tokens must say, for every issuer so far.
    pub fn policy(mut self, mut change: impl FnMut(&mut PolicySettings)) -> Self {
        for candidate in &mut self.issuers {
            change(&mut candidate.policy);
        }
        self
    }

    /// A file that keeps the issuer's keys, so that the guard can begin while the issuer is down
    /// ([`key_set::Builder::snapshot`](crate::key_set::Builder::snapshot)). It is for one issuer.
    pub fn snapshot(mut self, path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        for candidate in &mut self.issuers {
            candidate.snapshot = Some(path.clone());
        }
        self
    }

    /// The client that fetches metadata and keys.
    pub fn http_client(mut self, client: HttpClient) -> Self {
        self.client = client;
        self
    }

    /// The URL of the service's own metadata, for clients that look for an authorization server (RFC 9728
    /// section 5.1). Challenges name it as `resource_metadata`.
    pub fn resource_metadata(mut self, url: impl Into<String>) -> Self {
        self.resource_metadata = Some(url.into().into());
        self
    }

    /// The present time; [`clock::now`] by default.
    pub fn clock(mut self, clock: impl Fn() -> Time + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Remembers good tokens and their claims, in up to about this many bytes; by default, none.
    ///
    /// A token that comes again is then found by its text and not verified again. It is forgotten, or
    /// verified again, when it expires, when it is older than [`PolicySettings::max_age`], and when the
    /// issuer's key set is another one. A token takes some 1 KiB and twice its length. The metrics
    /// `tokenlatch_token_cache_hits_total` and `tokenlatch_token_cache_misses_total` count.
    pub fn token_cache(mut self, bytes: u64) -> Self {
        self.token_cache = Some(bytes);
        self
    }

    /// Accepts the tokens of the issuers of `other`, too. The HTTP client, the clock, the token cache and the
    /// resource metadata of `other` are dropped.
    pub fn or(mut self, other: Self) -> Self {
        self.issuers.extend(other.issuers);
        self
    }

    /// Starts to fetch the keys, in the tokio runtime.
    ///
    /// # Errors
    ///
    /// Any [`GuardError`] but [`GuardError::Thread`].
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, if keys have to be fetched.
    pub fn start(self) -> Result<Guard, GuardError> {
        let mut snapshots = HashSet::new();
        let mut paths = self.issuers.iter().filter_map(|it| it.snapshot.as_ref());
        if !paths.all(|path| snapshots.insert(path)) {
            return Err(GuardError::SharedSnapshot);
        }
        // All settings are right before any task starts.
        let issuers = self.issuers.into_iter();
        let issuers = issuers.map(|candidate| candidate.prepare(&self.client));
        let issuers = issuers.collect::<Result<Vec<_>, _>>()?;
        let issuers = issuers.into_iter().map(Prepared::start);
        Ok(Guard {
            shared: Arc::new(Shared {
                issuers: issuers.collect(),
                clock: self.clock,
                resource_metadata: self.resource_metadata,
                token_cache: self.token_cache.map(TokenCache::new),
            }),
            scopes: Arc::new([]),
            permissions: Arc::new([]),
        })
    }
}

impl GuardBuilder {
    fn new(policy: PolicySettings, origin: Origin) -> Self {
        Self {
            issuers: vec![Candidate {
                policy,
                origin,
                snapshot: None,
            }],
            client: HttpClient::default(),
            clock: Arc::new(clock::now),
            resource_metadata: None,
            token_cache: None,
        }
    }
}

impl fmt::Debug for GuardBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let policies = self.issuers.iter().map(|candidate| &candidate.policy);
        f.debug_struct("GuardBuilder")
            .field("policies", &policies.collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// An issuer of a guard that has not started.
struct Candidate {
    policy: PolicySettings,
    origin: Origin,
    snapshot: Option<PathBuf>,
}

/// Where an issuer's keys come from.
enum Origin {
    Place(KeyPlace),
    Cache(KeySetCache),
}

/// An issuer whose settings are right.
struct Prepared {
    policy: OwnedPolicy,
    scopes: Vec<String>,
    keys: Keys,
}

enum Keys {
    ToFetch(Box<key_set::Builder>),
    Cache(KeySetCache),
}

impl Candidate {
    fn prepare(self, client: &HttpClient) -> Result<Prepared, GuardError> {
        let mut policy = self.policy;
        let scopes = std::mem::take(&mut policy.scopes);
        let keys = match self.origin {
            Origin::Cache(_) if self.snapshot.is_some() => return Err(GuardError::CacheSnapshot),
            Origin::Cache(cache) => Keys::Cache(cache),
            Origin::Place(place) => {
                let name = policy.issuers.first().cloned().unwrap_or_default();
                let source = place.source(client.clone())?;
                let builder = KeySetCache::builder(source).name(name);
                Keys::ToFetch(Box::new(match self.snapshot {
                    Some(path) => builder.snapshot(path),
                    None => builder,
                }))
            }
        };
        Ok(Prepared {
            policy: OwnedPolicy::new(policy)?,
            scopes,
            keys,
        })
    }
}

impl Prepared {
    fn start(self) -> Trusted {
        Trusted {
            policy: self.policy,
            scopes: self.scopes,
            keys: match self.keys {
                Keys::ToFetch(builder) => builder.start(),
                Keys::Cache(cache) => cache,
            },
        }
    }
}

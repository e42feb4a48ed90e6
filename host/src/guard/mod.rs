//! Guards services: decides by the `Authorization` header whether a request is allowed.
//!
//! [`Guard`] has all that this takes: the issuers, their keys, and what their tokens must say. It gives the
//! token's [`Claims`], which may go anywhere, or a [`Refusal`], which says what to respond.
//!
//! ```no_run
//! use tokenlatch_host::guard::{Guard, Refusal};
//!
//! # async fn serve(authorization: Option<&str>) -> Result<(), Box<dyn std::error::Error>> {
//! // Once, in the tokio runtime.
//! let guard = Guard::issuer("https://tenant.eu.auth0.com/", "https://api.example.com/").start()?;
//!
//! // For each request.
//! match guard.scopes(["read:doors"]).check(authorization).await {
//!     Ok(claims) => println!("hello {:?}", claims.subject()),
//!     Err(refusal) => println!("{} {:?}", refusal.status(), refusal.challenge()),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A feature for each web framework has the guard respond by itself, and hand out the claims:
//!
//! | feature | what guards | where the claims are |
//! |---|---|---|
//! | `tower` | `Guard::layer`, for axum, tonic, hyper and others | in the extensions of the request |
//! | `axum` | the same | in the handler's arguments: [`Claims`], `Option<Claims>`, [`ClaimsAs`] |
//! | `tonic` | the same for a server, `Guard::interceptor` for one service | in the extensions of the request |
//! | `actix` | `Guard::middleware` | as with `axum` |

#[cfg(feature = "actix")]
mod actix;
#[cfg(feature = "axum")]
mod axum;
mod bearer;
pub mod blocking;
mod claims;
#[cfg(feature = "tower")]
mod layer;
mod refusal;
#[cfg(feature = "tonic")]
mod tonic;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use tokenlatch::{Time, Unverified, Verified};
use tracing::{debug, warn};

use self::bearer::bearer;
use crate::clock;
use crate::http::HttpClient;
use crate::key_set::{Health, KeySet, KeySetCache, Keys, SourceError, Unavailable, VerifyError};
use crate::policy::{OwnedPolicy, PolicyError, PolicySettings};
use crate::profile::{KeyPlace, Profile};
use crate::verifier::choose;

#[cfg(feature = "actix")]
pub use self::actix::{GuardMiddleware, GuardedService};
pub use self::claims::{Claims, ClaimsAs};
#[cfg(feature = "tower")]
pub use self::layer::{GuardFuture, GuardLayer, GuardService};
pub use self::refusal::{Refusal, RefusalReason};
#[cfg(feature = "tonic")]
pub use self::tonic::GuardInterceptor;

/// Decides whether requests are allowed. Clones share the keys.
///
/// While the key that a token names is cached, a check takes no lock, waits for nothing, and allocates twice,
/// for the [`Claims`].
///
/// A token chooses among the issuers by its `iss`, as with [`Verifier`](crate::verifier::Verifier). The scopes
/// of an issuer's policy are compared last: a token that lacks one is good, and its [`Refusal`] is another.
#[derive(Clone)]
pub struct Guard {
    shared: Arc<Shared>,
    /// Those that one route needs, beyond the policy.
    scopes: Arc<[String]>,
    permissions: Arc<[String]>,
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
    /// No thread can be started.
    #[error("no thread can be started")]
    Thread(#[from] io::Error),
}

impl Guard {
    /// Accepts the tokens of this issuer for this audience ([`PolicySettings::new`]). The issuer's metadata
    /// says where its keys are.
    pub fn issuer(issuer: impl Into<String>, audience: impl Into<String>) -> GuardBuilder {
        let policy = PolicySettings::new(issuer, audience);
        let place = KeyPlace::Issuer(policy.issuers.concat());
        GuardBuilder::new(policy, Origin::Place(place))
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

    /// The same guard, for requests that need these scopes, too (`scope` or `scp`).
    #[must_use]
    pub fn scopes<S: Into<String>>(&self, scopes: impl IntoIterator<Item = S>) -> Self {
        Self {
            scopes: joined(&self.scopes, scopes),
            ..self.clone()
        }
    }

    /// The same guard, for requests that need these `permissions`, too, which Auth0 writes.
    #[must_use]
    pub fn permissions<S: Into<String>>(&self, permissions: impl IntoIterator<Item = S>) -> Self {
        Self {
            permissions: joined(&self.permissions, permissions),
            ..self.clone()
        }
    }

    /// Checks a request by its `Authorization` header, `None` if it has none.
    ///
    /// If the request has two of them, respond with [`refuse`](Self::refuse) and
    /// [`RefusalReason::InvalidRequest`].
    ///
    /// # Errors
    ///
    /// A [`Refusal`]. Its reason is logged, at the level `debug`; that there are no keys, at `warn`.
    pub async fn check(&self, authorization: Option<&str>) -> Result<Claims, Refusal> {
        match bearer(authorization) {
            Ok(token) => self.check_token(token).await,
            Err(reason) => Err(self.refused(reason)),
        }
    }

    /// As [`check`](Self::check), for a token that came in another way.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    pub async fn check_token(&self, token: &str) -> Result<Claims, Refusal> {
        let (keys, key_id) = match self.attempt(token, None) {
            Attempt::Ended(verdict) => return verdict,
            Attempt::MustWait { keys, key_id } => (keys, key_id),
        };
        let keys = match keys.keys(key_id.as_deref()).await {
            Ok(found) => found,
            Err(error) => return Err(self.unavailable(&keys, error)),
        };
        match self.attempt(token, Some(&keys)) {
            Attempt::Ended(verdict) => verdict,
            // Nobody waits who brings keys.
            Attempt::MustWait { .. } => Err(self.refused(RefusalReason::Unavailable(None))),
        }
    }

    /// As [`check`](Self::check), without waiting: `None` if the token's key is not cached, and may have to be
    /// fetched.
    #[must_use]
    pub fn check_cached(&self, authorization: Option<&str>) -> Option<Result<Claims, Refusal>> {
        match bearer(authorization) {
            Ok(token) => match self.attempt(token, None) {
                Attempt::Ended(verdict) => Some(verdict),
                Attempt::MustWait { .. } => None,
            },
            Err(reason) => Some(Err(self.refused(reason))),
        }
    }

    /// The refusal of a request for a reason of the caller's.
    #[must_use]
    pub fn refuse(&self, reason: RefusalReason) -> Refusal {
        let metadata = self.shared.resource_metadata.clone();
        Refusal::new(reason, metadata)
    }

    /// Waits until there are keys of every issuer, or until the current fetches have ended.
    ///
    /// # Errors
    ///
    /// [`Unavailable`], if the keys of an issuer could not be fetched.
    pub async fn ready(&self) -> Result<(), Unavailable> {
        for trusted in &self.shared.issuers {
            trusted.keys.ready().await?;
        }
        Ok(())
    }

    /// The health of each issuer's key set, in the order of the issuers, for a readiness probe.
    pub fn health(&self) -> impl Iterator<Item = Health> {
        let issuers = self.shared.issuers.iter();
        issuers.map(|trusted| trusted.keys.health())
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let issuers = self.shared.issuers.iter();
        f.debug_struct("Guard")
            .field("issuers", &issuers.map(|it| &it.policy).collect::<Vec<_>>())
            .field("scopes", &self.scopes)
            .field("permissions", &self.permissions)
            .finish_non_exhaustive()
    }
}

/// The settings of a guard.
#[must_use]
pub struct GuardBuilder {
    issuers: Vec<Candidate>,
    client: HttpClient,
    clock: Clock,
    resource_metadata: Option<Arc<str>>,
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
        }
    }

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

    /// Accepts the tokens of the issuers of `other`, too. Of its other settings, none counts.
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
        let snapshots = self.issuers.iter().filter_map(|it| it.snapshot.as_ref());
        let mut snapshots: Vec<_> = snapshots.collect();
        let count = snapshots.len();
        snapshots.sort();
        snapshots.dedup();
        if snapshots.len() < count {
            return Err(GuardError::SharedSnapshot);
        }
        // All settings are right before any task starts.
        let issuers = self.issuers.into_iter().map(|candidate| {
            let mut policy = candidate.policy;
            let scopes = std::mem::take(&mut policy.scopes);
            let source = match candidate.origin {
                Origin::Place(place) => Ok(place.source(self.client.clone())?),
                Origin::Cache(cache) => Err(cache),
            };
            Ok((
                OwnedPolicy::new(policy)?,
                scopes,
                source,
                candidate.snapshot,
            ))
        });
        let issuers = issuers.collect::<Result<Vec<_>, GuardError>>()?;
        let issuers = issuers
            .into_iter()
            .map(|(policy, scopes, source, snapshot)| {
                let keys = source.map_or_else(
                    |cache| cache,
                    |source| {
                        let name = policy.settings().issuers.first().cloned();
                        let builder = KeySetCache::builder(source).name(name.unwrap_or_default());
                        match snapshot {
                            Some(path) => builder.snapshot(path).start(),
                            None => builder.start(),
                        }
                    },
                );
                Trusted {
                    policy,
                    scopes,
                    keys,
                }
            });
        Ok(Guard {
            shared: Arc::new(Shared {
                issuers: issuers.collect(),
                clock: self.clock,
                resource_metadata: self.resource_metadata,
            }),
            scopes: Arc::new([]),
            permissions: Arc::new([]),
        })
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

type Clock = Arc<dyn Fn() -> Time + Send + Sync>;

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

struct Shared {
    issuers: Vec<Trusted>,
    clock: Clock,
    resource_metadata: Option<Arc<str>>,
}

/// An issuer whose tokens are accepted.
struct Trusted {
    /// All of it but the scopes.
    policy: OwnedPolicy,
    scopes: Vec<String>,
    keys: KeySetCache,
}

enum Attempt {
    Ended(Result<Claims, Refusal>),
    /// The key is not cached.
    MustWait {
        keys: KeySetCache,
        key_id: Option<String>,
    },
}

/// Why an attempt has no claims.
enum Failure<'g> {
    /// With the issuer and the `kid` that the token names, where they are known.
    Token(tokenlatch::Error, Option<(&'g Trusted, Option<String>)>),
    MustWait(&'g Trusted, Option<String>),
}

impl From<tokenlatch::Error> for Failure<'_> {
    fn from(error: tokenlatch::Error) -> Self {
        Self::Token(error, None)
    }
}

impl Guard {
    /// Checks a token with these keys, or with those that are cached.
    fn attempt(&self, token: &str, keys: Option<&Keys>) -> Attempt {
        let mut chosen = None;
        let claims = Claims::of_token(token, |unverified| {
            self.verify(&unverified, keys, &mut chosen)
        });
        let failure = match (claims, chosen) {
            (Ok(claims), Some(trusted)) => {
                let verdict = self.check_scopes(&claims, trusted);
                return Attempt::Ended(verdict.map(|()| claims));
            }
            (Ok(_), None) => Failure::Token(tokenlatch::Error::WrongIssuer, None),
            (Err(failure), _) => failure,
        };
        match failure {
            Failure::MustWait(trusted, key_id) => Attempt::MustWait {
                keys: trusted.keys.clone(),
                key_id,
            },
            Failure::Token(error, named) => {
                let reason = named
                    .and_then(|(trusted, key_id)| trusted.keys.retry_in(key_id.as_deref()))
                    .filter(|_| error == tokenlatch::Error::UnknownKey)
                    .map_or(RefusalReason::InvalidToken(error), |wait| {
                        RefusalReason::Unavailable(Some(wait))
                    });
                VerifyError::Token(error).count();
                Attempt::Ended(Err(self.refused(reason)))
            }
        }
    }

    fn verify<'g, 't>(
        &'g self,
        token: &Unverified<'t>,
        keys: Option<&Keys>,
        chosen: &mut Option<&'g Trusted>,
    ) -> Result<Verified<'t>, Failure<'g>> {
        let issuers = &self.shared.issuers;
        let trusted = choose(issuers, |trusted| trusted.policy.get(), token)
            .map_err(|error| Failure::Token(error, None))?;
        *chosen = Some(trusted);
        let key_id = || token.key_id().map(|key_id| key_id.to_string());
        let cached;
        let keys = match keys {
            Some(keys) => keys,
            None => {
                cached = trusted
                    .keys
                    .cached_for(token.key_id())
                    .ok_or_else(|| Failure::MustWait(trusted, key_id()))?;
                &cached
            }
        };
        token
            .authenticate(keys)
            .and_then(|token| token.verify(trusted.policy.get(), (self.shared.clock)()))
            .map_err(|error| Failure::Token(error, Some((trusted, key_id()))))
    }

    fn check_scopes(&self, claims: &Claims, trusted: &Trusted) -> Result<(), Refusal> {
        let has_all = |required: &[String], texts: &dyn Fn(&str) -> bool| {
            required.iter().all(|required| texts(required))
        };
        let has_scope = |scope: &str| claims.has_scope(scope);
        let has_permission = |permission: &str| claims.permissions().any(|it| it == permission);
        if has_all(&trusted.scopes, &has_scope)
            && has_all(&self.scopes, &has_scope)
            && has_all(&self.permissions, &has_permission)
        {
            return Ok(());
        }
        VerifyError::Token(tokenlatch::Error::MissingScope).count();
        let required = [&trusted.scopes, &*self.scopes, &*self.permissions].concat();
        Err(self.refused(RefusalReason::InsufficientScope(required)))
    }

    fn unavailable(&self, keys: &KeySetCache, error: Unavailable) -> Refusal {
        let error = VerifyError::Keys(error);
        error.count();
        warn!(%error, "no keys to verify a token with");
        self.refuse(RefusalReason::Unavailable(keys.retry_in(None)))
    }

    /// The refusal of a request, which is logged.
    fn refused(&self, reason: RefusalReason) -> Refusal {
        debug!(%reason, "refused a request");
        self.refuse(reason)
    }
}

fn joined<S: Into<String>>(texts: &[String], more: impl IntoIterator<Item = S>) -> Arc<[String]> {
    let more = more.into_iter().map(Into::into);
    texts.iter().cloned().chain(more).collect()
}

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
mod builder;
mod check;
mod claims;
#[cfg(feature = "tower")]
mod layer;
mod refusal;
mod token_cache;
#[cfg(feature = "tonic")]
mod tonic;

use std::fmt;
use std::sync::Arc;

use tracing::debug;

use self::bearer::bearer;
use self::check::{Failure, Shared};
use crate::key_set::{Health, KeySetCache, Unavailable, VerifyError};

#[cfg(feature = "actix")]
pub use self::actix::{GuardMiddleware, GuardedService};
pub use self::builder::{GuardBuilder, GuardError};
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

impl Guard {
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
        let verdict = match self.shared.verify(token, None) {
            Err(Failure::NotCached(named)) => match self.shared.keys(&named).await {
                Ok(keys) => self.shared.verify(token, Some(&keys)),
                Err(error) => Err(Failure::Unavailable(named, error)),
            },
            verdict => verdict,
        };
        self.judge(verdict)
    }

    /// As [`check`](Self::check), without waiting: `None` if the token's key is not cached, and may have to be
    /// fetched.
    #[must_use]
    pub fn check_cached(&self, authorization: Option<&str>) -> Option<Result<Claims, Refusal>> {
        let token = match bearer(authorization) {
            Ok(token) => token,
            Err(reason) => return Some(Err(self.refused(reason))),
        };
        match self.shared.verify(token, None) {
            Err(Failure::NotCached(_)) => None,
            verdict => Some(self.judge(verdict)),
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
        for keys in self.shared.caches() {
            keys.ready().await?;
        }
        Ok(())
    }

    /// The health of each issuer's key set, in the order of the issuers, for a readiness probe.
    pub fn health(&self) -> impl Iterator<Item = Health> {
        self.shared.caches().map(KeySetCache::health)
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("policies", &self.shared.policies().collect::<Vec<_>>())
            .field("scopes", &self.scopes)
            .field("permissions", &self.permissions)
            .finish_non_exhaustive()
    }
}

impl Guard {
    /// The verdict on a request by that on its token: compares the scopes and permissions.
    fn judge(&self, verdict: Result<Claims, Failure>) -> Result<Claims, Refusal> {
        let claims = verdict.map_err(|failure| self.refused(self.shared.reason(failure)))?;
        let scopes = self.shared.scopes(&claims);
        let has_scope = |scope: &String| claims.has_scope(scope);
        let has_permission = |name: &String| claims.permissions().any(|it| it == name.as_str());
        let has_all = scopes.iter().chain(&*self.scopes).all(has_scope)
            && self.permissions.iter().all(has_permission);
        if has_all {
            return Ok(claims);
        }
        VerifyError::Token(tokenlatch::Error::MissingScope).count();
        let required = [scopes, &*self.scopes, &*self.permissions].concat();
        Err(self.refused(RefusalReason::InsufficientScope(required)))
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

//! The guard for callers without an async runtime.

use std::sync::Arc;

use super::{Claims, GuardBuilder, GuardError, Refusal};
use crate::background::Background;

/// A [`super::Guard`] for blocking callers.
///
/// It fetches on its own thread. Clones share the keys.
#[derive(Clone, Debug)]
pub struct Guard {
    guard: super::Guard,
    runtime: Arc<Background>,
}

impl Guard {
    /// Starts a guard with the settings of the builder.
    ///
    /// # Errors
    ///
    /// Any [`GuardError`].
    pub fn start(builder: GuardBuilder) -> Result<Self, GuardError> {
        let runtime = Background::start("tokenlatch-guard")?;
        let guard = runtime.enter(|| builder.start())?;
        Ok(Self {
            guard,
            runtime: Arc::new(runtime),
        })
    }

    /// As [`super::Guard::scopes`].
    #[must_use]
    pub fn scopes<S: Into<String>>(&self, scopes: impl IntoIterator<Item = S>) -> Self {
        Self {
            guard: self.guard.scopes(scopes),
            ..self.clone()
        }
    }

    /// As [`super::Guard::permissions`].
    #[must_use]
    pub fn permissions<S: Into<String>>(&self, permissions: impl IntoIterator<Item = S>) -> Self {
        Self {
            guard: self.guard.permissions(permissions),
            ..self.clone()
        }
    }

    /// As [`super::Guard::check`]. Blocks only if the token's key has to be fetched.
    ///
    /// # Errors
    ///
    /// A [`Refusal`].
    ///
    /// # Panics
    ///
    /// In an async task, which must not block.
    pub fn check(&self, authorization: Option<&str>) -> Result<Claims, Refusal> {
        match self.guard.check_cached(authorization) {
            Some(verdict) => verdict,
            None => self.runtime.block_on(self.guard.check(authorization)),
        }
    }

    /// The guard, for what never waits.
    #[must_use]
    pub fn get(&self) -> &super::Guard {
        &self.guard
    }
}

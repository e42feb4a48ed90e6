//! The cache for callers without an async runtime.

use std::io;
use std::sync::Arc;

use tokenlatch::{Policy, Time, Verified};

use super::{Builder, Health, Keys, Source, Unavailable, VerifyError};
use crate::background::Background;

/// A [`super::KeySetCache`] for blocking callers.
///
/// It fetches on its own thread. Clones share the set.
#[derive(Clone)]
pub struct KeySetCache {
    cache: super::KeySetCache,
    runtime: Arc<Background>,
}

impl KeySetCache {
    /// Keeps the key set of `source`, with the default settings.
    ///
    /// # Errors
    ///
    /// If no thread can be started.
    pub fn new(source: impl Source) -> io::Result<Self> {
        Self::start(super::KeySetCache::builder(source))
    }

    /// Keeps a key set with the settings of the builder.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn start(builder: Builder) -> io::Result<Self> {
        let runtime = Background::start("tokenlatch-key-set")?;
        let cache = runtime.enter(|| builder.start());
        Ok(Self {
            cache,
            runtime: Arc::new(runtime),
        })
    }

    /// As [`super::KeySetCache::ready`].
    ///
    /// # Errors
    ///
    /// [`Unavailable`].
    ///
    /// # Panics
    ///
    /// In an async task, which must not block.
    pub fn ready(&self) -> Result<(), Unavailable> {
        self.runtime.block_on(self.cache.ready())
    }

    /// As [`super::KeySetCache::keys`].
    ///
    /// # Errors
    ///
    /// [`Unavailable`].
    ///
    /// # Panics
    ///
    /// As [`ready`](Self::ready).
    pub fn keys(&self, key_id: Option<&str>) -> Result<Keys, Unavailable> {
        match self.cache.cached_with(key_id) {
            Some(keys) => Ok(keys),
            None => self.runtime.block_on(self.cache.keys(key_id)),
        }
    }

    /// As [`super::KeySetCache::verify`].
    ///
    /// # Errors
    ///
    /// Any [`VerifyError`].
    ///
    /// # Panics
    ///
    /// As [`ready`](Self::ready).
    pub fn verify<'s>(
        &self,
        token: &[u8],
        scratch: &'s mut [u8],
        policy: &Policy<'_>,
        now: Time,
    ) -> Result<Verified<'s>, VerifyError> {
        self.runtime
            .block_on(self.cache.verify(token, scratch, policy, now))
    }

    /// As [`super::KeySetCache::settle`].
    ///
    /// # Panics
    ///
    /// As [`ready`](Self::ready).
    pub fn settle(&self) {
        self.runtime.block_on(self.cache.settle());
    }

    /// As [`super::KeySetCache::health`].
    #[must_use]
    pub fn health(&self) -> Health {
        self.cache.health()
    }
}

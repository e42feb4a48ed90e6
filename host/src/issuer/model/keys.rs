//! The signing keys, the next key, and the retiring keys.
//!
//! A key is published before it signs, as the next key, and after it has ceased to sign, as a retiring key.
//! So a cached key set verifies every token, whenever the keys are rotated.

use std::collections::VecDeque;
use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use super::config::KeyConfig;
use super::key::{Jwk, SigningKey};
use super::key_store::{KeyStore, KeyStoreError};
use super::ring::{KeyState, Ring};

/// A published key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Key {
    /// `kid`: the JWK thumbprint (RFC 7638).
    #[serde(rename = "kid")]
    pub key_id: String,
    /// The bits of its modulus.
    pub bits: usize,
    /// Its state.
    #[serde(flatten)]
    pub state: KeyState,
}

/// Why there are no keys or no new keys.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A key could not be generated.
    #[error("cannot generate a key")]
    Generate(#[source] Box<dyn Error + Send + Sync>),
    /// The keys could not be kept or read.
    #[error("cannot keep the keys")]
    Store(#[from] KeyStoreError),
}

/// All keys.
#[derive(Debug)]
pub(crate) struct Keys {
    config: KeyConfig,
    ring: RwLock<Ring>,
    /// How many tokens were signed. It says which key signs next.
    signed: AtomicUsize,
    /// Locked while the keys change.
    store: Mutex<Option<KeyStore>>,
}

impl Keys {
    /// The keys from the directory, or new keys. Keys from the directory may have signed tokens that are valid
    /// for `longest_lifetime` from `now` on.
    pub(crate) async fn open(
        config: KeyConfig,
        now: u64,
        longest_lifetime: Duration,
    ) -> Result<Self, KeyError> {
        let store = config.directory.as_deref().map(KeyStore::open);
        let store = store.transpose()?;
        let kept = store.as_ref().map(KeyStore::load).transpose()?.flatten();
        let rotate_at = config.rotate_every.map(|every| now + every.as_secs());
        let mut ring = if let Some(mut ring) = kept {
            for key in &ring.signing {
                key.in_use_until(now + longest_lifetime.as_secs());
            }
            ring.rotate_at = rotate_at.and(ring.rotate_at).or(rotate_at);
            ring
        } else {
            let mut keys = generate(config.bits, config.active + 1).await?;
            Ring {
                next: keys.pop_back().expect("there are two and more"),
                signing: keys,
                retiring: VecDeque::new(),
                rotate_at,
            }
        };
        // As many as are configured now.
        let missing = config.active.saturating_sub(ring.signing.len());
        ring.signing.extend(generate(config.bits, missing).await?);
        while ring.signing.len() > config.active {
            ring.retire_oldest(config.overlap, now);
        }
        if let Some(store) = &store {
            store.save(&ring)?;
        }
        Ok(Self {
            config,
            ring: RwLock::new(ring),
            signed: AtomicUsize::new(0),
            store: Mutex::new(store),
        })
    }

    /// The key whose turn it is to sign.
    pub(crate) fn signing(&self) -> Arc<SigningKey> {
        self.read(|ring| {
            let turn = self.signed.fetch_add(1, Ordering::Relaxed);
            Arc::clone(&ring.signing[turn % ring.signing.len()])
        })
    }

    /// The published keys: the signing keys, the next key, the retiring keys.
    pub(crate) fn published(&self, now: u64) -> Vec<Jwk> {
        self.read(|ring| {
            let keys = ring.published(now);
            keys.map(|(key, _)| key.jwk().clone()).collect()
        })
    }

    /// The descriptions of the same keys.
    pub(crate) fn list(&self, now: u64) -> Vec<Key> {
        self.read(|ring| {
            let keys = ring.published(now);
            let keys = keys.map(|(key, state)| Key {
                key_id: key.key_id().into(),
                bits: key.bits(),
                state,
            });
            keys.collect()
        })
    }

    pub(crate) fn max_age(&self) -> Duration {
        self.config.max_age
    }

    pub(crate) fn rotate_at(&self) -> Option<u64> {
        self.read(|ring| ring.rotate_at)
    }

    /// Rotates the keys: the next key signs in place of the oldest one, and a new key becomes the next one.
    pub(crate) async fn rotate(&self, now: u64) -> Result<(), KeyError> {
        let store = self.store.lock().await;
        self.rotate_with(store.as_ref(), now).await
    }

    /// Rotates the keys once, if a rotation is due.
    pub(crate) async fn rotate_if_due(&self, now: u64) -> Result<(), KeyError> {
        let is_due = || self.rotate_at().is_some_and(|at| at <= now);
        if is_due() {
            let store = self.store.lock().await;
            // Another task may have rotated them.
            if is_due() {
                self.rotate_with(store.as_ref(), now).await?;
            }
        }
        Ok(())
    }

    async fn rotate_with(&self, store: Option<&KeyStore>, now: u64) -> Result<(), KeyError> {
        let new = generate(self.config.bits, 1).await?;
        let mut ring = self.read(Ring::clone);
        for key in new {
            let next = std::mem::replace(&mut ring.next, key);
            ring.signing.push_back(next);
        }
        ring.retire_oldest(self.config.overlap, now);
        ring.retiring.retain(|retiring| now < retiring.until);
        ring.rotate_at = self.config.rotate_every.map(|every| now + every.as_secs());
        if let Some(store) = store {
            store.save(&ring)?;
        }
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = ring;
        Ok(())
    }

    fn read<T>(&self, act: impl FnOnce(&Ring) -> T) -> T {
        act(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// New keys, computed at the same time on threads that do not handle requests.
async fn generate(bits: usize, count: usize) -> Result<VecDeque<Arc<SigningKey>>, KeyError> {
    let tasks: Vec<_> = (0..count)
        .map(|_| spawn_blocking(move || SigningKey::generate(bits)))
        .collect();
    let mut keys = VecDeque::new();
    for task in tasks {
        let key = task.await.expect("key generation does not panic");
        keys.push_back(Arc::new(
            key.map_err(|error| KeyError::Generate(error.into()))?,
        ));
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issuer::model::ring::MAX_RETIRING;

    fn states(keys: &Keys, now: u64) -> Vec<(String, KeyState)> {
        let keys = keys.list(now).into_iter();
        keys.map(|key| (key.key_id, key.state)).collect()
    }

    #[tokio::test]
    async fn keys_are_published_before_and_after_they_sign() {
        let config = KeyConfig {
            rotate_every: Some(Duration::from_secs(1000)),
            overlap: Some(Duration::from_secs(100)),
            ..KeyConfig::default()
        };
        let keys = Keys::open(config, 0, Duration::from_secs(600))
            .await
            .unwrap();
        let [(first, KeyState::Signing), (second, KeyState::Next)] = &states(&keys, 0)[..] else {
            panic!("one that signs, and the next");
        };
        keys.rotate_if_due(999).await.unwrap();
        assert_eq!(keys.signing().key_id(), first);
        keys.rotate_if_due(1000).await.unwrap();
        assert_eq!(keys.signing().key_id(), second);
        let [_, (third, KeyState::Next), retiring] = &states(&keys, 1099)[..] else {
            panic!("the third is published before it signs");
        };
        let until_1100 = KeyState::Retiring { until: 1100 };
        assert_eq!(retiring, &(first.clone(), until_1100));
        assert_eq!(states(&keys, 1100).len(), 2, "the overlap is over");
        keys.rotate_if_due(9000).await.unwrap();
        assert_eq!(keys.signing().key_id(), third, "one rotation, not eight");
        assert_eq!(keys.rotate_at(), Some(10_000));
    }

    #[tokio::test]
    async fn without_an_overlap_a_key_stays_until_its_tokens_have_expired() {
        let keys = Keys::open(KeyConfig::default(), 0, Duration::from_secs(600))
            .await
            .unwrap();
        keys.signing().in_use_until(650);
        keys.rotate(100).await.unwrap();
        assert_eq!(states(&keys, 649).len(), 3);
        assert_eq!(states(&keys, 650).len(), 2);
        keys.rotate(700).await.unwrap();
        assert_eq!(states(&keys, 700).len(), 2, "it signed nothing");
    }

    #[tokio::test]
    async fn several_keys_sign_in_turn() {
        let config = KeyConfig {
            active: 2,
            ..KeyConfig::default()
        };
        let keys = Keys::open(config, 0, Duration::from_secs(600))
            .await
            .unwrap();
        let [first, second, third] = [0; 3].map(|_| keys.signing().key_id().to_owned());
        assert_ne!(first, second);
        assert_eq!(first, third);
        assert_eq!(keys.list(0).len(), 3);
    }

    #[tokio::test]
    async fn the_number_of_retiring_keys_is_bounded() {
        let config = KeyConfig {
            overlap: Some(Duration::from_secs(1000)),
            ..KeyConfig::default()
        };
        let keys = Keys::open(config, 0, Duration::from_secs(600))
            .await
            .unwrap();
        for _ in 0..MAX_RETIRING + 1 {
            keys.rotate(0).await.unwrap();
        }
        assert_eq!(keys.list(0).len(), 2 + MAX_RETIRING);
    }
}

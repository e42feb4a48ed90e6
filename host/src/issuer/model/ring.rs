//! The keys by their states: signing, next, retiring.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::key::SigningKey;

/// How many retiring keys stay published. A new one replaces the oldest one.
pub(super) const MAX_RETIRING: usize = 8;

/// The state of a published key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum KeyState {
    /// It signs tokens.
    Signing,
    /// It will sign tokens after the next rotation.
    Next,
    /// It has ceased to sign.
    Retiring {
        /// Until when it is published, by the issuer's clock, in seconds since 1970.
        until: u64,
    },
}

/// The keys by their states.
#[derive(Clone, Debug)]
pub(crate) struct Ring {
    /// Oldest first. There is at least one.
    pub(crate) signing: VecDeque<Arc<SigningKey>>,
    pub(crate) next: Arc<SigningKey>,
    /// Oldest first.
    pub(crate) retiring: VecDeque<Retiring>,
    /// When the next rotation is due, if the keys rotate by themselves.
    pub(crate) rotate_at: Option<u64>,
}

#[derive(Clone, Debug)]
pub(crate) struct Retiring {
    pub(crate) key: Arc<SigningKey>,
    pub(crate) until: u64,
}

impl Ring {
    pub(super) fn published(&self, now: u64) -> impl Iterator<Item = (&SigningKey, KeyState)> {
        let signing = self.signing.iter().map(|key| (&**key, KeyState::Signing));
        let retiring = self.retiring.iter().filter(move |key| now < key.until);
        let retiring = retiring.map(|retiring| {
            let until = retiring.until;
            (&*retiring.key, KeyState::Retiring { until })
        });
        signing
            .chain([(&*self.next, KeyState::Next)])
            .chain(retiring)
    }

    pub(super) fn retire_oldest(&mut self, overlap: Option<Duration>, now: u64) {
        if let Some(key) = self.signing.pop_front() {
            let until = overlap.map_or(key.last_expiry(), |overlap| now + overlap.as_secs());
            self.retiring.push_back(Retiring { key, until });
        }
        if self.retiring.len() > MAX_RETIRING {
            self.retiring.pop_front();
        }
    }
}

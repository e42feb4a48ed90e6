//! The log of requests and responses.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::issuer::model::endpoint::Endpoint;

pub use super::shown::{MAX_PATH_LEN, MAX_PATH_PART_LEN};

/// How many requests are remembered one by one. All are counted.
pub const MAX_REMEMBERED: usize = 256;

/// The requests so far, except those for the page and for `/admin/`.
///
/// It holds no token and no client's secret. Of the text that a request can choose, it holds the path alone,
/// without the parts that are such a secret or may be a token.
#[derive(Debug, Default)]
pub struct Log(Mutex<State>);

/// One request and its response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Request {
    /// When the response was made, by the issuer's clock, in seconds since 1970.
    pub time: u64,
    /// The method, or `other` if neither RFC 9110 nor RFC 5789 has it.
    pub method: &'static str,
    /// The path, in ASCII and without the query. `…` stands in the place of a client's secret, of a part that
    /// is longer than [`MAX_PATH_PART_LEN`] and may be a token, and of what is beyond [`MAX_PATH_LEN`].
    pub path: String,
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The status of the response, or 0 if the connection was closed instead.
    pub status: u16,
    /// `issued`, `served`, `not_modified`, the error's code (RFC 6749 section 5.2), or the fault's name.
    pub outcome: &'static str,
    /// The client, if it was recognised.
    pub client_id: Option<String>,
}

/// How often requests to an endpoint had an outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Count {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// As in [`Request::outcome`].
    pub outcome: &'static str,
    /// How often.
    pub count: u64,
}

/// The outcome of a request. Its response carries it to the log.
#[derive(Clone, Copy)]
pub(crate) struct Outcome(pub(crate) &'static str);

#[derive(Debug, Default)]
struct State {
    recent: VecDeque<Request>,
    counts: BTreeMap<(Endpoint, &'static str), u64>,
}

impl Log {
    /// The latest requests, at most [`MAX_REMEMBERED`], oldest first.
    #[must_use]
    pub fn recent(&self) -> Vec<Request> {
        self.with(|state| state.recent.iter().cloned().collect())
    }

    /// How often requests to each endpoint had each outcome.
    #[must_use]
    pub fn counts(&self) -> Vec<Count> {
        self.with(|state| {
            let counts = state.counts.iter();
            let counts = counts.map(|(&(endpoint, outcome), &count)| Count {
                endpoint,
                outcome,
                count,
            });
            counts.collect()
        })
    }

    /// How many requests to this endpoint there were.
    #[must_use]
    pub fn count(&self, endpoint: Endpoint) -> u64 {
        let counts = self.counts().into_iter();
        let counts = counts.filter(|count| count.endpoint == endpoint);
        counts.map(|count| count.count).sum()
    }

    /// How many requests to this endpoint had this outcome, as in [`Request::outcome`].
    #[must_use]
    pub fn count_of(&self, endpoint: Endpoint, outcome: &str) -> u64 {
        let counts = self.counts().into_iter();
        let mut counts = counts.filter(|count| count.endpoint == endpoint);
        counts
            .find(|count| count.outcome == outcome)
            .map_or(0, |count| count.count)
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.with(|state| *state = State::default());
    }

    pub(crate) fn add(&self, request: Request) {
        self.with(|state| {
            let key = (request.endpoint, request.outcome);
            *state.counts.entry(key).or_default() += 1;
            if state.recent.len() == MAX_REMEMBERED {
                state.recent.pop_front();
            }
            state.recent.push_back(request);
        });
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_forgotten_but_counted() {
        let log = Log::default();
        for time in 0..=MAX_REMEMBERED as u64 {
            log.add(Request {
                time,
                method: "GET",
                path: "/.well-known/jwks.json".into(),
                endpoint: Endpoint::KeySet,
                status: 200,
                outcome: "served",
                client_id: None,
            });
        }
        assert_eq!(log.recent().len(), MAX_REMEMBERED);
        assert_eq!(log.recent()[0].time, 1);
        let all = MAX_REMEMBERED as u64 + 1;
        assert_eq!(log.count(Endpoint::KeySet), all);
        assert_eq!(log.count_of(Endpoint::KeySet, "served"), all);
        assert_eq!(log.count_of(Endpoint::KeySet, "not_modified"), 0);
        assert_eq!(log.count(Endpoint::Auth0Token), 0);
        log.clear();
        assert!(log.recent().is_empty() && log.counts().is_empty());
    }
}

//! What has happened so far: which keys there are, when a child could fetch, and which time it has.

use std::time::{Duration, Instant};

use tokenlatch_host::key_set::COOLDOWN;

use crate::tokens::Token;

/// The programs under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Child {
    /// `tokenlatch serve`.
    Serve,
    /// A service with a guard.
    Service,
}

impl Child {
    pub(crate) const ALL: [Self; 2] = [Self::Serve, Self::Service];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Serve => "serve",
            Self::Service => "service",
        }
    }
}

/// How long the key set is fresh: [`MIN_TTL`](tokenlatch_host::key_set::MIN_TTL), for the issuer says 15 seconds. A
/// set that is in use is fetched again before.
pub(crate) const REFRESH: Duration = Duration::from_secs(30);

/// How long a fetch takes that succeeds, on a busy machine.
pub(crate) const FETCH: Duration = Duration::from_secs(5);

/// How long a fetch may take that fails: the document and the metadata, which is fetched anew.
const FAILING_FETCH: Duration = Duration::from_secs(10);

/// How long a child's clock takes to jump: it reads the file with its time once a second.
const JUMP: Duration = Duration::from_secs(3);

pub(crate) struct World {
    /// In the order in which they sign.
    pub(crate) keys: Vec<Key>,
    /// When the issuer was out of order.
    pub(crate) issuer_down: Vec<Span>,
    /// When each child was stopped.
    pub(crate) stopped: [Vec<Span>; 2],
    /// From when on the clocks of the children are so many seconds ahead.
    pub(crate) jumps: Vec<(Instant, i64)>,
    /// Since when the snapshot's disk has space; `None` while it is full.
    pub(crate) has_space: Option<Instant>,
}

/// A key of the issuer.
pub(crate) struct Key {
    pub(crate) key_id: String,
    /// Since when it is certainly published.
    pub(crate) published: Instant,
    /// Until when it was certainly published, and since when it is certainly not.
    pub(crate) withdrawn: Option<(Instant, Instant)>,
    /// When each child first accepted one of its tokens.
    pub(crate) accepted: [Option<Instant>; 2],
    /// When each child first had no key for one of its tokens.
    pub(crate) refused: [Option<Instant>; 2],
    /// Empty until it signs.
    pub(crate) tokens: Vec<Token>,
}

#[derive(Clone, Copy)]
pub(crate) struct Span {
    pub(crate) from: Instant,
    /// `None` if it goes on.
    pub(crate) to: Option<Instant>,
}

impl Span {
    pub(crate) fn since_now() -> Self {
        Self {
            from: Instant::now(),
            to: None,
        }
    }
}

/// Ends the last one of these.
pub(crate) fn end(spans: &mut [Span]) {
    if let Some(span) = spans.last_mut() {
        span.to = Some(Instant::now());
    }
}

impl World {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Self {
            keys: Vec::new(),
            issuer_down: Vec::new(),
            stopped: [Vec::new(), Vec::new()],
            jumps: vec![(now, 0)],
            has_space: Some(now),
        }
    }

    /// Whether this child has certainly finished, by `at`, a fetch that began after `event`.
    pub(crate) fn has_fetched(&self, child: Child, event: Instant, at: Instant) -> bool {
        let stopped = &self.stopped[child as usize];
        let mut troubles: Vec<Span> = self.issuer_down.iter().chain(stopped).copied().collect();
        troubles.sort_by_key(|trouble| trouble.from);
        has_fetched(&troubles, event, at)
    }

    /// Whether this child certainly has this key.
    pub(crate) fn has_key(&self, child: Child, key: &Key, at: Instant) -> bool {
        key.accepted[child as usize].is_some_and(|accepted| accepted < at)
            || self.has_fetched(child, key.published, at)
    }

    /// How many seconds the clocks of the children may have been ahead in this time.
    pub(crate) fn offsets(&self, from: Instant, to: Instant) -> impl Iterator<Item = i64> {
        let ends = self.jumps.iter().skip(1).map(|(at, _)| Some(*at + JUMP));
        let spans = self.jumps.iter().zip(ends.chain([None]));
        spans
            .filter(move |((begins, _), ends)| {
                *begins <= to && ends.is_none_or(|ends| from <= ends)
            })
            .map(|((_, offset), _)| *offset)
    }

    /// Whether `serve` has certainly fetched and kept the key set since its clock jumped for the last time.
    pub(crate) fn is_snapshot_of_this_time(&self) -> bool {
        let jumped = self.jumps.last().map(|(at, _)| *at + JUMP);
        let then = Instant::now().checked_sub(Duration::from_secs(1));
        let both = jumped.zip(then);
        both.is_some_and(|(jumped, then)| self.has_fetched(Child::Serve, jumped, then))
    }

    /// Whether this child was stopped at any time in this time.
    pub(crate) fn was_stopped(&self, child: Child, from: Instant, to: Instant) -> bool {
        let mut spans = self.stopped[child as usize].iter();
        spans.any(|span| span.from <= to && span.to.is_none_or(|end| from <= end))
    }
}

/// Whether a fetch has certainly succeeded, by `at`, that began after `event`. Fetches fail in the `troubles`, which
/// are in the order of time.
fn has_fetched(troubles: &[Span], event: Instant, at: Instant) -> bool {
    let mut failing_since = None;
    let mut calm_from = None;
    let mut rest = troubles.iter();
    loop {
        let trouble = rest.next();
        let calm_to = trouble.map_or(at, |trouble| trouble.from.min(at));
        let retry = match (failing_since, calm_from) {
            (Some(since), Some(from)) => longest_retry(from - since),
            _ => Duration::ZERO,
        };
        let begins = calm_from.map_or(event, |from| event.max(from));
        let due = (begins + REFRESH).max(calm_from.map_or(event, |from| from + retry)) + FETCH;
        if due <= calm_to {
            return true;
        }
        let Some(Span { from, to: Some(to) }) = trouble else {
            return false;
        };
        let is_over = calm_from.is_none_or(|calm| calm + retry.max(REFRESH) + FETCH <= *from);
        if is_over || failing_since.is_none() {
            failing_since = Some(*from);
        }
        calm_from = Some(*to);
        if *to >= at {
            return false;
        }
    }
}

/// How long after a trouble the next fetch begins, at most.
///
/// The waits between retries double from a second on, each up to doubled by chance: the next one is at most twice
/// as long as all before it. But there are requests with unknown `kid`s all the time, and one of them causes a fetch
/// when the cooldown is over, which takes twice [`COOLDOWN`] at most.
fn longest_retry(trouble: Duration) -> Duration {
    let failing = trouble + FAILING_FETCH + Duration::from_secs(1);
    FAILING_FETCH + (2 * failing).min(2 * COOLDOWN + Duration::from_secs(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fetch_is_certain_only_after_a_calm_time() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let span = |from, to| Span {
            from: at(from),
            to: Some(at(to)),
        };
        assert!(!has_fetched(&[], at(100), at(134)));
        assert!(has_fetched(&[], at(100), at(135)));
        // A trouble of 5 seconds: 10 until the last failure, then at most 32 until the retry, then the fetch.
        let trouble = [span(110, 115)];
        assert!(!has_fetched(&trouble, at(100), at(161)));
        assert!(has_fetched(&trouble, at(100), at(162)));
        assert!(has_fetched(&trouble, at(70), at(109)));
        // Not within a trouble, and not in a short calm time between two.
        let open = [Span {
            from: at(110),
            to: None,
        }];
        assert!(!has_fetched(&open, at(100), at(1000)));
        let two = [span(110, 200), span(220, 230)];
        assert!(!has_fetched(&two, at(100), at(230 + 76)));
        assert!(has_fetched(&two, at(100), at(230 + 77)));
    }
}

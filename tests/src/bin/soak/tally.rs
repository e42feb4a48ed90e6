//! What was counted.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::tokens::Kind;
use crate::world::Child;

/// The counts of a phase, of a child, of a kind of requests.
pub(crate) type Place = (usize, Child, Kind);

#[derive(Default)]
pub(crate) struct Tally {
    /// How many responses of each status.
    pub(crate) statuses: BTreeMap<Place, BTreeMap<u16, u64>>,
    /// How many wrong ones in each phase.
    pub(crate) wrong: BTreeMap<usize, u64>,
    /// How many requests without a response in each phase.
    pub(crate) lost: BTreeMap<usize, u64>,
    /// The longest wait of a request whose key the child has, in each phase; not of a child that was stopped.
    pub(crate) longest: BTreeMap<usize, Duration>,
    /// From the first 503 to a good token of a new key until the first 200, for each child and key.
    pub(crate) refused_for: Vec<Duration>,
    /// How often the snapshot was there and whole.
    pub(crate) snapshots: u64,
    /// What is wrong, in words.
    pub(crate) faults: Vec<String>,
}

impl Tally {
    /// All requests.
    pub(crate) fn requests(&self) -> u64 {
        let responses: u64 = self.statuses.values().flat_map(BTreeMap::values).sum();
        responses + self.lost()
    }

    pub(crate) fn wrong(&self) -> u64 {
        self.wrong.values().sum()
    }

    pub(crate) fn lost(&self) -> u64 {
        self.lost.values().sum()
    }

    /// How many faults are no wrong verdict and no request without a response.
    pub(crate) fn others(&self) -> u64 {
        self.faults.len() as u64 - self.wrong() - self.lost()
    }

    /// How many responses had this status, of those that `which` is true for.
    pub(crate) fn count(&self, which: impl Fn(&Place) -> bool, status: u16) -> u64 {
        let places = self.statuses.iter().filter(|(place, _)| which(place));
        places
            .filter_map(|(_, statuses)| statuses.get(&status))
            .sum()
    }

    /// Notes and shows what is wrong.
    pub(crate) fn fault(&mut self, fault: String) {
        println!("WRONG: {fault}");
        self.faults.push(fault);
    }
}

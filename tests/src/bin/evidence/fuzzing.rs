//! `tests/fuzz/results.json`, which `tests/fuzz/run --minutes` writes.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What the long runs of each target have done so far.
pub(super) type Fuzzing = BTreeMap<String, Target>;

#[derive(Deserialize)]
pub(super) struct Target {
    pub(super) executions: u64,
    pub(super) cpu_seconds: u64,
    /// The edges between blocks of code that were executed.
    pub(super) edges: u64,
    /// The edges, by how often, and the values that were compared.
    pub(super) features: u64,
    /// How many inputs of the corpus execute all that.
    pub(super) inputs: u64,
    pub(super) date: String,
}

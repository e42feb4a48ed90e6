//! What is on record.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What each command found when it ran last, by the command.
pub(super) type Records = BTreeMap<String, Record>;

/// What a command found.
#[derive(Deserialize, Serialize)]
pub(super) struct Record {
    pub(super) figure: String,
    /// The day, as `2026-11-29`.
    pub(super) date: String,
}

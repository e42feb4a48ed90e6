//! Bounds of cycles.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Bounds of what something takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cycles {
    pub(crate) low: u64,
    pub(crate) high: u64,
}

impl Cycles {
    pub(crate) const fn new(low: u64, high: u64) -> Self {
        Self { low, high }
    }

    pub(crate) fn middle(self) -> u64 {
        self.low.midpoint(self.high)
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self::new(self.low + other.low, self.high + other.high)
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        let low = self.low.saturating_sub(other.low);
        Self::new(low, self.high.saturating_sub(other.high))
    }
}

impl fmt::Display for Cycles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}-{})", self.middle(), self.low, self.high)
    }
}

//! Tokenlatch and other libraries, measured side by side.
//!
//! There is one list of contenders ([`CONTENDERS`]), one of operations ([`Operation::ALL`]) and one
//! of cases ([`Case::all`]). The program `ratios`, the criterion benches and the tests all go through
//! these, so that what is measured is what is tested.

mod case;
mod contenders;
#[cfg(any(feature = "load", feature = "peers"))]
pub mod machine;
mod operation;
pub mod results;

pub use case::Case;
pub use contenders::{CONTENDERS, Contender, Task};
pub use operation::Operation;

use serde::{Deserialize, Serialize};

/// How Tokenlatch was built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Build {
    /// As it is: it chooses by the processor.
    Whole,
    /// Without its code for AVX-512, as on a processor that lacks it: `--cfg tokenlatch_without_ifma`.
    WithoutIfma,
    /// Without its code for one kind of processor: `--cfg tokenlatch_portable`.
    Portable,
}

impl Build {
    /// That of this program.
    pub const THIS: Self = if cfg!(tokenlatch_portable) {
        Self::Portable
    } else if cfg!(tokenlatch_without_ifma) {
        Self::WithoutIfma
    } else {
        Self::Whole
    };

    /// Its name in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Whole => "as it is",
            Self::WithoutIfma => "without AVX-512",
            Self::Portable => "portable",
        }
    }
}

/// How often a task allocates from Rust's heap. What a C library takes from its own is not seen.
#[cfg(any(feature = "peers", test))]
pub fn allocations(task: &mut Task) -> u64 {
    let count = allocation_counter::measure(|| {
        assert!(task(), "a good token or signature was rejected");
    });
    count.count_total
}

//! Tokenlatch and other libraries, measured side by side.
//!
//! There is one list of contenders ([`CONTENDERS`]), one of operations ([`Operation::ALL`]) and one
//! of cases ([`Case::all`]). The program `ratios`, the criterion benches and the tests all go through
//! these, so that what is measured is what is tested.

mod case;
mod contenders;
pub mod results;

pub use case::Case;
pub use contenders::{CONTENDERS, Contender, Task};

use serde::{Deserialize, Serialize};

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// From the text of a token to the verdict, issuer, audience and expiry included.
    WholeToken,
    /// From a message and its signature to the verdict, under a key that was made before.
    Signature,
    /// From a modulus and exponent in bytes to a key, and its first signature: some libraries put
    /// off to the first signature what others do at once.
    KeySetUp,
    /// From the text of a JWK Set to a key, and its first signature.
    JwkSet,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::WholeToken,
        Self::Signature,
        Self::KeySetUp,
        Self::JwkSet,
    ];

    /// Its name in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WholeToken => "whole token",
            Self::Signature => "signature",
            Self::KeySetUp => "key set-up",
            Self::JwkSet => "JWK Set to keys",
        }
    }
}

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
pub fn allocations(task: &mut Task) -> u64 {
    let count = allocation_counter::measure(|| {
        assert!(task(), "a good token or signature was refused");
    });
    count.count_total
}

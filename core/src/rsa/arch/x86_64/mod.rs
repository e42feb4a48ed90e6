//! Two backends for x86-64, one for eight operations at once, and what they share.

mod constants;
pub(crate) mod fma;
#[cfg(not(tokenlatch_without_ifma))]
pub(crate) mod ifma;
#[cfg(not(tokenlatch_without_ifma))]
pub(crate) mod ifma_lanes;
mod mxcsr;
mod radix;

/// The R^2 of these backends is at most 224 bits lower than the portable R^2: less than 4 digits of 60 bits.
pub(crate) const SHORT: usize = 4;

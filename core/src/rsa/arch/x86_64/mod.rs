//! Two backends for x86-64, one for eight operations at once, and what they share.

pub(crate) mod fma;
#[cfg(not(tokenlatch_without_ifma))]
pub(crate) mod ifma;
#[cfg(not(tokenlatch_without_ifma))]
pub(crate) mod ifma_lanes;
mod mxcsr;
mod radix;
pub(crate) mod reciprocal;

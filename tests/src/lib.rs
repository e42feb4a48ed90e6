//! Code that the whole-system tests share.

pub mod board;
pub mod capi;
pub mod cargo;
pub mod device;
pub mod figures;
pub mod firmware;
pub mod footprint;
pub mod gdb;
pub mod hostile;
pub mod issuer;
#[cfg(feature = "load")]
pub mod load;
pub mod parts;
pub mod program;
pub mod skips;
pub mod stack;
pub mod thumb;

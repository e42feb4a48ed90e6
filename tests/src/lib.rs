//! Whole-system tests of Tokenlatch, and what they share.

pub mod firmware;
pub mod issuer;
pub mod program;

//! What the programs of this folder share: how they are measured, and how they are spoken to.
#![no_std]

pub mod input;
pub mod memory;

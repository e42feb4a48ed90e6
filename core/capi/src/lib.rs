//! Tokenlatch for C: `include/tokenlatch.h` is made from the documentation and the signatures here.
//!
//! The functions take pointers from C, check what can be checked of them, and call the core. There is no global
//! variable, no allocation and no panic. This is the only package of Tokenlatch with `unsafe` code that is not
//! a backend.
#![no_std]
#![allow(
    non_camel_case_types,
    reason = "the names are those of C, where there are no modules"
)]

mod audit;
mod carried;
mod challenge;
mod check;
mod clock;
mod code;
mod confirm;
mod document;
mod key_set;
mod key_store;
mod panic;
mod policy;
mod records;
mod replay;
mod revocation;
mod slot;
mod text;
mod time;
mod verified;
mod verify;

pub use audit::*;
pub use carried::*;
pub use challenge::*;
pub use check::*;
pub use clock::*;
pub use code::*;
pub use confirm::*;
pub use document::*;
pub use key_set::*;
pub use key_store::*;
pub use policy::*;
pub use records::*;
pub use replay::*;
pub use revocation::*;
pub use text::*;
pub use time::*;
pub use verified::*;
pub use verify::*;

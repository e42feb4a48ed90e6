//! The C interface, `core/capi`, as a library of Rust: all of its files but the panic handler, which only a
//! program without `std` has.
#![allow(missing_docs, clippy::missing_safety_doc, non_camel_case_types)]

#[path = "../../../core/capi/src/audit.rs"]
mod audit;
#[path = "../../../core/capi/src/carried.rs"]
mod carried;
#[path = "../../../core/capi/src/challenge.rs"]
mod challenge;
#[path = "../../../core/capi/src/check.rs"]
mod check;
#[path = "../../../core/capi/src/clock.rs"]
mod clock;
#[path = "../../../core/capi/src/code.rs"]
mod code;
#[path = "../../../core/capi/src/confirm.rs"]
mod confirm;
#[path = "../../../core/capi/src/document.rs"]
mod document;
#[path = "../../../core/capi/src/key_set.rs"]
mod key_set;
#[path = "../../../core/capi/src/key_store.rs"]
mod key_store;
#[path = "../../../core/capi/src/policy.rs"]
mod policy;
#[path = "../../../core/capi/src/records.rs"]
mod records;
#[path = "../../../core/capi/src/replay.rs"]
mod replay;
#[path = "../../../core/capi/src/revocation.rs"]
mod revocation;
#[path = "../../../core/capi/src/slot.rs"]
mod slot;
#[path = "../../../core/capi/src/text.rs"]
mod text;
#[path = "../../../core/capi/src/time.rs"]
mod time;
#[path = "../../../core/capi/src/verified.rs"]
mod verified;
#[path = "../../../core/capi/src/verify.rs"]
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

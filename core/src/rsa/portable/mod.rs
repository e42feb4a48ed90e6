//! The public operation for every processor, which backends for one kind of processor build on.
//!
//! Three layers, each of which uses only those before it: [`digits`], [`columns`], [`montgomery`].

mod columns;
pub(crate) mod digits;
pub(crate) mod montgomery;

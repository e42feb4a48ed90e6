//! The public operation for every processor, which backends for one kind of processor build on.
//!
//! Three layers, each of which uses only those before it: [`digits`]; products of numbers, by `columns` or by
//! `rows`; and [`montgomery`].

#[cfg(products = "columns")]
mod columns;
pub(crate) mod digits;
pub(crate) mod montgomery;
#[cfg(products = "rows")]
pub(crate) mod rows;
#[cfg(all(test, any(digits = "3", digits = "4", digits = "8")))]
mod small;

//! RSA with public keys only: nothing here is secret, so nothing here needs constant time.
//!
//! The layers, from the bottom to the top:
//!
//! 1. [`power`]: the steps from s to s^e, the same for every backend. A power can rest between two steps.
//! 2. [`portable`]: numbers in digits and Montgomery arithmetic, for every processor.
//! 3. [`arch`]: code for one kind of processor each, and all of the core's `unsafe`. That is either a
//!    backend, which builds on `portable`, or the innermost loop of `portable`, or its whole multiplication.
//! 4. [`public_key`]: keys and what is checked when they are made, with the help of [`roca`]; `der` reads
//!    their encodings, and [`key_constant`] says which constant a key has.
//! 5. [`public_operation`]: s^e mod n by the first of the `BACKENDS` that supports the processor, or else by
//!    the steps of `portable`. A backend is one file in `arch` and one line in that list. `LANE_BACKENDS` are
//!    those for eight at once.
//!
//! A signature scheme is a file outside of this folder: `crate::rs256`.

#[allow(
    unsafe_code,
    reason = "assembly, vectors, and features of the processor that the compiler does not know"
)]
mod arch;
#[cfg(feature = "der")]
mod der;
#[cfg(all(any(test, tokenlatch_highest_columns), not(products = "rows")))]
mod highest_columns;
mod key_constant;
pub(crate) mod portable;
mod power;
mod public_key;
mod public_operation;
mod roca;

#[cfg(all(any(test, tokenlatch_highest_columns), not(products = "rows")))]
pub use highest_columns::highest_columns_are_right;
pub(crate) use power::Steps;
pub use public_key::{Bits, Capacity, PublicKey};
pub(crate) use public_key::{Buffer, Checked, View, exponent};
pub(crate) use public_operation::LANES;

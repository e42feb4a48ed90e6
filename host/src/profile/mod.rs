//! Ready-made settings for the issuers that people have.

mod name;

pub use self::name::{ProfileName, UnknownProfile};

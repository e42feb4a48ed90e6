//! What the targets share.

pub mod agree;
pub mod documents;
pub mod key;
pub mod memory;
pub mod reference;
#[cfg(feature = "host")]
pub mod server;

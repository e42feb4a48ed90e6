//! What the targets share.

pub mod agree;
pub mod documents;
pub mod key;
pub mod memory;
pub mod reference;
pub mod secret;
#[cfg(feature = "host")]
pub mod server;

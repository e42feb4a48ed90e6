//! The server's responses, by path.

pub(super) mod admin;
pub(super) mod atm;
pub(super) mod auth0;
pub(super) mod device;
pub(super) mod key_set;
pub(super) mod metadata;
pub(super) mod oauth;
pub(super) mod page;

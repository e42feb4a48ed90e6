//! The state of the authorization server, and its rules. Requests and responses are handled elsewhere.

pub(super) mod claims;
pub(super) mod client;
pub(super) mod clients;
pub(super) mod clock;
pub(super) mod config;
pub(super) mod endpoint;
pub(super) mod expected;
pub(super) mod faults;
pub(super) mod fleet;
pub(super) mod key;
pub(super) mod key_store;
pub(super) mod keys;
pub(super) mod profile;
pub(super) mod refresh;
pub(super) mod rejection;
pub(super) mod ring;
pub(super) mod seconds;

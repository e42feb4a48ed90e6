//! Verifies RS256 access tokens in services. Fetches and caches key sets, obtains tokens, and has an
//! authorization server for tests.
//!
//! - [`key_set`]: JWK Sets fetched, cached and refreshed, ready to verify with;
//! - [`profile`]: ready-made settings for the issuers that people have;
//! - [`guard`]: services guarded, in one line;
//! - [`verifier`]: tokens of several issuers;
//! - [`token_client`]: access tokens obtained, cached and refreshed;
//! - `issuer`: an embedded authorization server that issues tokens in two dialects;
//! - [`device`]: what a device without a network needs: keys, and documents that its root key has signed;
//! - [`http`]: the bounded HTTP requests that all of these need;
//! - [`clock`]: the present time;
//! - [`files`]: files read under a bound, and replaced as a whole.
//!
//! [`tokenlatch`] and [`reqwest`] are re-exported, because this API has types of theirs.
//!
//! # Features
//!
//! Each is off by default.
//!
//! - `actix`, `axum`, `tonic`, `tower`: the guard in services of these frameworks;
//! - `issuer`: the authorization server.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod background;
pub mod clock;
pub mod device;
pub mod files;
pub mod guard;
pub mod http;
#[cfg(feature = "issuer")]
pub mod issuer;
mod jws;
pub mod key_set;
pub mod policy;
pub mod profile;
mod rsa_key;
mod thumbprint;
pub mod token_client;
pub mod verifier;

pub use reqwest;
pub use tokenlatch;

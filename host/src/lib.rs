//! Verifies RS256 access tokens in services: key sets that are fetched and cached, tokens that are
//! obtained, and an authorization server for tests.
//!
//! - [`key_set`]: JWK Sets fetched, cached and refreshed, ready to verify with;
//! - [`verifier`]: the same for several issuers;
//! - [`token_client`]: access tokens obtained, cached and refreshed;
//! - `issuer`: an embedded authorization server that issues tokens in two dialects;
//! - [`http`]: the bounded HTTP requests that all of these need;
//! - [`clock`]: the present;
//! - [`files`]: files read under a bound, and replaced as a whole.
//!
//! [`tokenlatch`] and [`reqwest`], whose types stand in this API, are re-exported.
//!
//! # Features
//!
//! `issuer` adds the authorization server. It is off by default.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod background;
pub mod clock;
pub mod files;
pub mod http;
#[cfg(feature = "issuer")]
pub mod issuer;
pub mod key_set;
mod thumbprint;
pub mod token_client;
pub mod verifier;

pub use reqwest;
pub use tokenlatch;

/// The Rust of README.md, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

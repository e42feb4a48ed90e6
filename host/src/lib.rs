//! What Tokenlatch needs a host for: getting key sets and tokens, and an authorization server to try it
//! with.
//!
//! - [`issuer`]: an embedded authorization server that issues tokens in two dialects;
//! - [`key_set`]: JWK Sets fetched, cached and refreshed, ready to verify with;
//! - [`verifier`]: the same for several issuers;
//! - [`token_client`]: access tokens obtained, cached and refreshed;
//! - [`http`]: the bounded HTTP requests that both sides of a test need;
//! - [`clock`]: the present.
//!
//! The program `tokenlatch` (`cli/`) is a thin layer on top of these.
//!
//! # Features
//!
//! `program`, the default, is the program, and brings `issuer`, the authorization server. To verify or to
//! obtain tokens takes neither: `default-features = false` leaves out what only they need.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod background;
pub mod clock;
pub mod http;
#[cfg(feature = "issuer")]
pub mod issuer;
pub mod key_set;
mod thumbprint;
pub mod token_client;
pub mod verifier;

//! What Tokenlatch needs a host for: getting key sets, and an authorization server to try it with.
//!
//! - [`issuer`]: an embedded authorization server that issues tokens in two dialects;
//! - [`key_set`]: JWK Sets fetched, cached and refreshed, ready to verify with;
//! - [`verifier`]: the same for several issuers;
//! - [`token_client`]: access tokens obtained, cached and refreshed;
//! - [`fetch`]: the bounded HTTP requests that both sides of a test need;
//! - [`clock`]: the present.
//!
//! The program `tokenlatch` (`cli/`) is a thin layer on top of these.

mod background;
pub mod clock;
pub mod fetch;
pub mod issuer;
pub mod key_set;
mod thumbprint;
pub mod token_client;
mod unverified;
pub mod verifier;

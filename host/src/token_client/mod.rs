//! Access tokens that are always there: obtained from an authorization server, kept, and refreshed.
//!
//! [`TokenClient`] is the client, [`blocking::TokenClient`] the same for callers without an async
//! runtime. The server is asked in one of two dialects, each by its documented requests: that of Auth0, and
//! that of ATM, the authorization server with the paths `/auth/token` and `/auth/.well-known/jwks.json`, whose
//! guides for client and user credentials this project implements beside Auth0's.
//!
//! | constructor | request | response |
//! |---|---|---|
//! | [`TokenClient::auth0`] | `POST /oauth/token`, JSON or form: RFC 6749 section 4.4.2 with `audience` | `access_token`, `expires_in` |
//! | [`TokenClient::atm`] | `POST /auth/token`, JSON: `grant_types` is `client_credentials`, or `user_credentials` with `loginId` | `access_token`, `exp_access_token` |
//! | the same, refreshing | `grantType` is `refresh_token`, with `refresh_token` and `id_token` | the same, and a rotated `refresh_token` if there is one |
//!
//! All that the client decides is decided by one state machine that knows no clock and no network
//! (`schedule.rs`):
//!
//! - **A token is handed out** until [`MARGIN`] before it expires, counted from before it was asked
//!   for. Of a token that lives less than four times as long, the margin is a quarter of its life.
//! - **It is refreshed ahead** in the background, up to [`REFRESH_AHEAD`] before that and at a random
//!   moment, so that nobody waits; but only if it was asked for again since it came: an idle client
//!   costs its server nothing.
//! - **One request at a time**, for all who wait, and whoever gives up takes none with him.
//! - **An error is kept for nobody**: it goes to those who waited for it. Whoever asks next waits for a
//!   new request, which begins after a pause: [`MIN_RETRY`] after one failure, twice as long after each
//!   further one, to [`MAX_RETRY`].
//! - **Time asleep** is not counted on every system: a machine that was suspended may hand out a token
//!   that has expired, which the API then rejects.
//! - **A token that is rejected** by an API is replaced: see [`TokenClient::call`].
//!
//! # Secrets
//!
//! Client secrets, refresh tokens and access tokens are zeroized when they are dropped, and so are the
//! requests' bodies. They are in no `Debug` output, log or error; a server's error that repeats one is
//! withheld. What is out of reach are the copies that the HTTP and TLS libraries make on the way.

mod access_token;
pub mod blocking;
mod call;
mod client;
mod credentials;
mod dialects;
mod endpoint;
mod error;
mod response;
mod schedule;

pub use self::access_token::AccessToken;
pub use self::call::CallError;
pub use self::client::{Builder, REQUEST_TIMEOUT, TokenClient};
pub use self::credentials::ClientCredentials;
pub use self::dialects::Dialect;
pub use self::dialects::atm::Atm;
pub use self::dialects::auth0::Auth0;
pub use self::error::{ErrorResponse, MAX_ERROR_TEXT_LEN, Malformed, TokenError};
pub use self::response::MAX_LIFETIME;
pub use self::schedule::{COOLDOWN, MARGIN, MAX_RETRY, MIN_RETRY, REFRESH_AHEAD};
pub use secrecy::{ExposeSecret, SecretString};

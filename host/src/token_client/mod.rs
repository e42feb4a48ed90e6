//! Access tokens, obtained from an authorization server, cached and refreshed.
//!
//! [`TokenClient`] is the client, [`blocking::TokenClient`] the client for callers without an async
//! runtime. It speaks RFC 6749 as it is, and two dialects, as their guides describe them: that of Auth0, and
//! that of ATM, the authorization server with the paths `/auth/token` and `/auth/.well-known/jwks.json`, whose
//! guides for client and user credentials this project implements beside Auth0's.
//!
//! | constructor | request | response |
//! |---|---|---|
//! | [`TokenClient::oauth`] | `POST` to a URL, form: RFC 6749 section 4.4.2, with `scope`, `audience` and `resource` on request; `client_secret_basic`, `client_secret_post` or `private_key_jwt` | `access_token`, `expires_in` |
//! | [`TokenClient::discover`] | the same, to the `token_endpoint` of an issuer's metadata | the same |
//! | [`TokenClient::auth0`] | `POST /oauth/token`, JSON or form: RFC 6749 section 4.4.2 with `audience` | `access_token`, `expires_in` |
//! | [`TokenClient::atm`] | `POST /auth/token`, JSON: `grant_types` is `client_credentials`, or `user_credentials` with `loginId` | `access_token`, `exp_access_token` |
//! | [`TokenClient::atm`], to refresh | `grantType` is `refresh_token`, with `refresh_token` and `id_token` | the same, and perhaps a new `refresh_token` |
//!
//! A response without a lifetime is good: the token's own `exp` counts, or else [`UNSTATED_LIFETIME`]. A
//! response with the status 200 and an `error` is that error.
//!
//! One state machine, without clock or network, makes all decisions (`schedule.rs`):
//!
//! - **A token is handed out** until [`MARGIN`] before its expiry. Its lifetime counts from the moment
//!   before the request. If that is less than four times the margin, the margin is a quarter of it.
//! - **It is refreshed ahead** in the background, at a random moment up to [`REFRESH_AHEAD`] before that,
//!   so that no caller waits. It is not refreshed if nobody used it since it arrived: an idle client sends
//!   no requests.
//! - **One request at a time** serves all waiting callers. A caller that gives up does not stop it.
//! - **An error is not cached.** The callers that waited for the request get it. The next caller waits for
//!   a new request, which begins after a pause: [`MIN_RETRY`] after one failure, twice as long after each
//!   further one, up to [`MAX_RETRY`], or as long as the server asks (`Retry-After`), up to
//!   [`MAX_RETRY_AFTER`].
//! - **Time in suspend** does not count on every system: a machine that was suspended may hand out an
//!   expired token. The API then rejects it.
//! - **A token that an API rejects** is replaced: see [`TokenClient::call`].
//!
//! # Secrets
//!
//! Client secrets, refresh tokens and access tokens are zeroized when they are dropped, and so are the
//! requests' bodies. They are in no `Debug` output, log or error. A server's error that repeats one is
//! withheld. The copies that the HTTP and TLS libraries make are out of reach.

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
pub use self::client::{Async, Blocking, Builder, REQUEST_TIMEOUT, TokenClient};
pub use self::credentials::{ClientCredentials, InvalidSigningKey, PrivateKeyJwt};
pub use self::dialects::Dialect;
pub use self::dialects::atm::Atm;
pub use self::dialects::auth0::Auth0;
pub use self::dialects::oauth::{Authentication, OAuth};
pub use self::error::{ErrorResponse, MAX_ERROR_TEXT_LEN, MAX_RETRY_AFTER, Malformed, TokenError};
pub use self::response::{MAX_LIFETIME, UNSTATED_LIFETIME};
pub use self::schedule::{COOLDOWN, MARGIN, MAX_RETRY, MIN_RETRY, REFRESH_AHEAD};
pub use secrecy::{ExposeSecret, SecretString};

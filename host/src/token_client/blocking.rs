//! The client for callers without an async runtime.

use std::io;
use std::sync::Arc;

use reqwest::Request;

use super::{AccessToken, Blocking, Builder, CallError, Dialect, TokenError};
use crate::background::Background;
use crate::http::{HttpError, Response};

/// A [`super::TokenClient`] for blocking callers.
///
/// It asks the server on its own thread. Clones share the token.
#[derive(Clone, Debug)]
pub struct TokenClient {
    client: super::TokenClient,
    runtime: Arc<Background>,
}

/// Why a client did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The server's URL is invalid, or is not allowed.
    #[error("the server's URL cannot be used")]
    Url(#[from] HttpError),
    /// No thread can be started.
    #[error("cannot start a thread")]
    Thread(#[from] io::Error),
}

impl<D: Dialect> Builder<D, Blocking> {
    /// Starts the client. It sends no request before a caller needs a token.
    ///
    /// # Errors
    ///
    /// Any [`StartError`].
    pub fn start(self) -> Result<TokenClient, StartError> {
        TokenClient::start(self)
    }
}

impl TokenClient {
    /// Starts a client with the settings of the builder.
    ///
    /// # Errors
    ///
    /// Any [`StartError`].
    pub fn start<M>(builder: Builder<impl Dialect, M>) -> Result<Self, StartError> {
        let runtime = Background::start("tokenlatch-token")?;
        let client = runtime.enter(|| builder.start_here())?;
        Ok(Self {
            client,
            runtime: Arc::new(runtime),
        })
    }

    /// As [`super::TokenClient::token`].
    ///
    /// # Errors
    ///
    /// Any [`TokenError`].
    ///
    /// # Panics
    ///
    /// In an async task, which must not block.
    pub fn token(&self) -> Result<AccessToken, TokenError> {
        self.runtime.block_on(self.client.token())
    }

    /// As [`super::TokenClient::call`].
    ///
    /// # Errors
    ///
    /// Any [`CallError`].
    ///
    /// # Panics
    ///
    /// As [`token`](Self::token).
    pub fn call(&self, request: Request) -> Result<Response, CallError> {
        self.runtime.block_on(self.client.call(request))
    }

    /// As [`super::TokenClient::invalidate`].
    pub fn invalidate(&self, token: &AccessToken) {
        self.client.invalidate(token);
    }
}

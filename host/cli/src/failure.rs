//! Why a command could not do its work.

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use tokenlatch_host::http::HttpError;
use tokenlatch_host::issuer::{ConfigError, StartError};
use tokenlatch_host::key_set::{KeySetError, Unavailable};
use tokenlatch_host::reqwest::StatusCode;
use tokenlatch_host::token_client::{CallError, TokenError};

/// Why a command could not do its work; a rejected token is none.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The input cannot be read.
    #[error("cannot read standard input")]
    Input(#[source] io::Error),
    /// The output cannot be written.
    #[error("cannot write standard output")]
    Output(#[source] io::Error),
    /// There are no keys to verify with.
    #[error("cannot get the key set")]
    KeySet(#[from] KeySetError),
    /// There are no keys to verify with, as far as the cache knows.
    #[error("cannot get the key set")]
    Keys(#[from] Unavailable),
    /// The authorization server's configuration is wrong.
    #[error("cannot use the configuration")]
    Config(#[from] ConfigError),
    /// The authorization server did not start.
    #[error("cannot start the issuer")]
    Start(#[from] StartError),
    /// The client secret cannot be read.
    #[error("cannot read the client secret")]
    Secret(#[source] io::Error),
    /// The authorization server's URL is none, or is not allowed.
    #[error("cannot ask that server for a token")]
    Server(#[source] HttpError),
    /// There is no token.
    #[error("cannot get a token")]
    Obtain(#[from] TokenError),
    /// The API gave no response.
    #[error(transparent)]
    Call(CallError),
    /// The API's response is an error.
    #[error("the API responded with {0}")]
    Status(StatusCode),
    /// The signals that stop the program cannot be listened to.
    #[error("cannot listen to signals")]
    Signal(#[source] io::Error),
    /// The demo's story went otherwise.
    #[error("the demo went wrong: {0}")]
    Demo(&'static str),
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Token(error) => Self::Obtain(error),
            error => Self::Call(error),
        }
    }
}

impl Failure {
    /// Says on standard error what went wrong, and returns the exit status for it.
    ///
    /// A reader who has closed the pipe has seen enough, and is told nothing.
    pub(crate) fn report(self) -> ExitCode {
        if !self.is_broken_pipe() {
            let mut message = format!("tokenlatch: {self}");
            let mut cause = self.source();
            while let Some(error) = cause {
                message.push_str(&format!(": {error}"));
                cause = error.source();
            }
            // Where nobody listens, the status has to say it alone.
            let _ = writeln!(io::stderr(), "{message}");
        }
        ExitCode::from(match self {
            Self::Start(_) | Self::Signal(_) | Self::Demo(_) => 1,
            Self::Obtain(TokenError::Rejected(_)) | Self::Status(_) => 1,
            Self::Input(_)
            | Self::Output(_)
            | Self::Secret(_)
            | Self::Server(_)
            | Self::Config(_) => 2,
            Self::KeySet(_) | Self::Keys(_) | Self::Obtain(_) | Self::Call(_) => 3,
        })
    }

    fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

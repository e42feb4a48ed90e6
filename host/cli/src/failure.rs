//! Why a command could not do its work.

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use tokenlatch_host::device::{DocumentTooLong, KeysError, RootKeyError};
use tokenlatch_host::guard::GuardError;
use tokenlatch_host::http::HttpError;
use tokenlatch_host::issuer::{ConfigError, StartError};
use tokenlatch_host::key_set::{KeySetError, Unavailable};
use tokenlatch_host::policy::PolicyError;
use tokenlatch_host::reqwest::StatusCode;
use tokenlatch_host::token_client::{CallError, TokenError};

/// Why a command could not do its work. A rejected token is not such a failure.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The arguments do not say enough, or say what cannot be.
    #[error("{0}")]
    Usage(String),
    /// The issuers make no guard.
    #[error(transparent)]
    Guard(#[from] GuardError),
    /// The arguments make no policy.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// There is no token on standard input.
    #[error("there is no token on standard input")]
    NoToken,
    /// The input cannot be read.
    #[error("cannot read standard input")]
    Input(#[source] io::Error),
    /// The output cannot be written.
    #[error("cannot write standard output")]
    Output(#[source] io::Error),
    /// There are no keys to verify with.
    #[error("cannot get the key set")]
    KeySet(#[from] KeySetError),
    /// The cache has no keys to verify with.
    #[error("cannot get the key set")]
    Keys(#[from] Unavailable),
    /// The document has no keys.
    #[error("cannot get the keys")]
    Document(#[from] KeysError),
    /// The document for devices is longer than they read.
    #[error("cannot sign the document")]
    TooLong(#[from] DocumentTooLong),
    /// The authorization server's configuration is invalid.
    #[error("cannot use the configuration")]
    Config(#[from] ConfigError),
    /// The authorization server did not start.
    #[error("cannot start the issuer")]
    Start(#[from] StartError),
    /// The client secret cannot be read.
    #[error("cannot read the client secret")]
    Secret(#[source] io::Error),
    /// The authorization server's URL is invalid, or is not allowed.
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
    /// A file cannot be written.
    #[error("cannot write {}", .0.display())]
    File(PathBuf, #[source] io::Error),
    /// A device would reject this file, for this reason.
    #[error("a device rejects {0}")]
    Rejected(&'static str, #[source] tokenlatch::Error),
    /// No key of the server can be used.
    #[error("there is no key that a device can use")]
    NoKey,
    /// There is no new root key.
    #[error("there is no root key")]
    RootKey(#[from] RootKeyError),
    /// A step of the demo had another result than expected.
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
    /// Prints the failure on standard error, and returns its exit status.
    ///
    /// If the reader has closed the pipe, nothing is printed.
    pub(crate) fn report(self) -> ExitCode {
        if !self.is_broken_pipe() {
            // If standard error is closed, only the exit status remains.
            let _ = writeln!(io::stderr(), "tokenlatch: {}", self.message());
        }
        ExitCode::from(match self {
            Self::Start(_) | Self::Signal(_) | Self::Demo(_) => 1,
            Self::TooLong(_) | Self::Rejected(..) | Self::NoKey | Self::RootKey(_) => 1,
            Self::Obtain(TokenError::Rejected(_)) | Self::Status(_) => 1,
            Self::Usage(_)
            | Self::Policy(_)
            | Self::Guard(_)
            | Self::NoToken
            | Self::Input(_)
            | Self::Output(_)
            | Self::File(..)
            | Self::Secret(_)
            | Self::Server(_)
            | Self::Config(_) => 2,
            Self::KeySet(_)
            | Self::Keys(_)
            | Self::Document(_)
            | Self::Obtain(_)
            | Self::Call(_) => 3,
        })
    }

    /// What failed, and why. Of many causes, the last one says what to do. It comes before those between.
    pub(crate) fn message(&self) -> String {
        let mut causes = Vec::new();
        let mut cause = self.source();
        while let Some(error) = cause {
            causes.push(error.to_string());
            cause = error.source();
        }
        let between = match causes.as_slice() {
            [_, between @ .., _] => between.join(": "),
            _ => String::new(),
        };
        let mut message = self.to_string();
        if let Some(cause) = causes.first() {
            message += &format!(": {cause}");
        }
        if let [_, .., cause] = causes.as_slice() {
            message += &format!(": {cause}");
        }
        if !between.is_empty() {
            message += &format!(" ({between})");
        }
        message
    }

    fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

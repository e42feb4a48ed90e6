//! The arguments that say where a command's tokens come from.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use tokenlatch_host::files;
use tokenlatch_host::http::{HttpClient, HttpError};
use tokenlatch_host::token_client::{ClientCredentials, TokenClient};

use crate::failure::Failure;

/// The environment variable with the client secret.
const SECRET_VARIABLE: &str = "TOKENLATCH_CLIENT_SECRET";

/// The longest client secret, in bytes.
const MAX_SECRET_LEN: usize = 64 * 1024;

#[derive(clap::Args)]
pub(crate) struct TokenSource {
    /// The Auth0 server: a URL, or a domain
    #[arg(
        long,
        value_name = "DOMAIN",
        required_unless_present = "atm",
        requires = "audience"
    )]
    auth0: Option<String>,
    /// The ATM server: a URL, or a host
    #[arg(long, value_name = "HOST", conflicts_with = "auth0")]
    atm: Option<String>,
    /// The client's identifier
    #[arg(long, value_name = "ID")]
    client_id: String,
    /// Read the client secret from FILE, or from standard input (-) [default: the
    /// environment variable TOKENLATCH_CLIENT_SECRET]
    #[arg(long, value_name = "FILE|-")]
    client_secret_file: Option<PathBuf>,
    /// The API that the token is for (Auth0)
    #[arg(long, conflicts_with = "atm")]
    audience: Option<String>,
    /// The organization that the token is for (Auth0)
    #[arg(long, conflicts_with = "atm")]
    organization: Option<String>,
    /// Send the request as a form instead of JSON (Auth0)
    #[arg(long, conflicts_with = "atm")]
    form: bool,
    /// The user that the token is for [default: the client itself] (ATM)
    #[arg(long, value_name = "LOGIN", conflicts_with = "auth0")]
    login_id: Option<String>,
}

impl TokenSource {
    /// A client for the chosen dialect.
    pub(crate) fn client(&self, http: HttpClient) -> Result<TokenClient, Failure> {
        let secret = self.secret().map_err(Failure::Secret)?;
        let credentials = ClientCredentials::new(&self.client_id, secret);
        self.start(credentials, http).map_err(Failure::Server)
    }

    /// Whether the client secret comes from standard input.
    pub(crate) fn reads_stdin(&self) -> bool {
        self.client_secret_file.as_deref() == Some(Path::new("-"))
    }

    fn start(
        &self,
        credentials: ClientCredentials,
        http: HttpClient,
    ) -> Result<TokenClient, HttpError> {
        match (&self.auth0, &self.atm) {
            (Some(domain), _) => {
                let audience = self.audience.as_deref().unwrap_or_default();
                let mut builder = TokenClient::auth0(domain, credentials, audience);
                if let Some(organization) = &self.organization {
                    builder = builder.organization(organization);
                }
                if self.form {
                    builder = builder.form();
                }
                builder.client(http).start()
            }
            (None, Some(host)) => {
                let mut builder = TokenClient::atm(host, credentials);
                if let Some(login_id) = &self.login_id {
                    builder = builder.user(login_id);
                }
                builder.client(http).start()
            }
            (None, None) => unreachable!("the arguments require one of them"),
        }
    }

    /// Never an argument: every user of the machine can read those.
    fn secret(&self) -> io::Result<SecretString> {
        match &self.client_secret_file {
            Some(_) if self.reads_stdin() => read_secret(io::stdin().lock()),
            Some(path) => read_secret(File::open(path)?),
            None => {
                let secret = std::env::var(SECRET_VARIABLE).map_err(|_| {
                    let message =
                        format!("neither --client-secret-file nor {SECRET_VARIABLE} is given");
                    io::Error::new(io::ErrorKind::NotFound, message)
                })?;
                Ok(secret.into())
            }
        }
    }
}

/// Reads a secret to its end, without the end of the line.
fn read_secret(reader: impl Read) -> io::Result<SecretString> {
    let mut secret = Zeroizing::new(Vec::with_capacity(MAX_SECRET_LEN + 1));
    files::read_into(reader, MAX_SECRET_LEN, &mut secret)?;
    let text = str::from_utf8(&secret).map_err(|_| io::ErrorKind::InvalidData)?;
    Ok(text.trim_end_matches(['\r', '\n']).into())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_secret_ends_with_its_line_and_has_a_bound() {
        for text in ["s e\tcret ", "s e\tcret \n", "s e\tcret \r\n"] {
            let secret = read_secret(text.as_bytes()).unwrap();
            assert_eq!(secret.expose_secret(), "s e\tcret ");
        }
        let longest = "a".repeat(MAX_SECRET_LEN);
        assert!(read_secret(longest.as_bytes()).is_ok());
        assert!(read_secret(io::repeat(b'a')).is_err());
        assert!(read_secret(&b"\xff"[..]).is_err());
    }
}

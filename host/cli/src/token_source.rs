//! The arguments that say where a command's tokens come from.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use tokenlatch_host::files;
use tokenlatch_host::http::{HttpClient, HttpError};
use tokenlatch_host::token_client::{
    Authentication, Builder, ClientCredentials, OAuth, PrivateKeyJwt, TokenClient,
};

use crate::failure::Failure;

/// The environment variable with the client secret.
const SECRET_VARIABLE: &str = "TOKENLATCH_CLIENT_SECRET";

/// The longest client secret, in bytes.
const MAX_SECRET_LEN: usize = 64 * 1024;

#[derive(clap::Args)]
pub(crate) struct TokenSource {
    /// The URL of a token endpoint, as RFC 6749 has it
    #[arg(long = "url", value_name = "URL", group = "server")]
    token_url: Option<String>,
    /// The issuer whose metadata has the URL of its token endpoint (OpenID Connect Discovery, RFC 8414)
    #[arg(long, value_name = "ISSUER", group = "server")]
    discover: Option<String>,
    /// The Auth0 server: a URL, or a domain
    #[arg(long, value_name = "DOMAIN", group = "server", requires = "audience")]
    auth0: Option<String>,
    /// The ATM server: a URL, or a host
    #[arg(long, value_name = "HOST", group = "server")]
    atm: Option<String>,
    /// The client's identifier
    #[arg(long, value_name = "ID")]
    client_id: String,
    /// Read the client secret from FILE, or from standard input (-) [default: the
    /// environment variable TOKENLATCH_CLIENT_SECRET]
    #[arg(long, value_name = "FILE|-")]
    client_secret_file: Option<PathBuf>,
    /// Send the secret by HTTP Basic, which is the default (--url, --discover)
    #[arg(long, conflicts_with_all = ["auth0", "atm"])]
    basic: bool,
    /// Send the secret in the body (--url, --discover)
    #[arg(long, conflicts_with_all = ["auth0", "atm", "basic"])]
    post: bool,
    /// Sign an assertion with the RSA key in FILE (PEM) instead of sending a secret: private_key_jwt, RFC 7523
    /// (--url, --discover)
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["auth0", "atm", "basic", "post", "client_secret_file"]
    )]
    signing_key: Option<PathBuf>,
    /// The `kid` of the signing key
    #[arg(long, value_name = "KID", requires = "signing_key")]
    key_id: Option<String>,
    /// The scope to ask for, separated by spaces (--url, --discover)
    #[arg(long, conflicts_with_all = ["auth0", "atm"])]
    scope: Option<String>,
    /// The API that the token is for
    #[arg(long, conflicts_with = "atm")]
    audience: Option<String>,
    /// The API that the token is for, where the server takes `resource` (RFC 8707; --url, --discover)
    #[arg(long, value_name = "URL", conflicts_with_all = ["auth0", "atm"])]
    resource: Option<String>,
    /// The organization that the token is for (Auth0)
    #[arg(long, conflicts_with_all = ["atm", "token_url", "discover"])]
    organization: Option<String>,
    /// Send the request as a form instead of JSON (Auth0)
    #[arg(long, conflicts_with_all = ["atm", "token_url", "discover"])]
    form: bool,
    /// The user that the token is for [default: the client itself] (ATM)
    #[arg(long, value_name = "LOGIN", conflicts_with_all = ["auth0", "token_url", "discover"])]
    login_id: Option<String>,
}

impl TokenSource {
    /// A client of the chosen server.
    pub(crate) fn client(&self, http: HttpClient) -> Result<TokenClient, Failure> {
        let started = match (&self.token_url, &self.discover, &self.auth0, &self.atm) {
            (Some(url), ..) => {
                let builder = TokenClient::oauth(url, self.authentication()?);
                self.start(builder, http)
            }
            (_, Some(issuer), ..) => {
                let builder = TokenClient::discover(issuer, self.authentication()?);
                self.start(builder, http)
            }
            (.., Some(domain), _) => {
                let audience = self.audience.as_deref().unwrap_or_default();
                let mut builder = TokenClient::auth0(domain, self.credentials()?, audience);
                if let Some(organization) = &self.organization {
                    builder = builder.organization(organization);
                }
                if self.form {
                    builder = builder.form();
                }
                builder.client(http).start()
            }
            (.., Some(host)) => {
                let mut builder = TokenClient::atm(host, self.credentials()?);
                if let Some(login_id) = &self.login_id {
                    builder = builder.user(login_id);
                }
                builder.client(http).start()
            }
            (None, None, None, None) => {
                let message = "which server? Give --url, --discover, --auth0 or --atm";
                return Err(Failure::Usage(message.into()));
            }
        };
        started.map_err(Failure::Server)
    }

    /// Whether the client secret comes from standard input.
    pub(crate) fn reads_stdin(&self) -> bool {
        self.client_secret_file.as_deref() == Some(Path::new("-"))
    }

    fn start(
        &self,
        mut builder: Builder<OAuth>,
        http: HttpClient,
    ) -> Result<TokenClient, HttpError> {
        if let Some(scope) = &self.scope {
            builder = builder.scope(scope);
        }
        if let Some(audience) = &self.audience {
            builder = builder.audience(audience);
        }
        if let Some(resource) = &self.resource {
            builder = builder.resource(resource);
        }
        builder.client(http).start()
    }

    fn authentication(&self) -> Result<Authentication, Failure> {
        let Some(path) = &self.signing_key else {
            let credentials = self.credentials()?;
            return Ok(if self.post {
                Authentication::Post(credentials)
            } else {
                Authentication::Basic(credentials)
            });
        };
        let wrong = |error: &dyn std::error::Error| {
            Failure::Usage(format!(
                "cannot use --signing-key {}: {error}",
                path.display()
            ))
        };
        let file = File::open(path).map_err(|error| wrong(&error))?;
        let pem = read_secret(file).map_err(|error| wrong(&error))?;
        let signed = PrivateKeyJwt::from_pem(&self.client_id, pem.expose_secret());
        let mut signed = signed.map_err(|error| wrong(&error))?;
        if let Some(key_id) = &self.key_id {
            signed = signed.key_id(key_id);
        }
        Ok(signed.into())
    }

    fn credentials(&self) -> Result<ClientCredentials, Failure> {
        let secret = self.secret().map_err(Failure::Secret)?;
        Ok(ClientCredentials::new(&self.client_id, secret))
    }

    /// Never an argument: every user of the machine can read those.
    fn secret(&self) -> io::Result<SecretString> {
        client_secret(self.client_secret_file.as_deref())
    }
}

/// The client secret: in this file, on standard input (`-`), or in the environment.
pub(crate) fn client_secret(file: Option<&Path>) -> io::Result<SecretString> {
    match file {
        Some(path) if path == Path::new("-") => read_secret(io::stdin().lock()),
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

/// Reads a secret to its end, without the end of the line.
pub(crate) fn read_secret(reader: impl Read) -> io::Result<SecretString> {
    let mut secret = Zeroizing::new(Vec::with_capacity(MAX_SECRET_LEN + 1));
    files::read_into(reader, MAX_SECRET_LEN, &mut secret)?;
    let text = str::from_utf8(&secret).map_err(|_| io::ErrorKind::InvalidData)?;
    Ok(text.trim_end_matches(['\r', '\n']).into())
}

#[cfg(test)]
mod tests {
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

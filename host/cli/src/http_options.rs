//! The arguments that say how servers are reached.

use std::path::PathBuf;

use tokenlatch_host::files;
use tokenlatch_host::http::{HttpClient, HttpError, Limits};
use tokenlatch_host::reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::failure::Failure;

#[derive(clap::Args, PartialEq, Eq)]
pub(crate) struct HttpOptions {
    /// Trust the root certificates in FILE (PEM), too
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Allow http to this scheme, host and port, such as http://keycloak:8080; may be repeated. Whoever is on the
    /// way there can choose the keys and read the secrets
    #[arg(long, value_name = "ORIGIN")]
    allow_http: Vec<String>,
}

/// For key sets behind authorization.
#[derive(clap::Args)]
pub(crate) struct HeaderOptions {
    /// Send this header to get the key set, or the headers in FILE, one a line; may be repeated
    #[arg(long, value_name = "NAME: VALUE|@FILE")]
    header: Vec<String>,
}

impl HttpOptions {
    pub(crate) fn client(&self, limits: Limits) -> Result<HttpClient, Failure> {
        self.client_with(self.read_ca()?.as_deref(), limits)
    }

    /// What is in the file of root certificates.
    pub(crate) fn read_ca(&self) -> Result<Option<Vec<u8>>, Failure> {
        let read = |path: &PathBuf| {
            let pem = files::read(path, MAX_FILE_LEN);
            pem.map_err(|error| of_file("--ca", path.display(), &error))
        };
        self.ca.as_ref().map(read).transpose()
    }

    /// The client, with what [`read_ca`](Self::read_ca) has read.
    pub(crate) fn client_with(
        &self,
        ca: Option<&[u8]>,
        limits: Limits,
    ) -> Result<HttpClient, Failure> {
        let mut client = HttpClient::new(limits);
        if let (Some(path), Some(pem)) = (&self.ca, ca) {
            let wrong = |error: HttpError| of_file("--ca", path.display(), &error);
            client = client.trust(pem).map_err(wrong)?;
        }
        for origin in &self.allow_http {
            client = client.allow_http(origin).map_err(|_| {
                let message = "--allow-http takes http://HOST or http://HOST:PORT";
                Failure::Usage(format!("{message}, not {origin:?}"))
            })?;
        }
        Ok(client)
    }
}

impl HeaderOptions {
    /// The client, with these headers.
    pub(crate) fn add_to(&self, client: HttpClient) -> Result<HttpClient, Failure> {
        Ok(with_headers(client, &self.read()?))
    }

    /// The headers, those in files too.
    pub(crate) fn read(&self) -> Result<HeaderMap, Failure> {
        let mut headers = HeaderMap::new();
        for header in &self.header {
            let lines = match header.strip_prefix('@') {
                None => header.clone(),
                Some(path) => files::read_text(path, MAX_FILE_LEN)
                    .map_err(|error| of_file("--header", path, &error))?,
            };
            for line in lines.lines().filter(|line| !line.trim().is_empty()) {
                // Without the line in the message: its value may be secret.
                let (name, value) = header_of(line).ok_or(Failure::Usage(
                    "--header takes `NAME: VALUE`, or @FILE with such lines".into(),
                ))?;
                headers.append(name, value);
            }
        }
        Ok(headers)
    }
}

pub(crate) fn with_headers(client: HttpClient, headers: &HeaderMap) -> HttpClient {
    headers.iter().fold(client, |client, (name, value)| {
        client.header(name.clone(), value.clone())
    })
}

/// The longest file, in bytes.
const MAX_FILE_LEN: usize = 1024 * 1024;

fn header_of(line: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = line.split_once(':')?;
    let name = name.trim().parse().ok()?;
    let mut value: HeaderValue = value.trim().parse().ok()?;
    value.set_sensitive(true);
    Some((name, value))
}

fn of_file(option: &str, path: impl std::fmt::Display, error: &dyn std::error::Error) -> Failure {
    Failure::Usage(format!("cannot use {option} {path}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_has_a_name_and_a_value() {
        let (name, value) = header_of("Authorization:  Bearer hush ").unwrap();
        assert_eq!(
            (name.as_str(), value.as_bytes()),
            ("authorization", &b"Bearer hush"[..])
        );
        assert!(value.is_sensitive());
        for wrong in ["Authorization", "a b: c", ": c", "a: b\u{0}c"] {
            assert!(header_of(wrong).is_none(), "{wrong}");
        }
    }
}

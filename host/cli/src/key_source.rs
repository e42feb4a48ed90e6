//! The arguments that say where a command's keys come from.

use std::path::PathBuf;

use tokenlatch_host::http::HttpClient;
use tokenlatch_host::key_set::{self, HttpSource, KeySetCache, KeySetError};

#[derive(clap::Args)]
pub(crate) struct KeySource {
    /// The issuer's JWK Set; a URL must be https, or http to a loopback address
    #[arg(long, value_name = "FILE|URL", required_unless_present = "discover")]
    jwks: Option<String>,
    /// The issuer whose metadata has the URL of its JWK Set (OpenID Connect Discovery, RFC 8414)
    #[arg(long, value_name = "ISSUER", conflicts_with = "jwks")]
    pub(crate) discover: Option<String>,
    /// Keep the key set in FILE, and use it if the server is down at the start
    #[arg(long, value_name = "FILE")]
    snapshot: Option<PathBuf>,
}

impl KeySource {
    /// The keys, for as long as the command runs.
    pub(crate) fn keep(&self) -> Result<KeySetCache, KeySetError> {
        let source = match (&self.jwks, &self.discover) {
            (Some(url), _) if is_url(url) => HttpSource::url(url, HttpClient::default())?,
            (Some(path), _) => {
                return Ok(KeySetCache::fixed(key_set::parse(&key_set::read(path)?)?));
            }
            (None, Some(issuer)) => HttpSource::issuer(issuer, HttpClient::default())?,
            (None, None) => unreachable!("the arguments require one of them"),
        };
        let cache = KeySetCache::builder(source);
        Ok(match &self.snapshot {
            Some(path) => cache.snapshot(path).start(),
            None => cache.start(),
        })
    }
}

/// Whether an argument is a URL, and not a file.
pub(crate) fn is_url(source: &str) -> bool {
    source.starts_with("http://") || source.starts_with("https://")
}

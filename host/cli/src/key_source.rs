//! The arguments that say where a command's keys come from.

use std::path::PathBuf;

use tokenlatch_host::http::HttpClient;
use tokenlatch_host::key_set::{self, KeySet, KeySetCache, KeySetError};
use tokenlatch_host::policy::PolicySettings;
use tokenlatch_host::profile::KeyPlace;

use crate::failure::Failure;

#[derive(clap::Args)]
pub(crate) struct KeySource {
    /// The issuer's JWK Set; a URL must be https, or http to a loopback address or to a host of --allow-http
    #[arg(long, value_name = "FILE|URL", conflicts_with_all = ["discover", "metadata"])]
    jwks: Option<String>,
    /// The issuer whose metadata has the URL of its JWK Set (OpenID Connect Discovery, RFC 8414)
    #[arg(long, value_name = "ISSUER", conflicts_with = "metadata")]
    pub(crate) discover: Option<String>,
    /// The issuer's metadata, if it is not where the standards put it (Azure AD B2C)
    #[arg(long, value_name = "URL")]
    metadata: Option<String>,
    /// Keep the key set in FILE, and use it if the server is down at the start
    #[arg(long, value_name = "FILE")]
    snapshot: Option<PathBuf>,
}

/// Where keys come from, once it is decided.
#[derive(PartialEq, Eq)]
pub(crate) enum KeyOrigin {
    /// A file, which is read once.
    File(String),
    /// A server, and the file that keeps what it has sent.
    Server(KeyPlace, Option<PathBuf>),
}

impl KeySource {
    /// Where these arguments say that the keys are, or else the profile.
    pub(crate) fn origin(
        &self,
        of_profile: Option<KeyPlace>,
        settings: &PolicySettings,
    ) -> Result<KeyOrigin, Failure> {
        let place = match (&self.jwks, &self.discover, &self.metadata) {
            (Some(path), _, _) if !is_url(path) => return Ok(KeyOrigin::File(path.clone())),
            (Some(url), _, _) => KeyPlace::Url(url.clone()),
            (None, Some(issuer), _) => KeyPlace::Issuer(issuer.clone()),
            (None, None, Some(url)) => {
                let mut issuers = settings.issuers.iter().chain(&settings.issuer_templates);
                KeyPlace::Metadata {
                    url: url.clone(),
                    issuer: issuers.next().cloned().unwrap_or_default(),
                }
            }
            (None, None, None) => of_profile.ok_or(Failure::Usage(
                "where are the keys? Give --jwks, --discover, --metadata or --profile".into(),
            ))?,
        };
        Ok(KeyOrigin::Server(place, self.snapshot.clone()))
    }
}

impl KeyOrigin {
    /// The keys, for as long as the command runs. The name is for logs and metrics.
    pub(crate) fn keep(&self, client: HttpClient, name: String) -> Result<KeySetCache, Failure> {
        match self {
            Self::File(path) => Ok(KeySetCache::fixed(read(path)?)),
            Self::Server(place, snapshot) => {
                let source = place.source(client).map_err(KeySetError::Fetch)?;
                let cache = KeySetCache::builder(source).name(name);
                Ok(match snapshot {
                    Some(path) => cache.snapshot(path).start(),
                    None => cache.start(),
                })
            }
        }
    }

    /// Checks all that [`keep`](Self::keep) would need and no network gives.
    pub(crate) fn check(&self, client: HttpClient) -> Result<(), Failure> {
        match self {
            Self::File(path) => read(path).map(drop)?,
            Self::Server(place, _) => place.source(client).map(drop).map_err(KeySetError::Fetch)?,
        }
        Ok(())
    }
}

fn read(path: &str) -> Result<Box<KeySet>, KeySetError> {
    key_set::parse(&key_set::read(path)?)
}

/// Whether an argument is a URL, and not a file.
pub(crate) fn is_url(source: &str) -> bool {
    source.starts_with("http://") || source.starts_with("https://")
}

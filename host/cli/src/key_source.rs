//! The arguments that say where a command's keys come from.

use std::path::PathBuf;

use tokenlatch_host::http::HttpClient;
use tokenlatch_host::key_set::{self, KeySetCache, KeySetError};
use tokenlatch_host::policy::PolicySettings;
use tokenlatch_host::profile::KeyPlace;

use crate::failure::Failure;

#[derive(clap::Args, PartialEq, Eq)]
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

impl KeySource {
    /// The keys, for as long as the command runs: those of these arguments, or else of the profile.
    pub(crate) fn keep(
        &self,
        of_profile: Option<KeyPlace>,
        settings: &PolicySettings,
        client: HttpClient,
    ) -> Result<KeySetCache, Failure> {
        if let Some(path) = self.file() {
            let document = key_set::read(path)?;
            return Ok(KeySetCache::fixed(key_set::parse(&document)?));
        }
        let place = self.place(of_profile, settings)?;
        let source = place.source(client).map_err(KeySetError::Fetch)?;
        let name = settings.issuers.first().cloned().unwrap_or_default();
        let cache = KeySetCache::builder(source).name(name);
        Ok(match &self.snapshot {
            Some(path) => cache.snapshot(path).start(),
            None => cache.start(),
        })
    }

    /// Checks all that [`keep`](Self::keep) would need and no network gives.
    pub(crate) fn check(
        &self,
        of_profile: Option<KeyPlace>,
        settings: &PolicySettings,
        client: HttpClient,
    ) -> Result<(), Failure> {
        if let Some(path) = self.file() {
            key_set::parse(&key_set::read(path)?)?;
            return Ok(());
        }
        let place = self.place(of_profile, settings)?;
        place.source(client).map_err(KeySetError::Fetch)?;
        Ok(())
    }

    /// The file that has the keys, if they are never fetched.
    pub(crate) fn file(&self) -> Option<&str> {
        self.jwks.as_deref().filter(|jwks| !is_url(jwks))
    }

    fn place(
        &self,
        of_profile: Option<KeyPlace>,
        settings: &PolicySettings,
    ) -> Result<KeyPlace, Failure> {
        Ok(match (&self.jwks, &self.discover, &self.metadata) {
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
        })
    }
}

/// Whether an argument is a URL, and not a file.
pub(crate) fn is_url(source: &str) -> bool {
    source.starts_with("http://") || source.starts_with("https://")
}

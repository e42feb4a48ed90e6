//! The arguments that say how a document for devices is signed.

use std::error::Error;
use std::fs::File;
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;
use tokenlatch_host::device::{RootKey, Terms};

use crate::failure::Failure;
use crate::token_source::read_secret;

#[derive(clap::Args)]
#[command(next_help_heading = "Signed documents")]
pub(crate) struct SigningOptions {
    /// Sign with the root key in FILE: an RSA private key in PEM
    #[arg(long, value_name = "FILE")]
    root_key: Option<PathBuf>,
    /// The `kid` of the root key [default: its thumbprint]
    #[arg(long, value_name = "KID", requires = "root_key")]
    root_kid: Option<String>,
    /// The issuer of the tokens: `iss` and `sub` of the document
    #[arg(long)]
    issuer: Option<String>,
    /// The fleet of devices that the document is for: its `aud`
    #[arg(long, value_name = "FLEET")]
    audience: Option<String>,
    /// When the document expires. At the end of a key-set update, devices accept no token until they have another
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u64).range(1..=3650))]
    expires_in: Option<u64>,
}

impl SigningOptions {
    /// Whether any of these arguments is given.
    pub(crate) fn are_given(&self) -> bool {
        self.root_key.is_some()
            || self.issuer.is_some()
            || self.audience.is_some()
            || self.expires_in.is_some()
    }

    /// The root key, and the terms of a document that is signed now.
    pub(crate) fn root_and_terms(&self, now: u64) -> Result<(RootKey, Terms), Failure> {
        let (Some(path), Some(issuer), Some(audience), Some(days)) = (
            &self.root_key,
            &self.issuer,
            &self.audience,
            self.expires_in,
        ) else {
            return Err(Failure::Usage(
                "a document that is signed needs --root-key, --issuer, --audience and --expires-in"
                    .into(),
            ));
        };
        let wrong = |error: &dyn Error| wrong_root_key(path, error);
        let mut root = read_root_key(path)?;
        if let Some(key_id) = &self.root_kid {
            root = root.with_key_id(key_id).map_err(|error| wrong(&error))?;
        }
        let expires_at = now.saturating_add(days * 86_400);
        Ok((root, Terms::new(issuer, audience, now, expires_at)))
    }
}

/// The root key in this file.
pub(crate) fn read_root_key(path: &Path) -> Result<RootKey, Failure> {
    let file = File::open(path).map_err(|error| wrong_root_key(path, &error))?;
    let pem = read_secret(file).map_err(|error| wrong_root_key(path, &error))?;
    RootKey::from_pem(pem.expose_secret()).map_err(|error| wrong_root_key(path, &error))
}

fn wrong_root_key(path: &Path, error: &dyn Error) -> Failure {
    let mut message = format!("cannot use the root key {}: {error}", path.display());
    if let Some(cause) = error.source() {
        message += &format!(": {cause}");
    }
    Failure::Usage(message)
}

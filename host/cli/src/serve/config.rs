//! The configuration of `tokenlatch serve`, in TOML.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use clap::Parser;
use serde::Deserialize;
use tokenlatch_host::files;
use tokenlatch_host::http::{HttpClient, Limits};
use tokenlatch_host::key_set::KeySetCache;
use tokenlatch_host::policy::{OwnedPolicy, PolicySettings};
use tokenlatch_host::profile::KeyPlace;
use tokenlatch_host::reqwest::header::HeaderMap;
use toml::{Table, Value};

use super::claim_headers::ClaimHeaders;
use super::rules::{Rule, RuleConfig};
use crate::failure::Failure;
use crate::http_options::{HeaderOptions, HttpOptions, with_headers};
use crate::key_source::{KeyOrigin, KeySource};
use crate::policy_options::PolicyOptions;

/// The longest configuration file, in bytes.
const MAX_CONFIG_LEN: usize = 1024 * 1024;

/// A configuration that is right, as far as that can be told without a network.
pub(crate) struct Config {
    /// Where the proxies ask.
    pub(super) listen: String,
    /// Where health and metrics are.
    pub(super) admin: String,
    /// How many bytes of good tokens are remembered; with 0, none.
    pub(super) token_cache: u64,
    /// How long the server goes on after it was told to stop, while `/readyz` already says so.
    pub(super) drain: Duration,
    /// The URL that challenges name as `resource_metadata`.
    pub(super) resource_metadata: Option<String>,
    /// At least one.
    pub(super) issuers: Vec<Issuer>,
    pub(super) rules: Vec<Rule>,
    pub(super) headers: ClaimHeaders,
}

/// An issuer whose tokens are accepted.
pub(super) struct Issuer {
    pub(super) keys: Keys,
    pub(super) settings: PolicySettings,
}

/// Where the keys of an issuer are, and how they are fetched.
#[derive(PartialEq)]
pub(super) struct Keys {
    pub(super) origin: KeyOrigin,
    http: HttpOptions,
    /// What was in the files, which may have something else later.
    ca: Option<Vec<u8>>,
    headers: HeaderMap,
}

/// What is in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    #[serde(default = "default_listen")]
    listen: String,
    #[serde(default = "default_admin")]
    admin: String,
    #[serde(default)]
    token_cache: u64,
    /// In seconds.
    #[serde(default)]
    drain: u32,
    resource_metadata: Option<String>,
    #[serde(rename = "issuer")]
    issuers: Vec<Table>,
    #[serde(default, rename = "path")]
    rules: Vec<RuleConfig>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

/// The arguments of `tokenlatch verify` that say whose tokens are accepted, by their names.
#[derive(Parser)]
#[command(no_binary_name = true, disable_help_flag = true)]
struct Arguments {
    #[command(flatten)]
    policy: PolicyOptions,
    #[command(flatten)]
    keys: KeySource,
    #[command(flatten)]
    http: HttpOptions,
    #[command(flatten)]
    headers: HeaderOptions,
}

impl Config {
    /// Reads a file.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let wrong = |why: String| Failure::Usage(format!("{}: {why}", path.display()));
        let text = files::read_text(path, MAX_CONFIG_LEN);
        let text = text.map_err(|error| wrong(error.to_string()))?;
        let file: File = toml::from_str(&text).map_err(|error| {
            // Without the line itself: it may have a secret.
            let at = error.span().map_or(0, |span| span.start);
            let before = text.get(..at).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            wrong(format!("line {line}: {}", error.message()))
        })?;
        Self::of_file(file).map_err(|failure| wrong(failure.message()))
    }

    /// The numbers of issuers and rules.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.issuers.len(), self.rules.len())
    }

    pub(super) fn addresses(&self) -> (String, String) {
        (self.listen.clone(), self.admin.clone())
    }

    fn of_file(file: File) -> Result<Self, Failure> {
        if file.issuers.is_empty() {
            return Err(Failure::Usage("there is no [[issuer]]".into()));
        }
        let issuers = file.issuers.iter().enumerate().map(|(index, table)| {
            Issuer::of_table(table).map_err(|failure| {
                Failure::Usage(format!("issuer {}: {}", index + 1, failure.message()))
            })
        });
        Ok(Self {
            listen: file.listen,
            admin: file.admin,
            token_cache: file.token_cache,
            drain: Duration::from_secs(file.drain.into()),
            resource_metadata: file.resource_metadata,
            issuers: issuers.collect::<Result<_, _>>()?,
            rules: file.rules.iter().map(Rule::new).collect::<Result<_, _>>()?,
            headers: ClaimHeaders::new(&file.headers)?,
        })
    }
}

impl Issuer {
    fn of_table(table: &Table) -> Result<Self, Failure> {
        let Arguments {
            policy,
            keys,
            http,
            headers,
        } = Arguments::of_table(table)?;
        let (profile, settings) = policy.settings(keys.discover.as_deref())?;
        let of_issuer = || settings.issuers.first().cloned().map(KeyPlace::Issuer);
        let place = profile.map(|profile| profile.keys).or_else(of_issuer);
        let keys = Keys {
            origin: keys.origin(place, &settings)?,
            ca: http.read_ca()?,
            headers: headers.read()?,
            http,
        };
        OwnedPolicy::new(settings.clone())?;
        keys.origin.check(keys.client()?)?;
        Ok(Self { keys, settings })
    }
}

impl Keys {
    /// Starts to keep the keys.
    pub(super) fn keep(&self, name: String) -> Result<KeySetCache, Failure> {
        self.origin.keep(self.client()?, name)
    }

    fn client(&self) -> Result<HttpClient, Failure> {
        let client = self
            .http
            .client_with(self.ca.as_deref(), Limits::default())?;
        Ok(with_headers(client, &self.headers))
    }
}

impl Arguments {
    /// The arguments that a table stands for: `NAME = VALUE` is `--NAME=VALUE`, and a list is one argument for each
    /// of its values.
    fn of_table(table: &Table) -> Result<Self, Failure> {
        let mut arguments = Vec::new();
        for (name, value) in table {
            let values = match value {
                Value::Array(values) => values.as_slice(),
                value => std::slice::from_ref(value),
            };
            for value in values {
                let value = match value {
                    Value::String(text) => text.clone(),
                    Value::Integer(number) => number.to_string(),
                    _ => {
                        let message = format!("{name} is neither a text nor a whole number");
                        return Err(Failure::Usage(message));
                    }
                };
                arguments.push(format!("--{name}={value}"));
            }
        }
        Self::try_parse_from(arguments).map_err(|error| {
            // Its first line. The others tell how the program is used.
            let message = error.to_string();
            let line = message.lines().next().unwrap_or_default();
            Failure::Usage(line.trim_start_matches("error: ").replace("--", ""))
        })
    }
}

fn default_listen() -> String {
    "127.0.0.1:9180".into()
}

fn default_admin() -> String {
    "127.0.0.1:9181".into()
}

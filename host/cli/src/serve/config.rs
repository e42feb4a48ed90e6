//! The configuration of `tokenlatch serve`, in TOML.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use clap::Parser;
use serde::Deserialize;
use tokenlatch_host::files;
use tokenlatch_host::http::Limits;
use tokenlatch_host::key_set::KeySetCache;
use tokenlatch_host::policy::{OwnedPolicy, PolicySettings};
use tokenlatch_host::profile::KeyPlace;
use toml::{Table, Value};

use super::claim_headers::ClaimHeaders;
use super::rules::{Rule, RuleConfig};
use crate::failure::Failure;
use crate::http_options::{HeaderOptions, HttpOptions};
use crate::key_source::KeySource;
use crate::policy_options::PolicyOptions;

/// The longest configuration file, in bytes.
const MAX_CONFIG_LEN: usize = 1024 * 1024;

/// What is in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Config {
    /// Where the proxies ask.
    #[serde(default = "default_listen")]
    pub(super) listen: String,
    /// Where health and metrics are.
    #[serde(default = "default_admin")]
    pub(super) admin: String,
    /// How many bytes of good tokens are remembered; with 0, none.
    #[serde(default)]
    pub(super) token_cache: u64,
    /// How many seconds the server goes on after it was told to stop, while `/readyz` already says so.
    #[serde(default)]
    drain: u32,
    /// The URL that challenges name as `resource_metadata`.
    pub(super) resource_metadata: Option<String>,
    #[serde(rename = "issuer")]
    issuers: Vec<Table>,
    #[serde(default, rename = "path")]
    rules: Vec<RuleConfig>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

/// An issuer whose tokens are accepted: the arguments of `tokenlatch verify`, by their names.
#[derive(Parser)]
#[command(no_binary_name = true, disable_help_flag = true)]
pub(super) struct Issuer {
    #[command(flatten)]
    policy: PolicyOptions,
    #[command(flatten)]
    pub(super) keys: KeySource,
    #[command(flatten)]
    http: HttpOptions,
    #[command(flatten)]
    headers: HeaderOptions,
}

/// Where the keys of an issuer are, and how they are fetched.
#[derive(PartialEq)]
pub(super) struct KeyOrigin {
    place: Option<KeyPlace>,
    issuers: Vec<String>,
    keys: KeySource,
    http: HttpOptions,
    headers: HeaderOptions,
}

impl Config {
    /// Reads a file, and checks all that can be checked without a network.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let wrong = |why: String| Failure::Usage(format!("{}: {why}", path.display()));
        let text = files::read_text(path, MAX_CONFIG_LEN);
        let text = text.map_err(|error| wrong(error.to_string()))?;
        let config: Self = toml::from_str(&text).map_err(|error| {
            // Without the line itself: it may have a secret.
            let at = error.span().map_or(0, |span| span.start);
            let before = text.get(..at).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            wrong(format!("line {line}: {}", error.message()))
        })?;
        config.check().map_err(|failure| wrong(failure.message()))?;
        Ok(config)
    }

    /// The numbers of issuers and rules.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.issuers.len(), self.rules.len())
    }

    pub(super) fn addresses(&self) -> (String, String) {
        (self.listen.clone(), self.admin.clone())
    }

    pub(super) fn drain(&self) -> Duration {
        Duration::from_secs(self.drain.into())
    }

    /// The issuers, each with what its tokens must say.
    pub(super) fn issuers(&self) -> Result<Vec<(KeyOrigin, PolicySettings)>, Failure> {
        let issuers = self.issuers.iter().enumerate();
        issuers
            .map(|(index, table)| {
                let found = Issuer::of_table(table).and_then(Issuer::resolve);
                found.map_err(|failure| of_issuer(index, &failure))
            })
            .collect()
    }

    pub(super) fn rules(&self) -> Result<Vec<Rule>, Failure> {
        self.rules.iter().map(Rule::new).collect()
    }

    pub(super) fn headers(&self) -> Result<ClaimHeaders, Failure> {
        ClaimHeaders::new(&self.headers)
    }

    fn check(&self) -> Result<(), Failure> {
        if self.issuers.is_empty() {
            return Err(Failure::Usage("there is no [[issuer]]".into()));
        }
        for (index, (origin, settings)) in self.issuers()?.into_iter().enumerate() {
            let policy = OwnedPolicy::new(settings.clone()).map_err(Failure::from);
            let checked = policy.and_then(|_| origin.check(&settings));
            checked.map_err(|failure| of_issuer(index, &failure))?;
        }
        self.rules()?;
        self.headers()?;
        Ok(())
    }
}

impl Issuer {
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

    fn resolve(self) -> Result<(KeyOrigin, PolicySettings), Failure> {
        let (profile, settings) = self.policy.settings(self.keys.discover.as_deref())?;
        let of_issuer = || settings.issuers.first().cloned().map(KeyPlace::Issuer);
        let origin = KeyOrigin {
            place: profile.map(|profile| profile.keys).or_else(of_issuer),
            issuers: settings.issuers.clone(),
            keys: self.keys,
            http: self.http,
            headers: self.headers,
        };
        Ok((origin, settings))
    }
}

impl KeyOrigin {
    /// Starts to keep the keys.
    pub(super) fn keep(&self, settings: &PolicySettings) -> Result<KeySetCache, Failure> {
        let client = self.headers.add_to(self.http.client(Limits::default())?)?;
        self.keys.keep(self.place.clone(), settings, client)
    }

    /// Whether the keys are in a file, which is read when the configuration is.
    pub(super) fn is_file(&self) -> bool {
        self.keys.file().is_some()
    }

    fn check(&self, settings: &PolicySettings) -> Result<(), Failure> {
        let client = self.headers.add_to(self.http.client(Limits::default())?)?;
        self.keys.check(self.place.clone(), settings, client)
    }
}

fn of_issuer(index: usize, failure: &Failure) -> Failure {
    Failure::Usage(format!("issuer {}: {}", index + 1, failure.message()))
}

fn default_listen() -> String {
    "127.0.0.1:9180".into()
}

fn default_admin() -> String {
    "127.0.0.1:9181".into()
}

//! The configuration of the authorization server.

use std::collections::HashSet;
use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::Url;
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::client::{Client, Lifetimes, MAX_LIFETIME};
use super::fleet::{FleetConfig, MAX_DOCUMENT_LIFETIME};
use super::seconds;
use crate::files;
use crate::profile::ProfileName;

/// The configuration of the authorization server, in code or from a TOML file:
///
/// ```toml
#[doc = include_str!("example.toml")]
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// The clients: from 1 to 1024; by default only [`Client::demo`].
    pub clients: Vec<Client>,
    /// The keys that sign.
    pub keys: KeyConfig,
    /// The fleet of devices.
    pub fleet: FleetConfig,
    /// The rate limit of requests for tokens; by default none.
    pub rate_limit: Option<RateLimit>,
    /// The issuer that it plays: the shape of its tokens and key set; Auth0 by default.
    pub profile: ProfileName,
    /// The public origin, such as `https://login.example.test/`, with which its `iss` and its URLs begin; by
    /// default `http://HOST:PORT`, where it listens.
    pub issuer: Option<String>,
    /// Whether there is `/admin/`, which only this machine may use; by default there is.
    pub admin: bool,
}

/// The keys that sign, how they change, and where they are kept.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct KeyConfig {
    /// The bits of a new key's modulus: from 2048 to 4096, a multiple of 8; 2048 by default.
    pub bits: usize,
    /// How many keys sign in turn: from 1 to 8, 1 by default.
    pub active: usize,
    /// After how long the keys are rotated: from a second to a year; by default never.
    #[serde(deserialize_with = "seconds::some")]
    pub rotate_every: Option<Duration>,
    /// How long a key stays published after it has ceased to sign, at most a year; by default until the
    /// last token that it signed has expired.
    #[serde(deserialize_with = "seconds::some")]
    pub overlap: Option<Duration>,
    /// How long the key set may be cached (`Cache-Control`, RFC 9111 section 5.2.2.1), at most a day; 15
    /// seconds by default, as Auth0's servers say.
    #[serde(with = "seconds")]
    pub max_age: Duration,
    /// The directory that keeps the keys across restarts, even if `bits` changes; by default none. A relative
    /// path begins at the working directory.
    pub directory: Option<PathBuf>,
}

/// How many requests for tokens all clients together may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RateLimit {
    /// This many requests, at once or one by one: from 1 to 1,000,000 …
    pub requests: u32,
    /// … in this time: from a second to a day.
    #[serde(rename = "seconds", with = "seconds")]
    pub period: Duration,
}

/// What is wrong with a configuration. It quotes no value, because a value may be a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read, or is longer than [`MAX_CONFIG_LEN`].
    #[error("cannot read {0}")]
    Read(PathBuf, #[source] io::Error),
    /// Not TOML, or not of this shape.
    #[error("line {line}, column {column}: {message}")]
    Toml {
        /// Counted from 1.
        line: usize,
        /// In characters, counted from 1.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// A number is out of its range, which is given.
    #[error("{0} is not from {start} to {end}", start = .1.start(), end = .1.end())]
    OutOfRange(String, RangeInclusive<u64>),
    /// A value is invalid.
    #[error("{0} {1}")]
    Invalid(String, &'static str),
}

/// The longest configuration file, in bytes.
pub const MAX_CONFIG_LEN: usize = 1024 * 1024;

impl Config {
    /// Reads a TOML file.
    ///
    /// # Errors
    ///
    /// Any [`ConfigError`].
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let cannot_read = |error| ConfigError::Read(path.to_owned(), error);
        Self::from_toml(&files::read_text(path, MAX_CONFIG_LEN).map_err(cannot_read)?)
    }

    /// Reads a TOML text.
    ///
    /// # Errors
    ///
    /// Any [`ConfigError`] except [`ConfigError::Read`].
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let before = text.get(..at).unwrap_or(text);
            let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
            ConfigError::Toml {
                line: before.matches('\n').count() + 1,
                column: before[line_start..].chars().count() + 1,
                // The error's own Display quotes the line.
                message: error.message().to_owned(),
            }
        })?;
        config.check()?;
        Ok(config)
    }

    /// Whether every value is valid.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        self.keys.check()?;
        if let Some(issuer) = &self.issuer {
            let is_origin = Url::parse(issuer).is_ok_and(|url| {
                let is_web = matches!(url.scheme(), "http" | "https");
                is_web && url.query().is_none() && url.fragment().is_none()
            });
            if !is_origin {
                return Err(ConfigError::Invalid(
                    "issuer".into(),
                    "is not an http or https URL without query and fragment",
                ));
            }
        }
        if let Some(RateLimit { requests, period }) = self.rate_limit {
            in_range(requests.into(), 1..=1_000_000, "rate_limit.requests")?;
            in_range(period.as_secs(), 1..=86_400, "rate_limit.seconds")?;
        }
        self.fleet.check()?;
        let len = self.clients.len();
        in_range(len as u64, 1..=1024, "the number of clients")?;
        let mut seen = HashSet::new();
        for (index, client) in self.clients.iter().enumerate() {
            let name = |member: &str| format!("clients[{index}].{member}");
            check_client(client, name)?;
            if !seen.insert(&client.client_id) {
                return Err(ConfigError::Invalid(
                    name("client_id"),
                    "is another client's",
                ));
            }
        }
        Ok(())
    }

    /// The longest lifetime of a token.
    pub(crate) fn longest_lifetime(&self) -> Duration {
        let clients = self.clients.iter();
        let lifetimes = clients.map(|client| client.lifetimes);
        let longest = |lifetimes: Lifetimes| {
            let Lifetimes {
                auth0, atm, device, ..
            } = lifetimes;
            auth0.max(atm).max(device)
        };
        lifetimes.map(longest).max().unwrap_or_default()
    }
}

impl KeyConfig {
    fn check(&self) -> Result<(), ConfigError> {
        const YEAR: u64 = 365 * 86_400;
        in_range(self.bits as u64, 2048..=4096, "keys.bits")?;
        if !self.bits.is_multiple_of(8) {
            return Err(ConfigError::Invalid(
                "keys.bits".into(),
                "is not a multiple of 8",
            ));
        }
        in_range(self.active as u64, 1..=8, "keys.active")?;
        in_range(self.max_age.as_secs(), 0..=86_400, "keys.max_age")?;
        if let Some(rotate_every) = self.rotate_every {
            in_range(rotate_every.as_secs(), 1..=YEAR, "keys.rotate_every")?;
        }
        let overlap = self.overlap.unwrap_or_default();
        in_range(overlap.as_secs(), 0..=YEAR, "keys.overlap")
    }
}

impl FleetConfig {
    fn check(&self) -> Result<(), ConfigError> {
        is_text(&self.audience, "fleet.audience")?;
        let longest = MAX_DOCUMENT_LIFETIME.as_secs();
        in_range(self.lifetime.as_secs(), 1..=longest, "fleet.lifetime")
    }
}

/// The demo client, one signing key of 2048 bits, no rate limit, and `/admin/`.
impl Default for Config {
    fn default() -> Self {
        Self {
            clients: vec![Client::demo()],
            keys: KeyConfig::default(),
            fleet: FleetConfig::default(),
            rate_limit: None,
            profile: ProfileName::Auth0,
            issuer: None,
            admin: true,
        }
    }
}

impl RateLimit {
    /// This many requests in this time.
    #[must_use]
    pub const fn new(requests: u32, period: Duration) -> Self {
        Self { requests, period }
    }
}

impl Default for KeyConfig {
    fn default() -> Self {
        Self {
            bits: 2048,
            active: 1,
            rotate_every: None,
            overlap: None,
            max_age: Duration::from_secs(15),
            directory: None,
        }
    }
}

/// The claims that the issuer sets itself, or that a verifier would take for the issuer's.
const RESERVED_CLAIMS: [&str; 16] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "azp",
    "gty",
    "client_id",
    "scope",
    "org_id",
    "permissions",
    "nonce",
    "signed_jwks",
    "signed_revocation",
];

fn check_client(client: &Client, name: impl Fn(&str) -> String) -> Result<(), ConfigError> {
    let audiences = client.audiences().map(|(audience, _)| audience);
    let users = client.users();
    let texts = [
        ("client_id", client.client_id.as_str()),
        ("client_secret", client.client_secret.expose_secret()),
    ];
    let texts = texts
        .into_iter()
        .chain(audiences.map(|audience| ("audience", audience)))
        .chain(users.map(|user| ("user.email", user.email.as_str())))
        .chain(
            client
                .devices
                .iter()
                .map(|devices| ("devices.prefix", devices.prefix.as_str())),
        );
    for (member, text) in texts {
        is_text(text, &name(member))?;
    }
    let Lifetimes {
        auth0,
        atm,
        refresh,
        device,
    } = client.lifetimes;
    for (member, lifetime) in [
        ("auth0", auth0),
        ("atm", atm),
        ("refresh", refresh),
        ("device", device),
    ] {
        let name = name(&format!("lifetimes.{member}"));
        in_range(lifetime.as_secs(), 1..=MAX_LIFETIME.as_secs(), &name)?;
    }
    let mut reserved = RESERVED_CLAIMS.iter();
    if let Some(claim) = reserved.find(|claim| client.claims.contains_key(**claim)) {
        let name = name(&format!("claims.{claim}"));
        return Err(ConfigError::Invalid(name, "is a claim of the issuer's own"));
    }
    Ok(())
}

fn is_text(text: &str, name: &str) -> Result<(), ConfigError> {
    if text.is_empty() || text.len() > 1024 {
        let why = "is empty, or longer than 1024 bytes";
        return Err(ConfigError::Invalid(name.into(), why));
    }
    Ok(())
}

fn in_range(value: u64, range: RangeInclusive<u64>, name: &str) -> Result<(), ConfigError> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(ConfigError::OutOfRange(name.into(), range))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_one() {
        let config = Config::from_toml(include_str!("example.toml")).unwrap();
        let [reader, dismissed] = &config.clients[..] else {
            panic!("two clients");
        };
        assert_eq!(reader.client_secret.expose_secret(), "change-me");
        assert_eq!(
            reader.scope_for("https://billing.example.com/"),
            Some("read:invoices")
        );
        assert_eq!(reader.lifetimes, Lifetimes::default());
        assert_eq!(reader.claims["https://example.com/plan"], "gold");
        assert_eq!(dismissed.user.email, "admin@example.com", "by default");
        let devices = &reader.devices[0];
        assert_eq!((&*devices.prefix, &*devices.scope), ("door-", "door:open"));
        assert_eq!(
            config.fleet,
            FleetConfig {
                root_key: Some("root.pem".into()),
                ..FleetConfig::default()
            }
        );
        assert!(dismissed.deny.is_some());
        let day = Duration::from_secs(86_400);
        assert_eq!(config.keys.rotate_every, Some(day));
        assert_eq!(config.rate_limit.unwrap().requests, 600);
    }

    #[test]
    fn nothing_is_the_default() {
        let config = Config::from_toml("").unwrap();
        assert_eq!(config.keys, KeyConfig::default());
        assert_eq!(config.clients[0].client_id, "demo-client");
        assert!(config.admin);
    }

    #[test]
    fn errors_say_where_and_quote_nothing() {
        let client = "[[clients]]\nclient_id = 'a'\nclient_secret = 's3cret'\n\
            audience = 'https://api.example.com/'\n";
        for (text, expected) in [
            ("keys = 1", "line 1, column 8: "),
            ("\n  bits = 2048", "line 2, column 3: unknown field `bits`"),
            ("[keys]\nbits = 's3cret", "line 2, column "),
            ("[keys]\nbits = 1024", "keys.bits is not from 2048 to 4096"),
            ("[keys]\nbits = 2049", "keys.bits is not a multiple of 8"),
            ("[keys]\nactive = 0", "keys.active is not from 1 to 8"),
            ("[keys]\nrotate_every = 0", "keys.rotate_every is not "),
            (
                "[rate_limit]\nrequests = 0\nseconds = 1",
                "rate_limit.requests is not ",
            ),
            ("clients = []", "the number of clients is not "),
            (
                "[[clients]]\nclient_id = 'a'\nclient_secret = 53237\naudience = 'x'",
                "line 3, column 17: a secret is a string",
            ),
            (
                &client.replace("'a'", "''"),
                "clients[0].client_id is empty",
            ),
            (
                &client.replace("'s3cret'", "''"),
                "clients[0].client_secret is empty",
            ),
            (
                &client.repeat(2),
                "clients[1].client_id is another client's",
            ),
            (
                &format!("{client}claims.aud = 's3cret'"),
                "clients[0].claims.aud is a claim of the issuer's own",
            ),
            (
                &format!("{client}lifetimes.atm = 0"),
                "clients[0].lifetimes.atm is not from 1 to 31536000",
            ),
            ("[fleet]\naudience = ''", "fleet.audience is empty"),
            ("[fleet]\nlifetime = 0", "fleet.lifetime is not from 1 to "),
            (
                &format!("{client}devices = [{{ prefix = '' }}]"),
                "clients[0].devices.prefix is empty",
            ),
            (&format!("{client}grants = ['implicit']"), "line 5, column "),
        ] {
            let error = Config::from_toml(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
            assert!(
                !error.contains("s3cret") && !error.contains("53237"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = Config::read(Path::new("/does/not/exist.toml")).unwrap_err();
        assert_eq!(error.to_string(), "cannot read /does/not/exist.toml");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_never_ends_is_rejected() {
        let error = Config::read(Path::new("/dev/zero")).unwrap_err();
        let ConfigError::Read(_, error) = error else {
            panic!("{error}");
        };
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }
}

//! A client (RFC 6749 section 1.1) and its users.

use std::time::Duration;

use secrecy::SecretString;
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::seconds;
use crate::issuer::model::rejection::Rejection;

/// A client that may ask for tokens.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Client {
    /// The client identifier (RFC 6749 section 2.2).
    pub client_id: String,
    /// The client secret (RFC 6749 section 2.3.1).
    #[serde(deserialize_with = "secret")]
    pub client_secret: SecretString,
    /// The audience of its tokens. In Auth0's dialect, the client may ask for another one.
    pub audience: String,
    /// The scope of its tokens for that audience, separated by spaces (RFC 6749 section 3.3).
    #[serde(default)]
    pub scope: String,
    /// Further audiences, for Auth0's dialect.
    #[serde(default)]
    pub more_audiences: Vec<Audience>,
    /// Devices that it may have tokens for, with the identifier of the device as the audience.
    #[serde(default)]
    pub devices: Vec<Devices>,
    /// The grants that it may use; by default all.
    #[serde(default = "Grant::all")]
    pub grants: Vec<Grant>,
    /// The organizations that it may ask for in Auth0's dialect, for the claim `org_id`.
    #[serde(default)]
    pub organizations: Vec<String>,
    /// Whether tokens in Auth0's dialect have their scope in the claim `permissions`, too.
    #[serde(default)]
    pub permissions: bool,
    /// Claims that are added to its tokens. The claims that the issuer sets itself are not allowed here.
    #[serde(default)]
    pub claims: Map<String, Value>,
    /// If there is a text, the client gets no token, and this text as the reason.
    #[serde(default)]
    pub deny: Option<String>,
    /// How long its tokens are valid.
    #[serde(default)]
    pub lifetimes: Lifetimes,
    /// The user for whom it may ask for tokens in ATM's dialect; by default [`User::demo`].
    #[serde(default = "User::demo")]
    pub user: User,
    /// Further users.
    #[serde(default)]
    pub more_users: Vec<User>,
}

/// An audience, and the scope of tokens for it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Audience {
    /// The claim `aud`.
    pub audience: String,
    /// The scope of tokens for it, separated by spaces.
    #[serde(default)]
    pub scope: String,
}

/// Devices, and the scope of tokens for them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Devices {
    /// What the identifiers of these devices begin with, such as `door-`.
    pub prefix: String,
    /// The scope of tokens for them, separated by spaces.
    #[serde(default)]
    pub scope: String,
}

/// A grant (RFC 6749 section 1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Grant {
    /// For the client itself (RFC 6749 section 4.4).
    ClientCredentials,
    /// For a user, in ATM's dialect.
    UserCredentials,
    /// With a refresh token (RFC 6749 section 6), in ATM's dialect.
    RefreshToken,
}

/// How long tokens are valid: each from a second to [`MAX_LIFETIME`], in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Lifetimes {
    /// Access tokens in Auth0's dialect: a day by default.
    #[serde(with = "seconds")]
    pub auth0: Duration,
    /// Access tokens in ATM's dialect, and the ID tokens next to them: ten minutes by default.
    #[serde(with = "seconds")]
    pub atm: Duration,
    /// Refresh tokens, each time that they are rotated: 30 days by default.
    #[serde(with = "seconds")]
    pub refresh: Duration,
    /// Access tokens for devices: five minutes by default.
    #[serde(with = "seconds")]
    pub device: Duration,
}

/// The longest lifetime of a token: a year.
pub const MAX_LIFETIME: Duration = Duration::from_secs(365 * 86_400);

/// A user. The `scope` of ATM's user tokens has this form.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[non_exhaustive]
pub struct User {
    /// The e-mail address, which is also the login identifier.
    pub email: String,
    /// The user's identifier, which never changes.
    pub id: String,
    /// The given name.
    pub first_name: String,
    /// The family name.
    pub last_name: String,
}

impl Client {
    /// `demo-client`, with the secret `demo-secret`, for `https://api.example.com/` and for the devices `door-…`,
    /// with the user `admin@example.com` and the organization `org_demo`.
    #[must_use]
    pub fn demo() -> Self {
        let mut demo = Self::new("demo-client", "demo-secret", "https://api.example.com/")
            .with_scope("read:things write:things");
        demo.organizations.push("org_demo".into());
        demo.devices.push(Devices::new("door-", "door:open"));
        demo
    }

    /// A client with these credentials, which gets tokens for this audience with every grant. Their scope is
    /// empty.
    #[must_use]
    pub fn new(client_id: &str, client_secret: &str, audience: &str) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret: client_secret.into(),
            audience: audience.into(),
            scope: String::new(),
            more_audiences: Vec::new(),
            devices: Vec::new(),
            grants: Grant::all(),
            organizations: Vec::new(),
            permissions: false,
            claims: Map::new(),
            deny: None,
            lifetimes: Lifetimes::default(),
            user: User::demo(),
            more_users: Vec::new(),
        }
    }

    /// The same client, with this scope for its tokens.
    #[must_use]
    pub fn with_scope(mut self, scope: &str) -> Self {
        self.scope = scope.into();
        self
    }

    /// Whether it may have tokens with this grant.
    pub(crate) fn may_use(&self, grant: Grant) -> Result<(), Rejection> {
        if !self.grants.contains(&grant) {
            return Err(Rejection::UnauthorizedClient);
        }
        match &self.deny {
            Some(reason) => Err(Rejection::AccessDenied(reason.clone().into())),
            None => Ok(()),
        }
    }

    /// The scope of its tokens for this audience, if it may have any.
    pub(crate) fn scope_for(&self, audience: &str) -> Option<&str> {
        let mut all = self.audiences();
        all.find_map(|(name, scope)| (name == audience).then_some(scope))
    }

    /// The scope of its tokens for this device, if it may have any.
    pub(crate) fn device_scope_for(&self, device: &str) -> Option<&str> {
        let mut all = self.devices.iter();
        all.find_map(|devices| {
            let number = device.strip_prefix(devices.prefix.as_str())?;
            (!number.is_empty()).then_some(devices.scope.as_str())
        })
    }

    /// All audiences, each with its scope.
    pub(crate) fn audiences(&self) -> impl Iterator<Item = (&str, &str)> {
        let more = self.more_audiences.iter();
        std::iter::once((self.audience.as_str(), self.scope.as_str()))
            .chain(more.map(|more| (more.audience.as_str(), more.scope.as_str())))
    }

    /// All users.
    pub(crate) fn users(&self) -> impl Iterator<Item = &User> {
        std::iter::once(&self.user).chain(&self.more_users)
    }
}

impl Audience {
    /// An audience, and the scope of tokens for it, separated by spaces.
    #[must_use]
    pub fn new(audience: &str, scope: &str) -> Self {
        Self {
            audience: audience.into(),
            scope: scope.into(),
        }
    }
}

impl Devices {
    /// What the identifiers of the devices begin with, and the scope of tokens for them.
    #[must_use]
    pub fn new(prefix: &str, scope: &str) -> Self {
        Self {
            prefix: prefix.into(),
            scope: scope.into(),
        }
    }
}

impl Grant {
    /// The grant with this name in requests.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|grant| grant.name() == name)
    }

    /// Its name in requests.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ClientCredentials => "client_credentials",
            Self::UserCredentials => "user_credentials",
            Self::RefreshToken => "refresh_token",
        }
    }

    fn all() -> Vec<Self> {
        [
            Self::ClientCredentials,
            Self::UserCredentials,
            Self::RefreshToken,
        ]
        .into()
    }
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            auth0: Duration::from_secs(86_400),
            atm: Duration::from_secs(600),
            refresh: Duration::from_secs(30 * 86_400),
            device: Duration::from_secs(300),
        }
    }
}

impl User {
    /// A user without a name.
    #[must_use]
    pub fn new(email: &str, id: &str) -> Self {
        Self {
            email: email.into(),
            id: id.into(),
            first_name: String::new(),
            last_name: String::new(),
        }
    }

    /// `admin@example.com`, Ada Admin, with the identifier `user-1`.
    #[must_use]
    pub fn demo() -> Self {
        Self {
            email: "admin@example.com".into(),
            id: "user-1".into(),
            first_name: "Ada".into(),
            last_name: "Admin".into(),
        }
    }
}

/// A string. If it is something else, the error does not quote it.
fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(secret) => Ok(secret.into()),
        _ => Err(D::Error::custom("a secret is a string")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_secret() {
        assert!(!format!("{:?}", Client::demo()).contains("demo-secret"));
    }

    #[test]
    fn a_device_is_known_by_its_prefix() {
        let client = Client::demo();
        assert_eq!(client.device_scope_for("door-1"), Some("door:open"));
        for other in ["door-", "door", "gate-1", "a door-1", "Door-1"] {
            assert_eq!(client.device_scope_for(other), None, "{other}");
        }
    }

    #[test]
    fn grants_are_found_by_the_names_that_they_are_configured_by() {
        for grant in Grant::all() {
            assert_eq!(Grant::named(grant.name()), Some(grant));
            assert_eq!(serde_json::json!(grant), grant.name());
        }
        assert_eq!(Grant::named("password"), None);
    }
}

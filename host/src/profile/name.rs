//! The names of the profiles.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

/// The name of a profile: an issuer that people have, and the kind of its tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProfileName {
    /// `auth0`
    Auth0,
    /// `atm`
    Atm,
    /// `entra`: Microsoft Entra ID.
    Entra,
    /// `cognito`: access tokens of Amazon Cognito.
    Cognito,
    /// `cognito-id`: ID tokens of Amazon Cognito.
    CognitoId,
    /// `keycloak`
    Keycloak,
    /// `okta`
    Okta,
    /// `google`: ID tokens of Google.
    Google,
    /// `github`: ID tokens of GitHub Actions.
    GitHub,
    /// `gitlab`: ID tokens of GitLab CI/CD.
    GitLab,
    /// `kubernetes`: tokens of service accounts.
    Kubernetes,
    /// `firebase`: ID tokens of Firebase Authentication.
    Firebase,
    /// `adfs`: Active Directory Federation Services.
    AdFs,
    /// `rfc9068`: access tokens as RFC 9068 has them.
    Rfc9068,
}

impl ProfileName {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Auth0,
        Self::Atm,
        Self::Entra,
        Self::Cognito,
        Self::CognitoId,
        Self::Keycloak,
        Self::Okta,
        Self::Google,
        Self::GitHub,
        Self::GitLab,
        Self::Kubernetes,
        Self::Firebase,
        Self::AdFs,
        Self::Rfc9068,
    ];

    /// The name, as it is written: `auth0`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auth0 => "auth0",
            Self::Atm => "atm",
            Self::Entra => "entra",
            Self::Cognito => "cognito",
            Self::CognitoId => "cognito-id",
            Self::Keycloak => "keycloak",
            Self::Okta => "okta",
            Self::Google => "google",
            Self::GitHub => "github",
            Self::GitLab => "gitlab",
            Self::Kubernetes => "kubernetes",
            Self::Firebase => "firebase",
            Self::AdFs => "adfs",
            Self::Rfc9068 => "rfc9068",
        }
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not the name of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownProfile;

impl std::error::Error for UnknownProfile {}

impl fmt::Display for UnknownProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = ProfileName::ALL.iter().map(|name| name.as_str()).collect();
        write!(f, "no such profile; there are {}", names.join(", "))
    }
}

impl FromStr for ProfileName {
    type Err = UnknownProfile;

    fn from_str(text: &str) -> Result<Self, UnknownProfile> {
        let mut all = Self::ALL.iter();
        let name = all.find(|name| name.as_str() == text);
        name.copied().ok_or(UnknownProfile)
    }
}

impl<'de> Deserialize<'de> for ProfileName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_has_one_name() {
        for name in ProfileName::ALL {
            assert_eq!(name.as_str().parse(), Ok(*name));
        }
        let unknown = "Auth0".parse::<ProfileName>().unwrap_err();
        assert!(unknown.to_string().ends_with("adfs, rfc9068"));
    }
}

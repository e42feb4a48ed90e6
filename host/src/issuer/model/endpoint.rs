//! The endpoints.

use serde::{Deserialize, Serialize};

use super::profile::token_path;
use crate::profile::ProfileName;

/// The endpoint of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Endpoint {
    /// `/oauth/token`
    Auth0Token,
    /// `/auth/token`
    AtmToken,
    /// The token endpoint of the other profiles, as RFC 6749 has it.
    Token,
    /// `/.well-known/jwks.json` and `/auth/.well-known/jwks.json`
    KeySet,
    /// `/.well-known/openid-configuration`, after the path of the issuer, and
    /// `/.well-known/oauth-authorization-server`, before it.
    Metadata,
    /// `/device/root`, `/device/key-set` and `/device/revocation`
    Device,
    /// A path without an endpoint.
    Other,
}

impl Endpoint {
    pub(crate) const ALL: [Self; 7] = [
        Self::Auth0Token,
        Self::AtmToken,
        Self::Token,
        Self::KeySet,
        Self::Metadata,
        Self::Device,
        Self::Other,
    ];

    /// The endpoint at a path. `None` for the page and `/admin/`.
    pub(crate) fn of(path: &str) -> Option<Self> {
        match path {
            "/oauth/token" => Some(Self::Auth0Token),
            "/auth/token" => Some(Self::AtmToken),
            "/.well-known/jwks.json" | "/auth/.well-known/jwks.json" => Some(Self::KeySet),
            "/device/root" | "/device/key-set" | "/device/revocation" => Some(Self::Device),
            path if path.ends_with(OPENID_METADATA) => Some(Self::Metadata),
            path if path.starts_with(OAUTH_METADATA) => Some(Self::Metadata),
            path if is_token_path(path) => Some(Self::Token),
            "/" => None,
            path if path.starts_with("/admin/") => None,
            _ => Some(Self::Other),
        }
    }

    pub(crate) fn issues_tokens(self) -> bool {
        matches!(self, Self::Auth0Token | Self::AtmToken | Self::Token)
    }
}

/// The end of the path of OpenID Connect's metadata (OpenID Connect Discovery section 4).
pub(crate) const OPENID_METADATA: &str = "/.well-known/openid-configuration";

/// The beginning of the path of OAuth 2.0's (RFC 8414 section 3).
pub(crate) const OAUTH_METADATA: &str = "/.well-known/oauth-authorization-server";

fn is_token_path(path: &str) -> bool {
    let mut profiles = ProfileName::ALL.iter();
    profiles.any(|profile| token_path(*profile) == path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_found_by_its_path() {
        for (path, endpoint) in [
            ("/oauth/token", Endpoint::Auth0Token),
            ("/auth/token", Endpoint::AtmToken),
            ("/token", Endpoint::Token),
            ("/.well-known/jwks.json", Endpoint::KeySet),
            ("/.well-known/openid-configuration", Endpoint::Metadata),
            ("/device/key-set", Endpoint::Device),
            ("/device/elsewhere", Endpoint::Other),
            ("/elsewhere", Endpoint::Other),
        ] {
            assert_eq!(Endpoint::of(path), Some(endpoint));
        }
        for path in [
            "/realms/demo/.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server/realms/demo",
        ] {
            assert_eq!(Endpoint::of(path), Some(Endpoint::Metadata));
        }
        assert_eq!(Endpoint::of("/oauth2/token"), Some(Endpoint::Token));
        assert_eq!(Endpoint::of("/"), None);
        assert_eq!(Endpoint::of("/admin/rotate"), None);
    }
}

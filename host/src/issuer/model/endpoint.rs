//! The endpoints.

use serde::{Deserialize, Serialize};

/// The endpoint of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Endpoint {
    /// `/oauth/token`
    Auth0Token,
    /// `/auth/token`
    AtmToken,
    /// `/.well-known/jwks.json` and `/auth/.well-known/jwks.json`
    KeySet,
    /// `/.well-known/openid-configuration`
    Metadata,
    /// A path without an endpoint.
    Other,
}

impl Endpoint {
    /// The endpoint at a path. `None` for the page and `/admin/`.
    pub(crate) fn of(path: &str) -> Option<Self> {
        match path {
            "/oauth/token" => Some(Self::Auth0Token),
            "/auth/token" => Some(Self::AtmToken),
            "/.well-known/jwks.json" | "/auth/.well-known/jwks.json" => Some(Self::KeySet),
            "/.well-known/openid-configuration" => Some(Self::Metadata),
            "/" => None,
            path if path.starts_with("/admin/") => None,
            _ => Some(Self::Other),
        }
    }

    pub(crate) fn issues_tokens(self) -> bool {
        matches!(self, Self::Auth0Token | Self::AtmToken)
    }

    /// Its path, or the first of its paths.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Auth0Token => "/oauth/token",
            Self::AtmToken => "/auth/token",
            Self::KeySet => "/.well-known/jwks.json",
            Self::Metadata => "/.well-known/openid-configuration",
            Self::Other => "elsewhere",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_found_by_its_path() {
        for endpoint in [
            Endpoint::Auth0Token,
            Endpoint::AtmToken,
            Endpoint::KeySet,
            Endpoint::Metadata,
            Endpoint::Other,
        ] {
            assert_eq!(Endpoint::of(endpoint.path()), Some(endpoint));
        }
        assert_eq!(Endpoint::of("/"), None);
        assert_eq!(Endpoint::of("/admin/rotate"), None);
    }
}

//! The claims that the verifier itself reads: those of RFC 7519 section 4.1, `scope` and `client_id` (RFC
//! 8693 sections 4.2 and 4.3), `azp` (OpenID Connect Core section 2), and, where a policy asks for them,
//! those that single issuers have in their place.

/// A claim that the verifier itself reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Claim {
    /// `iss`
    Issuer,
    /// `sub`
    Subject,
    /// `aud`
    Audience,
    /// `exp`
    Expiry,
    /// `nbf`
    NotBefore,
    /// `iat`
    IssuedAt,
    /// `jti`
    TokenId,
    /// `scope`
    Scope,
    /// `azp`
    AuthorizedParty,
    /// `client_id`
    ClientId,
    /// `cid`: Okta's name for the client.
    Cid,
    /// `appid`: Entra's name for the client in tokens of version 1.0, and AD FS's.
    AppId,
    /// `tid`: Entra's name for the tenant.
    TenantId,
}

impl Claim {
    /// Those that are read from every token. The others may mean something else to an issuer.
    pub(crate) const ALWAYS: [Self; 10] = [
        Self::Issuer,
        Self::Subject,
        Self::Audience,
        Self::Expiry,
        Self::NotBefore,
        Self::IssuedAt,
        Self::TokenId,
        Self::Scope,
        Self::AuthorizedParty,
        Self::ClientId,
    ];

    /// The claim's name in the token.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Issuer => "iss",
            Self::Subject => "sub",
            Self::Audience => "aud",
            Self::Expiry => "exp",
            Self::NotBefore => "nbf",
            Self::IssuedAt => "iat",
            Self::TokenId => "jti",
            Self::Scope => "scope",
            Self::AuthorizedParty => "azp",
            Self::ClientId => "client_id",
            Self::Cid => "cid",
            Self::AppId => "appid",
            Self::TenantId => "tid",
        }
    }
}

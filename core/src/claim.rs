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
    /// Those that are read from every token, with their names. The others may mean something else to an issuer.
    pub(crate) const ALWAYS: [(Self, &'static str); 10] = [
        Self::Issuer.with_name(),
        Self::Subject.with_name(),
        Self::Audience.with_name(),
        Self::Expiry.with_name(),
        Self::NotBefore.with_name(),
        Self::IssuedAt.with_name(),
        Self::TokenId.with_name(),
        Self::Scope.with_name(),
        Self::AuthorizedParty.with_name(),
        Self::ClientId.with_name(),
    ];

    pub(crate) const fn with_name(self) -> (Self, &'static str) {
        (self, self.name())
    }

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

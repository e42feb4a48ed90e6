//! The claims that the verifier itself reads: those of RFC 7519 section 4.1, `scope` and `client_id` (RFC
//! 8693 sections 4.2 and 4.3) and `azp` (OpenID Connect Core section 2).

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
}

impl Claim {
    pub(crate) const ALL: [Self; 10] = [
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
        }
    }
}

//! Why there is no key set.

use std::error::Error;
use std::io;

use crate::http::HttpError;

/// Why there is no key set.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeySetError {
    /// The file cannot be read.
    #[error("cannot read the file")]
    Read(#[from] io::Error),
    /// The source gave no document.
    #[error("cannot fetch the key set")]
    Fetch(#[from] SourceError),
    /// The document is not a JWK Set (RFC 7517 section 5).
    #[error("not a usable JWK Set")]
    Invalid(#[from] tokenlatch::Error),
    /// The source took longer than the whole fetch may.
    #[error("the fetch took too long")]
    TimedOut,
    /// The source panicked.
    #[error("the source panicked")]
    Panicked,
    /// The document is a JWK Set, but none of its keys can verify RS256.
    #[error("no key can verify RS256 ({unusable} cannot)")]
    NoUsableKey {
        /// How many keys the document has.
        unusable: usize,
    },
}

/// Why a source gave no document.
///
/// No error holds the URL, which may hold credentials, or any part of a document.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// A request failed.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The issuer's URL has a query or a fragment (RFC 8414 section 2).
    #[error("the issuer's URL has a query or a fragment")]
    InvalidIssuer,
    /// The issuer is `https`, and its `jwks_uri` is not.
    #[error("the issuer's jwks_uri is not https")]
    InsecureJwksUri,
    /// The issuer has no metadata, neither by OpenID Connect nor by OAuth 2.0.
    #[error("the issuer has no metadata")]
    NoMetadata,
    /// The issuer's metadata is not a JSON object with an `issuer`.
    #[error("the issuer's metadata is malformed")]
    InvalidMetadata,
    /// The metadata is another issuer's (RFC 8414 section 3.3).
    #[error("the metadata is another issuer's")]
    WrongIssuer,
    /// The issuer's metadata has no `jwks_uri`.
    #[error("the issuer's metadata has no jwks_uri")]
    NoJwksUri,
    /// The caller's own [`Source`](super::Source) failed.
    #[error("the source failed")]
    Other(#[source] Box<dyn Error + Send + Sync>),
}

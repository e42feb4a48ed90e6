//! What a device without a network needs of its server: the keys as constants, and documents that its root key
//! has signed.
//!
//! A device has a root key in flash. With it, the device verifies two kinds of documents, which somebody brings
//! to it, in any order and as often as they like: JWTs (RFC 7519), signed with RS256, whose `typ` says what they
//! are.
//!
//! | document | `typ` | claims besides `iss`, `sub`, `aud`, `iat` and `exp` |
//! |---|---|---|
//! | key-set update ([`RootKey::key_set_update`]) | `jwk-set+jwt` | `keys`: the keys of a JWK Set (OpenID Federation 1.0 section 5.2.1, `signed_jwks_uri`) |
//! | revocation list ([`RootKey::revocation`]) | `revocation+jwt` | `epochs` and `revoked` ([`Revocation`]) |
//!
//! `aud` is the fleet of devices that the document is for. `iat` is the document's version: a device applies only
//! a document that is newer than the one that it has. At the `exp` of a key-set update, its keys end, too. A
//! document has at most [`MAX_DOCUMENT_LEN`] bytes, which is enough for 5 keys of 2048 bits.
//!
//! ```
//! use tokenlatch_host::device::{Revocation, RootKey, Terms, Revoked};
//!
//! let root = RootKey::generate(2048)?;
//! let terms = Terms::new("https://issuer.example/", "doors", 1_790_000_000, 1_797_776_000);
//! let mut revocation = Revocation::default();
//! revocation.revoke(Revoked::Jti("lost-badge".into()));
//! let document = root.revocation(&terms, &revocation)?;
//! assert_eq!(document.split('.').count(), 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod document;
mod revocation;
mod root_key;
mod verifying_key;

#[cfg(feature = "issuer")]
pub(crate) use self::document::bounded;
pub use self::document::{DocumentTooLong, KEY_SET_TYPE, MAX_DOCUMENT_LEN, REVOCATION_TYPE, Terms};
pub use self::revocation::{Epoch, Revocation, Revoked};
pub use self::root_key::{RootKey, RootKeyError};
pub use self::verifying_key::{KeysError, UnusableKey, VerifyingKey, VerifyingKeys, WhyUnusable};

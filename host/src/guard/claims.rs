//! The claims of a verified token, which may go anywhere.

use std::fmt;
use std::sync::Arc;

use self_cell::MutBorrow;
use serde::de::DeserializeOwned;
use tokenlatch::json::{Object, Text, Value};
use tokenlatch::{Error, MAX_TOKEN_LEN, Unverified, Verified};
use yoke::Yoke;

#[cfg(any(feature = "actix", feature = "axum"))]
use {
    super::refusal::{Refusal, RefusalReason},
    crate::key_set::VerifyError,
    tracing::debug,
};

/// The claims of a verified token. Clones share them.
///
/// They take two allocations: one that is shared, and the token's text, twice as long as the token.
#[derive(Clone)]
pub struct Claims(Yoke<Proof<'static>, Arc<Buffer>>);

/// The claims of a request as a type of the caller's ([`Claims::deserialize`]): an argument of the handlers of
/// axum and actix.
///
/// A token that does not have such claims is refused like any other invalid token.
#[derive(Clone, Copy, Debug)]
pub struct ClaimsAs<T>(pub T);

#[cfg(any(feature = "actix", feature = "axum"))]
impl<T: DeserializeOwned> ClaimsAs<T> {
    pub(super) fn of(claims: &Claims) -> Result<Self, Refusal> {
        claims.deserialize().map(Self).map_err(|error| {
            debug!(%error, "refused a request");
            VerifyError::Token(error).count();
            Refusal::new(RefusalReason::InvalidToken(error), None)
        })
    }
}

impl Claims {
    /// Has `verify` verify a token, in a copy of its text.
    ///
    /// # Errors
    ///
    /// Those of `verify`, and of [`Unverified::parse`].
    pub(super) fn of_token<E: From<Error>>(
        token: &str,
        verify: impl for<'t> FnOnce(Unverified<'t>) -> Result<(Verified<'t>, Under), E>,
    ) -> Result<Self, E> {
        // Before a buffer is made of it.
        if token.len() > MAX_TOKEN_LEN {
            return Err(Error::TokenTooLong.into());
        }
        let mut buffer = Vec::with_capacity(2 * token.len());
        buffer.extend_from_slice(token.as_bytes());
        buffer.extend_from_slice(token.as_bytes());
        let buffer = Arc::new(MutBorrow::new(buffer));
        let proof = Yoke::try_attach_to_cart(buffer, |buffer| {
            let buffer = buffer.borrow_mut();
            // One half stays as it is, and the other is decoded in its own place.
            let (text, scratch) = buffer.split_at_mut(token.len());
            let (verified, under) = verify(Unverified::parse(scratch)?)?;
            Ok::<_, E>(Proof {
                verified,
                under,
                text,
            })
        });
        proof.map(Self)
    }

    /// What the token was verified with.
    pub(super) fn under(&self) -> Under {
        self.0.get().under
    }

    /// The proof that the token was verified.
    #[must_use]
    pub fn verified(&self) -> &Verified<'_> {
        &self.0.get().verified
    }

    /// The token, for requests in its bearer's name. Keep it out of logs.
    #[must_use]
    pub fn token(&self) -> &str {
        // It was made of a `str`.
        str::from_utf8(self.0.get().text).unwrap_or_default()
    }

    /// The claims as a type of the caller's.
    ///
    /// # Errors
    ///
    /// [`Error::UnexpectedClaims`].
    pub fn deserialize<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_str(self.claims().as_str()).map_err(|_| Error::UnexpectedClaims)
    }

    /// As [`Verified::issuer`].
    #[must_use]
    pub fn issuer(&self) -> Text<'_> {
        self.verified().issuer()
    }

    /// As [`Verified::subject`].
    #[must_use]
    pub fn subject(&self) -> Option<Text<'_>> {
        self.verified().subject()
    }

    /// As [`Verified::audiences`].
    pub fn audiences(&self) -> impl Iterator<Item = Text<'_>> {
        self.verified().audiences()
    }

    /// As [`Verified::expiry`].
    #[must_use]
    pub fn expiry(&self) -> u64 {
        self.verified().expiry()
    }

    /// As [`Verified::not_before`].
    #[must_use]
    pub fn not_before(&self) -> Option<u64> {
        self.verified().not_before()
    }

    /// As [`Verified::issued_at`].
    #[must_use]
    pub fn issued_at(&self) -> Option<u64> {
        self.verified().issued_at()
    }

    /// As [`Verified::token_id`].
    #[must_use]
    pub fn token_id(&self) -> Option<Text<'_>> {
        self.verified().token_id()
    }

    /// As [`Verified::client`].
    #[must_use]
    pub fn client(&self) -> Option<Text<'_>> {
        self.verified().client()
    }

    /// As [`Verified::scopes`].
    pub fn scopes(&self) -> impl Iterator<Item = Text<'_>> {
        self.verified().scopes()
    }

    /// As [`Verified::has_scope`].
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        self.verified().has_scope(scope)
    }

    /// As [`Verified::permissions`].
    pub fn permissions(&self) -> impl Iterator<Item = Text<'_>> {
        self.verified().permissions()
    }

    /// As [`Verified::texts`].
    pub fn texts<'c>(&'c self, path: &[&str]) -> impl Iterator<Item = Text<'c>> + use<'c> {
        self.verified().texts(path)
    }

    /// As [`Verified::claim`].
    #[must_use]
    pub fn claim(&self, path: &[&str]) -> Option<Value<'_>> {
        self.verified().claim(path)
    }

    /// As [`Verified::claims`].
    #[must_use]
    pub fn claims(&self) -> Object<'_> {
        self.verified().claims()
    }
}

/// Shows no claim and nothing of the token.
impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims").finish_non_exhaustive()
    }
}

/// What a token was verified with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Under {
    /// The index of the issuer among those of the guard.
    pub(super) issuer: usize,
    /// The generation of the issuer's key set.
    pub(super) generation: u64,
}

/// The token's text twice. The claims borrow from it.
type Buffer = MutBorrow<Vec<u8>>;

use proof::Proof;

mod proof {
    // In what the derive writes.
    #![allow(unsafe_code)]

    use tokenlatch::Verified;
    use yoke::Yokeable;

    #[derive(Clone, Yokeable)]
    pub(super) struct Proof<'t> {
        pub(super) verified: Verified<'t>,
        pub(super) under: super::Under,
        pub(super) text: &'t [u8],
    }
}

//! Verifies tokens of several issuers, each with its own keys and its own policy.

use tokenlatch::{Claim, Policy, Time, Unverified, Verified};

use crate::http::HttpClient;
use crate::key_set::{KeySetCache, SourceError, VerifyError};
use crate::policy::{OwnedPolicy, PolicyError};
use crate::profile::Profile;

/// Verifies tokens of several issuers.
///
/// A token's `iss` chooses the policy and the keys, which then verify the token and its `iss`. So a key of
/// one issuer never verifies a token of another, whatever its `kid` is.
///
/// ```no_run
/// use tokenlatch::{MAX_TOKEN_LEN, Policy};
/// use tokenlatch_host::clock;
/// use tokenlatch_host::http::HttpClient;
/// use tokenlatch_host::key_set::{HttpSource, KeySetCache};
/// use tokenlatch_host::verifier::Verifier;
///
/// # async fn guard(bearer_token: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
/// let mut verifier = Verifier::default();
/// for issuer in ["https://a.eu.auth0.com/", "https://b.eu.auth0.com/"] {
///     let keys = KeySetCache::new(HttpSource::issuer(issuer, HttpClient::default())?);
///     verifier.add(Policy::new(issuer, "https://api.example.com/"), keys);
/// }
///
/// let mut scratch = [0; MAX_TOKEN_LEN];
/// let verified = verifier.verify(bearer_token, &mut scratch, clock::now()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Verifier<'p> {
    issuers: Vec<(AnyPolicy<'p>, KeySetCache)>,
}

/// Why a profile cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// Its settings are no policy.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// Its keys have no source.
    #[error(transparent)]
    Source(#[from] SourceError),
}

impl<'p> Verifier<'p> {
    /// Accepts the tokens of a profile. Starts the cache of its keys, in the tokio runtime.
    ///
    /// # Errors
    ///
    /// Any [`ProfileError`].
    pub fn of_profile(profile: Profile, client: HttpClient) -> Result<Self, ProfileError> {
        let mut verifier = Self::default();
        verifier.add_profile(profile, client)?;
        Ok(verifier)
    }

    /// Accepts the tokens of this profile, too.
    ///
    /// # Errors
    ///
    /// Any [`ProfileError`].
    pub fn add_profile(
        &mut self,
        profile: Profile,
        client: HttpClient,
    ) -> Result<(), ProfileError> {
        let policy = OwnedPolicy::new(profile.policy)?;
        let keys = KeySetCache::new(profile.keys.source(client)?);
        self.issuers.push((AnyPolicy::Owned(policy), keys));
        Ok(())
    }

    /// Accepts tokens of the policy's issuers under these keys. If two policies accept one issuer, the first
    /// one applies to its tokens.
    pub fn add(&mut self, policy: Policy<'p>, keys: KeySetCache) {
        self.issuers
            .push((AnyPolicy::Borrowed(Box::new(policy)), keys));
    }

    /// Verifies a token, as [`KeySetCache::verify`] does.
    ///
    /// # Errors
    ///
    /// Any [`VerifyError`]. If no policy accepts the token's issuer, it is
    /// [`tokenlatch::Error::WrongIssuer`].
    pub async fn verify<'s>(
        &self,
        token: &[u8],
        scratch: &'s mut [u8],
        now: Time,
    ) -> Result<Verified<'s>, VerifyError> {
        let token = Unverified::parse_copy(token, scratch)?;
        let issuer = choose(&self.issuers, |(policy, _)| policy.get(), &token)?;
        let (policy, keys) = &self.issuers[issuer];
        keys.verify_parsed(&token, policy.get(), now).await
    }
}

/// The index of the issuer whose policy and keys a token asks for. The policy must check the token's issuer again.
pub(crate) fn choose<'i, I>(
    issuers: &'i [I],
    policy: impl Fn(&'i I) -> &'i Policy<'i>,
    token: &Unverified<'_>,
) -> Result<usize, tokenlatch::Error> {
    // With one issuer there is no choice, and its policy gives the error.
    if issuers.len() == 1 {
        return Ok(0);
    }
    let issuer = token.unverified_issuer()?;
    let issuer = issuer.ok_or(tokenlatch::Error::MissingClaim(Claim::Issuer))?;
    issuers
        .iter()
        .position(|it| policy(it).accepts_issuer(issuer))
        .ok_or(tokenlatch::Error::WrongIssuer)
}

#[derive(Clone)]
enum AnyPolicy<'p> {
    Borrowed(Box<Policy<'p>>),
    Owned(OwnedPolicy),
}

impl AnyPolicy<'_> {
    fn get(&self) -> &Policy<'_> {
        match self {
            Self::Borrowed(policy) => policy,
            Self::Owned(policy) => policy.get(),
        }
    }
}

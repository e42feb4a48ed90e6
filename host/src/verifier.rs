//! Verifies tokens of several issuers, each with its own keys and its own policy.

use tokenlatch::{Claim, Policy, Time, Unverified, Verified};

use crate::key_set::{KeySetCache, VerifyError};

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
    issuers: Vec<(Policy<'p>, KeySetCache)>,
}

impl<'p> Verifier<'p> {
    /// Accepts tokens of the policy's issuers under these keys. If two policies accept one issuer, the first
    /// one applies to its tokens.
    pub fn add(&mut self, policy: Policy<'p>, keys: KeySetCache) {
        self.issuers.push((policy, keys));
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
        let (policy, keys) = self.choose(&token)?;
        keys.verify_parsed(&token, policy, now).await
    }

    fn choose(
        &self,
        token: &Unverified<'_>,
    ) -> Result<&(Policy<'p>, KeySetCache), tokenlatch::Error> {
        // With one issuer there is no choice, and its policy gives the error.
        if let [only] = self.issuers.as_slice() {
            return Ok(only);
        }
        let issuer = token.unverified_issuer()?;
        let issuer = issuer.ok_or(tokenlatch::Error::MissingClaim(Claim::Issuer))?;
        let mut issuers = self.issuers.iter();
        issuers
            .find(|(policy, _)| policy.accepts_issuer(issuer))
            .ok_or(tokenlatch::Error::WrongIssuer)
    }
}

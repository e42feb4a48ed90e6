//! The verdict of Tokenlatch's own verifier on a token, by the keys that the issuer publishes.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use serde::{Serialize, Serializer};
use serde_json::Value;
use tokenlatch::{Error, MAX_TOKEN_LEN, Time, Unverified, verify};

use super::site::Site;
use crate::issuer::model::client::Client;
use crate::issuer::model::expected::expected;
use crate::key_set::{self, KeySetError};
use crate::policy::{OwnedPolicy, PolicyError, PolicySettings};
use crate::profile::ProfileName;

/// A verdict, and what it was given by.
#[derive(Serialize)]
pub(crate) struct Verdict {
    #[serde(flatten)]
    judgement: Judgement,
    #[serde(serialize_with = "name")]
    profile: ProfileName,
    issuers: Vec<String>,
    issuer_templates: Vec<String>,
    audiences: Vec<String>,
    client: Option<String>,
    /// The time, by the issuer's clock, in seconds since 1970.
    now: u64,
}

#[derive(Serialize)]
struct Judgement {
    verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JudgeError {
    #[error("the keys cannot verify anything")]
    Keys(#[from] KeySetError),
    #[error("the client's settings are no policy")]
    Policy(#[from] PolicyError),
}

impl Site {
    /// The verdict on a token for a client. The token's issuer chooses the profile that it is judged by: the
    /// issuer's own one, or one of the two dialects.
    pub(crate) fn judge(&self, client: &Client, token: &[u8]) -> Result<Verdict, JudgeError> {
        let now = self.clock.now();
        let keys = key_set::parse(&self.key_set(now))?;
        let mut scratch = vec![0; MAX_TOKEN_LEN];
        let profile = self.profile_of(client, token, &mut scratch)?;
        let mut settings = expected(profile, &self.public_origin, client);
        settings.audiences.extend(device(client, token));
        let policy = OwnedPolicy::new(settings)?;
        let time = Time::exactly(now);
        let result = verify(token, &mut scratch, &keys, policy.get(), time).map(drop);
        let PolicySettings {
            issuers,
            issuer_templates,
            audiences,
            client,
            ..
        } = policy.settings().clone();
        Ok(Verdict {
            judgement: result.into(),
            profile,
            issuers,
            issuer_templates,
            audiences,
            client,
            now,
        })
    }

    fn profile_of(
        &self,
        client: &Client,
        token: &[u8],
        scratch: &mut [u8],
    ) -> Result<ProfileName, PolicyError> {
        let unverified = Unverified::parse_copy(token, scratch);
        let issuer = unverified.as_ref().ok();
        let issuer = issuer.and_then(|token| token.unverified_issuer().ok().flatten());
        if let Some(issuer) = issuer {
            for profile in [self.profile, ProfileName::Auth0, ProfileName::Atm] {
                if self.policy(profile, client)?.get().accepts_issuer(issuer) {
                    return Ok(profile);
                }
            }
        }
        Ok(self.profile)
    }

    fn policy(&self, profile: ProfileName, client: &Client) -> Result<OwnedPolicy, PolicyError> {
        OwnedPolicy::new(expected(profile, &self.public_origin, client))
    }
}

/// The token's audience, if it is a device that the client may have tokens for.
fn device(client: &Client, token: &[u8]) -> Option<String> {
    let claims = token.split(|byte| *byte == b'.').nth(1)?;
    let claims = BASE64URL.decode(claims).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    let audience = claims["aud"].as_str()?;
    client.device_scope_for(audience)?;
    Some(audience.into())
}

impl From<Result<(), Error>> for Judgement {
    fn from(result: Result<(), Error>) -> Self {
        let error = result.err();
        Self {
            verified: error.is_none(),
            error: error.map(Error::code),
            reason: error.map(|error| error.to_string()),
        }
    }
}

fn name<S: Serializer>(profile: &ProfileName, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(profile.as_str())
}

//! What a verifier expects of the tokens that the issuer mints.

use super::client::Client;
use super::profile::{COGNITO_POOL, ENTRA_TENANT, FIREBASE_PROJECT, REPOSITORY, issuer};
use crate::policy::PolicySettings;
use crate::profile::{Profile, ProfileName};

/// What a verifier expects of a profile's tokens for a client, at a public origin without a final slash.
pub(crate) fn expected(profile: ProfileName, origin: &str, client: &Client) -> PolicySettings {
    let iss = issuer(profile, origin);
    let (id, audience) = (client.client_id.as_str(), client.audience.as_str());
    let expected = match profile {
        ProfileName::Auth0 => Profile::auth0(origin, audience),
        ProfileName::Atm => Profile::atm(origin, audience),
        ProfileName::Entra => Profile::entra(ENTRA_TENANT, audience).at(origin),
        ProfileName::Cognito => Profile::cognito(COGNITO_POOL, id).at(origin),
        ProfileName::CognitoId => Profile::cognito_id(COGNITO_POOL, id).at(origin),
        ProfileName::Keycloak => Profile::keycloak(&iss, audience),
        ProfileName::Okta => Profile::okta(&iss, audience),
        ProfileName::Google => Profile::google(id).at(origin),
        ProfileName::GitHub => Profile::github(REPOSITORY, audience).at(origin),
        ProfileName::GitLab => Profile::gitlab(origin, REPOSITORY, audience),
        ProfileName::Kubernetes => Profile::kubernetes(&iss, audience),
        ProfileName::Firebase => Profile::firebase(FIREBASE_PROJECT).at(origin),
        ProfileName::AdFs => Profile::adfs(origin, audience),
        ProfileName::Rfc9068 => Profile::rfc9068(&iss, audience),
    };
    let mut policy = expected.policy;
    // The tokens of some profiles are for the client, or for a project.
    if policy.audiences == [audience] {
        let more = client.audiences().skip(1);
        policy.audiences.extend(more.map(|(name, _)| name.into()));
    }
    policy
}

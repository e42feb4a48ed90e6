//! The tokens and key sets of the issuers that people have, by profile.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use serde_json::{Value, json};

use super::claims::{Claims, claims};
use super::client::Client;
use super::key::{Header, Jwk};
use crate::profile::{ATM_ISSUER, ProfileName};

/// The tenant of Entra's tokens.
pub const ENTRA_TENANT: &str = "8a0d7f2e-5c11-4b4e-9a55-0f6b3c2d1e00";

/// The user pool of Cognito's tokens.
pub const COGNITO_POOL: &str = "eu-west-1_AbCdEf123";

/// The project of Firebase's tokens.
pub const FIREBASE_PROJECT: &str = "demo-project";

/// The repository of GitHub's tokens, and the project of GitLab's.
pub const REPOSITORY: &str = "octo/door";

/// What a token is issued for.
pub(crate) struct Grounds<'g> {
    pub(crate) client: &'g Client,
    pub(crate) audience: &'g str,
    pub(crate) scope: &'g str,
    /// The organization, in Auth0's dialect.
    pub(crate) organization: Option<&'g str>,
    /// The present time, in seconds since 1970.
    pub(crate) now: u64,
    /// When the token expires, in seconds since 1970.
    pub(crate) expiry: u64,
}

/// The `iss` of a profile's tokens, at a public origin without a final slash.
pub(crate) fn issuer(profile: ProfileName, origin: &str) -> String {
    match profile {
        ProfileName::Atm => ATM_ISSUER.into(),
        ProfileName::Auth0 | ProfileName::Rfc9068 => format!("{origin}/"),
        profile => format!("{origin}{}", issuer_path(profile)),
    }
}

/// The path of a profile's `iss`, without a final slash.
pub(crate) fn issuer_path(profile: ProfileName) -> String {
    match profile {
        ProfileName::Entra => entra_path(ENTRA_TENANT),
        ProfileName::Cognito | ProfileName::CognitoId => format!("/{COGNITO_POOL}"),
        ProfileName::Keycloak => "/realms/demo".into(),
        ProfileName::Okta => "/oauth2/default".into(),
        ProfileName::Firebase => format!("/{FIREBASE_PROJECT}"),
        ProfileName::AdFs => "/adfs".into(),
        _ => String::new(),
    }
}

/// The path of Entra's issuer for a tenant, or for what stands in its place.
pub(crate) fn entra_path(tenant: &str) -> String {
    format!("/{tenant}/v2.0")
}

/// Where a profile's tokens are: a token endpoint as RFC 6749 has it, except for Auth0's dialect and ATM's.
pub(crate) fn token_path(profile: ProfileName) -> &'static str {
    match profile {
        ProfileName::Auth0 => "/oauth/token",
        ProfileName::Atm => "/auth/token",
        ProfileName::Entra => "/8a0d7f2e-5c11-4b4e-9a55-0f6b3c2d1e00/oauth2/v2.0/token",
        ProfileName::Cognito | ProfileName::CognitoId => "/oauth2/token",
        ProfileName::Keycloak => "/realms/demo/protocol/openid-connect/token",
        ProfileName::Okta => "/oauth2/default/v1/token",
        ProfileName::AdFs => "/adfs/oauth2/token",
        _ => "/token",
    }
}

/// Whether a profile's tokens are ID tokens (OpenID Connect Core section 2).
pub(crate) fn is_id_token(profile: ProfileName) -> bool {
    matches!(
        profile,
        ProfileName::CognitoId
            | ProfileName::Google
            | ProfileName::GitHub
            | ProfileName::GitLab
            | ProfileName::Firebase
    )
}

/// The JOSE header of a profile's tokens.
pub(crate) fn header(profile: ProfileName, key_id: &str) -> Header {
    let token_type = match profile {
        ProfileName::Cognito
        | ProfileName::CognitoId
        | ProfileName::Okta
        | ProfileName::Kubernetes => None,
        ProfileName::Rfc9068 => Some("at+jwt"),
        _ => Some("JWT"),
    };
    let has_thumbprint = matches!(
        profile,
        ProfileName::Entra | ProfileName::GitHub | ProfileName::AdFs
    );
    claims(json!({
        "alg": "RS256",
        "typ": token_type,
        // AD FS names the key by `x5t` alone.
        "kid": Some(key_id).filter(|_| profile != ProfileName::AdFs),
        "x5t": Some(key_id).filter(|_| has_thumbprint),
    }))
}

/// The keys of a profile's key set.
pub(crate) fn key_set(profile: ProfileName, origin: &str, keys: Vec<Jwk>) -> Value {
    let shaped = |key: Jwk| {
        let mut jwk = json!(key);
        match profile {
            ProfileName::Entra => {
                jwk["x5t"] = jwk["kid"].clone();
                jwk["issuer"] = issuer(profile, origin).into();
                // Entra's keys do not say what they are for.
                jwk.as_object_mut().map(|jwk| jwk.shift_remove("alg"));
            }
            ProfileName::GitHub | ProfileName::AdFs => jwk["x5t"] = jwk["kid"].clone(),
            _ => {}
        }
        jwk
    };
    let mut keys: Vec<_> = keys.into_iter().map(shaped).collect();
    if profile == ProfileName::Keycloak {
        // Nobody has the private key: the modulus is made up.
        keys.push(json!({
            "kty": "RSA",
            "use": "enc",
            "alg": "RSA-OAEP",
            "kid": "encryption",
            "n": BASE64URL.encode([0xff; 256]),
            "e": "AQAB",
        }));
    }
    json!({"keys": keys})
}

/// The claims of a profile's token.
pub(crate) fn token_claims(profile: ProfileName, origin: &str, grounds: &Grounds<'_>) -> Claims {
    let &Grounds {
        client,
        audience,
        scope,
        organization,
        now,
        expiry,
    } = grounds;
    let id = client.client_id.as_str();
    let user = &client.user;
    let scopes: Vec<_> = scope.split_whitespace().collect();
    let some_scope = Some(scope).filter(|scope| !scope.is_empty());
    let iss = issuer(profile, origin);
    let own = match profile {
        ProfileName::Atm => json!({"iat": now, "iss": iss, "exp": expiry, "aud": audience}),
        ProfileName::Entra => json!({
            "aud": audience, "iss": iss, "iat": now, "nbf": now, "exp": expiry,
            "azp": id, "azpacr": "1", "oid": "5f5f5f5f-0000-4000-8000-000000000001",
            "rh": random(), "roles": scopes, "sub": "5f5f5f5f-0000-4000-8000-000000000001",
            "tid": ENTRA_TENANT, "uti": random(), "ver": "2.0",
        }),
        ProfileName::Cognito => json!({
            "sub": id, "token_use": "access", "scope": some_scope, "auth_time": now, "iss": iss,
            "exp": expiry, "iat": now, "version": 2, "jti": random(), "client_id": id,
        }),
        ProfileName::CognitoId => json!({
            "sub": user.id, "cognito:groups": ["admins"], "email_verified": true, "iss": iss,
            "cognito:username": user.id, "origin_jti": random(), "aud": id, "event_id": random(),
            "token_use": "id", "auth_time": now, "exp": expiry, "iat": now, "jti": random(),
            "email": user.email,
        }),
        ProfileName::Keycloak => json!({
            "exp": expiry, "iat": now, "jti": random(), "iss": iss, "aud": audience,
            "sub": "f1e2d3c4-0000-4000-8000-000000000002", "typ": "Bearer", "azp": id, "acr": "1",
            "realm_access": {"roles": ["offline_access", "door-opener"]},
            "resource_access": {"account": {"roles": ["view-profile"]}},
            "scope": scope, "preferred_username": format!("service-account-{id}"), "client_id": id,
        }),
        ProfileName::Okta => json!({
            "ver": 1, "jti": format!("AT.{}", random()), "iss": iss, "aud": audience, "iat": now,
            "exp": expiry, "cid": id, "scp": scopes, "sub": id,
        }),
        ProfileName::Google => json!({
            "iss": iss, "azp": id, "aud": id, "sub": "110248495921238986420", "email": user.email,
            "email_verified": true, "iat": now, "exp": expiry,
        }),
        ProfileName::GitHub => json!({
            "jti": random(), "sub": format!("repo:{REPOSITORY}:ref:refs/heads/main"),
            "aud": audience, "ref": "refs/heads/main", "ref_type": "branch",
            "sha": "0123456789abcdef0123456789abcdef01234567", "repository": REPOSITORY,
            "repository_owner": "octo", "run_id": "1", "actor": "octo", "workflow": "deploy",
            "event_name": "push", "iss": iss, "nbf": now, "exp": expiry, "iat": now,
        }),
        ProfileName::GitLab => json!({
            "namespace_path": "octo", "project_id": "1", "project_path": REPOSITORY,
            "user_login": "octo", "pipeline_id": "1", "job_id": "1", "ref": "main",
            "ref_type": "branch", "ref_protected": "true", "jti": random(), "iss": iss,
            "iat": now, "nbf": now, "exp": expiry,
            "sub": format!("project_path:{REPOSITORY}:ref_type:branch:ref:main"), "aud": audience,
        }),
        ProfileName::Kubernetes => json!({
            "aud": [audience], "exp": expiry, "iat": now, "iss": iss, "jti": random(),
            "kubernetes.io": {
                "namespace": "ns",
                "pod": {"name": "door-0", "uid": "11111111-0000-4000-8000-000000000003"},
                "serviceaccount": {"name": "door", "uid": "22222222-0000-4000-8000-000000000004"},
            },
            "nbf": now, "sub": "system:serviceaccount:ns:door",
        }),
        ProfileName::Firebase => json!({
            "iss": iss, "aud": FIREBASE_PROJECT, "auth_time": now, "user_id": user.id,
            "sub": user.id, "iat": now, "exp": expiry, "email": user.email,
            "email_verified": true,
            "firebase": {"identities": {"email": [user.email]}, "sign_in_provider": "password"},
        }),
        ProfileName::AdFs => json!({
            "aud": audience, "iss": iss, "iat": now, "exp": expiry, "apptype": "Confidential",
            "appid": id, "authmethod": "http://schemas.microsoft.com/ws/2008/06/identity/authenticationmethod/password",
            "auth_time": now, "ver": "1.0", "scp": scope,
        }),
        ProfileName::Rfc9068 => json!({
            "iss": iss, "exp": expiry, "aud": audience, "sub": id, "client_id": id, "iat": now,
            "jti": random(), "scope": some_scope,
        }),
        ProfileName::Auth0 => json!({
            "iss": iss, "sub": format!("{id}@clients"), "aud": audience, "iat": now, "exp": expiry,
            "azp": id, "gty": "client-credentials", "scope": some_scope, "org_id": organization,
            // As Auth0 does if "Add Permissions in the Access Token" (RBAC) is on.
            "permissions": Some(&scopes).filter(|_| client.permissions),
        }),
    };
    let mut all = claims(own);
    all.extend(client.claims.clone());
    all
}

/// The claims of a token for a device, whatever the profile.
pub(crate) fn device_claims(profile: ProfileName, origin: &str, grounds: &Grounds<'_>) -> Claims {
    let client = grounds.client;
    let mut all = claims(json!({
        "iss": issuer(profile, origin), "sub": client.client_id, "aud": grounds.audience,
        "iat": grounds.now, "exp": grounds.expiry, "jti": random(), "scope": grounds.scope,
    }));
    all.extend(client.claims.clone());
    all
}

/// An identifier that no other token has.
fn random() -> String {
    BASE64URL.encode(rand::random::<[u8; 12]>())
}

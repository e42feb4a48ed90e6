//! ATM's dialect: tokens for an application, or for a user of it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use serde::{Deserialize, Serialize};

use super::refusal::Refusal;
use super::{Site, User};
use crate::clock;

/// The `iss` of tokens in this dialect.
pub const ISSUER: &str = "atm";

/// How long a token is valid, in seconds.
const LIFETIME: u64 = 600;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TokenRequest {
    client_id: Option<String>,
    client_secret: Option<String>,
    #[serde(rename = "grant_types")]
    grant_types: Option<String>,
    login_id: Option<String>,
}

#[derive(Serialize)]
pub(super) struct TokenAnswer {
    access_token: String,
    exp_access_token: u64,
}

#[derive(Serialize)]
struct Claims<'s> {
    iat: u64,
    iss: &'static str,
    exp: u64,
    aud: &'s str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'s User>,
}

/// `POST /auth/token`
pub(super) async fn token(
    State(site): State<Arc<Site>>,
    request: Result<Json<TokenRequest>, JsonRejection>,
) -> Result<Json<TokenAnswer>, Refusal> {
    let Ok(Json(request)) = request else {
        return Err(Refusal::InvalidRequest(
            "the body is not JSON with the members of a token request",
        ));
    };
    let grant_types = request
        .grant_types
        .ok_or(Refusal::InvalidRequest("grant_types is missing"))?;
    let application = &site.application;
    let credentials = request.client_id.zip(request.client_secret);
    if !credentials.is_some_and(|(id, secret)| application.has_credentials(&id, &secret)) {
        return Err(Refusal::InvalidClient);
    }
    let user = match grant_types.as_str() {
        "client_credentials" => None,
        "user_credentials" => {
            let login_id = request
                .login_id
                .ok_or(Refusal::InvalidRequest("loginId is missing"))?;
            if login_id != application.user.email {
                return Err(Refusal::AccessDenied("the application has no such user"));
            }
            Some(&application.user)
        }
        _ => return Err(Refusal::UnsupportedGrantType),
    };
    let iat = clock::unix_now();
    let claims = Claims {
        iat,
        iss: ISSUER,
        exp: iat + LIFETIME,
        aud: &application.audience,
        scope: user,
    };
    Ok(Json(TokenAnswer {
        access_token: site.key.sign(&claims),
        exp_access_token: LIFETIME,
    }))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{FORM, JSON, claims_and_lifetime, post};
    use serde_json::{Value, json};

    fn request(grant_types: &str) -> Value {
        json!({
            "clientId": "demo-client",
            "clientSecret": "demo-secret",
            "grant_types": grant_types,
        })
    }

    #[tokio::test]
    async fn a_token_for_the_application() {
        let request = request("client_credentials").to_string();
        let (status, answer) = post("/auth/token", JSON, &request).await;
        assert_eq!(status, 200);
        assert_eq!(answer["exp_access_token"], 600);
        let (claims, lifetime) = claims_and_lifetime(&answer);
        assert_eq!(lifetime, 600);
        let expected = json!({"iss": "atm", "aud": "https://api.example.com/"});
        assert_eq!(claims, expected);
    }

    #[tokio::test]
    async fn a_token_for_a_user() {
        let mut request = request("user_credentials");
        request["loginId"] = "admin@example.com".into();
        let (status, answer) = post("/auth/token", JSON, &request.to_string()).await;
        assert_eq!(status, 200);
        let (claims, lifetime) = claims_and_lifetime(&answer);
        assert_eq!(lifetime, 600);
        let expected = json!({
            "iss": "atm",
            "aud": "https://api.example.com/",
            "scope": {
                "email": "admin@example.com",
                "id": "user-1",
                "firstName": "Ada",
                "lastName": "Admin",
            },
        });
        assert_eq!(claims, expected);
    }

    #[tokio::test]
    async fn errors() {
        let user = json!({"loginId": "admin@example.com", "grant_types": "user_credentials"});
        for (changes, status, error) in [
            (
                json!({"clientSecret": "demo-secreT"}),
                401,
                "invalid_client",
            ),
            (json!({"clientSecret": null}), 401, "invalid_client"),
            (json!({"clientId": "other"}), 401, "invalid_client"),
            (
                json!({"grant_types": "password"}),
                400,
                "unsupported_grant_type",
            ),
            (json!({"grant_types": null}), 400, "invalid_request"),
            (json!({"grant_types": 1}), 400, "invalid_request"),
            (json!({"loginId": null}), 400, "invalid_request"),
            (
                json!({"loginId": "other@example.com"}),
                403,
                "access_denied",
            ),
        ] {
            let mut request = request("");
            for changes in [&user, &changes] {
                let members = changes.as_object().unwrap().clone();
                request.as_object_mut().unwrap().extend(members);
            }
            let (other_status, answer) = post("/auth/token", JSON, &request.to_string()).await;
            assert_eq!(
                (other_status.as_u16(), &answer["error"]),
                (status, &error.into())
            );
        }
        let (status, answer) = post("/auth/token", FORM, "grant_types=client_credentials").await;
        assert_eq!(
            (status.as_u16(), &answer["error"]),
            (400, &"invalid_request".into())
        );
    }
}

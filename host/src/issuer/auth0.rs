//! Auth0's dialect: the client credentials grant (RFC 6749 section 4.4) with an `audience`.

use std::sync::Arc;

use axum::extract::{Form, FromRequest, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::{Json, RequestExt};
use serde::{Deserialize, Serialize};

use super::Site;
use super::refusal::Refusal;
use crate::clock;

/// How long a token is valid, in seconds.
const LIFETIME: u64 = 86_400;

#[derive(Deserialize)]
pub(super) struct TokenRequest {
    grant_type: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    audience: Option<String>,
}

#[derive(Serialize)]
pub(super) struct TokenAnswer {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
}

#[derive(Serialize)]
struct Claims<'s> {
    iss: String,
    sub: String,
    aud: &'s str,
    iat: u64,
    exp: u64,
    azp: &'s str,
    gty: &'static str,
    scope: &'s str,
}

/// `POST /oauth/token`
pub(super) async fn token(
    State(site): State<Arc<Site>>,
    request: TokenRequest,
) -> Result<Json<TokenAnswer>, Refusal> {
    let grant_type = request
        .grant_type
        .ok_or(Refusal::InvalidRequest("grant_type is missing"))?;
    let application = &site.application;
    let credentials = request.client_id.zip(request.client_secret);
    if !credentials.is_some_and(|(id, secret)| application.has_credentials(&id, &secret)) {
        return Err(Refusal::InvalidClient);
    }
    if grant_type != "client_credentials" {
        return Err(Refusal::UnsupportedGrantType);
    }
    let audience = request
        .audience
        .ok_or(Refusal::InvalidRequest("audience is missing"))?;
    if audience != application.audience {
        return Err(Refusal::AccessDenied(
            "the client may not have tokens for this audience",
        ));
    }
    let iat = clock::unix_now();
    let claims = Claims {
        iss: format!("{}/", site.origin),
        sub: format!("{}@clients", application.client_id),
        aud: &application.audience,
        iat,
        exp: iat + LIFETIME,
        azp: &application.client_id,
        gty: "client-credentials",
        scope: &application.scope,
    };
    Ok(Json(TokenAnswer {
        access_token: site.key.sign(&claims),
        token_type: "Bearer",
        expires_in: LIFETIME,
    }))
}

/// Where everything is, for clients that know nothing but the issuer (RFC 8414 section 2).
#[derive(Serialize)]
pub(super) struct Metadata {
    issuer: String,
    token_endpoint: String,
    jwks_uri: String,
    response_types_supported: [&'static str; 0],
    grant_types_supported: [&'static str; 1],
    token_endpoint_auth_methods_supported: [&'static str; 1],
}

/// `GET /.well-known/openid-configuration`
pub(super) async fn metadata(State(site): State<Arc<Site>>) -> Json<Metadata> {
    let origin = &site.origin;
    Json(Metadata {
        issuer: format!("{origin}/"),
        token_endpoint: format!("{origin}/oauth/token"),
        jwks_uri: format!("{origin}/.well-known/jwks.json"),
        response_types_supported: [],
        grant_types_supported: ["client_credentials"],
        token_endpoint_auth_methods_supported: ["client_secret_post"],
    })
}

/// From a form or from JSON, by the request's content type; no parameter may come twice.
impl<S: Send + Sync> FromRequest<S> for TokenRequest {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let content_type = request.headers().get(CONTENT_TYPE);
        let is_form = content_type.is_some_and(|value| {
            let value = value.as_bytes();
            value.starts_with(b"application/x-www-form-urlencoded")
        });
        let parameters = if is_form {
            let form = request.extract::<Form<Self>, _>().await;
            form.ok().map(|Form(parameters)| parameters)
        } else {
            let json = request.extract::<Json<Self>, _>().await;
            json.ok().map(|Json(parameters)| parameters)
        };
        parameters.ok_or(Refusal::InvalidRequest(
            "the body is neither a form nor JSON with the parameters of a token request",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{FORM, JSON, claims_and_lifetime, post};
    use serde_json::json;

    #[tokio::test]
    async fn a_token_by_json_or_by_form() {
        let by_json = json!({
            "grant_type": "client_credentials",
            "client_id": "demo-client",
            "client_secret": "demo-secret",
            "audience": "https://api.example.com/",
        });
        let by_form = "grant_type=client_credentials&client_id=demo-client\
            &client_secret=demo-secret&audience=https%3A%2F%2Fapi.example.com%2F";
        for (content_type, body) in [
            (JSON, by_json.to_string().as_str()),
            ("application/json; charset=utf-8", &by_json.to_string()),
            (FORM, by_form),
        ] {
            let (status, answer) = post("/oauth/token", content_type, body).await;
            assert_eq!(status, 200);
            assert_eq!(answer["token_type"], "Bearer");
            assert_eq!(answer["expires_in"], 86_400);
            let (claims, lifetime) = claims_and_lifetime(&answer);
            assert_eq!(lifetime, 86_400);
            let expected = json!({
                "iss": "http://127.0.0.1:8080/",
                "sub": "demo-client@clients",
                "aud": "https://api.example.com/",
                "azp": "demo-client",
                "gty": "client-credentials",
                "scope": "read:things write:things",
            });
            assert_eq!(claims, expected);
        }
    }

    #[tokio::test]
    async fn errors_of_rfc_6749() {
        let good = "grant_type=client_credentials&client_id=demo-client\
            &client_secret=demo-secret&audience=https://api.example.com/";
        for (old, new, status, error) in [
            ("demo-secret", "demo-secreT", 401, "invalid_client"),
            ("demo-client", "other-client", 401, "invalid_client"),
            ("&client_secret=demo-secret", "", 401, "invalid_client"),
            (
                "=client_credentials",
                "=password",
                400,
                "unsupported_grant_type",
            ),
            ("grant_type=client_credentials&", "", 400, "invalid_request"),
            (
                "&audience=https://api.example.com/",
                "",
                400,
                "invalid_request",
            ),
            (
                "&audience",
                "&audience=twice&audience",
                400,
                "invalid_request",
            ),
            ("api.example.com", "other.example.com", 403, "access_denied"),
        ] {
            let bad = good.replace(old, new);
            assert_ne!(bad, good);
            let (other_status, answer) = post("/oauth/token", FORM, &bad).await;
            assert_eq!(
                (other_status.as_u16(), &answer["error"]),
                (status, &error.into())
            );
            assert!(answer["error_description"].is_string());
            assert!(!answer.to_string().contains("demo-secre"), "{answer}");
        }
    }

    #[tokio::test]
    async fn hostile_bodies_are_invalid_requests() {
        let long = format!("grant_type={}", "a".repeat(100_000));
        for (content_type, body) in [
            (JSON, ""),
            (JSON, "[]"),
            (JSON, r#"{"grant_type":["client_credentials"]}"#),
            (JSON, r#"{"grant_type":"a","grant_type":"b"}"#),
            (JSON, &"[".repeat(10_000)),
            (FORM, &long),
            ("text/plain", "grant_type=client_credentials"),
        ] {
            let (status, answer) = post("/oauth/token", content_type, body).await;
            assert_eq!(status, 400);
            assert_eq!(answer["error"], "invalid_request");
        }
    }
}

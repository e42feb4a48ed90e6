//! Auth0's dialect: the client credentials grant (RFC 6749 section 4.4) with an `audience`.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};

use super::oauth::{TokenRequest, TokenResponse, issue};
use crate::issuer::model::rejection::Rejection;
use crate::issuer::server::exchange::Exchange;
use crate::issuer::server::log::Outcome;
use crate::issuer::server::site::Site;
use crate::profile::ProfileName;

/// `POST /oauth/token`
pub(crate) async fn token(
    State(site): State<Arc<Site>>,
    Extension(exchange): Extension<Arc<Exchange>>,
    request: TokenRequest,
) -> Result<(Extension<Outcome>, Json<TokenResponse>), Rejection> {
    issue(&site, &exchange, ProfileName::Auth0, request).await
}

#[cfg(test)]
mod tests {
    use crate::issuer::tests::{FORM, JSON, claims_and_lifetime, post};
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
            ("Application/X-WWW-Form-Urlencoded;charset=utf-8", by_form),
        ] {
            let (status, response) = post("/oauth/token", content_type, body).await;
            assert_eq!(status, 200);
            assert_eq!(response["token_type"], "Bearer");
            assert_eq!(response["expires_in"], 86_400);
            let (claims, lifetime) = claims_and_lifetime(&response);
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
    async fn another_content_type_is_no_form() {
        let body = "grant_type=client_credentials&client_id=demo-client\
            &client_secret=demo-secret&audience=https%3A%2F%2Fapi.example.com%2F";
        for content_type in ["application/x-www-form-urlencoded2", "text/plain", ""] {
            let (status, response) = post("/oauth/token", content_type, body).await;
            assert_eq!(
                (status.as_u16(), &response["error"]),
                (400, &json!("invalid_request"))
            );
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
            let (other_status, response) = post("/oauth/token", FORM, &bad).await;
            assert_eq!(
                (other_status.as_u16(), &response["error"]),
                (status, &error.into())
            );
            assert!(response["error_description"].is_string());
            assert!(!response.to_string().contains("demo-secre"), "{response}");
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
            let (status, response) = post("/oauth/token", content_type, body).await;
            assert_eq!(status, 400);
            assert_eq!(response["error"], "invalid_request");
        }
    }
}

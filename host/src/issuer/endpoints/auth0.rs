//! Auth0's dialect: the client credentials grant (RFC 6749 section 4.4) with an `audience`.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::{Form, FromRequest, Request, State};
use axum::{Extension, Json, RequestExt};
use headers::authorization::{Authorization, Basic};
use headers::{ContentType, HeaderMap, HeaderMapExt, Mime};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::issuer::model::claims::claims;
use crate::issuer::model::client::Grant;
use crate::issuer::model::rejection::Rejection;
use crate::issuer::server::exchange::Exchange;
use crate::issuer::server::log::Outcome;
use crate::issuer::server::site::Site;

#[derive(Deserialize)]
pub(crate) struct TokenRequest {
    grant_type: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    audience: Option<String>,
    organization: Option<String>,
    scope: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct TokenResponse {
    access_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    expires_in: u64,
    token_type: &'static str,
}

/// `POST /oauth/token`
pub(crate) async fn token(
    State(site): State<Arc<Site>>,
    Extension(exchange): Extension<Arc<Exchange>>,
    request: TokenRequest,
) -> Result<(Extension<Outcome>, Json<TokenResponse>), Rejection> {
    let grant_type = request
        .grant_type
        .ok_or(Rejection::InvalidRequest("grant_type is missing"))?;
    let credentials = request.client_id.zip(request.client_secret);
    let client = credentials
        .and_then(|(id, secret)| site.clients.authenticate(&id, &secret))
        .ok_or(Rejection::InvalidClient)?;
    exchange.of(client);
    if grant_type != Grant::ClientCredentials.name() {
        return Err(Rejection::UnsupportedGrantType);
    }
    client.may_use(Grant::ClientCredentials)?;
    let audience = request
        .audience
        .ok_or(Rejection::InvalidRequest("audience is missing"))?;
    let granted = client.scope_for(&audience).ok_or(Rejection::AccessDenied(
        "the client may not have tokens for this audience".into(),
    ))?;
    let organization = request.organization;
    if let Some(organization) = &organization
        && !client.organizations.contains(organization)
    {
        let why = "the client may not have tokens for this organization";
        return Err(Rejection::AccessDenied(why.into()));
    }
    let scope = narrowed(granted, request.scope.as_deref())?;
    let lifetime = client.lifetimes.auth0.as_secs();
    let permissions = client.permissions.then(|| -> Vec<_> {
        // As Auth0 does if "Add Permissions in the Access Token" (RBAC) is on.
        scope.split_whitespace().collect()
    });
    let mut claims = claims(json!({
        "iss": format!("{}/", site.origin),
        "sub": format!("{}@clients", client.client_id),
        "aud": audience,
        "iat": exchange.now,
        "exp": exchange.now + lifetime,
        "azp": client.client_id,
        "gty": "client-credentials",
        "scope": Some(&scope).filter(|scope| !scope.is_empty()),
        "org_id": organization,
        "permissions": permissions,
    }));
    claims.extend(client.claims.clone());
    let response = TokenResponse {
        access_token: site.sign(&exchange, claims),
        // RFC 6749 section 5.1: only if it differs from the scope of the request.
        scope: (request.scope.unwrap_or_default() != scope).then_some(scope),
        expires_in: lifetime,
        token_type: "Bearer",
    };
    Ok((Extension(Outcome("issued")), Json(response)))
}

/// The part of the requested scope that is granted. Without a request for a scope, all that is granted.
fn narrowed(granted: &str, asked: Option<&str>) -> Result<String, Rejection> {
    let Some(asked) = asked.filter(|asked| !asked.trim().is_empty()) else {
        return Ok(granted.into());
    };
    let is_granted = |scope: &&str| granted.split_whitespace().any(|it| it == *scope);
    let narrowed: Vec<_> = asked.split_whitespace().filter(is_granted).collect();
    if narrowed.is_empty() {
        return Err(Rejection::InvalidScope);
    }
    Ok(narrowed.join(" "))
}

/// The issuer's metadata (RFC 8414 section 2).
#[derive(Serialize)]
pub(crate) struct Metadata {
    issuer: String,
    token_endpoint: String,
    jwks_uri: String,
    response_types_supported: [&'static str; 0],
    grant_types_supported: [&'static str; 1],
    token_endpoint_auth_methods_supported: [&'static str; 2],
}

/// `GET /.well-known/openid-configuration`
pub(crate) async fn metadata(State(site): State<Arc<Site>>) -> Json<Metadata> {
    let origin = &site.origin;
    Json(Metadata {
        issuer: format!("{origin}/"),
        token_endpoint: format!("{origin}/oauth/token"),
        jwks_uri: format!("{origin}/.well-known/jwks.json"),
        response_types_supported: [],
        grant_types_supported: ["client_credentials"],
        token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic"],
    })
}

/// From a form or from JSON, by the content type of the request. No parameter may come twice.
impl<S: Send + Sync> FromRequest<S> for TokenRequest {
    type Rejection = Rejection;

    async fn from_request(mut request: Request, _: &S) -> Result<Self, Rejection> {
        let form = ContentType::form_url_encoded();
        let is_form = has_essence_of(&form, request.headers());
        if is_form {
            // The extractor compares the text, and a media type has no case (RFC 9110 section 8.3.1).
            request.headers_mut().typed_insert(form);
        }
        let basic = basic_credentials(request.headers());
        let parameters = if is_form {
            let form = request.extract::<Form<Self>, _>().await;
            form.ok().map(|Form(parameters)| parameters)
        } else {
            let json = request.extract::<Json<Self>, _>().await;
            json.ok().map(|Json(parameters)| parameters)
        };
        let mut parameters = parameters.ok_or(Rejection::InvalidRequest(
            "the body is neither a form nor JSON with the parameters of a token request",
        ))?;
        if let Some((client_id, client_secret)) = basic {
            if parameters.client_secret.is_some() {
                let why = "the client must authenticate in one way alone";
                return Err(Rejection::InvalidRequest(why));
            }
            parameters.client_id = Some(client_id);
            parameters.client_secret = Some(client_secret);
        }
        Ok(parameters)
    }
}

/// Whether the content type is this one, whatever its parameters.
fn has_essence_of(content_type: &ContentType, headers: &HeaderMap) -> bool {
    let essence = |it: ContentType| Mime::from(it).essence_str().to_owned();
    let found = headers.typed_get::<ContentType>();
    found.is_some_and(|found| essence(found) == essence(content_type.clone()))
}

/// The credentials of HTTP Basic authentication, each encoded like a form (RFC 6749 section 2.3.1).
fn basic_credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let Authorization(basic) = headers.typed_get::<Authorization<Basic>>()?;
    let decode = |part: &str| {
        let part = part.replace('+', " ");
        let part = percent_decode_str(&part).decode_utf8();
        part.ok().map(Cow::into_owned)
    };
    decode(basic.username()).zip(decode(basic.password()))
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

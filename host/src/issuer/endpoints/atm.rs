//! ATM's dialect: tokens for a client, or for a user of it.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::issuer::model::claims::claims;
use crate::issuer::model::client::{Client, Grant, User};
use crate::issuer::model::profile::{Grounds, token_claims};
use crate::issuer::model::rejection::Rejection;
use crate::issuer::server::exchange::Exchange;
use crate::issuer::server::log::Outcome;
use crate::issuer::server::site::Site;
use crate::profile::{ATM_ISSUER, ProfileName};

/// A request. Its members have the names that ATM's documentation gives them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokenRequest {
    client_id: Option<String>,
    client_secret: Option<String>,
    /// `grant_types` for credentials, `grantType` for a refresh; RFC 6749 has `grant_type`.
    #[serde(rename = "grant_types", alias = "grantType", alias = "grant_type")]
    grant_types: Option<String>,
    login_id: Option<String>,
    #[serde(rename = "refresh_token")]
    refresh_token: Option<String>,
    #[serde(rename = "id_token")]
    id_token: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct TokenResponse {
    access_token: String,
    exp_access_token: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
}

/// `POST /auth/token`
pub(crate) async fn token(
    State(site): State<Arc<Site>>,
    Extension(exchange): Extension<Arc<Exchange>>,
    request: Result<Json<TokenRequest>, JsonRejection>,
) -> Result<(Extension<Outcome>, Json<TokenResponse>), Rejection> {
    let Ok(Json(request)) = request else {
        return Err(Rejection::InvalidRequest(
            "the body is not JSON with the members of a token request",
        ));
    };
    let grant_types = request
        .grant_types
        .as_deref()
        .ok_or(Rejection::InvalidRequest("grant_types is missing"))?;
    let grant = Grant::named(grant_types);
    let client = request.client(&site, grant)?;
    exchange.of(client);
    let grant = grant.ok_or(Rejection::UnsupportedGrantType)?;
    client.may_use(grant)?;
    let response = match grant {
        Grant::ClientCredentials => TokenResponse {
            access_token: access_token(&site, &exchange, client, None),
            exp_access_token: client.lifetimes.atm.as_secs(),
            refresh_token: None,
            id_token: None,
        },
        Grant::UserCredentials => begin(&site, &exchange, client, request.login_id)?,
        Grant::RefreshToken => {
            let tokens = request.refresh_token.zip(request.id_token);
            refresh(&site, &exchange, client, tokens)?
        }
    };
    Ok((Extension(Outcome("issued")), Json(response)))
}

impl TokenRequest {
    /// The client that asks. To refresh a token, the refresh token is enough.
    fn client<'s>(&self, site: &'s Site, grant: Option<Grant>) -> Result<&'s Client, Rejection> {
        let client_id = self.client_id.as_deref().unwrap_or_default();
        let client = match &self.client_secret {
            Some(secret) => site.clients.authenticate(client_id, secret),
            None if grant == Some(Grant::RefreshToken) => site.clients.claimed(client_id),
            None => None,
        };
        client.ok_or(Rejection::InvalidClient)
    }
}

/// The first tokens for a user.
fn begin(
    site: &Site,
    exchange: &Exchange,
    client: &Client,
    login_id: Option<String>,
) -> Result<TokenResponse, Rejection> {
    let login_id = login_id.ok_or(Rejection::InvalidRequest("loginId is missing"))?;
    let mut users = client.users();
    let user = users.find(|user| user.email == login_id);
    let user = user.ok_or(Rejection::AccessDenied(
        "the client has no such user".into(),
    ))?;
    let id_token = id_token(site, exchange, client, user);
    let refresh_token = site.refresh_tokens.begin(
        (&client.client_id, &user.id),
        &id_token,
        exchange.now,
        client.lifetimes.refresh.as_secs(),
    );
    Ok(TokenResponse {
        access_token: access_token(site, exchange, client, Some(user)),
        exp_access_token: client.lifetimes.atm.as_secs(),
        refresh_token: Some(refresh_token),
        id_token: Some(id_token),
    })
}

/// The next access token for a user, and the next refresh token; the ID token stays the same.
fn refresh(
    site: &Site,
    exchange: &Exchange,
    client: &Client,
    tokens: Option<(String, String)>,
) -> Result<TokenResponse, Rejection> {
    let (refresh_token, id_token) = tokens.ok_or(Rejection::InvalidRequest(
        "refresh_token or id_token is missing",
    ))?;
    let (next, user_id) = site.refresh_tokens.rotate(
        &client.client_id,
        &refresh_token,
        &id_token,
        exchange.now,
        client.lifetimes.refresh.as_secs(),
    )?;
    let user = client.users().find(|user| user.id == user_id);
    Ok(TokenResponse {
        access_token: access_token(site, exchange, client, user),
        exp_access_token: client.lifetimes.atm.as_secs(),
        refresh_token: Some(next),
        id_token: None,
    })
}

fn access_token(site: &Site, exchange: &Exchange, client: &Client, user: Option<&User>) -> String {
    let grounds = Grounds {
        client,
        audience: &client.audience,
        scope: "",
        organization: None,
        now: exchange.now,
        expiry: exchange.now + client.lifetimes.atm.as_secs(),
    };
    let mut claims = token_claims(ProfileName::Atm, &site.public_origin, &grounds);
    if let Some(user) = user {
        claims.insert("scope".into(), json!(user));
    }
    site.sign(exchange, ProfileName::Atm, claims)
}

/// A token that tells the client who its user is (OpenID Connect Core section 2).
fn id_token(site: &Site, exchange: &Exchange, client: &Client, user: &User) -> String {
    let claims = claims(json!({
        "iat": exchange.now,
        "iss": ATM_ISSUER,
        "exp": exchange.now + client.lifetimes.atm.as_secs(),
        "aud": client.client_id,
        "sub": user.id,
        "email": user.email,
        "given_name": user.first_name,
        "family_name": user.last_name,
    }));
    site.sign(exchange, ProfileName::Atm, claims)
}

#[cfg(test)]
mod tests {
    use crate::issuer::tests::{FORM, JSON, claims_and_lifetime, post};
    use serde_json::{Value, json};

    fn request(grant_types: &str) -> Value {
        json!({
            "clientId": "demo-client",
            "clientSecret": "demo-secret",
            "grant_types": grant_types,
        })
    }

    #[tokio::test]
    async fn a_token_for_the_client() {
        let request = request("client_credentials").to_string();
        let (status, response) = post("/auth/token", JSON, &request).await;
        assert_eq!(status, 200);
        assert_eq!(response["exp_access_token"], 600);
        let (claims, lifetime) = claims_and_lifetime(&response);
        assert_eq!(lifetime, 600);
        let expected = json!({"iss": "atm", "aud": "https://api.example.com/"});
        assert_eq!(claims, expected);
    }

    #[tokio::test]
    async fn a_token_for_a_user() {
        let mut request = request("user_credentials");
        request["loginId"] = "admin@example.com".into();
        let (status, response) = post("/auth/token", JSON, &request.to_string()).await;
        assert_eq!(status, 200);
        let (claims, lifetime) = claims_and_lifetime(&response);
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
            let (other_status, response) = post("/auth/token", JSON, &request.to_string()).await;
            assert_eq!(
                (other_status.as_u16(), &response["error"]),
                (status, &error.into())
            );
        }
        let (status, response) = post("/auth/token", FORM, "grant_types=client_credentials").await;
        assert_eq!(
            (status.as_u16(), &response["error"]),
            (400, &"invalid_request".into())
        );
    }
}

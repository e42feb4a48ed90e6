//! The token endpoint as RFC 6749 has it, with the client credentials grant (section 4.4).

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::{Form, FromRequest, Request, State};
use axum::{Extension, Json, RequestExt};
use headers::authorization::{Authorization, Basic};
use headers::{ContentType, HeaderMap, HeaderMapExt, Mime};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::device;
use crate::issuer::model::claims::claims;
use crate::issuer::model::client::Grant;
use crate::issuer::model::profile::{Grounds, is_id_token};
use crate::issuer::model::rejection::Rejection;
use crate::issuer::server::exchange::Exchange;
use crate::issuer::server::log::Outcome;
use crate::issuer::server::site::Site;
use crate::profile::ProfileName;

#[derive(Deserialize)]
pub(crate) struct TokenRequest {
    grant_type: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    audience: Option<String>,
    /// RFC 8707 has this name for the audience.
    resource: Option<String>,
    organization: Option<String>,
    scope: Option<String>,
    /// The challenge of a device.
    nonce: Option<String>,
    /// Whether the token carries the documents that a device may lack.
    #[serde(default)]
    badge: bool,
}

#[derive(Serialize)]
pub(crate) struct TokenResponse {
    access_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    expires_in: u64,
    token_type: &'static str,
}

/// `POST` to the token endpoint of the profile.
pub(crate) async fn token(
    State(site): State<Arc<Site>>,
    Extension(exchange): Extension<Arc<Exchange>>,
    request: TokenRequest,
) -> Result<(Extension<Outcome>, Json<TokenResponse>), Rejection> {
    issue(&site, &exchange, site.profile, request).await
}

/// Issues a profile's token. In Auth0's dialect, an audience is mandatory; the others take the client's.
pub(crate) async fn issue(
    site: &Site,
    exchange: &Exchange,
    profile: ProfileName,
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
    let audience = match (request.audience.or(request.resource), profile) {
        (Some(audience), _) => audience,
        (None, ProfileName::Auth0) => {
            return Err(Rejection::InvalidRequest("audience is missing"));
        }
        (None, _) => client.audience.clone(),
    };
    let granted = client.scope_for(&audience);
    let is_device = granted.is_none();
    let granted = granted
        .or_else(|| client.device_scope_for(&audience))
        .ok_or(Rejection::AccessDenied(
            "the client may not have tokens for this audience".into(),
        ))?;
    if !is_device && (request.badge || request.nonce.is_some()) {
        let why = "only tokens for devices have a nonce, or are badges";
        return Err(Rejection::InvalidRequest(why));
    }
    let organization = request.organization;
    if let Some(organization) = &organization
        && !client.organizations.contains(organization)
    {
        let why = "the client may not have tokens for this organization";
        return Err(Rejection::AccessDenied(why.into()));
    }
    let scope = narrowed(granted, request.scope.as_deref())?;
    let lifetime = if is_device {
        client.lifetimes.device.as_secs()
    } else {
        client.lifetimes.auth0.as_secs()
    };
    let grounds = Grounds {
        client,
        audience: &audience,
        scope: &scope,
        organization: organization.as_deref(),
        now: exchange.now,
        expiry: exchange.now + lifetime,
    };
    let token = if is_device {
        if request.badge {
            device::prepare(site).await?;
        }
        let nonce = claims(json!({"nonce": request.nonce}));
        let token = site.device_token(exchange, &grounds, nonce, request.badge);
        token.map_err(|error| device::rejection(&error))?
    } else {
        site.token(exchange, profile, &grounds)
    };
    let response = TokenResponse {
        id_token: (is_id_token(profile) && !is_device).then(|| token.clone()),
        access_token: token,
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

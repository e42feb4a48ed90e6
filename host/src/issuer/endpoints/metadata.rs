//! The issuer's metadata (OpenID Connect Discovery section 3, RFC 8414 section 2).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use serde::Serialize;

use crate::issuer::model::profile::{entra_path, issuer, token_path};
use crate::issuer::server::site::Site;
use crate::profile::ProfileName;

#[derive(Serialize)]
pub(crate) struct Metadata {
    issuer: String,
    token_endpoint: String,
    jwks_uri: String,
    response_types_supported: [&'static str; 0],
    grant_types_supported: [&'static str; 1],
    token_endpoint_auth_methods_supported: [&'static str; 2],
}

/// `GET /.well-known/openid-configuration` and the like
pub(crate) async fn metadata(State(site): State<Arc<Site>>, uri: Uri) -> Json<Metadata> {
    let origin = &site.public_origin;
    let is_for_all = ENTRA_PLACES.iter().any(|place| {
        let path = entra_path(place);
        uri.path().starts_with(&path) || uri.path().ends_with(&path)
    });
    let (issuer, token_path) = match site.profile {
        // Entra names the template where all tenants have their metadata.
        ProfileName::Entra if is_for_all => {
            let template = format!("{origin}{}", entra_path("{tenantid}"));
            (template, token_path(ProfileName::Entra))
        }
        // ATM has no metadata, so this is that of Auth0's dialect.
        ProfileName::Atm => (
            issuer(ProfileName::Auth0, origin),
            token_path(ProfileName::Auth0),
        ),
        profile => (issuer(profile, origin), token_path(profile)),
    };
    Json(Metadata {
        issuer,
        token_endpoint: format!("{origin}{token_path}"),
        jwks_uri: format!("{origin}/.well-known/jwks.json"),
        response_types_supported: [],
        grant_types_supported: ["client_credentials"],
        token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic"],
    })
}

/// What stands in the tenant's place where Entra has the metadata of all tenants.
pub(crate) const ENTRA_PLACES: [&str; 2] = ["common", "organizations"];

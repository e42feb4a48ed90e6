//! From an issuer to its key set and its token endpoint: OpenID Connect Discovery 1.0 section 4, and RFC 8414 section 3.

use reqwest::{StatusCode, Url};
use serde::Deserialize;

use tokenlatch::json;

use super::error::{SourceError, WrongIssuer};
use crate::http::{self, HttpClient};

/// Where an issuer's metadata is.
pub(crate) enum Place<'p> {
    /// Where the standards put it, for the issuer's own URL.
    Issuer,
    /// At this URL.
    Url(&'p str),
}

/// The URL of the issuer's key set, from its metadata.
///
/// # Errors
///
/// Any [`SourceError`].
pub(super) async fn jwks_uri(
    client: &HttpClient,
    issuer: &str,
    place: Place<'_>,
) -> Result<String, SourceError> {
    let metadata = metadata(client, issuer, place).await?;
    let jwks_uri = metadata.jwks_uri.as_ref().ok_or(SourceError::NoJwksUri)?;
    Ok(metadata.leads_to(client, jwks_uri, "jwks_uri")?.into())
}

/// The URL of the issuer's token endpoint, from its metadata.
///
/// # Errors
///
/// Any [`SourceError`].
pub(crate) async fn token_endpoint(client: &HttpClient, issuer: &str) -> Result<Url, SourceError> {
    let metadata = metadata(client, issuer, Place::Issuer).await?;
    let url = metadata.token_endpoint.as_ref();
    let url = url.ok_or(SourceError::NoTokenEndpoint)?;
    metadata.leads_to(client, url, "token_endpoint")
}

async fn metadata(
    client: &HttpClient,
    issuer: &str,
    place: Place<'_>,
) -> Result<Metadata, SourceError> {
    if let Place::Url(url) = place {
        let url = client.parse(url)?;
        let document = get(client, &url).await?;
        return read(&url, issuer, &document);
    }
    let mut absent = [StatusCode::NOT_FOUND; 2];
    for (url, absent) in metadata_urls(client, issuer)?.iter().zip(&mut absent) {
        let document = get(client, url).await;
        match document.as_ref().err().and_then(SourceError::status) {
            Some(status) if is_absent(status) => *absent = status,
            _ => return read(url, issuer, &document?),
        }
    }
    let [openid, oauth] = absent;
    Err(SourceError::NoMetadata { openid, oauth })
}

async fn get(client: &HttpClient, url: &Url) -> Result<Vec<u8>, SourceError> {
    client
        .get(url.as_str())
        .await
        .map_err(|error| match error.status() {
            Some(StatusCode::UNAUTHORIZED) => SourceError::Unauthorized,
            _ => error.into(),
        })
}

/// The two places of an issuer's metadata: OpenID Connect's, then OAuth 2.0's.
///
/// # Errors
///
/// [`SourceError::InvalidIssuer`] and [`SourceError::Http`].
pub(crate) fn metadata_urls(client: &HttpClient, issuer: &str) -> Result<[Url; 2], SourceError> {
    let issuer = client.parse(issuer)?;
    if issuer.query().is_some() || issuer.fragment().is_some() {
        return Err(SourceError::InvalidIssuer);
    }
    let path = issuer.path();
    let path = path.strip_suffix('/').unwrap_or(path);
    let with_path = |path: String| {
        let mut url = issuer.clone();
        url.set_path(&path);
        url
    };
    Ok([
        with_path(format!("{path}/.well-known/openid-configuration")),
        with_path(format!("/.well-known/oauth-authorization-server{path}")),
    ])
}

/// Whether there is no document. An object store whose files may not be listed says 403.
fn is_absent(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::GONE
    )
}

/// The metadata of an issuer: the members that are read (RFC 8414 section 2).
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: Option<String>,
    token_endpoint: Option<String>,
    /// Whether it came by TLS.
    #[serde(skip)]
    is_secure: bool,
}

impl Metadata {
    /// A URL that this member names.
    fn leads_to(
        &self,
        client: &HttpClient,
        url: &str,
        member: &'static str,
    ) -> Result<Url, SourceError> {
        let url = client.parse(url)?;
        // A document that came by TLS must not lead to plain HTTP, not even to a loopback address.
        if self.is_secure && url.scheme() != "https" {
            return Err(SourceError::InsecureUrl(member, http::origin(&url)));
        }
        Ok(url)
    }
}

fn read(url: &Url, issuer: &str, document: &[u8]) -> Result<Metadata, SourceError> {
    let mut metadata: Metadata = serde_json::from_slice(json::without_bom(document))
        .map_err(|_| SourceError::InvalidMetadata)?;
    if !is_same_issuer(&metadata.issuer, issuer) {
        let wrong = WrongIssuer::new(issuer, &metadata.issuer);
        return Err(SourceError::WrongIssuer(wrong));
    }
    metadata.is_secure = url.scheme() == "https";
    Ok(metadata)
}

/// Whether the metadata names the issuer that was asked for. Entra's metadata for all tenants names a
/// template, and is found where `common` or `organizations` stands in the template's place.
fn is_same_issuer(named: &str, issuer: &str) -> bool {
    let of = |tenants: &str| named.replace("{tenantid}", tenants) == issuer;
    named == issuer || of("common") || of("organizations")
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing;

    use super::*;
    use crate::http::HttpError;
    use crate::http::tests::serve;

    const OPENID: &str = "/.well-known/openid-configuration";
    const OAUTH: &str = "/.well-known/oauth-authorization-server";

    /// Responds with this at `path`, whatever the method is.
    fn at(path: &str, response: String) -> Router {
        Router::new().route(path, routing::get(|| async { response }))
    }

    fn metadata(issuer: &str, jwks_uri: &str) -> String {
        format!(r#"{{"issuer":"{issuer}","jwks_uri":"{jwks_uri}","scopes_supported":["openid"]}}"#)
    }

    #[test]
    fn metadata_has_two_places() {
        for (issuer, openid, oauth) in [
            (
                "https://a.example",
                "https://a.example/.well-known/openid-configuration",
                "https://a.example/.well-known/oauth-authorization-server",
            ),
            (
                "https://a.example/",
                "https://a.example/.well-known/openid-configuration",
                "https://a.example/.well-known/oauth-authorization-server",
            ),
            (
                "https://a.example:8443/realms/b%2Fc",
                "https://a.example:8443/realms/b%2Fc/.well-known/openid-configuration",
                "https://a.example:8443/.well-known/oauth-authorization-server/realms/b%2Fc",
            ),
            (
                "https://a.example/b/",
                "https://a.example/b/.well-known/openid-configuration",
                "https://a.example/.well-known/oauth-authorization-server/b",
            ),
        ] {
            let urls = metadata_urls(&HttpClient::default(), issuer).unwrap();
            assert_eq!(urls.map(String::from), [openid, oauth]);
        }
    }

    #[test]
    fn an_issuer_is_a_url_without_query_or_fragment() {
        for none in ["https://a.example?", "https://a.example/#b", "a.example"] {
            let rejected = metadata_urls(&HttpClient::default(), none);
            assert!(
                matches!(
                    rejected,
                    Err(SourceError::InvalidIssuer | SourceError::Http(HttpError::InvalidUrl))
                ),
                "{none}"
            );
        }
        let rejected = metadata_urls(&HttpClient::default(), "http://a.example");
        assert!(matches!(
            rejected,
            Err(SourceError::Http(HttpError::InsecureUrl(_)))
        ));
    }

    #[tokio::test]
    async fn either_document_will_do() {
        let origin = serve(|origin| {
            let openid = metadata(&format!("{origin}/openid/"), "https://a.example/1");
            let oauth = metadata(&format!("{origin}/oauth"), "https://a.example/2");
            // If it were fetched, it would be the wrong issuer's.
            let neither = metadata("https://a.example", "https://a.example/3");
            at(&format!("/openid{OPENID}"), openid)
                .merge(at(&format!("{OAUTH}/openid"), neither))
                .merge(at(&format!("{OAUTH}/oauth"), oauth))
        })
        .await;
        let client = HttpClient::default();
        let found = async |path| jwks_uri(&client, &format!("{origin}{path}"), Place::Issuer).await;
        assert_eq!(found("/openid/").await.unwrap(), "https://a.example/1");
        assert_eq!(found("/oauth").await.unwrap(), "https://a.example/2");
        // Byte for byte: here a slash is missing.
        let rejected = found("/openid").await.unwrap_err().to_string();
        let message = format!(
            r#"the metadata is of the issuer "{origin}/openid/", not of "{origin}/openid": the final slash is missing"#
        );
        assert_eq!(rejected, message);
        let rejected = found("/oauth/").await.unwrap_err().to_string();
        assert!(
            rejected.ends_with(": the final slash is too much"),
            "{rejected}"
        );
        let rejected = found("/nowhere").await.unwrap_err().to_string();
        assert!(
            rejected.contains("404 Not Found at /.well-known/openid"),
            "{rejected}"
        );
    }

    #[tokio::test]
    async fn metadata_may_be_elsewhere_and_is_compared_all_the_same() {
        let origin = serve(|_| {
            let document = |issuer: &str| metadata(issuer, "https://a.example/keys");
            let tenants = document("https://a.example/{tenantid}/v2.0");
            at(
                "/policy/metadata",
                format!("\u{feff}{}", document("https://a.example/b/")),
            )
            .merge(at("/tenants", tenants))
        })
        .await;
        let client = HttpClient::default();
        let found = async |issuer: &str, path: &str| {
            let url = format!("{origin}{path}");
            jwks_uri(&client, issuer, Place::Url(&url)).await
        };
        for (issuer, path) in [
            ("https://a.example/b/", "/policy/metadata"),
            ("https://a.example/{tenantid}/v2.0", "/tenants"),
            ("https://a.example/common/v2.0", "/tenants"),
            ("https://a.example/organizations/v2.0", "/tenants"),
        ] {
            let found = found(issuer, path).await;
            assert_eq!(found.unwrap(), "https://a.example/keys", "{issuer}");
        }
        for (issuer, path) in [
            ("https://a.example/b", "/policy/metadata"),
            ("https://a.example/consumers/v2.0", "/tenants"),
            (
                "https://a.example/11111111-2222-3333-4444-555555555555/v2.0",
                "/tenants",
            ),
        ] {
            let rejected = found(issuer, path).await;
            assert!(
                matches!(rejected, Err(SourceError::WrongIssuer(_))),
                "{issuer}"
            );
        }
        let rejected = found("https://a.example/b/", "/nowhere").await;
        assert!(
            matches!(rejected, Err(SourceError::Http(HttpError::Status(status))) if status == 404)
        );
    }

    #[tokio::test]
    async fn the_absence_of_metadata_is_told_from_a_lack_of_permission() {
        let message = async |status: u16| {
            let status = StatusCode::from_u16(status).unwrap();
            // A server may ask for patience whatever the status is.
            let response = (status, [("retry-after", "60")]);
            let origin = serve(|_| Router::new().fallback(move || async move { response })).await;
            let rejected = jwks_uri(&HttpClient::default(), &origin, Place::Issuer).await;
            rejected.unwrap_err().to_string()
        };
        assert!(message(401).await.contains("wants credentials"));
        assert!(
            message(403)
                .await
                .contains("403 Forbidden at /.well-known/openid")
        );
        assert!(
            message(404)
                .await
                .contains("404 Not Found at /.well-known/oauth")
        );
    }

    #[tokio::test]
    async fn a_failure_is_not_an_absence() {
        let origin = serve(|origin| {
            let failing = routing::get(|| async { StatusCode::SERVICE_UNAVAILABLE });
            at(OAUTH, metadata(origin, "https://a.example/")).route(OPENID, failing)
        })
        .await;
        let rejected = jwks_uri(&HttpClient::default(), &origin, Place::Issuer).await;
        assert!(
            matches!(rejected, Err(SourceError::Http(HttpError::Status(status))) if status == 503)
        );
    }

    #[test]
    fn metadata_must_be_the_issuers_own_and_lead_to_https() {
        let read = |issuer: &str, document: &str| {
            let client = HttpClient::default();
            let [url, _] = metadata_urls(&client, issuer).unwrap();
            let metadata = read(&url, issuer, document.as_bytes())?;
            let jwks_uri = metadata.jwks_uri.as_ref().ok_or(SourceError::NoJwksUri)?;
            let url = metadata.leads_to(&client, jwks_uri, "jwks_uri")?;
            Ok(String::from(url))
        };
        let https = "https://a.example";
        let http = "http://127.0.0.1:1";
        let uri = "https://b.example/jwks";
        assert_eq!(read(https, &metadata(https, uri)).unwrap(), uri);
        // For a test's issuer.
        let local = "http://127.0.0.1:2/jwks";
        assert_eq!(read(http, &metadata(http, local)).unwrap(), local);

        for other in [
            "https://b.example",
            "https://a.example/",
            "https://A.example",
        ] {
            let rejected = read(https, &metadata(other, uri));
            assert!(
                matches!(rejected, Err(SourceError::WrongIssuer(_))),
                "{other}"
            );
        }
        for (issuer, uri) in [
            (https, "http://b.example/jwks"),
            (http, "http://b.example/jwks"),
            (https, local),
            (https, "file:///etc/passwd"),
        ] {
            let rejected = read(issuer, &metadata(issuer, uri));
            assert!(
                matches!(
                    rejected,
                    Err(SourceError::InsecureUrl(..) | SourceError::Http(HttpError::InsecureUrl(_)))
                ),
                "{uri}"
            );
        }
        let rejected = read(https, &metadata(https, "/jwks"));
        assert!(matches!(
            rejected,
            Err(SourceError::Http(HttpError::InvalidUrl))
        ));
        let rejected = read(https, r#"{"issuer":"https://a.example"}"#);
        assert!(matches!(rejected, Err(SourceError::NoJwksUri)));
        for malformed in [
            "",
            "<html>",
            "[]",
            "{}",
            r#"{"issuer":1}"#,
            r#"{"issuer":"https://a.example","jwks_uri":1}"#,
            r#"{"issuer":"https://a.example"} {}"#,
        ] {
            let rejected = read(https, malformed);
            assert!(
                matches!(rejected, Err(SourceError::InvalidMetadata)),
                "{malformed}"
            );
        }
    }
}

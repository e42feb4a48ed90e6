//! From an issuer to its key set: OpenID Connect Discovery 1.0 section 4, and RFC 8414 section 3.

use reqwest::{StatusCode, Url};
use serde::Deserialize;

use super::error::SourceError;
use crate::http::{HttpClient, HttpError};

/// The URL of the issuer's key set, from its metadata.
///
/// # Errors
///
/// Any [`SourceError`].
pub(super) async fn jwks_uri(client: &HttpClient, issuer: &str) -> Result<String, SourceError> {
    for url in metadata_urls(client, issuer)? {
        match client.get(url.as_str()).await {
            Err(HttpError::Status(status)) if is_absent(status) => {}
            document => return read(client, &url, issuer, &document?),
        }
    }
    Err(SourceError::NoMetadata)
}

/// The two places of an issuer's metadata: OpenID Connect's, then OAuth 2.0's.
///
/// # Errors
///
/// [`SourceError::InvalidIssuer`] and [`SourceError::Http`].
pub(super) fn metadata_urls(client: &HttpClient, issuer: &str) -> Result<[Url; 2], SourceError> {
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

/// The members of an issuer's metadata that are read (RFC 8414 section 2).
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: Option<String>,
}

fn read(
    client: &HttpClient,
    url: &Url,
    issuer: &str,
    document: &[u8],
) -> Result<String, SourceError> {
    let metadata: Metadata =
        serde_json::from_slice(document).map_err(|_| SourceError::InvalidMetadata)?;
    if metadata.issuer != issuer {
        return Err(SourceError::WrongIssuer);
    }
    let jwks_uri = metadata.jwks_uri.ok_or(SourceError::NoJwksUri)?;
    let scheme = client.parse(&jwks_uri)?.scheme().to_owned();
    // A document that came by TLS must not lead to plain HTTP, not even to a loopback address.
    if url.scheme() == "https" && scheme != "https" {
        return Err(SourceError::InsecureJwksUri);
    }
    Ok(jwks_uri)
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing;

    use super::*;
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
            Err(SourceError::Http(HttpError::InsecureUrl))
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
        let found = async |path| jwks_uri(&client, &format!("{origin}{path}")).await;
        assert_eq!(found("/openid/").await.unwrap(), "https://a.example/1");
        assert_eq!(found("/oauth").await.unwrap(), "https://a.example/2");
        // Byte for byte: here a slash is missing.
        let rejected = found("/openid").await;
        assert!(matches!(rejected, Err(SourceError::WrongIssuer)));
        let rejected = found("/nowhere").await;
        assert!(matches!(rejected, Err(SourceError::NoMetadata)));
    }

    #[tokio::test]
    async fn a_failure_is_not_an_absence() {
        let origin = serve(|origin| {
            let failing = routing::get(|| async { StatusCode::SERVICE_UNAVAILABLE });
            at(OAUTH, metadata(origin, "https://a.example/")).route(OPENID, failing)
        })
        .await;
        let rejected = jwks_uri(&HttpClient::default(), &origin).await;
        assert!(
            matches!(rejected, Err(SourceError::Http(HttpError::Status(status))) if status == 503)
        );
    }

    #[test]
    fn metadata_must_be_the_issuers_own_and_lead_to_https() {
        let read = |issuer: &str, document: &str| {
            let client = HttpClient::default();
            let [url, _] = metadata_urls(&client, issuer).unwrap();
            read(&client, &url, issuer, document.as_bytes())
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
            assert!(matches!(rejected, Err(SourceError::WrongIssuer)), "{other}");
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
                    Err(SourceError::InsecureJwksUri | SourceError::Http(HttpError::InsecureUrl))
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

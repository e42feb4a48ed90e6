//! The source of a key set's documents.

use std::fmt;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::discovery;
use super::error::SourceError;
use crate::http::{Fetched, HttpClient};

/// The source of a key set's documents.
///
/// An implementation returns its own failures as [`SourceError::Other`].
pub trait Source: Send + Sync + 'static {
    /// A text that differs from that of every other source, such as a URL, so that a snapshot is never used
    /// for another source. It may hold credentials, so do not show it.
    fn origin(&self) -> &str;

    /// Gets the JWK Set document, or learns that the document with this ETag is current.
    ///
    /// The future may be dropped at any time.
    fn fetch<'s>(
        &'s self,
        etag: Option<&'s str>,
    ) -> Pin<Box<dyn Future<Output = Result<Fetched, SourceError>> + Send + 's>>;

    /// The document of the last fetch was not a usable key set.
    ///
    /// A source that finds its URL in another document can find it again at the next fetch.
    fn reject(&self) {}
}

/// The key set at a URL, or the key set of an issuer.
pub struct HttpSource {
    client: HttpClient,
    origin: String,
    place: Place,
}

enum Place {
    Url(String),
    Issuer {
        issuer: String,
        /// Where its metadata is, if not where the standards put it.
        metadata: Option<String>,
        /// Where the last fetch found a document.
        jwks_uri: Mutex<Option<String>>,
    },
}

impl HttpSource {
    /// The key set whose JWK Set document is at `url`.
    ///
    /// # Errors
    ///
    /// [`SourceError::Http`], for an invalid or insecure URL.
    pub fn url(url: &str, client: HttpClient) -> Result<Self, SourceError> {
        client.parse(url)?;
        Ok(Self {
            client,
            origin: format!("url {url}"),
            place: Place::Url(url.to_owned()),
        })
    }

    /// The key set of an issuer, found by its metadata: OpenID Connect Discovery 1.0 section 4, then
    /// RFC 8414 section 3.
    ///
    /// Entra's metadata for all tenants is found with `common` or `organizations` in the tenant's place:
    /// `https://login.microsoftonline.com/common/v2.0`.
    ///
    /// The metadata is fetched before the first fetch of the key set, and again after a fetch that failed:
    /// the key set may have moved.
    ///
    /// # Errors
    ///
    /// [`SourceError::InvalidIssuer`], and [`SourceError::Http`] for an invalid or insecure URL.
    pub fn issuer(issuer: &str, client: HttpClient) -> Result<Self, SourceError> {
        discovery::metadata_urls(&client, issuer)?;
        Ok(Self {
            client,
            origin: format!("issuer {issuer}"),
            place: Place::Issuer {
                issuer: issuer.to_owned(),
                metadata: None,
                jwks_uri: Mutex::new(None),
            },
        })
    }

    /// The key set of an issuer whose metadata is at `url`, and not where the standards put it: Azure AD B2C
    /// has it at `…/POLICY/v2.0/.well-known/openid-configuration`.
    ///
    /// The metadata must name the issuer all the same. For an issuer of many tenants, it names the
    /// template, such as `https://login.microsoftonline.com/{tenantid}/v2.0`.
    ///
    /// # Errors
    ///
    /// [`SourceError::Http`], for an invalid or insecure URL.
    pub fn metadata(url: &str, issuer: &str, client: HttpClient) -> Result<Self, SourceError> {
        client.parse(url)?;
        Ok(Self {
            client,
            origin: format!("metadata {url} {issuer}"),
            place: Place::Issuer {
                issuer: issuer.to_owned(),
                metadata: Some(url.to_owned()),
                jwks_uri: Mutex::new(None),
            },
        })
    }

    async fn fetch_of_issuer(
        &self,
        issuer: &str,
        metadata: Option<&str>,
        jwks_uri: &Mutex<Option<String>>,
        etag: Option<&str>,
    ) -> Result<Fetched, SourceError> {
        // Taken here, and put back after a success.
        let known = locked(jwks_uri).take();
        let (url, etag) = match known {
            Some(url) => (url, etag),
            // The ETag may belong to another URL.
            None => {
                let place = metadata.map_or(discovery::Place::Issuer, discovery::Place::Url);
                let url = discovery::jwks_uri(&self.client, issuer, place).await?;
                (url, None)
            }
        };
        let fetched = self.client.get_if_changed(&url, etag).await?;
        *locked(jwks_uri) = Some(url);
        Ok(fetched)
    }
}

fn locked(jwks_uri: &Mutex<Option<String>>) -> MutexGuard<'_, Option<String>> {
    jwks_uri.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Source for HttpSource {
    fn origin(&self) -> &str {
        &self.origin
    }

    fn fetch<'s>(
        &'s self,
        etag: Option<&'s str>,
    ) -> Pin<Box<dyn Future<Output = Result<Fetched, SourceError>> + Send + 's>> {
        match &self.place {
            Place::Url(url) => {
                Box::pin(async move { Ok(self.client.get_if_changed(url, etag).await?) })
            }
            Place::Issuer {
                issuer,
                metadata,
                jwks_uri,
            } => Box::pin(self.fetch_of_issuer(issuer, metadata.as_deref(), jwks_uri, etag)),
        }
    }

    /// A key set that has moved may have left a page behind.
    fn reject(&self) {
        if let Place::Issuer { jwks_uri, .. } = &self.place {
            *locked(jwks_uri) = None;
        }
    }
}

/// Leaves out the URL, which may hold credentials.
impl fmt::Debug for HttpSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSource").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::task::{Context, Waker};

    use axum::Router;
    use axum::http::{HeaderMap, StatusCode, Uri};
    use axum::response::{IntoResponse, Response};
    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;

    use super::*;
    use crate::http::HttpError;
    use crate::http::tests::serve;

    /// An issuer whose key set moves about.
    struct Issuer {
        origin: String,
        /// The path of its key set.
        place: &'static str,
        /// Each path that was asked for, with the ETag, if one was sent.
        asked: Vec<String>,
    }

    impl Issuer {
        async fn start(place: &'static str) -> (String, Arc<Mutex<Self>>) {
            let issuer = Arc::new(Mutex::new(Self {
                origin: String::new(),
                place,
                asked: Vec::new(),
            }));
            let shared = issuer.clone();
            let origin = serve(|origin| {
                origin.clone_into(&mut issuer.lock().unwrap().origin);
                Router::new().fallback(move |uri: Uri, headers: HeaderMap| async move {
                    let etag = headers.get("if-none-match");
                    let etag = etag.map(|etag| etag.to_str().unwrap());
                    issuer.lock().unwrap().response(uri.path(), etag)
                })
            });
            (origin.await, shared)
        }

        /// The ETag of a key set is the same wherever it is.
        fn response(&mut self, path: &str, etag: Option<&str>) -> Response {
            self.asked.push([path, etag.unwrap_or_default()].concat());
            let Self { origin, place, .. } = self;
            match path {
                METADATA => format!(r#"{{"issuer":"{origin}","jwks_uri":"{origin}{place}"}}"#)
                    .into_response(),
                _ if path == *place && etag == Some(ETAG) => {
                    StatusCode::NOT_MODIFIED.into_response()
                }
                _ if path == *place => ([("etag", ETAG)], key_set()).into_response(),
                "/page" => "<html>".into_response(),
                _ => StatusCode::NOT_FOUND.into_response(),
            }
        }
    }

    const METADATA: &str = "/.well-known/openid-configuration";
    const ETAG: &str = "\"1\"";

    fn key_set() -> String {
        let modulus = BASE64URL.encode([0xff; 256]);
        format!(r#"{{"keys":[{{"kty":"RSA","n":"{modulus}","e":"AQAB"}}]}}"#)
    }

    fn document() -> Fetched {
        Fetched::Document {
            body: key_set().into_bytes(),
            etag: Some(ETAG.to_owned()),
            max_age: None,
        }
    }

    fn asked(issuer: &Mutex<Issuer>) -> Vec<String> {
        std::mem::take(&mut issuer.lock().unwrap().asked)
    }

    #[tokio::test]
    async fn a_url_is_all_that_is_asked() {
        let (origin, issuer) = Issuer::start("/keys").await;
        let source = HttpSource::url(&format!("{origin}/keys"), HttpClient::default()).unwrap();
        assert_eq!(source.fetch(None).await.unwrap(), document());
        let same = Fetched::NotModified { max_age: None };
        assert_eq!(source.fetch(Some(ETAG)).await.unwrap(), same);
        assert_eq!(asked(&issuer), ["/keys", "/keys\"1\""]);
    }

    #[tokio::test]
    async fn the_metadata_is_read_once() {
        let (origin, issuer) = Issuer::start("/keys").await;
        let source = HttpSource::issuer(&origin, HttpClient::default()).unwrap();
        // The ETag may be a snapshot's, and of another URL, so it is not sent.
        assert_eq!(source.fetch(Some(ETAG)).await.unwrap(), document());
        assert_eq!(asked(&issuer), [METADATA, "/keys"]);
        let same = Fetched::NotModified { max_age: None };
        assert_eq!(source.fetch(Some(ETAG)).await.unwrap(), same);
        assert_eq!(source.fetch(None).await.unwrap(), document());
        assert_eq!(asked(&issuer), ["/keys\"1\"", "/keys"]);
    }

    #[tokio::test]
    async fn a_key_set_that_moved_is_found_again() {
        let (origin, issuer) = Issuer::start("/keys").await;
        let source = HttpSource::issuer(&origin, HttpClient::default()).unwrap();
        source.fetch(None).await.unwrap();

        issuer.lock().unwrap().place = "/page";
        asked(&issuer);
        let gone = source.fetch(Some(ETAG)).await;
        assert!(matches!(gone, Err(SourceError::Http(HttpError::Status(status))) if status == 404));
        assert_eq!(source.fetch(Some(ETAG)).await.unwrap(), document());
        assert_eq!(asked(&issuer), ["/keys\"1\"", METADATA, "/page"]);

        // This time something is left behind.
        issuer.lock().unwrap().place = "/keys";
        let page = source.fetch(Some(ETAG)).await.unwrap();
        assert!(matches!(page, Fetched::Document { body, .. } if body == b"<html>"));
        source.reject();
        assert_eq!(source.fetch(Some(ETAG)).await.unwrap(), document());
        assert_eq!(asked(&issuer), ["/page\"1\"", METADATA, "/keys"]);
    }

    #[tokio::test]
    async fn a_fetch_that_is_dropped_does_no_harm() {
        let (origin, issuer) = Issuer::start("/keys").await;
        let source = HttpSource::issuer(&origin, HttpClient::default()).unwrap();
        source.fetch(None).await.unwrap();
        asked(&issuer);
        let mut dropped = source.fetch(Some(ETAG));
        let mut context = Context::from_waker(Waker::noop());
        assert!(dropped.as_mut().poll(&mut context).is_pending());
        drop(dropped);
        assert_eq!(source.fetch(Some(ETAG)).await.unwrap(), document());
        assert!(asked(&issuer).contains(&METADATA.to_owned()));
    }

    #[test]
    fn what_may_not_be_asked_is_no_source() {
        for url in ["http://a.example/keys", "ftp://a.example/keys"] {
            let rejected = HttpSource::url(url, HttpClient::default());
            assert!(
                matches!(rejected, Err(SourceError::Http(HttpError::InsecureUrl(_)))),
                "{url}"
            );
            let rejected = HttpSource::issuer(url, HttpClient::default());
            assert!(
                matches!(rejected, Err(SourceError::Http(HttpError::InsecureUrl(_)))),
                "{url}"
            );
        }
    }

    #[test]
    fn sources_differ_by_origin_and_show_none() {
        let [a, b] = ["https://hush.example/", "https://hush.example/?hush"]
            .map(|url| HttpSource::url(url, HttpClient::default()).unwrap());
        let issuer = HttpSource::issuer("https://hush.example/", HttpClient::default()).unwrap();
        assert_ne!(a.origin(), b.origin());
        assert_ne!(a.origin(), issuer.origin());
        for source in [a, issuer] {
            assert_eq!(format!("{source:?}"), "HttpSource { .. }");
        }
    }
}

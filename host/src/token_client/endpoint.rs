//! The server's token endpoint: a request and its response.

use std::sync::Arc;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Body as HttpBody, Method, Request, Url};
use secrecy::ExposeSecret;
use secrecy::zeroize::Zeroizing;
use tokenlatch::{MAX_TOKEN_LEN, Policy};
use tracing::{debug, warn};

use super::access_token::AccessToken;
use super::dialects::Dialect;
use super::dialects::body::Body;
use super::error::{ErrorResponse, TokenError};
use super::response::TokenResponse;
use crate::clock;
use crate::http::{HttpClient, HttpError};
use crate::key_set::{KeySetCache, SourceError, VerifyError, discovery};

/// The source of tokens.
pub(crate) trait Source: Send + 'static {
    fn obtain(&mut self) -> impl Future<Output = Result<AccessToken, TokenError>> + Send;
}

/// Where a token endpoint is.
pub(crate) enum Place {
    /// At this path of a server: an origin or a host name, which may have a path of its own.
    Server(String, &'static str),
    /// At this URL.
    Url(String),
    /// Where the metadata of this issuer says.
    Issuer(String),
}

/// A server's token endpoint.
pub(crate) struct Endpoint<D> {
    pub(crate) client: HttpClient,
    pub(crate) location: Location,
    pub(crate) dialect: D,
    pub(crate) check: Option<Check>,
}

/// The keys and the policy that verify every token before it is handed out.
#[derive(Clone)]
pub(crate) struct Check {
    pub(crate) keys: KeySetCache,
    pub(crate) policy: Policy<'static>,
}

/// The place of a token endpoint, once it is checked.
pub(crate) enum Location {
    Known(Url),
    /// To be found by the metadata of this issuer.
    Issuer(String),
}

impl Location {
    /// # Errors
    ///
    /// [`HttpError::InvalidUrl`] and [`HttpError::InsecureUrl`].
    pub(crate) fn new(client: &HttpClient, place: &Place) -> Result<Self, HttpError> {
        match place {
            Place::Server(origin, path) => Ok(Self::Known(url(client, origin, path)?)),
            Place::Url(text) => {
                let url = client.parse(text)?;
                let has_user = !url.username().is_empty() || url.password().is_some();
                // RFC 6749 section 3.2
                if has_user || url.fragment().is_some() {
                    return Err(HttpError::InvalidUrl);
                }
                Ok(Self::Known(url))
            }
            Place::Issuer(issuer) => match discovery::metadata_urls(client, issuer) {
                Ok(_) => Ok(Self::Issuer(issuer.clone())),
                Err(SourceError::Http(error)) => Err(error),
                Err(_) => Err(HttpError::InvalidUrl),
            },
        }
    }
}

/// The URL of the token endpoint of a server. `origin` is an origin or a host name, and may have a path, to
/// which the endpoint's path is appended.
///
/// # Errors
///
/// [`HttpError::InvalidUrl`] and [`HttpError::InsecureUrl`].
pub(crate) fn url(client: &HttpClient, origin: &str, path: &str) -> Result<Url, HttpError> {
    let mut url = if origin.contains("://") {
        client.parse(origin)?
    } else {
        client.parse(&format!("https://{origin}"))?
    };
    let is_plain = url.query().is_none() && url.fragment().is_none();
    if !is_plain || !url.username().is_empty() || url.password().is_some() {
        return Err(HttpError::InvalidUrl);
    }
    let path = [url.path().trim_end_matches('/'), path].concat();
    url.set_path(&path);
    Ok(url)
}

impl<D: Dialect> Source for Endpoint<D> {
    async fn obtain(&mut self) -> Result<AccessToken, TokenError> {
        if let Some(body) = self.dialect.refresh_request() {
            match self.ask(body).await {
                Err(error) if !error.is_retryable() => {
                    warn!(%error, "the token was not refreshed; asking for another one with credentials");
                    self.dialect.forget_refresh();
                }
                outcome => return outcome,
            }
        }
        let url = self.url().await?;
        let body = self.dialect.request(url.as_str());
        self.ask(body).await
    }
}

impl<D: Dialect> Endpoint<D> {
    /// The URL. It is found by the issuer's metadata once.
    async fn url(&mut self) -> Result<Url, TokenError> {
        let found = match &self.location {
            Location::Known(url) => return Ok(url.clone()),
            Location::Issuer(issuer) => discovery::token_endpoint(&self.client, issuer).await,
        };
        let url = found.map_err(|error| TokenError::Discovery(Arc::new(error)))?;
        self.location = Location::Known(url.clone());
        Ok(url)
    }

    async fn ask(&mut self, body: Body) -> Result<AccessToken, TokenError> {
        let url = self.url().await?;
        let sent = self.client.send(request(url, body)).await;
        let sent = sent.map_err(|error| TokenError::Transport(Arc::new(error)))?;
        debug!(
            status = sent.status.as_u16(),
            "the token endpoint responded"
        );
        let body = Zeroizing::new(sent.body);
        let response = match TokenResponse::read(&body) {
            Ok(response) if sent.status.is_success() => response,
            read => {
                let secrets = self.dialect.secrets();
                let rejection = ErrorResponse::read(sent.status, &sent.headers, &body, &secrets);
                // Some servers reject a request with the status 200.
                return Err(match read {
                    Err(malformed) if sent.status.is_success() && rejection.code.is_none() => {
                        TokenError::Malformed(malformed)
                    }
                    _ => TokenError::Rejected(rejection),
                });
            }
        };
        // Even if the token does not verify: the server may have invalidated the last refresh token.
        self.dialect.take_refresh(&response);
        if let Some(check) = &self.check {
            let checked = check.run(&response.token).await;
            checked.map_err(TokenError::Unverified)?;
        }
        Ok(response.token)
    }
}

fn request(url: Url, body: Body) -> Request {
    let mut request = Request::new(Method::POST, url);
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(body.content_type));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    if let Some(authorization) = body.authorization {
        headers.insert(AUTHORIZATION, authorization);
    }
    // Without a copy: the bytes are zeroized when the request is dropped.
    let bytes = bytes::Bytes::from_owner(body.bytes);
    *request.body_mut() = Some(HttpBody::from(bytes));
    request
}

impl Check {
    async fn run(&self, token: &AccessToken) -> Result<(), VerifyError> {
        let mut scratch = Zeroizing::new(vec![0; MAX_TOKEN_LEN]);
        let text = token.text().expose_secret().as_bytes();
        let verified = self
            .keys
            .verify(text, &mut scratch, &self.policy, clock::now());
        verified.await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_an_origin_or_a_domain() {
        let of = |origin| url(&HttpClient::default(), origin, "/oauth/token");
        for origin in [
            "https://tenant.eu.auth0.com",
            "https://tenant.eu.auth0.com/",
            "tenant.eu.auth0.com",
        ] {
            let url = of(origin).unwrap();
            assert_eq!(url.as_str(), "https://tenant.eu.auth0.com/oauth/token");
        }
        let url = of("http://127.0.0.1:8080/base/").unwrap();
        assert_eq!(url.as_str(), "http://127.0.0.1:8080/base/oauth/token");
    }

    #[test]
    fn what_may_not_be_asked_is_rejected() {
        let of = |origin| url(&HttpClient::default(), origin, "/oauth/token");
        for origin in ["http://a.example", "ftp://a.example"] {
            assert!(
                matches!(of(origin), Err(HttpError::InsecureUrl(_))),
                "{origin}"
            );
        }
        for origin in [
            "",
            "https://",
            "https://a.example/?b",
            "a.example#b",
            "https://a@c.example",
            "https://:b@c.example",
            "https://a:b@c.example",
        ] {
            assert!(matches!(of(origin), Err(HttpError::InvalidUrl)), "{origin}");
        }
    }
}

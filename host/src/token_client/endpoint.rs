//! The server's token endpoint: a request and its response.

use std::sync::Arc;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
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
use crate::key_set::{KeySetCache, VerifyError};

/// The source of tokens.
pub(crate) trait Source: Send + 'static {
    fn obtain(&mut self) -> impl Future<Output = Result<AccessToken, TokenError>> + Send;
}

/// A server's token endpoint.
pub(crate) struct Endpoint<D> {
    pub(crate) client: HttpClient,
    pub(crate) url: Url,
    pub(crate) dialect: D,
    pub(crate) check: Option<Check>,
}

/// The keys and the policy that verify every token before it is handed out.
#[derive(Clone)]
pub(crate) struct Check {
    pub(crate) keys: KeySetCache,
    pub(crate) policy: Policy<'static>,
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
        self.ask(self.dialect.request()).await
    }
}

impl<D: Dialect> Endpoint<D> {
    async fn ask(&mut self, body: Body) -> Result<AccessToken, TokenError> {
        let sent = self.client.send(self.request(body)).await;
        let sent = sent.map_err(|error| TokenError::Transport(Arc::new(error)))?;
        debug!(
            status = sent.status.as_u16(),
            "the token endpoint responded"
        );
        if !sent.status.is_success() {
            let body = Zeroizing::new(sent.body);
            let rejection = ErrorResponse::read(sent.status, &body, &self.dialect.secrets());
            return Err(TokenError::Rejected(rejection));
        }
        let response = TokenResponse::read(sent.body).map_err(TokenError::Malformed)?;
        // Even if the token does not verify: the server may have invalidated the last refresh token.
        self.dialect.take_refresh(&response);
        if let Some(check) = &self.check {
            let checked = check.run(&response.token).await;
            checked.map_err(TokenError::Unverified)?;
        }
        Ok(response.token)
    }

    fn request(&self, body: Body) -> Request {
        let mut request = Request::new(Method::POST, self.url.clone());
        let content_type = HeaderValue::from_static(body.content_type);
        request.headers_mut().insert(CONTENT_TYPE, content_type);
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(ACCEPT, json);
        // Without a copy: the bytes are zeroized when the request is dropped.
        let bytes = bytes::Bytes::from_owner(body.bytes);
        *request.body_mut() = Some(HttpBody::from(bytes));
        request
    }
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
            "https://a:b@c.example",
        ] {
            assert!(matches!(of(origin), Err(HttpError::InvalidUrl)), "{origin}");
        }
    }
}

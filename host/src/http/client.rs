//! The HTTP client: each of its requests is bounded.

use std::fmt;
use std::sync::OnceLock;

use headers::{ETag, HeaderMap, HeaderMapExt, IfNoneMatch};
use reqwest::header::{CONTENT_ENCODING, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Certificate, ClientBuilder, Request, StatusCode, Url};
use secrecy::zeroize::Zeroizing;
use serde::Serialize;
use tokio::time::timeout;

use super::error::HttpError;
use super::gzip;
use super::limits::{Limits, MAX_BODY_LEN, MAX_REDIRECTS};
use super::response::{Fetched, Response, kept_etag, max_age, parse_etag, retry_after};
use super::url::{is_loopback, origin, redirected};

/// The `User-Agent` of every request (RFC 9110 section 10.1.5): many firewalls reject requests without one.
pub const USER_AGENT: &str = concat!("tokenlatch/", env!("CARGO_PKG_VERSION"));

/// An HTTP client. Each of its requests is bounded by [`Limits`].
#[derive(Clone, Default)]
pub struct HttpClient {
    limits: Limits,
    /// The origins that may be asked by `http`.
    http_origins: Vec<String>,
    /// What it trusts besides the system's root certificates.
    roots: Vec<Certificate>,
    /// The headers of each GET.
    headers: HeaderMap,
    /// For `http` to a loopback address.
    loopback: OnceLock<reqwest::Client>,
    /// For everything else: that of the caller's builder, if there is one.
    built: Option<reqwest::Client>,
    /// For everything else, if there is none.
    others: OnceLock<reqwest::Client>,
}

impl HttpClient {
    /// A client that trusts the system's root certificates and goes through the proxy that the
    /// environment names (`HTTPS_PROXY` and the like).
    ///
    /// `http` to a loopback address goes there directly, and works on a machine without any root
    /// certificates.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            ..Self::default()
        }
    }

    /// A client with the proxy, the root certificates, the headers and the other settings of `builder`.
    /// `limits`, and this client's rules for redirects and compression, replace those of `builder`.
    ///
    /// `http` to a loopback address goes there directly, and not by `builder`, whose proxy could be another machine.
    ///
    /// The headers of `builder` go to every other server, also to that of an issuer's `jwks_uri`; those of
    /// [`header`](Self::header) go to all. A builder of your own sends no `User-Agent` unless you set one, such as
    /// [`USER_AGENT`].
    ///
    /// # Errors
    ///
    /// [`HttpError::Client`].
    pub fn from_builder(builder: ClientBuilder, limits: Limits) -> Result<Self, HttpError> {
        Ok(Self {
            built: Some(build(builder, &limits)?),
            limits,
            ..Self::default()
        })
    }

    /// Trusts these root certificates, too, in PEM. A client of [`from_builder`](Self::from_builder) trusts
    /// those of its builder alone.
    ///
    /// # Errors
    ///
    /// [`HttpError::InvalidCertificate`], also if there is none.
    pub fn trust(mut self, pem: &[u8]) -> Result<Self, HttpError> {
        let roots = Certificate::from_pem_bundle(pem).map_err(|_| HttpError::InvalidCertificate)?;
        if roots.is_empty() {
            return Err(HttpError::InvalidCertificate);
        }
        self.roots.extend(roots);
        // One that was made before does not trust them.
        self.others = OnceLock::new();
        Ok(self)
    }

    /// Sends this header when it gets a document, such as `Authorization` for a Kubernetes API server.
    ///
    /// It goes to every server that is asked: to the one with an issuer's metadata and to the one of its
    /// `jwks_uri`.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// Allows `http` to this origin, such as `http://keycloak:8080`. Anybody on the network path can then
    /// choose the keys and read the secrets: allow only a server in a network that is protected in another
    /// way. A redirect never leads there from elsewhere.
    ///
    /// # Errors
    ///
    /// [`HttpError::InvalidUrl`], if it is not `http://HOST` or `http://HOST:PORT`.
    pub fn allow_http(mut self, url: &str) -> Result<Self, HttpError> {
        let url = Url::parse(url).map_err(|_| HttpError::InvalidUrl)?;
        if url.scheme() != "http" || url.as_str() != format!("{}/", origin(&url)) {
            return Err(HttpError::InvalidUrl);
        }
        self.http_origins.push(origin(&url));
        Ok(self)
    }

    /// Gets the document at `url`.
    ///
    /// # Errors
    ///
    /// Any [`HttpError`].
    pub async fn get(&self, url: &str) -> Result<Vec<u8>, HttpError> {
        match self.get_if_changed(url, None).await? {
            Fetched::Document { body, .. } => Ok(body),
            Fetched::NotModified { .. } => Err(HttpError::Status(StatusCode::NOT_MODIFIED)),
        }
    }

    /// Gets the document at `url`, unless its ETag is still this one (RFC 9110 section 13.1.2).
    ///
    /// An invalid `etag` is not sent.
    ///
    /// # Errors
    ///
    /// Any [`HttpError`].
    pub async fn get_if_changed(
        &self,
        url: &str,
        etag: Option<&str>,
    ) -> Result<Fetched, HttpError> {
        let url = self.parse(url)?;
        let etag = etag.and_then(parse_etag);
        self.in_time(self.follow(url, etag)).await
    }

    /// Posts `body` as JSON to `url` and returns the response's body. No redirect is followed:
    /// the body may be secret.
    ///
    /// # Errors
    ///
    /// Any [`HttpError`].
    pub async fn post_json(&self, url: &str, body: &impl Serialize) -> Result<Vec<u8>, HttpError> {
        let url = self.parse(url)?;
        let request = self.http(&url)?.post(url).json(body).build()?;
        let response = self.send(request).await?;
        match response.status {
            StatusCode::OK => Ok(response.body),
            status => Err(unwanted(status, &response.headers)),
        }
    }

    /// Sends a request and returns the response, whatever its status is. No redirect is followed: the
    /// request may hold secrets.
    ///
    /// # Errors
    ///
    /// Any [`HttpError`] except those of redirects and of the status.
    pub async fn send(&self, request: Request) -> Result<Response, HttpError> {
        self.check(request.url())?;
        let response = async {
            let response = self.execute(request).await?;
            let status = response.status();
            let mut headers = response.headers().clone();
            let body = self.body(response).await?;
            if gzip::is_compressed(&headers) {
                headers.remove(CONTENT_ENCODING);
            }
            Ok(Response {
                status,
                headers,
                body,
            })
        };
        self.in_time(response).await
    }

    /// The URL, if requests to it are allowed.
    ///
    /// # Errors
    ///
    /// [`HttpError::InvalidUrl`] and [`HttpError::InsecureUrl`].
    pub(crate) fn parse(&self, url: &str) -> Result<Url, HttpError> {
        let url = Url::parse(url).map_err(|_| HttpError::InvalidUrl)?;
        self.check(&url)?;
        Ok(url)
    }

    /// Whether requests to the URL are allowed.
    ///
    /// # Errors
    ///
    /// [`HttpError::InsecureUrl`].
    pub(crate) fn check(&self, url: &Url) -> Result<(), HttpError> {
        match url.scheme() {
            "https" => Ok(()),
            "http" if is_loopback(url) || self.http_origins.contains(&origin(url)) => Ok(()),
            _ => Err(HttpError::InsecureUrl(origin(url))),
        }
    }

    /// The client for this URL. It is made when it is needed first.
    fn http(&self, url: &Url) -> Result<&reqwest::Client, HttpError> {
        let mut builder = reqwest::Client::builder().user_agent(USER_AGENT);
        let client = if url.scheme() == "http" && is_loopback(url) {
            builder = builder.no_proxy().tls_certs_only([]);
            &self.loopback
        } else if let Some(built) = &self.built {
            return Ok(built);
        } else {
            for root in &self.roots {
                builder = builder.add_root_certificate(root.clone());
            }
            &self.others
        };
        if let Some(client) = client.get() {
            return Ok(client);
        }
        let made = build(builder, &self.limits)?;
        Ok(client.get_or_init(|| made))
    }

    async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, HttpError>>,
    ) -> Result<T, HttpError> {
        let outcome = timeout(self.limits.total_timeout, work).await;
        outcome.unwrap_or(Err(HttpError::TotalTimeout))
    }

    async fn follow(&self, mut url: Url, etag: Option<ETag>) -> Result<Fetched, HttpError> {
        for _ in 0..=MAX_REDIRECTS {
            let mut request = self.http(&url)?.get(url.clone()).build()?;
            request.headers_mut().extend(self.headers.clone());
            if let Some(etag) = &etag {
                let condition = IfNoneMatch::from(etag.clone());
                request.headers_mut().typed_insert(condition);
            }
            let response = self.execute(request).await?;
            match response.status() {
                StatusCode::OK => {
                    return Ok(Fetched::Document {
                        etag: kept_etag(response.headers()),
                        max_age: max_age(response.headers()),
                        body: self.body(response).await?,
                    });
                }
                StatusCode::NOT_MODIFIED if etag.is_some() => {
                    return Ok(Fetched::NotModified {
                        max_age: max_age(response.headers()),
                    });
                }
                StatusCode::MOVED_PERMANENTLY
                | StatusCode::FOUND
                | StatusCode::SEE_OTHER
                | StatusCode::TEMPORARY_REDIRECT
                | StatusCode::PERMANENT_REDIRECT => url = redirected(&url, response.headers())?,
                status => return Err(unwanted(status, response.headers())),
            }
        }
        Err(HttpError::TooManyRedirects)
    }

    async fn execute(&self, request: Request) -> Result<reqwest::Response, HttpError> {
        let response = self.http(request.url())?.execute(request);
        match timeout(self.limits.response_timeout, response).await {
            Ok(response) => Ok(response?),
            Err(_) => Err(HttpError::ResponseTimeout),
        }
    }

    async fn body(&self, mut response: reqwest::Response) -> Result<Vec<u8>, HttpError> {
        let max = self.limits.max_body_len;
        let len = response.content_length().unwrap_or(max as u64);
        if len > max as u64 {
            return Err(HttpError::TooLong(max));
        }
        let is_compressed = gzip::is_compressed(response.headers());
        // Up to the default limit, it does not grow, and leaves no copy of a secret in freed memory.
        let mut body = Zeroizing::new(Vec::with_capacity((len as usize).min(MAX_BODY_LEN)));
        while let Some(chunk) = response.chunk().await? {
            if chunk.len() > max - body.len() {
                return Err(HttpError::TooLong(max));
            }
            body.extend_from_slice(&chunk);
        }
        if is_compressed {
            return gzip::decompress(&body, max);
        }
        Ok(std::mem::take(&mut body))
    }
}

/// Leaves out the headers and the proxy, which may hold credentials.
impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Gets the document at `url`, under the default [`Limits`].
///
/// # Errors
///
/// Any [`HttpError`].
pub async fn get(url: &str) -> Result<Vec<u8>, HttpError> {
    HttpClient::default().get(url).await
}

/// Posts `body` as JSON to `url` and returns the response's body, under the default [`Limits`].
///
/// # Errors
///
/// Any [`HttpError`].
pub async fn post_json(url: &str, body: &impl Serialize) -> Result<Vec<u8>, HttpError> {
    HttpClient::default().post_json(url, body).await
}

fn unwanted(status: StatusCode, headers: &HeaderMap) -> HttpError {
    match retry_after(headers) {
        Some(wait) => HttpError::RetryLater(status, wait),
        None => HttpError::Status(status),
    }
}

fn build(builder: ClientBuilder, limits: &Limits) -> Result<reqwest::Client, HttpError> {
    let client = builder
        .connect_timeout(limits.connect_timeout)
        // `in_time` and `execute` count these. They are set here to replace those of the caller's builder.
        .timeout(limits.total_timeout)
        .read_timeout(limits.total_timeout)
        .redirect(Policy::none())
        .gzip(true)
        .build()?;
    Ok(client)
}

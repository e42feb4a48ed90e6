//! HTTP requests with every bound that a hostile or broken server calls for.
//!
//! | what | bound |
//! |---|---|
//! | scheme | `https`; `http` to a loopback address, or where [`Limits::allow_http`] says so |
//! | time | [`CONNECT_TIMEOUT`], [`RESPONSE_TIMEOUT`], [`TOTAL_TIMEOUT`] |
//! | body | [`MAX_BODY_LEN`], counted as it arrives and after it is decompressed (gzip) |
//! | redirects | [`MAX_REDIRECTS`], to the same origin alone; none of what is sent |
//! | ETag | [`MAX_ETAG_LEN`], a longer one is dropped |
//!
//! The HTTP library bounds an answer's header on its own: 100 fields in some 400 KiB.

use std::error::Error;
use std::fmt;
use std::net::IpAddr;
use std::sync::OnceLock;
use std::time::Duration;

use headers::{Age, CacheControl, ETag, HeaderMap, HeaderMapExt, IfNoneMatch};
use reqwest::header::{ETAG, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{ClientBuilder, Request, Response, StatusCode, Url};
use serde::Serialize;
use tokio::time::timeout;

/// How long a connection may take to be there: name resolution, proxy, TCP and TLS.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long the header of an answer may take, connecting included; after a redirect, once more.
pub const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long all of it may take together: redirects and the last byte of the body included.
pub const TOTAL_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest body, in bytes, after it is decompressed.
pub const MAX_BODY_LEN: usize = 256 * 1024;

/// How many redirects are followed.
pub const MAX_REDIRECTS: usize = 3;

/// The longest ETag that is kept, in bytes.
pub const MAX_ETAG_LEN: usize = 256;

/// The bounds of a [`Client`]'s requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Instead of [`CONNECT_TIMEOUT`].
    pub connect_timeout: Duration,
    /// Instead of [`RESPONSE_TIMEOUT`].
    pub response_timeout: Duration,
    /// Instead of [`TOTAL_TIMEOUT`].
    pub total_timeout: Duration,
    /// Instead of [`MAX_BODY_LEN`].
    pub max_body_len: usize,
    /// Whether `http` is allowed to any host. Whoever is on the way can then choose the keys: not
    /// outside of a network that is protected otherwise.
    pub allow_http: bool,
}

/// Those of this module's constants, and no `http` but to a loopback address.
impl Default for Limits {
    fn default() -> Self {
        Self {
            connect_timeout: CONNECT_TIMEOUT,
            response_timeout: RESPONSE_TIMEOUT,
            total_timeout: TOTAL_TIMEOUT,
            max_body_len: MAX_BODY_LEN,
            allow_http: false,
        }
    }
}

/// Why nothing was fetched.
///
/// None holds the URL, which may have credentials in it, nor anything of the answer's body.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// Not an absolute URL; or an issuer's with a query or a fragment (RFC 8414 section 2).
    #[error("not a URL, or none that an issuer may have")]
    InvalidUrl,
    /// Neither `https`, nor `http` to a loopback address; or a `jwks_uri` that is `http` where the
    /// issuer is `https`.
    #[error("only https is allowed, or http to a loopback address")]
    InsecureUrl,
    /// The client or the request cannot be made: this machine has no root certificates, say.
    #[error("the HTTP client cannot be set up")]
    Client(#[source] reqwest::Error),
    /// There is no connection to the server: name resolution, proxy, TCP or TLS failed.
    #[error("cannot connect")]
    Connect(#[source] reqwest::Error),
    /// There was no connection within [`Limits::connect_timeout`].
    #[error("no connection in time")]
    ConnectTimeout,
    /// There was no answer within [`Limits::response_timeout`].
    #[error("no answer in time")]
    ResponseTimeout,
    /// The answer was not complete within [`Limits::total_timeout`].
    #[error("no complete answer in time")]
    TotalTimeout,
    /// The exchange broke: the answer is not HTTP or not gzip, or the connection ended within it.
    #[error("the exchange with the server broke")]
    Http(#[source] reqwest::Error),
    /// The answer's status is not 200 (or 304, to a request with an ETag).
    #[error("the server answered {0}")]
    Status(StatusCode),
    /// The body is longer than [`Limits::max_body_len`], which is given.
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
    /// The answer is a redirect to nowhere: without `Location`, or not with a URL in it.
    #[error("a redirect without a place to go to")]
    InvalidRedirect,
    /// The answer is a redirect to another scheme, host or port.
    #[error("a redirect to another origin")]
    ForeignRedirect,
    /// There were more than [`MAX_REDIRECTS`], or they form a loop.
    #[error("more than {MAX_REDIRECTS} redirects")]
    TooManyRedirects,
    /// The issuer has no metadata, neither OpenID Connect's nor OAuth 2.0's.
    #[error("the issuer has no metadata")]
    NoMetadata,
    /// The issuer's metadata is not JSON, or none of its own.
    #[error("the issuer's metadata is malformed")]
    InvalidMetadata,
    /// The metadata is another issuer's (RFC 8414 section 3.3).
    #[error("the metadata is another issuer's")]
    WrongIssuer,
    /// The issuer's metadata has no `jwks_uri`.
    #[error("the issuer's metadata has no jwks_uri")]
    NoJwksUri,
    /// A [`Source`](crate::key_set::Source) of one's own failed.
    #[error("the source failed")]
    Source(#[source] Box<dyn Error + Send + Sync>),
}

/// Leaves the URL out, which may hold credentials.
impl From<reqwest::Error> for FetchError {
    fn from(error: reqwest::Error) -> Self {
        let error = error.without_url();
        match (error.is_connect(), error.is_timeout()) {
            (true, true) => Self::ConnectTimeout,
            (true, false) => Self::Connect(error),
            (false, true) => Self::TotalTimeout,
            (false, false) if error.is_builder() => Self::Client(error),
            (false, false) => Self::Http(error),
        }
    }
}

/// What a conditional request got (RFC 9110 section 13).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// The document.
    Document {
        /// The document itself.
        body: Vec<u8>,
        /// What to ask with the next time; at most [`MAX_ETAG_LEN`] bytes.
        etag: Option<String>,
        /// How long the document stays fresh, if the server says so; zero if it is not to be cached.
        max_age: Option<Duration>,
    },
    /// The document with the ETag that was sent is still the present one.
    NotModified {
        /// How long it stays fresh from now on, if the server says so.
        max_age: Option<Duration>,
    },
}

/// A server's answer, whatever its status.
#[derive(Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The header's fields.
    pub headers: HeaderMap,
    /// The body, of [`Limits::max_body_len`] bytes at most.
    pub body: Vec<u8>,
}

/// Shows the status alone: the rest may be secret.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Gets what is at `url`, under the default [`Limits`].
///
/// # Errors
///
/// Any [`FetchError`] but those of metadata.
pub async fn get(url: &str) -> Result<Vec<u8>, FetchError> {
    Client::default().get(url).await
}

/// Posts `body` as JSON to `url` and returns the answer's body, under the default [`Limits`].
///
/// # Errors
///
/// Any [`FetchError`] but those of metadata.
pub async fn post_json(url: &str, body: &impl Serialize) -> Result<Vec<u8>, FetchError> {
    Client::default().post_json(url, body).await
}

/// An HTTP client whose every request is bounded.
#[derive(Clone, Default)]
pub struct Client {
    limits: Limits,
    /// For `http` to a loopback address.
    loopback: OnceLock<reqwest::Client>,
    /// For everything else.
    others: OnceLock<reqwest::Client>,
}

impl Client {
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

    /// A client with the proxy, the root certificates, the headers and so on of `builder`. What
    /// [`Limits`] has and what is said of redirects and compression here is set on top of it.
    ///
    /// The headers go to every server that is asked: to that of an issuer's metadata and to that of
    /// its `jwks_uri`.
    ///
    /// # Errors
    ///
    /// [`FetchError::Client`].
    pub fn from_builder(builder: ClientBuilder, limits: Limits) -> Result<Self, FetchError> {
        let client = build(builder, &limits)?;
        Ok(Self {
            limits,
            loopback: OnceLock::from(client.clone()),
            others: OnceLock::from(client),
        })
    }

    /// Gets what is at `url`.
    ///
    /// # Errors
    ///
    /// Any [`FetchError`] but those of metadata.
    pub async fn get(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        match self.get_if_changed(url, None).await? {
            Fetched::Document { body, .. } => Ok(body),
            Fetched::NotModified { .. } => Err(FetchError::Status(StatusCode::NOT_MODIFIED)),
        }
    }

    /// Gets what is at `url`, unless its ETag still is this one (RFC 9110 section 13.1.2).
    ///
    /// An `etag` that is none is not sent.
    ///
    /// # Errors
    ///
    /// Any [`FetchError`] but those of metadata.
    pub async fn get_if_changed(
        &self,
        url: &str,
        etag: Option<&str>,
    ) -> Result<Fetched, FetchError> {
        let url = self.parse(url)?;
        let etag = etag.and_then(|etag| etag.parse().ok());
        self.in_time(self.follow(url, etag)).await
    }

    /// Posts `body` as JSON to `url` and returns the answer's body. A redirect is not followed:
    /// what is posted may be secret.
    ///
    /// # Errors
    ///
    /// Any [`FetchError`] but those of metadata.
    pub async fn post_json(&self, url: &str, body: &impl Serialize) -> Result<Vec<u8>, FetchError> {
        let url = self.parse(url)?;
        let request = self.http(&url)?.post(url).json(body).build()?;
        let answer = self.send(request).await?;
        match answer.status {
            StatusCode::OK => Ok(answer.body),
            status => Err(FetchError::Status(status)),
        }
    }

    /// Sends a request as it is, and returns the answer, whatever its status. A redirect is not
    /// followed: what is sent may be secret.
    ///
    /// # Errors
    ///
    /// Any [`FetchError`] but those of metadata, of redirects and of the status.
    pub async fn send(&self, request: Request) -> Result<Answer, FetchError> {
        self.check(request.url())?;
        let answer = async {
            let mut answer = self.execute(request).await?;
            Ok(Answer {
                status: answer.status(),
                headers: std::mem::take(answer.headers_mut()),
                body: self.body(answer).await?,
            })
        };
        self.in_time(answer).await
    }

    /// The URL, if it may be asked.
    ///
    /// # Errors
    ///
    /// [`FetchError::InvalidUrl`] and [`FetchError::InsecureUrl`].
    pub(crate) fn parse(&self, url: &str) -> Result<Url, FetchError> {
        let url = Url::parse(url).map_err(|_| FetchError::InvalidUrl)?;
        self.check(&url)?;
        Ok(url)
    }

    /// Whether the URL may be asked.
    ///
    /// # Errors
    ///
    /// [`FetchError::InsecureUrl`].
    pub(crate) fn check(&self, url: &Url) -> Result<(), FetchError> {
        match url.scheme() {
            "https" => Ok(()),
            "http" if self.limits.allow_http || is_loopback(url) => Ok(()),
            _ => Err(FetchError::InsecureUrl),
        }
    }

    /// The client for this URL, made when first needed.
    fn http(&self, url: &Url) -> Result<&reqwest::Client, FetchError> {
        let mut builder = reqwest::Client::builder();
        let client = if url.scheme() == "http" && is_loopback(url) {
            builder = builder.no_proxy().tls_certs_only([]);
            &self.loopback
        } else {
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
        work: impl Future<Output = Result<T, FetchError>>,
    ) -> Result<T, FetchError> {
        let outcome = timeout(self.limits.total_timeout, work).await;
        outcome.unwrap_or(Err(FetchError::TotalTimeout))
    }

    async fn follow(&self, mut url: Url, etag: Option<ETag>) -> Result<Fetched, FetchError> {
        for _ in 0..=MAX_REDIRECTS {
            let mut request = self.http(&url)?.get(url.clone()).build()?;
            if let Some(etag) = &etag {
                let condition = IfNoneMatch::from(etag.clone());
                request.headers_mut().typed_insert(condition);
            }
            let answer = self.execute(request).await?;
            match answer.status() {
                StatusCode::OK => {
                    return Ok(Fetched::Document {
                        etag: kept_etag(answer.headers()),
                        max_age: max_age(answer.headers()),
                        body: self.body(answer).await?,
                    });
                }
                StatusCode::NOT_MODIFIED if etag.is_some() => {
                    return Ok(Fetched::NotModified {
                        max_age: max_age(answer.headers()),
                    });
                }
                StatusCode::MOVED_PERMANENTLY
                | StatusCode::FOUND
                | StatusCode::SEE_OTHER
                | StatusCode::TEMPORARY_REDIRECT
                | StatusCode::PERMANENT_REDIRECT => url = redirected(&url, answer.headers())?,
                status => return Err(FetchError::Status(status)),
            }
        }
        Err(FetchError::TooManyRedirects)
    }

    async fn execute(&self, request: Request) -> Result<Response, FetchError> {
        let answer = self.http(request.url())?.execute(request);
        match timeout(self.limits.response_timeout, answer).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(FetchError::ResponseTimeout),
        }
    }

    async fn body(&self, mut answer: Response) -> Result<Vec<u8>, FetchError> {
        let max = self.limits.max_body_len;
        if answer.content_length().is_some_and(|len| len > max as u64) {
            return Err(FetchError::TooLong(max));
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if chunk.len() > max - body.len() {
                return Err(FetchError::TooLong(max));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

/// Not the headers and the proxy, which may hold credentials.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

fn build(builder: ClientBuilder, limits: &Limits) -> Result<reqwest::Client, FetchError> {
    let client = builder
        .connect_timeout(limits.connect_timeout)
        // These two are counted here. In the builder they are set for the caller's not to be there.
        .timeout(limits.total_timeout)
        .read_timeout(limits.total_timeout)
        .redirect(Policy::none())
        .gzip(true)
        .build()?;
    Ok(client)
}

/// Whether the URL's host is this machine: a loopback address, or `localhost` (RFC 6761 section 6.3).
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

/// Where a redirect goes (RFC 9110 section 10.2.2): the origin is the same, and so is the scheme.
fn redirected(from: &Url, headers: &HeaderMap) -> Result<Url, FetchError> {
    let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let to = location.and_then(|location| from.join(location).ok());
    let to = to.ok_or(FetchError::InvalidRedirect)?;
    if to.origin() != from.origin() {
        return Err(FetchError::ForeignRedirect);
    }
    Ok(to)
}

fn kept_etag(headers: &HeaderMap) -> Option<String> {
    let etag = headers.get(ETAG)?.to_str().ok()?;
    (etag.len() <= MAX_ETAG_LEN && etag.parse::<ETag>().is_ok()).then(|| etag.to_owned())
}

/// How long the answer stays fresh from now on (RFC 9111 sections 4.2.1 and 4.2.3).
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let control: CacheControl = headers.typed_get()?;
    if control.no_store() || control.no_cache() {
        return Some(Duration::ZERO);
    }
    let age = headers.typed_get::<Age>().map_or(0, |age| age.as_secs());
    let max_age = control.max_age()?;
    Some(max_age.saturating_sub(Duration::from_secs(age)))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Write;
    use std::net::SocketAddr;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};

    use axum::Router;
    use axum::http::{HeaderValue, Uri};
    use axum::response::Redirect;
    use axum::routing;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use reqwest::{Certificate, Method, Proxy};
    use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::time::sleep;
    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::rustls::crypto::aws_lc_rs;
    use tokio_rustls::rustls::pki_types::PrivateKeyDer;
    use tokio_rustls::rustls::{self, ServerConfig};

    use super::*;

    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(200);

    /// No timeout but those that a test sets.
    const PATIENT: Limits = Limits {
        connect_timeout: LONG,
        response_timeout: LONG,
        total_timeout: LONG,
        max_body_len: MAX_BODY_LEN,
        allow_http: false,
    };

    /// Serves what `router` makes of the server's own origin until the test's runtime ends; returns
    /// the origin.
    pub(crate) async fn serve(router: impl FnOnce(&str) -> Router) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let router = router(&origin);
        tokio::spawn(async { axum::serve(listener, router).await });
        origin
    }

    /// What a raw server does once it has sent its answer.
    #[derive(Clone, Copy)]
    enum Then {
        Close,
        Wait,
        /// Sends this, again and again, slowly.
        Drip(&'static str),
        /// Sends zeros without end.
        Flood,
    }

    /// Sends `answer` as it is to whoever connects and asks; returns the server's origin.
    async fn serve_raw(answer: impl Into<Vec<u8>>, then: Then) -> String {
        let answer = answer.into();
        let address = accept(move |mut stream| {
            let answer = answer.clone();
            async move {
                read_head(&mut stream).await;
                send_raw(stream, &answer, then).await;
            }
        });
        format!("http://{}", address.await)
    }

    /// Hands each connection over.
    async fn accept<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream));
            }
        });
        address
    }

    async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        String::from_utf8(head).unwrap()
    }

    /// Until the client has closed the connection, at the latest.
    async fn send_raw(mut stream: impl AsyncWrite + Unpin, answer: &[u8], then: Then) {
        stream.write_all(answer).await.unwrap();
        let more = match then {
            Then::Close => {
                stream.shutdown().await.unwrap();
                return;
            }
            Then::Wait => return sleep(LONG).await,
            Then::Drip(more) => more.as_bytes(),
            Then::Flood => &[0; 64 * 1024],
        };
        while stream.write_all(more).await.is_ok() {
            if matches!(then, Then::Drip(_)) {
                sleep(SHORT / 20).await;
            }
        }
    }

    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    /// A certificate for `127.0.0.1` that is its own root, and the TLS server's side of it.
    fn certificate() -> (Certificate, TlsAcceptor) {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let root = Certificate::from_der(made.cert.der()).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into())
            .with_protocol_versions(rustls::ALL_VERSIONS)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        (root, TlsAcceptor::from(Arc::new(config)))
    }

    /// Answers `{}` over TLS; returns the server's origin and the requests' heads as they arrive.
    async fn serve_tls(acceptor: TlsAcceptor) -> (String, Arc<Mutex<Vec<String>>>) {
        let heads = Arc::new(Mutex::new(Vec::new()));
        let kept = heads.clone();
        let address = accept(move |stream| {
            let (acceptor, heads) = (acceptor.clone(), heads.clone());
            async move {
                // It fails where the client does not trust the certificate.
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                let head = read_head(&mut stream).await;
                heads.lock().unwrap().push(head);
                send_raw(stream, b"HTTP/1.1 200 OK\r\n\r\n{}", Then::Close).await;
            }
        });
        (format!("https://{}", address.await), kept)
    }

    fn builder() -> ClientBuilder {
        reqwest::Client::builder().no_proxy()
    }

    #[test]
    fn only_https_or_loopback() {
        let loopback = [
            "https://issuer.example/jwks",
            "http://127.0.0.1:1/",
            "http://127.9.9.9/",
            "http://[::1]:1/",
            "http://localhost/",
        ];
        let http = [
            "http://issuer.example/jwks",
            "http://127.0.0.1.example/",
            "http://localhost.example/",
            "http://localhost@issuer.example/",
            "http://192.168.0.1/",
        ];
        let strict = Client::default();
        let waived = Client::new(Limits {
            allow_http: true,
            ..Limits::default()
        });
        for url in loopback {
            assert!(strict.parse(url).is_ok(), "{url}");
        }
        for url in http {
            let refused = strict.parse(url);
            assert!(matches!(refused, Err(FetchError::InsecureUrl)), "{url}");
            assert!(waived.parse(url).is_ok(), "{url}");
        }
        let file = waived.parse("file:///etc/passwd");
        assert!(matches!(file, Err(FetchError::InsecureUrl)));
        let relative = waived.parse("/jwks");
        assert!(matches!(relative, Err(FetchError::InvalidUrl)));
    }

    #[tokio::test]
    async fn what_is_sent_has_an_answer_of_any_status() {
        let header = [("location", "/elsewhere"), ("www-authenticate", "Bearer")];
        let origin = serve(|_| {
            let answer = async move |uri: Uri, body: String| {
                let status = uri.path().trim_start_matches('/').parse().unwrap();
                (StatusCode::from_u16(status).unwrap(), header, body)
            };
            Router::new().fallback(answer)
        });
        let origin = origin.await;
        let client = Client::default();
        for status in [200, 201, 302, 307, 401, 500] {
            let url = Url::parse(&format!("{origin}/{status}")).unwrap();
            let mut request = Request::new(Method::POST, url);
            *request.body_mut() = Some("hush".into());
            let answer = client.send(request).await.unwrap();
            assert_eq!(answer.status, status);
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
            assert_eq!(answer.body, b"hush");
            assert!(!format!("{answer:?}").contains("hush"));
        }
        let long = Url::parse(&format!("{origin}/401")).unwrap();
        let mut long = Request::new(Method::POST, long);
        *long.body_mut() = Some(vec![b' '; MAX_BODY_LEN + 1].into());
        let refused = client.send(long).await;
        assert!(matches!(refused, Err(FetchError::TooLong(MAX_BODY_LEN))));
        let http = Url::parse("http://issuer.example/").unwrap();
        let refused = client.send(Request::new(Method::GET, http)).await;
        assert!(matches!(refused, Err(FetchError::InsecureUrl)));
    }

    #[tokio::test]
    async fn a_body_has_a_bound() {
        let body = |len| move || async move { vec![b' '; len] };
        let origin = serve(|_| {
            Router::new()
                .route("/longest", routing::get(body(MAX_BODY_LEN)))
                .route("/longer", routing::get(body(MAX_BODY_LEN + 1)))
        })
        .await;
        let longest = get(&format!("{origin}/longest")).await.unwrap();
        assert_eq!(longest.len(), MAX_BODY_LEN);
        let longer = get(&format!("{origin}/longer")).await;
        assert!(matches!(longer, Err(FetchError::TooLong(MAX_BODY_LEN))));
    }

    #[tokio::test]
    async fn a_body_is_refused_before_it_is_there() {
        let announced = b"HTTP/1.1 200 OK\r\nContent-Length: 262145\r\n\r\n".to_vec();
        let endless = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
        let mut bomb = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n".to_vec();
        let zeros = gzip(&vec![0; 100 * MAX_BODY_LEN]);
        assert!(zeros.len() < MAX_BODY_LEN);
        // The end, and with it the length and the checksum, never comes.
        bomb.extend_from_slice(&zeros[..zeros.len() / 2]);
        for (name, answer, then) in [
            ("announced", announced, Then::Wait),
            ("endless", endless, Then::Flood),
            ("bomb", bomb, Then::Wait),
        ] {
            let origin = serve_raw(answer, then).await;
            let refused = Client::new(PATIENT).get(&origin).await;
            assert!(
                matches!(refused, Err(FetchError::TooLong(MAX_BODY_LEN))),
                "{name}: {refused:?}"
            );
        }
    }

    #[tokio::test]
    async fn gzip_is_understood() {
        let mut answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n".to_vec();
        answer.extend(gzip(b"{}"));
        let origin = serve_raw(answer, Then::Close).await;
        assert_eq!(get(&origin).await.unwrap(), b"{}");
    }

    #[tokio::test]
    async fn a_broken_answer_is_none() {
        for answer in [
            "",
            "SSH-2.0-OpenSSH_9.6\r\n",
            "HTTP/1.1 200 OK\r\nContent-Le",
            // The length is a lie, or the connection ended within the body.
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n{}",
        ] {
            let origin = serve_raw(answer, Then::Close).await;
            let broken = Client::new(PATIENT).get(&origin).await;
            assert!(
                matches!(broken, Err(FetchError::Http(_))),
                "{answer}: {broken:?}"
            );
        }
        // This lie does no harm.
        let shorter = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}{}";
        let origin = serve_raw(shorter, Then::Close).await;
        assert_eq!(get(&origin).await.unwrap(), b"{}");
    }

    #[tokio::test]
    async fn every_phase_has_its_time() {
        // No TLS server: the handshake never ends.
        let silent = accept(|stream| async {
            let _stream = stream;
            sleep(LONG).await;
        })
        .await;
        let (root, _) = certificate();
        let limits = Limits {
            connect_timeout: SHORT,
            ..PATIENT
        };
        let client = Client::from_builder(builder().tls_certs_only([root]), limits).unwrap();
        let late = client.get(&format!("https://{silent}/")).await;
        assert!(matches!(late, Err(FetchError::ConnectTimeout)), "{late:?}");

        let origin = serve_raw("HTTP/1.1 200 OK\r\n", Then::Drip("X: y\r\n")).await;
        let limits = Limits {
            response_timeout: SHORT,
            ..PATIENT
        };
        let late = Client::new(limits).get(&origin).await;
        assert!(matches!(late, Err(FetchError::ResponseTimeout)), "{late:?}");

        let origin = serve_raw("HTTP/1.1 200 OK\r\n\r\n{", Then::Drip(" ")).await;
        let limits = Limits {
            total_timeout: SHORT,
            ..PATIENT
        };
        let late = Client::new(limits).get(&origin).await;
        assert!(matches!(late, Err(FetchError::TotalTimeout)), "{late:?}");
        let late = Client::new(limits).post_json(&origin, &()).await;
        assert!(matches!(late, Err(FetchError::TotalTimeout)), "{late:?}");
    }

    #[tokio::test]
    async fn only_status_200_is_an_answer() {
        let origin = serve_raw("HTTP/1.1 404 Not Found\r\n\r\n{}", Then::Close).await;
        let got = get(&origin).await;
        assert!(matches!(got, Err(FetchError::Status(status)) if status == 404));
        let posted = post_json(&origin, &()).await;
        assert!(matches!(posted, Err(FetchError::Status(status)) if status == 404));
    }

    #[tokio::test]
    async fn a_redirect_stays_with_its_origin() {
        let visits = Arc::new(AtomicUsize::new(0));
        let counted = visits.clone();
        let other = serve(|_| {
            Router::new().fallback(move || async move {
                counted.fetch_add(1, Ordering::Relaxed);
                "{}"
            })
        })
        .await;
        let origin = serve(|origin| {
            let to =
                |place: String| routing::any(move || async move { Redirect::temporary(&place) });
            Router::new()
                .route("/4", to("/3".into()))
                .route("/3", to(format!("{origin}/2")))
                .route("/2", to("1".into()))
                .route("/1", to("/there".into()))
                .route("/there", routing::any(|| async { "{}" }))
                .route("/loop", to("/loop".into()))
                .route("/other-port", to(other.clone()))
                .route("/other-host", to(origin.replace("127.0.0.1", "localhost")))
                .route("/other-scheme", to(origin.replace("http:", "https:")))
                .route("/protocol-relative", to(other.replace("http:", "")))
                .route("/no-url", to("http://[".into()))
        })
        .await;
        let client = Client::new(PATIENT);
        let get = async |path| client.get(&format!("{origin}/{path}")).await;

        assert_eq!(get("3").await.unwrap(), b"{}");
        for path in ["4", "loop"] {
            let refused = get(path).await;
            assert!(
                matches!(refused, Err(FetchError::TooManyRedirects)),
                "{path}"
            );
        }
        for path in [
            "other-port",
            "other-host",
            "other-scheme",
            "protocol-relative",
        ] {
            let refused = get(path).await;
            assert!(
                matches!(refused, Err(FetchError::ForeignRedirect)),
                "{path}"
            );
        }
        let refused = get("no-url").await;
        assert!(matches!(refused, Err(FetchError::InvalidRedirect)));

        let refused = client.post_json(&format!("{origin}/1"), &()).await;
        assert!(matches!(refused, Err(FetchError::Status(status)) if status == 307));
        assert_eq!(visits.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn what_has_not_changed_is_not_sent_again() {
        let origin = serve(|_| {
            let document = |headers: HeaderMap| async move {
                let etag = HeaderValue::from_static("W/\"v1\"");
                let age = [("cache-control", "max-age=60"), ("age", "20")];
                if headers.get("if-none-match") == Some(&etag) {
                    return (StatusCode::NOT_MODIFIED, [("etag", etag)], age, "");
                }
                (StatusCode::OK, [("etag", etag)], age, "{}")
            };
            Router::new().route("/", routing::get(document))
        })
        .await;
        let client = Client::new(PATIENT);
        let max_age = Some(Duration::from_secs(40));
        let document = Fetched::Document {
            body: b"{}".to_vec(),
            etag: Some("W/\"v1\"".to_owned()),
            max_age,
        };
        for stale in [None, Some("\"v0\""), Some("no ETag"), Some("\r\nX: y")] {
            let fetched = client.get_if_changed(&origin, stale).await.unwrap();
            assert_eq!(fetched, document, "{stale:?}");
        }
        let fetched = client.get_if_changed(&origin, Some("W/\"v1\"")).await;
        assert_eq!(fetched.unwrap(), Fetched::NotModified { max_age });
    }

    #[tokio::test]
    async fn not_modified_must_have_been_asked_for() {
        let origin = serve_raw("HTTP/1.1 304 Not Modified\r\n\r\n", Then::Close).await;
        for etag in [None, Some("no ETag")] {
            let refused = Client::new(PATIENT).get_if_changed(&origin, etag).await;
            assert!(matches!(refused, Err(FetchError::Status(status)) if status == 304));
        }
    }

    fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn an_etag_has_a_bound() {
        let longest = format!("\"{}\"", "x".repeat(MAX_ETAG_LEN - 2));
        let longer = format!("\"{}\"", "x".repeat(MAX_ETAG_LEN - 1));
        assert_eq!(kept_etag(&headers(&[("etag", &longest)])), Some(longest));
        for none in [longer.as_str(), "unquoted", "\"", ""] {
            assert_eq!(kept_etag(&headers(&[("etag", none)])), None, "{none}");
        }
    }

    #[test]
    fn freshness_is_the_servers_to_say() {
        let control = "cache-control";
        for (fields, seconds) in [
            (&[(control, "public, max-age=600")][..], Some(600)),
            (&[(control, "public"), (control, "max-age=600")], Some(600)),
            (&[(control, "max-age=600"), ("age", "601")], Some(0)),
            (&[(control, "max-age=600"), ("age", "x")], Some(600)),
            (&[(control, "max-age=600, no-cache")], Some(0)),
            (&[(control, "no-store")], Some(0)),
            (&[(control, "public")], None),
            (&[(control, "max-age=-1")], None),
            (&[("age", "1")], None),
            (&[], None),
        ] {
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(max_age(&headers(fields)), expected, "{fields:?}");
        }
    }

    #[tokio::test]
    async fn only_a_trusted_certificate_is_accepted() {
        let (root, acceptor) = certificate();
        let (other_root, _) = certificate();
        let (origin, heads) = serve_tls(acceptor).await;
        let trusting = |root| builder().tls_certs_only([root]);
        let get = async |builder, url: &str| {
            let client = Client::from_builder(builder, PATIENT).unwrap();
            client.get(url).await
        };

        assert_eq!(get(trusting(root.clone()), &origin).await.unwrap(), b"{}");
        let refused = get(trusting(other_root), &origin).await;
        assert!(
            matches!(refused, Err(FetchError::Connect(_))),
            "{refused:?}"
        );
        // The certificate is not for this name.
        let by_name = origin.replace("127.0.0.1", "localhost");
        let refused = get(trusting(root), &by_name).await;
        assert!(
            matches!(refused, Err(FetchError::Connect(_))),
            "{refused:?}"
        );
        assert_eq!(heads.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn the_callers_proxy_and_headers_are_used() {
        let (root, acceptor) = certificate();
        let (origin, heads) = serve_tls(acceptor).await;
        let tunnels = Arc::new(Mutex::new(Vec::new()));
        let kept = tunnels.clone();
        let proxy = accept(move |mut stream| {
            let tunnels = tunnels.clone();
            async move {
                let head = read_head(&mut stream).await;
                let address = head.split(' ').nth(1).unwrap();
                let mut server = TcpStream::connect(address).await.unwrap();
                tunnels.lock().unwrap().push(head);
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                // It ends with either side.
                let _ = copy_bidirectional(&mut stream, &mut server).await;
            }
        })
        .await;
        let builder = reqwest::Client::builder()
            .proxy(Proxy::all(format!("http://{proxy}")).unwrap())
            .tls_certs_only([root])
            .default_headers(headers(&[("x-api-key", "k1")]));
        let client = Client::from_builder(builder, PATIENT).unwrap();
        assert_eq!(client.get(&origin).await.unwrap(), b"{}");

        let tunnels = kept.lock().unwrap();
        assert_eq!(tunnels.len(), 1);
        assert!(tunnels[0].starts_with("CONNECT 127.0.0.1:"));
        assert!(!tunnels[0].contains("k1"));
        let heads = heads.lock().unwrap();
        assert_eq!(heads.len(), 1);
        assert!(heads[0].contains("x-api-key: k1\r\n"));
    }

    #[tokio::test]
    async fn the_callers_bounds_are_replaced() {
        let nothing = Duration::from_nanos(1);
        let builder = builder()
            .connect_timeout(nothing)
            .read_timeout(nothing)
            .timeout(nothing)
            .redirect(Policy::limited(10))
            .no_gzip();
        let client = Client::from_builder(builder, PATIENT).unwrap();
        let there = accept(|mut stream| async move {
            read_head(&mut stream).await;
            sleep(SHORT / 10).await;
            let head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n";
            let answer = [&head[..], &gzip(b"{}")].concat();
            send_raw(stream, &answer, Then::Close).await;
        });
        let there = format!("http://{}", there.await);
        assert_eq!(client.get(&there).await.unwrap(), b"{}");
        let redirect = format!("HTTP/1.1 307 Moved\r\nLocation: {there}\r\n\r\n");
        let origin = serve_raw(redirect, Then::Close).await;
        let refused = client.get(&origin).await;
        assert!(matches!(refused, Err(FetchError::ForeignRedirect)));
    }

    #[tokio::test]
    async fn no_error_tells_the_url() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let closed = listener.local_addr().unwrap();
        drop(listener);
        let broken = serve_raw("", Then::Close).await;
        let broken = broken.trim_start_matches("http://");
        for address in [&closed.to_string(), broken] {
            let url = format!("http://hush:hush@{address}/hush?key=hush");
            let error = Client::new(PATIENT).get(&url).await.unwrap_err();
            let mut told = format!("{error:?}");
            let mut cause: Option<&dyn Error> = Some(&error);
            while let Some(error) = cause {
                told += &error.to_string();
                cause = error.source();
            }
            assert!(!told.contains("hush"), "{told}");
        }
    }
}

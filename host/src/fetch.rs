//! HTTP requests with every bound that a hostile or broken server calls for.
//!
//! TLS only, but for loopback addresses; no redirects; at most [`TIMEOUT`] from the first byte sent to
//! the last one received; at most [`MAX_BODY_LEN`] bytes of body, counted as they arrive.

use std::net::IpAddr;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Method, Request, StatusCode, Url};
use serde::Serialize;

/// The longest body, in bytes.
pub const MAX_BODY_LEN: usize = 256 * 1024;

/// How long a request and its answer may take together.
pub const TIMEOUT: Duration = Duration::from_secs(10);

/// Why nothing was fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// Not an absolute URL.
    #[error("not a URL")]
    InvalidUrl,
    /// Neither `https`, nor `http` to a loopback address.
    #[error("only https is allowed, or http to a loopback address")]
    InsecureUrl,
    /// The request could not be sent, or its answer not be read in time.
    #[error("the request failed")]
    Http(#[source] reqwest::Error),
    /// The answer's status is not 200.
    #[error("the server answered {0}")]
    Status(StatusCode),
    /// The body is longer than [`MAX_BODY_LEN`].
    #[error("the answer is longer than {MAX_BODY_LEN} bytes")]
    TooLong,
}

/// Leaves the URL out, which may hold credentials.
impl From<reqwest::Error> for FetchError {
    fn from(error: reqwest::Error) -> Self {
        Self::Http(error.without_url())
    }
}

/// Gets what is at `url`.
///
/// # Errors
///
/// Any [`FetchError`].
pub async fn get(url: &str) -> Result<Vec<u8>, FetchError> {
    let url = parse(url)?;
    let client = client(&url)?;
    send(&client, Request::new(Method::GET, url)).await
}

/// Posts `body` as JSON to `url` and returns the answer's body.
///
/// # Errors
///
/// Any [`FetchError`].
pub async fn post_json(url: &str, body: &impl Serialize) -> Result<Vec<u8>, FetchError> {
    let url = parse(url)?;
    let client = client(&url)?;
    let request = client.post(url).json(body).build()?;
    send(&client, request).await
}

fn parse(url: &str) -> Result<Url, FetchError> {
    let url = Url::parse(url).map_err(|_| FetchError::InvalidUrl)?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err(FetchError::InsecureUrl),
    }
}

/// Whether the URL's host is this machine: a loopback address, or `localhost` (RFC 6761 section 6.3).
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

fn client(url: &Url) -> Result<Client, reqwest::Error> {
    let builder = Client::builder().redirect(Policy::none()).timeout(TIMEOUT);
    // To this machine there is no proxy and no TLS, so it must work without any root certificates.
    if url.scheme() == "http" {
        builder.no_proxy().tls_certs_only([]).build()
    } else {
        builder.build()
    }
}

async fn send(client: &Client, request: Request) -> Result<Vec<u8>, FetchError> {
    let mut answer = client.execute(request).await?;
    if answer.status() != StatusCode::OK {
        return Err(FetchError::Status(answer.status()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if body.len() + chunk.len() > MAX_BODY_LEN {
            return Err(FetchError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use axum::response::Redirect;
    use axum::routing;
    use tokio::net::TcpListener;

    /// Serves `router` until the test's runtime ends; returns its origin.
    async fn serve(router: Router) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, router).await });
        origin
    }

    #[test]
    fn only_https_or_loopback() {
        for url in [
            "https://issuer.example/jwks",
            "http://127.0.0.1:1/",
            "http://127.9.9.9/",
            "http://[::1]:1/",
            "http://localhost/",
        ] {
            assert!(parse(url).is_ok(), "{url}");
        }
        for url in [
            "http://issuer.example/jwks",
            "http://127.0.0.1.example/",
            "http://localhost.example/",
            "http://localhost@issuer.example/",
            "http://192.168.0.1/",
            "file:///etc/passwd",
        ] {
            assert!(matches!(parse(url), Err(FetchError::InsecureUrl)), "{url}");
        }
        assert!(matches!(parse("/jwks"), Err(FetchError::InvalidUrl)));
    }

    #[tokio::test]
    async fn a_body_has_a_bound() {
        let body = |len| move || async move { vec![b' '; len] };
        let router = Router::new()
            .route("/longest", routing::get(body(MAX_BODY_LEN)))
            .route("/longer", routing::get(body(MAX_BODY_LEN + 1)));
        let origin = serve(router).await;
        let longest = get(&format!("{origin}/longest")).await.unwrap();
        assert_eq!(longest.len(), MAX_BODY_LEN);
        let longer = get(&format!("{origin}/longer")).await;
        assert!(matches!(longer, Err(FetchError::TooLong)));
    }

    #[tokio::test]
    async fn only_status_200_is_an_answer() {
        let router = Router::new()
            .route("/moved", routing::get(|| async { Redirect::to("/there") }))
            .route("/there", routing::get(|| async { Body::from("{}") }));
        let origin = serve(router).await;
        assert_eq!(get(&format!("{origin}/there")).await.unwrap(), b"{}");
        for (path, status) in [("moved", 303), ("nowhere", 404)] {
            match get(&format!("{origin}/{path}")).await {
                Err(FetchError::Status(other)) => assert_eq!(other, status),
                other => panic!("{path}: {other:?}"),
            }
        }
    }
}

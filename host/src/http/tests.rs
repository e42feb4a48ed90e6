//! Hostile and broken servers, each against the bound that it breaks.

use std::error::Error;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderValue, Uri};
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::routing;
use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use flate2::Compression;
use flate2::write::GzEncoder;
use headers::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Certificate, ClientBuilder, Method, Proxy, Request, StatusCode, Url};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{self, ServerConfig};

use super::response::{kept_etag, max_age};
use super::*;

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(200);

/// No timeout but those that a test sets.
const PATIENT: Limits = Limits {
    connect_timeout: LONG,
    response_timeout: LONG,
    total_timeout: LONG,
    max_body_len: MAX_BODY_LEN,
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

/// What a raw server does once it has sent its response.
#[derive(Clone, Copy)]
enum Then {
    Close,
    Wait,
    /// Sends this, again and again, slowly.
    Drip(&'static str),
    /// Sends zeros without end.
    Flood,
}

/// Sends `response` as it is to whoever connects and asks; returns the server's origin.
async fn serve_raw(response: impl Into<Vec<u8>>, then: Then) -> String {
    let response = response.into();
    let address = accept(move |mut stream| {
        let response = response.clone();
        async move {
            read_head(&mut stream).await;
            send_raw(stream, &response, then).await;
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
async fn send_raw(mut stream: impl AsyncWrite + Unpin, response: &[u8], then: Then) {
    stream.write_all(response).await.unwrap();
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
    let (der, acceptor) = certificate_in_der();
    (Certificate::from_der(&der).unwrap(), acceptor)
}

fn certificate_in_der() -> (Vec<u8>, TlsAcceptor) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_protocol_versions(rustls::ALL_VERSIONS)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    (
        made.cert.der().to_vec(),
        TlsAcceptor::from(Arc::new(config)),
    )
}

/// Responds with `{}` over TLS; returns the server's origin and the requests' heads as they arrive.
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
    let strict = HttpClient::default();
    for url in loopback {
        assert!(strict.parse(url).is_ok(), "{url}");
    }
    for url in http {
        let rejected = strict.parse(url);
        assert!(matches!(rejected, Err(HttpError::InsecureUrl(_))), "{url}");
    }
    let secret = strict.parse("http://user:hush@issuer.example:8080/hush?hush");
    let message = secret.unwrap_err().to_string();
    assert!(message.starts_with("http://issuer.example:8080 is not https"));
    let file = strict.parse("file:///etc/passwd");
    assert!(matches!(file, Err(HttpError::InsecureUrl(_))));
    let relative = strict.parse("/jwks");
    assert!(matches!(relative, Err(HttpError::InvalidUrl)));
}

#[tokio::test]
async fn what_is_sent_has_an_answer_of_any_status() {
    let header = [("location", "/elsewhere"), ("www-authenticate", "Bearer")];
    let origin = serve(|_| {
        let response = async move |uri: Uri, body: String| {
            let status = uri.path().trim_start_matches('/').parse().unwrap();
            (StatusCode::from_u16(status).unwrap(), header, body)
        };
        Router::new().fallback(response)
    });
    let origin = origin.await;
    let client = HttpClient::default();
    for status in [200, 201, 302, 307, 401, 500] {
        let url = Url::parse(&format!("{origin}/{status}")).unwrap();
        let mut request = Request::new(Method::POST, url);
        *request.body_mut() = Some("hush".into());
        let response = client.send(request).await.unwrap();
        assert_eq!(response.status, status);
        assert_eq!(response.headers["www-authenticate"], "Bearer");
        assert_eq!(response.body, b"hush");
        assert!(!format!("{response:?}").contains("hush"));
    }
    let long = Url::parse(&format!("{origin}/401")).unwrap();
    let mut long = Request::new(Method::POST, long);
    *long.body_mut() = Some(vec![b' '; MAX_BODY_LEN + 1].into());
    let rejected = client.send(long).await;
    assert!(matches!(rejected, Err(HttpError::TooLong(MAX_BODY_LEN))));
    let http = Url::parse("http://issuer.example/").unwrap();
    let rejected = client.send(Request::new(Method::GET, http)).await;
    assert!(matches!(rejected, Err(HttpError::InsecureUrl(_))));
}

#[test]
fn http_is_allowed_by_name() {
    let client = HttpClient::default();
    let client = client.allow_http("http://keycloak:8080").unwrap();
    for url in [
        "http://keycloak:8080",
        "http://KEYCLOAK:8080/realms/demo?a#b",
    ] {
        assert!(client.parse(url).is_ok(), "{url}");
    }
    for url in [
        "http://keycloak",
        "http://keycloak:8081",
        "http://keycloak.example:8080",
        "http://keycloak:8080@evil.example",
        "ftp://keycloak:8080",
    ] {
        let rejected = client.parse(url);
        assert!(matches!(rejected, Err(HttpError::InsecureUrl(_))), "{url}");
    }
    for name in [
        "",
        "keycloak",
        "keycloak:8080",
        "https://keycloak",
        "http://keycloak/realms",
        "http://a@keycloak",
        "http://keycloak/?a",
        "*",
    ] {
        let rejected = HttpClient::default().allow_http(name);
        assert!(matches!(rejected, Err(HttpError::InvalidUrl)), "{name}");
    }
    // With and without the port that is the default.
    let client = HttpClient::default().allow_http("http://keycloak:80/");
    assert!(client.unwrap().parse("http://keycloak/").is_ok());
}

/// The names of a container network, all of which are this machine.
fn container_network(origin: &str, hosts: &[&str]) -> reqwest::ClientBuilder {
    let address = origin["http://".len()..].parse().unwrap();
    let builder = reqwest::Client::builder().no_proxy();
    let resolve = |builder: reqwest::ClientBuilder, host: &&str| builder.resolve(host, address);
    hosts.iter().fold(builder, resolve)
}

#[tokio::test]
async fn http_is_allowed_by_name_and_never_by_a_redirect() {
    let origin = serve(|origin| {
        let port = origin.rsplit_once(':').unwrap().1.to_owned();
        let respond = async move |uri: Uri| match uri.path() {
            "/to-other" => redirect(&format!("http://other:{port}/keys")),
            "/to-named" => redirect(&format!("http://keycloak:{port}/keys")),
            "/within" => redirect("/keys"),
            _ => "keys".into_response(),
        };
        Router::new().fallback(respond)
    });
    let origin = origin.await;
    let port = origin.rsplit_once(':').unwrap().1;
    let at = |host: &str, path: &str| format!("http://{host}:{port}{path}");
    let builder = || container_network(&origin, &["keycloak", "other"]);
    let strict = HttpClient::from_builder(builder(), PATIENT).unwrap();
    let got = strict.get(&at("keycloak", "/keys")).await;
    assert!(matches!(got, Err(HttpError::InsecureUrl(_))));

    let client = HttpClient::from_builder(builder(), PATIENT).unwrap();
    let client = client.allow_http(&at("keycloak", "")).unwrap();
    assert_eq!(client.get(&at("keycloak", "/keys")).await.unwrap(), b"keys");
    assert_eq!(
        client.get(&at("keycloak", "/within")).await.unwrap(),
        b"keys"
    );
    for url in [
        at("keycloak", "/to-other"),
        // Neither from an address that needs no name, nor from one that has one.
        at("127.0.0.1", "/to-named"),
        at("127.0.0.1", "/to-other"),
    ] {
        let got = client.get(&url).await;
        assert!(matches!(got, Err(HttpError::ForeignRedirect)), "{url}");
    }
    let got = client.get(&at("other", "/keys")).await;
    assert!(matches!(got, Err(HttpError::InsecureUrl(_))));
}

fn redirect(location: &str) -> axum::response::Response {
    (StatusCode::FOUND, [("location", location)]).into_response()
}

#[tokio::test]
async fn every_request_says_who_asks() {
    let origin = serve(|_| {
        let agent = |headers: HeaderMap| async move { headers["user-agent"].as_bytes().to_vec() };
        Router::new().fallback(agent)
    });
    let origin = origin.await;
    let expected = format!("tokenlatch/{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(get(&origin).await.unwrap(), expected.as_bytes());
    assert_eq!(post_json(&origin, &1).await.unwrap(), expected.as_bytes());
}

#[tokio::test]
async fn a_server_may_ask_for_patience_within_bounds() {
    let date = |ahead: i64| {
        let now = std::time::SystemTime::now();
        let ahead_or_ago = Duration::from_secs(ahead.unsigned_abs());
        let date = if ahead < 0 {
            now - ahead_or_ago
        } else {
            now + ahead_or_ago
        };
        httpdate::fmt_http_date(date)
    };
    let most = MAX_RETRY_AFTER.as_secs();
    for (value, expected) in [
        ("7".to_owned(), Some(7..=7)),
        ("0".to_owned(), Some(0..=0)),
        ("601".to_owned(), Some(most..=most)),
        ("99999999999999999999".to_owned(), Some(most..=most)),
        (date(100), Some(95..=100)),
        (date(1_000_000), Some(most..=most)),
        (date(-100), Some(0..=0)),
        ("-1".to_owned(), None),
        (String::new(), None),
        ("soon".to_owned(), None),
    ] {
        let origin = serve(|_| {
            let value = value.clone();
            let header = async move || (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", value)]);
            Router::new().fallback(header)
        });
        let failed = get(&origin.await).await.unwrap_err();
        let waits = failed.retry_after().map(|wait| wait.as_secs());
        match expected {
            Some(range) => assert!(range.contains(&waits.unwrap()), "{value} {waits:?}"),
            None => assert!(matches!(failed, HttpError::Status(status) if status == 503)),
        }
    }
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
    assert!(matches!(longer, Err(HttpError::TooLong(MAX_BODY_LEN))));
}

#[tokio::test]
async fn a_body_is_rejected_before_it_is_there() {
    let announced = b"HTTP/1.1 200 OK\r\nContent-Length: 262145\r\n\r\n".to_vec();
    let endless = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    let mut bomb = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n".to_vec();
    let zeros = gzip(&vec![0; 100 * MAX_BODY_LEN]);
    assert!(zeros.len() < MAX_BODY_LEN);
    // The end, and with it the length and the checksum, never comes.
    bomb.extend_from_slice(&zeros[..zeros.len() / 2]);
    for (name, response, then) in [
        ("announced", announced, Then::Wait),
        ("endless", endless, Then::Flood),
        ("bomb", bomb, Then::Wait),
    ] {
        let origin = serve_raw(response, then).await;
        let rejected = HttpClient::new(PATIENT).get(&origin).await;
        assert!(
            matches!(rejected, Err(HttpError::TooLong(MAX_BODY_LEN))),
            "{name}: {rejected:?}"
        );
    }
}

#[tokio::test]
async fn gzip_is_understood() {
    for name in ["gzip", "x-gzip", "GZip"] {
        let response = |body: &[u8]| {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {name}\r\n\r\n");
            serve_raw([head.as_bytes(), body].concat(), Then::Close)
        };
        let origin = response(&gzip(b"{}")).await;
        assert_eq!(get(&origin).await.unwrap(), b"{}", "{name}");
        let request = Request::new(Method::GET, origin.parse().unwrap());
        let response_of_any_kind = HttpClient::default().send(request).await.unwrap();
        assert_eq!(response_of_any_kind.body, b"{}", "{name}");
        let encoding = response_of_any_kind.headers.get("content-encoding");
        assert_eq!(encoding, None, "{name}");

        let origin = response(&gzip(&vec![0; MAX_BODY_LEN + 1])).await;
        let bomb = get(&origin).await;
        assert!(
            matches!(bomb, Err(HttpError::TooLong(MAX_BODY_LEN))),
            "{name}"
        );
        let origin = response(b"{}").await;
        let broken = get(&origin).await;
        assert!(
            matches!(broken, Err(HttpError::Http(_) | HttpError::Gzip(_))),
            "{name}: {broken:?}"
        );
    }
}

#[tokio::test]
async fn a_broken_answer_is_none() {
    for response in [
        "",
        "SSH-2.0-OpenSSH_9.6\r\n",
        "HTTP/1.1 200 OK\r\nContent-Le",
        // The length is a lie, or the connection ended within the body.
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n{}",
    ] {
        let origin = serve_raw(response, Then::Close).await;
        let broken = HttpClient::new(PATIENT).get(&origin).await;
        assert!(
            matches!(broken, Err(HttpError::Http(_))),
            "{response}: {broken:?}"
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
    let client = HttpClient::from_builder(builder().tls_certs_only([root]), limits).unwrap();
    let late = client.get(&format!("https://{silent}/")).await;
    assert!(matches!(late, Err(HttpError::ConnectTimeout)), "{late:?}");

    let origin = serve_raw("HTTP/1.1 200 OK\r\n", Then::Drip("X: y\r\n")).await;
    let limits = Limits {
        response_timeout: SHORT,
        ..PATIENT
    };
    let late = HttpClient::new(limits).get(&origin).await;
    assert!(matches!(late, Err(HttpError::ResponseTimeout)), "{late:?}");

    let origin = serve_raw("HTTP/1.1 200 OK\r\n\r\n{", Then::Drip(" ")).await;
    let limits = Limits {
        total_timeout: SHORT,
        ..PATIENT
    };
    let late = HttpClient::new(limits).get(&origin).await;
    assert!(matches!(late, Err(HttpError::TotalTimeout)), "{late:?}");
    let late = HttpClient::new(limits).post_json(&origin, &()).await;
    assert!(matches!(late, Err(HttpError::TotalTimeout)), "{late:?}");
}

#[tokio::test]
async fn only_status_200_is_a_response() {
    let origin = serve_raw("HTTP/1.1 404 Not Found\r\n\r\n{}", Then::Close).await;
    let got = get(&origin).await;
    assert!(matches!(got, Err(HttpError::Status(status)) if status == 404));
    let posted = post_json(&origin, &()).await;
    assert!(matches!(posted, Err(HttpError::Status(status)) if status == 404));
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
        let to = |place: String| routing::any(move || async move { Redirect::temporary(&place) });
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
    let client = HttpClient::new(PATIENT);
    let get = async |path| client.get(&format!("{origin}/{path}")).await;

    assert_eq!(get("3").await.unwrap(), b"{}");
    for path in ["4", "loop"] {
        let rejected = get(path).await;
        assert!(
            matches!(rejected, Err(HttpError::TooManyRedirects)),
            "{path}"
        );
    }
    for path in [
        "other-port",
        "other-host",
        "other-scheme",
        "protocol-relative",
    ] {
        let rejected = get(path).await;
        assert!(
            matches!(rejected, Err(HttpError::ForeignRedirect)),
            "{path}"
        );
    }
    let rejected = get("no-url").await;
    assert!(matches!(rejected, Err(HttpError::InvalidRedirect)));

    let rejected = client.post_json(&format!("{origin}/1"), &()).await;
    assert!(matches!(rejected, Err(HttpError::Status(status)) if status == 307));
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
    let client = HttpClient::new(PATIENT);
    let max_age = Some(Duration::from_secs(40));
    let document = Fetched::Document {
        body: b"{}".to_vec(),
        etag: Some("W/\"v1\"".to_owned()),
        max_age,
    };
    for stale in [
        None,
        Some("\"v0\""),
        Some("no ETag"),
        Some("\"v 0\""),
        Some("\r\nX: y"),
    ] {
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
        let rejected = HttpClient::new(PATIENT).get_if_changed(&origin, etag).await;
        assert!(matches!(rejected, Err(HttpError::Status(status)) if status == 304));
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
    for none in [
        longer.as_str(),
        "unquoted",
        "\"",
        "",
        // Other servers send these, too.
        "\"a b\"",
        "W/\"a\tb\"",
        "\"\u{e9}\"",
    ] {
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
        (&[(control, "No-Store, Max-Age=60")], Some(0)),
        (&[(control, "Max-Age=60")], Some(60)),
        // What is malformed does not make it fresh.
        (&[(control, "max-age=-1")], Some(0)),
        (&[(control, "no-store, max-age=-1")], Some(0)),
        (&[(control, "")], None),
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
        let client = HttpClient::from_builder(builder, PATIENT).unwrap();
        client.get(url).await
    };

    assert_eq!(get(trusting(root.clone()), &origin).await.unwrap(), b"{}");
    let rejected = get(trusting(other_root), &origin).await;
    assert!(
        matches!(rejected, Err(HttpError::Connect(_))),
        "{rejected:?}"
    );
    // The certificate is not for this name.
    let by_name = origin.replace("127.0.0.1", "localhost");
    let rejected = get(trusting(root), &by_name).await;
    assert!(
        matches!(rejected, Err(HttpError::Connect(_))),
        "{rejected:?}"
    );
    assert_eq!(heads.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_certificate_is_trusted_and_a_header_is_sent_on_request() {
    let (der, acceptor) = certificate_in_der();
    let (origin, heads) = serve_tls(acceptor).await;
    let body = BASE64.encode(der);
    let pem = format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
    let client = HttpClient::new(PATIENT);
    assert!(
        client.get(&origin).await.is_err(),
        "nothing says that it is trusted"
    );
    let client = client.trust(pem.as_bytes()).unwrap();
    let secret = HeaderValue::from_static("Bearer hush");
    let client = client.header(reqwest::header::AUTHORIZATION, secret);
    assert!(!format!("{client:?}").contains("hush"));
    assert_eq!(client.get(&origin).await.unwrap(), b"{}");
    let heads = heads.lock().unwrap();
    assert!(heads[0].contains("authorization: Bearer hush\r\n"));
    assert!(heads[0].contains("user-agent: tokenlatch/"));
    for wrong in ["", "-----BEGIN CERTIFICATE-----", "hello"] {
        let client = HttpClient::default().trust(wrong.as_bytes());
        assert!(
            matches!(client, Err(HttpError::InvalidCertificate)),
            "{wrong}"
        );
    }
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
    let client = HttpClient::from_builder(builder, PATIENT).unwrap();
    assert_eq!(client.get(&origin).await.unwrap(), b"{}");

    let tunnels = kept.lock().unwrap();
    assert_eq!(tunnels.len(), 1);
    assert!(tunnels[0].starts_with("CONNECT 127.0.0.1:"));
    assert!(!tunnels[0].contains("k1"));
    let heads = heads.lock().unwrap();
    assert_eq!(heads.len(), 1);
    assert!(heads[0].contains("x-api-key: k1\r\n"));
}

/// Whoever is on the way to a proxy could choose the keys and read the secrets.
#[tokio::test]
async fn http_to_loopback_takes_no_proxy() {
    let origin = serve(|_| Router::new().fallback(|| async { "keys" })).await;
    let proxy = serve(|_| Router::new().fallback(|| async { "of the proxy" })).await;
    let builder = reqwest::Client::builder().proxy(Proxy::all(proxy).unwrap());
    let client = HttpClient::from_builder(builder, PATIENT).unwrap();
    assert_eq!(client.get(&origin).await.unwrap(), b"keys");
}

#[tokio::test]
async fn the_callers_bounds_are_replaced() {
    let nothing = Duration::from_nanos(1);
    let there = accept(|mut stream| async move {
        read_head(&mut stream).await;
        sleep(SHORT / 10).await;
        let head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n";
        let response = [&head[..], &gzip(b"{}")].concat();
        send_raw(stream, &response, Then::Close).await;
    });
    let there = format!("http://{}", there.await);
    let redirect = format!("HTTP/1.1 307 Moved\r\nLocation: {there}\r\n\r\n");
    let origin = serve_raw(redirect, Then::Close).await;
    let get = async |origin: &str| {
        let builder = container_network(origin, &["keycloak"])
            .connect_timeout(nothing)
            .read_timeout(nothing)
            .timeout(nothing)
            .redirect(Policy::limited(10))
            .no_gzip();
        let client = HttpClient::from_builder(builder, PATIENT).unwrap();
        let named = origin.replace("127.0.0.1", "keycloak");
        client.allow_http(&named).unwrap().get(&named).await
    };
    assert_eq!(get(&there).await.unwrap(), b"{}");
    let rejected = get(&origin).await;
    assert!(matches!(rejected, Err(HttpError::ForeignRedirect)));
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
        let error = HttpClient::new(PATIENT).get(&url).await.unwrap_err();
        let mut told = format!("{error:?}");
        let mut cause: Option<&dyn Error> = Some(&error);
        while let Some(error) = cause {
            told += &error.to_string();
            cause = error.source();
        }
        assert!(!told.contains("hush"), "{told}");
    }
}

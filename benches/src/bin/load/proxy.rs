//! nginx with a page, alone and with `tokenlatch serve` to ask whether a request may have the page.

use std::error::Error;
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokenlatch_benches::Case;

use crate::process::Process;
use crate::service::Service;

/// The configuration of `tokenlatch serve`.
const SERVE: &str = r#"
listen = "{serve}"
admin = "127.0.0.1:0"

[[issuer]]
issuer = "{issuer}"
audience = "{audience}"
jwks = "{folder}/jwks.json"
"#;

/// The configuration of nginx. It is one process with one thread, as there is one core for it.
const NGINX: &str = r#"
daemon off;
master_process off;
error_log stderr error;
pid nginx.pid;
events {
    worker_connections 1024;
}
http {
    access_log off;
    default_type text/plain;
    keepalive_requests 1000000000;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    upstream serve {
        server {serve};
        keepalive 64;
        keepalive_requests 1000000000;
    }
    server {
        listen {nginx};
        root pages;
        location / {
            {guard}
        }
        {guarded}
    }
}
"#;

/// How nginx asks.
const GUARDED: &str = r#"
        location = /_tokenlatch {
            internal;
            proxy_pass http://serve/nginx;
            proxy_http_version 1.1;
            proxy_pass_request_body off;
            proxy_set_header Connection "";
            proxy_set_header Content-Length "";
        }
"#;

/// How long a program may take to listen.
const PATIENCE: Duration = Duration::from_secs(10);

/// The name and version of nginx.
pub(crate) fn version() -> Result<String, Box<dyn Error>> {
    let output = Command::new("nginx").arg("-v").output()?;
    let text = String::from_utf8(output.stderr)?;
    let (_, version) = text.trim().rsplit_once('/').ok_or("nginx has no version")?;
    Ok(format!("nginx {version}"))
}

/// Starts nginx, and the program `tokenlatch` behind it if there is one.
pub(crate) fn start(case: &Case, tokenlatch: Option<&Path>) -> Result<Service, Box<dyn Error>> {
    let folder = TempDir::new()?;
    let path = folder.path();
    let [nginx, serve] = [free_address()?, free_address()?];
    let (guard, guarded) = match tokenlatch {
        Some(_) => ("auth_request /_tokenlatch;", GUARDED),
        None => ("", ""),
    };
    let fill = |text: &str| {
        text.replace("{guard}", guard)
            .replace("{guarded}", guarded)
            .replace("{nginx}", &nginx.to_string())
            .replace("{serve}", &serve.to_string())
            .replace("{issuer}", case.issuer)
            .replace("{audience}", case.audience)
            .replace("{folder}", &path.to_string_lossy())
    };
    fs::write(path.join("nginx.conf"), fill(NGINX))?;
    fs::write(path.join("serve.toml"), fill(SERVE))?;
    fs::write(path.join("jwks.json"), &case.jwk_set)?;
    fs::create_dir(path.join("pages"))?;
    fs::write(path.join("pages/hello"), "hello")?;

    let mut processes = Vec::new();
    if let Some(tokenlatch) = tokenlatch {
        let mut program = Command::new(tokenlatch);
        program.args(["serve", "--config"]);
        program.arg(path.join("serve.toml"));
        processes.push(Process::start(&program, Stdio::null())?);
        wait_for(serve).map_err(|error| format!("{}: {error}", tokenlatch.display()))?;
    }
    let mut program = Command::new("nginx");
    program.arg("-p").arg(path).args(["-c", "nginx.conf"]);
    processes.push(Process::start(&program, Stdio::null())?);
    wait_for(nginx)?;
    Ok(Service {
        address: nginx,
        processes,
        _folder: Some(folder),
    })
}

/// An address that nobody listens at. Somebody else might soon, which would fail the run.
fn free_address() -> std::io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}

fn wait_for(address: SocketAddr) -> Result<(), String> {
    let start = Instant::now();
    while TcpStream::connect(address).is_err() {
        if start.elapsed() > PATIENCE {
            return Err(format!("nobody listens at {address}"));
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

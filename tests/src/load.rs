//! Shared by the load tests: a server that counts, tokens, and the memory in use.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Router, routing};
use serde_json::{Value, json};
use tokenlatch::Policy;
use tokenlatch_host::http::HttpClient;
use tokenlatch_host::key_set::HttpSource;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::issuer::Issuer;

/// The policy for the tokens.
pub const POLICY: Policy = Policy::new("https://issuer.example/", "https://api.example.com/");

/// A token that this key signed, with another `kid`.
#[must_use]
pub fn token(key: &Issuer, key_id: &str) -> String {
    let header = json!({"alg": "RS256", "typ": "at+jwt", "kid": key_id});
    let claims = json!({
        "iss": "https://issuer.example/",
        "aud": "https://api.example.com/",
        "sub": "service-7",
        "scope": "read:doors open:doors",
        // In the year 2100.
        "exp": 4_102_444_800_u64,
    });
    key.sign(header.to_string(), claims.to_string())
}

/// The JWK Set of these keys with these `kid`s.
pub fn key_set<'k>(keys: impl IntoIterator<Item = (&'k Issuer, String)>) -> String {
    let keys = keys.into_iter().map(|(key, key_id)| {
        let mut jwk = key.jwk();
        jwk["kid"] = key_id.into();
        jwk
    });
    json!({ "keys": keys.collect::<Vec<Value>>() }).to_string()
}

/// What a [`Server`] does with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Sends the document.
    Serving,
    /// Responds with 503.
    Unavailable,
    /// Refuses connections.
    Refusing,
}

/// A JWK Set server on a loopback port, on its own thread. It counts the requests.
///
/// It keeps no connection open, so no connection outlives the server.
pub struct Server {
    address: SocketAddr,
    mode: watch::Sender<Mode>,
    shared: Arc<Shared>,
}

struct Shared {
    document: Mutex<String>,
    requests: AtomicU64,
}

impl Server {
    /// Starts a server.
    ///
    /// # Panics
    ///
    /// If there is no free port or no thread.
    #[must_use]
    pub fn start(document: String) -> Self {
        let shared = Arc::new(Shared {
            document: Mutex::new(document),
            requests: AtomicU64::new(0),
        });
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listener = std::net::TcpListener::bind(any_port).expect("a port");
        let address = listener.local_addr().expect("a bound port");
        drop(listener);
        let (mode, modes) = watch::channel(Mode::Serving);
        let (is_ready, ready) = std::sync::mpsc::channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let state = shared.clone();
        thread::spawn(move || runtime.block_on(serve(address, modes, state, is_ready)));
        ready.recv().expect("the server starts");
        Self {
            address,
            mode,
            shared,
        }
    }

    /// The source of its key set.
    ///
    /// # Panics
    ///
    /// Never: it is a loopback address.
    #[must_use]
    pub fn source(&self) -> HttpSource {
        let url = format!("http://{}/keys", self.address);
        HttpSource::url(&url, HttpClient::default()).expect("a loopback address")
    }

    /// Sends this from now on.
    ///
    /// # Panics
    ///
    /// Never: no thread panics while it holds the document.
    pub fn set(&self, document: String) {
        *self.shared.document.lock().expect("no panic") = document;
    }

    /// Behaves like this from now on.
    pub fn behave(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// How many requests there were.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::SeqCst)
    }
}

async fn serve(
    address: SocketAddr,
    mut modes: watch::Receiver<Mode>,
    shared: Arc<Shared>,
    is_ready: std::sync::mpsc::Sender<()>,
) {
    let response = {
        let modes = modes.clone();
        move || {
            let response = shared.response(*modes.borrow());
            async move { response }
        }
    };
    let router = Router::new().route("/keys", routing::get(response));
    // Until the server is dropped.
    while modes.wait_for(|mode| *mode != Mode::Refusing).await.is_ok() {
        let listener = TcpListener::bind(address).await.expect("the same port");
        // No caller waits for it any more.
        let _ = is_ready.send(());
        let mut modes = modes.clone();
        axum::serve(listener, router.clone())
            .with_graceful_shutdown(async move {
                // In both cases the connection ends.
                let _ = modes.wait_for(|mode| *mode == Mode::Refusing).await;
            })
            .await
            .expect("axum never fails");
    }
}

impl Shared {
    fn response(&self, mode: Mode) -> Response {
        self.requests.fetch_add(1, Ordering::SeqCst);
        let close = [("connection", "close")];
        match mode {
            Mode::Serving => {
                let document = self.document.lock().expect("no panic").clone();
                (close, document).into_response()
            }
            Mode::Unavailable | Mode::Refusing => {
                (StatusCode::SERVICE_UNAVAILABLE, close).into_response()
            }
        }
    }
}

/// The memory that this process uses now, and the most that it has used since the last
/// [`forget_peak_memory`], in bytes. Only on Linux.
#[must_use]
pub fn memory() -> Option<(u64, u64)> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let bytes = |name| Some(number(&status, name)? * 1024);
    Some((bytes("VmRSS:")?, bytes("VmHWM:")?))
}

/// The number after `name` in a process's `status` (proc(5)); of memory, in kibibytes.
#[must_use]
pub fn number(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// Starts a new peak for [`memory`]. Only on Linux; elsewhere nothing happens.
pub fn forget_peak_memory() {
    // As proc(5) describes. If the file cannot be written, the peak is too high, but never too low.
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// How many events fit in `duration` if the waits before them are these, one after the other.
#[must_use]
pub fn times_within(duration: Duration, waits: impl IntoIterator<Item = Duration>) -> u64 {
    let mut sum = Duration::ZERO;
    let mut times = 0;
    for wait in waits {
        sum += wait;
        if sum > duration {
            break;
        }
        times += 1;
    }
    times
}

#[cfg(test)]
mod tests {
    use std::iter;

    use super::*;

    #[test]
    fn what_takes_time_happens_so_often() {
        let second = Duration::from_secs(1);
        let doubling = || iter::successors(Some(second), |wait| Some(*wait * 2));
        assert_eq!(times_within(Duration::ZERO, doubling()), 0);
        assert_eq!(times_within(second, doubling()), 1);
        assert_eq!(
            times_within(7 * second - Duration::from_nanos(1), doubling()),
            2
        );
        assert_eq!(times_within(7 * second, doubling()), 3);
        assert_eq!(times_within(second, iter::repeat(second / 4)), 4);
    }
}

//! Servers on the loopback interface, with schedules of milliseconds.

use std::net::{Ipv4Addr, SocketAddr};

use futures_util::future::join_all;
use tokenlatch_host::http::HttpClient;
use tokenlatch_host::key_set::{Builder, HttpSource, KeySetCache, Schedule, State};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::*;

/// A server that sends the set response, once for each connection.
pub(crate) struct Server {
    address: SocketAddr,
    state: Arc<Behaviour>,
    task: JoinHandle<()>,
}

struct Behaviour {
    /// The whole response, head included.
    response: Mutex<String>,
    /// The heads of the requests.
    asked: Mutex<Vec<String>>,
    /// While it is closed, responses wait.
    is_open: watch::Sender<bool>,
}

pub(crate) fn document(body: &str) -> String {
    let len = body.len();
    format!("HTTP/1.1 200 OK\r\nETag: \"1\"\r\nContent-Length: {len}\r\n\r\n{body}")
}

impl Server {
    pub(crate) async fn start(response: String) -> Self {
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let state = Arc::new(Behaviour {
            response: Mutex::new(response),
            asked: Mutex::default(),
            is_open: watch::Sender::new(true),
        });
        Self::start_at(any_port, state).await
    }

    async fn start_at(address: SocketAddr, state: Arc<Behaviour>) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        Self {
            address: listener.local_addr().unwrap(),
            state: state.clone(),
            task: tokio::spawn(serve(listener, state)),
        }
    }

    /// From now on, connections are refused.
    pub(crate) async fn stop(self) -> Stopped {
        self.task.abort();
        drop(self.task.await);
        Stopped {
            address: self.address,
            state: self.state,
        }
    }

    pub(crate) fn source(&self) -> HttpSource {
        let url = format!("http://{}/keys", self.address);
        HttpSource::url(&url, HttpClient::default()).unwrap()
    }

    pub(crate) fn set(&self, response: String) {
        *self.state.response.lock().unwrap() = response;
    }

    /// Whether it responds at all.
    pub(crate) fn open(&self, is_open: bool) {
        self.state.is_open.send_replace(is_open);
    }

    pub(crate) fn asked(&self) -> usize {
        self.state.asked.lock().unwrap().len()
    }
}

/// A server that is out of order.
pub(crate) struct Stopped {
    address: SocketAddr,
    state: Arc<Behaviour>,
}

impl Stopped {
    pub(crate) async fn start(self, response: String) -> Server {
        *self.state.response.lock().unwrap() = response;
        Server::start_at(self.address, self.state).await
    }
}

async fn serve(listener: TcpListener, state: Arc<Behaviour>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let state = state.clone();
        tokio::spawn(async move {
            // The client may close the connection.
            let _ = response(stream, &state).await;
        });
    }
}

async fn response(mut stream: TcpStream, state: &Behaviour) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8(head).unwrap();
    let is_same = head.contains("if-none-match: \"1\"");
    state.asked.lock().unwrap().push(head);
    let mut is_open = state.is_open.subscribe();
    is_open.wait_for(|is_open| *is_open).await.unwrap();
    let mut response = state.response.lock().unwrap().clone();
    if is_same && response == "304" {
        response = "HTTP/1.1 304 Not Modified\r\n\r\n".into();
    }
    stream.write_all(response.as_bytes()).await?;
    stream.shutdown().await
}

pub(crate) const SCHEDULE: Schedule = {
    let mut schedule = Schedule::new();
    schedule.ttl = Duration::from_millis(100);
    schedule.min_ttl = Duration::from_millis(100);
    schedule.max_ttl = Duration::from_millis(100);
    schedule.max_stale = MINUTE;
    schedule.cooldown = Duration::from_millis(1);
    schedule.max_absent = Duration::from_millis(1);
    schedule.min_retry = Duration::from_millis(5);
    schedule.max_retry = Duration::from_millis(10);
    schedule.refresh_idle = true;
    schedule
};

/// The same schedule without refreshes.
pub(crate) const LONG_LIVED: Schedule = {
    let mut schedule = SCHEDULE;
    schedule.ttl = MINUTE;
    schedule.max_ttl = MINUTE;
    schedule
};

pub(crate) fn cache(server: &Server, schedule: Schedule) -> Builder {
    KeySetCache::builder(server.source()).schedule(schedule)
}

/// Waits until the condition holds.
pub(crate) async fn until(is_so: impl Fn() -> bool) {
    let so = async {
        while !is_so() {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(MINUTE, so).await.expect("the condition never held");
}

#[tokio::test]
async fn keys_rotate() {
    let server = Server::start(document(&key_set(&["a"]))).await;
    let keys = cache(&server, SCHEDULE).start();
    verify(&keys, "a").await.unwrap();
    server.set(document(&key_set(&["a", "b"])));
    verify(&keys, "b").await.unwrap();
    verify(&keys, "a").await.unwrap();
    server.set(document(&key_set(&["b"])));
    let fetched = keys.health().fetched;
    // The request after the next one was sent after the change.
    until(|| keys.health().fetched >= fetched + 2).await;
    assert!(is_unknown(&verify(&keys, "a").await));
    verify(&keys, "b").await.unwrap();
}

#[tokio::test]
async fn an_outage_ends() {
    let server = Server::start(document(&key_set(&["a"]))).await;
    let keys = cache(&server, SCHEDULE).start();
    verify(&keys, "a").await.unwrap();
    let server = server.stop().await;
    // The first of these fetches may come long before the set expires.
    until(|| keys.health().failed >= 3 && keys.health().state == State::Stale).await;
    verify(&keys, "a").await.unwrap();
    let _server = server.start(document(&key_set(&["b"]))).await;
    until(|| keys.health().fetched >= 2).await;
    verify(&keys, "b").await.unwrap();
    assert!(is_unknown(&verify(&keys, "a").await));
}

#[tokio::test]
async fn a_bad_answer_leaves_the_old_keys() {
    let good = document(&key_set(&["b"]));
    for response in [
        "HTTP/1.1 503 Service Unavailable\r\n\r\n".into(),
        document("<html>Down for maintenance</html>"),
        document(r#"{"keys":[]}"#),
        // Closed within the body, and within the head.
        good[..good.len() - 100].to_owned(),
        good[..20].to_owned(),
        String::new(),
    ] {
        let server = Server::start(document(&key_set(&["a"]))).await;
        let keys = cache(&server, SCHEDULE).start();
        verify(&keys, "a").await.unwrap();
        server.set(response.clone());
        until(|| keys.health().failed >= 2).await;
        verify(&keys, "a").await.unwrap();
        let health = keys.health();
        assert!(health.last_error.is_some(), "{response}");
        server.set(good.clone());
        until(|| keys.health().last_error.is_none()).await;
        verify(&keys, "b").await.unwrap();
    }
}

#[tokio::test]
async fn a_server_that_asks_for_time_has_it() {
    let busy = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 300\r\n\r\n";
    let server = Server::start(busy.into()).await;
    let keys = cache(&server, SCHEDULE).start();
    keys.ready().await.unwrap_err();
    // The schedule alone asks again within 10 milliseconds.
    let wait = keys.retry_in(None).unwrap();
    assert!(wait > 4 * MINUTE, "{wait:?}");
}

#[tokio::test]
async fn an_unchanged_set_is_not_sent_again() {
    let server = Server::start(document(&key_set(&["a"]))).await;
    let keys = cache(&server, SCHEDULE).start();
    verify(&keys, "a").await.unwrap();
    server.set("304".into());
    until(|| keys.health().not_modified >= 3).await;
    let health = keys.health();
    assert_eq!((health.fetched, health.failed), (1, 0));
    assert_eq!(health.state, State::Fresh);
    verify(&keys, "a").await.unwrap();
}

#[tokio::test]
async fn while_a_server_is_slow_readers_read_and_who_gives_up_harms_nobody() {
    let server = Server::start(document(&key_set(&["a"]))).await;
    let keys = cache(&server, LONG_LIVED).start();
    verify(&keys, "a").await.unwrap();
    server.set(document(&key_set(&["a", "b"])));
    server.open(false);
    let lookup = || {
        let keys = keys.clone();
        tokio::spawn(async move { verify(&keys, "b").await })
    };
    // The caller that caused the fetch gives up while it runs.
    let first = lookup();
    until(|| server.asked() == 2).await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    let others: Vec<_> = (0..10).map(|_| lookup()).collect();
    for _ in 0..100 {
        verify(&keys, "a").await.unwrap();
    }
    server.open(true);
    for verdict in join_all(others).await {
        verdict.unwrap().unwrap();
    }
    assert_eq!(server.asked(), 2);
}

#[tokio::test]
async fn a_restart_during_an_outage_has_the_last_good_keys() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys");
    let server = Server::start(document(&key_set(&["a"]))).await;
    let keys = cache(&server, SCHEDULE).snapshot(&path).start();
    verify(&keys, "a").await.unwrap();
    until(|| path.exists()).await;
    drop(keys);
    let again = cache(&server, SCHEDULE);
    let server = server.stop().await;
    let keys = again.snapshot(&path).start();
    until(|| keys.health().failed >= 1).await;
    verify(&keys, "a").await.unwrap();
    let _server = server.start(document(&key_set(&["b"]))).await;
    until(|| keys.health().fetched >= 1).await;
    verify(&keys, "b").await.unwrap();
}

//! HTTP/1.1 and HTTP/2 without TLS, with bounds on what a client can delay.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

use crate::address::{cannot_listen, first_address};
use crate::failure::Failure;

/// How many connections there are at a time. Further ones wait.
const MAX_CONNECTIONS: usize = 4096;

/// How many requests of one HTTP/2 connection are there at a time.
const MAX_STREAMS: u32 = 1024;

/// The longest header, in bytes: the first line and all fields.
const MAX_HEADER_LEN: u32 = 64 * 1024;

/// How long the header of a request may take to arrive.
const HEADER_TIMEOUT: Duration = Duration::from_secs(60);

/// How long running requests may take when the server stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// A listener that serves until it is stopped.
pub(super) struct Listener {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// Listens at the first address of `HOST:PORT`.
pub(super) async fn bind(listen: &str) -> Result<TcpListener, Failure> {
    let listener = TcpListener::bind(first_address(listen).await?).await;
    listener.map_err(|error| cannot_listen(listen, error))
}

impl Listener {
    pub(super) fn start(listener: TcpListener, router: Router) -> Result<Self, Failure> {
        let address = listener.local_addr();
        let address = address.map_err(|error| Failure::Usage(error.to_string()))?;
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(serve(listener, router, stopped));
        Ok(Self {
            address,
            stop,
            task,
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Finishes the requests that have begun.
    pub(super) async fn stop(self) {
        drop(self.stop);
        // A panic in a connection's task has been reported.
        let _ = self.task.await;
    }
}

async fn serve(listener: TcpListener, router: Router, mut stopped: oneshot::Receiver<()>) {
    let shutdown = GracefulShutdown::new();
    let mut http = auto::Builder::new(TokioExecutor::new());
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_HEADER_LEN as usize);
    http.http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEADER_LEN)
        .keep_alive_interval(HEADER_TIMEOUT);
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            // The sender sends nothing: it is dropped.
            _ = &mut stopped => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => accepted,
        };
        let Ok((stream, _)) = accepted else {
            // The process probably has too many open files. That may change.
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        // A small response waits for nothing more.
        let _: io::Result<()> = stream.set_nodelay(true);
        let service = TowerToHyperService::new(router.clone());
        let connection = http.serve_connection(TokioIo::new(stream), service);
        let connection = shutdown.watch(connection.into_owned());
        connections.spawn(async move { drop(connection.await) });
    }
    drop(listener);
    // The rest of the connections end when `connections` is dropped.
    let _ = timeout(STOP_TIMEOUT, shutdown.shutdown()).await;
}

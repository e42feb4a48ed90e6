//! HTTP, with bounds on everything that a client can delay.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

use super::exchange::Disconnect;

/// How many connections there are at a time. Further ones wait.
const MAX_CONNECTIONS: usize = 1024;

/// The longest header, in bytes: the first line and all fields.
const MAX_HEADER_LEN: usize = 16 * 1024;

/// How long the header of a request may take to arrive.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// How long running requests may take when the server stops.
pub(crate) const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// The address that sent a request.
#[derive(Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Serves until the sender of `stop` is dropped, then finishes the running requests.
pub(crate) async fn serve(listener: TcpListener, router: Router, mut stop: oneshot::Receiver<()>) {
    let shutdown = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_HEADER_LEN);
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            // The sender sends nothing: it is dropped.
            _ = &mut stop => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => accepted,
        };
        let Ok((stream, peer)) = accepted else {
            // The process probably has too many open files. That may change.
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        let router = router.clone();
        let service = service_fn(move |request| response(router.clone(), peer, request));
        let connection = http.serve_connection(TokioIo::new(stream), service);
        connections.spawn(shutdown.watch(connection));
    }
    drop(listener);
    // The rest of the connections end when `connections` is dropped.
    let _ = timeout(STOP_TIMEOUT, shutdown.shutdown()).await;
}

/// The router's response, or an error to close the connection.
async fn response(
    router: Router,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> io::Result<Response> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(Peer(peer));
    let Ok(response) = router.oneshot(request).await;
    match response.extensions().get::<Disconnect>() {
        Some(Disconnect) => Err(io::ErrorKind::ConnectionAborted.into()),
        None => Ok(response),
    }
}

//! An HTTP server in this process, which sends any bytes, and a client whose connections all lead to it.

use std::collections::VecDeque;
use std::process;
use std::sync::{Arc, Mutex};

use tokenlatch_host::http::{HttpClient, Limits};
use tokenlatch_host::reqwest;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::runtime::{Builder, Runtime};

/// The server's origin. Where it leads does not matter: the client has a socket of its own. To a loopback address, it
/// would not take that.
pub const ORIGIN: &str = "http://issuer";

/// What stands between two responses of an input.
pub const NEXT_RESPONSE: u8 = 0x1e;
/// What stands between the header of a response and its body, whose length and end of the header are then added.
const BODY: u8 = 0x1f;

/// A server and its client.
pub struct Server {
    runtime: Runtime,
    client: HttpClient,
    responses: Responses,
}

type Responses = Arc<Mutex<VecDeque<Vec<u8>>>>;

impl Server {
    /// Starts the server.
    pub fn start() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        // Linux has sockets that are no files: their names begin with a NUL.
        let path = format!("\0tokenlatch-fuzz-{}", process::id());
        let listener = {
            let _context = runtime.enter();
            UnixListener::bind(&path).expect("a socket")
        };
        let responses = Responses::default();
        runtime.spawn(serve(listener, responses.clone()));
        // No connection outlives the response, for the next input has responses of its own.
        let builder = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .pool_max_idle_per_host(0)
            .unix_socket(path);
        let client = HttpClient::from_builder(builder, Limits::default()).expect("a client");
        let client = client.allow_http(ORIGIN).expect("an origin");
        let server = Self {
            runtime,
            client,
            responses,
        };
        let body = server.run(b"HTTP/1.1 200 OK\x1fhello", server.client.get(ORIGIN));
        assert_eq!(body.expect("a response"), b"hello");
        server
    }

    /// The client.
    pub fn client(&self) -> HttpClient {
        self.client.clone()
    }

    /// Runs `work` while the server sends the responses of an input, one for each connection.
    pub fn run<T>(&self, responses: &[u8], work: impl Future<Output = T>) -> T {
        let responses = responses.split(|byte| *byte == NEXT_RESPONSE).map(complete);
        *self.responses.lock().expect("nobody panics") = responses.collect();
        self.runtime.block_on(work)
    }
}

async fn serve(listener: UnixListener, responses: Responses) {
    while let Ok((connection, _)) = listener.accept().await {
        let response = responses.lock().expect("nobody panics").pop_front();
        tokio::spawn(respond(connection, response.unwrap_or_default()));
    }
}

/// Responds once to whatever comes. Errors are the client's: it may be gone.
async fn respond(mut connection: UnixStream, response: Vec<u8>) {
    let mut request = [0; 4096];
    let _ = connection.read(&mut request).await;
    let _ = connection.write_all(&response).await;
    let _ = connection.shutdown().await;
    // What is unread would break the connection before the response is there.
    while connection.read(&mut request).await.is_ok_and(|len| len > 0) {}
}

fn complete(response: &[u8]) -> Vec<u8> {
    match response.iter().position(|byte| *byte == BODY) {
        Some(at) => {
            let (header, body) = (&response[..at], &response[at + 1..]);
            let end = format!("\r\nContent-Length: {}\r\n\r\n", body.len());
            [header, end.as_bytes(), body].concat()
        }
        None => response.into(),
    }
}

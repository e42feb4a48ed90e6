//! Servers that respond as a test tells them to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use reqwest::{Method, Request, Url};
use serde_json::{Value, json};
use tokenlatch_host::token_client::ClientCredentials;
use tokio::net::TcpListener;

pub(crate) const SECRET: &str = "demo-secret";
pub(crate) const AUDIENCE: &str = "https://api.example.com/";

pub(crate) fn credentials() -> ClientCredentials {
    ClientCredentials::new("demo-client", SECRET)
}

/// A server that sends its responses in order, repeats the last one, and remembers the requests.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) origin: String,
    state: Arc<Mutex<Script>>,
}

#[derive(Default)]
struct Script {
    responses: VecDeque<Canned>,
    asked: Vec<Asked>,
}

pub(crate) type Canned = (u16, Vec<(&'static str, String)>, String);

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) authorization: String,
    pub(crate) content_type: String,
    pub(crate) body: String,
}

impl Server {
    pub(crate) async fn start(responses: impl IntoIterator<Item = Canned>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(Script {
            responses: responses.into_iter().collect(),
            asked: Vec::new(),
        }));
        let router = Router::new().fallback(response).with_state(state.clone());
        tokio::spawn(async { axum::serve(listener, router).await });
        Self { origin, state }
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.state.lock().unwrap().asked)
    }

    /// The bodies of the requests, as JSON.
    pub(crate) fn bodies(&self) -> Vec<Value> {
        let asked = self.asked();
        let bodies = asked.iter().map(|asked| serde_json::from_str(&asked.body));
        bodies.map(Result::unwrap).collect()
    }

    pub(crate) fn request(&self, method: Method) -> Request {
        let url = Url::parse(&format!("{}/api", self.origin)).unwrap();
        Request::new(method, url)
    }
}

async fn response(
    State(state): State<Arc<Mutex<Script>>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let header = |name| {
        let value = headers.get(&name).map(|value| value.to_str().unwrap());
        value.unwrap_or_default().to_owned()
    };
    let mut script = state.lock().unwrap();
    script.asked.push(Asked {
        path: uri.path().to_owned(),
        authorization: header(AUTHORIZATION),
        content_type: header(CONTENT_TYPE),
        body: String::from_utf8(body.to_vec()).unwrap(),
    });
    let (status, headers, body) = match script.responses.len() {
        1 => script.responses[0].clone(),
        _ => script.responses.pop_front().unwrap(),
    };
    let mut response = body.into_response();
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in headers {
        response.headers_mut().append(name, value.parse().unwrap());
    }
    response
}

pub(crate) fn json_response(status: u16, body: Value) -> Canned {
    (status, Vec::new(), body.to_string())
}

/// A token endpoint's response.
pub(crate) fn issued(token: &str) -> Canned {
    json_response(200, json!({"access_token": token, "expires_in": 600}))
}

/// An API's response that rejects the token.
pub(crate) fn rejected() -> Canned {
    let challenge = r#"Bearer realm="api", error="invalid_token""#.into();
    (
        401,
        vec![(WWW_AUTHENTICATE.as_str(), challenge)],
        "no".into(),
    )
}

pub(crate) fn plain(status: u16, body: &str) -> Canned {
    (status, Vec::new(), body.into())
}

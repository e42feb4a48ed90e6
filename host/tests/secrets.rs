//! No secret of a token client is shown or logged.
//!
//! This test is a program of its own: a subscriber for one thread misses logs that other threads have disabled
//! in the logging library.

#[path = "token_client/server.rs"]
#[allow(dead_code, reason = "other tests need the rest")]
mod server;

use std::error::Error;
use std::io;
use std::sync::{Arc, Mutex};

use reqwest::Method;
use serde_json::json;
use tokenlatch_host::token_client::{Authentication, ClientCredentials, TokenClient};

use server::{AUDIENCE, SECRET, Server, credentials, json_response, plain};

/// The log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(text)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Its `Debug` and `Display` texts, on one line and on several, and its causes.
fn shown(error: &impl Error) -> String {
    let mut shown = format!("{error} {error:?} {error:#?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        shown.push_str(&format!(" {error} {error:?}"));
        cause = error.source();
    }
    shown
}

#[tokio::test]
async fn no_secret_is_shown_or_logged() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let secrets = [
        SECRET,
        "hush-access",
        "hush-refresh",
        "hush-id",
        "hush+hush",
        "ZGVtby1jbGllbnQ6aHVzaCtodXNo",
    ];
    let grant = json!({
        "access_token": "hush-access",
        "exp_access_token": 0,
        "refresh_token": "hush-refresh",
        "id_token": "hush-id",
    });
    let repeated = format!("{SECRET} or hush-refresh or hush-id");
    let repeats = json!({"error": repeated, "error_description": repeated});
    let server = Server::start([
        json_response(200, grant.clone()),
        // The refresh is rejected, and so are the credentials.
        json_response(400, repeats.clone()),
        json_response(400, repeats.clone()),
        plain(
            200,
            &format!(r#"{{"access_token":"hush-access {SECRET}","expires_in":1}}"#),
        ),
        plain(
            200,
            r#"{"access_token":"hush-access","expires_in":"hush-id"}"#,
        ),
        json_response(200, grant),
    ])
    .await;
    let mut all = String::new();
    let builder =
        TokenClient::atm(&server.origin, credentials()).refresh("hush-refresh", "hush-id");
    all.push_str(&format!("{builder:?} {builder:#?} {:?}", credentials()));
    let rejecting = Server::start([json_response(400, repeats)]).await;
    let auth0 = TokenClient::auth0(&rejecting.origin, credentials(), AUDIENCE);
    all.push_str(&format!("{auth0:?}"));
    let rejected = auth0.start().unwrap().token().await.unwrap_err();
    all.push_str(&shown(&rejected));
    // Each form in which a secret is sent, and a server that repeats it.
    let spaced = ClientCredentials::new("demo-client", "hush hush");
    let (basic, encoded) = ("ZGVtby1jbGllbnQ6aHVzaCtodXNo", "hush+hush");
    for authentication in [
        Authentication::Basic(spaced.clone()),
        Authentication::Post(spaced),
    ] {
        let repeats = format!("not good: {encoded}");
        let description = match authentication {
            Authentication::Basic(_) => format!("not good: Basic {basic}"),
            _ => repeats.clone(),
        };
        let repeating = json!({"error": repeats, "error_description": description});
        let server = Server::start([json_response(401, repeating)]).await;
        let tokens = TokenClient::oauth(&server.origin, authentication).start();
        let rejected = tokens.unwrap().token().await.unwrap_err();
        let asked = &server.asked()[0];
        assert!(asked.authorization.ends_with(basic) || asked.body.contains(encoded));
        all.push_str(&shown(&rejected));
    }
    let tokens = builder.start().unwrap();
    let token = tokens.token().await.unwrap();
    all.push_str(&format!("{tokens:?} {token:?} {:?}", token.authorization()));
    all.push_str(&format!("{:?} {:?}", token.text(), token.response()));
    for _ in 0..3 {
        all.push_str(&shown(&tokens.token().await.unwrap_err()));
    }
    let api = Server::start([plain(200, "hush-access")]).await;
    let response = tokens.call(api.request(Method::GET)).await.unwrap();
    all.push_str(&format!("{response:?}"));
    assert_eq!(api.asked()[0].authorization, "Bearer hush-access");

    for shown in [
        "Builder { dialect: ",
        "TokenClient { .. }",
        "AccessToken { lifetime: ",
        "(withheld",
    ] {
        assert!(all.contains(shown), "{all}");
    }
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("could not obtain a token"), "{logged}");
    assert!(
        logged.contains("TRACE"),
        "the HTTP library logs, too: {logged}"
    );
    for secret in secrets {
        assert!(!all.contains(secret), "{all}");
        assert!(!logged.contains(secret), "{logged}");
    }
}

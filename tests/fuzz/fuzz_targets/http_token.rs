//! The responses of a token endpoint: of Auth0's dialect, of ATM's, and of RFC 6749 as it is. A token that is handed
//! out is one, and no error shows a secret, even if the server repeats it.
#![no_main]

use std::cell::OnceCell;
use std::error::Error;

use libfuzzer_sys::fuzz_target;
use tokenlatch_fuzz::secret::SECRET;
use tokenlatch_fuzz::server::{NEXT_RESPONSE, ORIGIN, Server};
use tokenlatch_host::token_client::{
    AccessToken, Authentication, ClientCredentials, ExposeSecret as _, MAX_LIFETIME, TokenClient,
    TokenError,
};

const REFRESH_TOKEN: &str = "hush-hush-refresh";
const ID_TOKEN: &str = "hush-hush-id";

fuzz_target!(|data: &[u8]| {
    let Some((choice, responses)) = data.split_first() else {
        return;
    };
    thread_local! {
        static SERVER: OnceCell<Server> = const { OnceCell::new() };
    }
    SERVER.with(
        |server| match obtain(server.get_or_init(Server::start), *choice, responses) {
            Ok(token) => check_token(&token),
            Err(error) => check_error(&error, secrets(*choice, responses)),
        },
    );
});

fn obtain(server: &Server, choice: u8, responses: &[u8]) -> Result<AccessToken, TokenError> {
    let client = server.client();
    let credentials = ClientCredentials::new("my-client", SECRET);
    let audience = "https://api.example.com/";
    server.run(responses, async {
        let tokens = match choice % 7 {
            0 => TokenClient::oauth(format!("{ORIGIN}/token"), credentials)
                .client(client)
                .start(),
            1 => {
                let authentication = Authentication::Post(credentials);
                TokenClient::oauth(format!("{ORIGIN}/token"), authentication)
                    .client(client)
                    .start()
            }
            2 => TokenClient::discover(ORIGIN, credentials)
                .client(client)
                .start(),
            3 => TokenClient::auth0(ORIGIN, credentials, audience)
                .client(client)
                .start(),
            4 => TokenClient::atm(ORIGIN, credentials).client(client).start(),
            5 => TokenClient::atm(ORIGIN, credentials)
                .user("grace")
                .client(client)
                .start(),
            _ => {
                let tokens = TokenClient::atm(ORIGIN, credentials).refresh(REFRESH_TOKEN, ID_TOKEN);
                tokens.client(client).start()
            }
        };
        tokens.expect("a client").token().await
    })
}

fn check_token(token: &AccessToken) {
    let text = token.text().expose_secret();
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    assert!(!text.is_empty() && text.bytes().all(is_allowed));
    assert!(token.lifetime() <= MAX_LIFETIME);
    assert_eq!(token.authorization(), format!("Bearer {text}"));
    assert!(!format!("{token:?}").contains(text) || text.len() < 8);
}

/// The secrets that the client has when there is no token.
fn secrets(choice: u8, responses: &[u8]) -> &'static [&'static str] {
    // Of a refresh that was rejected, it keeps nothing.
    let is_refreshing = choice % 7 == 6 && !responses.contains(&NEXT_RESPONSE);
    if is_refreshing {
        &[SECRET, REFRESH_TOKEN, ID_TOKEN]
    } else {
        &[SECRET]
    }
}

fn check_error(error: &TokenError, secrets: &[&str]) {
    // It names the host that the metadata names, and the issuer has seen no secret yet.
    if matches!(error, TokenError::Discovery(_)) {
        return;
    }
    let mut shown = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(error) = source {
        shown += &format!(" {error} {error:?}");
        source = error.source();
    }
    for secret in secrets {
        assert!(!shown.contains(*secret), "an error shows a secret");
    }
}

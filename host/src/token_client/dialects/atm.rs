//! ATM's dialect: tokens for a client or for a user of it, and their refresh.

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::Dialect;
use super::body::Body;
use crate::token_client::blocking;
use crate::token_client::client::{Blocking, Builder, TokenClient};
use crate::token_client::credentials::ClientCredentials;
use crate::token_client::endpoint::Place;
use crate::token_client::response::TokenResponse;

/// Requests to an ATM server: `POST /auth/token`.
#[derive(Clone, Debug)]
pub struct Atm {
    credentials: ClientCredentials,
    login_id: Option<String>,
    refresh: Option<Refresh>,
}

/// Both are sent to refresh a token.
#[derive(Clone, Debug)]
struct Refresh {
    refresh_token: SecretString,
    id_token: SecretString,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'r> {
    client_id: &'r str,
    client_secret: &'r str,
    #[serde(rename = "grant_types")]
    grant_types: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    login_id: Option<&'r str>,
}

/// The documentation spells `grantType` here, and `grant_types` above.
#[derive(Serialize)]
struct RefreshRequest<'r> {
    #[serde(rename = "clientId")]
    client_id: &'r str,
    refresh_token: &'r str,
    id_token: &'r str,
    #[serde(rename = "grantType")]
    grant_type: &'static str,
}

impl TokenClient {
    /// A client of the ATM server at a host or URL, for tokens of the client itself.
    pub fn atm(host: impl Into<String>, credentials: ClientCredentials) -> Builder<Atm> {
        Builder::of_atm(host.into(), credentials)
    }
}

impl blocking::TokenClient {
    /// As [`TokenClient::atm`].
    pub fn atm(host: impl Into<String>, credentials: ClientCredentials) -> Builder<Atm, Blocking> {
        Builder::of_atm(host.into(), credentials)
    }
}

impl<M> Builder<Atm, M> {
    fn of_atm(host: String, credentials: ClientCredentials) -> Self {
        Self::new(Place::Server(host, "/auth/token"), Atm::new(credentials))
    }

    /// Asks for tokens of the user who logs in with `login_id`.
    pub fn user(mut self, login_id: impl Into<String>) -> Self {
        self.dialect.login_id = Some(login_id.into());
        self
    }

    /// Refreshes with the tokens of an earlier response at first, instead of asking with credentials.
    pub fn refresh(
        mut self,
        refresh_token: impl Into<SecretString>,
        id_token: impl Into<SecretString>,
    ) -> Self {
        self.dialect.refresh = Some(Refresh {
            refresh_token: refresh_token.into(),
            id_token: id_token.into(),
        });
        self
    }
}

impl Atm {
    fn new(credentials: ClientCredentials) -> Self {
        Self {
            credentials,
            login_id: None,
            refresh: None,
        }
    }
}

impl Dialect for Atm {
    fn request(&mut self, _url: &str) -> Body {
        let ClientCredentials {
            client_id,
            client_secret,
        } = &self.credentials;
        let login_id = self.login_id.as_deref();
        let request = Request {
            client_id,
            client_secret: client_secret.expose_secret(),
            grant_types: match login_id {
                Some(_) => "user_credentials",
                None => "client_credentials",
            },
            login_id,
        };
        let texts = [
            client_id,
            request.client_secret,
            login_id.unwrap_or_default(),
        ];
        Body::json(&request, texts.map(str::len).iter().sum())
    }

    fn refresh_request(&self) -> Option<Body> {
        let refresh = self.refresh.as_ref()?;
        let request = RefreshRequest {
            client_id: &self.credentials.client_id,
            refresh_token: refresh.refresh_token.expose_secret(),
            id_token: refresh.id_token.expose_secret(),
            grant_type: "refresh_token",
        };
        let texts = [request.client_id, request.refresh_token, request.id_token];
        Some(Body::json(&request, texts.map(str::len).iter().sum()))
    }

    /// Keeps the old refresh token or ID token if the response has none: a server that does not rotate a
    /// token does not repeat it.
    fn take_refresh(&mut self, response: &TokenResponse) {
        let (refresh_token, id_token) = match self.refresh.take() {
            Some(old) => (Some(old.refresh_token), Some(old.id_token)),
            None => (None, None),
        };
        let refresh_token = response.refresh_token.clone().or(refresh_token);
        let id_token = response.id_token.clone().or(id_token);
        if let Some((refresh_token, id_token)) = refresh_token.zip(id_token) {
            self.refresh = Some(Refresh {
                refresh_token,
                id_token,
            });
        }
    }

    fn forget_refresh(&mut self) {
        self.refresh = None;
    }

    fn secrets(&self) -> Vec<&SecretString> {
        let mut secrets = vec![&self.credentials.client_secret];
        if let Some(refresh) = &self.refresh {
            secrets.extend([&refresh.refresh_token, &refresh.id_token]);
        }
        secrets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(body: Option<Body>) -> String {
        let body = body.expect("there is one");
        assert_eq!(body.content_type, "application/json");
        String::from_utf8(body.bytes.to_vec()).unwrap()
    }

    fn response(members: &str) -> TokenResponse {
        let body = format!(r#"{{"access_token":"a","exp_access_token":600{members}}}"#);
        TokenResponse::read(body.as_bytes()).unwrap()
    }

    #[test]
    fn requests_are_spelled_as_documented() {
        let mut atm = Atm::new(ClientCredentials::new("id", "secret"));
        let json =
            r#"{"clientId":"id","clientSecret":"secret","grant_types":"client_credentials"}"#;
        assert_eq!(text(Some(atm.request(""))), json);
        atm.login_id = Some("admin@gmail.com".into());
        let json = r#"{"clientId":"id","clientSecret":"secret","grant_types":"user_credentials","loginId":"admin@gmail.com"}"#;
        assert_eq!(text(Some(atm.request(""))), json);
        atm.take_refresh(&response(r#","refresh_token":"r","id_token":"i""#));
        let json =
            r#"{"clientId":"id","refresh_token":"r","id_token":"i","grantType":"refresh_token"}"#;
        assert_eq!(text(atm.refresh_request()), json);
    }

    #[test]
    fn a_refresh_needs_both_tokens_and_takes_the_newest_of_each() {
        let mut atm = Atm::new(ClientCredentials::new("id", "secret"));
        atm.take_refresh(&response(""));
        atm.take_refresh(&response(r#","refresh_token":"r1""#));
        assert!(atm.refresh_request().is_none());
        for (members, refresh_token, id_token) in [
            (r#","refresh_token":"r1","id_token":"i1""#, "r1", "i1"),
            ("", "r1", "i1"),
            (r#","refresh_token":"r2""#, "r2", "i1"),
            (r#","id_token":"i2""#, "r2", "i2"),
        ] {
            atm.take_refresh(&response(members));
            let request = text(atm.refresh_request());
            let tokens = format!(r#""refresh_token":"{refresh_token}","id_token":"{id_token}""#);
            assert!(request.contains(&tokens), "{request}");
        }
        atm.forget_refresh();
        assert!(atm.refresh_request().is_none());
    }
}

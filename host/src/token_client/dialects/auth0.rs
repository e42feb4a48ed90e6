//! Auth0's dialect: the client credentials grant (RFC 6749 section 4.4) with an `audience`.

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::Dialect;
use super::body::Body;
use crate::token_client::blocking;
use crate::token_client::client::{Blocking, Builder, TokenClient};
use crate::token_client::credentials::ClientCredentials;
use crate::token_client::endpoint::Place;

/// Requests to an Auth0 server: `POST /oauth/token`.
#[derive(Clone, Debug)]
pub struct Auth0 {
    credentials: ClientCredentials,
    audience: String,
    organization: Option<String>,
    is_form: bool,
}

#[derive(Serialize)]
struct Request<'r> {
    grant_type: &'static str,
    client_id: &'r str,
    client_secret: &'r str,
    audience: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<&'r str>,
}

impl TokenClient {
    /// A client of the Auth0 server at a domain or URL, for tokens of an audience.
    pub fn auth0(
        domain: impl Into<String>,
        credentials: ClientCredentials,
        audience: impl Into<String>,
    ) -> Builder<Auth0> {
        Builder::of_auth0(domain.into(), credentials, audience.into())
    }
}

impl blocking::TokenClient {
    /// As [`TokenClient::auth0`].
    pub fn auth0(
        domain: impl Into<String>,
        credentials: ClientCredentials,
        audience: impl Into<String>,
    ) -> Builder<Auth0, Blocking> {
        Builder::of_auth0(domain.into(), credentials, audience.into())
    }
}

impl<M> Builder<Auth0, M> {
    fn of_auth0(domain: String, credentials: ClientCredentials, audience: String) -> Self {
        let server = Place::Server(domain, "/oauth/token");
        Self::new(server, Auth0::new(credentials, audience))
    }

    /// Asks for tokens of this organization.
    pub fn organization(mut self, organization: impl Into<String>) -> Self {
        self.dialect.organization = Some(organization.into());
        self
    }

    /// Sends requests as a form (`application/x-www-form-urlencoded`), as in RFC 6749, instead of as JSON.
    pub fn form(mut self) -> Self {
        self.dialect.is_form = true;
        self
    }
}

impl Auth0 {
    fn new(credentials: ClientCredentials, audience: String) -> Self {
        Self {
            credentials,
            audience,
            organization: None,
            is_form: false,
        }
    }
}

impl Dialect for Auth0 {
    fn request(&mut self, _url: &str) -> Body {
        let request = Request {
            grant_type: "client_credentials",
            client_id: &self.credentials.client_id,
            client_secret: self.credentials.client_secret.expose_secret(),
            audience: &self.audience,
            organization: self.organization.as_deref(),
        };
        if self.is_form {
            Body::form(&[
                ("grant_type", Some(request.grant_type)),
                ("client_id", Some(request.client_id)),
                ("client_secret", Some(request.client_secret)),
                ("audience", Some(request.audience)),
                ("organization", request.organization),
            ])
        } else {
            Body::json(&request, request.texts())
        }
    }

    fn secrets(&self) -> Vec<&SecretString> {
        vec![&self.credentials.client_secret]
    }
}

impl Request<'_> {
    fn texts(&self) -> usize {
        let organization = self.organization.unwrap_or_default();
        [
            self.client_id,
            self.client_secret,
            self.audience,
            organization,
        ]
        .map(str::len)
        .iter()
        .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auth0() -> Auth0 {
        let credentials = ClientCredentials::new("id", "s&cr\"t é");
        Auth0::new(credentials, "https://api.example.com/".into())
    }

    fn text(body: &Body) -> &str {
        std::str::from_utf8(&body.bytes).unwrap()
    }

    #[test]
    fn a_request_in_json() {
        let mut auth0 = auth0();
        let json = r#"{"grant_type":"client_credentials","client_id":"id","client_secret":"s&cr\"t é","audience":"https://api.example.com/"}"#;
        assert_eq!(text(&auth0.request("")), json);
        auth0.organization = Some("org_1".into());
        let json = json.replace('}', r#","organization":"org_1"}"#);
        assert_eq!(text(&auth0.request("")), json);
    }

    #[test]
    fn a_request_in_a_form() {
        let mut auth0 = auth0();
        auth0.is_form = true;
        auth0.organization = Some("org_1".into());
        let body = auth0.request("");
        assert_eq!(body.content_type, "application/x-www-form-urlencoded");
        assert_eq!(
            text(&body),
            "grant_type=client_credentials&client_id=id&client_secret=s%26cr%22t+%C3%A9\
             &audience=https%3A%2F%2Fapi.example.com%2F&organization=org_1"
        );
    }

    #[test]
    fn a_body_never_outgrows_its_buffer() {
        // Each byte takes six in JSON, and three in a form.
        let hostile = || "\u{1}".repeat(1000);
        let credentials = ClientCredentials::new(hostile(), hostile());
        let mut auth0 = Auth0::new(credentials, hostile());
        auth0.organization = Some(hostile());
        for is_form in [false, true] {
            auth0.is_form = is_form;
            let count = allocation_counter::measure(|| drop(auth0.request("")));
            assert_eq!(count.count_total, 1, "{is_form}");
        }
    }
}

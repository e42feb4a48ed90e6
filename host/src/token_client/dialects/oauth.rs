//! RFC 6749 as it is: the client credentials grant (section 4.4) at any token endpoint.

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use form_urlencoded::byte_serialize;
use reqwest::header::HeaderValue;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use super::Dialect;
use super::body::Body;
use crate::token_client::blocking;
use crate::token_client::client::{Blocking, Builder, TokenClient};
use crate::token_client::credentials::{ClientCredentials, PrivateKeyJwt};
use crate::token_client::endpoint::Place;

/// Requests to any token endpoint (RFC 6749 section 3.2).
#[derive(Debug)]
pub struct OAuth {
    authentication: Authentication,
    scope: Option<String>,
    audience: Option<String>,
    resource: Option<String>,
    /// The assertion of the last request, or its credentials for HTTP Basic, which no error may show.
    sent: Option<SecretString>,
}

/// How the client authenticates itself (RFC 6749 section 2.3).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Authentication {
    /// `client_secret_basic`: by HTTP Basic, which every server has to support.
    Basic(ClientCredentials),
    /// `client_secret_post`: in the body.
    Post(ClientCredentials),
    /// `private_key_jwt`: by an assertion (RFC 7523 section 2.2).
    PrivateKeyJwt(PrivateKeyJwt),
}

impl From<ClientCredentials> for Authentication {
    fn from(credentials: ClientCredentials) -> Self {
        Self::Basic(credentials)
    }
}

impl From<PrivateKeyJwt> for Authentication {
    fn from(credentials: PrivateKeyJwt) -> Self {
        Self::PrivateKeyJwt(credentials)
    }
}

impl TokenClient {
    /// A client of the token endpoint at a URL. [`ClientCredentials`] are sent by HTTP Basic, and a
    /// [`PrivateKeyJwt`] signs an assertion; [`Authentication::Post`] is the third way.
    pub fn oauth(
        token_url: impl Into<String>,
        authentication: impl Into<Authentication>,
    ) -> Builder<OAuth> {
        Builder::of_oauth(Place::Url(token_url.into()), authentication.into())
    }

    /// As [`oauth`](Self::oauth), with the token endpoint that the issuer's metadata names (OpenID Connect
    /// Discovery, RFC 8414). The metadata is fetched before the first request.
    pub fn discover(
        issuer: impl Into<String>,
        authentication: impl Into<Authentication>,
    ) -> Builder<OAuth> {
        Builder::of_oauth(Place::Issuer(issuer.into()), authentication.into())
    }
}

impl blocking::TokenClient {
    /// As [`TokenClient::oauth`].
    pub fn oauth(
        token_url: impl Into<String>,
        authentication: impl Into<Authentication>,
    ) -> Builder<OAuth, Blocking> {
        Builder::of_oauth(Place::Url(token_url.into()), authentication.into())
    }

    /// As [`TokenClient::discover`].
    pub fn discover(
        issuer: impl Into<String>,
        authentication: impl Into<Authentication>,
    ) -> Builder<OAuth, Blocking> {
        Builder::of_oauth(Place::Issuer(issuer.into()), authentication.into())
    }
}

impl<M> Builder<OAuth, M> {
    fn of_oauth(place: Place, authentication: Authentication) -> Self {
        let dialect = OAuth {
            authentication,
            scope: None,
            audience: None,
            resource: None,
            sent: None,
        };
        Self::new(place, dialect)
    }

    /// Asks for this scope, separated by spaces (RFC 6749 section 3.3).
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.dialect.scope = Some(scope.into());
        self
    }

    /// Asks for tokens of this `audience`, a parameter of many servers.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.dialect.audience = Some(audience.into());
        self
    }

    /// Asks for tokens of this `resource` (RFC 8707 section 2).
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.dialect.resource = Some(resource.into());
        self
    }
}

impl Dialect for OAuth {
    fn request(&mut self, url: &str) -> Body {
        let (mut id, mut secret, mut assertion) = (None, None, None);
        let mut authorization = None;
        match &self.authentication {
            Authentication::Basic(credentials) => {
                let sent = self.sent.insert(basic(credentials).into());
                authorization = Some(header(sent.expose_secret()));
            }
            Authentication::Post(credentials) => {
                id = Some(credentials.client_id.as_str());
                secret = Some(credentials.client_secret.expose_secret());
            }
            Authentication::PrivateKeyJwt(credentials) => {
                id = Some(credentials.client_id.as_str());
                let sent = self.sent.insert(credentials.assertion(url).into());
                assertion = Some(sent.expose_secret());
            }
        }
        let assertion_type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let body = Body::form(&[
            ("grant_type", Some("client_credentials")),
            ("client_id", id),
            ("client_secret", secret),
            ("client_assertion_type", assertion.map(|_| assertion_type)),
            ("client_assertion", assertion),
            ("scope", self.scope.as_deref()),
            ("audience", self.audience.as_deref()),
            ("resource", self.resource.as_deref()),
        ]);
        Body {
            authorization,
            ..body
        }
    }

    fn secrets(&self) -> Vec<&SecretString> {
        let mut secrets = Vec::from_iter(&self.sent);
        if let Authentication::Basic(credentials) | Authentication::Post(credentials) =
            &self.authentication
        {
            secrets.push(&credentials.client_secret);
        }
        secrets
    }
}

/// The credentials for HTTP Basic, with both parts encoded like a form (RFC 6749 section 2.3.1).
fn basic(credentials: &ClientCredentials) -> String {
    let (id, secret) = (
        &credentials.client_id,
        credentials.client_secret.expose_secret(),
    );
    // A byte takes three at most, so neither buffer grows and leaves a copy in freed memory.
    let mut pair = Zeroizing::new(String::with_capacity(3 * (id.len() + secret.len()) + 1));
    pair.extend(byte_serialize(id.as_bytes()));
    pair.push(':');
    pair.extend(byte_serialize(secret.as_bytes()));
    let mut encoded = String::with_capacity(pair.len().div_ceil(3) * 4);
    BASE64.encode_string(pair.as_bytes(), &mut encoded);
    encoded
}

fn header(credentials: &str) -> HeaderValue {
    let mut value = Zeroizing::new(String::with_capacity("Basic ".len() + credentials.len()));
    value.push_str("Basic ");
    value.push_str(credentials);
    let mut value = HeaderValue::try_from(value.as_str()).expect("base64 is a header's value");
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oauth(authentication: impl Into<Authentication>) -> OAuth {
        Builder::<OAuth>::of_oauth(Place::Url(String::new()), authentication.into()).dialect
    }

    fn text(body: &Body) -> &str {
        assert_eq!(body.content_type, "application/x-www-form-urlencoded");
        std::str::from_utf8(&body.bytes).unwrap()
    }

    #[test]
    fn credentials_are_in_the_header_or_in_the_body() {
        let credentials = ClientCredentials::new("my client", "s:e&c+r%t");
        let body = oauth(credentials.clone()).request("");
        assert_eq!(text(&body), "grant_type=client_credentials");
        let authorization = body.authorization.unwrap();
        assert!(authorization.is_sensitive());
        let encoded = authorization.to_str().unwrap().strip_prefix("Basic ");
        let pair = BASE64.decode(encoded.unwrap()).unwrap();
        assert_eq!(pair, b"my+client:s%3Ae%26c%2Br%25t");

        let body = oauth(Authentication::Post(credentials)).request("");
        assert!(body.authorization.is_none());
        assert_eq!(
            text(&body),
            "grant_type=client_credentials&client_id=my+client&client_secret=s%3Ae%26c%2Br%25t"
        );
    }

    #[test]
    fn the_credentials_in_the_header_never_outgrow_their_buffers() {
        // Each byte takes three.
        let hostile = || "&".repeat(1000);
        let credentials = ClientCredentials::new(hostile(), hostile());
        let count = allocation_counter::measure(|| drop(basic(&credentials)));
        assert_eq!(count.count_total, 2);
    }

    #[test]
    fn an_assertion_is_a_secret_and_differs_from_the_last_one() {
        let key = rsa::PrivateKey::new(&mut rand::rng(), 2048).unwrap();
        let pem = rsa::pkcs8::EncodePrivateKey::to_pkcs8_pem(&key, Default::default()).unwrap();
        let mut oauth = oauth(PrivateKeyJwt::from_pem("id", &pem).unwrap());
        assert!(oauth.secrets().is_empty());
        let mut sent = || {
            let body = oauth.request("https://a.example/token");
            let [assertion] = oauth.secrets()[..] else {
                panic!("there is one");
            };
            assert!(text(&body).contains(assertion.expose_secret()));
            assertion.expose_secret().to_owned()
        };
        assert_ne!(sent(), sent());
        assert!(!format!("{oauth:?}").contains("eyJhbGci"));
    }

    #[test]
    fn what_is_asked_for_is_in_the_body() {
        let mut oauth = oauth(ClientCredentials::new("id", "secret"));
        oauth.scope = Some("a b".into());
        oauth.audience = Some("https://a.example/".into());
        oauth.resource = Some("https://r.example/".into());
        assert_eq!(
            text(&oauth.request("")),
            "grant_type=client_credentials&scope=a+b&audience=https%3A%2F%2Fa.example%2F\
             &resource=https%3A%2F%2Fr.example%2F"
        );
    }
}

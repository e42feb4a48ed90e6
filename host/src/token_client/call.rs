//! Calling an API with a token.

use std::sync::Arc;

use http_auth::ChallengeParser;
use reqwest::header::{AUTHORIZATION, HeaderMap, WWW_AUTHENTICATE};
use reqwest::{Request, StatusCode};
use tracing::debug;

use super::access_token::AccessToken;
use super::client::TokenClient;
use super::error::TokenError;
use crate::http::{HttpError, Response};

/// Why an API gave no response.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// There is no token to call it with.
    #[error("cannot get a token")]
    Token(#[from] TokenError),
    /// The API could not be reached, or the exchange with it broke.
    #[error("cannot call the API")]
    Transport(#[source] Arc<HttpError>),
}

impl From<HttpError> for CallError {
    fn from(error: HttpError) -> Self {
        Self::Transport(Arc::new(error))
    }
}

impl TokenClient {
    /// Sends a request with `Authorization: Bearer` (RFC 6750 section 2.1), and returns the response,
    /// whatever its status is. No redirect is followed.
    ///
    /// If the API rejects the token, with 401 and a challenge that says `invalid_token` (RFC 6750 section
    /// 3.1), the token is replaced and the request is sent once more. A request whose body is a stream
    /// cannot be sent twice. At most one token is replaced per [`COOLDOWN`](super::COOLDOWN).
    ///
    /// # Errors
    ///
    /// Any [`CallError`].
    pub async fn call(&self, request: Request) -> Result<Response, CallError> {
        self.client.check(request.url())?;
        let again = request.try_clone();
        let token = self.token().await?;
        let response = self.send(request, &token).await?;
        let Some(again) = again.filter(|_| is_invalid_token(&response)) else {
            return Ok(response);
        };
        if !self.replace(&token) {
            return Ok(response);
        }
        debug!("the API rejected the token; calling it again with another one");
        let token = self.token().await?;
        self.send(again, &token).await
    }

    async fn send(&self, mut request: Request, token: &AccessToken) -> Result<Response, CallError> {
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, token.authorization());
        Ok(self.client.send(request).await?)
    }
}

/// Whether the API says that the token is expired, revoked or malformed.
fn is_invalid_token(response: &Response) -> bool {
    response.status == StatusCode::UNAUTHORIZED && has_challenge(&response.headers)
}

/// Whether there is a `Bearer` challenge with `error="invalid_token"` (RFC 9110 section 11.6.1).
fn has_challenge(headers: &HeaderMap) -> bool {
    let fields = headers.get_all(WWW_AUTHENTICATE).iter();
    let fields = fields.filter_map(|field| field.to_str().ok());
    let mut challenges = fields.flat_map(|field| ChallengeParser::new(field).map_while(Result::ok));
    challenges.any(|challenge| {
        let is_error = |(name, value): &(&str, http_auth::ParamValue<'_>)| {
            name.eq_ignore_ascii_case("error") && value.to_unescaped() == "invalid_token"
        };
        challenge.scheme.eq_ignore_ascii_case("Bearer") && challenge.params.iter().any(is_error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says_invalid_token(fields: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(WWW_AUTHENTICATE, field.parse().unwrap());
        }
        has_challenge(&headers)
    }

    #[test]
    fn challenges_that_call_for_another_token() {
        for fields in [
            &[r#"Bearer realm="api", error="invalid_token", error_description="expired, sorry""#][..],
            &["bearer ERROR=invalid_token"],
            &[r#"Basic realm="a", Bearer error="invalid_token""#],
            &[r#"Basic realm="a""#, r#"Bearer error="invalid\_token""#],
        ] {
            assert!(says_invalid_token(fields), "{fields:?}");
        }
    }

    #[test]
    fn challenges_that_call_for_something_else() {
        for fields in [
            &[][..],
            &["Bearer"],
            &["invalid_token"],
            &[r#"Bearer error="insufficient_scope""#],
            &[r#"Bearer error_description="invalid_token""#],
            &[r#"Bearer realm="error=\"invalid_token\"""#],
            &[r#"Digest error="invalid_token""#],
            &[r#"Bearer realm="unterminated, error="invalid_token"#],
            &[",,,"],
        ] {
            assert!(!says_invalid_token(fields), "{fields:?}");
        }
    }
}

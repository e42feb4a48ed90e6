//! What tokens are issued to: an application (RFC 6749's client) and its user.

use std::fmt;

use serde::Serialize;
use subtle::ConstantTimeEq;

/// An application that may ask for tokens.
#[derive(Clone)]
pub struct Application {
    /// The client identifier (RFC 6749 section 2.2).
    pub client_id: String,
    /// The client secret (RFC 6749 section 2.3.1).
    pub client_secret: String,
    /// The audience that its tokens are for.
    pub audience: String,
    /// What its tokens allow, separated by spaces (RFC 6749 section 3.3).
    pub scope: String,
    /// The user for whom it may ask for a token.
    pub user: User,
}

/// A user; in this form it is the `scope` of ATM's user tokens.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The e-mail address, with which the user logs in.
    pub email: String,
    /// The user's identifier, which never changes.
    pub id: String,
    /// The given name.
    pub first_name: String,
    /// The family name.
    pub last_name: String,
}

impl Application {
    /// `demo-client`, with the secret `demo-secret`, for `https://api.example.com/`, and the user
    /// `admin@example.com`.
    #[must_use]
    pub fn demo() -> Self {
        Self {
            client_id: "demo-client".into(),
            client_secret: "demo-secret".into(),
            audience: "https://api.example.com/".into(),
            scope: "read:things write:things".into(),
            user: User {
                email: "admin@example.com".into(),
                id: "user-1".into(),
                first_name: "Ada".into(),
                last_name: "Admin".into(),
            },
        }
    }

    /// Whether these are the application's credentials, in a time that does not tell how much of them
    /// is right.
    pub(crate) fn has_credentials(&self, client_id: &str, client_secret: &str) -> bool {
        let id = self.client_id.as_bytes().ct_eq(client_id.as_bytes());
        let secret = self.client_secret.as_bytes();
        bool::from(id & secret.ct_eq(client_secret.as_bytes()))
    }
}

/// Shows everything but the secret.
impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application")
            .field("client_id", &self.client_id)
            .field("audience", &self.audience)
            .field("scope", &self.scope)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_credentials_must_be_right() {
        let application = Application::demo();
        assert!(application.has_credentials("demo-client", "demo-secret"));
        assert!(!application.has_credentials("demo-client", "demo-secreT"));
        assert!(!application.has_credentials("demo-client", "demo-secret2"));
        assert!(!application.has_credentials("demo-client", ""));
        assert!(!application.has_credentials("demo-clienT", "demo-secret"));
    }

    #[test]
    fn debug_hides_the_secret() {
        assert!(!format!("{:?}", Application::demo()).contains("demo-secret"));
    }
}

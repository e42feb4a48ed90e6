//! Who asks: the applications, and whether they are who they say.

use sha2::{Digest, Sha256};
use subtle::{ConditionallySelectable, ConstantTimeEq};

use super::application::Application;

/// All applications; there is at least one.
#[derive(Debug)]
pub(crate) struct Clients {
    applications: Vec<Application>,
    /// The SHA-256 digests of the credentials, which have one length whatever the credentials have.
    credentials: Vec<[[u8; 32]; 2]>,
}

impl Clients {
    pub(crate) fn new(applications: Vec<Application>) -> Self {
        let credentials = applications.iter().map(|application| {
            [&application.client_id, &application.client_secret].map(|part| digest(part))
        });
        Self {
            credentials: credentials.collect(),
            applications,
        }
    }

    pub(crate) fn all(&self) -> &[Application] {
        &self.applications
    }

    /// The application with these credentials.
    ///
    /// The time that it takes tells neither how much of them is right, nor whether there is such an
    /// application at all: all are compared, and all of each.
    pub(crate) fn authenticate(&self, client_id: &str, secret: &str) -> Option<&Application> {
        let (client_id, secret) = (digest(client_id), digest(secret));
        let mut found = u64::MAX;
        for (index, [its_id, its_secret]) in (0..).zip(&self.credentials) {
            let matches = its_id.ct_eq(&client_id) & its_secret.ct_eq(&secret);
            found.conditional_assign(&index, matches);
        }
        self.applications.get(usize::try_from(found).ok()?)
    }

    /// The application that says it is this one, which anybody may.
    pub(crate) fn claimed(&self, client_id: &str) -> Option<&Application> {
        let mut all = self.applications.iter();
        all.find(|application| application.client_id == client_id)
    }
}

fn digest(part: &str) -> [u8; 32] {
    Sha256::digest(part).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_credentials_must_be_right_and_of_one_application() {
        let clients = Clients::new(vec![
            Application::demo(),
            Application::new("other-client", "other-secret", "https://api.example.com/"),
        ]);
        for (client_id, secret, found) in [
            ("demo-client", "demo-secret", Some("demo-client")),
            ("other-client", "other-secret", Some("other-client")),
            ("demo-client", "other-secret", None),
            ("demo-client", "demo-secreT", None),
            ("demo-client", "demo-secret2", None),
            ("demo-client", "", None),
            ("demo-clienT", "demo-secret", None),
            ("", "", None),
        ] {
            let application = clients.authenticate(client_id, secret);
            let application = application.map(|application| application.client_id.as_str());
            assert_eq!(application, found, "{client_id} {secret}");
        }
    }
}

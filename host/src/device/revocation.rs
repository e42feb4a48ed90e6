//! What a revocation list revokes.

use serde::{Deserialize, Serialize};

/// What a revocation list revokes. In JSON:
///
/// ```json
/// {
///   "epochs": [{"iss": "https://issuer.example/", "iat": 1790000000}, {"group": "contractors", "iat": 1790000000}],
///   "revoked": [{"jti": "lost-badge"}, {"sub": "grace"}, {"kid": "2026-11"}]
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Revocation {
    /// Tokens issued before a time: what costs a device the least, however many tokens there are.
    pub epochs: Vec<Epoch>,
    /// Single tokens, subjects and keys.
    pub revoked: Vec<Revoked>,
}

/// The tokens of an issuer or a group with an `iat` before this one are rejected.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged, deny_unknown_fields)]
#[non_exhaustive]
pub enum Epoch {
    /// Tokens with this `iss`.
    Issuer {
        /// The issuer.
        iss: String,
        /// In seconds since 1970.
        iat: u64,
    },
    /// Tokens with this group in their `groups`.
    Group {
        /// The group.
        group: String,
        /// In seconds since 1970.
        iat: u64,
    },
}

/// Tokens that are rejected, whenever they were issued.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Revoked {
    /// The token with this `jti`.
    Jti(String),
    /// The tokens with this `sub`.
    Sub(String),
    /// The tokens that the key with this `kid` has signed.
    Kid(String),
}

impl Revocation {
    /// Adds an epoch. Of two epochs of one issuer or group, the later one counts.
    pub fn begin(&mut self, epoch: Epoch) {
        let same = self
            .epochs
            .iter_mut()
            .find(|it| it.subject() == epoch.subject());
        match same {
            Some(same) if same.time() < epoch.time() => *same = epoch,
            Some(_) => {}
            None => self.epochs.push(epoch),
        }
    }

    /// Adds a token, a subject or a key, once.
    pub fn revoke(&mut self, revoked: Revoked) {
        if !self.revoked.contains(&revoked) {
            self.revoked.push(revoked);
        }
    }

    /// Adds all that another list has.
    pub fn extend(&mut self, other: Self) {
        other.epochs.into_iter().for_each(|epoch| self.begin(epoch));
        let revoked = other.revoked.into_iter();
        revoked.for_each(|revoked| self.revoke(revoked));
    }
}

impl Epoch {
    /// The name of the member that says whose epoch it is, and its value.
    fn subject(&self) -> (&'static str, &str) {
        match self {
            Self::Issuer { iss, .. } => ("iss", iss),
            Self::Group { group, .. } => ("group", group),
        }
    }

    fn time(&self) -> u64 {
        match self {
            Self::Issuer { iat, .. } | Self::Group { iat, .. } => *iat,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn of_two_epochs_the_later_one_counts() {
        let mut revocation = Revocation::default();
        let group = |iat| Epoch::Group {
            group: "a".into(),
            iat,
        };
        let issuer = Epoch::Issuer {
            iss: "a".into(),
            iat: 9,
        };
        for epoch in [group(5), issuer.clone(), group(7), group(6)] {
            revocation.begin(epoch);
        }
        assert_eq!(revocation.epochs, [group(7), issuer]);
        let mut twice = revocation.clone();
        twice.revoke(Revoked::Jti("x".into()));
        twice.extend(twice.clone());
        assert_eq!(twice.revoked, [Revoked::Jti("x".into())]);
        assert_eq!(twice.epochs, revocation.epochs);
    }

    #[test]
    fn it_is_written_as_devices_read_it() {
        let json = json!({
            "epochs": [{"iss": "https://a.example/", "iat": 5}, {"group": "contractors", "iat": 6}],
            "revoked": [{"jti": "x"}, {"sub": "y"}, {"kid": "z"}],
        });
        let revocation: Revocation = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(&revocation).unwrap(), json);
        for wrong in [
            json!({"epochs": [{"iat": 5}]}),
            json!({"epochs": [{"iss": "a", "group": "b", "iat": 5}]}),
            json!({"epochs": [{"iss": "a", "iat": -5}]}),
            json!({"revoked": [{"jti": "x", "sub": "y"}]}),
            json!({"revoked": ["x"]}),
            json!({"token": "x"}),
        ] {
            assert!(
                serde_json::from_value::<Revocation>(wrong.clone()).is_err(),
                "{wrong}"
            );
        }
    }
}

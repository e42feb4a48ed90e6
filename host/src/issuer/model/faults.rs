//! Faults on request, to test clients and verifiers.

use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::issuer::model::claims::Claims;
use crate::issuer::model::endpoint::Endpoint;
use crate::issuer::model::key::{Header, SigningKey, unsigned, with_bad_signature};

/// A fault.
///
/// In JSON, `"outage"`, `{"latency": 500}`, `{"claim": {"name": "sub", "value": "x"}}` and so on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Fault {
    /// The response is 503.
    Outage,
    /// The connection is closed without a response.
    Disconnect,
    /// The response is delayed, by at most [`MAX_LATENCY`]; in JSON, in milliseconds.
    Latency(#[serde(with = "milliseconds")] Duration),
    /// The response is a page of HTML, with the status 200.
    WrongContent,
    /// The key set stays the same when the keys are rotated.
    StaleSet,
    /// Tokens expired an hour ago.
    Expired,
    /// Tokens become valid in an hour (`nbf`).
    NotYetValid,
    /// Tokens are for [`WRONG`].
    WrongAudience,
    /// Tokens are of the issuer [`WRONG`].
    WrongIssuer,
    /// Tokens have a signature with one bit changed.
    BadSignature,
    /// Tokens have the `alg` `none`, and no signature (RFC 7519 section 6).
    AlgNone,
    /// Tokens have this claim. It replaces their own claim of this name.
    Claim {
        /// The claim's name.
        name: String,
        /// The claim's value.
        value: Value,
    },
    /// Tokens lack the claim of this name.
    RemoveClaim(String),
}

/// The audience of [`Fault::WrongAudience`], the issuer of [`Fault::WrongIssuer`].
pub const WRONG: &str = "https://wrong.example/";

/// The longest [`Fault::Latency`].
pub const MAX_LATENCY: Duration = Duration::from_secs(60);

/// In seconds.
const HOUR: u64 = 3600;

/// The page of [`Fault::WrongContent`].
const PAGE: &str = "<!doctype html><title>Welcome</title><p>Please log in.";

/// How many faults can be active together.
pub const MAX_FAULTS: usize = 64;

/// A fault, where it happens, and how often.
///
/// A plain [`Fault`] happens at all its endpoints until it is cleared.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Injection {
    fault: Fault,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<Endpoint>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    requests: Option<NonZeroU32>,
}

/// Why a fault cannot be injected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultError {
    /// It cannot happen at that endpoint.
    #[error("this fault cannot happen at this endpoint")]
    NeverHappens,
    /// The latency is longer than [`MAX_LATENCY`].
    #[error("the latency is longer than {} ms", MAX_LATENCY.as_millis())]
    LatencyTooLong,
    /// There are [`MAX_FAULTS`] already.
    #[error("there are {MAX_FAULTS} faults already")]
    TooMany,
}

/// The faults that are active.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Vec<Active>>);

/// A fault that happens to a request, with the key set of the time when the fault began.
#[derive(Clone, Debug)]
pub(crate) struct Happening {
    fault: Fault,
    key_set: Vec<u8>,
}

/// What a fault does to a request.
pub(crate) enum Effect<'f> {
    /// The response is delayed.
    Delay(Duration),
    /// This is the response.
    Substitute(Substitute),
    /// This is the key set.
    KeySet(&'f [u8]),
    /// The claims of a token are changed.
    Claims(Change<'f>),
    /// A token is signed in this way.
    Signing(fn(&SigningKey, &Header, &Claims) -> String),
}

/// Changes claims, given the present time.
pub(crate) type Change<'f> = Box<dyn FnOnce(&mut Claims, u64) + Send + 'f>;

/// A response in place of the endpoint's own.
pub(crate) struct Substitute {
    /// The outcome in the log.
    pub(crate) outcome: &'static str,
    /// The status and a page of HTML. `None` closes the connection.
    pub(crate) response: Option<(StatusCode, &'static str)>,
}

#[derive(Debug)]
struct Active {
    injection: Injection,
    key_set: Vec<u8>,
}

impl Fault {
    /// Only at this endpoint.
    #[must_use]
    pub fn at(self, endpoint: Endpoint) -> Injection {
        Injection::from(self).at(endpoint)
    }

    /// Only for this many requests; 0 counts as 1.
    #[must_use]
    pub fn times(self, requests: u32) -> Injection {
        Injection::from(self).times(requests)
    }

    /// One of each kind, with values for a reader to change.
    pub(crate) fn samples() -> Vec<Self> {
        vec![
            Self::Outage,
            Self::Disconnect,
            Self::WrongContent,
            Self::StaleSet,
            Self::Expired,
            Self::NotYetValid,
            Self::WrongAudience,
            Self::WrongIssuer,
            Self::BadSignature,
            Self::AlgNone,
            Self::Latency(Duration::from_secs(2)),
            Self::RemoveClaim("aud".into()),
            Self::Claim {
                name: "sub".into(),
                value: "somebody".into(),
            },
        ]
    }

    /// What it does. `key_set` is the document of the time when the fault began.
    fn effect<'f>(&'f self, key_set: &'f [u8]) -> Effect<'f> {
        let substitute = |outcome, response| Effect::Substitute(Substitute { outcome, response });
        match self {
            Self::Outage => substitute("outage", Some((StatusCode::SERVICE_UNAVAILABLE, ""))),
            Self::Disconnect => substitute("disconnect", None),
            Self::Latency(latency) => Effect::Delay(*latency),
            Self::WrongContent => substitute("wrong_content", Some((StatusCode::OK, PAGE))),
            Self::StaleSet => Effect::KeySet(key_set),
            Self::Expired => Effect::Claims(Box::new(|claims, now| {
                let exp = claims.get("exp").and_then(Value::as_u64);
                let ago = exp.unwrap_or_default().saturating_sub(now);
                let ago = ago.saturating_add(HOUR);
                change_time(claims, "iat", |time| time.saturating_sub(ago));
                change_time(claims, "exp", |time| time.saturating_sub(ago));
            })),
            Self::NotYetValid => Effect::Claims(Box::new(|claims, now| {
                change_time(claims, "exp", |time| time.saturating_add(HOUR));
                claims.insert("nbf".into(), (now + HOUR).into());
            })),
            Self::WrongAudience => Effect::Claims(Box::new(|claims, _| {
                claims.insert("aud".into(), WRONG.into());
            })),
            Self::WrongIssuer => Effect::Claims(Box::new(|claims, _| {
                claims.insert("iss".into(), WRONG.into());
            })),
            Self::BadSignature => {
                Effect::Signing(|key, header, claims| with_bad_signature(&key.sign(header, claims)))
            }
            Self::AlgNone => Effect::Signing(|_, _, claims| unsigned(claims)),
            Self::Claim { name, value } => Effect::Claims(Box::new(|claims, _| {
                claims.insert(name.clone(), value.clone());
            })),
            Self::RemoveClaim(name) => Effect::Claims(Box::new(|claims, _| {
                // This keeps the order of the other claims.
                claims.shift_remove(name);
            })),
        }
    }

    /// Whether it can happen there.
    fn can_happen_at(&self, endpoint: Endpoint) -> bool {
        match self.effect(&[]) {
            Effect::Delay(_) | Effect::Substitute(_) => endpoint != Endpoint::Other,
            Effect::KeySet(_) => endpoint == Endpoint::KeySet,
            Effect::Claims(_) | Effect::Signing(_) => endpoint.issues_tokens(),
        }
    }
}

/// Does nothing if another fault has removed the claim or changed its type.
fn change_time(claims: &mut Claims, name: &str, change: impl FnOnce(u64) -> u64) {
    if let Some(value) = claims.get_mut(name)
        && let Some(time) = value.as_u64()
    {
        *value = change(time).into();
    }
}

impl Happening {
    pub(crate) fn effect(&self) -> Effect<'_> {
        self.fault.effect(&self.key_set)
    }
}

impl Injection {
    /// Only at this endpoint.
    #[must_use]
    pub fn at(mut self, endpoint: Endpoint) -> Self {
        self.at = Some(endpoint);
        self
    }

    /// Only for this many requests; 0 counts as 1.
    #[must_use]
    pub fn times(mut self, requests: u32) -> Self {
        self.requests = Some(NonZeroU32::new(requests).unwrap_or(NonZeroU32::MIN));
        self
    }

    fn happens_at(&self, endpoint: Endpoint) -> bool {
        self.at.is_none_or(|at| at == endpoint) && self.fault.can_happen_at(endpoint)
    }
}

impl From<Fault> for Injection {
    fn from(fault: Fault) -> Self {
        Self {
            fault,
            at: None,
            requests: None,
        }
    }
}

impl Faults {
    pub(crate) fn inject(&self, injection: Injection, key_set: Vec<u8>) -> Result<(), FaultError> {
        let Injection { fault, at, .. } = &injection;
        if at.is_some_and(|at| !fault.can_happen_at(at)) {
            return Err(FaultError::NeverHappens);
        }
        if matches!(fault, Fault::Latency(latency) if *latency > MAX_LATENCY) {
            return Err(FaultError::LatencyTooLong);
        }
        self.with(|active| {
            if active.len() >= MAX_FAULTS {
                return Err(FaultError::TooMany);
            }
            active.push(Active { injection, key_set });
            Ok(())
        })
    }

    pub(crate) fn clear(&self) {
        self.with(Vec::clear);
    }

    /// The active faults, each with the number of its remaining requests.
    pub(crate) fn active(&self) -> Vec<Injection> {
        self.with(|active| active.iter().map(|it| it.injection.clone()).collect())
    }

    /// The faults that happen to one request at this endpoint.
    pub(crate) fn happen(&self, endpoint: Endpoint) -> Vec<Happening> {
        self.with(|active| {
            let mut happening = Vec::new();
            active.retain_mut(|Active { injection, key_set }| {
                if !injection.happens_at(endpoint) {
                    return true;
                }
                happening.push(Happening {
                    fault: injection.fault.clone(),
                    key_set: key_set.clone(),
                });
                let Some(requests) = injection.requests else {
                    return true;
                };
                injection.requests = NonZeroU32::new(requests.get() - 1);
                injection.requests.is_some()
            });
            happening
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut Vec<Active>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A span of time in JSON: whole milliseconds.
mod milliseconds {
    use super::{Deserialize, Duration};

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }

    pub(super) fn serialize<S: serde::Serializer>(
        span: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(span.as_millis() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn happening(faults: &Faults, endpoint: Endpoint) -> Vec<Fault> {
        let happening = faults.happen(endpoint).into_iter();
        happening.map(|it| it.fault).collect()
    }

    #[test]
    fn a_fault_happens_where_it_can_and_as_often_as_it_should() {
        let faults = Faults::default();
        let inject = |injection: Injection| faults.inject(injection, Vec::new());
        inject(Fault::Outage.at(Endpoint::KeySet).times(2)).unwrap();
        inject(Fault::Expired.into()).unwrap();
        assert_eq!(happening(&faults, Endpoint::AtmToken), [Fault::Expired]);
        assert_eq!(happening(&faults, Endpoint::Other), []);
        assert_eq!(happening(&faults, Endpoint::KeySet), [Fault::Outage]);
        assert_eq!(faults.active()[0].requests, NonZeroU32::new(1));
        assert_eq!(happening(&faults, Endpoint::KeySet), [Fault::Outage]);
        assert_eq!(happening(&faults, Endpoint::KeySet), []);
        assert_eq!(faults.active(), [Fault::Expired.into()]);
        faults.clear();
        assert_eq!(faults.active(), []);
    }

    #[test]
    fn what_cannot_happen_is_rejected() {
        let faults = Faults::default();
        let inject = |injection: Injection| faults.inject(injection, Vec::new());
        let nowhere = inject(Fault::Expired.at(Endpoint::KeySet));
        assert_eq!(nowhere, Err(FaultError::NeverHappens));
        let late = inject(Fault::Latency(MAX_LATENCY + Duration::from_millis(1)).into());
        assert_eq!(late, Err(FaultError::LatencyTooLong));
        for _ in 0..MAX_FAULTS {
            inject(Fault::Outage.into()).unwrap();
        }
        assert_eq!(inject(Fault::Outage.into()), Err(FaultError::TooMany));
    }

    #[test]
    fn there_is_a_sample_of_each() {
        // What it says to an unknown name has the known names in it.
        let error = serde_json::from_value::<Fault>(json!("flood")).unwrap_err();
        let error = error.to_string();
        let (_, known) = error.split_once("expected one of ").unwrap();
        let mut known: Vec<_> = known.split(", ").collect();
        let name = |fault| match json!(fault) {
            Value::Object(fault) => format!("`{}`", fault.keys().next().unwrap()),
            name => format!("`{}`", name.as_str().unwrap()),
        };
        let mut samples: Vec<_> = Fault::samples().into_iter().map(name).collect();
        known.sort_unstable();
        samples.sort_unstable();
        assert_eq!(samples, known);
    }

    #[test]
    fn faults_in_json() {
        for (json, injection) in [
            (json!({"fault": "alg-none"}), Fault::AlgNone.into()),
            (
                json!({"fault": {"latency": 5}, "at": "key-set", "requests": 3}),
                Fault::Latency(Duration::from_millis(5))
                    .at(Endpoint::KeySet)
                    .times(3),
            ),
            (
                json!({"fault": {"remove-claim": "aud"}}),
                Fault::RemoveClaim("aud".into()).into(),
            ),
            (
                json!({"fault": {"claim": {"name": "aud", "value": 1}}}),
                Fault::Claim {
                    name: "aud".into(),
                    value: 1.into(),
                }
                .into(),
            ),
        ] {
            assert_eq!(serde_json::to_value(&injection).unwrap(), json);
            let parsed: Injection = serde_json::from_value(json).unwrap();
            assert_eq!(parsed, injection);
        }
        for bad in [
            json!({"fault": "flood"}),
            json!({"fault": "outage", "for": 1}),
            json!({"fault": "outage", "requests": 0}),
        ] {
            assert!(serde_json::from_value::<Injection>(bad).is_err());
        }
    }
}

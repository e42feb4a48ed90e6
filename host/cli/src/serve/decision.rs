//! Whether a request is allowed.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use tokenlatch_host::guard::{Guard, GuardBuilder, Refusal, RefusalReason};
use tokenlatch_host::key_set::KeySetCache;
use tracing::{debug, info, warn};

use super::claim_headers::ClaimHeaders;
use super::config::{Config, Issuer, Keys};
use super::path::{Ambiguous, JudgedPath};
use super::rules::{Need, Rule, find};
use crate::failure::Failure;
use crate::key_source::KeyOrigin;

/// What a configuration makes.
pub(super) struct Service {
    guard: Guard,
    rules: Vec<(Rule, Guard)>,
    headers: ClaimHeaders,
    /// [`Config::drain`]
    pub(super) drain: Duration,
    /// For the next configuration, which may have the same issuers.
    keys: Vec<(Keys, KeySetCache)>,
}

/// What a proxy asks about.
pub(super) struct Question<'q> {
    /// The method and the target of the client's request, if the proxy tells.
    pub(super) target: Option<(&'q str, &'q str)>,
    /// The only `Authorization` header, if there is one.
    pub(super) authorization: Result<Option<&'q str>, RefusalReason>,
}

/// What a proxy is told.
pub(super) enum Decision {
    /// The request is allowed. It gets these headers, and loses those that have no value here.
    Allowed(Vec<(HeaderName, Option<HeaderValue>)>),
    Refused(Refusal),
    /// The proxy does not tell the path, and there are rules for paths.
    NoTarget,
}

impl Service {
    /// The service of a configuration. It keeps the keys of the old one, where they come from the same place.
    pub(super) fn start(config: Config, old: Option<&Self>) -> Result<Self, Failure> {
        let (mut keys, mut builders) = (Vec::new(), Vec::new());
        for Issuer {
            keys: place,
            settings,
        } in config.issuers
        {
            let name = settings.issuers.first().cloned().unwrap_or_default();
            let kept = old.and_then(|old| old.keys_from(&place));
            let cache = kept.map_or_else(|| place.keep(name), Ok)?;
            builders.push(Guard::cache(cache.clone(), settings));
            keys.push((place, cache));
        }
        let builder = builders.into_iter().reduce(GuardBuilder::or);
        let no_issuer = || Failure::Usage("there is no [[issuer]]".into());
        let mut builder = builder.ok_or_else(no_issuer)?;
        if config.token_cache > 0 {
            builder = builder.token_cache(config.token_cache);
        }
        if let Some(url) = config.resource_metadata {
            builder = builder.resource_metadata(url);
        }
        let guard = builder.start()?;
        let rules = config.rules.into_iter().map(|rule| {
            let guard = rule.guard(&guard);
            (rule, guard)
        });
        Ok(Self {
            rules: rules.collect(),
            headers: config.headers,
            drain: config.drain,
            guard,
            keys,
        })
    }

    pub(super) async fn decide(&self, question: Question<'_>) -> Decision {
        let (need, guard) = match self.rule(question.target) {
            Ok(rule) => rule,
            Err(decision) => return decision,
        };
        let claims = match (need, question.authorization) {
            (Need::None, _) | (Need::Optional, Ok(None)) => None,
            (_, Ok(authorization)) => match guard.check(authorization).await {
                Ok(claims) => Some(claims),
                Err(refusal) => return refused(refusal, question.target, None),
            },
            (_, Err(reason)) => return refused(guard.refuse(reason), question.target, None),
        };
        debug!("a request is allowed");
        let headers = self.headers.of(claims.as_ref());
        Decision::Allowed(headers.map(|(name, value)| (name.clone(), value)).collect())
    }

    pub(super) fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Waits until the snapshots are written.
    pub(super) async fn settle(&self) {
        for (_, cache) in &self.keys {
            cache.settle().await;
        }
    }

    /// What a request for this target needs.
    fn rule(&self, target: Option<(&str, &str)>) -> Result<(Need, &Guard), Decision> {
        if self.rules.is_empty() {
            return Ok((Need::Required, &self.guard));
        }
        let Some((method, target)) = target else {
            warn!("the proxy does not tell the path of the request");
            return Err(Decision::NoTarget);
        };
        let path = JudgedPath::of(target).map_err(|error| {
            let refusal = self.guard.refuse(RefusalReason::InvalidRequest);
            refused(refusal, Some((method, target)), Some(error))
        })?;
        let found = find(self.rules.iter().map(|(rule, _)| rule), method, &path);
        Ok(match found.map(|index| &self.rules[index]) {
            Some((rule, guard)) => (rule.need, guard),
            None => (Need::Required, &self.guard),
        })
    }

    fn keys_from(&self, place: &Keys) -> Option<KeySetCache> {
        // A file may have other keys now.
        if let KeyOrigin::File(_) = place.origin {
            return None;
        }
        let mut keys = self.keys.iter();
        let (_, cache) = keys.find(|(it, _)| it == place)?;
        Some(cache.clone())
    }
}

fn refused(refusal: Refusal, target: Option<(&str, &str)>, error: Option<Ambiguous>) -> Decision {
    let method = target.map(|(method, _)| method);
    // A query may have secrets, and so may parameters in the path.
    let path = target.and_then(|(_, target)| target.split(['?', ';', '#']).next());
    let status = refusal.status().as_u16();
    let reason = error.map_or_else(|| refusal.reason().to_string(), |error| error.to_string());
    info!(status, reason, method, path, "refused a request");
    Decision::Refused(refusal)
}

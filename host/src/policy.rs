//! A policy with texts of its own, for settings that are known only when the program runs.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use self_cell::self_cell;
use tokenlatch::{ClaimValue, Policy};

/// A [`Policy`] that owns its texts. Clones share them.
///
/// ```
/// use tokenlatch_host::policy::{OwnedPolicy, PolicySettings};
///
/// # fn main() -> Result<(), tokenlatch_host::policy::PolicyError> {
/// # let (issuer, audience) = ("https://issuer.example/".to_owned(), "https://api.example.com/".to_owned());
/// let mut settings = PolicySettings::new(issuer, audience);
/// settings.scopes.push("read:doors".to_owned());
/// let policy = OwnedPolicy::new(settings)?;
/// println!("{:?}", policy.get());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct OwnedPolicy(Arc<WithPolicy>);

/// What a token must say to be accepted. Each field is a method or an argument of [`Policy`], which says what it
/// means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolicySettings {
    /// The issuers to accept. They share one key set, so whoever signs for one of them signs for all: use it for
    /// several names of one issuer. For another issuer, use [`GuardBuilder::or`](crate::guard::GuardBuilder::or) or
    /// [`Verifier`](crate::verifier::Verifier).
    pub issuers: Vec<String>,
    /// The templates of issuers to accept ([`Policy::for_tenants`]).
    pub issuer_templates: Vec<String>,
    /// The tenants to accept of those templates; any, if there is none ([`Policy::only_tenants`]).
    pub tenants: Vec<String>,
    /// The audiences to accept. With none, the client is mandatory, and only tokens without an audience are
    /// accepted ([`Policy::for_client`]).
    pub audiences: Vec<String>,
    /// [`Policy::require_type`]
    pub token_type: Option<String>,
    /// [`Policy::require_subject`]
    pub subject: Option<String>,
    /// [`Policy::require_client`]
    pub client: Option<String>,
    /// [`Policy::require_scopes`]
    pub scopes: Vec<String>,
    /// [`Policy::require_claims`]
    pub claims: Vec<String>,
    /// [`Policy::require_claim`]: at most eight claims, each with its path.
    pub values: Vec<(Vec<String>, OwnedValue)>,
    /// [`Policy::leeway`]
    pub leeway: Duration,
    /// [`Policy::max_age`]
    pub max_age: Option<Duration>,
    /// [`Policy::reject_issued_in_future`]
    pub reject_issued_in_future: bool,
}

/// A [`ClaimValue`] that owns its text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OwnedValue {
    /// [`ClaimValue::Text`]
    Text(String),
    /// [`ClaimValue::Number`]
    Number(u64),
    /// [`ClaimValue::Bool`]
    Bool(bool),
    /// [`ClaimValue::Written`]
    Written(String),
}

/// Why settings are no policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// There is neither an issuer nor a template.
    #[error("there is no issuer to accept")]
    NoIssuer,
    /// There is neither an audience nor, for tokens without one, a client.
    #[error("there is neither an audience nor a client to accept")]
    NoAudience,
    /// Tokens of a template's tenants need an audience.
    #[error("an issuer template needs an audience")]
    TemplateWithoutAudience,
    /// A template does not have exactly one `{tenantid}`.
    #[error("an issuer template does not have exactly one {{tenantid}}")]
    InvalidTemplate,
    /// There are tenants, and no template that they could complete.
    #[error("there are tenants without an issuer template")]
    TenantsWithoutTemplate,
    /// There are more than eight required values.
    #[error("there are more than eight claims with a required value")]
    TooManyValues,
}

impl PolicySettings {
    /// As [`Policy::new`].
    #[must_use]
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            issuers: vec![issuer.into()],
            audiences: vec![audience.into()],
            ..Self::default()
        }
    }

    /// As [`Policy::for_client`].
    #[must_use]
    pub fn for_client(issuer: impl Into<String>, client: impl Into<String>) -> Self {
        Self {
            issuers: vec![issuer.into()],
            client: Some(client.into()),
            ..Self::default()
        }
    }

    /// As [`Policy::for_tenants`].
    #[must_use]
    pub fn for_tenants(issuer_templates: Vec<String>, audience: impl Into<String>) -> Self {
        Self {
            issuer_templates,
            audiences: vec![audience.into()],
            ..Self::default()
        }
    }

    /// Requires this value of a claim.
    pub fn require_claim(&mut self, path: &[&str], value: impl Into<OwnedValue>) {
        let path = path.iter().copied().map(String::from).collect();
        self.values.push((path, value.into()));
    }

    fn check(&self) -> Result<(), PolicyError> {
        let is_template = |template: &String| template.matches("{tenantid}").count() == 1;
        if self.issuers.is_empty() && self.issuer_templates.is_empty() {
            Err(PolicyError::NoIssuer)
        } else if !self.issuer_templates.is_empty() && self.audiences.is_empty() {
            Err(PolicyError::TemplateWithoutAudience)
        } else if self.audiences.is_empty() && self.client.is_none() {
            Err(PolicyError::NoAudience)
        } else if !self.issuer_templates.iter().all(is_template) {
            Err(PolicyError::InvalidTemplate)
        } else if !self.tenants.is_empty() && self.issuer_templates.is_empty() {
            Err(PolicyError::TenantsWithoutTemplate)
        } else if self.values.len() > MAX_VALUES {
            Err(PolicyError::TooManyValues)
        } else {
            Ok(())
        }
    }
}

impl OwnedPolicy {
    /// The policy of these settings.
    ///
    /// # Errors
    ///
    /// Any [`PolicyError`].
    pub fn new(settings: PolicySettings) -> Result<Self, PolicyError> {
        settings.check()?;
        let lists = WithLists::new(settings, |settings| Lists::new(settings));
        let policy = WithPolicy::new(lists, |lists| {
            policy(lists.borrow_owner(), lists.borrow_dependent())
        });
        Ok(Self(Arc::new(policy)))
    }

    /// The policy.
    #[must_use]
    pub fn get(&self) -> &Policy<'_> {
        self.0.borrow_dependent()
    }

    /// The settings that it was made of.
    #[must_use]
    pub fn settings(&self) -> &PolicySettings {
        self.0.borrow_owner().borrow_owner()
    }
}

impl fmt::Debug for OwnedPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

impl From<&str> for OwnedValue {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<u64> for OwnedValue {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for OwnedValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

/// As many values as a [`Policy`] has room for.
const MAX_VALUES: usize = 8;

/// The settings' texts in the lists that a [`Policy`] borrows.
struct Lists<'a> {
    issuers: Vec<&'a str>,
    issuer_templates: Vec<&'a str>,
    tenants: Vec<&'a str>,
    audiences: Vec<&'a str>,
    scopes: Vec<&'a str>,
    claims: Vec<&'a str>,
    paths: Vec<Vec<&'a str>>,
}

self_cell!(
    struct WithLists {
        owner: PolicySettings,
        #[covariant]
        dependent: Lists,
    }
);

self_cell!(
    struct WithPolicy {
        owner: WithLists,
        #[covariant]
        dependent: Policy,
    }
);

impl<'a> Lists<'a> {
    fn new(settings: &'a PolicySettings) -> Self {
        fn list(texts: &[String]) -> Vec<&str> {
            texts.iter().map(String::as_str).collect()
        }
        Self {
            issuers: list(&settings.issuers),
            issuer_templates: list(&settings.issuer_templates),
            tenants: list(&settings.tenants),
            audiences: list(&settings.audiences),
            scopes: list(&settings.scopes),
            claims: list(&settings.claims),
            paths: settings.values.iter().map(|(path, _)| list(path)).collect(),
        }
    }
}

fn policy<'a>(settings: &'a PolicySettings, lists: &'a Lists<'a>) -> Policy<'a> {
    let client = settings.client.as_deref();
    let mut policy = match (
        lists.issuers.as_slice(),
        lists.audiences.as_slice(),
        lists.issuer_templates.as_slice(),
    ) {
        ([issuer, more @ ..], [audience, more_audiences @ ..], []) => {
            let policy = Policy::new(issuer, audience).or_issuers(more);
            policy.or_audiences(more_audiences)
        }
        (issuers, [audience, more_audiences @ ..], templates) => {
            let policy = Policy::for_tenants(templates, audience).or_issuers(issuers);
            policy.or_audiences(more_audiences)
        }
        (issuers, [], _) => {
            let (issuer, more) = issuers.split_first().unwrap_or((&"", &[]));
            Policy::for_client(issuer, client.unwrap_or_default()).or_issuers(more)
        }
    };
    if !lists.tenants.is_empty() {
        policy = policy.only_tenants(&lists.tenants);
    }
    if let Some(token_type) = &settings.token_type {
        policy = policy.require_type(token_type);
    }
    if let Some(subject) = &settings.subject {
        policy = policy.require_subject(subject);
    }
    if let Some(client) = client {
        policy = policy.require_client(client);
    }
    for (path, (_, value)) in lists.paths.iter().zip(&settings.values) {
        policy = policy.require_claim(path, value.borrowed());
    }
    if let Some(max_age) = settings.max_age {
        policy = policy.max_age(max_age);
    }
    if settings.reject_issued_in_future {
        policy = policy.reject_issued_in_future();
    }
    policy
        .require_scopes(&lists.scopes)
        .require_claims(&lists.claims)
        .leeway(settings.leeway)
}

impl OwnedValue {
    fn borrowed(&self) -> ClaimValue<'_> {
        match self {
            Self::Text(text) => ClaimValue::Text(text),
            Self::Number(number) => ClaimValue::Number(*number),
            Self::Bool(value) => ClaimValue::Bool(*value),
            Self::Written(text) => ClaimValue::Written(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().copied().map(String::from).collect()
    }

    #[test]
    fn settings_make_the_policy_that_they_name() {
        let mut settings = PolicySettings {
            issuers: texts(&["i1", "i2"]),
            audiences: texts(&["a1", "a2", "a3"]),
            token_type: Some("at+jwt".into()),
            subject: Some("s".into()),
            client: Some("c".into()),
            scopes: texts(&["read", "write"]),
            claims: texts(&["jti"]),
            leeway: Duration::from_secs(5),
            max_age: Some(Duration::from_secs(60)),
            reject_issued_in_future: true,
            ..PolicySettings::default()
        };
        settings.require_claim(&["a", "b"], "text");
        settings.require_claim(&["c"], 7);
        settings.require_claim(&["d"], true);
        let expected = Policy::new("i1", "a1")
            .or_issuers(&["i2"])
            .or_audiences(&["a2", "a3"])
            .require_type("at+jwt")
            .require_subject("s")
            .require_client("c")
            .require_claim(&["a", "b"], ClaimValue::Text("text"))
            .require_claim(&["c"], ClaimValue::Number(7))
            .require_claim(&["d"], ClaimValue::Bool(true))
            .require_scopes(&["read", "write"])
            .require_claims(&["jti"])
            .leeway(Duration::from_secs(5))
            .max_age(Duration::from_secs(60))
            .reject_issued_in_future();
        let policy = OwnedPolicy::new(settings.clone()).unwrap();
        assert_eq!(*policy.clone().get(), expected);
        assert_eq!(*policy.settings(), settings);
    }

    #[test]
    fn without_an_audience_the_client_is_mandatory() {
        let settings = PolicySettings::for_client("i", "c");
        let policy = OwnedPolicy::new(settings).unwrap();
        let expected = Policy::for_client("i", "c").or_issuers(&[]);
        let lists = |policy: Policy<'static>| policy.require_scopes(&[]).require_claims(&[]);
        assert_eq!(*policy.get(), lists(expected));

        let settings = PolicySettings::for_tenants(texts(&["{tenantid}/"]), "a");
        let policy = OwnedPolicy::new(settings).unwrap();
        let expected = Policy::for_tenants(&["{tenantid}/"], "a").or_issuers(&[]);
        assert_eq!(*policy.get(), lists(expected.or_audiences(&[])));
    }

    #[test]
    fn settings_that_would_accept_too_much_or_nothing_are_rejected() {
        let error = |change: &dyn Fn(&mut PolicySettings)| {
            let mut settings = PolicySettings::new("i", "a");
            change(&mut settings);
            OwnedPolicy::new(settings).err()
        };
        assert_eq!(error(&|_| {}), None);
        for (expected, change) in [
            (
                PolicyError::NoIssuer,
                &(|it: &mut PolicySettings| it.issuers.clear()) as &dyn Fn(&mut PolicySettings),
            ),
            (PolicyError::NoAudience, &|it| it.audiences.clear()),
            (PolicyError::TemplateWithoutAudience, &|it| {
                it.audiences.clear();
                it.client = Some("c".into());
                it.issuer_templates = texts(&["{tenantid}"]);
            }),
            (PolicyError::InvalidTemplate, &|it| {
                it.issuer_templates = texts(&["{tenantid}", "{tenant}"]);
            }),
            (PolicyError::TenantsWithoutTemplate, &|it| {
                it.tenants = texts(&["t"]);
            }),
            (PolicyError::TooManyValues, &|it| {
                (0..9).for_each(|_| it.require_claim(&["x"], 1));
            }),
        ] {
            assert_eq!(error(change), Some(expected));
        }
    }
}

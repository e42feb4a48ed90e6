//! What a token must say: the claims against a policy.

use std::time::Duration;

use arbitrary::{Arbitrary, Result as Made, Unstructured};
use tokenlatch::{ClaimValue, Policy, Time};

use super::Claims;
use super::json::Tree;
use super::number;

/// How far `iat` may be in the future, if the present is known to the second.
const ISSUED_AHEAD: u64 = 60;

/// The present: the first and the last second that it may be.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    pub earliest: u64,
    pub latest: u64,
}

impl Now {
    pub fn time(self) -> Time {
        Time::between(self.earliest, self.latest)
    }
}

/// A policy.
#[derive(Clone, Debug)]
pub struct Rules {
    pub issuer: &'static str,
    pub more_issuers: Vec<&'static str>,
    pub templates: Vec<&'static str>,
    pub tenants: Option<Vec<&'static str>>,
    /// Without one, the client is mandatory, and the token has no audience.
    pub audience: Option<&'static str>,
    pub more_audiences: Vec<&'static str>,
    pub token_type: Option<&'static str>,
    pub subject: Option<&'static str>,
    pub client: Option<&'static str>,
    pub scopes: Vec<&'static str>,
    pub claims: Vec<&'static str>,
    pub values: Vec<(Vec<&'static str>, Wanted)>,
    pub leeway: u64,
    pub max_age: Option<u64>,
    pub ahead: Ahead,
    pub accepts_uncertain: bool,
}

/// The value of a claim.
#[derive(Clone, Debug)]
pub enum Wanted {
    Text(&'static str),
    Number(u64),
    Bool(bool),
    Written(&'static str),
}

/// How far `iat` may be in the future.
#[derive(Clone, Copy, Debug)]
pub enum Ahead {
    ByDefault,
    However,
    Never,
}

pub const ISSUER: &str = "https://issuer.example/";
pub const AUDIENCE: &str = "https://device.example/";
pub const CLIENT: &str = "service-app";
pub const TENANT: &str = "8a0d7f2e-5c11-4b4e-9a55-0f6b3c2d1e00";
pub const TEMPLATE: &str = "https://login.microsoftonline.com/{tenantid}/v2.0";
pub const NOW: u64 = 1_800_000_000;

impl Rules {
    /// The least that a policy can ask for.
    pub fn plain() -> Self {
        Self {
            issuer: ISSUER,
            more_issuers: Vec::new(),
            templates: Vec::new(),
            tenants: None,
            audience: Some(AUDIENCE),
            more_audiences: Vec::new(),
            token_type: None,
            subject: None,
            client: None,
            scopes: Vec::new(),
            claims: Vec::new(),
            values: Vec::new(),
            leeway: 0,
            max_age: None,
            ahead: Ahead::ByDefault,
            accepts_uncertain: false,
        }
    }

    /// Calls `with` with the policy of Tokenlatch that asks for the same.
    pub fn with_policy<T>(&self, with: impl FnOnce(&Policy<'_>) -> T) -> T {
        let mut policy = match (self.audience, self.client) {
            (Some(audience), _) if !self.templates.is_empty() => {
                Policy::for_tenants(&self.templates, audience)
            }
            (Some(audience), _) => Policy::new(self.issuer, audience),
            (None, client) => Policy::for_client(self.issuer, client.unwrap_or_default()),
        };
        policy = policy
            .or_issuers(&self.more_issuers)
            .or_audiences(&self.more_audiences)
            .require_scopes(&self.scopes)
            .require_claims(&self.claims)
            .leeway(Duration::from_secs(self.leeway));
        if let Some(tenants) = &self.tenants {
            policy = policy.only_tenants(tenants);
        }
        if let Some(token_type) = self.token_type {
            policy = policy.require_type(token_type);
        }
        if let Some(subject) = self.subject {
            policy = policy.require_subject(subject);
        }
        if let Some(client) = self.client {
            policy = policy.require_client(client);
        }
        for (path, wanted) in &self.values {
            policy = policy.require_claim(
                path,
                match wanted {
                    Wanted::Text(text) => ClaimValue::Text(text),
                    Wanted::Number(number) => ClaimValue::Number(*number),
                    Wanted::Bool(truth) => ClaimValue::Bool(*truth),
                    Wanted::Written(text) => ClaimValue::Written(text),
                },
            );
        }
        if let Some(max_age) = self.max_age {
            policy = policy.max_age(Duration::from_secs(max_age));
        }
        policy = match self.ahead {
            Ahead::ByDefault => policy,
            Ahead::However => policy.accept_issued_in_future(),
            Ahead::Never => policy.reject_issued_in_future(),
        };
        if self.accepts_uncertain {
            policy = policy.accept_uncertain();
        }
        with(&policy)
    }

    /// Compares claims with the policy: the code of the first reason to reject them, or whether they are valid at
    /// every second that the present may be.
    pub fn check(
        &self,
        token_type: Option<&str>,
        claims: &Claims,
        now: Now,
    ) -> Result<bool, &'static str> {
        if let Some(wanted) = self.token_type
            && token_type.is_none_or(|it| media_type(it) != media_type(wanted))
        {
            return Err("wrong-type");
        }
        self.check_issuer(claims)?;
        self.check_audience(claims)?;
        if let Some(wanted) = self.subject {
            let subject = claims.text("sub").ok_or("missing-claim")?;
            require(subject == wanted, "wrong-subject")?;
        }
        if let Some(wanted) = self.client {
            let client = client(claims)?.ok_or("missing-claim")?;
            require(client == wanted, "wrong-client")?;
        }
        let scopes = claims.scopes();
        let has_scope = |wanted: &&str| scopes.iter().any(|scope| scope == wanted);
        require(self.scopes.iter().all(has_scope), "missing-scope")?;
        let is_there = |name: &&str| claims.get(name).is_some_and(|value| *value != Tree::Null);
        require(self.claims.iter().all(is_there), "missing-required-claim")?;
        // Both lists of values go from the last one that was asked for.
        for (path, wanted) in self.values.iter().rev() {
            let mut value = Some(&claims.0);
            for name in path {
                value = value.and_then(|value| value.get(name));
            }
            let value = value.filter(|value| **value != Tree::Null);
            let is_right = match value.ok_or("missing-required-claim")? {
                Tree::Array(elements) => elements.iter().any(|element| wanted.is(element)),
                value => wanted.is(value),
            };
            require(is_right, "wrong-claim")?;
        }
        self.check_dates(claims, now)
    }

    fn check_issuer(&self, claims: &Claims) -> Result<(), &'static str> {
        let issuer = claims.text("iss").ok_or("missing-claim")?;
        let own = if self.templates.is_empty() || self.audience.is_none() {
            Some(self.issuer)
        } else {
            None
        };
        if own
            .iter()
            .chain(&self.more_issuers)
            .any(|own| *own == issuer)
        {
            return Ok(());
        }
        let templates = match self.audience {
            Some(_) => self.templates.as_slice(),
            None => &[],
        };
        for template in templates {
            if completed(template, &issuer).is_none() {
                continue;
            }
            let tenant = match claims.get("tid") {
                None => return Err("missing-claim"),
                Some(Tree::Text(tenant)) => tenant,
                Some(_) => return Err("invalid-claim"),
            };
            if completed(template, &issuer) == Some(tenant) {
                let is_listed = |tenants: &Vec<&str>| {
                    tenants
                        .iter()
                        .any(|other| other.eq_ignore_ascii_case(tenant))
                };
                let is_accepted = self.tenants.as_ref().is_none_or(is_listed);
                return require(is_accepted, "wrong-issuer");
            }
        }
        Err("wrong-issuer")
    }

    fn check_audience(&self, claims: &Claims) -> Result<(), &'static str> {
        let own: Vec<&str> = self
            .audience
            .iter()
            .chain(&self.more_audiences)
            .copied()
            .collect();
        if claims.get("aud").is_none() {
            return require(own.is_empty(), "missing-claim");
        }
        let audiences = claims.texts("aud");
        let is_own = |audience: &String| own.contains(&audience.as_str());
        require(audiences.iter().any(is_own), "wrong-audience")
    }

    /// A date is right if it is right at each second that the present may be, or at one, if that is enough.
    fn check_dates(&self, claims: &Claims, now: Now) -> Result<bool, &'static str> {
        let leeway = i128::from(self.leeway);
        let (mut first, mut last) = (i128::from(now.earliest), i128::from(now.latest));
        let (first_of_all, last_of_all) = (first, last);
        // The token is valid from the first second to the second before the end.
        let mut narrow = |from: Option<i128>, end: Option<i128>, code| {
            first = first.max(from.unwrap_or(first));
            last = last.min(end.map_or(last, |end| end - 1));
            let is_whole = (first, last) == (first_of_all, last_of_all);
            require(first <= last && (is_whole || self.accepts_uncertain), code)
        };
        let expiry = claims.date("exp").ok_or("missing-claim")?;
        narrow(None, Some(i128::from(expiry.floor) + leeway), "expired")?;
        if let Some(date) = claims.date("nbf") {
            narrow(Some(i128::from(date.ceil) - leeway), None, "not-yet-valid")?;
        }
        if let Some(date) = claims.date("iat") {
            let ahead = match self.ahead {
                Ahead::However => i128::from(u64::MAX),
                Ahead::ByDefault if now.earliest == now.latest => i128::from(ISSUED_AHEAD),
                Ahead::ByDefault | Ahead::Never => 0,
            };
            let from = i128::from(date.ceil) - ahead - leeway;
            narrow(Some(from), None, "issued-in-future")?;
        }
        if let Some(max_age) = self.max_age {
            let date = claims.date("iat").ok_or("missing-claim")?;
            let last = i128::from(date.floor) + i128::from(max_age) + leeway;
            narrow(None, Some(last + 1), "too-old")?;
        }
        Ok((first, last) == (first_of_all, last_of_all))
    }
}

/// Compares the issuer of a token with the one that its key is marked for (Entra).
pub fn check_mark(mark: &str, claims: &Claims) -> Result<(), &'static str> {
    let issuer = claims.text("iss").ok_or("missing-claim")?;
    let tenant = match claims.get("tid") {
        None => None,
        Some(Tree::Text(tenant)) => Some(tenant),
        Some(_) => return Err("invalid-claim"),
    };
    if issuer == mark {
        return Ok(());
    }
    if let Some(tenant) = tenant {
        if completed(mark, &issuer) == Some(tenant.as_str()) {
            return Ok(());
        }
        // Tokens of version 1.0 are signed with keys that are marked for version 2.0.
        let version_1 = [
            "https://sts.windows.net/{tenantid}/",
            "https://sts.chinacloudapi.cn/{tenantid}/",
        ];
        let is_version_1 = version_1
            .iter()
            .any(|template| completed(template, &issuer) == Some(tenant.as_str()));
        let marked = mark
            .strip_prefix("https://")
            .and_then(|mark| mark.strip_suffix("/v2.0"));
        let marked = marked.and_then(|path| Some(path.split_once('/')?.1));
        if is_version_1 && marked.is_some_and(|it| it == "{tenantid}" || it == tenant) {
            return Ok(());
        }
    }
    if completed(mark, &issuer).is_some() {
        Err("wrong-issuer")
    } else {
        Err("wrong-key-issuer")
    }
}

/// The tenant with which a template is the issuer.
fn completed<'i>(template: &str, issuer: &'i str) -> Option<&'i str> {
    let (before, after) = template.split_once("{tenantid}")?;
    if before.contains('{') {
        return None;
    }
    let tenant = issuer.strip_prefix(before)?.strip_suffix(after)?;
    is_guid(tenant).then_some(tenant)
}

/// RFC 9562 section 4.
fn is_guid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.concat().bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// As RFC 7515 section 4.1.9 compares media types.
fn media_type(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    match name.strip_prefix("application/") {
        Some(rest) if !rest.contains('/') => rest.into(),
        _ => name,
    }
}

/// The first of the names of the client that the token has.
fn client(claims: &Claims) -> Result<Option<String>, &'static str> {
    for name in ["azp", "client_id", "cid", "appid"] {
        match claims.get(name) {
            None => {}
            Some(Tree::Text(text)) => return Ok(Some(text.clone())),
            Some(_) => return Err("invalid-claim"),
        }
    }
    Ok(None)
}

impl Wanted {
    fn is(&self, value: &Tree) -> bool {
        match (self, value) {
            (Self::Text(wanted) | Self::Written(wanted), Tree::Text(text)) => wanted == text,
            (Self::Number(wanted), Tree::Number(text)) => number::read(text)
                .is_some_and(|number| !number.has_fraction && number.whole == (*wanted).into()),
            (Self::Bool(wanted), Tree::Bool(truth)) => wanted == truth,
            (Self::Written(wanted), Tree::Number(text)) => wanted == text,
            (Self::Written(wanted), Tree::Bool(truth)) => *wanted == truth.to_string(),
            _ => false,
        }
    }
}

fn require(holds: bool, code: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(code) }
}

/// Policies that the claims of [`crate::documents`] fit now and then.
impl<'a> Arbitrary<'a> for Rules {
    fn arbitrary(u: &mut Unstructured<'a>) -> Made<Self> {
        let mut rules = Self::plain();
        if u.ratio(1_u8, 3_u8)? {
            return Ok(rules);
        }
        let is_rare = |u: &mut Unstructured<'a>| u.ratio(1_u8, 4_u8);
        if is_rare(u)? {
            rules.more_issuers = vec!["https://other.example/"];
        }
        if is_rare(u)? {
            rules.templates = vec!["https://sts.windows.net/{tenantid}/", TEMPLATE];
            if u.arbitrary()? {
                rules.tenants = Some(vec![TENANT]);
            }
        }
        if is_rare(u)? {
            rules.audience = None;
            rules.client = Some(CLIENT);
        } else if is_rare(u)? {
            rules.more_audiences = vec!["api", "https://other.example/"];
        }
        if is_rare(u)? {
            rules.token_type = Some(u.choose(&["at+jwt", "application/at+jwt", "JWT"])?);
        }
        if is_rare(u)? {
            rules.subject = Some("technician-7");
        }
        if is_rare(u)? {
            rules.client = Some(CLIENT);
        }
        if is_rare(u)? {
            rules.scopes = vec!["read", "write"];
        }
        if is_rare(u)? {
            rules.claims = vec!["jti", "x"];
        }
        if is_rare(u)? {
            rules.values = vec![
                (vec!["x"], Wanted::Number(u64::from(u.arbitrary::<u8>()?))),
                (vec!["y", "z"], Wanted::Text("read")),
            ];
        }
        if is_rare(u)? {
            let written = Wanted::Written(u.choose(&["true", "1", "1.0", "read"])?);
            let wanted = if u.arbitrary()? {
                Wanted::Bool(true)
            } else {
                written
            };
            rules.values.push((vec!["x"], wanted));
        }
        if is_rare(u)? {
            rules.leeway = u64::from(u.arbitrary::<u16>()?);
        }
        if is_rare(u)? {
            rules.max_age = Some(u64::from(u.arbitrary::<u16>()?));
        }
        rules.ahead = *u.choose(&[Ahead::ByDefault, Ahead::However, Ahead::Never])?;
        rules.accepts_uncertain = is_rare(u)?;
        Ok(rules)
    }
}

impl<'a> Arbitrary<'a> for Now {
    fn arbitrary(u: &mut Unstructured<'a>) -> Made<Self> {
        let near = |u: &mut Unstructured<'a>| Made::Ok(NOW - 500 + u.int_in_range(0..=1000)?);
        Ok(match u.int_in_range(0..=3_u8)? {
            0 | 1 => {
                let now = near(u)?;
                Self {
                    earliest: now,
                    latest: now,
                }
            }
            2 => {
                let (a, b): (u64, u64) = (near(u)?, near(u)?);
                Self {
                    earliest: a.min(b),
                    latest: a.max(b),
                }
            }
            _ => Self {
                earliest: near(u)?,
                latest: u64::MAX,
            },
        })
    }
}

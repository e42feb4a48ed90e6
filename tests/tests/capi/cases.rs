//! Cases for `core/capi/check/verdicts.c`, and the verdicts that the core gives in Rust.

use std::fmt::Write as _;
use std::time::Duration;

use tokenlatch::json::Value;
use tokenlatch::{
    Bits, Capacity, Error, Jwk, JwkSet, Policy, PublicKey, Time, Verified, verify_in_place,
};

/// As in `tokenlatch.h`.
const MAX_KEYS: usize = 4;
const ACCEPT_UNCERTAIN: u32 = 1;
const ACCEPT_ISSUED_IN_FUTURE: u32 = 2;
const REJECT_ISSUED_IN_FUTURE: u32 = 4;
const RFC9068: u32 = 8;

/// What a `tl_policy` has.
#[derive(Clone, Default)]
pub(crate) struct Texts {
    pub(crate) issuer: String,
    pub(crate) audience: Option<String>,
    pub(crate) token_type: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) client: Option<String>,
    pub(crate) more_issuers: Vec<String>,
    pub(crate) more_audiences: Vec<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) claims: Vec<String>,
    pub(crate) leeway: u32,
    pub(crate) max_age: u32,
    pub(crate) flags: u32,
}

impl Texts {
    pub(crate) fn new(issuer: &str, audience: &str) -> Self {
        Self {
            issuer: issuer.into(),
            audience: Some(audience.into()),
            ..Self::default()
        }
    }

    /// As `verdicts.c` reads it.
    fn encode(&self) -> Vec<u8> {
        let mut text = format!("i{}\0", self.issuer);
        let optional = [
            ('a', &self.audience),
            ('t', &self.token_type),
            ('s', &self.subject),
            ('c', &self.client),
        ];
        let lists = [
            ('I', &self.more_issuers),
            ('A', &self.more_audiences),
            ('S', &self.scopes),
            ('C', &self.claims),
        ];
        let numbers = [('l', self.leeway), ('m', self.max_age), ('f', self.flags)];
        for (name, value) in optional {
            value
                .iter()
                .for_each(|value| write!(text, "{name}{value}\0").unwrap());
        }
        for (name, values) in lists {
            values
                .iter()
                .for_each(|value| write!(text, "{name}{value}\0").unwrap());
        }
        for (name, value) in numbers {
            write!(text, "{name}{value}\0").unwrap();
        }
        text.into_bytes()
    }

    /// Calls `verify` with the policy in Rust.
    fn with<T>(&self, verify: impl FnOnce(&Policy<'_>) -> T) -> T {
        fn list(texts: &[String]) -> Vec<&str> {
            texts.iter().map(String::as_str).collect()
        }
        let [issuers, audiences, scopes, claims] = [
            &self.more_issuers,
            &self.more_audiences,
            &self.scopes,
            &self.claims,
        ]
        .map(|texts| list(texts));
        let has = |flag| self.flags & flag != 0;
        let mut policy = match (&self.audience, &self.client) {
            (Some(audience), _) if has(RFC9068) => Policy::rfc9068(&self.issuer, audience),
            (Some(audience), _) => Policy::new(&self.issuer, audience),
            (None, client) => Policy::for_client(&self.issuer, client.as_ref().expect("a client")),
        }
        .or_issuers(&issuers)
        .or_audiences(&audiences)
        .require_scopes(&scopes)
        .require_claims(&claims)
        .leeway(Duration::from_secs(self.leeway.into()));
        if let Some(token_type) = &self.token_type {
            policy = policy.require_type(token_type);
        }
        if let Some(subject) = &self.subject {
            policy = policy.require_subject(subject);
        }
        if let Some(client) = &self.client {
            policy = policy.require_client(client);
        }
        if self.max_age != 0 {
            policy = policy.max_age(Duration::from_secs(self.max_age.into()));
        }
        if has(ACCEPT_ISSUED_IN_FUTURE) {
            policy = policy.accept_issued_in_future();
        }
        if has(REJECT_ISSUED_IN_FUTURE) {
            policy = policy.reject_issued_in_future();
        }
        if has(ACCEPT_UNCERTAIN) {
            policy = policy.accept_uncertain();
        }
        verify(&policy)
    }
}

/// Cases in order, each with its effect on the next ones.
pub(crate) struct Cases<const BITS: usize>
where
    Bits<BITS>: Capacity,
{
    /// What `verdicts.c` reads.
    pub(crate) input: Vec<u8>,
    /// What it must print.
    pub(crate) expected: Vec<String>,
    keys: JwkSet<MAX_KEYS, BITS>,
    policy: Texts,
    now: Time,
}

impl<const BITS: usize> Cases<BITS>
where
    Bits<BITS>: Capacity,
{
    pub(crate) fn new() -> Self {
        let mut cases = Self {
            input: Vec::new(),
            expected: Vec::new(),
            keys: JwkSet::from_keys([]),
            policy: Texts::default(),
            now: Time::exactly(0),
        };
        cases.no_keys();
        cases
    }

    /// The set is empty from now on.
    pub(crate) fn no_keys(&mut self) {
        self.keys = JwkSet::from_keys([]);
        self.push(b'I', &[]);
        self.expected.push("ok".into());
    }

    /// A key from constants.
    pub(crate) fn key(&mut self, kid: &str, n: &[u8], e: u32) {
        let bytes = [&e.to_le_bytes()[..], kid.as_bytes(), &[0], n].concat();
        self.push(b'K', &bytes);
        let added = PublicKey::from_be_bytes(n, e)
            .and_then(|key| Jwk::new(kid, key))
            .and_then(|key| self.keys.push(key));
        self.expected.push(name(added.err()).into());
    }

    /// A JWK Set.
    pub(crate) fn key_set(&mut self, document: &[u8]) {
        self.push(b'J', document);
        let read = JwkSet::from_json(document);
        self.expected
            .push(name(read.as_ref().err().copied()).into());
        self.keys = read.unwrap_or(JwkSet::from_keys([]));
    }

    pub(crate) fn policy(&mut self, policy: &Texts) {
        self.push(b'P', &policy.encode());
        self.policy = policy.clone();
    }

    pub(crate) fn time(&mut self, now: Time) {
        let bytes = [now.earliest().to_le_bytes(), now.latest().to_le_bytes()].concat();
        self.push(b'N', &bytes);
        self.now = now;
    }

    pub(crate) fn token(&mut self, token: impl AsRef<[u8]>) {
        self.push(b'T', token.as_ref());
        let mut copy = token.as_ref().to_vec();
        let verdict = self.policy.with(|policy| {
            match verify_in_place(&mut copy, &self.keys, policy, self.now) {
                Ok(verified) => format!("ok{}", claims(&verified)),
                Err(error) => error.code().into(),
            }
        });
        self.expected.push(verdict);
    }

    fn push(&mut self, kind: u8, bytes: &[u8]) {
        let len = u32::try_from(bytes.len()).expect("a length");
        self.input.push(kind);
        self.input.extend(len.to_le_bytes());
        self.input.extend(bytes);
    }
}

fn name(error: Option<Error>) -> &'static str {
    error.map_or("ok", Error::code)
}

/// The claims, as `verdicts.c` prints them.
fn claims(verified: &Verified<'_>) -> String {
    let is_certain = u8::from(verified.is_certainly_valid());
    let mut line = format!(" {} {is_certain}", verified.expiry());
    for name in ["iss", "sub", "jti", "client_id"] {
        line += " ";
        match verified.claim(&[name]) {
            None | Some(Value::Null) => line += "no-claim",
            Some(Value::String(text)) if text.chars().any(|c| c == '\0') => line += "text-has-nul",
            Some(Value::String(text)) => {
                line += "\"";
                for byte in text.to_string().bytes() {
                    write!(line, "{byte:02x}").unwrap();
                }
            }
            Some(_) => line += "other-claim-type",
        }
    }
    for name in ["exp", "iat"] {
        match verified.claim(&[name]) {
            None | Some(Value::Null) => line += " no-claim:0",
            Some(value) => match value.as_u64() {
                Some(number) => write!(line, " ok:{number}").unwrap(),
                None => line += " other-claim-type:0",
            },
        }
    }
    for scope in ["config:read", "config:write"] {
        write!(line, " {}", u8::from(verified.has_scope(scope))).unwrap();
    }
    line
}

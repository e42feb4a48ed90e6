//! The requests: each of a kind, with what is known about it beforehand.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use rand::RngExt;
use serde_json::{Value, json};
use tokenlatch_host::clock::unix_now;

use crate::issuer::{Control, Failed};

/// What a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Good,
    NewKey,
    WithdrawnKey,
    ForAnHour,
    FromAnHourOn,
    ExpiredAnHourAgo,
    ExpiredADayAgo,
    WrongAudience,
    WrongIssuer,
    BadSignature,
    AlgNone,
    LacksScope,
    UnknownKey,
    NoToken,
    OtherScheme,
    Malformed,
    TwoHeaders,
    Garbage,
    TooLong,
}

impl Kind {
    pub(crate) const ALL: [Self; 19] = [
        Self::Good,
        Self::NewKey,
        Self::WithdrawnKey,
        Self::ForAnHour,
        Self::FromAnHourOn,
        Self::ExpiredAnHourAgo,
        Self::ExpiredADayAgo,
        Self::WrongAudience,
        Self::WrongIssuer,
        Self::BadSignature,
        Self::AlgNone,
        Self::LacksScope,
        Self::UnknownKey,
        Self::NoToken,
        Self::OtherScheme,
        Self::Malformed,
        Self::TwoHeaders,
        Self::Garbage,
        Self::TooLong,
    ];

    /// Whether it needs a token of its own from the issuer. The others are made of a good one.
    pub(crate) fn is_issued(self) -> bool {
        matches!(
            self,
            Self::Good
                | Self::ForAnHour
                | Self::FromAnHourOn
                | Self::ExpiredAnHourAgo
                | Self::ExpiredADayAgo
                | Self::WrongAudience
                | Self::WrongIssuer
                | Self::LacksScope
        )
    }

    /// In the report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::NewKey => "good, of a key that the child may not have yet",
            Self::WithdrawnKey => "good, of a key that is not published any longer",
            Self::ForAnHour => "valid for an hour",
            Self::FromAnHourOn => "valid from an hour on (`nbf`)",
            Self::ExpiredAnHourAgo => "expired an hour ago",
            Self::ExpiredADayAgo => "expired a day ago",
            Self::WrongAudience => "for another audience",
            Self::WrongIssuer => "of another issuer",
            Self::BadSignature => "with one character of the signature changed",
            Self::AlgNone => "with the `alg` `none`",
            Self::LacksScope => "without the scope",
            Self::UnknownKey => "with a `kid` that no key has, each time another one",
            Self::NoToken => "no token",
            Self::OtherScheme => "another scheme",
            Self::Malformed => "a malformed header",
            Self::TwoHeaders => "two headers",
            Self::Garbage => "no JWT",
            Self::TooLong => "too long",
        }
    }
}

/// A token of the issuer.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) text: String,
    /// `nbf` and `exp`, in seconds since 1970.
    pub(crate) valid: (u64, u64),
}

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// One token of each kind [that needs one](Kind::is_issued), of the key that signs now.
pub(crate) async fn issue(issuer: &Control, key_id: &str) -> Result<Vec<Token>, Failed> {
    let now = unix_now();
    let mut tokens = Vec::new();
    for kind in Kind::ALL.into_iter().filter(|kind| kind.is_issued()) {
        let valid = match kind {
            Kind::ForAnHour => (now - 2 * DAY, now + HOUR),
            Kind::FromAnHourOn => (now + HOUR, now + 2 * DAY),
            Kind::ExpiredAnHourAgo => (now - 2 * DAY, now - HOUR),
            Kind::ExpiredADayAgo => (now - 2 * DAY, now - DAY),
            _ => (now - 2 * DAY, now + 2 * DAY),
        };
        let mut claims = json!({"iat": now - 2 * DAY, "nbf": valid.0, "exp": valid.1});
        match kind {
            Kind::WrongAudience => claims["aud"] = "https://wrong.example/".into(),
            Kind::WrongIssuer => claims["iss"] = "https://wrong.example/".into(),
            Kind::LacksScope => claims["scope"] = "write:things".into(),
            _ => {}
        }
        let text = issuer.token(claims).await?;
        if header(&text)["kid"] != key_id {
            return Err("a token is not of the key that signs".into());
        }
        tokens.push(Token { kind, text, valid });
    }
    Ok(tokens)
}

fn header(token: &str) -> Value {
    let header = token.split('.').next().unwrap_or_default();
    let header = BASE64URL.decode(header).unwrap_or_default();
    serde_json::from_slice(&header).unwrap_or_default()
}

/// The `Authorization` headers of a request of this kind, made of a good token where it takes one.
pub(crate) fn authorization(kind: Kind, token: &str) -> Vec<String> {
    let bearer = |token: &str| vec![format!("Bearer {token}")];
    match kind {
        Kind::NoToken => Vec::new(),
        Kind::OtherScheme => vec!["Basic ZGVtbzpkZW1v".into()],
        Kind::Malformed => vec![format!("Bearer {token} {token}")],
        Kind::TwoHeaders => vec![format!("Bearer {token}"); 2],
        Kind::Garbage => bearer(&token.replace('.', "_")),
        Kind::TooLong => bearer(&token.repeat(1 + 17_000 / token.len())),
        Kind::BadSignature => {
            let at = token.rfind('.').map_or(0, |dot| dot + 1) + rand::rng().random_range(0..300);
            let other = if &token[at..=at] == "A" { "B" } else { "A" };
            bearer(&format!("{}{other}{}", &token[..at], &token[at + 1..]))
        }
        Kind::AlgNone => {
            let header = BASE64URL.encode(json!({"alg": "none", "typ": "JWT"}).to_string());
            let claims = token.split('.').nth(1).unwrap_or_default();
            bearer(&format!("{header}.{claims}."))
        }
        Kind::UnknownKey => {
            let mut other = header(token);
            other["kid"] = format!("unknown-{:016x}", rand::random::<u64>()).into();
            let rest = token.split_once('.').map_or("", |(_, rest)| rest);
            bearer(&format!("{}.{rest}", BASE64URL.encode(other.to_string())))
        }
        _ => bearer(token),
    }
}

//! A slow verifier, written to be read: serde_json, base64 and num-bigint, and nothing of Tokenlatch.
//!
//! It takes the steps of RFC 7515 section 5.2 and RFC 7519 section 7.2 in order. Where a step has several reasons to
//! reject a token, any of them is right.

pub mod json;
pub mod keys;
pub mod number;
pub mod rules;

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;

use self::json::{MAX_MEMBERS, Read, Tree};
use self::keys::KeySet;
use self::number::Date;
use self::rules::{Now, Rules};

const MAX_TOKEN_LEN: usize = 16_384;
const MAX_HEADER_LEN: usize = 2048;
const MAX_HEADER_MEMBERS: usize = 32;

/// Codes of errors, any of which is right.
pub type Reasons = BTreeSet<&'static str>;

/// What a good token says.
#[derive(Debug, PartialEq)]
pub struct Good {
    pub key_id: Option<String>,
    pub issuer: String,
    pub subject: Option<String>,
    pub audiences: Vec<String>,
    pub expiry: u64,
    pub not_before: Option<u64>,
    pub issued_at: Option<u64>,
    pub token_id: Option<String>,
    pub scopes: Vec<String>,
    pub is_certain: bool,
}

/// Verifies a token under the keys of a set, which remembers the reasons of `known` unusable ones.
pub fn verify(
    token: &[u8],
    keys: &KeySet,
    known: usize,
    rules: &Rules,
    now: Now,
) -> Result<Good, Reasons> {
    let (header, payload, message, signature) = split(token)?;
    let header = Header::read(&header)?;
    let payload = decode(payload)?;
    let signature = decode(signature)?;
    let key = keys.find(header.key_id.as_deref(), known);
    let key = key.map_err(|code| Reasons::from([code]))?;
    if !key.verifies(message, &signature) {
        return Err(["invalid-signature"].into());
    }
    let claims = Claims::read(&payload);
    if let Some(mark) = &key.issuer {
        let claims = claims.as_ref().map_err(Clone::clone)?;
        rules::check_mark(mark, claims).map_err(|code| Reasons::from([code]))?;
    }
    let claims = claims?;
    let checked = rules.check(header.token_type.as_deref(), &claims, now);
    let is_certain = checked.map_err(|code| Reasons::from([code]))?;
    Ok(Good {
        key_id: header.key_id,
        issuer: claims.text("iss").expect("the policy requires it"),
        subject: claims.text("sub"),
        audiences: claims.texts("aud"),
        expiry: claims.date("exp").expect("the policy requires it").floor,
        not_before: claims.date("nbf").map(|date| date.ceil),
        issued_at: claims.date("iat").map(|date| date.floor),
        token_id: claims.text("jti"),
        scopes: claims.scopes(),
        is_certain,
    })
}

/// The header, still in base64url but decoded here, the payload, the signing input, and the signature.
type Parts<'t> = (Vec<u8>, &'t [u8], &'t [u8], &'t [u8]);

fn split(token: &[u8]) -> Result<Parts<'_>, Reasons> {
    if token.len() > MAX_TOKEN_LEN {
        return Err(["token-too-long"].into());
    }
    let parts: Vec<&[u8]> = token.split(|byte| *byte == b'.').collect();
    let [header, payload, signature] = parts[..] else {
        return Err(["not-compact"].into());
    };
    let message = &token[..header.len() + 1 + payload.len()];
    Ok((decode(header)?, payload, message, signature))
}

fn decode(part: &[u8]) -> Result<Vec<u8>, Reasons> {
    let decoded = BASE64URL.decode(part);
    decoded.map_err(|_| ["invalid-base64url"].into())
}

/// The JOSE header.
#[derive(Debug, PartialEq)]
pub struct Header {
    pub key_id: Option<String>,
    pub token_type: Option<String>,
}

impl Header {
    /// Reads a header.
    pub fn read(header: &[u8]) -> Result<Self, Reasons> {
        if header.len() > MAX_HEADER_LEN {
            return Err(["header-too-long"].into());
        }
        let mut reasons = Reasons::new();
        let tree = object(header, MAX_HEADER_MEMBERS, "invalid-header", &mut reasons);
        let members = match &tree {
            Some(Tree::Object(members)) => members.as_slice(),
            _ => &[],
        };
        for (name, value) in members {
            let is_text = value.as_text().is_some();
            if matches!(name.as_str(), "alg" | "kid" | "x5t" | "typ") && !is_text {
                reasons.insert("invalid-header");
            }
            if name == "crit" {
                reasons.insert("critical-extension");
            }
        }
        if tree.is_none() {
            // What comes before the place that is not JSON may be wrong, too.
            reasons.extend(["invalid-header", "critical-extension"]);
        }
        if !reasons.is_empty() {
            return Err(reasons);
        }
        let tree = tree.unwrap_or(Tree::Null);
        let text = |name| tree.get(name).and_then(Tree::as_text).map(String::from);
        if text("alg").as_deref() != Some("RS256") {
            return Err(["unsupported-algorithm"].into());
        }
        Ok(Self {
            key_id: text("kid").or_else(|| text("x5t")),
            token_type: text("typ"),
        })
    }
}

/// The claims of a token, each absent or well-formed.
#[derive(Debug)]
pub struct Claims(pub Tree);

impl Claims {
    /// Reads a payload.
    pub fn read(payload: &[u8]) -> Result<Self, Reasons> {
        let mut reasons = Reasons::new();
        let tree = object(payload, MAX_MEMBERS, "claims-not-object", &mut reasons);
        if tree.is_none() {
            reasons.extend(["invalid-claim"]);
        }
        if let Some(Tree::Object(members)) = &tree
            && members.iter().any(|(name, value)| !is_claim(name, value))
        {
            reasons.insert("invalid-claim");
        }
        match tree {
            Some(tree) if reasons.is_empty() => Ok(Self(tree)),
            _ => Err(reasons),
        }
    }

    pub fn get(&self, name: &str) -> Option<&Tree> {
        self.0.get(name)
    }

    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name)?.as_text().map(String::from)
    }

    pub fn date(&self, name: &str) -> Option<Date> {
        match self.get(name)? {
            Tree::Number(text) => number::date(text),
            _ => None,
        }
    }

    /// The texts of a claim: one, or those of a list.
    pub fn texts(&self, name: &str) -> Vec<String> {
        let elements = match self.get(name) {
            Some(Tree::Array(elements)) => elements.as_slice(),
            Some(value) => std::slice::from_ref(value),
            None => &[],
        };
        let texts = elements.iter().filter_map(Tree::as_text);
        texts.map(String::from).collect()
    }

    /// The words of `scope`, then those of `scp`.
    pub fn scopes(&self) -> Vec<String> {
        let texts = [self.texts("scope"), self.texts("scp")].concat();
        let words = texts.iter().flat_map(|text| text.split(' '));
        words
            .filter(|word| !word.is_empty())
            .map(String::from)
            .collect()
    }
}

/// Whether a claim is one that the verifier does not read, or well-formed (RFC 7519 section 4.1).
fn is_claim(name: &str, value: &Tree) -> bool {
    let is_text = value.as_text().is_some();
    let is_list = |elements: &[Tree]| elements.iter().all(|element| element.as_text().is_some());
    let is_texts = is_text || value.as_array().is_some_and(is_list);
    match name {
        "iss" | "sub" | "jti" | "azp" | "client_id" => is_text,
        "aud" => is_texts,
        "scope" => is_texts || matches!(value, Tree::Object(_)),
        "exp" | "nbf" | "iat" => {
            matches!(value, Tree::Number(text) if number::date(text).is_some())
        }
        _ => true,
    }
}

/// A document's tree, and why it is none that is accepted.
fn object(
    document: &[u8],
    max_members: usize,
    not_object: &'static str,
    reasons: &mut Reasons,
) -> Option<Tree> {
    match json::read(document) {
        Read::Malformed | Read::TooDeep => {
            reasons.extend([
                "invalid-utf8",
                "invalid-json",
                "json-too-deep",
                "too-many-members",
                "duplicate-member",
            ]);
            None
        }
        Read::Tree(tree) => {
            reasons.extend(json::reasons(&tree, max_members));
            // That is said last.
            if reasons.is_empty() && !matches!(tree, Tree::Object(_)) {
                reasons.insert(not_object);
            }
            Some(tree)
        }
    }
}

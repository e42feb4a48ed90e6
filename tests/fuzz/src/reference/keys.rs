//! Keys and key sets (RFC 7517), and which key a token is for.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use num_bigint::BigUint;

use super::json::{self, MAX_MEMBERS, Read, Tree};

const MAX_KEY_SET_LEN: usize = 262_144;
const MAX_KEYS: usize = 1024;
/// The longest `kid` and the longest `issuer`, in bytes.
const MAX_NAME_LEN: usize = 128;
/// The longest text of a number: 4096 bits and a leading zero, in base64url.
const MAX_NUMBER_LEN: usize = 684;

/// A key that verifies RS256.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    pub key_id: Option<String>,
    pub thumbprint: Option<String>,
    pub issuer: Option<String>,
    pub n: BigUint,
    pub e: u32,
}

/// The keys of a document.
#[derive(Debug, Default)]
pub struct KeySet {
    pub usable: Vec<Key>,
    /// The `kid` of each of the others.
    pub unusable: Vec<Option<String>>,
}

/// Reads a document for a set of so many keys of so many bits, or says why it may be rejected: for any of these
/// reasons.
///
/// Nothing, if the document is not JSON: a strict reader does not look at the rest of a key that it knows to be bad.
pub fn read_set(
    document: &[u8],
    capacity: usize,
    bits: usize,
) -> Option<Result<KeySet, BTreeSet<&'static str>>> {
    if document.len() > MAX_KEY_SET_LEN {
        return Some(Err(["key-set-too-long"].into()));
    }
    let document = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
    match json::read(document) {
        Read::Malformed => None,
        // If it is in a key, the key is bad; elsewhere the document is. The tree would tell, but there is none.
        Read::TooDeep => None,
        Read::Tree(tree) => Some(of_tree(&tree, capacity, bits)),
    }
}

fn of_tree(tree: &Tree, capacity: usize, bits: usize) -> Result<KeySet, BTreeSet<&'static str>> {
    let keys = tree.get("keys").and_then(Tree::as_array);
    // A key that is bad JSON counts as one without members.
    let mut rest = tree.clone();
    let mut bad = BTreeSet::new();
    if let (Tree::Object(members), Some(keys)) = (&mut rest, keys)
        // The member that `get` finds: a document with two is rejected, whichever it is.
        && let Some(place) = members.iter().rposition(|(name, _)| name == "keys")
    {
        // Of names with one hash, the reader compares one pair of the document and one of each bad key.
        let before = members[..place].iter();
        let mut same_hashes: usize = before.map(|(_, value)| json::same_hashes(value)).sum();
        for (at, key) in keys.iter().enumerate() {
            let wrapped = Tree::Object(
                members[..place]
                    .iter()
                    .map(|(name, _)| (name.clone(), Tree::Null))
                    .chain([("keys".into(), Tree::Array(vec![key.clone()]))])
                    .collect(),
            );
            let is_container = matches!(key, Tree::Array(_) | Tree::Object(_));
            let in_key = json::same_hashes(key);
            let has_second = same_hashes > 0 && in_key > 0;
            if is_container && (has_second || !json::reasons(&wrapped, MAX_MEMBERS).is_empty()) {
                bad.insert(at);
            } else {
                same_hashes += in_key;
            }
        }
        if let (_, Tree::Array(keys)) = &mut members[place] {
            for at in bad.iter().take_while(|at| **at < MAX_KEYS) {
                keys[*at] = Tree::Null;
            }
        }
    }
    let reasons = json::reasons(&rest, MAX_MEMBERS);
    if !reasons.is_empty() {
        return Err(reasons);
    }
    let keys = keys.ok_or_else(|| BTreeSet::from(["invalid-key-set"]))?;
    let mut set = KeySet::default();
    for (at, key) in keys.iter().enumerate() {
        if at >= MAX_KEYS {
            return Err(["key-set-full"].into());
        }
        let read = if bad.contains(&at) {
            Err(("invalid-key", None))
        } else {
            read_key(key, bits)
        };
        match read {
            Ok(_) if set.usable.len() >= capacity => return Err(["key-set-full"].into()),
            Ok(key) => set.usable.push(key),
            Err((_, key_id)) => set.unusable.push(key_id),
        }
    }
    Ok(set)
}

/// Reads a JWK for keys of so many bits, or says why it cannot be used, and its `kid`.
pub fn read_key(jwk: &Tree, bits: usize) -> Result<Key, (&'static str, Option<String>)> {
    let Tree::Object(members) = jwk else {
        return Err(("invalid-key", None));
    };
    let says_something = |value: &Tree| *value != Tree::Null && *value != Tree::Array(Vec::new());
    let members = members.iter().filter(|(_, value)| says_something(value));
    let text = |name: &str| {
        let mut members = members.clone();
        let (_, value) = members.find(|(other, _)| other == name)?;
        value.as_text().map(String::from)
    };
    let key_id = text("kid");
    let mut problems = members
        .clone()
        .filter_map(|(name, value)| problem(name, value));
    let problem = problems.next();
    let numbers = || {
        if let Some(problem) = problem {
            return Err(problem);
        }
        if text("kty").as_deref() != Some("RSA") {
            return Err("unsupported-key-type");
        }
        let e = number(&text("e").ok_or("invalid-key")?, "invalid-exponent")?;
        if e.first().is_none_or(|first| *first == 0) || e.len() > 4 {
            return Err("invalid-exponent");
        }
        let e = e.iter().fold(0, |e, byte| e << 8 | u32::from(*byte));
        let n = number(&text("n").ok_or("invalid-key")?, "modulus-too-long")?;
        let is_too_long = |name| text(name).is_some_and(|text| text.len() > MAX_NAME_LEN);
        if is_too_long("kid") {
            return Err("key-id-too-long");
        }
        if is_too_long("issuer") {
            return Err("key-issuer-too-long");
        }
        check(&n, e, bits)?;
        Ok((BigUint::from_bytes_be(&n), e))
    };
    match numbers() {
        Ok((n, e)) => Ok(Key {
            key_id,
            thumbprint: text("x5t"),
            issuer: text("issuer"),
            n,
            e,
        }),
        Err(why) => Err((why, key_id)),
    }
}

/// Why a key with this member cannot be used.
fn problem(name: &str, value: &Tree) -> Option<&'static str> {
    let is_text = |text: &str| value.as_text() == Some(text);
    match (name, value) {
        ("kty" | "kid" | "issuer" | "n" | "e" | "use" | "alg", value)
            if value.as_text().is_none() =>
        {
            Some("invalid-key")
        }
        ("use", _) if !is_text("sig") => Some("key-not-for-verifying"),
        ("alg", _) if !is_text("RS256") => Some("key-not-for-verifying"),
        ("key_ops", value) => match value.as_array() {
            None => Some("invalid-key"),
            Some(operations) => {
                let mut operations = operations.iter();
                let is_there = operations.any(|operation| operation.as_text() == Some("verify"));
                (!is_there).then_some("key-not-for-verifying")
            }
        },
        ("d" | "p" | "q" | "dp" | "dq" | "qi" | "oth" | "k", _) => Some("private-key"),
        _ => None,
    }
}

/// The bytes of a number, without one zero at their front.
fn number(text: &str, too_long: &'static str) -> Result<Vec<u8>, &'static str> {
    if text.len() > MAX_NUMBER_LEN {
        return Err(too_long);
    }
    let unpadded = match text.len() % 4 {
        0 => text
            .strip_suffix("==")
            .or(text.strip_suffix('='))
            .unwrap_or(text),
        _ => text,
    };
    let mut bytes = BASE64URL
        .decode(unpadded)
        .map_err(|_| "invalid-base64url")?;
    if bytes.first() == Some(&0) {
        bytes.remove(0);
    }
    Ok(bytes)
}

/// Whether a key may have this modulus and exponent (RFC 7518 section 3.3, RFC 8017 section 3.1).
pub fn check(n: &[u8], e: u32, capacity: usize) -> Result<(), &'static str> {
    if n.len() < 2 {
        return Err("modulus-too-short");
    }
    if n[0] == 0 {
        return Err("modulus-leading-zero");
    }
    if n.len() > capacity / 8 {
        return Err("modulus-too-long");
    }
    let n = BigUint::from_bytes_be(n);
    if n.bits() < 2048 {
        return Err("modulus-too-short");
    }
    if !n.bit(0) {
        return Err("modulus-even");
    }
    if has_roca_fingerprint(&n) {
        return Err("weak-modulus");
    }
    if e < 3 || e.is_multiple_of(2) {
        return Err("invalid-exponent");
    }
    Ok(())
}

/// Whether the modulus is a power of 65537 modulo each prime up to 167 of which not every number is one.
fn has_roca_fingerprint(n: &BigUint) -> bool {
    let primes = (3..=167_u32).filter(|n| (2..*n).all(|divisor| n % divisor != 0));
    primes
        .map(|prime| {
            let powers = std::iter::successors(Some(1), |power| Some(power * 65537 % prime));
            let powers: BTreeSet<u32> = powers.take(prime as usize).collect();
            (prime, powers)
        })
        .filter(|(prime, powers)| powers.len() < *prime as usize - 1)
        .all(|(prime, powers)| {
            let rest = u32::try_from(n % prime).expect("less than the prime");
            powers.contains(&rest)
        })
}

impl KeySet {
    /// The key for a token with this `kid`, or the code of the error.
    ///
    /// `known` is how many reasons a set remembers of keys that cannot be used.
    pub fn find(&self, key_id: Option<&str>, known: usize) -> Result<&Key, &'static str> {
        let are_one = |keys: &[&Key]| {
            let is_same = |key: &&Key| {
                (&key.n, key.e, &key.issuer) == (&keys[0].n, keys[0].e, &keys[0].issuer)
            };
            keys.iter().all(is_same)
        };
        let Some(key_id) = key_id else {
            let keys: Vec<&Key> = self.usable.iter().collect();
            return match keys.first() {
                Some(first) if are_one(&keys) => Ok(first),
                _ => Err("missing-key-id"),
            };
        };
        let named_by = |name: fn(&Key) -> &Option<String>| {
            let keys = self.usable.iter();
            let keys = keys.filter(|key| name(key).as_deref() == Some(key_id));
            keys.collect::<Vec<_>>()
        };
        for keys in [named_by(|key| &key.key_id), named_by(|key| &key.thumbprint)] {
            if let Some(first) = keys.first() {
                return if are_one(&keys) {
                    Ok(first)
                } else {
                    Err("ambiguous-key")
                };
            }
        }
        let mut unusable = self.unusable.iter().flatten().take(known);
        if unusable.any(|other| other == key_id) {
            return Err("unusable-key");
        }
        let keys: Vec<&Key> = self.usable.iter().collect();
        match keys.first() {
            Some(first) if are_one(&keys) && first.key_id.is_none() => Ok(first),
            _ => Err("unknown-key"),
        }
    }
}

impl Key {
    /// Whether it is the signature of the message (RFC 8017 section 8.2.2).
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let len = self.n.bits().div_ceil(8) as usize;
        let number = BigUint::from_bytes_be(signature);
        if signature.len() != len || number >= self.n {
            return false;
        }
        let power = number.modpow(&BigUint::from(self.e), &self.n);
        power == BigUint::from_bytes_be(&crate::key::encoded_message(message, len))
    }
}

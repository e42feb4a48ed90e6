//! Signed revocations: what a document revokes is rejected, and nothing else.
#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use tokenlatch::{JwkSet, MAX_TOKEN_LEN, Policy, Time, verify};
use tokenlatch_device::{Applied, Clock, Error, MAX_DOCUMENT_LEN, Revocation, Root};
use tokenlatch_fuzz::documents::{self, text};
use tokenlatch_fuzz::key::Key;
use tokenlatch_fuzz::memory::Memory;
use tokenlatch_fuzz::reference::Claims;
use tokenlatch_fuzz::reference::json::Tree;
use tokenlatch_fuzz::reference::number;
use tokenlatch_fuzz::reference::rules::{AUDIENCE, ISSUER, NOW};

/// What a document may have: a name that is not here may be a misspelt one.
const CLAIMS: [&str; 9] = [
    "iss", "sub", "aud", "exp", "nbf", "iat", "jti", "epochs", "revoked",
];

const EPOCHS: usize = 2;
const ENTRIES: usize = 4;

static ROOT_KEYS: LazyLock<JwkSet<1>> =
    LazyLock::new(|| JwkSet::from_json(Key::fixed().jwk_set().as_bytes()).expect("a key set"));

fuzz_target!(|data: &[u8]| {
    // An input that is too short says nothing.
    let _ = run(&mut Unstructured::new(data));
});

fn run(u: &mut Unstructured<'_>) -> Result<()> {
    let claims = vec![
        ("iss", text(ISSUER)),
        ("aud", text(AUDIENCE)),
        ("iat", NOW.to_string()),
        ("exp", (NOW + 1000).to_string()),
        ("epochs", list(u, epoch)?),
        ("revoked", list(u, entry)?),
    ];
    let claims = documents::changed(u, claims, 2)?;
    let document = Key::fixed().token(
        r#"{"alg":"RS256","typ":"revocation+jwt","kid":"k1"}"#,
        &claims,
    );

    let root = Root::new(&ROOT_KEYS, ISSUER, AUDIENCE);
    let mut memory = Memory::default();
    let mut clock = Clock::new(NOW, Duration::from_secs(400 * 86_400));
    let mut revocation = Revocation::<EPOCHS, ENTRIES>::new();
    let mut scratch = [0; MAX_DOCUMENT_LEN];
    let applied = revocation.apply(
        document.as_bytes(),
        &mut scratch,
        &root,
        &mut clock,
        &mut memory,
    );
    let Ok(claims) = Claims::read(claims.as_bytes()) else {
        assert!(applied.is_err());
        return Ok(());
    };
    let read = Expected::read(&claims);
    match (applied, &read) {
        (Ok(Applied::New), Ok(expected)) => {
            assert_eq!(
                revocation.len(),
                (expected.epochs.len(), expected.entries.len())
            );
            let mut restarted = Revocation::<EPOCHS, ENTRIES>::new();
            let loaded = restarted.load(&mut scratch, &root, &mut clock, &mut memory);
            assert_eq!((loaded, restarted.len()), (Ok(()), revocation.len()));
            for _ in 0..4 {
                check(u, &revocation, expected)?;
            }
        }
        (Ok(applied), read) => panic!(
            "{applied:?}, but the reference says {:?}",
            read.as_ref().err()
        ),
        // Without a version, the document is looked at no further.
        (Err(Error::WrongDocument), _) if claims.get("iat").and_then(whole).is_none() => {}
        (Err(Error::WrongDocument | Error::TooManyRevoked), read) => {
            assert_eq!(
                applied,
                read.as_ref().map(|_| Applied::New).map_err(|error| *error)
            );
        }
        // The other claims are at fault.
        (Err(Error::Token(_) | Error::Rollback), _) => {}
        (Err(error), _) => assert_eq!(error, Error::DocumentTooLong),
    }
    Ok(())
}

/// A token is rejected if, and only if, something revokes it.
fn check(
    u: &mut Unstructured<'_>,
    revocation: &Revocation<EPOCHS, ENTRIES>,
    expected: &Expected,
) -> Result<()> {
    let mut claims = vec![
        ("iss", text(ISSUER)),
        ("aud", text(AUDIENCE)),
        ("exp", (NOW + 1000).to_string()),
        ("iat", u.int_in_range(NOW - 3..=NOW + 3)?.to_string()),
        ("jti", text(name(u)?)),
        ("sub", text(name(u)?)),
        ("groups", format!("[0,{}]", text(name(u)?))),
    ];
    if u.ratio(1_u8, 8_u8)? {
        claims.remove(3);
    }
    let claims = documents::changed(u, claims, 0)?;
    let token = Key::fixed().token(r#"{"alg":"RS256","kid":"k1"}"#, &claims);
    let mut scratch = [0; MAX_TOKEN_LEN];
    let policy = Policy::new(ISSUER, AUDIENCE);
    let now = Time::exactly(NOW);
    let Ok(verified) = verify(token.as_bytes(), &mut scratch, &ROOT_KEYS, &policy, now) else {
        return Ok(());
    };
    let claims = Claims::read(claims.as_bytes()).expect("it was verified");
    assert_eq!(
        revocation.check(&verified).is_err(),
        expected.revokes(&claims)
    );
    Ok(())
}

/// What a document revokes.
#[derive(Default)]
struct Expected {
    /// Whether it is a group's, whose it is, and when it begins.
    epochs: Vec<(bool, String, u64)>,
    /// A claim and its value.
    entries: Vec<(String, String)>,
}

impl Expected {
    fn read(claims: &Claims) -> std::result::Result<Self, Error> {
        let Tree::Object(members) = &claims.0 else {
            return Err(Error::WrongDocument);
        };
        if members.iter().any(|(name, _)| !CLAIMS.contains(&&**name)) {
            return Err(Error::WrongDocument);
        }
        let mut expected = Self::default();
        for epoch in elements(claims, "epochs")? {
            let Tree::Object(members) = epoch else {
                return Err(Error::WrongDocument);
            };
            let (mut whose, mut start) = (None, None);
            for (name, value) in members {
                match (name.as_str(), value) {
                    ("iat", value) => start = whole(value),
                    ("iss" | "group", Tree::Text(text)) if whose.is_none() => {
                        whose = Some((name == "group", text.clone()));
                    }
                    _ => return Err(Error::WrongDocument),
                }
            }
            let (is_group, whose) = whose.ok_or(Error::WrongDocument)?;
            let start = start.ok_or(Error::WrongDocument)?;
            if expected.epochs.len() == EPOCHS {
                return Err(Error::TooManyRevoked);
            }
            expected.epochs.push((is_group, whose, start));
        }
        for entry in elements(claims, "revoked")? {
            let Tree::Object(members) = entry else {
                return Err(Error::WrongDocument);
            };
            let [(name, Tree::Text(text))] = members.as_slice() else {
                return Err(Error::WrongDocument);
            };
            if !matches!(name.as_str(), "jti" | "sub" | "kid") {
                return Err(Error::WrongDocument);
            }
            if expected.entries.len() == ENTRIES {
                return Err(Error::TooManyRevoked);
            }
            expected.entries.push((name.clone(), text.clone()));
        }
        Ok(expected)
    }

    fn revokes(&self, claims: &Claims) -> bool {
        let issued_at = claims.date("iat").map(|date| date.floor);
        let by_epoch = self.epochs.iter().any(|(is_group, whose, start)| {
            let is_whose = match is_group {
                true => claims.texts("groups").contains(whose),
                false => claims.text("iss").as_ref() == Some(whose),
            };
            is_whose && issued_at.is_none_or(|date| date < *start)
        });
        let by_entry = self.entries.iter().any(|(name, text)| match name.as_str() {
            "kid" => text == "k1",
            name => claims.text(name).as_ref() == Some(text),
        });
        by_epoch || by_entry
    }
}

fn elements<'c>(claims: &'c Claims, name: &str) -> std::result::Result<&'c [Tree], Error> {
    match claims.get(name) {
        None => Ok(&[]),
        Some(Tree::Array(elements)) => Ok(elements),
        Some(_) => Err(Error::WrongDocument),
    }
}

fn whole(value: &Tree) -> Option<u64> {
    let Tree::Number(text) = value else {
        return None;
    };
    let number = number::read(text)?;
    let whole = u64::try_from(number.whole).ok()?;
    (!number.has_fraction).then_some(whole)
}

fn list(
    u: &mut Unstructured<'_>,
    element: fn(&mut Unstructured<'_>) -> Result<String>,
) -> Result<String> {
    let elements = 0..u.int_in_range(0..=5_u8)?;
    let elements = elements.map(|_| element(u));
    Ok(format!(
        "[{}]",
        elements.collect::<Result<Vec<_>>>()?.join(",")
    ))
}

fn epoch(u: &mut Unstructured<'_>) -> Result<String> {
    let whose = match u.arbitrary()? {
        true => ("iss", text(ISSUER)),
        false => ("group", text(name(u)?)),
    };
    let start = u.int_in_range(NOW - 3..=NOW + 3)?.to_string();
    let changes = usize::from(u.ratio(1_u8, 16_u8)?);
    documents::changed(u, vec![whose, ("iat", start)], changes)
}

fn entry(u: &mut Unstructured<'_>) -> Result<String> {
    let kind = *u.choose(&["jti", "jti", "sub", "sub", "kid"])?;
    let value = text(name(u)?);
    let changes = usize::from(u.ratio(1_u8, 16_u8)?);
    documents::changed(u, vec![(kind, value)], changes)
}

/// A name that comes up elsewhere.
fn name(u: &mut Unstructured<'_>) -> Result<&'static str> {
    Ok(u.choose(&["a", "b", "c", "k1", "k2", "é", ""])?)
}

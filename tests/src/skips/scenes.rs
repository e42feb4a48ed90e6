//! What the door is told.

use serde_json::{Value, json};

use crate::firmware::NOW;
use crate::issuer::{DOOR_ROOT_KEY_ID, Issuer};

/// Lines to the door, which judges the last ones.
#[derive(Clone, Debug)]
pub struct Scene {
    /// A name for it.
    pub name: &'static str,
    /// What the clock of the door says at reset.
    pub date: &'static str,
    /// The lines before, each with the beginning of the last line of its response.
    pub before: Vec<(String, &'static str)>,
    /// The line in which the fault happens.
    pub line: String,
    /// A line after it, which gains from the fault.
    pub then: Option<String>,
    /// The beginning of the last line of the response.
    pub response: &'static str,
    /// Whether faults in all of the program are worth a run, the arithmetic included.
    pub is_for_all: bool,
}

/// A token that opens the door.
#[must_use]
pub fn good() -> Scene {
    scene("good token", token(json!({})), "open")
}

/// A token with claims that its issuer has not signed.
#[must_use]
pub(super) fn wrong_signature() -> Scene {
    Scene {
        is_for_all: true,
        ..scene("wrong signature", altered(), "rejected invalid-signature")
    }
}

/// What must not open the door: one for each reason.
#[must_use]
pub fn forged() -> Vec<Scene> {
    vec![
        wrong_signature(),
        scene(
            "unknown key",
            by_attacker(json!({})),
            "rejected unknown-key",
        ),
        scene(
            "other door",
            token(json!({"aud": "door-2"})),
            "rejected wrong-audience",
        ),
        scene(
            "no scope",
            token(json!({"scope": "door:look"})),
            "rejected missing-scope",
        ),
        scene(
            "expired",
            token(json!({"iat": NOW - 3900, "exp": NOW - 3600})),
            "rejected expired",
        ),
        scene(
            "not yet valid",
            token(json!({"nbf": NOW + 3600})),
            "rejected not-yet-valid",
        ),
        Scene {
            date: WEEK_AGO,
            ..scene(
                "uncertain time",
                token(json!({})),
                "rejected uncertain-time",
            )
        },
        used(),
        scene(
            "wrong nonce",
            token(json!({"nonce": "AAAAAAAAAAAAAAAAAAAAAA"})),
            "rejected wrong-nonce",
        )
        .after("challenge".into(), "nonce "),
        revoked(),
        forged_key_set(),
        old_key_set(),
        forged_revocation(),
    ]
}

/// Claims with the signature of others.
fn altered() -> String {
    let [good, other] = [json!({}), json!({"sub": "mallory"})].map(token);
    let (_, signature) = good.rsplit_once('.').expect("a token");
    let (signing_input, _) = other.rsplit_once('.').expect("a token");
    format!("{signing_input}.{signature}")
}

fn used() -> Scene {
    let token = token(json!({}));
    scene("used before", token.clone(), "rejected replayed").after(token, "open")
}

fn revoked() -> Scene {
    let token = token(json!({"sub": "mallory"}));
    scene("revoked", token, "rejected revoked").after(revocation(), "updated revocation")
}

/// A badge of the attacker, with a key set that only the attacker has signed.
fn forged_key_set() -> Scene {
    let key_set = key_set(&[attacker().jwk()], NOW);
    let forged = document(attacker(), "jwk-set+jwt", &key_set);
    let badge = by_attacker(json!({"signed_jwks": forged}));
    scene("forged key set", badge, "rejected unknown-key")
}

/// A badge by a key that is not in force any longer, with the key set that had it.
fn old_key_set() -> Scene {
    let old = key_set(&[attacker().jwk(), issuer_jwk()], NOW - 120);
    let old = document(Issuer::door_root(), "jwk-set+jwt", &old);
    let badge = by_attacker(json!({"signed_jwks": old}));
    let mut scene = scene("old key set", badge, "rejected unknown-key");
    scene.before.insert(0, (old, "updated key-set"));
    scene
}

/// A revocation list without an entry for the token that comes next.
fn forged_revocation() -> Scene {
    let empty = json!({"revoked": [], "iat": NOW});
    let forged = document(attacker(), "revocation+jwt", &empty);
    Scene {
        then: Some(token(json!({"sub": "mallory"}))),
        ..scene("forged revocation", forged, "rejected revoked")
    }
    .after(revocation(), "updated revocation")
}

impl Scene {
    fn after(mut self, line: String, response: &'static str) -> Self {
        self.before.push((line, response));
        self
    }
}

/// A scene at a door that has its first key set.
fn scene(name: &'static str, line: String, response: &'static str) -> Scene {
    let key_set = key_set(&[issuer_jwk()], NOW - 60);
    let key_set = document(Issuer::door_root(), "jwk-set+jwt", &key_set);
    Scene {
        name,
        date: "2026-11-21T12:00:02",
        before: vec![(key_set, "updated key-set")],
        line,
        then: None,
        response,
        is_for_all: false,
    }
}

const WEEK_AGO: &str = "2026-11-14T12:00:02";

/// A token of the issuer, with these members besides its own, or in their place.
fn token(members: Value) -> String {
    let header = json!({"alg": "RS256", "typ": "at+jwt", "kid": ISSUER_KEY_ID});
    Issuer::door_root().sign(header.to_string(), claims(members))
}

fn by_attacker(members: Value) -> String {
    attacker().token(&claims(members))
}

fn claims(members: Value) -> String {
    let claims = json!({
        "iss": ISSUER, "aud": "door-1", "sub": "technician-7", "iat": NOW - 30, "exp": NOW + 300, "jti": "1",
        "scope": "door:open",
    });
    merged(claims, members)
}

fn revocation() -> String {
    let members = json!({"revoked": [{"sub": "mallory"}], "iat": NOW - 60});
    document(Issuer::door_root(), "revocation+jwt", &members)
}

fn key_set(keys: &[Value], issued_at: u64) -> Value {
    json!({"keys": keys, "iat": issued_at})
}

/// A document that says that the root has signed it.
fn document(signer: &Issuer, media_type: &str, members: &Value) -> String {
    let claims = json!({"iss": ISSUER, "aud": "doors", "exp": NOW + 90 * 86_400});
    let header = json!({"alg": "RS256", "typ": media_type, "kid": DOOR_ROOT_KEY_ID});
    signer.sign(header.to_string(), merged(claims, members.clone()))
}

fn merged(mut claims: Value, members: Value) -> String {
    let Value::Object(members) = members else {
        panic!("an object");
    };
    claims.as_object_mut().expect("an object").extend(members);
    claims.to_string()
}

/// Everybody has this private key.
fn attacker() -> &'static Issuer {
    Issuer::rfc7515()
}

/// The issuer has the key of the root, by another name: a key that is made for each test would give other runs.
fn issuer_jwk() -> Value {
    let mut jwk = Issuer::door_root().jwk();
    jwk["kid"] = ISSUER_KEY_ID.into();
    jwk
}

const ISSUER_KEY_ID: &str = "issuer";
const ISSUER: &str = "https://issuer.example/";

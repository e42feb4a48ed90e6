//! What the tests share: an issuer that signs anything, and a flash whose power can be cut.

#![allow(dead_code, reason = "each test uses its part")]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};
use rsa::pkcs1v15::SigningKey;
use rsa::signature::{SignatureEncoding as _, Signer as _};
use rsa::{BoxedUint, PrivateKey};
use serde_json::{Value, json};
use sha2::Sha256;
use tokenlatch::{JwkSet, Policy, Time, Verified, verify};
use tokenlatch_device::{Error, Records, Root};

pub(crate) const ISSUER: &str = "https://issuer.example/";
pub(crate) const OTHER_ISSUER: &str = "https://other.example/";
pub(crate) const FLEET: &str = "fleet";
pub(crate) const DOOR: &str = "door-1";
/// 2026-11-28
pub(crate) const NOW: u64 = 1_795_824_000;

/// The key of RFC 7515 appendix A.2, which prints both halves: never use it for anything but tests.
static KEY: LazyLock<(PrivateKey, Value)> = LazyLock::new(|| {
    let jwk = include_str!("../../../../tests/src/rfc7515-a2.json");
    let jwk: Value = serde_json::from_str(jwk).expect("JSON");
    let [n, e, d, p, q] = ["n", "e", "d", "p", "q"].map(|member| {
        let text = jwk[member].as_str().expect("a string");
        let bytes = BASE64URL.decode(text).expect("base64url");
        BoxedUint::from_be_slice_vartime(&bytes)
    });
    let key = PrivateKey::from_components(n, e, d, vec![p, q]).expect("an RSA key");
    let public = json!({"kty": "RSA", "n": jwk["n"], "e": jwk["e"]});
    (key, public)
});

/// The public half of the key, as a JWK with this `kid`.
pub(crate) fn jwk(key_id: &str) -> Value {
    let mut jwk = KEY.1.clone();
    jwk["kid"] = key_id.into();
    jwk
}

/// Another public key, of which nobody has the private one: a modulus that is as good as one.
pub(crate) fn other_jwk(key_id: &str) -> Value {
    let n = KEY.1["n"].as_str().expect("a string");
    let n = n.replacen('o', "v", 1);
    json!({"kty": "RSA", "n": n, "e": "AQAB", "kid": key_id})
}

pub(crate) fn jwk_set<const N: usize>(keys: &[Value]) -> JwkSet<N> {
    JwkSet::from_json(json!({ "keys": keys }).to_string().as_bytes()).expect("a JWK Set")
}

/// The root, which has the same key as everybody.
pub(crate) fn root() -> Root<'static> {
    static KEYS: LazyLock<JwkSet<1>> = LazyLock::new(|| jwk_set(&[jwk("root")]));
    Root::new(&KEYS, ISSUER, FLEET)
}

pub(crate) fn sign(header: &Value, claims: &Value) -> String {
    let [header, payload] = [header, claims].map(|part| BASE64URL.encode(part.to_string()));
    let input = format!("{header}.{payload}");
    let signature = SigningKey::<Sha256>::new(KEY.0.clone()).sign(input.as_bytes());
    format!("{input}.{}", BASE64URL.encode(signature.to_vec()))
}

/// A document of the root with these claims besides those that every document has.
pub(crate) fn document(media_type: &str, issued_at: u64, claims: Value) -> String {
    let mut all = json!({
        "iss": ISSUER, "sub": ISSUER, "aud": FLEET, "iat": issued_at, "exp": issued_at + 1_000_000,
    });
    merge(&mut all, claims);
    let header = json!({"alg": "RS256", "typ": media_type, "kid": "root"});
    sign(&header, &all)
}

pub(crate) fn key_set(issued_at: u64, keys: &[Value]) -> String {
    document("jwk-set+jwt", issued_at, json!({ "keys": keys }))
}

pub(crate) fn revocation(issued_at: u64, epochs: Value, revoked: Value) -> String {
    let claims = json!({"epochs": epochs, "revoked": revoked});
    document("revocation+jwt", issued_at, claims)
}

/// A token for the door with these claims besides the usual ones; `null` removes one.
pub(crate) fn token(claims: Value) -> String {
    let mut all = json!({
        "iss": ISSUER, "aud": DOOR, "sub": "alice", "iat": NOW - 10, "exp": NOW + 300, "jti": "t-1",
        "scope": "door:open",
    });
    merge(&mut all, claims);
    sign(&json!({"alg": "RS256", "typ": "at+jwt", "kid": "k1"}), &all)
}

/// The token with these claims, verified.
pub(crate) fn verified(claims: Value) -> Verified<'static> {
    let token = token(claims);
    let keys: JwkSet<1> = jwk_set(&[jwk("k1")]);
    let scratch = Box::leak(vec![0; token.len()].into_boxed_slice());
    let policy = Policy::new(ISSUER, DOOR)
        .or_issuers(&[OTHER_ISSUER])
        .accept_uncertain();
    verify(token.as_bytes(), scratch, &keys, &policy, Time::at_least(0)).expect("a good token")
}

fn merge(all: &mut Value, claims: Value) {
    let all = all.as_object_mut().expect("an object");
    let Value::Object(claims) = claims else {
        panic!("{claims}");
    };
    for (name, value) in claims {
        match value {
            Value::Null => all.remove(&name),
            value => all.insert(name, value),
        };
    }
}

/// Records in memory, which can fail.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) records: BTreeMap<u8, Vec<u8>>,
    pub(crate) fails: bool,
    /// Records that cannot be read for now.
    pub(crate) unreadable: Vec<u8>,
    /// How many puts there is room for.
    pub(crate) room: Option<usize>,
    pub(crate) puts: usize,
}

impl Records for Memory {
    fn max_document_len(&self) -> usize {
        3_888
    }

    fn get(&mut self, record: u8, buffer: &mut [u8]) -> Result<Option<usize>, Error> {
        if self.unreadable.contains(&record) {
            return Err(Error::Storage);
        }
        let Some(value) = self.records.get(&record) else {
            return Ok(None);
        };
        let to = buffer.get_mut(..value.len()).ok_or(Error::Corrupt)?;
        to.copy_from_slice(value);
        Ok(Some(value.len()))
    }

    fn put(&mut self, record: u8, value: &[u8]) -> Result<(), Error> {
        if self.fails {
            return Err(Error::Storage);
        }
        if let Some(room) = &mut self.room {
            *room = room.checked_sub(1).ok_or(Error::StorageFull)?;
        }
        assert!(value.len() <= tokenlatch_device::MAX_RECORD_LEN);
        self.puts += 1;
        self.records.insert(record, value.into());
        Ok(())
    }

    fn each(&mut self, each: &mut dyn FnMut(u8, &[u8])) -> Result<(), Error> {
        for (record, value) in &self.records {
            each(*record, value);
        }
        Ok(())
    }
}

/// A NOR flash with words of `WORD` bytes and pages of `PAGE`, of which the handles share the content and the
/// power.
///
/// The power can be cut at any step. A byte that is written has two steps: before it, and half of its bits. An
/// erasure has one step for each of [`Torn`].
#[derive(Clone)]
pub(crate) struct Flash<const WORD: usize, const PAGE: usize> {
    bytes: Rc<RefCell<Vec<u8>>>,
    pub(crate) power: Rc<Power>,
}

#[derive(Default)]
pub(crate) struct Power {
    /// How many steps were taken.
    pub(crate) steps: Cell<usize>,
    /// Before which step the power is cut.
    pub(crate) cut: Cell<Option<usize>>,
    pub(crate) erasures: Cell<usize>,
    /// How many words were written that were not blank.
    pub(crate) rewritten: Cell<usize>,
}

/// What an erasure leaves that is interrupted.
const TORN: [fn(usize, usize) -> bool; 6] = [
    // Nothing is erased.
    |_, _| false,
    // The first half is, or the second one.
    |at, page| at < page / 2,
    |at, page| at >= page / 2,
    // All but the marks at both ends, or every other byte but them.
    |at, page| (8..page - 8).contains(&at),
    |at, page| (8..page - 8).contains(&at) && at % 2 == 0,
    // All of it.
    |_, _| true,
];

impl Power {
    /// Takes a step, if there is power.
    fn step(&self) -> bool {
        if self.is_off() {
            return false;
        }
        self.steps.set(self.steps.get() + 1);
        true
    }

    fn is_off(&self) -> bool {
        self.cut.get().is_some_and(|cut| self.steps.get() >= cut)
    }
}

impl<const WORD: usize, const PAGE: usize> Flash<WORD, PAGE> {
    pub(crate) fn blank(pages: usize) -> Self {
        Self::with(vec![0xff; PAGE * pages])
    }

    /// With this content, and power.
    pub(crate) fn with(bytes: Vec<u8>) -> Self {
        Self {
            bytes: Rc::new(RefCell::new(bytes)),
            power: Rc::default(),
        }
    }

    pub(crate) fn content(&self) -> Vec<u8> {
        self.bytes.borrow().clone()
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut [u8])) {
        change(&mut self.bytes.borrow_mut());
    }
}

#[derive(Debug)]
pub(crate) struct PowerIsOff;

impl NorFlashError for PowerIsOff {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::Other
    }
}

impl<const WORD: usize, const PAGE: usize> ErrorType for Flash<WORD, PAGE> {
    type Error = PowerIsOff;
}

impl<const WORD: usize, const PAGE: usize> ReadNorFlash for Flash<WORD, PAGE> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), PowerIsOff> {
        if self.power.is_off() {
            return Err(PowerIsOff);
        }
        let offset = offset as usize;
        bytes.copy_from_slice(&self.bytes.borrow()[offset..offset + bytes.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.bytes.borrow().len()
    }
}

impl<const WORD: usize, const PAGE: usize> NorFlash for Flash<WORD, PAGE> {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = PAGE;

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), PowerIsOff> {
        let offset = offset as usize;
        assert!(offset.is_multiple_of(WORD) && bytes.len().is_multiple_of(WORD));
        let mut all = self.bytes.borrow_mut();
        for word in all[offset..offset + bytes.len()].chunks(WORD) {
            if word.iter().any(|byte| *byte != 0xff) {
                self.power.rewritten.set(self.power.rewritten.get() + 1);
            }
        }
        for (to, from) in all[offset..].iter_mut().zip(bytes) {
            // A bit that is 0 stays 0.
            assert_eq!(*to & from, *from, "written without an erasure");
            if !self.power.step() {
                return Err(PowerIsOff);
            }
            *to &= from | 0x55;
            if !self.power.step() {
                return Err(PowerIsOff);
            }
            *to &= from;
        }
        Ok(())
    }

    fn erase(&mut self, from: u32, to: u32) -> Result<(), PowerIsOff> {
        let (from, to) = (from as usize, to as usize);
        assert!(from.is_multiple_of(PAGE) && to.is_multiple_of(PAGE));
        for page in self.bytes.borrow_mut()[from..to].chunks_mut(PAGE) {
            let old = page.to_vec();
            for is_erased in TORN {
                for (at, (byte, old)) in page.iter_mut().zip(&old).enumerate() {
                    *byte = if is_erased(at, PAGE) { 0xff } else { *old };
                }
                if !self.power.step() {
                    return Err(PowerIsOff);
                }
            }
            self.power.erasures.set(self.power.erasures.get() + 1);
        }
        Ok(())
    }
}

//! The C interface: calls in any order, with bytes of exactly their length, and structs that are initialised or not.
//! Its verdicts and claims are those of Rust.
#![no_main]

use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr;

use arbitrary::{Arbitrary as _, Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use tokenlatch::json::Value;
use tokenlatch::{JwkSet, MAX_TOKEN_LEN, PublicKey, Verified, verify};
use tokenlatch_capi::*;
use tokenlatch_fuzz::documents;
use tokenlatch_fuzz::key::Key;
use tokenlatch_fuzz::memory::Memory;
use tokenlatch_fuzz::reference::rules::{AUDIENCE, Ahead, CLIENT, ISSUER, NOW, Now, Rules, TENANT};

fuzz_target!(|data: &[u8]| {
    // An input that is too short says nothing.
    let _ = run(&mut Unstructured::new(data));
});

/// What a program in C has.
struct Program {
    keys: Box<tl_key_set>,
    verified: Box<tl_verified>,
    check: Box<tl_check>,
    store: Box<tl_key_store>,
    revocation: Box<tl_revocation>,
    clock: Box<tl_clock>,
    replay: Box<tl_replay>,
    memory: Box<Memory>,
    /// The same keys in Rust.
    reference: Option<JwkSet<TL_MAX_KEYS>>,
    /// What `verified` and `check` refer to.
    token: Box<[u8]>,
}

fn run(u: &mut Unstructured<'_>) -> Result<()> {
    let is_initialised = u.ratio(15_u8, 16_u8)?;
    // Not the mark of a struct that is initialised, which the fuzzer would find.
    let fill = *u.choose(&[0, u64::MAX, 0x5555_5555_5555_5555])?;
    let mut program = Program {
        keys: Box::new(tl_key_set { opaque: [fill; _] }),
        verified: Box::new(tl_verified { opaque: [fill; _] }),
        check: Box::new(tl_check { opaque: [fill; _] }),
        store: Box::new(tl_key_store { opaque: [fill; _] }),
        revocation: Box::new(tl_revocation { opaque: [fill; _] }),
        clock: Box::new(tl_clock { opaque: [fill; _] }),
        replay: Box::new(tl_replay { opaque: [fill; _] }),
        memory: Box::default(),
        reference: None,
        token: Box::default(),
    };
    if is_initialised {
        // SAFETY: the pointers are to structs.
        unsafe {
            is_ok(tl_key_set_init(&mut *program.keys, size_of::<tl_key_set>()));
            is_ok(tl_key_store_init(&mut *program.store, &*program.keys));
            is_ok(tl_revocation_init(&mut *program.revocation));
            is_ok(tl_clock_init(&mut *program.clock, NOW, 400 * 86_400, 1, 1));
            is_ok(tl_replay_init(&mut *program.replay, 0));
        }
        program.reference = Some(JwkSet::from_keys([]));
    }
    program.read_keys(Key::fixed().jwk_set().as_bytes());
    while !u.is_empty() {
        match u.int_in_range(0..=9_u8)? {
            0 => {
                let set = documents::key_set(u)?;
                program.read_keys(set.as_bytes());
            }
            1 => program.add_key(u)?,
            2 => program.apply(u)?,
            3 => program.restart(),
            4 => program.accept(),
            5 => program.any_bytes(u)?,
            _ => program.verify(u)?,
        }
    }
    Ok(())
}

impl Program {
    fn read_keys(&mut self, document: &[u8]) {
        let document: Box<[u8]> = document.into();
        // SAFETY: the pointers are to a struct and to so many bytes.
        let code =
            unsafe { tl_key_set_read_json(&mut *self.keys, document.as_ptr(), document.len()) };
        let Some(reference) = &mut self.reference else {
            assert!(!is(code, "ok"));
            return;
        };
        let expected = reference.read_json(&document);
        same(code, expected.err().map(tokenlatch::Error::code));
        // SAFETY: the pointer is to a struct.
        let count = unsafe { tl_key_set_count(&*self.keys) };
        assert_eq!(count, reference.keys().len());
    }

    fn add_key(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let mut n = Key::fixed().modulus();
        n.truncate(u.int_in_range(0..=256)?);
        if u.arbitrary()? {
            n = Key::fixed().modulus();
        }
        let n: Box<[u8]> = n.into();
        let e = u.arbitrary()?;
        let kid = c_text(u)?;
        // SAFETY: the pointers are to a struct, a string and so many bytes.
        let code =
            unsafe { tl_key_set_add(&mut *self.keys, pointer(&kid), n.as_ptr(), n.len(), e) };
        let Some(reference) = &mut self.reference else {
            return Ok(());
        };
        let kid = kid.as_deref().map(CStr::to_str);
        match kid.transpose() {
            Ok(kid) if kid.is_none_or(|kid| kid.len() <= TL_MAX_TEXT_LEN) => {
                let key = PublicKey::from_be_bytes(&n, e);
                let key = key.and_then(|key| match kid {
                    Some(kid) => tokenlatch::Jwk::new(kid, key),
                    None => Ok(tokenlatch::Jwk::anonymous(key)),
                });
                let added = key.and_then(|key| reference.push(key));
                same(code, added.err().map(tokenlatch::Error::code));
            }
            _ => assert!(!is(code, "ok")),
        }
        Ok(())
    }

    /// Verifies a token in C, whole or in steps, and in Rust.
    fn verify(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let mut rules = Rules {
            // C has neither.
            templates: Vec::new(),
            tenants: None,
            values: Vec::new(),
            ..Rules::arbitrary(u)?
        };
        // In C, 0 asks for nothing.
        rules.max_age = rules.max_age.filter(|max_age| *max_age > 0);
        let now = Now::arbitrary(u)?;
        let mut token = Key::fixed()
            .token(documents::header(u)?, documents::claims(u)?)
            .into_bytes();
        if u.ratio(1_u8, 8_u8)? {
            let at = u.choose_index(token.len())?;
            token[at] = u.arbitrary()?;
        }
        let mut scratch = [0; MAX_TOKEN_LEN];
        let policy = CPolicy::new(&rules);
        let is_in_steps = u.arbitrary()?;
        self.token = token.clone().into();
        let time = tl_time {
            earliest: now.earliest,
            latest: now.latest,
        };
        // SAFETY: the pointers are to structs and to so many bytes, which stay as they are.
        let code = unsafe {
            let (text, len) = (self.token.as_mut_ptr(), self.token.len());
            if is_in_steps {
                let begun = tl_check_begin(&mut *self.check, text, len, &*self.keys);
                while !tl_check_step(&mut *self.check) {}
                let finished =
                    tl_check_finish(&mut *self.check, &policy.policy, time, &mut *self.verified);
                if is(begun, "ok") { finished } else { begun }
            } else {
                tl_verify_in_place(
                    text,
                    len,
                    &*self.keys,
                    &policy.policy,
                    time,
                    &mut *self.verified,
                )
            }
        };
        let Some(reference) = &self.reference else {
            assert!(!is(code, "ok"));
            return Ok(());
        };
        rules.with_policy(|policy| {
            let verdict = verify(&token, &mut scratch, reference, policy, now.time());
            same(code, verdict.as_ref().err().map(|error| error.code()));
            // SAFETY: the struct is filled in, or empty, and the token is as it was.
            assert_eq!(unsafe { tl_is_verified(&*self.verified) }, verdict.is_ok());
            if let Ok(verified) = &verdict {
                self.compare(verified);
            }
        });
        Ok(())
    }

    /// The claims in C are those in Rust.
    fn compare(&self, expected: &Verified<'_>) {
        let verified = &raw const *self.verified;
        // SAFETY: the struct is filled in, and the token is as it was. The other pointers are to strings and buffers.
        unsafe {
            assert_eq!(tl_expiry(verified), expected.expiry());
            assert_eq!(
                tl_is_certainly_valid(verified),
                expected.is_certainly_valid()
            );
            for scope in [c"read", c"write", c"", c"door:open"] {
                let text = scope.to_str().expect("UTF-8");
                assert_eq!(
                    tl_has_scope(verified, scope.as_ptr()),
                    expected.has_scope(text)
                );
            }
            for name in [c"iss", c"sub", c"x", c"exp", c"aud", c"y", c"scope"] {
                let claim = expected.claim(&[name.to_str().expect("UTF-8")]);
                let text = claim.and_then(Value::as_text).map(|text| text.to_string());
                for size in [0, 1, 8, 64] {
                    let mut buffer: Box<[c_char]> = vec![1; size].into();
                    let code = tl_claim_text(verified, name.as_ptr(), buffer.as_mut_ptr(), size);
                    let copied = buffer
                        .iter()
                        .map(|byte| *byte as u8)
                        .take_while(|byte| *byte != 0);
                    let copied: Vec<u8> = copied.collect();
                    if is(code, "ok") {
                        assert_eq!(Some(copied), text.clone().map(String::into_bytes));
                    } else {
                        assert!(copied.is_empty());
                        let fits = |text: &String| text.len() < size && !text.contains('\0');
                        assert!(!text.as_ref().is_some_and(fits));
                    }
                }
                let mut number = 1;
                let code = tl_claim_number(verified, name.as_ptr(), &mut number);
                let whole = claim.and_then(Value::as_u64);
                assert_eq!(
                    (is(code, "ok"), number),
                    (whole.is_some(), whole.unwrap_or(0))
                );
                let mut truth = true;
                let code = tl_claim_bool(verified, name.as_ptr(), &mut truth);
                let expected_truth = claim.and_then(Value::as_bool);
                assert_eq!(
                    (is(code, "ok"), truth),
                    (expected_truth.is_some(), expected_truth == Some(true))
                );
                let contains = tl_claim_contains(verified, name.as_ptr(), c"read".as_ptr());
                let mut texts = expected.texts(&[name.to_str().expect("UTF-8")]);
                assert_eq!(contains, texts.any(|text| text == "read"));
            }
        }
    }

    /// Documents of the root, for the store and the revocation.
    fn apply(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let issued_at = NOW + u64::from(u.arbitrary::<u8>()?);
        let is_update: bool = u.arbitrary()?;
        let mut claims = vec![
            ("iss", documents::text(ISSUER)),
            ("aud", documents::text(AUDIENCE)),
            ("iat", issued_at.to_string()),
            ("exp", (issued_at + 1000).to_string()),
        ];
        if is_update {
            claims.push(("keys", format!("[{}]", documents::jwk(u)?)));
        } else {
            claims.push(("revoked", r#"[{"jti":"t-1"}]"#.into()));
        }
        let kind = if is_update {
            "jwk-set+jwt"
        } else {
            "revocation+jwt"
        };
        let header = format!(r#"{{"alg":"RS256","typ":"{kind}","kid":"k1"}}"#);
        let document = Key::fixed().token(header, documents::changed(u, claims, 1)?);
        let document: Box<[u8]> = document.into_bytes().into();
        let mut scratch: Box<[u8]> = vec![0; u.int_in_range(1..=TL_MAX_DOCUMENT_LEN)?].into();
        if u.arbitrary()? {
            scratch = vec![0; TL_MAX_DOCUMENT_LEN].into();
        }
        self.memory.writes_left = u.ratio(1_u8, 4_u8)?.then_some(3);
        let (issuer, audience) = (c_string(ISSUER), c_string(AUDIENCE));
        let mut applied = tl_applied::TL_APPLIED_NOT;
        // SAFETY: the pointers are to structs, strings and so many bytes.
        unsafe {
            let mut root_keys = Box::new(tl_key_set { opaque: [0; _] });
            is_ok(tl_key_set_init(&mut *root_keys, size_of::<tl_key_set>()));
            let set = Key::fixed().jwk_set();
            is_ok(tl_key_set_read_json(
                &mut *root_keys,
                set.as_ptr(),
                set.len(),
            ));
            let root = tl_root {
                keys: &*root_keys,
                issuer: issuer.as_ptr(),
                audience: audience.as_ptr(),
            };
            let records = records(&mut self.memory);
            let (text, len) = (document.as_ptr(), document.len());
            let (room, room_len) = (scratch.as_mut_ptr(), scratch.len());
            let code = if is_update {
                let store = &mut *self.store;
                tl_key_store_apply(
                    store,
                    text,
                    len,
                    room,
                    room_len,
                    &root,
                    &mut *self.clock,
                    &records,
                    &mut applied,
                )
            } else {
                let revocation = &mut *self.revocation;
                tl_revocation_apply(
                    revocation,
                    text,
                    len,
                    room,
                    room_len,
                    &root,
                    &mut *self.clock,
                    &records,
                    &mut applied,
                )
            };
            assert_eq!(
                is(code, "ok"),
                !matches!(applied, tl_applied::TL_APPLIED_NOT)
            );
            let mut again = tl_applied::TL_APPLIED_NOT;
            if is(code, "ok") && is_update {
                assert_eq!(
                    tl_key_store_issued_at(&*self.store),
                    issued_at_of(&document)
                );
                let store = &mut *self.store;
                tl_key_store_apply(
                    store,
                    text,
                    len,
                    room,
                    room_len,
                    &root,
                    &mut *self.clock,
                    &records,
                    &mut again,
                );
                assert!(matches!(again, tl_applied::TL_APPLIED_ALREADY));
            }
            let mut claim: Box<[c_char]> = vec![0; 32].into();
            let name = c"iss".as_ptr();
            tl_unverified_claim_text(
                text,
                len,
                room,
                room_len,
                name,
                claim.as_mut_ptr(),
                claim.len(),
            );
        }
        Ok(())
    }

    fn restart(&mut self) {
        let mut scratch: Box<[u8]> = vec![0; TL_MAX_DOCUMENT_LEN].into();
        let (issuer, audience) = (c_string(ISSUER), c_string(AUDIENCE));
        // SAFETY: the pointers are to structs, strings and so many bytes.
        unsafe {
            let root = tl_root {
                keys: &*self.keys,
                issuer: issuer.as_ptr(),
                audience: audience.as_ptr(),
            };
            let records = records(&mut self.memory);
            let (room, room_len) = (scratch.as_mut_ptr(), scratch.len());
            let clock = &mut *self.clock;
            tl_clock_load(clock, &records);
            tl_key_store_load(&mut *self.store, room, room_len, &root, clock, &records);
            tl_revocation_load(
                &mut *self.revocation,
                room,
                room_len,
                &root,
                clock,
                &records,
            );
            tl_replay_load(&mut *self.replay, &records);
        }
    }

    /// What a door does with a token.
    fn accept(&mut self) {
        // SAFETY: the pointers are to structs, and the token is as it was.
        unsafe {
            let records = records(&mut self.memory);
            let verified = &raw const *self.verified;
            let is_good = tl_is_verified(verified);
            let checked = tl_revocation_check(&*self.revocation, verified);
            let accepted =
                tl_replay_accept(&mut *self.replay, verified, &mut *self.clock, &records);
            assert!(is_good || !is(checked, "ok") && !is(accepted, "ok"));
            if is(accepted, "ok") {
                let again =
                    tl_replay_accept(&mut *self.replay, verified, &mut *self.clock, &records);
                assert!(!is(again, "ok"), "a token was used twice");
            }
            tl_clock_store_if_due(&mut *self.clock, &records);
        }
    }

    /// Bytes that are nothing.
    fn any_bytes(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let len = u.int_in_range(0..=64)?;
        self.token = u.bytes(u.len().min(len))?.into();
        let now = tl_time_exactly(NOW);
        let policy = CPolicy::new(&Rules::plain());
        let offset = u.int_in_range(0..=8_usize)?;
        // SAFETY: the pointers are to structs and to so many bytes, or null, or not aligned.
        unsafe {
            let (text, len) = (self.token.as_mut_ptr(), self.token.len());
            tl_verify_in_place(
                text,
                len,
                &*self.keys,
                &policy.policy,
                now,
                &mut *self.verified,
            );
            assert!(!tl_is_verified(&*self.verified));
            let keys = (&raw const *self.keys)
                .cast::<u8>()
                .wrapping_add(offset)
                .cast();
            let keys = if offset == 8 { ptr::null() } else { keys };
            tl_verify_in_place(text, len, keys, &policy.policy, now, &mut *self.verified);
            tl_verify_in_place(
                ptr::null_mut(),
                len,
                &*self.keys,
                &policy.policy,
                now,
                &mut *self.verified,
            );
            tl_verify_in_place(
                text,
                len,
                &*self.keys,
                ptr::null(),
                now,
                &mut *self.verified,
            );
            tl_verify_in_place(text, len, &*self.keys, &policy.policy, now, ptr::null_mut());
        }
        Ok(())
    }
}

/// A policy, with its strings.
struct CPolicy {
    policy: tl_policy,
    _texts: Vec<CString>,
    _lists: Vec<Box<[*const c_char]>>,
}

impl CPolicy {
    fn new(rules: &Rules) -> Self {
        let mut texts = Vec::new();
        let mut text = |text: &str| {
            texts.push(c_string(text));
            // A string does not move with its `CString`.
            texts.last().map_or(ptr::null(), |text| text.as_ptr())
        };
        let mut optional = |it: Option<&str>| it.map_or(ptr::null(), &mut text);
        let [issuer, audience, token_type, subject, client] = [
            Some(rules.issuer),
            rules.audience,
            rules.token_type,
            rules.subject,
            rules.client,
        ]
        .map(&mut optional);
        let lists = [
            &rules.more_issuers,
            &rules.more_audiences,
            &rules.scopes,
            &rules.claims,
        ];
        let lists = lists.map(|list| {
            let pointers = list.iter().map(|it| text(it));
            pointers.collect::<Box<[*const c_char]>>()
        });
        let [issuers, audiences, scopes, claims] = &lists;
        let flags = match rules.ahead {
            Ahead::ByDefault => 0,
            Ahead::However => TL_POLICY_ACCEPT_ISSUED_IN_FUTURE,
            Ahead::Never => TL_POLICY_REJECT_ISSUED_IN_FUTURE,
        };
        let uncertain = u32::from(rules.accepts_uncertain) * TL_POLICY_ACCEPT_UNCERTAIN;
        let policy = tl_policy {
            issuer,
            audience,
            token_type,
            subject,
            client,
            more_issuers: issuers.as_ptr(),
            more_issuers_len: issuers.len(),
            more_audiences: audiences.as_ptr(),
            more_audiences_len: audiences.len(),
            scopes: scopes.as_ptr(),
            scopes_len: scopes.len(),
            claims: claims.as_ptr(),
            claims_len: claims.len(),
            leeway: rules.leeway as u32,
            max_age: rules.max_age.unwrap_or(0) as u32,
            flags: flags | uncertain,
        };
        Self {
            policy,
            _texts: texts,
            _lists: lists.into(),
        }
    }
}

/// The storage as C has it.
fn records(memory: &mut Memory) -> tl_records {
    tl_records {
        context: ptr::from_mut(memory).cast(),
        get: Some(get),
        put: Some(put),
        max_document_len: TL_MAX_DOCUMENT_LEN,
    }
}

unsafe extern "C" fn get(
    context: *mut c_void,
    record: u8,
    buffer: *mut u8,
    size: usize,
    len: *mut usize,
) -> Code {
    // SAFETY: the library gives the context back, room for so many bytes, and a place for the length.
    unsafe {
        let memory = &*context.cast::<Memory>();
        match memory.records.get(&record) {
            Some(value) if value.len() <= size => {
                buffer.copy_from_nonoverlapping(value.as_ptr(), value.len());
                len.write(value.len());
                tl_error::TL_OK.into()
            }
            Some(_) => tl_error::TL_ERROR_CORRUPT.into(),
            None => tl_error::TL_ERROR_NO_RECORD.into(),
        }
    }
}

unsafe extern "C" fn put(context: *mut c_void, record: u8, value: *const u8, len: usize) -> Code {
    // SAFETY: the library gives the context back, and so many bytes.
    unsafe {
        use tokenlatch_device::Records as _;
        let memory = &mut *context.cast::<Memory>();
        match memory.put(record, std::slice::from_raw_parts(value, len)) {
            Ok(()) => tl_error::TL_OK.into(),
            Err(_) => tl_error::TL_ERROR_STORAGE.into(),
        }
    }
}

/// `iat` of a document that was accepted.
fn issued_at_of(document: &[u8]) -> u64 {
    let mut copy = document.to_vec();
    let token = tokenlatch::Unverified::parse(&mut copy).expect("a token");
    let claim = token.unverified_claim("iat").expect("claims");
    claim.and_then(Value::as_u64).expect("a date")
}

/// The name of a code.
fn name(code: Code) -> &'static str {
    // SAFETY: a code is one byte, and each name is a string.
    unsafe { CStr::from_ptr(tl_error_name(std::mem::transmute::<Code, u8>(code))) }
        .to_str()
        .expect("UTF-8")
}

fn is(code: Code, expected: &str) -> bool {
    name(code) == expected
}

fn is_ok(code: Code) {
    assert!(is(code, "ok"), "{}", name(code));
}

fn same(code: Code, expected: Option<&str>) {
    assert_eq!(name(code), expected.unwrap_or("ok"));
}

fn c_string(text: &str) -> CString {
    CString::new(text).expect("a text without NUL")
}

/// A string, or none.
fn c_text(u: &mut Unstructured<'_>) -> Result<Option<CString>> {
    let len = u.int_in_range(0..=1100)?;
    let text = match u.int_in_range(0..=3_u8)? {
        0 => return Ok(None),
        1 => "k".repeat(len).into_bytes(),
        2 => u.bytes(u.len().min(len))?.to_vec(),
        _ => [CLIENT, TENANT][usize::from(u.arbitrary::<bool>()?)].into(),
    };
    let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
    Ok(CString::new(text).ok())
}

fn pointer(text: &Option<CString>) -> *const c_char {
    text.as_ref().map_or(ptr::null(), |text| text.as_ptr())
}

//! The C interface, `core/capi`, called from Rust, so that Miri sees what its `unsafe` code does to memory:
//! what it reads before it is written, what it keeps borrowed, and where it reads or writes beyond an object.
//!
//! Each object of C is one allocation, of its exact size.

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::ffi::{CStr, c_char, c_void};
    use std::mem::{self, MaybeUninit};
    use std::ptr::{null, null_mut};

    use tokenlatch_capi::*;

    const KEYS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/keys.json"));
    const MODULUS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/modulus"));
    const TOKEN: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/token.jwt"));
    const REVOKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/revoked.jwt"));
    const KEY_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/key-set.jwt"));
    const REVOCATION: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/revocation.jwt"));
    const NOW: u64 = 1_800_000_000;

    /// Memory of C that nothing was written to, but zeros, as a static variable has.
    fn zeroed<T>() -> Box<MaybeUninit<T>> {
        Box::new(MaybeUninit::zeroed())
    }

    /// Memory of C that was not initialised.
    fn uninitialised<T>() -> Box<MaybeUninit<T>> {
        Box::new(MaybeUninit::uninit())
    }

    fn name(code: Code) -> String {
        // SAFETY: a code is transparent, and names have no end in time.
        unsafe {
            let name = tl_error_name(mem::transmute::<Code, u8>(code));
            CStr::from_ptr(name).to_str().unwrap().into()
        }
    }

    #[track_caller]
    fn expect(code: Code, expected: &str) {
        assert_eq!(name(code), expected);
    }

    fn policy(audience: &CStr, scopes: &[*const c_char]) -> tl_policy {
        // SAFETY: zeros are null pointers and numbers.
        let mut policy: tl_policy = unsafe { mem::zeroed() };
        policy.issuer = c"https://issuer.example/".as_ptr();
        policy.audience = audience.as_ptr();
        policy.scopes = scopes.as_ptr();
        policy.scopes_len = scopes.len();
        policy
    }

    fn keys() -> Box<MaybeUninit<tl_key_set>> {
        let mut keys = uninitialised::<tl_key_set>();
        // SAFETY: the pointers are to a struct, and to as many bytes.
        unsafe {
            expect(
                tl_key_set_init(keys.as_mut_ptr(), size_of::<tl_key_set>()),
                "ok",
            );
            let document: Box<[u8]> = KEYS.into();
            expect(
                tl_key_set_read_json(keys.as_mut_ptr(), document.as_ptr(), document.len()),
                "ok",
            );
        }
        keys
    }

    #[test]
    fn every_error_has_a_name_and_a_text() {
        // Miri takes seconds for each.
        for error in (0..=u8::MAX).step_by(if cfg!(miri) { 51 } else { 1 }) {
            // SAFETY: both are strings without end in time.
            let [name, text] = unsafe {
                [tl_error_name(error), tl_error_text(error)].map(|text| CStr::from_ptr(text))
            };
            assert!(!name.is_empty() && !text.is_empty());
        }
    }

    #[test]
    fn what_is_null_misaligned_or_not_initialised_is_rejected() {
        let mut keys = zeroed::<tl_key_set>();
        let mut verified = zeroed::<tl_verified>();
        let mut check = zeroed::<tl_check>();
        let mut token: Box<[u8]> = TOKEN.into();
        let (at, len) = (token.as_mut_ptr(), token.len());
        let policy = policy(c"door-1", &[]);
        let now = tl_time_exactly(NOW);
        // SAFETY: each pointer is null, misaligned, or to an object.
        unsafe {
            let misaligned = keys.as_mut_ptr().wrapping_byte_add(1);
            let size = size_of::<tl_key_set>();
            expect(tl_key_set_init(null_mut(), size), "null");
            expect(tl_key_set_init(misaligned, size), "misaligned");
            expect(tl_key_set_init(keys.as_mut_ptr(), size - 1), "wrong-size");
            expect(
                tl_key_set_add(
                    keys.as_mut_ptr(),
                    c"k".as_ptr(),
                    MODULUS.as_ptr(),
                    256,
                    65537,
                ),
                "not-initialized",
            );
            assert_eq!(tl_key_set_count(keys.as_ptr()), 0);
            expect(
                tl_verify_in_place(at, len, keys.as_ptr(), &policy, now, verified.as_mut_ptr()),
                "not-initialized",
            );
            expect(
                tl_verify_in_place(
                    null_mut(),
                    len,
                    keys.as_ptr(),
                    &policy,
                    now,
                    verified.as_mut_ptr(),
                ),
                "not-initialized",
            );
            expect(
                tl_verify_in_place(at, len, null(), &policy, now, verified.as_mut_ptr()),
                "null",
            );
            expect(
                tl_verify_in_place(at, len, keys.as_ptr(), null(), now, verified.as_mut_ptr()),
                "null",
            );
            expect(
                tl_verify_in_place(at, len, keys.as_ptr(), &policy, now, null_mut()),
                "null",
            );
            expect(
                tl_check_begin(check.as_mut_ptr(), at, len, keys.as_ptr()),
                "not-initialized",
            );
            assert!(tl_check_step(check.as_mut_ptr()));
            expect(
                tl_check_finish(check.as_mut_ptr(), &policy, now, verified.as_mut_ptr()),
                "not-initialized",
            );
            assert!(
                !tl_is_verified(verified.as_ptr())
                    && !tl_has_scope(verified.as_ptr(), c"a".as_ptr())
            );
            assert_eq!(tl_expiry(null()), 0);
            expect(
                tl_claim_text(verified.as_ptr(), c"sub".as_ptr(), null_mut(), 0),
                "null",
            );

            expect(tl_key_set_init(keys.as_mut_ptr(), size), "ok");
            expect(
                tl_key_set_add(keys.as_mut_ptr(), null(), MODULUS.as_ptr(), 255, 65537),
                "modulus-too-short",
            );
            expect(
                tl_key_set_add(keys.as_mut_ptr(), c"k".as_ptr(), null(), 256, 65537),
                "null",
            );
            expect(
                tl_verify_in_place(at, 0, keys.as_ptr(), &policy, now, verified.as_mut_ptr()),
                "not-compact",
            );
            expect(
                tl_verify_in_place(at, len, keys.as_ptr(), &policy, now, verified.as_mut_ptr()),
                "unknown-key",
            );
        }
    }

    #[test]
    fn a_token_is_verified_and_its_claims_are_read() {
        let mut keys = uninitialised::<tl_key_set>();
        let mut verified = uninitialised::<tl_verified>();
        let mut token: Box<[u8]> = TOKEN.into();
        let scopes = [c"door:open".as_ptr(), c"door:see".as_ptr()];
        let policy = policy(c"door-1", &scopes);
        // SAFETY: the pointers are to objects, each of which is as long as it is said to be.
        unsafe {
            expect(
                tl_key_set_init(keys.as_mut_ptr(), size_of::<tl_key_set>()),
                "ok",
            );
            expect(
                tl_key_set_add(
                    keys.as_mut_ptr(),
                    c"rfc7515-a2".as_ptr(),
                    MODULUS.as_ptr(),
                    256,
                    65537,
                ),
                "ok",
            );
            assert_eq!(tl_key_set_count(keys.as_ptr()), 1);
            let (at, len) = (token.as_mut_ptr(), token.len());
            let mut scratch: Box<[u8]> = vec![0; len].into();
            let mut subject: Box<[c_char]> = vec![0x55; 6].into();
            expect(
                tl_unverified_claim_text(
                    at,
                    len,
                    scratch.as_mut_ptr(),
                    len,
                    c"sub".as_ptr(),
                    subject.as_mut_ptr(),
                    subject.len(),
                ),
                "ok",
            );
            assert_eq!(CStr::from_ptr(subject.as_ptr()), c"alice");
            let now = tl_time_between(NOW, NOW + 599);
            expect(
                tl_verify_in_place(at, len, keys.as_ptr(), &policy, now, verified.as_mut_ptr()),
                "ok",
            );
            // The claims borrow from the token alone.
            drop(keys);

            let verified = verified.as_ptr();
            assert!(tl_is_verified(verified) && tl_is_certainly_valid(verified));
            assert_eq!(tl_expiry(verified), NOW + 600);
            assert!(
                tl_has_scope(verified, c"door:open".as_ptr())
                    && !tl_has_scope(verified, c"door".as_ptr())
            );
            assert!(tl_claim_contains(
                verified,
                c"sub".as_ptr(),
                c"alice".as_ptr()
            ));
            let expected = c"Alice \"A\"";
            for size in 0..=expected.to_bytes_with_nul().len() {
                let mut buffer: Box<[c_char]> = vec![0x55; size].into();
                let code = tl_claim_text(verified, c"name".as_ptr(), buffer.as_mut_ptr(), size);
                if size == expected.to_bytes_with_nul().len() {
                    expect(code, "ok");
                    assert_eq!(CStr::from_ptr(buffer.as_ptr()), expected);
                } else {
                    expect(code, "buffer-too-small");
                }
            }
            let (mut number, mut is_guest) = (MaybeUninit::uninit(), MaybeUninit::uninit());
            expect(
                tl_claim_number(verified, c"level".as_ptr(), number.as_mut_ptr()),
                "ok",
            );
            expect(
                tl_claim_bool(verified, c"guest".as_ptr(), is_guest.as_mut_ptr()),
                "ok",
            );
            assert!(number.assume_init() == 7 && !is_guest.assume_init());
        }
    }

    #[test]
    fn a_forgery_is_rejected_at_once_and_in_steps() {
        let keys = keys();
        let policy = policy(c"door-1", &[]);
        let mut check = uninitialised::<tl_check>();
        let mut verified = uninitialised::<tl_verified>();
        let now = tl_time_exactly(NOW);
        // SAFETY: the pointers are to objects, each of which is as long as it is said to be.
        unsafe {
            for changed in [false, true] {
                let mut token: Box<[u8]> = TOKEN.into();
                let last = token.len() - 5;
                token[last] ^= u8::from(changed);
                let (at, len) = (token.as_mut_ptr(), token.len());
                expect(
                    tl_check_begin(check.as_mut_ptr(), at, len, keys.as_ptr()),
                    "ok",
                );
                let mut steps = 1;
                while !tl_check_step(check.as_mut_ptr()) {
                    steps += 1;
                }
                // On x86-64, all steps are one, but not in Miri.
                assert!(steps == 19 || !cfg!(miri));
                let code = tl_check_finish(check.as_mut_ptr(), &policy, now, verified.as_mut_ptr());
                expect(code, if changed { "invalid-signature" } else { "ok" });
                assert_eq!(tl_is_verified(verified.as_ptr()), !changed);
                expect(
                    tl_check_finish(check.as_mut_ptr(), &policy, now, verified.as_mut_ptr()),
                    "not-initialized",
                );
            }
        }
    }

    type Storage = BTreeMap<u8, Vec<u8>>;

    unsafe extern "C" fn get(
        context: *mut c_void,
        record: u8,
        buffer: *mut u8,
        size: usize,
        len: *mut usize,
    ) -> Code {
        // SAFETY: the context is a storage that nothing else uses now, and the pointers are as the header says.
        unsafe {
            let storage = &*context.cast::<Storage>();
            let Some(value) = storage.get(&record) else {
                return tl_error::TL_ERROR_NO_RECORD.into();
            };
            assert!(value.len() <= size);
            buffer.copy_from_nonoverlapping(value.as_ptr(), value.len());
            len.write(value.len());
        }
        tl_error::TL_OK.into()
    }

    unsafe extern "C" fn put(
        context: *mut c_void,
        record: u8,
        value: *const u8,
        len: usize,
    ) -> Code {
        // SAFETY: as above.
        unsafe {
            let storage = &mut *context.cast::<Storage>();
            storage.insert(record, std::slice::from_raw_parts(value, len).into());
        }
        tl_error::TL_OK.into()
    }

    /// The parts of a door, after a restart.
    struct Door {
        clock: Box<MaybeUninit<tl_clock>>,
        store: Box<MaybeUninit<tl_key_store>>,
        revocation: Box<MaybeUninit<tl_revocation>>,
        replay: Box<MaybeUninit<tl_replay>>,
        challenge: Box<MaybeUninit<tl_challenge>>,
    }

    impl Door {
        /// # Safety
        ///
        /// The root and the records are as the header says.
        unsafe fn start(
            keys: &MaybeUninit<tl_key_set>,
            root: &tl_root,
            records: &tl_records,
        ) -> Self {
            let mut door = Self {
                clock: uninitialised(),
                store: uninitialised(),
                revocation: uninitialised(),
                replay: uninitialised(),
                challenge: uninitialised(),
            };
            let mut scratch: Box<[u8]> = vec![0; TL_MAX_DOCUMENT_LEN].into();
            let (scratch, size) = (scratch.as_mut_ptr(), scratch.len());
            // SAFETY: the pointers are to objects, and to as many bytes.
            unsafe {
                expect(
                    tl_clock_init(door.clock.as_mut_ptr(), NOW - 100, 86_400, 0, 0),
                    "ok",
                );
                expect(
                    tl_key_store_init(door.store.as_mut_ptr(), keys.as_ptr()),
                    "ok",
                );
                expect(tl_revocation_init(door.revocation.as_mut_ptr()), "ok");
                expect(tl_replay_init(door.replay.as_mut_ptr(), 0), "ok");
                expect(tl_challenge_init(door.challenge.as_mut_ptr(), 1000), "ok");
                let clock = door.clock.as_mut_ptr();
                expect(tl_clock_load(clock, records), "ok");
                expect(
                    tl_key_store_load(door.store.as_mut_ptr(), scratch, size, root, clock, records),
                    "ok",
                );
                expect(
                    tl_revocation_load(
                        door.revocation.as_mut_ptr(),
                        scratch,
                        size,
                        root,
                        clock,
                        records,
                    ),
                    "ok",
                );
                expect(tl_replay_load(door.replay.as_mut_ptr(), records), "ok");
            }
            door
        }

        /// # Safety
        ///
        /// As [`start`](Self::start).
        unsafe fn accept(
            &mut self,
            token: &[u8],
            policy: &tl_policy,
            records: &tl_records,
        ) -> [Code; 4] {
            let mut token: Box<[u8]> = token.into();
            let mut verified = uninitialised::<tl_verified>();
            let mut fingerprints = [(); 2].map(|()| zeroed::<tl_fingerprint>());
            let mut entry: Box<[u8]> = vec![0; TL_AUDIT_ENTRY_LEN].into();
            let (mut audit, mut read) = (
                uninitialised::<tl_audit>(),
                uninitialised::<tl_audit_entry>(),
            );
            // SAFETY: the pointers are to objects, and to as many bytes.
            unsafe {
                let now = tl_clock_read(self.clock.as_mut_ptr(), &NOW, null_mut());
                let (at, len) = (token.as_mut_ptr(), token.len());
                let code = tl_key_store_verify_in_place(
                    at,
                    len,
                    self.store.as_ptr(),
                    policy,
                    now,
                    verified.as_mut_ptr(),
                );
                let verified = verified.as_ptr();
                let revoked = tl_revocation_check(self.revocation.as_ptr(), verified);
                let asked = tl_challenge_check(self.challenge.as_mut_ptr(), verified, 20);
                let used = tl_replay_accept(
                    self.replay.as_mut_ptr(),
                    verified,
                    self.clock.as_mut_ptr(),
                    records,
                );
                for fingerprint in &mut fingerprints {
                    expect(tl_fingerprint_of(verified, fingerprint.as_mut_ptr()), "ok");
                }
                let [first, second] = fingerprints
                    .each_ref()
                    .map(|fingerprint| fingerprint.as_ptr());
                assert_eq!(tl_confirm(first, second), TL_ACCEPTED);
                assert_ne!(tl_confirm(first, null()), TL_ACCEPTED);
                expect(tl_audit_init(audit.as_mut_ptr(), null()), "ok");
                expect(
                    tl_audit_record(audit.as_mut_ptr(), 2, 0, now, verified, entry.as_mut_ptr()),
                    "ok",
                );
                expect(tl_audit_read(entry.as_ptr(), read.as_mut_ptr()), "ok");
                assert_eq!(read.assume_init_ref().event, 2);
                [code, revoked, asked, used]
            }
        }
    }

    fn root(keys: &MaybeUninit<tl_key_set>) -> tl_root {
        tl_root {
            keys: keys.as_ptr(),
            issuer: c"https://issuer.example/".as_ptr(),
            audience: c"fleet".as_ptr(),
        }
    }

    fn records(storage: *mut Storage) -> tl_records {
        tl_records {
            context: storage.cast(),
            get: Some(get),
            put: Some(put),
            max_document_len: TL_MAX_DOCUMENT_LEN,
        }
    }

    #[test]
    fn a_door_takes_documents_and_tokens_before_and_after_a_restart() {
        let keys = keys();
        let root = root(&keys);
        let mut storage = Storage::new();
        let records = records(&raw mut storage);
        let policy = policy(c"door-1", &[]);
        // SAFETY: the pointers are to objects, and to as many bytes.
        unsafe {
            let mut door = Door::start(&keys, &root, &records);
            for (is_keys, document) in [(true, KEY_SET), (false, REVOCATION)] {
                let document: Box<[u8]> = document.into();
                let (at, len) = (document.as_ptr(), document.len());
                let mut scratch: Box<[u8]> = vec![0; len].into();
                let scratch = scratch.as_mut_ptr();
                let mut applied = MaybeUninit::<tl_applied>::uninit();
                let (clock, to) = (door.clock.as_mut_ptr(), applied.as_mut_ptr());
                let code = if is_keys {
                    tl_key_store_apply(
                        door.store.as_mut_ptr(),
                        at,
                        len,
                        scratch,
                        len,
                        &root,
                        clock,
                        &records,
                        to,
                    )
                } else {
                    tl_revocation_apply(
                        door.revocation.as_mut_ptr(),
                        at,
                        len,
                        scratch,
                        len,
                        &root,
                        clock,
                        &records,
                        to,
                    )
                };
                expect(code, "ok");
                assert!(matches!(applied.assume_init(), tl_applied::TL_APPLIED_NEW));
            }
            let random: [u8; 16] = std::array::from_fn(|at| at as u8);
            let mut text: Box<[c_char]> = vec![0; TL_NONCE_SIZE].into();
            expect(
                tl_challenge_begin(
                    door.challenge.as_mut_ptr(),
                    random.as_ptr(),
                    10,
                    text.as_mut_ptr(),
                ),
                "ok",
            );
            assert_eq!(CStr::from_ptr(text.as_ptr()), c"AAECAwQFBgcICQoLDA0ODw");
            let verdict = door.accept(TOKEN, &policy, &records).map(name);
            assert_eq!(verdict, ["ok"; 4]);

            let mut door = Door::start(&keys, &root, &records);
            assert_eq!(tl_key_store_issued_at(door.store.as_ptr()), NOW);
            assert_eq!(tl_revocation_issued_at(door.revocation.as_ptr()), NOW);
            let verdict = door.accept(REVOKED, &policy, &records).map(name);
            assert_eq!([&verdict[0], &verdict[1]], ["ok", "revoked"]);
            let verdict = door.accept(TOKEN, &policy, &records).map(name);
            assert_eq!([&verdict[0], &verdict[3]], ["ok", "replayed"]);
        }
    }

    #[test]
    fn a_door_knows_the_time_makes_nonces_and_checks_in_steps() {
        let keys = keys();
        let root = root(&keys);
        let mut storage = Storage::new();
        let records = records(&raw mut storage);
        let policy = policy(c"door-1", &[]);
        let (mut nonces, mut check) = (uninitialised::<tl_nonces>(), uninitialised::<tl_check>());
        let mut verified = uninitialised::<tl_verified>();
        let mut text: Box<[c_char]> = vec![0; TL_NONCE_SIZE].into();
        let mut token: Box<[u8]> = TOKEN.into();
        let seed = Box::new([7_u8; 32]);
        // SAFETY: the pointers are to objects, and to as many bytes.
        unsafe {
            let mut door = Door::start(&keys, &root, &records);
            let clock = door.clock.as_mut_ptr();
            let learned = tl_clock_learn(clock, NOW);
            assert!(matches!(learned, tl_learned::TL_LEARNED_RAISED));
            expect(tl_clock_store_if_due(clock, &records), "ok");
            let learned = tl_clock_learn(clock, NOW + 1);
            assert!(matches!(learned, tl_learned::TL_LEARNED_RAISED));
            expect(tl_clock_store(clock, &records), "ok");
            let mut door = Door::start(&keys, &root, &records);
            assert_eq!(tl_clock_floor(door.clock.as_ptr()), NOW + 1);

            expect(
                tl_nonces_init(nonces.as_mut_ptr(), seed.as_ptr().cast()),
                "ok",
            );
            expect(tl_nonces_load(nonces.as_mut_ptr(), &records), "ok");
            let (challenge, nonces) = (door.challenge.as_mut_ptr(), nonces.as_mut_ptr());
            expect(
                tl_challenge_begin_with(challenge, nonces, &records, 10, text.as_mut_ptr()),
                "ok",
            );
            let nonce = CStr::from_ptr(text.as_ptr());
            assert_eq!(nonce.count_bytes() + 1, TL_NONCE_SIZE);

            assert_eq!(tl_key_store_expiry(door.store.as_ptr()), u64::MAX);
            let (at, len) = (token.as_mut_ptr(), token.len());
            let now = tl_time_at_least(NOW);
            let (check, store) = (check.as_mut_ptr(), door.store.as_ptr());
            expect(tl_key_store_check_begin(check, at, len, store, now), "ok");
            while !tl_check_step(check) {}
            let now = tl_time_exactly(NOW);
            expect(
                tl_check_finish(check, &policy, now, verified.as_mut_ptr()),
                "ok",
            );
            let verified = verified.as_ptr();
            expect(tl_replay_check(door.replay.as_ptr(), verified), "ok");
            expect(
                tl_challenge_compare(door.challenge.as_ptr(), verified, 20),
                "wrong-nonce",
            );
        }
    }
}

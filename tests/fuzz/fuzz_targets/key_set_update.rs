//! Signed key-set updates, one after the other, on a device whose storage may fail, be changed, and restart.
#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use tokenlatch::{JwkSet, Time};
use tokenlatch_device::{Applied, Clock, KeySet, MAX_DOCUMENT_LEN, Root};
use tokenlatch_fuzz::documents;
use tokenlatch_fuzz::key::Key;
use tokenlatch_fuzz::memory::Memory;
use tokenlatch_fuzz::reference::rules::{AUDIENCE, ISSUER, NOW};

type Keys = KeySet<2>;

static ROOT_KEYS: LazyLock<JwkSet<1>> =
    LazyLock::new(|| JwkSet::from_json(Key::fixed().jwk_set().as_bytes()).expect("a key set"));

fuzz_target!(|data: &[u8]| {
    // An input that is too short says nothing.
    let _ = run(&mut Unstructured::new(data));
});

fn run(u: &mut Unstructured<'_>) -> Result<()> {
    let root = Root::new(&ROOT_KEYS, ISSUER, AUDIENCE);
    let mut memory = Memory::default();
    let mut clock = Clock::new(NOW, Duration::from_secs(400 * 86_400));
    let mut keys = Keys::new(JwkSet::from_keys([]));
    let mut scratch = [0; MAX_DOCUMENT_LEN];
    while !u.is_empty() {
        match u.int_in_range(0..=7_u8)? {
            0 => {
                // A restart: what was in force is in force.
                let before = (keys.issued_at(), keys.expiry());
                let mut restarted = Keys::new(JwkSet::from_keys([]));
                clock = Clock::new(NOW, Duration::from_secs(400 * 86_400));
                let loaded = restarted.load(&mut scratch, &root, &mut clock, &mut memory);
                assert_eq!(loaded, Ok(()));
                assert_eq!((restarted.issued_at(), restarted.expiry()), before);
                keys = restarted;
            }
            1 => memory.writes_left = u.arbitrary::<Option<u8>>()?.map(usize::from),
            2 => {
                // Somebody writes the storage who cannot sign.
                let mut changed = memory.clone();
                if let Some((_, record)) = changed.records.iter_mut().next_back()
                    && !record.is_empty()
                {
                    let at = u.choose_index(record.len())?;
                    record[at] ^= u.arbitrary::<u8>()?.max(1);
                }
                let mut restarted = Keys::new(JwkSet::from_keys([]));
                let loaded = restarted.load(&mut scratch, &root, &mut clock.clone(), &mut changed);
                assert_eq!(loaded.is_ok(), restarted.keys(Time::exactly(0)).is_ok());
            }
            _ => apply(u, &root, &mut keys, &mut clock, &mut memory, &mut scratch)?,
        }
    }
    Ok(())
}

fn apply(
    u: &mut Unstructured<'_>,
    root: &Root<'_>,
    keys: &mut Keys,
    clock: &mut Clock,
    memory: &mut Memory,
    scratch: &mut [u8],
) -> Result<()> {
    let issued_at = NOW + u64::from(u.arbitrary::<u8>()?);
    let mut set = vec![documents::jwk(u)?];
    for _ in 0..u.int_in_range(0..=2_u8)? {
        set.push(documents::jwk(u)?);
    }
    let claims = vec![
        ("iss", documents::text(ISSUER)),
        ("aud", documents::text(AUDIENCE)),
        ("iat", issued_at.to_string()),
        ("exp", (issued_at + 1000).to_string()),
        ("keys", format!("[{}]", set.join(","))),
    ];
    let claims = documents::changed(u, claims, 2)?;
    let header = vec![
        ("alg", documents::text("RS256")),
        ("typ", documents::text("jwk-set+jwt")),
        ("kid", documents::text("k1")),
    ];
    let header = documents::changed(u, header, 1)?;
    let mut document = Key::fixed().token(header, claims).into_bytes();
    let is_changed = u.ratio(1_u8, 8_u8)?;
    if is_changed {
        let at = u.choose_index(document.len())?;
        document[at] ^= 1 << u.int_in_range(0..=6_u8)?;
    }
    let before = (keys.issued_at(), keys.expiry(), format!("{keys:?}"));
    match keys.apply(&document, scratch, root, clock, memory) {
        Ok(Applied::New) => {
            assert!(!is_changed, "nobody signed it");
            assert!(keys.issued_at() > before.0, "a rollback");
            assert!(
                !keys
                    .keys(Time::exactly(0))
                    .expect("new keys")
                    .keys()
                    .is_empty()
            );
            // Once more, it is known.
            let again = keys.apply(&document, scratch, root, clock, memory);
            assert_eq!(again, Ok(Applied::Already));
        }
        Ok(Applied::Already) => {}
        Err(_) => {
            let after = (keys.issued_at(), keys.expiry(), format!("{keys:?}"));
            assert_eq!(after, before, "it was rejected");
        }
    }
    Ok(())
}

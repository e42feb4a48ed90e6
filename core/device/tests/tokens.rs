//! What a device does with verified tokens: single use, the challenge, the verdict, the audit record.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

mod common;

use std::time::Duration;

use common::{Flash, Memory, NOW, OTHER_ISSUER, verified};
use serde_json::json;
use tokenlatch::Time;
use tokenlatch_device::{
    Audit, AuditEntry, Challenge, Clock, Error, Event, Fingerprint, Layout, Nonce, Nonces, Records,
    Replay, Storage, Verdict, subject_hash,
};

fn clock() -> Clock {
    Clock::new(NOW, Duration::from_secs(1_000_000)).drift(Duration::ZERO)
}

/// A token that is accepted until a second after `NOW + later`.
fn token(id: u32, later: u64) -> tokenlatch::Verified<'static> {
    verified(json!({"jti": id.to_string(), "exp": NOW + later}))
}

#[test]
fn a_token_is_used_once_also_after_a_restart() {
    let (mut clock, mut records) = (clock(), Memory::default());
    let mut replay = Replay::<4>::new(Duration::ZERO);
    let used = token(1, 100);
    assert_eq!(replay.check(&used), Ok(()));
    assert_eq!(replay.accept(&used, &mut clock, &mut records), Ok(()));
    assert_eq!(replay.check(&used), Err(Error::Replayed));
    assert_eq!(
        replay.accept(&used, &mut clock, &mut records),
        Err(Error::Replayed)
    );
    assert_eq!(replay.len(&clock), 1);
    let mut replay = Replay::<4>::new(Duration::ZERO);
    replay.load(&mut records).unwrap();
    assert_eq!(
        replay.accept(&used, &mut clock, &mut records),
        Err(Error::Replayed)
    );
    // Another issuer's token of the same name is another token, and so is one with another name.
    let others = verified(json!({"iss": OTHER_ISSUER, "jti": "1", "exp": NOW + 100}));
    for other in [others, token(2, 100)] {
        assert_eq!(replay.accept(&other, &mut clock, &mut records), Ok(()));
    }
    let nameless = verified(json!({"jti": null}));
    let result = replay.accept(&nameless, &mut clock, &mut records);
    assert_eq!(result, Err(Error::MissingTokenId));
    assert_eq!(replay.check(&nameless), Err(Error::MissingTokenId));
}

#[test]
fn a_token_that_cannot_be_stored_is_not_accepted() {
    let (mut clock, mut records) = (clock(), Memory::default());
    let mut replay = Replay::<4>::new(Duration::ZERO);
    records.fails = true;
    let result = replay.accept(&token(1, 100), &mut clock, &mut records);
    assert_eq!(result, Err(Error::Storage));
    records.fails = false;
    assert_eq!(
        replay.accept(&token(1, 100), &mut clock, &mut records),
        Ok(())
    );
}

#[test]
fn only_what_a_restart_knows_to_have_expired_is_forgotten() {
    let (mut clock, mut records) = (clock(), Memory::default());
    let mut replay = Replay::<2>::new(Duration::from_secs(5));
    for id in 1..3 {
        replay
            .accept(&token(id, 100), &mut clock, &mut records)
            .unwrap();
    }
    let third = token(3, 500);
    // They are accepted for the leeway longer, and for what is left of a second.
    for rtc in [NOW + 100, NOW + 105] {
        clock.read(Some(rtc));
        let result = replay.accept(&third, &mut clock, &mut records);
        assert_eq!(result, Err(Error::ReplayFull), "{rtc}");
        assert_eq!(clock.stored_floor(), NOW);
    }
    clock.read(Some(NOW + 106));
    assert_eq!(replay.accept(&third, &mut clock, &mut records), Ok(()));
    // Before the first token was forgotten, the floor was stored: a restart with a stopped clock begins there.
    assert_eq!(clock.stored_floor(), NOW + 106);
    let mut restarted = self::clock();
    restarted.load(&mut records).unwrap();
    assert_eq!(restarted.read(None).time, Time::at_least(NOW + 106));

    // If the floor cannot be stored, nothing is forgotten.
    let mut clock = self::clock();
    let mut records = Memory::default();
    let mut replay = Replay::<1>::new(Duration::ZERO);
    replay
        .accept(&token(1, 100), &mut clock, &mut records)
        .unwrap();
    clock.read(Some(NOW + 200));
    records.fails = true;
    let result = replay.accept(&third, &mut clock, &mut records);
    assert_eq!(result, Err(Error::Storage));
    assert_eq!(
        replay.accept(&token(1, 100), &mut clock, &mut records),
        Err(Error::Replayed)
    );
}

#[test]
fn a_damaged_record_of_a_used_token_rejects_all() {
    let (mut clock, mut records) = (clock(), Memory::default());
    records.put(64 + 1, &[0; 23]).unwrap();
    let mut replay = Replay::<4>::new(Duration::ZERO);
    assert_eq!(replay.load(&mut records), Err(Error::Corrupt));
    let result = replay.accept(&token(1, 100), &mut clock, &mut records);
    assert_eq!(result, Err(Error::ReplayFull));
}

#[test]
fn a_challenge_takes_its_own_nonce_once_and_in_time() {
    let mut challenge = Challenge::new(Duration::from_secs(60));
    let echo = |text: &[u8]| verified(json!({"nonce": std::str::from_utf8(text).unwrap()}));
    let nonce = Nonce::from_random([0xfb; 16]);
    assert_eq!(&nonce.text(), b"-_v7-_v7-_v7-_v7-_v7-w");
    let good = echo(&nonce.text());
    assert_eq!(challenge.check(&good, 0), Err(Error::NonceExpired));
    assert_eq!(challenge.begin(nonce, 1_000), nonce.text());
    for (wrong, expected) in [
        (verified(json!({})), Error::MissingNonce),
        (verified(json!({"nonce": 7})), Error::MissingNonce),
        (echo(b""), Error::WrongNonce),
        (echo(b"-_v7-_v7-_v7-_v7-_v7-A"), Error::WrongNonce),
        (echo(b"-_v7-_v7-_v7-_v7-_v7-"), Error::WrongNonce),
        (echo(b"-_v7-_v7-_v7-_v7-_v7-w-"), Error::WrongNonce),
        (echo(&[b'-'; 500]), Error::WrongNonce),
    ] {
        assert_eq!(challenge.compare(&wrong, 1_000), Err(expected));
        assert_eq!(challenge.check(&wrong, 1_000), Err(expected));
    }
    assert_eq!(challenge.compare(&good, 60_999), Ok(()));
    assert_eq!(challenge.compare(&good, 61_000), Err(Error::NonceExpired));
    assert_eq!(challenge.check(&good, 60_999), Ok(()));
    assert_eq!(challenge.check(&good, 60_999), Err(Error::NonceExpired));
    challenge.begin(nonce, 1_000);
    assert!(challenge.is_waiting(60_999) && !challenge.is_waiting(61_000));
    assert_eq!(challenge.check(&good, 61_000), Err(Error::NonceExpired));
    // A counter of 32 bits wraps around after 49 days.
    challenge.begin(nonce, u32::MAX.into());
    assert!(!challenge.is_waiting(70_000));
    assert_eq!(challenge.check(&good, 70_000), Err(Error::NonceExpired));
}

#[test]
fn a_nonce_never_comes_again() {
    let mut records = Memory::default();
    let mut nonces = Nonces::new([1; 32]);
    assert!(matches!(nonces.next(&mut records), Err(Error::Corrupt)));
    let mut seen = std::collections::BTreeSet::new();
    for restart in 0..10 {
        let mut nonces = Nonces::new([1; 32]);
        nonces.load(&mut records).unwrap();
        for _ in 0..=restart * 20 {
            assert!(seen.insert(nonces.next(&mut records).unwrap().text()));
        }
    }
    // 64 cost one write.
    assert_eq!(
        records.puts,
        (0..10_usize)
            .map(|restart| 1 + restart * 20 / 64)
            .sum::<usize>()
    );
    // What cannot be stored is not shown.
    let mut nonces = Nonces::new([1; 32]);
    nonces.load(&mut records).unwrap();
    records.fails = true;
    assert!(matches!(nonces.next(&mut records), Err(Error::Storage)));
    // Another seed has other nonces.
    let mut records = Memory::default();
    let mut nonces = Nonces::new([2; 32]);
    nonces.load(&mut records).unwrap();
    assert!(seen.insert(nonces.next(&mut records).unwrap().text()));
    records.put(1, &[0; 7]).unwrap();
    assert_eq!(nonces.load(&mut records), Err(Error::Corrupt));
}

#[test]
fn two_verifications_must_agree_on_every_claim() {
    let of = |claims| Fingerprint::of(&verified(claims));
    let first = of(json!({}));
    assert!(Verdict::confirm(&first, &of(json!({}))).is_accepted());
    assert!(!Verdict::REJECTED.is_accepted());
    for other in [
        json!({"sub": "mallory"}),
        json!({"sub": null}),
        json!({"jti": "t-2"}),
        json!({"jti": null}),
        json!({"exp": NOW + 301}),
        json!({"iat": NOW}),
        json!({"aud": ["door-1", "door-2"]}),
    ] {
        assert!(
            !Verdict::confirm(&first, &of(other.clone())).is_accepted(),
            "{other}"
        );
    }
    let none = Fingerprint::NONE;
    for (one, other) in [(none, first), (first, none), (none, none)] {
        assert!(!Verdict::confirm(&one, &other).is_accepted());
    }
}

#[test]
fn the_audit_record_keeps_the_newest_entries_and_counts_the_lost() {
    let flash = Flash::<4, 1024>::blank(18);
    let mut storage = Storage::open(flash.clone(), Layout::default()).unwrap();
    let mut audit = Audit::new();
    let alice = verified(json!({}));
    let record = |audit: &mut Audit, storage: &mut Storage<_>, time| {
        let result = Err(Error::Replayed);
        audit
            .record(Event::Token, result, time, alice.subject(), storage)
            .unwrap();
    };
    for _ in 0..100 {
        record(&mut audit, &mut storage, Time::between(NOW, NOW + 2));
    }
    audit
        .record(
            Event::Clock,
            Ok(()),
            Time::at_least(NOW),
            None,
            &mut storage,
        )
        .unwrap();
    let mut entries = Vec::new();
    Audit::each(&mut storage, &mut |entry| entries.push(entry)).unwrap();
    assert!((32..=63).contains(&entries.len()), "{}", entries.len());
    let newest = entries.len() as u32 - 1;
    for (entry, sequence) in entries.iter().rev().zip((0..=100).rev()) {
        assert_eq!(entry.sequence, sequence);
    }
    let expected = AuditEntry {
        sequence: 99,
        event: Event::Token,
        number: 136,
        is_certain: true,
        time: NOW,
        subject: subject_hash(alice.subject().unwrap()),
    };
    assert_eq!(entries[newest as usize - 1], expected);
    let last = entries[newest as usize];
    assert_eq!(
        (last.event, last.number, last.is_certain),
        (Event::Clock, 0, false)
    );
    assert_eq!(last.subject, [0; 8]);

    // A restart goes on counting. An entry that was damaged is lost, and counted.
    let mut audit = Audit::new();
    let count = audit.load(&mut storage).unwrap();
    assert_eq!((count.entries, count.lost), (newest + 1, 0));
    let sequence = 90_u32.to_le_bytes();
    flash.change(|bytes| {
        let start = [sequence, [2, 136, 1, 0]].concat();
        let at = bytes.windows(8).position(|bytes| bytes == start).unwrap();
        bytes[at + 8] ^= 4;
    });
    let mut audit = Audit::new();
    let count = audit.load(&mut storage).unwrap();
    assert_eq!((count.entries, count.lost), (newest, 1));
    record(&mut audit, &mut storage, Time::exactly(NOW));
    Audit::each(&mut storage, &mut |entry| entries.push(entry)).unwrap();
    assert_eq!(entries.last().unwrap().sequence, 101);
}

#[test]
fn a_flash_that_does_not_suit_is_rejected_precisely() {
    fn open<const WORD: usize, const PAGE: usize>(
        bytes: usize,
        layout: Layout,
    ) -> Result<usize, Error> {
        let flash = Flash::<WORD, PAGE>::with(vec![0xff; bytes]);
        Storage::open(flash, layout).map(|storage| storage.max_document_len())
    }
    let layout = Layout::default();
    for (result, expected) in [
        (open::<4, 1024>(16 << 10, layout), Ok(2_268)),
        (open::<4, 1024>(24 << 10, layout), Ok(3_888)),
        (open::<4, 2048>(16 << 10, layout), Ok(2_268)),
        (open::<4, 2048>(24 << 10, layout), Ok(3_888)),
        (open::<4, 4096>(16 << 10, layout), Err(Error::FlashTooSmall)),
        (open::<4, 4096>(20 << 10, layout), Ok(1_944)),
        (open::<4, 4096>(32 << 10, layout), Ok(3_888)),
        (open::<4, 512>(32 << 10, layout), Err(Error::PagesTooSmall)),
        (
            open::<4, 1024>((16 << 10) + 512, layout),
            Err(Error::WrongFlash),
        ),
        (open::<4, 1024>(0, layout), Err(Error::FlashTooSmall)),
        (open::<64, 1024>(16 << 10, layout), Err(Error::WrongFlash)),
        (
            open::<4, 1024>(
                16 << 10,
                Layout {
                    audit_pages: 1,
                    ..layout
                },
            ),
            Err(Error::FlashTooSmall),
        ),
        (
            open::<4, 1024>(
                16 << 10,
                Layout {
                    audit_pages: 14,
                    ..layout
                },
            ),
            Err(Error::FlashTooSmall),
        ),
        (
            open::<4, 1024>(
                16 << 10,
                Layout {
                    audit_pages: u32::MAX,
                    ..layout
                },
            ),
            Err(Error::FlashTooSmall),
        ),
        (
            open::<4, 1024>(
                16 << 10,
                Layout {
                    used_tokens: u32::MAX,
                    ..layout
                },
            ),
            Err(Error::FlashTooSmall),
        ),
    ] {
        assert_eq!(result, expected);
    }
    println!(
        "a storage takes {} bytes",
        size_of::<Storage<Flash<4, 1024>>>()
    );
}

/// As full as it can be, the storage still finds room for each record, and loses none.
#[test]
fn what_fits_by_the_layout_fits_however_often_it_is_written() {
    let flash = Flash::<4, 1024>::blank(16);
    let mut storage = Storage::open(flash, Layout::default()).unwrap();
    let pieces = storage.max_document_len() / 324;
    let numbers: Vec<(u8, usize)> = [(0, 17), (1, 8), (2, 44), (3, 44)]
        .into_iter()
        .chain(
            (0..3)
                .flat_map(|slot| (0..pieces as u8).map(move |piece| (16 + 16 * slot + piece, 324))),
        )
        .chain((0..32).map(|token| (64 + token, 24)))
        .collect();
    let mut random = 7_u32;
    let mut expected = std::collections::BTreeMap::new();
    for (number, len) in numbers.iter().copied().cycle().take(numbers.len()) {
        storage.put(number, &vec![number; len]).unwrap();
        expected.insert(number, number);
    }
    for round in 0..3_000 {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (number, len) = numbers[(random >> 16) as usize % numbers.len()];
        storage.put(number, &vec![round as u8; len]).unwrap();
        expected.insert(number, round as u8);
    }
    let mut buffer = [0; 324];
    for (number, len) in numbers {
        assert_eq!(storage.get(number, &mut buffer), Ok(Some(len)));
        assert!(
            buffer[..len].iter().all(|byte| *byte == expected[&number]),
            "{number}"
        );
    }
}

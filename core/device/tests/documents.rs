//! Signed documents, with real signatures: what is applied, what is rejected, and what a restart finds.

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

use common::{
    ISSUER, Memory, NOW, document, jwk, jwk_set, key_set, other_jwk, revocation, root, sign,
    verified,
};
use serde_json::{Value, json};
use tokenlatch::{Error as Token, JwkSet, Time};
use tokenlatch_device::{
    Applied, Clock, Error, KeySet, MAX_DOCUMENT_LEN, Records, Replay, Revocation,
};

const BUILD: u64 = NOW - 1_000_000;

/// A device, as far as documents are concerned.
struct Device {
    keys: KeySet<2>,
    revocation: Revocation<2, 3>,
    clock: Clock,
    records: Memory,
}

impl Device {
    fn new() -> Self {
        Self {
            keys: KeySet::new(jwk_set(&[jwk("factory")])),
            revocation: Revocation::new(),
            clock: Clock::new(BUILD, Duration::from_secs(1_000)),
            records: Memory::default(),
        }
    }

    fn update(&mut self, document: &str) -> Result<Applied, Error> {
        let mut scratch = [0; 8_192];
        let Self {
            keys,
            clock,
            records,
            ..
        } = self;
        keys.apply(document.as_bytes(), &mut scratch, &root(), clock, records)
    }

    fn revoke(&mut self, document: &str) -> Result<Applied, Error> {
        let mut scratch = [0; 8_192];
        let Self {
            revocation,
            clock,
            records,
            ..
        } = self;
        revocation.apply(document.as_bytes(), &mut scratch, &root(), clock, records)
    }

    /// What is found by a device that starts with these records.
    fn restart(self) -> (Self, [Result<(), Error>; 3]) {
        let mut new = Self::new();
        new.records = self.records;
        let mut scratch = [0; MAX_DOCUMENT_LEN];
        let (clock, records) = (&mut new.clock, &mut new.records);
        let results = [
            clock.load(records),
            new.keys.load(&mut scratch, &root(), clock, records),
            new.revocation.load(&mut scratch, &root(), clock, records),
        ];
        (new, results)
    }

    fn key_ids(&self, now: u64) -> Result<Vec<String>, Error> {
        let keys = self.keys.keys(Time::exactly(now))?.keys().iter();
        Ok(keys
            .filter_map(|key| key.key_id().map(Into::into))
            .collect())
    }
}

#[test]
fn an_update_replaces_the_keys_and_survives_a_restart() {
    let mut device = Device::new();
    assert_eq!(device.key_ids(u64::MAX - 1).unwrap(), ["factory"]);
    let update = key_set(NOW, &[jwk("1"), json!({"kty": "EC"}), other_jwk("2")]);
    assert_eq!(device.update(&update), Ok(Applied::New));
    assert_eq!(device.key_ids(NOW).unwrap(), ["1", "2"]);
    assert_eq!(
        (device.keys.issued_at(), device.keys.expiry()),
        (NOW, NOW + 1_000_000)
    );
    // It says what time it is, too, however far that is.
    assert_eq!((device.clock.floor(), device.clock.anchor()), (NOW, NOW));
    let (mut device, loaded) = device.restart();
    assert_eq!(loaded, [Ok(()); 3]);
    assert_eq!(device.key_ids(NOW).unwrap(), ["1", "2"]);
    // Once more: it is in force already, and costs no write.
    let puts = device.records.puts;
    assert_eq!(device.update(&update), Ok(Applied::Already));
    assert_eq!(device.records.puts, puts);
}

#[test]
fn the_keys_end_with_their_update() {
    let mut device = Device::new();
    device.update(&key_set(NOW, &[jwk("1")])).unwrap();
    let end = NOW + 1_000_000;
    assert!(device.key_ids(end - 1).is_ok());
    assert_eq!(device.key_ids(end), Err(Error::KeySetExpired));
    // Where the time is not certain, they hold on until it is.
    assert!(device.keys.keys(Time::at_least(end - 1)).is_ok());
    // And after a restart, too.
    let (device, loaded) = device.restart();
    assert_eq!(loaded, [Ok(()); 3]);
    assert_eq!(device.key_ids(end), Err(Error::KeySetExpired));
}

#[test]
fn only_a_newer_update_is_applied() {
    let mut device = Device::new();
    let first = key_set(NOW, &[jwk("1")]);
    let second = key_set(NOW + 1, &[jwk("2")]);
    assert_eq!(device.update(&first), Ok(Applied::New));
    assert_eq!(device.update(&second), Ok(Applied::New));
    assert_eq!(device.update(&first), Err(Error::Rollback));
    let other = key_set(NOW + 1, &[jwk("3")]);
    assert_eq!(device.update(&other), Err(Error::Rollback));
    let (mut device, _) = device.restart();
    assert_eq!(device.update(&first), Err(Error::Rollback));
    assert_eq!(device.key_ids(NOW).unwrap(), ["2"]);
    // What is not newer is rejected before any of its claims is believed.
    let forged = format!("{}AAAA", &first[..first.len() - 4]);
    assert_eq!(device.update(&forged), Err(Error::Rollback));
}

#[test]
fn what_the_root_did_not_sign_or_not_for_this_is_rejected() {
    let keys = json!({"keys": [jwk("1")]});
    let good = document("jwk-set+jwt", NOW, keys.clone());
    let header = json!({"alg": "RS256", "typ": "jwk-set+jwt", "kid": "other"});
    let at = |at: u64, claims: Value| document("jwk-set+jwt", at, claims);
    let with = |name: &str, value: Value| {
        let mut claims = keys.clone();
        claims[name] = value;
        at(NOW, claims)
    };
    let no_usable = json!({"keys": [{"kty": "EC"}]});
    let three = json!({"keys": [jwk("1"), jwk("2"), other_jwk("3")]});
    for (update, expected) in [
        (
            format!("{}AAAA", &good[..good.len() - 4]),
            Error::Token(Token::InvalidSignature),
        ),
        (
            sign(&header, &json!({"iat": NOW})),
            Error::Token(Token::UnknownKey),
        ),
        (
            document("at+jwt", NOW, keys.clone()),
            Error::Token(Token::WrongType),
        ),
        (
            document("revocation+jwt", NOW, keys.clone()),
            Error::Token(Token::WrongType),
        ),
        (
            with("iss", "https://other.example/".into()),
            Error::Token(Token::WrongIssuer),
        ),
        (
            with("aud", "other-fleet".into()),
            Error::Token(Token::WrongAudience),
        ),
        (
            with("exp", (BUILD - 1).into()),
            Error::Token(Token::Expired),
        ),
        (with("iat", Value::Null), Error::WrongDocument),
        (
            with("iat", "1".into()),
            Error::Token(Token::InvalidClaim(tokenlatch::Claim::IssuedAt)),
        ),
        (at(NOW, json!({})), Error::Token(Token::InvalidKeySet)),
        (at(NOW, no_usable), Error::WrongDocument),
        (at(NOW, three), Error::TooManyKeys),
        (with("x", "x".repeat(4_000).into()), Error::DocumentTooLong),
        (
            "e30.e30.e30".into(),
            Error::Token(Token::UnsupportedAlgorithm),
        ),
        (String::new(), Error::Token(Token::NotCompact)),
    ] {
        let mut device = Device::new();
        assert_eq!(device.update(&update), Err(expected));
        // Nothing has changed.
        assert_eq!(device.key_ids(NOW).unwrap(), ["factory"]);
        assert_eq!(device.records.puts, 0);
        assert_eq!(device.clock.floor(), BUILD);
    }
}

#[test]
fn an_update_that_cannot_be_stored_is_not_in_force() {
    let mut device = Device::new();
    device.update(&key_set(NOW, &[jwk("1")])).unwrap();
    device.records.fails = true;
    let update = key_set(NOW + 1, &[jwk("2")]);
    assert_eq!(device.update(&update), Err(Error::Storage));
    assert_eq!(device.key_ids(NOW).unwrap(), ["1"]);
    let list = revocation(NOW + 1, json!([]), json!([{"sub": "alice"}]));
    assert_eq!(device.revoke(&list), Err(Error::Storage));
    assert_eq!(device.revocation.check(&verified(json!({}))), Ok(()));
    device.records.fails = false;
    assert_eq!(device.update(&update), Ok(Applied::New));
    assert_eq!(device.revoke(&list), Ok(Applied::New));
}

#[test]
fn storage_that_was_rewritten_gives_no_key() {
    let mut device = Device::new();
    let first = key_set(NOW, &[jwk("1")]);
    device.update(&first).unwrap();
    let records = device.records.records.clone();
    // Any changed byte of any record but the clock's; the digest is only the first thing that is compared.
    for number in records.keys().copied().filter(|number| *number != 0) {
        for at in [0, 1, 3, 20, 35] {
            let mut device = Device::new();
            device.records.records = records.clone();
            let record = device.records.records.get_mut(&number).unwrap();
            record[at] ^= 1;
            let (mut device, loaded) = device.restart();
            assert_eq!(loaded[1], Err(Error::Corrupt), "{number} {at}");
            assert_eq!(device.key_ids(NOW), Err(Error::Corrupt));
            // An older one is rejected still, and the same one is not.
            let older = key_set(NOW - 1, &[jwk("0")]);
            assert_eq!(device.update(&older), Err(Error::Rollback), "{number} {at}");
            assert_eq!(device.update(&first), Ok(Applied::New));
            // A new update heals it.
            let update = key_set(NOW + 1, &[jwk("2")]);
            assert_eq!(device.update(&update), Ok(Applied::New));
            let (device, loaded) = device.restart();
            assert_eq!(
                (device.key_ids(NOW).unwrap(), loaded[1]),
                (vec!["2".into()], Ok(()))
            );
        }
    }
    // A whole document of somebody else, with all that belongs to it.
    let mut other = Device::new();
    let root: JwkSet<1> = jwk_set(&[other_jwk("root")]);
    let root = tokenlatch_device::Root::new(&root, ISSUER, common::FLEET);
    other.records.records = records;
    let mut scratch = [0; MAX_DOCUMENT_LEN];
    let Device {
        keys,
        clock,
        records,
        ..
    } = &mut other;
    let loaded = keys.load(&mut scratch, &root, clock, records);
    assert_eq!(loaded, Err(Error::Token(Token::InvalidSignature)));
    assert_eq!(other.key_ids(NOW), Err(Error::Corrupt));
}

/// Once something is in force, to load it again may fail as it may the first time.
#[test]
fn what_is_lost_when_it_is_loaded_again_may_be_applied_again() {
    let mut device = Device::new();
    let update = key_set(NOW, &[jwk("1")]);
    let list = revocation(NOW, json!([]), json!([{"sub": "mallory"}]));
    device.update(&update).unwrap();
    device.revoke(&list).unwrap();
    for number in [16, 32] {
        device.records.records.get_mut(&number).unwrap()[0] ^= 1;
    }
    let mut scratch = [0; MAX_DOCUMENT_LEN];
    let Device {
        keys,
        revocation,
        clock,
        records,
    } = &mut device;
    let loaded = [
        keys.load(&mut scratch, &root(), clock, records),
        revocation.load(&mut scratch, &root(), clock, records),
    ];
    assert_eq!(loaded, [Err(Error::Corrupt); 2]);
    assert_eq!(device.update(&update), Ok(Applied::New));
    assert_eq!(device.key_ids(NOW).unwrap(), ["1"]);
    assert_eq!(device.revoke(&list), Ok(Applied::New));
    assert_eq!(device.revocation.check(&verified(json!({}))), Ok(()));
}

/// The version in the head counts for nothing where the document can be read.
#[test]
fn a_damaged_version_locks_nothing_and_lets_nothing_older_in() {
    let mut device = Device::new();
    device.update(&key_set(NOW, &[jwk("1")])).unwrap();
    let records = device.records.records.clone();
    for at in 4..12 {
        let mut device = Device::new();
        device.records.records = records.clone();
        device.records.records.get_mut(&2).unwrap()[at] ^= 0x40;
        let (mut device, loaded) = device.restart();
        assert_eq!(loaded[1], Ok(()), "{at}");
        assert_eq!(device.key_ids(NOW).unwrap(), ["1"]);
        let older = key_set(NOW - 1, &[jwk("0")]);
        assert_eq!(device.update(&older), Err(Error::Rollback));
        let newer = key_set(NOW + 1, &[jwk("2")]);
        assert_eq!(device.update(&newer), Ok(Applied::New), "{at}");
    }
}

/// A storage that fails for a while, such as a bus at the start.
#[test]
fn what_cannot_be_read_for_now_is_not_replaced_by_what_is_older() {
    let mut device = Device::new();
    let update = key_set(NOW, &[jwk("1")]);
    let list = revocation(NOW + 1, json!([]), json!([{"sub": "mallory"}]));
    device.update(&update).unwrap();
    device.revoke(&list).unwrap();
    // The clock, both heads, or all of them.
    for unreadable in [&[0][..], &[2], &[3], &[2, 3], &[0, 2, 3]] {
        let mut failing = Device::new();
        failing.records.records = device.records.records.clone();
        failing.records.unreadable = unreadable.into();
        let (mut failing, _) = failing.restart();
        let older = key_set(NOW - 1, &[jwk("0")]);
        let older_list = revocation(NOW - 1, json!([]), json!([]));
        let newer = key_set(NOW + 2, &[jwk("2")]);
        // Nor does a document of one kind take the slot of the other.
        if unreadable != [0] {
            assert_eq!(failing.update(&newer), Err(Error::Storage));
        }
        failing.records.unreadable.clear();
        assert_eq!(failing.update(&older), Err(Error::Rollback));
        assert_eq!(failing.revoke(&older_list), Err(Error::Rollback));
        assert_eq!(failing.update(&newer), Ok(Applied::New));
        let (restarted, loaded) = failing.restart();
        assert_eq!(loaded, [Ok(()); 3], "{unreadable:?}");
        assert_eq!(restarted.key_ids(NOW).unwrap(), ["2"]);
        assert_eq!(restarted.revocation.issued_at(), NOW + 1);
    }
}

#[test]
fn what_an_error_says_is_not_in_force_is_not() {
    for room in 0.. {
        let mut device = Device::new();
        device.update(&key_set(NOW, &[jwk("1")])).unwrap();
        device.records.room = Some(room);
        let applied = device.update(&key_set(NOW + 10, &[jwk("2")]));
        let expected = [if applied.is_ok() { "2" } else { "1" }];
        assert_eq!(device.key_ids(NOW).unwrap(), expected, "{room}");
        let (device, loaded) = device.restart();
        assert_eq!(loaded, [Ok(()); 3]);
        assert_eq!(device.key_ids(NOW).unwrap(), expected, "{room}");
        if applied.is_ok() {
            assert!(room > 2, "the clock, at least a piece, and the head");
            break;
        }
        assert_eq!(applied, Err(Error::StorageFull));
    }
}

/// Also if the power was lost while the last one was stored.
#[test]
fn what_is_in_force_is_not_later_than_the_stored_anchor() {
    for room in 0..6 {
        let mut device = Device::new();
        device.update(&key_set(NOW, &[jwk("1")])).unwrap();
        device.records.room = Some(room);
        let update = key_set(NOW + 10, &[jwk("2")]);
        let is_in_force = device.update(&update).is_ok();
        device.records.room = None;
        device.records.records.get_mut(&2).unwrap()[0] ^= 1;
        let (mut device, loaded) = device.restart();
        assert_eq!(loaded[1], Err(Error::Corrupt));
        let older = key_set(if is_in_force { NOW + 9 } else { NOW - 1 }, &[jwk("0")]);
        assert_eq!(device.update(&older), Err(Error::Rollback), "{room}");
        assert_eq!(device.update(&update), Ok(Applied::New), "{room}");
    }
}

/// Used tokens are forgotten by the clock's floor, so a token is accepted again only once that is known.
#[test]
fn a_lost_clock_uses_no_token_until_the_root_says_what_time_it_is() {
    let mut device = Device::new();
    device.update(&key_set(NOW, &[jwk("1")])).unwrap();
    let records = device.records.records.clone();
    let restart = |damage: fn(&mut Memory)| {
        let mut device = Device::new();
        device.records.records = records.clone();
        damage(&mut device.records);
        device.restart()
    };
    let accept = |device: &mut Device| {
        let mut replay = Replay::<4>::new(Duration::ZERO);
        replay.load(&mut device.records).unwrap();
        let Device { clock, records, .. } = device;
        replay.accept(&verified(json!({})), clock, records)
    };
    // It cannot be read for now: it is read later, and nothing goes over it.
    let (mut device, loaded) = restart(|records| records.unreadable = vec![0]);
    assert_eq!(loaded[0], Err(Error::Storage));
    assert_eq!(accept(&mut device), Err(Error::Corrupt));
    let Device { clock, records, .. } = &mut device;
    assert_eq!(clock.store_if_due(records), Err(Error::Storage));
    records.unreadable.clear();
    clock.store_if_due(records).unwrap();
    assert_eq!(clock.stored_floor(), NOW);
    assert_eq!(accept(&mut device), Ok(()));
    // It is damaged for good.
    let (mut device, loaded) = restart(|records| records.records.get_mut(&0).unwrap()[0] ^= 1);
    assert_eq!(loaded[0], Err(Error::Corrupt));
    assert_eq!(accept(&mut device), Err(Error::Corrupt));
    let Device { clock, records, .. } = &mut device;
    let damaged = records.records[&0].clone();
    clock.learn(NOW + 500);
    for _ in 0..2 {
        assert_eq!(clock.store(records), Err(Error::Corrupt));
        assert_eq!(clock.store_if_due(records), Err(Error::Corrupt));
    }
    assert_eq!(records.records[&0], damaged);
    // A document that is in force already says nothing new.
    let known = key_set(NOW, &[jwk("1")]);
    assert_eq!(device.update(&known), Ok(Applied::Already));
    assert_eq!(accept(&mut device), Err(Error::Corrupt));
    let list = revocation(NOW + 1_000, json!([]), json!([]));
    device.records.room = Some(0);
    assert_eq!(device.revoke(&list), Err(Error::StorageFull));
    assert_eq!(accept(&mut device), Err(Error::Corrupt));
    device.records.room = None;
    assert_eq!(device.revoke(&list), Ok(Applied::New));
    assert_eq!(accept(&mut device), Ok(()));
    let (device, loaded) = device.restart();
    assert_eq!(loaded, [Ok(()); 3]);
    assert_eq!(device.clock.stored_floor(), NOW + 1_000);
}

#[test]
fn both_kinds_of_documents_share_three_slots() {
    let mut device = Device::new();
    for later in 1..6 {
        device.update(&key_set(NOW + later, &[jwk("1")])).unwrap();
        let list = revocation(NOW + later, json!([]), json!([{"sub": later.to_string()}]));
        device.revoke(&list).unwrap();
        let (restarted, loaded) = device.restart();
        device = restarted;
        assert_eq!(loaded, [Ok(()); 3]);
        assert_eq!(device.keys.issued_at(), NOW + later);
        assert_eq!(device.revocation.issued_at(), NOW + later);
    }
    assert!(device.records.records.keys().all(|number| *number < 64));
}

#[test]
fn epochs_and_entries_revoke() {
    let epochs = json!([{"iss": ISSUER, "iat": NOW - 100}, {"group": "contractors", "iat": NOW}]);
    let entries = json!([{"jti": "t-17"}, {"sub": "mallory"}, {"kid": "k0"}]);
    let mut device = Device::new();
    device.revoke(&revocation(NOW, epochs, entries)).unwrap();
    assert_eq!(device.revocation.len(), (2, 3));
    let (device, _) = device.restart();
    for (claims, is_revoked) in [
        (json!({}), false),
        (json!({"iat": NOW - 100}), false),
        (json!({"iat": NOW - 101}), true),
        (json!({"iat": null}), true),
        (json!({"groups": "contractors"}), true),
        (json!({"groups": ["a", "contractors"]}), true),
        (json!({"groups": ["a", "contractors"], "iat": NOW}), false),
        (json!({"groups": ["contractor", 7]}), false),
        (json!({"jti": "t-17"}), true),
        (json!({"jti": "mallory"}), false),
        (json!({"sub": "mallory"}), true),
        (json!({"sub": "t-17"}), false),
        (json!({"jti": null, "sub": null}), false),
    ] {
        let expected = if is_revoked {
            Err(Error::Revoked)
        } else {
            Ok(())
        };
        assert_eq!(
            device.revocation.check(&verified(claims.clone())),
            expected,
            "{claims}"
        );
    }
    // The key, by the header's kid.
    let mut device = Device::new();
    device
        .revoke(&revocation(NOW, json!([]), json!([{"kid": "k1"}])))
        .unwrap();
    assert_eq!(
        device.revocation.check(&verified(json!({}))),
        Err(Error::Revoked)
    );
}

#[test]
fn a_revocation_that_is_not_understood_is_rejected_whole() {
    let none = json!([]);
    for (epochs, entries, expected) in [
        (json!({}), none.clone(), Error::WrongDocument),
        (json!([7]), none.clone(), Error::WrongDocument),
        (json!([{"iat": 1}]), none.clone(), Error::WrongDocument),
        (json!([{"iss": "i"}]), none.clone(), Error::WrongDocument),
        (
            json!([{"iss": "i", "group": "g", "iat": 1}]),
            none.clone(),
            Error::WrongDocument,
        ),
        (
            json!([{"iss": "i", "iat": 1, "x": 1}]),
            none.clone(),
            Error::WrongDocument,
        ),
        (
            json!([{"iss": "i", "iat": -1}]),
            none.clone(),
            Error::WrongDocument,
        ),
        (
            json!([{"iss": 1, "iat": 1}]),
            none.clone(),
            Error::WrongDocument,
        ),
        (none.clone(), Value::Null, Error::WrongDocument),
        (none.clone(), json!([{}]), Error::WrongDocument),
        (
            none.clone(),
            json!([{"jti": "1", "sub": "1"}]),
            Error::WrongDocument,
        ),
        (none.clone(), json!([{"ip": "1"}]), Error::WrongDocument),
        (none.clone(), json!([{"jti": 1}]), Error::WrongDocument),
        (none.clone(), json!(["1"]), Error::WrongDocument),
        (
            json!(vec![json!({"iss": "i", "iat": 1}); 3]),
            none.clone(),
            Error::TooManyRevoked,
        ),
        (
            none.clone(),
            json!(vec![json!({"jti": "1"}); 4]),
            Error::TooManyRevoked,
        ),
    ] {
        let mut device = Device::new();
        device
            .revoke(&revocation(NOW, none.clone(), json!([{"sub": "alice"}])))
            .unwrap();
        let list = document(
            "revocation+jwt",
            NOW + 1,
            if entries.is_null() {
                json!({"epochs": epochs, "revoked": "all"})
            } else {
                json!({"epochs": epochs, "revoked": entries})
            },
        );
        assert_eq!(device.revoke(&list), Err(expected), "{epochs} {entries}");
        // What was revoked is so still.
        assert_eq!(
            device.revocation.check(&verified(json!({}))),
            Err(Error::Revoked)
        );
    }
    // A misspelt list would revoke nothing.
    for claims in [
        json!({"revoke": [{"sub": "alice"}]}),
        json!({"epochs": [], "revoked": [], "x": 1}),
    ] {
        let mut device = Device::new();
        let list = document("revocation+jwt", NOW, claims);
        assert_eq!(device.revoke(&list), Err(Error::WrongDocument), "{list}");
    }
    // Absent is none.
    let mut device = Device::new();
    assert_eq!(
        device.revoke(&document("revocation+jwt", NOW, json!({}))),
        Ok(Applied::New)
    );
}

#[test]
fn a_lost_revocation_rejects_every_token() {
    let mut device = Device::new();
    device
        .revoke(&revocation(NOW, json!([]), json!([{"sub": "mallory"}])))
        .unwrap();
    device.records.records.retain(|number, _| *number < 16);
    let (mut device, loaded) = device.restart();
    assert_eq!(loaded[2], Err(Error::Corrupt));
    assert_eq!(
        device.revocation.check(&verified(json!({}))),
        Err(Error::Corrupt)
    );
    device
        .revoke(&revocation(NOW + 1, json!([]), json!([])))
        .unwrap();
    assert_eq!(device.revocation.check(&verified(json!({}))), Ok(()));
}

#[test]
fn a_document_that_is_longer_than_the_scratch_is_rejected() {
    let mut device = Device::new();
    let update = key_set(NOW, &[jwk("1")]);
    let mut scratch = [0; 100];
    let Device {
        keys,
        clock,
        records,
        ..
    } = &mut device;
    let result = keys.apply(update.as_bytes(), &mut scratch, &root(), clock, records);
    assert_eq!(result, Err(Error::Token(Token::ScratchTooSmall)));
    assert_eq!(records.max_document_len(), MAX_DOCUMENT_LEN);
}

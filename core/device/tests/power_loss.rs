//! The power is lost at every step of every write and erasure of every kind of record: what is found then is the
//! old state or the new one, never none, and the device goes on.

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

use common::{DOOR, Flash, NOW};
use serde_json::json;
use tokenlatch::{Time, Verified};
use tokenlatch_device::{
    Audit, Clock, Error, Event, KeySet, Layout, MAX_DOCUMENT_LEN, MAX_RECORD_LEN, Nonces, Records,
    Replay, Revocation, Storage,
};

const LAYOUT: Layout = Layout {
    audit_pages: 2,
    used_tokens: 8,
};

/// What is tried.
struct Trial<'a, const WORD: usize, const PAGE: usize> {
    /// Changes the flash.
    act: &'a dyn Fn(&mut Storage<Flash<WORD, PAGE>>) -> Result<(), Error>,
    /// Finds the old state or the new one, the new one if `act` succeeded, and goes on.
    check: &'a dyn Fn(&mut Storage<Flash<WORD, PAGE>>, bool),
}

/// With optimisation, the power is cut at every step. Without it, that would take long, and it is cut at some steps
/// of what has many.
const SOME: bool = cfg!(debug_assertions);

#[derive(Default)]
struct Count {
    /// Places at which the power was cut once.
    cuts: usize,
    /// And again while the device started after that.
    second_cuts: usize,
    /// States of the flash to begin with.
    states: usize,
    /// How many of them made the storage erase a page.
    erasing: usize,
    /// How many words were written after a restart that were not blank.
    rewritten: usize,
}

impl<const WORD: usize, const PAGE: usize> Trial<'_, WORD, PAGE> {
    fn open(
        bytes: Vec<u8>,
        cut: Option<usize>,
    ) -> (Flash<WORD, PAGE>, Result<Storage<Flash<WORD, PAGE>>, Error>) {
        let flash = Flash::with(bytes);
        flash.power.cut.set(cut);
        let storage = Storage::open(flash.clone(), LAYOUT);
        (flash, storage)
    }

    /// Runs `act` from this content, with the power cut before a step; whether `act` succeeded, and the content.
    fn run(&self, content: &[u8], cut: Option<usize>) -> (Flash<WORD, PAGE>, Result<(), Error>) {
        let (flash, storage) = Self::open(content.into(), cut);
        let result = storage.and_then(|mut storage| (self.act)(&mut storage));
        (flash, result)
    }

    fn cut_everywhere(&self, content: &[u8], count: &mut Count) {
        let (flash, result) = self.run(content, None);
        result.expect("with power");
        let steps = flash.power.steps.get();
        count.states += 1;
        count.erasing += usize::from(flash.power.erasures.get() > 0);
        let stride = match steps {
            _ if !SOME => 1,
            ..500 => 13,
            _ => 251,
        };
        for cut in (count.states % stride..=steps).step_by(stride) {
            count.cuts += 1;
            let (flash, result) = self.run(content, Some(cut));
            let after = flash.content();
            count.rewritten += self.restart(&after, result.is_ok());
            // And once more, if the start or the first thing after it changes anything.
            let (flash, storage) = Self::open(after.clone(), None);
            drop(storage.expect("it opens"));
            for second_cut in 0..flash.power.steps.get() {
                count.second_cuts += 1;
                let (flash, _) = Self::open(after.clone(), Some(second_cut));
                self.restart(&flash.content(), result.is_ok());
            }
            let (every, stride) = if steps > 500 { (211, 31) } else { (7, 13) };
            if cut % every == 0 {
                let (flash, _) = self.run(&after, None);
                let steps = flash.power.steps.get();
                for second_cut in (0..steps).rev().step_by(stride) {
                    count.second_cuts += 1;
                    let (flash, _) = self.run(&after, Some(second_cut));
                    self.restart(&flash.content(), result.is_ok());
                }
            }
        }
    }

    /// How many words were written that were not blank.
    fn restart(&self, content: &[u8], is_done: bool) -> usize {
        let (flash, storage) = Self::open(content.into(), None);
        (self.check)(&mut storage.expect("it opens"), is_done);
        flash.power.rewritten.get()
    }
}

/// Tries a trial from many states of a flash of so many pages: from the first one after `prepare`, and from all
/// in which the storage erases a page, among as many as it takes to come round.
fn try_from_many_states<const WORD: usize, const PAGE: usize>(
    name: &str,
    pages: usize,
    max_erasing: usize,
    prepare: &dyn Fn(&mut Storage<Flash<WORD, PAGE>>),
    fill: &dyn Fn(&mut Storage<Flash<WORD, PAGE>>, usize),
    trial: &Trial<'_, WORD, PAGE>,
) {
    let flash = Flash::<WORD, PAGE>::blank(pages);
    let mut storage = Storage::open(flash.clone(), LAYOUT).expect("it opens");
    prepare(&mut storage);
    let mut count = Count::default();
    trial.cut_everywhere(&flash.content(), &mut count);
    for round in 0..4_000 {
        fill(&mut storage, round);
        let content = flash.content();
        let (tried, _) = trial.run(&content, None);
        if tried.power.erasures.get() > 0 {
            trial.cut_everywhere(&content, &mut count);
            if SOME || count.erasing == max_erasing {
                break;
            }
        }
    }
    assert!(count.erasing > 0, "no page was ever erased");
    println!(
        "{name}, words of {WORD}, {pages} pages of {PAGE}: {} cuts and {} second cuts from {} states, {} of which \
         make it erase a page",
        count.cuts, count.second_cuts, count.states, count.erasing
    );
    println!("  words written that were not blank: {}", count.rewritten);
}

/// Writes a record that is not the trial's.
fn fill_records<const WORD: usize, const PAGE: usize>(
    storage: &mut Storage<Flash<WORD, PAGE>>,
    round: usize,
) {
    // Of a used token: they are replaced all the time.
    storage
        .put(64 + round as u8 % 4, &[round as u8; 24])
        .expect("room");
}

fn clock<const WORD: usize, const PAGE: usize>(pages: usize) {
    let new = || Clock::new(NOW, Duration::from_secs(1_000_000));
    let learn = |storage: &mut Storage<Flash<WORD, PAGE>>, later: u64| {
        let mut clock = new();
        clock.load(storage)?;
        clock.learn(NOW + later);
        clock.store(storage)
    };
    let check = |storage: &mut Storage<Flash<WORD, PAGE>>, is_done: bool| {
        let mut clock = new();
        clock.load(storage).expect("a clock");
        let later = clock.floor() - NOW;
        assert!(later == 2 || later == 1 && !is_done, "{later}");
        learn(storage, 3).expect("it goes on");
        clock.load(storage).expect("a clock");
        assert_eq!(clock.floor(), NOW + 3);
    };
    try_from_many_states::<WORD, PAGE>(
        "clock",
        pages,
        8,
        &|storage| learn(storage, 1).expect("room"),
        &fill_records,
        &Trial {
            act: &|storage| learn(storage, 2),
            check: &check,
        },
    );
}

fn key_set<const WORD: usize, const PAGE: usize>(pages: usize) {
    // One with two keys, and one with one.
    let updates = [
        common::key_set(NOW + 1, &[common::jwk("1")]),
        common::key_set(NOW + 2, &[common::jwk("2"), common::other_jwk("2b")]),
        common::key_set(NOW + 3, &[common::jwk("3")]),
    ];
    let load = |storage: &mut Storage<Flash<WORD, PAGE>>| {
        let mut keys = KeySet::<2>::new(common::jwk_set(&[]));
        let mut clock = Clock::new(NOW, Duration::ZERO);
        let mut scratch = [0; MAX_DOCUMENT_LEN];
        keys.load(&mut scratch, &common::root(), &mut clock, storage)?;
        Ok::<_, Error>((keys, clock))
    };
    let apply = |storage: &mut Storage<Flash<WORD, PAGE>>, update: usize| {
        let (mut keys, mut clock) = load(storage)?;
        let mut scratch = [0; MAX_DOCUMENT_LEN];
        let update = updates[update].as_bytes();
        keys.apply(update, &mut scratch, &common::root(), &mut clock, storage)?;
        Ok(())
    };
    let check = |storage: &mut Storage<Flash<WORD, PAGE>>, is_done: bool| {
        let (keys, clock) = load(storage).expect("a key set");
        let later = keys.issued_at() - NOW;
        assert!(later == 2 || later == 1 && !is_done, "{later}");
        assert_eq!(clock.anchor(), keys.issued_at());
        let keys = keys.keys(Time::exactly(NOW)).expect("keys");
        assert_eq!(keys.keys().len() as u64, later);
        apply(storage, 2).expect("it goes on");
        let (keys, _) = load(storage).expect("a key set");
        assert_eq!(keys.issued_at(), NOW + 3);
    };
    try_from_many_states::<WORD, PAGE>(
        "key set",
        pages,
        2,
        &|storage| apply(storage, 0).expect("room"),
        &fill_records,
        &Trial {
            act: &|storage| apply(storage, 1),
            check: &check,
        },
    );
}

fn revocation<const WORD: usize, const PAGE: usize>(pages: usize) {
    let epochs = json!([{"iss": common::ISSUER, "iat": NOW}]);
    let documents = [
        common::revocation(NOW + 1, json!([]), json!([{"jti": "1"}])),
        common::revocation(NOW + 2, epochs, json!([{"sub": "2"}, {"kid": "2"}])),
        common::revocation(NOW + 3, json!([]), json!([{"jti": "3"}])),
    ];
    let load = |storage: &mut Storage<Flash<WORD, PAGE>>| {
        let mut revocation = Revocation::<1, 2>::new();
        let mut clock = Clock::new(NOW, Duration::ZERO);
        let mut scratch = [0; MAX_DOCUMENT_LEN];
        revocation.load(&mut scratch, &common::root(), &mut clock, storage)?;
        Ok::<_, Error>((revocation, clock))
    };
    let apply = |storage: &mut Storage<Flash<WORD, PAGE>>, document: usize| {
        let (mut revocation, mut clock) = load(storage)?;
        let mut scratch = [0; MAX_DOCUMENT_LEN];
        let document = documents[document].as_bytes();
        revocation.apply(document, &mut scratch, &common::root(), &mut clock, storage)?;
        Ok(())
    };
    let check = |storage: &mut Storage<Flash<WORD, PAGE>>, is_done: bool| {
        let (revocation, _) = load(storage).expect("a revocation");
        let later = revocation.issued_at() - NOW;
        assert!(later == 2 || later == 1 && !is_done, "{later}");
        assert_eq!(revocation.len().1 as u64, later);
        apply(storage, 2).expect("it goes on");
        let (revocation, _) = load(storage).expect("a revocation");
        assert_eq!(revocation.issued_at(), NOW + 3);
    };
    try_from_many_states::<WORD, PAGE>(
        "revocation",
        pages,
        2,
        &|storage| apply(storage, 0).expect("room"),
        &fill_records,
        &Trial {
            act: &|storage| apply(storage, 1),
            check: &check,
        },
    );
}

fn replay<const WORD: usize, const PAGE: usize>(pages: usize) {
    let tokens: Vec<Verified> = (0..6)
        .map(|id| common::verified(json!({ "jti": format!("t-{id}") })))
        .collect();
    let accept = |storage: &mut Storage<Flash<WORD, PAGE>>, token: usize| {
        let mut replay = Replay::<8>::new(Duration::ZERO);
        let mut clock = Clock::new(NOW, Duration::ZERO);
        clock.load(storage)?;
        replay.load(storage)?;
        replay.accept(&tokens[token], &mut clock, storage)
    };
    let check = |storage: &mut Storage<Flash<WORD, PAGE>>, is_done: bool| {
        for used in 0..4 {
            assert_eq!(accept(storage, used), Err(Error::Replayed), "{used}");
        }
        let result = accept(storage, 4);
        assert!(
            result == Err(Error::Replayed) || !is_done && result.is_ok(),
            "{result:?}"
        );
        accept(storage, 5).expect("it goes on");
        for used in 0..6 {
            assert_eq!(accept(storage, used), Err(Error::Replayed), "{used}");
        }
    };
    try_from_many_states::<WORD, PAGE>(
        "replay",
        pages,
        8,
        &|storage| {
            for token in 0..4 {
                accept(storage, token).expect("room");
            }
        },
        // The counter of nonces.
        &|storage, round| {
            storage
                .put(1, &(64 * round as u64).to_le_bytes())
                .expect("room")
        },
        &Trial {
            act: &|storage| accept(storage, 4),
            check: &check,
        },
    );
}

fn nonces<const WORD: usize, const PAGE: usize>(pages: usize) {
    let load = |storage: &mut Storage<Flash<WORD, PAGE>>| {
        let mut nonces = Nonces::new([7; 32]);
        nonces.load(storage)?;
        Ok::<_, Error>(nonces)
    };
    let first = |storage: &mut Storage<Flash<WORD, PAGE>>| {
        Ok::<_, Error>(load(storage)?.next(storage)?.text())
    };
    // All nonces that could have been shown, in order.
    let all: Vec<[u8; 22]> = {
        let mut storage =
            Storage::open(Flash::<WORD, PAGE>::blank(pages), LAYOUT).expect("it opens");
        let mut nonces = load(&mut storage).expect("nonces");
        let next = |_| nonces.next(&mut storage).expect("a nonce").text();
        (0..256).map(next).collect()
    };
    let check = |storage: &mut Storage<Flash<WORD, PAGE>>, is_done: bool| {
        let nonce = first(storage).expect("it goes on");
        let at = all.iter().position(|other| *other == nonce);
        // Number 0 was shown, and number 64 if it was; a second run may have shown number 128.
        assert!(
            matches!(at, Some(128 | 192)) || at == Some(64) && !is_done,
            "{at:?}"
        );
    };
    try_from_many_states::<WORD, PAGE>(
        "nonces",
        pages,
        8,
        &|storage| {
            first(storage).expect("a nonce");
        },
        &fill_records,
        &Trial {
            act: &|storage| first(storage).map(drop),
            check: &check,
        },
    );
}

fn audit<const WORD: usize, const PAGE: usize>(pages: usize) {
    let record = |storage: &mut Storage<Flash<WORD, PAGE>>| {
        let mut audit = Audit::new();
        audit.load(storage)?;
        audit.record(
            Event::Token,
            Err(Error::Replayed),
            Time::exactly(NOW),
            None,
            storage,
        )
    };
    let entries = |storage: &mut Storage<Flash<WORD, PAGE>>| {
        let mut entries = Vec::new();
        Audit::each(storage, &mut |entry| entries.push(entry)).expect("entries");
        entries
    };
    let last = |storage: &mut Storage<Flash<WORD, PAGE>>| {
        let entries = entries(storage);
        // What is left is in order, and only of the page that makes room may some be missing.
        let lost = entries
            .windows(2)
            .filter(|pair| pair[0].sequence + 1 != pair[1].sequence);
        let oldest_page = PAGE / 32;
        let recent = entries.len().saturating_sub(oldest_page / 2);
        for pair in lost {
            assert!(pair[1].sequence <= entries[recent].sequence, "{pair:?}");
        }
        entries.last().map(|entry| entry.sequence)
    };
    let state = std::cell::Cell::new(None);
    let check = |storage: &mut Storage<Flash<WORD, PAGE>>, is_done: bool| {
        let old = state.get().expect("a state");
        let now = last(storage).expect("entries");
        assert!(
            (old + 1..=old + 2).contains(&now) || now == old && !is_done,
            "{old} {now}"
        );
        record(storage).expect("it goes on");
        assert_eq!(last(storage), Some(now + 1), "{DOOR}");
    };
    try_from_many_states::<WORD, PAGE>(
        "audit",
        pages,
        4,
        &|storage| {
            record(storage).expect("room");
            state.set(last(storage));
        },
        &|storage, _| {
            record(storage).expect("room");
            state.set(last(storage));
        },
        &Trial {
            act: &record,
            check: &check,
        },
    );
}

/// The header of an item is searched for at every word of what an interrupted write left: no length of a record
/// makes that look like another header.
fn lengths<const WORD: usize, const PAGE: usize>(pages: usize) {
    let mut cuts = 0;
    for len in (0..=MAX_RECORD_LEN).step_by(if SOME { 17 } else { 1 }) {
        let flash = Flash::<WORD, PAGE>::blank(pages);
        let mut storage = Storage::open(flash.clone(), LAYOUT).expect("it opens");
        storage.put(0, &[1; 8]).expect("room");
        let content = flash.content();
        for cut in 0..2 * 2 * WORD.max(8) {
            cuts += 1;
            let trial = Trial::<WORD, PAGE> {
                act: &|storage| storage.put(0, &vec![2; len]),
                check: &|storage, is_done| {
                    let mut buffer = [0; MAX_RECORD_LEN];
                    let found = storage.get(0, &mut buffer).expect("a record");
                    assert!(found == Some(len) || found == Some(8) && !is_done);
                    storage.put(1, &[3; 24]).expect("it goes on");
                    assert_eq!(storage.get(1, &mut buffer), Ok(Some(24)));
                    assert_eq!(storage.get(0, &mut buffer), Ok(found));
                },
            };
            let (flash, result) = trial.run(&content, Some(cut));
            trial.restart(&flash.content(), result.is_ok());
        }
    }
    println!("lengths, words of {WORD}: {cuts} cuts in the header of a record");
}

macro_rules! every_geometry {
    ($($kind:ident)*) => {$(
        mod $kind {
            #[test]
            fn words_of_1_byte_and_pages_of_1_kib() {
                super::$kind::<1, 1024>(16);
            }

            #[test]
            fn words_of_4_bytes_and_pages_of_4_kib() {
                super::$kind::<4, 4096>(5);
            }

            #[test]
            fn words_of_8_bytes_and_pages_of_2_kib() {
                super::$kind::<8, 2048>(9);
            }
        }
    )*};
}

every_geometry! { clock key_set revocation replay nonces audit lengths }

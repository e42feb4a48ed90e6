//! A door in Rust that does what `core/capi/check/device.c` does, and the commands for both.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};
use tokenlatch::{JwkSet, Policy, Time, Unverified, verify};
use tokenlatch_device::{
    Applied, Audit, AuditEntry, Certainty, Challenge, Clock, Error, Event, Fingerprint, KeySet,
    Log, MAX_DOCUMENT_LEN, NONCE_LEN, Nonces, Records, Replay, Revocation, Root, Verdict,
};
use tokenlatch_tests::issuer::Issuer;

const ISSUER: &str = "https://issuer.example/";
const BUILD_TIME: u64 = 1_795_000_000;
const NOW: u64 = BUILD_TIME + 86_400;
const NO_RTC: u64 = u64::MAX;
const POLICY: Policy<'_> = Policy::new(ISSUER, "door-1").accept_uncertain();

/// The commands, and what both doors say.
pub(crate) struct Story {
    pub(crate) input: Vec<u8>,
    pub(crate) expected: Vec<String>,
    root_keys: JwkSet<4>,
    memory: Memory,
    parts: Option<Parts>,
    audit: Audit,
}

struct Parts {
    clock: Clock,
    keys: KeySet<4>,
    revocation: Revocation<4, 32>,
    replay: Replay<32>,
    challenge: Challenge,
    nonces: Nonces,
}

/// A day in the life of a door.
pub(crate) fn story() -> Story {
    let [root, old, new, other] =
        ["root", "old", "new", "other"].map(|kid| Issuer::generate(2048, kid));
    let mut story = Story::new(&root);
    let set = |issuers: &[&Issuer]| json!(issuers.iter().map(|it| it.jwk()).collect::<Vec<_>>());
    let factory = json!({"keys": set(&[&old])}).to_string();
    let document = |signer: &Issuer, media_type: &str, issued_at: u64, more: Value| {
        let mut claims = json!({"iss": ISSUER, "sub": ISSUER, "aud": "fleet", "iat": issued_at,
            "exp": issued_at + 30 * 86_400});
        for (name, value) in more.as_object().expect("an object") {
            claims[name] = value.clone();
        }
        let header = json!({"alg": "RS256", "typ": media_type, "kid": signer.key_id()});
        signer.sign(header.to_string(), claims.to_string())
    };
    let update = |signer: &Issuer, issued_at: u64, keys: Value| {
        document(signer, "jwk-set+jwt", issued_at, json!({"keys": keys}))
    };
    let revocation =
        |issued_at: u64, more: Value| document(&root, "revocation+jwt", issued_at, more);
    let token = |signer: &Issuer, issued_at: u64, id: &str, more: Value| {
        let mut claims = json!({"iss": ISSUER, "aud": "door-1", "sub": "alice", "iat": issued_at,
            "exp": issued_at + 600, "jti": id, "scope": "door:open"});
        for (name, value) in more.as_object().expect("an object") {
            claims[name] = value.clone();
        }
        signer.token(&claims.to_string())
    };
    let none = || json!({});

    story.restart(&factory);
    // A good token, once; without a clock; expired; of an unknown key; and whatever else comes by the wire.
    story.token(NOW, 0, false, &token(&old, NOW, "1", none()));
    story.token(NOW, 0, false, &token(&old, NOW, "1", none()));
    story.token(NO_RTC, 0, false, &token(&old, NOW, "2", none()));
    story.token(NOW + 700, 0, false, &token(&old, NOW, "3", none()));
    story.token(NOW, 0, false, &token(&new, NOW, "4", none()));
    story.token(NOW, 0, false, &token(&old, NOW, "5", json!({"jti": null})));
    story.token(
        NOW,
        0,
        false,
        &token(&old, NOW, "5", json!({"aud": "door-2"})),
    );
    story.token(NOW, 0, false, "");
    story.token(NOW, 0, false, "..");
    // Clocks that lie.
    for rtc in [0, BUILD_TIME - 1000, NOW, NOW + 500 * 86_400, u64::MAX - 1] {
        story.token(
            rtc,
            0,
            false,
            &token(&old, NOW + 5, &format!("rtc {rtc}"), none()),
        );
    }
    // An update, carried by a token of the key that it brings.
    let first = update(&root, NOW + 10, set(&[&old, &new]));
    let badge = token(&new, NOW + 20, "6", json!({"signed_jwks": first}));
    story.token(NOW + 20, 0, false, &badge);
    story.carried(&badge);
    story.carried(&token(&new, NOW, "7", json!({"signed_jwks": 7})));
    story.carried(&token(&new, NOW, "7", none()));
    story.carried("..");
    story.update(&first);
    story.update(&first);
    story.token(NOW + 20, 0, false, &badge);
    // Bad updates.
    for bad in [
        update(&root, NOW + 9, set(&[&other])),
        update(&root, NOW + 10, set(&[&other])),
        update(&old, NOW + 30, set(&[&other])),
        update(&root, NOW + 30, json!([])),
        update(&root, NOW + 30, json!("x")),
        update(
            &root,
            NOW + 30,
            set(&[&old, &new, &other, &root, &Issuer::generate(2048, "5")]),
        ),
        document(
            &root,
            "revocation+jwt",
            NOW + 30,
            json!({"keys": set(&[&other])}),
        ),
        document(
            &root,
            "jwk-set+jwt",
            NOW + 30,
            json!({"keys": set(&[&other]), "aud": "x"}),
        ),
        document(
            &root,
            "jwk-set+jwt",
            NOW + 30,
            json!({"keys": set(&[&other]), "exp": 0}),
        ),
        first[..first.len() - 1].into(),
        String::new(),
        "x".repeat(5000),
    ] {
        story.update(&bad);
    }
    // The power is lost at every write of the next update.
    let second = update(&root, NOW + 40, set(&[&new]));
    for room in 0..6 {
        story.room(room);
        story.update(&second);
        story.room(255);
        story.restart(&factory);
        story.token(
            NOW + 40,
            0,
            false,
            &token(&old, NOW + 40, &format!("room {room}"), none()),
        );
    }
    story.update(&second);
    story.restart(&factory);
    story.token(NOW + 50, 0, false, &token(&old, NOW + 50, "8", none()));
    story.token(NOW + 50, 0, false, &token(&new, NOW + 50, "8", none()));
    // Used tokens survive a restart.
    story.restart(&factory);
    story.token(NOW + 50, 0, false, &token(&new, NOW + 50, "8", none()));
    // Revocation.
    for (at, more) in [
        (
            60,
            json!({"epochs": [{"iss": ISSUER, "iat": NOW + 55}], "revoked": []}),
        ),
        (60, json!({"epochs": [], "revoked": []})),
        (
            61,
            json!({"epochs": [{"group": "guests", "iat": NOW + 1000}],
            "revoked": [{"jti": "10"}, {"sub": "bob"}, {"kid": "old"}]}),
        ),
        (62, json!({"revoked": [{"x": 1}]})),
        (62, json!({"revoked": vec![json!({"jti": "x"}); 33]})),
    ] {
        story.revoke(&revocation(NOW + at, more));
        for (id, more) in [
            ("9", none()),
            ("10", none()),
            ("11", json!({"sub": "bob"})),
            ("12", json!({"groups": ["guests"]})),
            ("13", json!({"iat": NOW + 56})),
        ] {
            story.token(
                NOW + 60,
                0,
                false,
                &token(&new, NOW + 50, &format!("{id} {at}"), more.clone()),
            );
            story.token(NOW + 60, 0, false, &token(&new, NOW + 50, id, more));
        }
    }
    story.restart(&factory);
    story.token(
        NOW + 60,
        0,
        false,
        &token(&new, NOW + 50, "14", json!({"sub": "bob"})),
    );
    // A challenge: echoed too late, wrongly, rightly, and twice.
    story.token(NOW + 70, 5, true, &token(&new, NOW + 70, "15", none()));
    let nonce = story.challenge(1000);
    story.token(
        NOW + 70,
        61_000,
        true,
        &token(&new, NOW + 70, "16", json!({"nonce": nonce})),
    );
    story.token(
        NOW + 70,
        2000,
        true,
        &token(&new, NOW + 70, "17", json!({"nonce": "x"})),
    );
    story.token(
        NOW + 70,
        2000,
        true,
        &token(&new, NOW + 70, "18", json!({"nonce": nonce})),
    );
    story.token(
        NOW + 70,
        2000,
        true,
        &token(&new, NOW + 70, "19", json!({"nonce": nonce})),
    );
    for ticks in 0..70 {
        story.challenge(ticks);
    }
    story.room(0);
    for ticks in 0..70 {
        story.challenge(ticks);
    }
    story.token(NOW + 80, 0, false, &token(&new, NOW + 80, "20", none()));
    story.room(255);
    // More tokens than can be remembered, and then they have expired.
    for number in 0..40 {
        story.token(
            NOW + 90,
            0,
            false,
            &token(&new, NOW + 90, &format!("many {number}"), none()),
        );
    }
    for number in 0..40 {
        let at = NOW + 90 + 7200;
        story.token(
            at,
            0,
            false,
            &token(&new, at, &format!("later {number}"), none()),
        );
    }
    // The keys expire.
    story.token(
        NOW + 31 * 86_400,
        0,
        false,
        &token(&new, NOW + 31 * 86_400, "21", none()),
    );
    // Damaged records: nothing is accepted by them.
    for record in [0, 1, 2, 3, 16, 32, 48, 64] {
        if story.damage(record) {
            story.restart(&factory);
            story.token(
                NOW + 32 * 86_400,
                0,
                false,
                &token(&new, NOW + 32 * 86_400, "22", none()),
            );
            story.damage(record);
            story.restart(&factory);
        }
    }
    story.update(&update(&root, NOW + 33 * 86_400, set(&[&other])));
    story.token(
        NOW + 33 * 86_400,
        0,
        false,
        &token(&other, NOW + 33 * 86_400, "23", none()),
    );
    story
}

impl Story {
    fn new(root: &Issuer) -> Self {
        let document = root.jwk_set();
        let mut story = Self {
            input: Vec::new(),
            expected: Vec::new(),
            root_keys: JwkSet::from_json(document.as_bytes()).expect("a JWK Set"),
            memory: Memory::default(),
            parts: None,
            audit: Audit::new(),
        };
        story.push(b'R', document.as_bytes());
        story
    }

    fn restart(&mut self, factory: &str) {
        self.push(b'F', factory.as_bytes());
        let mut seed = [0; 32];
        seed[..3].copy_from_slice(&[1, 2, 3]);
        let mut parts = Parts {
            clock: Clock::new(BUILD_TIME, Duration::from_secs(400 * 86_400)),
            keys: KeySet::new(JwkSet::from_json(factory.as_bytes()).expect("a JWK Set")),
            revocation: Revocation::new(),
            replay: Replay::new(Duration::ZERO),
            challenge: Challenge::new(Duration::from_secs(60)),
            nonces: Nonces::new(seed),
        };
        let root = Root::new(&self.root_keys, ISSUER, "fleet");
        let memory = &mut self.memory;
        let mut scratch = [0; MAX_DOCUMENT_LEN];
        let clock = &mut parts.clock;
        let loaded = [
            clock.load(memory),
            parts.keys.load(&mut scratch, &root, clock, memory),
            parts.revocation.load(&mut scratch, &root, clock, memory),
            parts.replay.load(memory),
            parts.nonces.load(memory),
        ];
        let loaded = loaded.map(|loaded| loaded.err().map_or("ok", Error::code));
        let line = format!("restart {} {}", loaded.join(" "), clock.floor());
        let now = clock.read(None).time;
        self.parts = Some(parts);
        self.say(line, Event::Start, Ok(()), now, None);
    }

    fn update(&mut self, document: &str) {
        self.push(b'U', document.as_bytes());
        let parts = self.parts.as_mut().expect("a start");
        let root = Root::new(&self.root_keys, ISSUER, "fleet");
        let mut scratch = vec![0; document.len()];
        let clock = &mut parts.clock;
        let applied = parts.keys.apply(
            document.as_bytes(),
            &mut scratch,
            &root,
            clock,
            &mut self.memory,
        );
        let line = format!(
            "update {} {} {} {}",
            told(applied),
            parts.keys.issued_at(),
            parts.keys.expiry(),
            clock.floor()
        );
        let now = clock.read(None).time;
        self.say(line, Event::KeySet, applied.map(|_| ()), now, None);
    }

    fn revoke(&mut self, document: &str) {
        self.push(b'V', document.as_bytes());
        let parts = self.parts.as_mut().expect("a start");
        let root = Root::new(&self.root_keys, ISSUER, "fleet");
        let mut scratch = vec![0; document.len()];
        let clock = &mut parts.clock;
        let applied = parts.revocation.apply(
            document.as_bytes(),
            &mut scratch,
            &root,
            clock,
            &mut self.memory,
        );
        let line = format!(
            "revocation {} {} {}",
            told(applied),
            parts.revocation.issued_at(),
            clock.floor()
        );
        let now = clock.read(None).time;
        self.say(line, Event::Revocation, applied.map(|_| ()), now, None);
    }

    fn token(&mut self, rtc: u64, ticks: u64, is_asked: bool, token: &str) {
        let head = [rtc.to_le_bytes(), ticks.to_le_bytes()].concat();
        self.push(
            b'T',
            &[&head, &[u8::from(is_asked)][..], token.as_bytes()].concat(),
        );
        let parts = self.parts.as_mut().expect("a start");
        let memory = &mut self.memory;
        let reading = parts.clock.read((rtc != NO_RTC).then_some(rtc));
        let now = reading.time;
        let mut scratch = vec![0; token.len()];
        let mut first = Fingerprint::NONE;
        let mut subject = None;
        let mut accept = || -> Result<(), Error> {
            let keys = parts.keys.keys(now)?;
            let verified = verify(token.as_bytes(), &mut scratch, keys, &POLICY, now)?;
            subject = verified.subject().map(tokenlatch_device::subject_hash);
            parts.revocation.check(&verified)?;
            if is_asked {
                parts.challenge.check(&verified, ticks)?;
            }
            parts.replay.accept(&verified, &mut parts.clock, memory)?;
            if let Some(issued_at) = verified.issued_at() {
                parts.clock.learn(issued_at);
            }
            parts.clock.store_if_due(memory)?;
            first = Fingerprint::of(&verified);
            Ok(())
        };
        let result = accept();
        let mut scratch = vec![0; token.len()];
        let second = parts.keys.keys(now).and_then(|keys| {
            let verified = verify(token.as_bytes(), &mut scratch, keys, &POLICY, now)?;
            Ok(Fingerprint::of(&verified))
        });
        let second = second.unwrap_or(Fingerprint::NONE);
        let is_confirmed = Verdict::confirm(&first, &second).is_accepted();
        let certainty = match reading.certainty {
            Certainty::Interval => 0,
            Certainty::Absent => 1,
            Certainty::Early => 2,
            Certainty::Far => 3,
            other => panic!("{other:?}"),
        };
        let line = format!(
            "token {} {certainty} {} {}",
            result.err().map_or("ok", Error::code),
            parts.clock.floor(),
            u8::from(is_confirmed)
        );
        self.say(line, Event::Token, result, now, subject);
    }

    fn challenge(&mut self, ticks: u64) -> String {
        self.push(b'C', &ticks.to_le_bytes());
        let parts = self.parts.as_mut().expect("a start");
        match parts.nonces.next(&mut self.memory) {
            Ok(nonce) => {
                let text: [u8; NONCE_LEN] = parts.challenge.begin(nonce, ticks);
                let text = String::from_utf8(text.to_vec()).expect("base64url");
                self.expected.push(format!("challenge ok {text}"));
                text
            }
            Err(error) => {
                self.expected.push(format!("challenge {} ", error.code()));
                String::new()
            }
        }
    }

    fn carried(&mut self, token: &str) {
        self.push(b'N', token.as_bytes());
        let mut copy = token.as_bytes().to_vec();
        let claim = Unverified::parse(&mut copy).and_then(|token| {
            let claim = token.unverified_claim("signed_jwks")?;
            Ok(claim.map(|claim| claim.as_text().map(|text| text.to_string())))
        });
        self.expected.push(match claim {
            Ok(Some(Some(text))) => format!("carried ok {text}"),
            Ok(Some(None)) => "carried other-claim-type ".into(),
            Ok(None) => "carried no-claim ".into(),
            Err(error) => format!("carried {} ", error.code()),
        });
    }

    /// How many records the storage takes from now on.
    fn room(&mut self, room: u8) {
        self.push(b'S', &[room]);
        self.memory.room = room;
    }

    /// Changes a bit of a record, if there is one. Twice, it is as before.
    fn damage(&mut self, record: u8) -> bool {
        let Some(value) = self.memory.values.get_mut(usize::from(record)) else {
            return false;
        };
        let Some(value) = value else {
            return false;
        };
        let at = value.len() / 2;
        value[at] ^= 1;
        self.push(b'D', &[record]);
        true
    }

    /// What both say, and what they write into the audit record.
    fn say(
        &mut self,
        mut line: String,
        event: Event,
        result: Result<(), Error>,
        now: Time,
        subject: Option<[u8; 8]>,
    ) {
        let mut log = Newest(Vec::new());
        self.audit
            .record(event, result, now, None, &mut log)
            .expect("an entry");
        let mut entry = AuditEntry::from_bytes(&log.0).expect("an entry");
        entry.subject = subject.unwrap_or_default();
        line += " ";
        for byte in entry.to_bytes() {
            write!(line, "{byte:02x}").unwrap();
        }
        self.expected.push(line);
    }

    fn push(&mut self, kind: u8, bytes: &[u8]) {
        let len = u32::try_from(bytes.len()).expect("a length");
        self.input.push(kind);
        self.input.extend(len.to_le_bytes());
        self.input.extend(bytes);
    }
}

fn told(applied: Result<Applied, Error>) -> String {
    match applied {
        Ok(Applied::New) => "ok 1".into(),
        Ok(Applied::Already) => "ok 2".into(),
        Err(error) => format!("{} 0", error.code()),
    }
}

/// Records in memory.
struct Memory {
    values: Vec<Option<Vec<u8>>>,
    room: u8,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            values: vec![None; 96],
            room: 255,
        }
    }
}

impl Records for Memory {
    fn max_document_len(&self) -> usize {
        MAX_DOCUMENT_LEN
    }

    fn get(&mut self, record: u8, buffer: &mut [u8]) -> Result<Option<usize>, Error> {
        let Some(value) = &self.values[usize::from(record)] else {
            return Ok(None);
        };
        let buffer = buffer.get_mut(..value.len()).ok_or(Error::Corrupt)?;
        buffer.copy_from_slice(value);
        Ok(Some(value.len()))
    }

    fn put(&mut self, record: u8, value: &[u8]) -> Result<(), Error> {
        if self.room == 0 {
            return Err(Error::StorageFull);
        }
        if self.room < 255 {
            self.room -= 1;
        }
        self.values[usize::from(record)] = Some(value.to_vec());
        Ok(())
    }

    fn each(&mut self, each: &mut dyn FnMut(u8, &[u8])) -> Result<(), Error> {
        for (number, value) in (0..).zip(&self.values) {
            if let Some(value) = value {
                each(number, value);
            }
        }
        Ok(())
    }
}

/// The newest entry.
struct Newest(Vec<u8>);

impl Log for Newest {
    fn push(&mut self, entry: &[u8]) -> Result<(), Error> {
        self.0 = entry.to_vec();
        Ok(())
    }

    fn each_entry(&mut self, _: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        Ok(())
    }
}

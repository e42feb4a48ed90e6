//! What a line leads to.

use core::fmt;
use core::time::Duration;

use chrono::DateTime;
use embedded_io::Write;
use tokenlatch::{Authenticated, JwkSet, Policy, Time, Unverified, Verified};
use tokenlatch_device::{
    Applied, Audit, AuditCount, Certainty, Challenge, Clock, Error, Event, Fingerprint,
    KEY_SET_TYPE, KeySet, Layout, Learned, MAX_DOCUMENT_LEN, Nonces, REVOCATION_TYPE, Reading,
    Replay, Revocation, Root, Storage, Verdict,
};

use crate::board::{Board, Memory, Peripherals, Rtc};
use crate::line::{LineReader, MAX_LINE};
use crate::provisioned::{BUILD_TIME, DEVICE, FLEET, ISSUER, NONCE_SEED, OPEN, OPEN_AT_ANY_TIME};
use crate::quota::Quota;
use crate::root::ROOT_KEYS;
use crate::upkeep::Upkeep;

/// What a token must say. Whether it must be valid for certain depends on it: [`Controller::check`].
const POLICY: Policy = Policy::new(ISSUER, DEVICE)
    .require_scopes(&[OPEN])
    .accept_uncertain();

/// What a document must say.
const ROOT: Root = Root::new(&ROOT_KEYS, ISSUER, FLEET);

/// How far tokens and the real-time clock are believed beyond the last document of the root.
const MAX_ADVANCE: Duration = Duration::from_secs(400 * 86_400);

/// How far the real-time clock may be off.
const DRIFT: Duration = Duration::from_secs(60);

/// How slow the real-time clock may be, so that tokens mend it: 20 ppm are ten minutes a year.
const MAX_SLOW: Duration = Duration::from_secs(86_400);

/// How long a challenge waits for its token.
const CHALLENGE: Duration = Duration::from_secs(60);

/// How many keys a key set may have.
const MAX_KEYS: usize = 4;

/// How many used tokens the door remembers.
const USED_TOKENS: usize = 32;

/// How the flash is used: two pages are for the audit record.
const LAYOUT: Layout = Layout {
    audit_pages: 2,
    used_tokens: USED_TOKENS as u32,
};

/// The large buffers of a door, for a `static`. They are zeros, which take no flash.
pub struct Workspace {
    line: [u8; MAX_LINE],
    scratch: [u8; MAX_LINE],
    document: [u8; MAX_DOCUMENT_LEN],
}

impl Workspace {
    /// Empty buffers.
    #[expect(clippy::new_without_default, reason = "it must be a constant")]
    #[must_use]
    pub const fn new() -> Self {
        Self {
            line: [0; MAX_LINE],
            scratch: [0; MAX_LINE],
            document: [0; MAX_DOCUMENT_LEN],
        }
    }
}

/// A door.
pub struct Door<'w, B: Board> {
    serial: B::Serial,
    reader: LineReader<'w>,
    controller: Controller<'w, B>,
}

impl<'w, B: Board> Door<'w, B> {
    /// A door that knows nothing yet. Next, [`load`](Self::load) its state.
    ///
    /// Without a storage that works it says so and does not return, so that the watchdog resets the board, which
    /// tries again.
    // Neither this nor `load` is inlined, so that what they work with takes no stack later.
    #[must_use]
    #[inline(never)]
    pub fn new(peripherals: Peripherals<B>, workspace: &'w mut Workspace) -> Self {
        let Peripherals {
            mut serial,
            rtc,
            flash,
            bolt,
            led,
            watchdog,
            timer,
            memory,
        } = peripherals;
        let mut upkeep = Upkeep::new(bolt, led, watchdog, timer);
        upkeep.feed();
        let storage = match Storage::open(flash, LAYOUT) {
            Ok(storage) => storage,
            Err(error) => halt(&mut serial, error),
        };
        upkeep.feed();
        // Made in its place: it takes 7 KB.
        Self {
            serial,
            reader: LineReader::new(&mut workspace.line),
            controller: Controller {
                rtc,
                upkeep,
                memory,
                storage,
                clock: Clock::new(BUILD_TIME, MAX_ADVANCE).drift(DRIFT),
                keys: KeySet::new(JwkSet::from_keys([])),
                revocation: Revocation::new(),
                replay: Replay::new(Duration::ZERO),
                challenge: Challenge::new(CHALLENGE),
                nonces: Nonces::new(NONCE_SEED),
                audit: Audit::new(),
                audited: AuditCount::default(),
                quota: Quota::FULL,
                challenges: Quota::FULL,
                next_look: 0,
                opened: 0,
                rejected: 0,
                scratch: &mut workspace.scratch,
                document: &mut workspace.document,
            },
        }
    }

    /// Takes the state from the storage, and says what cannot be read. The audit record then begins anew, and every
    /// other part rejects by itself.
    #[inline(never)]
    pub fn load(&mut self) {
        self.controller.load(&mut self.serial);
        let _ = writeln!(self.serial, "ready {DEVICE}\n");
    }

    /// Does what is due, with what has arrived. To be called again and again.
    pub fn poll(&mut self) {
        self.controller.watch_clock();
        let Some(line) = self.reader.read(&mut self.serial) else {
            return;
        };
        match line {
            Ok(line) => self.controller.line(line, &mut self.serial),
            Err(broken) => {
                self.controller.rejected += 1;
                let _ = writeln!(self.serial, "rejected {broken}");
            }
        }
        // The end of the response.
        let _ = writeln!(self.serial);
    }
}

/// All of a door but its wire.
struct Controller<'w, B: Board> {
    rtc: B::Rtc,
    upkeep: Upkeep<B>,
    memory: B::Memory,
    storage: Storage<B::Flash>,
    clock: Clock,
    keys: KeySet<MAX_KEYS>,
    revocation: Revocation<8, 32>,
    replay: Replay<USED_TOKENS>,
    challenge: Challenge,
    nonces: Nonces,
    audit: Audit,
    /// The entries of the audit record at the reset.
    audited: AuditCount,
    /// For the records of rejections.
    quota: Quota,
    /// For the nonces of challenges.
    challenges: Quota,
    /// When to look at the clock again, in milliseconds since reset.
    next_look: u64,
    /// Since reset.
    opened: u32,
    /// Lines since reset.
    rejected: u32,
    scratch: &'w mut [u8],
    document: &'w mut [u8],
}

impl<B: Board> Controller<'_, B> {
    fn load(&mut self, out: &mut impl Write) {
        let Self {
            storage,
            clock,
            scratch,
            upkeep,
            ..
        } = self;
        // To read a slow storage from end to end takes a second.
        let mut loaded = |part, result: Result<(), Error>| {
            upkeep.feed();
            if let Err(error) = result {
                lost(out, part, error);
            }
        };
        let counted = self.audit.load(storage);
        loaded("audit", counted.map(|count| self.audited = count));
        loaded("clock", clock.load(storage));
        let keys = self.keys.load(scratch, &ROOT, clock, storage);
        loaded("key-set", keys);
        let revocation = self.revocation.load(scratch, &ROOT, clock, storage);
        loaded("revocation", revocation);
        loaded("replay", self.replay.load(storage));
        loaded("nonces", self.nonces.load(storage));
        let time = self.read_clock().time;
        let _ = self
            .audit
            .record(Event::Start, Ok(()), time, None, &mut self.storage);
    }

    fn line(&mut self, line: &[u8], out: &mut impl Write) {
        match line {
            b"status" => self.status(out),
            b"challenge" => self.challenge(out),
            b"audit" => self.list_audit(out),
            _ => self.token(line, out),
        }
    }

    /// Once a minute, so that the floor rises while nobody comes.
    fn watch_clock(&mut self) {
        let now = self.upkeep.tick();
        if now >= self.next_look {
            self.next_look = now.saturating_add(60_000);
            self.read_clock();
            // The next minute tries again.
            let _ = self.clock.store_if_due(&mut self.storage);
        }
    }

    /// A document, or an access token and the documents that it carries.
    fn token(&mut self, line: &[u8], out: &mut impl Write) {
        let kind = match Unverified::parse_copy(line, self.scratch) {
            Ok(token) => Kind::of(&token),
            Err(error) => return self.reject(Event::Token, error.into(), out),
        };
        if let Kind::Access = kind {
            for (claim, kind) in [
                ("signed_jwks", Kind::KeySet),
                ("signed_revocation", Kind::Revocation),
            ] {
                self.carried(line, claim, kind, out);
            }
            match self.access(line) {
                Ok(()) => {
                    self.opened += 1;
                    let _ = writeln!(out, "open");
                }
                Err(error) => self.reject(Event::Token, error, out),
            }
        } else {
            let applied = self.apply(line, kind);
            self.tell(kind, applied, out);
        }
    }

    /// Applies a document that a token carries. The token need not be good, or even known: the root has signed
    /// the document, so the one who brings it matters as little as the wire.
    fn carried(&mut self, line: &[u8], claim: &str, kind: Kind, out: &mut impl Write) {
        let token = Unverified::parse_copy(line, self.scratch);
        let Ok(Some(value)) = token.and_then(|token| token.unverified_claim(claim)) else {
            return;
        };
        let Some(text) = value.as_text() else {
            return self.reject(kind.event(), Error::WrongDocument, out);
        };
        let Some(len) = text.copy_to(self.document) else {
            return self.reject(kind.event(), Error::DocumentTooLong, out);
        };
        // Out of the workspace, which is borrowed whole while the document is applied.
        let document = core::mem::take(&mut self.document);
        let applied = self.apply(document.get(..len).unwrap_or_default(), kind);
        self.document = document;
        // A badge may be older than the last one that came.
        let applied = match applied {
            Err(Error::Rollback) => Ok(Applied::Already),
            applied => applied,
        };
        self.tell(kind, applied, out);
    }

    fn apply(&mut self, document: &[u8], kind: Kind) -> Result<Applied, Error> {
        let Self {
            scratch,
            clock,
            storage,
            ..
        } = self;
        match kind {
            Kind::KeySet => self.keys.apply(document, scratch, &ROOT, clock, storage),
            _ => self
                .revocation
                .apply(document, scratch, &ROOT, clock, storage),
        }
    }

    /// Says what became of a document.
    fn tell(&mut self, kind: Kind, applied: Result<Applied, Error>, out: &mut impl Write) {
        match applied {
            Ok(Applied::Already) => {
                let _ = writeln!(out, "unchanged {}", kind.name());
            }
            Ok(Applied::New) => {
                let _ = write!(out, "updated {}", kind.name());
                match kind {
                    Kind::KeySet => self.show_keys(out),
                    _ => self.show_revocation(out),
                }
                self.record(kind.event(), Ok(()));
            }
            Err(error) => self.reject(kind.event(), error, out),
        }
    }

    /// Opens the door, or says why not.
    ///
    /// The token is verified twice, each time from what came over the wire, and both must agree: one disturbed
    /// instruction does not open the door. `tests/assurance/skips` tries.
    fn access(&mut self, line: &[u8]) -> Result<(), Error> {
        let first = self.check(line, false)?;
        let second = self.check(line, true)?;
        let verdict = Verdict::confirm(&first, &second.inverted());
        if !verdict.is_accepted() {
            return Err(tokenlatch::Error::InvalidSignature.into());
        }
        self.upkeep.open(verdict);
        Ok(())
    }

    /// Whether a token opens the door. `uses` it up, once all else is checked, and then returns the fingerprint
    /// inverted; without, it checks as much.
    ///
    /// | at the time that it may be now, the token is | what it needs besides [`OPEN`] |
    /// |---|---|
    /// | certainly valid | nothing |
    /// | perhaps valid | the nonce of a challenge, or [`OPEN_AT_ANY_TIME`] |
    fn check(&mut self, line: &[u8], uses: bool) -> Result<Fingerprint, Error> {
        let rtc = self.rtc.read();
        let Self {
            storage,
            clock,
            upkeep,
            ..
        } = self;
        let first = clock.read(rtc);
        let token = Unverified::parse_copy(line, self.scratch)?;
        let token = authenticate(&token, self.keys.keys(first.time)?, upkeep)?;
        // Whether it has begun shows below: the real-time clock may be slow, and the token then says so.
        let token = token.verify(&POLICY, Time::at_least(first.time.earliest()))?;
        self.revocation.check(&token)?;
        let has_nonce = token.claim(&["nonce"]).is_some();
        if has_nonce {
            self.challenge.compare(&token, upkeep.tick())?;
        }

        // The issuer is the one that the door believes about the time: it is not before the token was issued. But one
        // token of an issuer whose own clock is wrong must not raise the floor beyond all others.
        let mut is_far = false;
        if let Some(issued_at) = token.issued_at() {
            let most = first.time.latest().saturating_add(MAX_SLOW.as_secs());
            if first.certainty == Certainty::Interval && !has_nonce && issued_at > most {
                return Err(tokenlatch::Error::IssuedInFuture.into());
            }
            is_far = clock.learn(issued_at) == Learned::Far;
        }
        let reading = clock.read(rtc);
        check_begun(&token, reading.time, has_nonce)?;
        if !is_certain(&token, reading.time) && !has_nonce && !token.has_scope(OPEN_AT_ANY_TIME) {
            return Err(Error::UncertainTime);
        }
        if !uses {
            self.replay.check(&token)?;
            return Ok(Fingerprint::of(&token));
        }
        if has_nonce {
            self.challenge.check(&token, upkeep.tick())?;
        }
        self.replay.accept(&token, clock, storage)?;
        // The challenge is not older than a minute, so the token is not: a clock that says another time is wrong.
        if let Some(issued_at) = token.issued_at().filter(|_| has_nonce && !is_far) {
            let age = rtc.and_then(|rtc| rtc.checked_sub(issued_at));
            if age.is_none_or(|age| age > CHALLENGE.as_secs()) {
                let _ = self.rtc.set(issued_at);
            }
        }
        let subject = token.subject();
        self.audit
            .record(Event::Token, Ok(()), reading.time, subject, storage)?;
        Ok(Fingerprint::of(&token).inverted())
    }

    fn challenge(&mut self, out: &mut impl Write) {
        let now = self.upkeep.tick();
        // Nonces cost writes, too.
        if self.challenge.is_waiting(now) && !self.challenges.take(now) {
            self.rejected += 1;
            let _ = writeln!(out, "rejected too-many-challenges: try again in a minute");
            return;
        }
        match self.nonces.next(&mut self.storage) {
            Ok(nonce) => {
                let text = self.challenge.begin(nonce, now);
                let text = core::str::from_utf8(&text).unwrap_or_default();
                let _ = writeln!(out, "nonce {text}");
            }
            Err(error) => self.reject(Event::Storage, error, out),
        }
    }

    fn status(&mut self, out: &mut impl Write) {
        let Reading { time, certainty } = self.read_clock();
        let why = match certainty {
            Certainty::Interval => "certain to a minute",
            Certainty::Absent => "at least: there is no clock, or it stopped",
            Certainty::Early => "at least: the clock was set back",
            Certainty::Far => "at least: the clock is too far ahead",
            _ => "at least",
        };
        let _ = writeln!(out, "time        {}, {why}", Date(time.earliest()));
        let _ = write!(out, "key-set    ");
        self.show_keys(out);
        let _ = write!(out, "revocation ");
        self.show_revocation(out);
        let used = self.replay.len(&self.clock);
        let _ = writeln!(out, "used        {used} of {USED_TOKENS} tokens");
        let (opened, rejected) = (self.opened, self.rejected);
        let _ = writeln!(out, "since reset {opened} opened, {rejected} rejected");
        let AuditCount { entries, lost, .. } = self.audited;
        let _ = writeln!(
            out,
            "recorded    {entries} entries before the reset, {lost} lost"
        );
        let usage = self.memory.usage();
        let _ = writeln!(
            out,
            "memory      flash {}, static RAM {}, stack {} at most, of {}",
            usage.flash, usage.static_ram, usage.peak_stack, usage.ram
        );
    }

    fn show_keys(&self, out: &mut impl Write) {
        let expiry = self.keys.expiry();
        match self.keys.keys(Time::at_least(self.clock.floor())) {
            Ok(keys) if keys.keys().is_empty() => {
                let _ = writeln!(out, " none");
            }
            Ok(keys) => {
                for key in keys.keys() {
                    let _ = write!(out, " {}", key.key_id().unwrap_or("-"));
                }
                let _ = writeln!(out, " until {}", Date(expiry));
            }
            Err(error) => {
                let _ = writeln!(out, " none: {error}");
            }
        }
    }

    fn show_revocation(&self, out: &mut impl Write) {
        let (epochs, entries) = self.revocation.len();
        let _ = writeln!(out, " {epochs} epochs, {entries} entries");
    }

    fn list_audit(&mut self, out: &mut impl Write) {
        let listed = Audit::each(&mut self.storage, &mut |entry| {
            let at_least = if entry.is_certain { "" } else { "at least " };
            let what = event_name(entry.event);
            let _ = write!(out, "{at_least}{} {what}", Date(entry.time));
            let _ = match Error::from_number(entry.number) {
                Some(error) => writeln!(out, " rejected {}", error.code()),
                None => writeln!(out),
            };
        });
        if let Err(error) = listed {
            lost(out, "audit", error);
        }
    }

    fn reject(&mut self, event: Event, error: Error, out: &mut impl Write) {
        self.rejected += 1;
        let _ = writeln!(out, "rejected {}: {error}", error.code());
        let now = self.upkeep.tick();
        if self.quota.take(now) {
            self.record(event, Err(error));
        }
    }

    fn record(&mut self, event: Event, result: Result<(), Error>) {
        let time = self.read_clock().time;
        let _ = self
            .audit
            .record(event, result, time, None, &mut self.storage);
    }

    fn read_clock(&mut self) -> Reading {
        self.clock.read(self.rtc.read())
    }
}

/// Checks the signature in steps, between which the bolt and the watchdog get what they need.
///
/// Not inlined, so that its 1 KB of stack is free again for what follows.
#[inline(never)]
fn authenticate<'t, B: Board>(
    token: &Unverified<'t>,
    keys: &JwkSet<MAX_KEYS>,
    upkeep: &mut Upkeep<B>,
) -> Result<Authenticated<'t>, tokenlatch::Error> {
    let mut signature = token.begin(keys)?;
    while !signature.step() {
        upkeep.tick();
    }
    signature.finish()
}

/// Rejects a token that is from later than it may be now. One that answers a challenge was issued in the last minute.
fn check_begun(token: &Verified<'_>, now: Time, is_answer: bool) -> Result<(), tokenlatch::Error> {
    let issued_at = token.issued_at().filter(|_| is_answer);
    let by_answer = issued_at.map(|date| date.saturating_add(CHALLENGE.as_secs()));
    let latest = now.latest().min(by_answer.unwrap_or(u64::MAX));
    let is_later = |date: Option<u64>| date.is_some_and(|date| date > latest);
    if is_later(token.not_before()) {
        return Err(tokenlatch::Error::NotYetValid);
    }
    if is_later(token.issued_at()) {
        return Err(tokenlatch::Error::IssuedInFuture);
    }
    Ok(())
}

/// Whether a token is valid at every second that it may be now.
fn is_certain(token: &Verified<'_>, now: Time) -> bool {
    let has_begun = token.not_before().is_none_or(|date| date <= now.earliest());
    has_begun && now.latest() < token.expiry()
}

/// What a JWT is, by its `typ`, which nobody has checked yet.
#[derive(Clone, Copy)]
enum Kind {
    Access,
    KeySet,
    Revocation,
}

impl Kind {
    fn of(token: &Unverified<'_>) -> Self {
        match token.token_type() {
            Some(name) if name == KEY_SET_TYPE => Self::KeySet,
            Some(name) if name == REVOCATION_TYPE => Self::Revocation,
            _ => Self::Access,
        }
    }

    fn event(self) -> Event {
        match self {
            Self::Access => Event::Token,
            Self::KeySet => Event::KeySet,
            Self::Revocation => Event::Revocation,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Access => "token",
            Self::KeySet => "key-set",
            Self::Revocation => "revocation",
        }
    }
}

/// What an entry of the audit record is about.
fn event_name(event: Event) -> &'static str {
    match event {
        Event::Start => "start",
        Event::Token => "token",
        Event::KeySet => "key-set",
        Event::Revocation => "revocation",
        Event::Storage => "storage",
        _ => "other",
    }
}

/// Says that nothing can be done without the storage, and does nothing.
fn halt(out: &mut impl Write, error: Error) -> ! {
    let _ = writeln!(out, "halted {}: {error}", error.code());
    loop {
        core::hint::spin_loop();
    }
}

/// Says that the state of a part could not be read.
fn lost(out: &mut impl Write, part: &str, error: Error) {
    let _ = writeln!(out, "lost {part}: {error}");
}

/// A date in seconds since 1970, as RFC 3339 has it.
struct Date(u64);

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = i64::try_from(self.0).ok();
        match date.and_then(|date| DateTime::from_timestamp(date, 0)) {
            Some(date) => write!(f, "{:?}Z", date.naive_utc()),
            None => f.write_str("forever"),
        }
    }
}

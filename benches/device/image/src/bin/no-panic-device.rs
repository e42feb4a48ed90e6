//! Proves that the parts of a device cannot panic: this program links, as `no-panic` does for the verifier.
//!
//! The records are in memory of this program's. `tokenlatch_device::Storage` is not called: it is made of the
//! crate `sequential-storage`, of which this cannot be proven.
#![no_std]
#![no_main]

use core::fmt::{self, Write as _};
use core::hint::black_box;
use core::panic::PanicInfo;
use core::time::Duration;

use tokenlatch::{JwkSet, Policy, Time, Verified, verify_in_place};
use tokenlatch_device::{
    Audit, AuditEntry, Challenge, Clock, Error, Event, Fingerprint, KeySet, Log, Nonce, Nonces,
    Records, Replay, Revocation, Root, Verdict,
};
use tokenlatch_device_image::entry;

#[panic_handler]
#[expect(
    unsafe_code,
    reason = "only a foreign function can be declared without a definition"
)]
fn panic(_: &PanicInfo<'_>) -> ! {
    // SAFETY: a program that calls the function does not link.
    unsafe extern "C" {
        safe fn the_verifier_can_panic() -> !;
    }
    the_verifier_can_panic()
}

static ROOT_KEYS: JwkSet<1> = JwkSet::from_keys([]);

#[entry]
fn main() -> ! {
    static mut TOKEN: [u8; 1024] = [0; 1024];
    static mut SCRATCH: [u8; 1024] = [0; 1024];
    loop {
        // The compiler must assume that `black_box` returns any bytes, of any length.
        let token: &mut [u8] = black_box(TOKEN);
        let scratch: &mut [u8] = black_box(SCRATCH);
        if let Err(error) = device(token, scratch) {
            see((error.number(), error.code()));
            see(write!(Sink, "{error}"));
        }
    }
}

/// Calls all that a device has.
fn device(token: &mut [u8], scratch: &mut [u8]) -> Result<(), Error> {
    let records = &mut Memory;
    let root = Root::new(
        black_box(&ROOT_KEYS),
        black_box("issuer"),
        black_box("fleet"),
    );
    let mut clock = Clock::new(black_box(1), black_box(Duration::from_secs(1)))
        .drift(black_box(Duration::from_secs(1)))
        .store_every(black_box(Duration::from_secs(1)));
    see(clock.load(records));
    let reading = clock.read(black_box(Some(1)));
    see(reading);
    see(clock.learn(black_box(1)));
    see((clock.stored_floor(), clock.anchor(), clock.ceiling()));

    let mut keys = KeySet::<2>::new(JwkSet::from_keys([]));
    see(keys.load(scratch, &root, &mut clock, records));
    see(keys.apply(token, scratch, &root, &mut clock, records));
    see((keys.issued_at(), keys.expiry()));
    let mut revocation = Revocation::<2, 4>::new();
    see(revocation.load(scratch, &root, &mut clock, records));
    see(revocation.apply(token, scratch, &root, &mut clock, records));
    see((revocation.issued_at(), revocation.len()));
    let mut replay = Replay::<4>::new(black_box(Duration::from_secs(1)));
    see(replay.load(records));
    let mut nonces = Nonces::new(black_box([1; 32]));
    see(nonces.load(records));
    let mut challenge = Challenge::new(black_box(Duration::from_secs(1)));
    see(challenge.begin(Nonce::from_random(black_box([1; 16])), black_box(1)));
    see(challenge.begin(nonces.next(records)?, black_box(1)));
    let mut audit = Audit::new();
    see(audit.load(records));

    let policy = Policy::new(black_box("issuer"), black_box("audience"));
    let keys = keys.keys(reading.time)?;
    let verified = verify_in_place(token, keys, &policy, reading.time)?;
    let result = accept(
        &verified,
        &revocation,
        &mut challenge,
        &mut replay,
        &mut clock,
    );
    let event = black_box(Event::Other(1));
    see(audit.record(
        event,
        result,
        Time::at_least(black_box(1)),
        verified.subject(),
        records,
    ));
    see(Audit::each(records, &mut see::<AuditEntry>));
    let fingerprint = Fingerprint::of(&verified);
    see(Verdict::confirm(&fingerprint, black_box(&Fingerprint::NONE)).is_accepted());
    see(clock.store_if_due(records));
    clock.store(records)
}

fn accept(
    verified: &Verified<'_>,
    revocation: &Revocation<2, 4>,
    challenge: &mut Challenge,
    replay: &mut Replay<4>,
    clock: &mut Clock,
) -> Result<(), Error> {
    revocation.check(verified)?;
    challenge.check(verified, black_box(1))?;
    replay.accept(verified, clock, &mut Memory)?;
    see(replay.len(clock));
    Ok(())
}

/// Records of which the compiler knows nothing.
struct Memory;

impl Records for Memory {
    fn max_document_len(&self) -> usize {
        black_box(1)
    }

    fn get(&mut self, record: u8, buffer: &mut [u8]) -> Result<Option<usize>, Error> {
        see((record, buffer));
        black_box(Ok(Some(1)))
    }

    fn put(&mut self, record: u8, value: &[u8]) -> Result<(), Error> {
        see((record, value));
        black_box(Ok(()))
    }

    fn each(&mut self, each: &mut dyn FnMut(u8, &[u8])) -> Result<(), Error> {
        each(black_box(1), black_box(&[1]));
        each(black_box(1), black_box(&[1; 24]));
        black_box(Ok(()))
    }
}

impl Log for Memory {
    fn push(&mut self, entry: &[u8]) -> Result<(), Error> {
        see(entry);
        black_box(Ok(()))
    }

    fn each_entry(&mut self, each: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        each(black_box(&[1; 24]));
        each(black_box(&[1]));
        black_box(Ok(()))
    }
}

/// Uses a value, so that the compiler cannot leave out the code that computes it.
fn see<T>(seen: T) {
    black_box(seen);
}

/// Uses what is displayed.
struct Sink;

impl fmt::Write for Sink {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        see(text);
        Ok(())
    }
}

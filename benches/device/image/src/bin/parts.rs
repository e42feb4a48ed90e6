//! Measures the parts of a device: prints the name, the bytes of the part itself, and the most bytes of stack that a
//! call of it takes.
//!
//! Reads `cases.txt` in the folder where QEMU was started: a JWK Set, two tokens for two devices, and then key sets
//! and revocations that the same key signed, each on a line.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;
use core::time::Duration;

use semihosting::fs::File;
use semihosting::io::Read as _;
use tokenlatch::{JwkSet, Policy, SignatureCheck, Time, Unverified, Verified, verify};
use tokenlatch_device::{
    Audit, Challenge, Clock, Event, Fingerprint, KEY_SET_TYPE, Layout, Log as _, Nonce, Nonces,
    Records as _, Root, Storage, Verdict,
};
use tokenlatch_device_image::machine::measure;
use tokenlatch_device_image::parts::{CAPACITY, Flash, Keys, Revoked, Used};
use tokenlatch_device_image::whole_token::verify_in_steps;
use tokenlatch_device_image::{entry, exit, println};

const POLICY: Policy = Policy::new("https://issuer.example/", "https://device.example/");

/// 2026-11-21T12:00:00Z
const NOW: u64 = 1_795_262_400;
const TIME: Time = Time::exactly(NOW);

/// How often a call writes, so that the storage has to move records and to erase pages: more than once around.
const WRITES: u64 = 1500;

type Buffer = [u8; 4096];

#[entry]
fn main() -> ! {
    static mut KEYS: JwkSet<1> = JwkSet::from_keys([]);
    static mut BUFFERS: [Buffer; 3] = [[0; 4096]; 3];
    static mut MEMORY: [u8; CAPACITY] = [0xff; CAPACITY];
    static mut UPDATED: Keys = Keys::new(JwkSet::from_keys([]));
    static mut REVOKED: Revoked = Revoked::new();
    static mut USED: Used = Used::new(Duration::ZERO);

    let [buffer_of_token, buffer_of_document, scratch_of_token] = BUFFERS;
    let mut cases = File::open(c"cases.txt").expect("the file cases.txt");
    let keys: &mut JwkSet<1> = KEYS;
    keys.read_json(read_line(&mut cases, buffer_of_document).expect("a JWK Set"))
        .expect("a JWK Set");
    let keys: &JwkSet<1> = keys;
    let token: &mut [u8] = read_line(&mut cases, buffer_of_token).expect("a token");
    let token: &[u8] = token;

    // At once, and in steps.
    let mut copy = *scratch_of_token;
    let copy = copy.get_mut(..token.len()).expect("room");
    copy.copy_from_slice(token);
    let (verified, cost) = measure(|| verify_in_steps(copy, black_box(keys), &POLICY, TIME));
    assert!(verified.is_ok());
    let mut stack = Peak(cost.stack);
    stack.print("steps", size_of::<SignatureCheck<'_, '_>>());
    let verified = verify(token, scratch_of_token, keys, &POLICY, TIME).expect("a good token");
    let verified: &Verified<'_> = &verified;

    let mut storage = stack_of_storage(Flash(MEMORY), buffer_of_document);
    let storage = &mut storage;

    let mut clock = Clock::new(NOW - 1_000_000, Duration::from_secs(400 * 86_400));
    let mut stack = Peak(0);
    for second in 0..WRITES {
        stack.of(|| clock.learn(NOW - 900_000 + second));
        stack.of(|| clock.store(storage)).expect("stored");
    }
    stack.of(|| clock.load(storage)).expect("loaded");
    stack.of(|| clock.read(Some(NOW)));
    stack.print("clock", size_of::<Clock>());

    let used: &mut Used = USED;
    let mut stack = Peak(0);
    for _ in 0..WRITES {
        *used = Used::new(Duration::ZERO);
        stack
            .of(|| used.accept(verified, &mut clock, storage))
            .expect("accepted");
    }
    stack.of(|| used.load(storage)).expect("loaded");
    stack
        .of(|| used.accept(verified, &mut clock, storage))
        .expect_err("used");
    stack.print("replay", size_of::<Used>());

    let mut challenge = Challenge::new(Duration::from_secs(60));
    let mut stack = Peak(0);
    for _ in 0..WRITES {
        let mut nonces = Nonces::new([1; 32]);
        stack.of(|| nonces.load(storage)).expect("loaded");
        stack.of(|| nonces.next(storage)).expect("a nonce");
    }
    stack.of(|| challenge.begin(Nonce::from_random([0; 16]), 1));
    stack
        .of(|| challenge.check(verified, 2))
        .expect("the nonce");
    stack.print("challenge", size_of::<Challenge>() + size_of::<Nonces>());

    let mut audit = Audit::new();
    let mut stack = Peak(0);
    for _ in 0..WRITES {
        stack
            .of(|| audit.record(Event::Token, Ok(()), TIME, verified.subject(), storage))
            .expect("recorded");
    }
    stack.of(|| audit.load(storage)).expect("loaded");
    stack.print("audit", size_of::<Audit>());

    let mut stack = Peak(0);
    let fingerprint = stack.of(|| Fingerprint::of(verified));
    let verdict = stack.of(|| Verdict::confirm(&fingerprint, &fingerprint));
    assert!(verdict.is_accepted());
    stack.print(
        "verdict",
        size_of::<Verdict>() + 2 * size_of::<Fingerprint>(),
    );

    // Last, since the token lies in the buffer that documents are read in.
    let root = Root::new(keys, "https://issuer.example/", "fleet");
    let (updated, revoked): (&mut Keys, &mut Revoked) = (UPDATED, REVOKED);
    let (mut stack_of_keys, mut stack_of_revoked) = (Peak(0), Peak(0));
    let other = verified.clone();
    stack_of_revoked
        .of(|| revoked.check(&other))
        .expect("not revoked");
    let mut scratch = [0; 4096];
    while let Some(document) = read_line(&mut cases, buffer_of_document) {
        let document: &[u8] = document;
        let parsed = Unverified::parse_copy(document, &mut scratch).expect("a document");
        let is_key_set = parsed.token_type().is_some_and(|name| name == KEY_SET_TYPE);
        let scratch = &mut scratch;
        if is_key_set {
            stack_of_keys
                .of(|| updated.apply(document, scratch, &root, &mut clock, storage))
                .expect("applied");
            stack_of_keys
                .of(|| updated.load(scratch, &root, &mut clock, storage))
                .expect("loaded");
        } else {
            stack_of_revoked
                .of(|| revoked.apply(document, scratch, &root, &mut clock, storage))
                .expect("applied");
            stack_of_revoked
                .of(|| revoked.load(scratch, &root, &mut clock, storage))
                .expect("loaded");
        }
    }
    assert_eq!(updated.keys(TIME).expect("keys").keys().len(), 4);
    assert_eq!(revoked.len(), (8, 32));
    stack_of_revoked
        .of(|| revoked.check(&other))
        .expect("not revoked");
    stack_of_keys.print("key-set", size_of::<Keys>());
    stack_of_revoked.print("revocation", size_of::<Revoked>());
    exit(0)
}

/// Not inlined, so that the storage is made in its place.
#[inline(never)]
fn stack_of_storage<'m>(flash: Flash<'m>, buffer: &mut [u8]) -> Storage<Flash<'m>> {
    let mut stack = Peak(0);
    let mut storage = stack
        .of(|| Storage::open(flash, Layout::default()))
        .expect("opened");
    let value = [1; 324];
    for record in 0..WRITES {
        // As many records as all parts have.
        let record = (record % 80) as u8;
        let len = if record < 36 { 324 } else { 24 };
        let value = value.get(..len).expect("a length");
        stack.of(|| storage.put(record, value)).expect("stored");
        stack.of(|| storage.get(record, buffer)).expect("read");
        stack.of(|| storage.push(&[1; 24])).expect("recorded");
    }
    stack
        .of(|| {
            storage.each(&mut |_, value| {
                black_box(value);
            })
        })
        .expect("read");
    stack
        .of(|| {
            storage.each_entry(&mut |entry| {
                black_box(entry);
            })
        })
        .expect("read");
    stack.print(
        "storage",
        size_of::<Storage<Flash<'_>>>() - size_of::<Flash<'_>>(),
    );
    stack.of(|| storage.erase()).expect("erased");
    storage
}

/// The most stack that an operation took.
struct Peak(usize);

impl Peak {
    fn of<R>(&mut self, operation: impl FnOnce() -> R) -> R {
        let (result, cost) = measure(operation);
        self.0 = self.0.max(cost.stack);
        result
    }

    fn print(&mut self, part: &str, size: usize) {
        println!("{part} {size} {}", self.0);
    }
}

/// Reads the next line, without its end, into the front of `buffer`. Returns `None` at the end of the file.
fn read_line<'b>(file: &mut File, buffer: &'b mut [u8]) -> Option<&'b mut [u8]> {
    let mut len = 0;
    loop {
        let mut byte = [0];
        if file.read(&mut byte).expect("the file can be read") == 0 {
            return None;
        }
        if byte == *b"\n" {
            return buffer.get_mut(..len);
        }
        *buffer.get_mut(len).expect("room for the line") = byte[0];
        len += 1;
    }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    println!("{info}");
    exit(1)
}

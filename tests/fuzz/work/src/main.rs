//! Searches for documents that cost the reader the most work: headers of tokens that nobody has signed, and JWK Sets.
//!
//! `work KIND EVALUATIONS FOLDER` mutates documents and keeps those that run the most blocks of Tokenlatch's code, which
//! is compiled so that each block counts itself. It writes the best ones, and a good token, to the folder, and prints them as the segments
//! that they are made of. The search is the same every time.

mod document;
mod population;

use std::cell::Cell;
use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::{env, fs};

use tokenlatch::{JwkSet, MAX_TOKEN_LEN, Policy, Time, Unverified, verify};
use tokenlatch_tests::device;
use tokenlatch_tests::firmware::NOW;
use tokenlatch_tests::hostile;
use tokenlatch_tests::issuer::{Issuer, signing_input};

use crate::document::Kind;
use crate::population::Population;

/// As a service has it.
type KeySet = JwkSet<64, 4096>;

/// How many documents are written.
const WRITTEN: usize = 6;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [kind, evaluations, folder] = &arguments[..] else {
        return Err("usage: work header|key-set EVALUATIONS FOLDER".into());
    };
    let (kind, known) = match kind.as_str() {
        "header" => (Kind::Header, hostile::unsigned_headers()),
        "key-set" => (Kind::KeySet, hostile::key_sets()),
        _ => return Err("the kind is header or key-set".into()),
    };
    let reader = Reader::new(kind);
    let token = reader.work_of_a_token();
    let known = known.iter().map(|hostile| match kind {
        // The token, with its header.
        Kind::Header => counted(|| reader.read_token(hostile.text.as_bytes())),
        Kind::KeySet => reader.work(&hostile.text),
    });
    let known = known.max().unwrap_or_default();
    println!("A good token runs {token} blocks, and the worst document that is known {known}.");

    let mut population = Population::new(kind);
    for _ in 0..evaluations.parse::<usize>()? {
        let child = population.child();
        let work = reader.work(&child.text());
        population.offer(child, work);
    }
    fs::create_dir_all(folder)?;
    fs::write(Path::new(folder).join("token"), good_token())?;
    for (number, (work, document)) in population.best().take(WRITTEN).enumerate() {
        let text = document.text();
        let file = Path::new(folder).join(format!("{number}"));
        fs::write(file, reader.input(&text))?;
        let ratio = *work as f64 / known as f64;
        println!(
            "{work:>12} blocks, {ratio:.3} of the known, {} bytes: {document:?}",
            text.len()
        );
    }
    Ok(())
}

/// Reads documents as `hostile-work` does.
struct Reader {
    kind: Kind,
    keys: KeySet,
}

impl Reader {
    fn new(kind: Kind) -> Self {
        let keys = Issuer::rfc7515().jwk_set();
        Self {
            kind,
            keys: KeySet::from_json(keys.as_bytes()).expect("a key set"),
        }
    }

    fn work(&self, document: &str) -> u64 {
        let input = self.input(document);
        match self.kind {
            Kind::Header => counted(|| self.read_token(input.as_bytes())),
            Kind::KeySet => counted(|| drop(black_box(KeySet::from_json(input.as_bytes())))),
        }
    }

    /// What somebody sends.
    fn input(&self, document: &str) -> String {
        match self.kind {
            Kind::Header => format!("{}.", signing_input(document, "{}")),
            Kind::KeySet => document.into(),
        }
    }

    fn read_token(&self, token: &[u8]) {
        let mut copy = token.to_vec();
        let verdict = Unverified::parse(&mut copy).and_then(|token| token.authenticate(&self.keys));
        drop(black_box(verdict));
    }

    fn work_of_a_token(&self) -> u64 {
        let token = good_token();
        let policy = Policy::new("https://issuer.example/", "https://device.example/");
        let mut scratch = [0; MAX_TOKEN_LEN];
        counted(|| {
            let now = Time::exactly(NOW);
            let verdict = verify(token.as_bytes(), &mut scratch, &self.keys, &policy, now);
            assert!(black_box(verdict).is_ok());
        })
    }
}

/// A token as issuers issue it.
fn good_token() -> String {
    Issuer::rfc7515().token(&device::claims())
}

/// How many blocks run.
fn counted(work: impl FnOnce()) -> u64 {
    BLOCKS.set(0);
    work();
    BLOCKS.get()
}

thread_local! {
    static BLOCKS: Cell<u64> = const { Cell::new(0) };
}

/// Each block of the code under test calls it (LLVM's SanitizerCoverage, trace-pc-guard).
// SAFETY: LLVM calls it by this name, and with this signature.
#[unsafe(no_mangle)]
extern "C" fn __sanitizer_cov_trace_pc_guard(_guard: *mut u32) {
    BLOCKS.set(BLOCKS.get() + 1);
}

/// Called once, before everything.
// SAFETY: as above.
#[unsafe(no_mangle)]
extern "C" fn __sanitizer_cov_trace_pc_guard_init(_start: *mut u32, _stop: *mut u32) {}

//! Searches for documents that cost the reader the most work: headers of tokens that nobody has signed, and JWK Sets.
//!
//! `work KIND EVALUATIONS FOLDER` mutates documents and keeps those that run the most blocks of Tokenlatch's code, which
//! is compiled so that each block counts itself. It begins with the known documents, each kind of filler by itself, and
//! writes the best one of each to the folder, and a good token. The search is the same every time.

mod document;
mod population;

use std::cell::Cell;
use std::error::Error;
use std::path::Path;
use std::{env, fs};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use tokenlatch_tests::hostile::{self, Hostile};
use tokenlatch_tests::issuer::signing_input;
use tokenlatch_work::{Reader, good_token};

use crate::document::{Document, Kind};
use crate::population::Population;

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
    let reader = Reader::default();
    let work = |input: &str| {
        counted(|| match kind {
            Kind::Header => reader.read_token(input.as_bytes()),
            Kind::KeySet => reader.read_key_set(input.as_bytes()),
        })
    };
    let good = good_token();
    let token = counted(|| reader.verify(good.as_bytes()));
    if token == 0 {
        return Err("no block counts itself: tests/fuzz/search builds it so that they do".into());
    }
    let most = known.iter().map(|hostile| work(&hostile.text)).max();
    let most = most.unwrap_or_default();
    println!("A good token runs {token} blocks, and the worst document that is known {most}.");

    fs::create_dir_all(folder)?;
    fs::write(Path::new(folder).join("token"), good)?;
    // By filler, for a block of one kind is not as many instructions as one of another.
    let groups = known.chunk_by(|a, b| filler(a) == filler(b));
    let share = evaluations.parse::<usize>()? / groups.clone().count().max(1);
    for (number, group) in groups.enumerate() {
        let mut population = Population::new(kind);
        let documents = group
            .iter()
            .filter_map(|hostile| document_of(kind, hostile));
        for document in documents {
            let work = work(&input(&document));
            population.offer(document, work);
        }
        for _ in 0..share {
            let child = population.child();
            let work = work(&input(&child));
            population.offer(child, work);
        }
        if let Some((work, document)) = population.best() {
            let ratio = *work as f64 / most as f64;
            println!(
                "{number:>4}: {work:>9} blocks, {ratio:.3} of the worst, from {}",
                filler(&group[0])
            );
            fs::write(Path::new(folder).join(number.to_string()), input(document))?;
        }
    }
    Ok(())
}

/// What fills a known document.
fn filler(hostile: &Hostile) -> &str {
    hostile.name.split(';').next().unwrap_or_default()
}

/// A known document, to begin with.
fn document_of(kind: Kind, hostile: &Hostile) -> Option<Document> {
    match kind {
        Kind::Header => {
            let header = BASE64URL.decode(hostile.text.split('.').next()?).ok()?;
            Document::known(kind, str::from_utf8(&header).ok()?)
        }
        Kind::KeySet => Document::known(kind, &hostile.text),
    }
}

/// What somebody sends.
fn input(document: &Document) -> String {
    match document.kind {
        Kind::Header => format!("{}.", signing_input(document.text(), "{}")),
        Kind::KeySet => document.text(),
    }
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

//! Counts the instructions that hostile documents take, against those of a verification: on this processor in
//! Valgrind, on a Cortex-M3 in QEMU.
//!
//! `hostile-work` counts all of them, prints the worst ones, and fails if one costs more than its limit.
//! `hostile-work WHAT FILE TIMES` is the command in Valgrind: it reads a token or JWK Set so many times.

use std::cmp::Reverse;
use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::{env, fs, iter, slice, thread};

use tokenlatch::{JwkSet, MAX_TOKEN_LEN, Policy, Time, Unverified, verify};
use tokenlatch_tests::device;
use tokenlatch_tests::firmware::NOW;
use tokenlatch_tests::hostile::{self, Hostile};
use tokenlatch_tests::issuer::Issuer;

/// As a service has it.
type KeySet = JwkSet<64, 4096>;

/// How many of the worst documents of a kind are printed.
const SHOWN: usize = 5;

/// The instructions for signed claims on this processor: 0.4 ms of 3 GHz at 2 instructions in a clock cycle. Not
/// a multiple of a token, for a signature that costs less to verify does not make claims cost more to read.
const CLAIMS_LIMIT: f64 = 2.2e6;

/// The instructions for a JWK Set: 5 ms of a processor at 3 GHz that does 2 instructions in a clock cycle.
const KEY_SET_LIMIT: f64 = 30e6;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let result = match arguments.as_slice() {
        [] => count(),
        [what, file, times] => repeat(what, file, times).map(|()| ExitCode::SUCCESS),
        _ => Err("usage: hostile-work".into()),
    };
    result.unwrap_or_else(|error| {
        eprintln!("hostile-work: {error}");
        ExitCode::FAILURE
    })
}

fn count() -> Result<ExitCode, Box<dyn Error>> {
    let folder = env::temp_dir().join(format!("hostile-work-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let counted = count_in(&folder);
    fs::remove_dir_all(&folder)?;
    counted
}

fn count_in(folder: &Path) -> Result<ExitCode, Box<dyn Error>> {
    let issuer = Issuer::rfc7515();
    let normal = Hostile {
        name: "a token as issuers issue it".into(),
        text: issuer.token(&device::claims()),
    };
    let headers = hostile::unsigned_headers();
    let tokens = hostile::signed_claims(issuer);
    let key_sets = hostile::key_sets();

    let host = |what: &str, documents| all_instructions(folder, what, documents);
    let one = host("token", slice::from_ref(&normal))?[0] as f64;
    println!("A token as issuers issue it takes {one} instructions on this processor.");
    let mut is_good = report(
        "unsigned headers",
        &headers,
        &host("header", &headers)?,
        one,
        2.0,
    );
    is_good &= report(
        "signed claims",
        &tokens,
        &host("token", &tokens)?,
        one,
        CLAIMS_LIMIT / one,
    );
    is_good &= report(
        "JWK Sets",
        &key_sets,
        &host("key-set", &key_sets)?,
        one,
        KEY_SET_LIMIT / one,
    );

    for profile in [device::SIZE, device::SPEED] {
        let on_device = |documents: &[Hostile]| -> Result<Vec<u64>, String> {
            let keys = issuer.jwk_set();
            let lines: Vec<&str> = iter::once(keys.as_str())
                .chain(documents.iter().map(|document| document.text.as_str()))
                .collect();
            let costs = device::read_documents(profile, "", &lines)?;
            Ok(costs.iter().skip(1).map(|cost| cost.instructions).collect())
        };
        let one = on_device(slice::from_ref(&normal))?[0] as f64;
        let name = profile.name;
        println!(
            "\nA token as issuers issue it takes {one} instructions on a Cortex-M3, for {name}."
        );
        is_good &= report(
            "unsigned headers",
            &headers,
            &on_device(&headers)?,
            one,
            1.0,
        );
        is_good &= report("signed claims", &tokens, &on_device(&tokens)?, one, 10.0);
    }
    if !is_good {
        println!("\nA document costs more than it may.");
        return Ok(ExitCode::FAILURE);
    }
    println!(
        "evidence: {} documents, each within its limit",
        headers.len() + tokens.len() + key_sets.len()
    );
    Ok(ExitCode::SUCCESS)
}

/// Prints the documents that take the most instructions, as multiples of those for one token, and says whether
/// all are within the limit.
fn report(title: &str, documents: &[Hostile], counts: &[u64], one: f64, limit: f64) -> bool {
    println!(
        "\n{} {title}, at most {limit:.2} x. The worst:",
        documents.len()
    );
    let mut all: Vec<_> = counts.iter().zip(documents).collect();
    all.sort_by_key(|(count, _)| Reverse(**count));
    for (count, Hostile { name, .. }) in all.iter().take(SHOWN) {
        println!("{count:>12} {:>7.2} x  {name}", **count as f64 / one);
    }
    counts.iter().all(|count| *count as f64 <= limit * one)
}

/// The instructions for reading each document once.
fn all_instructions(
    folder: &Path,
    what: &str,
    documents: &[Hostile],
) -> Result<Vec<u64>, Box<dyn Error>> {
    let instructions = |worker: usize, document: &Hostile, times| {
        let file = folder.join(format!("document-{worker}"));
        fs::write(&file, &document.text).map_err(|error| error.to_string())?;
        run(what, &file, times)
    };
    // What the program takes to start is subtracted.
    let start = instructions(0, &documents[0], 0)?;
    let workers = thread::available_parallelism()?.get();
    let shares = documents.chunks(documents.len().div_ceil(workers));
    let counts = thread::scope(|scope| {
        let count = |(worker, share): (usize, &[Hostile])| -> Result<Vec<u64>, String> {
            let counts = share
                .iter()
                .map(|document| Ok(instructions(worker, document, 1)?.saturating_sub(start)));
            counts.collect()
        };
        let threads: Vec<_> = shares
            .enumerate()
            .map(|share| scope.spawn(move || count(share)))
            .collect();
        let counts = threads.into_iter().map(|thread| thread.join());
        counts
            .map(|count| count.map_err(|_| "a thread panicked")?)
            .collect::<Result<Vec<_>, String>>()
    })?;
    Ok(counts.concat())
}

fn run(what: &str, file: &Path, times: u64) -> Result<u64, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=cachegrind", "--cache-sim=no"])
        .arg("--cachegrind-out-file=/dev/null")
        .arg(program)
        .arg(what)
        .arg(file)
        .arg(times.to_string())
        .output()
        .map_err(|error| format!("valgrind: {error}"))?;
    let text = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("valgrind failed:\n{text}"));
    }
    // ==1234== I   refs:      12,345,678
    let refs = text.lines().find_map(|line| line.split_once("refs:"));
    let (_, number) = refs.ok_or_else(|| format!("no count of instructions:\n{text}"))?;
    let number = number.trim().replace(',', "");
    number.parse().map_err(|_| format!("no number: {number}"))
}

fn repeat(what: &str, file: &str, times: &str) -> Result<(), Box<dyn Error>> {
    const KEYS: &[u8] = include_bytes!("../rfc7515-a2-public.json");
    const POLICY: Policy = Policy::new("https://issuer.example/", "https://device.example/");
    let document = fs::read(file)?;
    let mut scratch = [0; MAX_TOKEN_LEN];
    let keys = KeySet::from_json(KEYS)?;
    for _ in 0..times.parse()? {
        let document = black_box(document.as_slice());
        match what {
            "header" => {
                let copy = scratch.get_mut(..document.len()).ok_or("too long")?;
                copy.copy_from_slice(document);
                let verdict = Unverified::parse(copy).and_then(|token| token.authenticate(&keys));
                drop(black_box(verdict));
            }
            "token" => {
                let now = Time::exactly(NOW);
                match black_box(verify(document, &mut scratch, &keys, &POLICY, now)) {
                    Ok(_) | Err(tokenlatch::Error::TooManyMembers) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            "key-set" => drop(black_box(KeySet::from_json(document))),
            _ => return Err("what?".into()),
        }
    }
    Ok(())
}

//! Counts the instructions that hostile documents take, in Valgrind, against those of a verification.
//!
//! `hostile-work` counts all of them, prints the worst, and fails where one costs more than it may.
//! `hostile-work WHAT FILE TIMES` is what it runs in Valgrind: it reads a token or JWK Set so many times.

use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::{env, fs, thread};

use tokenlatch::{JwkSet, MAX_TOKEN_LEN, Policy, Time, Unverified, verify};
use tokenlatch_tests::hostile::{self, Hostile};
use tokenlatch_tests::issuer::Issuer;

/// As a service has it.
type KeySet = JwkSet<64, 4096>;

/// How many of the worst documents of a kind are printed.
const SHOWN: usize = 5;

/// 5 ms of a processor that does 3 instructions a nanosecond.
const KEY_SET_LIMIT: f64 = 15e6;

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
    let claims = r#"{"iss":"i","aud":"a","exp":1,"sub":"user-1","client_id":"app","iat":0,"scope":"read write"}"#;
    let normal = Hostile {
        name: "a token as issuers issue it".into(),
        text: issuer.token(claims),
    };
    let normal = all_instructions(folder, "token", &[normal])?[0].0 as f64;
    println!("A verification of a token as issuers issue it takes {normal} instructions.");
    let mut is_good = true;
    for (what, title, documents, limit) in [
        (
            "header",
            "unsigned headers",
            hostile::unsigned_headers(),
            2.0 * normal,
        ),
        (
            "token",
            "signed claims",
            hostile::signed_claims(issuer),
            10.0 * normal,
        ),
        ("key-set", "JWK Sets", hostile::key_sets(), KEY_SET_LIMIT),
    ] {
        let mut counts = all_instructions(folder, what, &documents)?;
        counts.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        println!(
            "\n{} {title}; at most {limit} instructions each. The worst:",
            counts.len()
        );
        for (count, name) in counts.iter().take(SHOWN) {
            println!("{count:>12} {:>7.2} x  {name}", *count as f64 / normal);
        }
        is_good &= counts.iter().all(|(count, _)| *count as f64 <= limit);
    }
    if !is_good {
        println!("\nA document costs more than it may.");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// The instructions for reading each document once, beside the documents' names.
fn all_instructions<'d>(
    folder: &Path,
    what: &str,
    documents: &'d [Hostile],
) -> Result<Vec<(u64, &'d str)>, Box<dyn Error>> {
    let instructions = |worker: usize, document: &Hostile, times| {
        let file = folder.join(format!("document-{worker}"));
        fs::write(&file, &document.text).map_err(|error| error.to_string())?;
        run(what, &file, times)
    };
    // What the program takes to start is subtracted.
    let start = instructions(0, &documents[0], 0)?;
    let workers = thread::available_parallelism()?.get();
    let share = &|worker: usize| -> Vec<Result<_, String>> {
        let share = documents.iter().skip(worker).step_by(workers);
        let count = |document: &'d Hostile| {
            let count = instructions(worker, document, 1)? - start;
            Ok((count, document.name.as_str()))
        };
        share.map(count).collect()
    };
    let shares = thread::scope(|scope| {
        let threads: Vec<_> = (0..workers)
            .map(|worker| scope.spawn(move || share(worker)))
            .collect();
        let shares = threads.into_iter().map(|thread| thread.join());
        shares.collect::<Result<Vec<_>, _>>()
    });
    let counts = shares
        .map_err(|_| "a thread panicked")?
        .into_iter()
        .flatten();
    Ok(counts.collect::<Result<_, _>>()?)
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
    const POLICY: Policy = Policy::new("i", "a");
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
                let time = Time::exactly(0);
                drop(black_box(verify(
                    document,
                    &mut scratch,
                    &keys,
                    &POLICY,
                    time,
                )));
            }
            "key-set" => drop(black_box(KeySet::from_json(document))),
            _ => return Err("what?".into()),
        }
    }
    Ok(())
}

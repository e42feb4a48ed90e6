//! Counts the instructions that a signature takes on other processors, in QEMU: Tokenlatch's and its peers'.

#[path = "../../gate.rs"]
mod gate;
mod processor;
#[path = "../../qemu_log.rs"]
mod qemu_log;

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use tokenlatch_benches::results::{Emulated, EmulatedRow};
use tokenlatch_benches::{CONTENDERS, Case, Operation};

use gate::Verdict;
use processor::{Contenders, PROCESSORS, Processor, Program};

const USAGE: &str = "\
usage: benches/emulated [--json | --check | --record]

Counts the instructions that a signature takes on aarch64 and on RV64, in QEMU, and how many of them multiply
integers, for many processors multiply slowest. The ratio is Tokenlatch's instructions divided by a peer's.

  --json    prints one JSON object
  --check   compares Tokenlatch's, for which no peer is built, with benches/results/emulated.json: fails
            where they are 5 % more
  --record  counts Tokenlatch's, and writes them to that file, where the peers' stay

It needs qemu-aarch64, qemu-riscv64, and for both processors GCC, a C library and Rust's standard library
(Debian: qemu-user, gcc-PROCESSOR-linux-gnu, libc6-dev-{arm64,riscv64}-cross; rustup target add
PROCESSOR-unknown-linux-gnu, where RV64 is riscv64gc).";

/// `benches/emulated --json` prints the file anew.
const EXPECTED: &str = include_str!("../../../results/emulated.json");

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        [] => count(Contenders::All).map(|results| print(&results)),
        ["--json"] => count(Contenders::All).and_then(|results| {
            println!("{}", serde_json::to_string_pretty(&results)?);
            Ok(ExitCode::SUCCESS)
        }),
        ["--check"] => count(Contenders::Tokenlatch).and_then(|results| check(&results)),
        ["--record"] => count(Contenders::Tokenlatch).and_then(record),
        ["--help"] => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    result.unwrap_or_else(|error| {
        eprintln!("benches/emulated: {error}");
        ExitCode::FAILURE
    })
}

fn count(contenders: Contenders) -> Result<Emulated, Box<dyn Error>> {
    let mut rows = Vec::new();
    for processor in PROCESSORS {
        // Peers ask for features of what Tokenlatch depends on, too: so it has a program of its own.
        let program = processor.build(Contenders::Tokenlatch)?;
        add_rows(&mut rows, processor, &program, is_tokenlatch)?;
        if contenders == Contenders::All {
            let program = processor.build(Contenders::All)?;
            add_rows(&mut rows, processor, &program, |name| !is_tokenlatch(name))?;
        }
    }
    let rustc = Command::new("rustc").arg("--version").output()?.stdout;
    let rustc = String::from_utf8(rustc)?.trim().into();
    Ok(Emulated { rustc, rows })
}

fn add_rows(
    rows: &mut Vec<EmulatedRow>,
    processor: &Processor,
    program: &Program,
    is_counted: fn(&str) -> bool,
) -> Result<(), Box<dyn Error>> {
    for [contender, version, operation] in program.tasks()? {
        if operation != OPERATION.name() || !is_counted(&contender) {
            continue;
        }
        eprintln!("{}, {contender}", processor.name);
        for bits in Case::all().iter().map(|case| case.bits) {
            let run = |times| program.run(&contender, OPERATION, bits, times);
            let (once, twice) = (run(1)?, run(2)?);
            rows.push(EmulatedRow {
                processor: processor.name.into(),
                bits,
                operation: OPERATION,
                contender: contender.clone(),
                version: version.clone(),
                instructions: twice.instructions - once.instructions,
                multiplications: twice.multiplications - once.multiplications,
            });
        }
    }
    Ok(())
}

/// The one that is almost nothing but arithmetic, for which processors differ.
const OPERATION: Operation = Operation::Signature;

fn is_tokenlatch(contender: &str) -> bool {
    contender == CONTENDERS[0].name
}

fn name(row: &EmulatedRow) -> String {
    let EmulatedRow {
        processor,
        bits,
        contender,
        ..
    } = row;
    format!("{processor:<9}{bits:<6}{contender:<29}")
}

fn print(results: &Emulated) -> ExitCode {
    println!(
        "{:<44}{:>12}{:>17}{:>7}",
        "", "instructions", "multiplications", "ratio"
    );
    let mut rows: Vec<_> = results.rows.iter().collect();
    // Those that compare come together.
    rows.sort_by_key(|row| (&row.processor, row.bits));
    let mut tokenlatch = 0;
    for row in rows {
        if is_tokenlatch(&row.contender) {
            tokenlatch = row.instructions;
        }
        println!(
            "{}{:>12}{:>17}{:>7.2}",
            name(row),
            row.instructions,
            row.multiplications,
            tokenlatch as f64 / row.instructions as f64
        );
    }
    ExitCode::SUCCESS
}

/// Prints every count that differs from the recorded one. Succeeds if none is worse.
fn check(results: &Emulated) -> Result<ExitCode, Box<dyn Error>> {
    let expected: Emulated = serde_json::from_str(EXPECTED)?;
    let mut is_good = true;
    for row in &results.rows {
        let name = name(row);
        let before = expected.rows.iter().find(|row| self::name(row) == name);
        let before = before.map_or([None; 2], |row| counts(row).map(Some));
        for ((unit, now), before) in UNITS.into_iter().zip(counts(row)).zip(before) {
            let verdict = Verdict::on(before, now);
            if verdict != Verdict::Same {
                let before = before.unwrap_or_default();
                println!("{name} {verdict:?}: {before} -> {now} {unit}");
            }
            is_good &= verdict.is_good();
        }
    }
    println!(
        "{} counts of instructions, and as many of multiplications, with {}",
        results.rows.len(),
        results.rustc
    );
    if is_good {
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "These were expected, with {}. If they must change:",
        expected.rustc
    );
    println!("benches/emulated --record");
    Ok(ExitCode::FAILURE)
}

/// Takes the place of what was recorded of the same contenders.
fn record(results: Emulated) -> Result<ExitCode, Box<dyn Error>> {
    let mut recorded: Emulated = serde_json::from_str(EXPECTED)?;
    recorded.rustc = results.rustc;
    for row in results.rows {
        let name = name(&row);
        let mut before = recorded.rows.iter_mut();
        match before.find(|row| self::name(row) == name) {
            Some(before) => *before = row,
            None => recorded.rows.push(row),
        }
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/emulated.json");
    fs::write(file, serde_json::to_string_pretty(&recorded)? + "\n")?;
    Ok(ExitCode::SUCCESS)
}

const UNITS: [&str; 2] = ["instructions", "multiplications"];

/// Instructions alone would praise code that has fewer and takes longer.
fn counts(row: &EmulatedRow) -> [u64; 2] {
    [row.instructions, row.multiplications]
}

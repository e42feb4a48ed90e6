//! Counts the instructions that verifying takes on this processor, in Valgrind.
//!
//! Valgrind does not know AVX-512, so the code for it is not counted.

#[path = "../gate.rs"]
mod gate;

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use tokenlatch_benches::results::{Instructions, InstructionsRow};
use tokenlatch_benches::{Build, Case, Operation};

use gate::Verdict;

const USAGE: &str = "\
usage: benches/instructions [--json | --check]

Counts the instructions that verifying takes on this processor, in Valgrind.

  --json    prints one JSON object
  --check   compares with benches/expected.json: fails where instructions are 5 % more";

/// `benches/instructions --json` writes the file anew.
const EXPECTED: &str = include_str!("../../expected.json");

/// How often an operation is repeated in each of the two runs. The difference of the runs counts.
const FEW: u64 = 2;
const MANY: u64 = 12;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        [] => count().map(|results| print(&results)),
        ["--json"] => count().and_then(|results| {
            println!("{}", serde_json::to_string_pretty(&results)?);
            Ok(ExitCode::SUCCESS)
        }),
        ["--check"] => count().and_then(|results| check(&results)),
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
        eprintln!("benches/instructions: {error}");
        ExitCode::FAILURE
    })
}

fn count() -> Result<Instructions, Box<dyn Error>> {
    let mut rows = Vec::new();
    for (build, flags) in [
        (Build::WithoutIfma, "--cfg=tokenlatch_without_ifma"),
        (Build::Portable, "--cfg=tokenlatch_portable"),
    ] {
        if build == Build::WithoutIfma && !has_fma() {
            eprintln!("This processor lacks AVX and FMA: only the portable code is counted.");
            continue;
        }
        let program = repeat(build, flags)?;
        for bits in Case::all().iter().map(|case| case.bits) {
            for operation in Operation::ALL {
                let [few, many] = [FEW, MANY].map(|times| run(&program, operation, bits, times));
                rows.push(InstructionsRow {
                    build,
                    bits,
                    operation,
                    instructions: (many? - few?) / (MANY - FEW),
                });
            }
        }
    }
    let rustc = Command::new("rustc").arg("--version").output()?.stdout;
    let rustc = String::from_utf8(rustc)?.trim().into();
    Ok(Instructions { rustc, rows })
}

fn has_fma() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("avx") && is_x86_feature_detected!("fma");
    #[cfg(not(target_arch = "x86_64"))]
    return false;
}

/// Builds the program that does the operations.
fn repeat(build: Build, flags: &str) -> Result<PathBuf, Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let target = target.join("instructions").join(build.name());
    let status = Command::new("cargo")
        .args(["build", "--quiet", "--release", "--locked"])
        .args(["--package", "tokenlatch-benches", "--no-default-features"])
        .args(["--bin", "repeat", "--target-dir"])
        .arg(&target)
        .env("RUSTFLAGS", flags)
        .current_dir(root)
        .status()?;
    if !status.success() {
        return Err("cargo failed".into());
    }
    Ok(target.join("release/repeat"))
}

/// The instructions of a whole run.
fn run(
    program: &Path,
    operation: Operation,
    bits: usize,
    times: u64,
) -> Result<u64, Box<dyn Error>> {
    let output = Command::new("valgrind")
        .args(["--tool=cachegrind", "--cache-sim=no"])
        .arg("--cachegrind-out-file=/dev/null")
        .arg(program)
        .args(["tokenlatch", operation.name()])
        .args([&bits.to_string(), &times.to_string()])
        .output()
        .map_err(|error| format!("valgrind: {error}"))?;
    let text = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("valgrind failed:\n{text}").into());
    }
    // ==1234== I   refs:      12,345,678
    let refs = text.lines().find_map(|line| line.split_once("refs:"));
    let (_, number) = refs.ok_or_else(|| format!("no count of instructions:\n{text}"))?;
    Ok(number.trim().replace(',', "").parse()?)
}

fn name(row: &InstructionsRow) -> String {
    let (build, operation) = (row.build.name(), row.operation.name());
    format!("{build:<17}{:<6}{operation:<17}", row.bits)
}

fn print(results: &Instructions) -> ExitCode {
    println!("{:<40}{:>12}", "", "instructions");
    for row in &results.rows {
        println!("{}{:>12}", name(row), row.instructions);
    }
    ExitCode::SUCCESS
}

/// Prints every count that differs from the recorded one. Succeeds if none is worse.
fn check(results: &Instructions) -> Result<ExitCode, Box<dyn Error>> {
    if cfg!(not(target_arch = "x86_64")) {
        println!("Nothing is compared: the expected counts are those of x86-64.");
        return Ok(ExitCode::SUCCESS);
    }
    let expected: Instructions = serde_json::from_str(EXPECTED)?;
    let mut is_good = true;
    for row in &results.rows {
        let name = name(row);
        let before = expected.rows.iter().find(|row| self::name(row) == name);
        let before = before.map(|row| row.instructions);
        let verdict = Verdict::on(before, row.instructions);
        if verdict != Verdict::Same {
            let before = before.unwrap_or_default();
            println!("{name} {verdict:?}: {before} -> {}", row.instructions);
        }
        is_good &= verdict.is_good();
    }
    let (count, all) = (results.rows.len(), expected.rows.len());
    println!(
        "{count} of {all} counts of instructions, with {}",
        results.rustc
    );
    if is_good {
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "These were expected, with {}. If they must change:",
        expected.rustc
    );
    println!("benches/instructions --json >benches/expected.json");
    Ok(ExitCode::FAILURE)
}

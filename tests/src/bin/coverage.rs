//! What the core's tests do not reach, of what `cargo llvm-cov --json` exported: `tests/assurance/coverage`.
//!
//! `coverage FILE...` takes the exports of several builds, and counts a region as covered if one of them covers it.
//! Of the files it counts what stands before their unit tests.

use std::collections::BTreeMap;
use std::error::Error;
use std::process::ExitCode;
use std::{env, fs};

use serde::Deserialize;

/// The least share of regions that tests have to reach, in percent.
const LEAST: f64 = 98.0;

/// The kind of a region that is code: the others are macros and gaps.
const CODE: u64 = 0;

#[derive(Deserialize)]
struct Export {
    data: Vec<Data>,
}

#[derive(Deserialize)]
struct Data {
    functions: Vec<Function>,
}

#[derive(Deserialize)]
struct Function {
    filenames: Vec<String>,
    /// The first line and column, the last ones, how often it ran, the number of its file, that of the file where it
    /// was expanded, and its kind.
    regions: Vec<[u64; 8]>,
}

/// A region by its file, and where it begins and ends.
type Region = (String, [u64; 4]);

fn main() -> ExitCode {
    match report() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("coverage: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints what was not reached, and says whether that is little enough.
fn report() -> Result<bool, Box<dyn Error>> {
    let mut regions: BTreeMap<Region, u64> = BTreeMap::new();
    for file in env::args().skip(1) {
        let export: Export = serde_json::from_slice(&fs::read(file)?)?;
        for function in export.data.iter().flat_map(|data| &data.functions) {
            for &[line, column, last_line, last_column, count, file, _, kind] in &function.regions {
                let name = &function.filenames[usize::try_from(file)?];
                if kind == CODE && name.contains("/core/src/") {
                    let place = [line, column, last_line, last_column];
                    *regions.entry((name.clone(), place)).or_default() += count;
                }
            }
        }
    }
    let mut sources = BTreeMap::new();
    for (name, _) in regions.keys() {
        if !sources.contains_key(name) {
            sources.insert(name.clone(), fs::read_to_string(name)?);
        }
    }
    regions.retain(|(name, [line, ..]), _| *line < first_line_of_tests(&sources[name]));

    // The code of a line, and how many of its regions were not reached.
    let mut missed: BTreeMap<(&str, u64), u64> = BTreeMap::new();
    let unreached = regions.iter().filter(|(_, count)| **count == 0);
    for ((name, [line, ..]), _) in unreached.clone() {
        *missed.entry((name, *line)).or_default() += 1;
    }
    for ((name, line), regions) in &missed {
        let code = sources[*name].lines().nth(usize::try_from(*line)? - 1);
        let name = name
            .split_once("/core/src/")
            .map_or(*name, |(_, name)| name);
        println!(
            "{name}:{line}: {regions} of: {}",
            code.unwrap_or_default().trim()
        );
    }
    let all = regions.len();
    if all == 0 {
        return Err("no region of the core".into());
    }
    let reached = all - unreached.count();
    let share = 100.0 * reached as f64 / all as f64;
    let files = sources.len();
    println!(
        "evidence: {share:.1} % of {all} regions in {files} files; what is not reached is listed"
    );
    Ok(share >= LEAST)
}

fn first_line_of_tests(source: &str) -> u64 {
    let lines: Vec<&str> = source.lines().collect();
    let begins = |pair: &[&str]| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod tests");
    let at = lines.windows(2).position(begins);
    at.map_or(u64::MAX, |at| at as u64 + 1)
}

//! Runs the commands that show what the README claims, keeps what they found in `tests/evidence.json`, and writes
//! `tests/EVIDENCE.md`.

mod claims;
mod figure;
mod fuzzing;
mod page;
mod records;

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::{env, fs};

use serde::de::DeserializeOwned;

use claims::{Claim, Pace, SUBJECTS};
use figure::Figure;
use fuzzing::Fuzzing;
use records::{Record, Records};

const USAGE: &str = "\
tests/evidence              runs every command, and writes tests/EVIDENCE.md
tests/evidence WORD...      only the commands that have one of these words
tests/evidence --check      runs the quick ones again, and fails where a figure is not the one on record
tests/evidence --write      writes tests/EVIDENCE.md again, of what is on record";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--check"] => check(),
        ["--write"] => read_records().and_then(|records| write(&records)),
        [first, ..] if first.starts_with('-') => Err(USAGE.into()),
        ref words => record(words),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the commands that have one of these words, or all if there are no words.
fn record(words: &[&str]) -> Result<(), Box<dyn Error>> {
    let mut records = read_records()?;
    let mut failed = Vec::new();
    let wanted =
        |claim: &&Claim| words.is_empty() || words.iter().any(|word| claim.command.contains(word));
    for command in all_claims().filter(wanted).map(|claim| claim.command) {
        match run(command) {
            Ok(figure) => {
                let date = today()?;
                records.insert(command.into(), Record { figure, date });
                // What was found is kept, even if a later command is interrupted.
                write(&records)?;
            }
            Err(error) => {
                // What it found before is not what holds now.
                records.remove(command);
                write(&records)?;
                failed.push(error);
            }
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(failed.join("\n").into())
}

fn check() -> Result<(), Box<dyn Error>> {
    let records = read_records()?;
    let mut differences = Vec::new();
    if fs::read_to_string(page_file())? != page_text(&records)? {
        differences
            .push("tests/EVIDENCE.md is not what is on record: tests/evidence --write".into());
    }
    for claim in all_claims().filter(|claim| claim.pace == Pace::Quick) {
        let recorded = records
            .get(claim.command)
            .map(|record| record.figure.as_str());
        match run(claim.command) {
            Ok(figure) if recorded == Some(&figure) => {}
            Ok(figure) => differences.push(format!(
                "{}: {figure}\non record: {}",
                claim.command,
                recorded.unwrap_or("nothing")
            )),
            Err(error) => differences.push(error),
        }
    }
    if differences.is_empty() {
        return Ok(());
    }
    Err(differences.join("\n").into())
}

fn all_claims() -> impl Iterator<Item = &'static Claim> {
    SUBJECTS.iter().flat_map(|(_, claims)| *claims)
}

/// Runs a command in the root of the repository, and returns what it found.
fn run(command: &str) -> Result<String, String> {
    println!("\n$ {command}");
    let failed = |error: &dyn std::fmt::Display| format!("{command}: {error}");
    let mut words = command.split(' ');
    let mut child = Command::new(words.next().unwrap_or_default())
        .args(words)
        .current_dir(root())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| failed(&error))?;
    let mut figure = Figure::default();
    for line in BufReader::new(child.stdout.take().expect("it is piped")).lines() {
        let line = line.map_err(|error| failed(&error))?;
        println!("{line}");
        figure.read(&line);
    }
    let status = child.wait().map_err(|error| failed(&error))?;
    if !status.success() {
        return Err(failed(&status));
    }
    figure.text().ok_or_else(|| failed(&"it says nothing"))
}

fn read_records() -> Result<Records, Box<dyn Error>> {
    read(&records_file())
}

fn page_text(records: &Records) -> Result<String, Box<dyn Error>> {
    let fuzz = root().join("tests/fuzz");
    let fuzzing: Fuzzing = read(&fuzz.join("results.json"))?;
    let mut targets = Vec::new();
    for file in fs::read_dir(fuzz.join("fuzz_targets"))? {
        let name = file?.path().with_extension("");
        targets.extend(name.file_name().map(|name| name.display().to_string()));
    }
    targets.sort();
    Ok(page::text(records, &targets, &fuzzing))
}

fn read<T: DeserializeOwned>(file: &Path) -> Result<T, Box<dyn Error>> {
    Ok(serde_json::from_str(&fs::read_to_string(file)?)?)
}

fn write(records: &Records) -> Result<(), Box<dyn Error>> {
    // What no claim needs any more is forgotten.
    let needed = |command: &String| all_claims().any(|claim| claim.command == command);
    let records: BTreeMap<_, _> = records
        .iter()
        .filter(|(command, _)| needed(command))
        .collect();
    fs::write(
        records_file(),
        serde_json::to_string_pretty(&records)? + "\n",
    )?;
    fs::write(page_file(), page_text(&read_records()?)?)?;
    Ok(())
}

fn today() -> Result<String, Box<dyn Error>> {
    let output = Command::new("date").args(["-u", "+%F"]).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().into())
}

fn records_file() -> PathBuf {
    root().join("tests/evidence.json")
}

fn page_file() -> PathBuf {
    root().join("tests/EVIDENCE.md")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_what_is_on_record() {
        let records = read_records().unwrap();
        let page = fs::read_to_string(page_file()).unwrap();
        assert!(
            page == page_text(&records).unwrap(),
            "tests/evidence --write writes it"
        );
    }

    #[test]
    fn each_claim_has_a_command_of_its_own() {
        let mut commands: Vec<_> = all_claims().map(|claim| claim.command).collect();
        commands.sort_unstable();
        assert!(commands.windows(2).all(|pair| pair[0] != pair[1]));
        for script in commands
            .iter()
            .filter(|command| !command.starts_with("cargo "))
        {
            let script = script.split(' ').next().unwrap();
            assert!(root().join(script).exists(), "{script}");
        }
    }
}

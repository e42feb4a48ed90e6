//! Writes RESULTS.md, its plots, LOAD.md and the figures in README.md from what was measured last.
//!
//! The programs that measure print JSON; `benches/report` keeps it in `benches/results` and then runs
//! this program.

mod device;
mod emulated;
mod figure;
mod host;
mod load;
mod plots;
mod readme;
mod recorded;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use recorded::Recorded;
use tokenlatch_benches::Build;

fn main() -> ExitCode {
    if std::env::args().len() > 1 {
        eprintln!("usage: report");
        return ExitCode::from(2);
    }
    match write() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("report: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write() -> Result<(), Box<dyn Error>> {
    for (file, text) in documents()? {
        fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(())
}

/// What each document must say.
fn documents() -> Result<[(PathBuf, String); 5], Box<dyn Error>> {
    let benches = Path::new(env!("CARGO_MANIFEST_DIR"));
    let recorded = Recorded::read(benches)?;
    let rows = host::merged(&recorded.hosts, Build::Whole);
    let mut signatures = device::device_signatures(&recorded.device, 2048);
    signatures.extend(device::quoted());

    let mut results = String::from(host::INTRODUCTION);
    host::host_section(&mut results, &recorded.hosts)?;
    results.push_str(device::DEVICE);
    device::device_section(&mut results, &recorded.device, &signatures)?;
    device::symbols_table(&mut results, &recorded.symbols)?;
    emulated::emulated_section(&mut results, &recorded.emulated)?;

    let readme = benches.join("../README.md");
    let filled = readme::fill(&fs::read_to_string(&readme)?, &readme::blocks(&recorded)?)?;
    Ok([
        (benches.join("RESULTS.md"), results),
        (benches.join("plots/host.svg"), plots::host(&rows)?),
        (
            benches.join("plots/device.svg"),
            plots::device(&signatures)?,
        ),
        (benches.join("LOAD.md"), load::document(&recorded.load)?),
        (readme, filled),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_says_what_was_measured_last() {
        for (file, text) in documents().unwrap() {
            let said = fs::read_to_string(&file).unwrap();
            assert!(
                said == text,
                "{} is out of date: cargo run --package tokenlatch-benches --bin report",
                file.display()
            );
        }
    }
}

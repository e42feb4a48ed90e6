//! The gate: compares instructions and cycles with the recorded ones.

use std::error::Error;
use std::process::ExitCode;

use crate::cycles::Cycles;
use crate::gate::Verdict;
use crate::results::{Results, Row};

/// The names of what is compared: `benches/target --json` with these names prints a new file.
///
/// All profiles are compared: each is different code, and the programs check its results.
pub(crate) const MEASURED: &[&str] = &[
    "Cortex-M0",
    "Cortex-M3",
    "Cortex-M4",
    "Cortex-M33",
    "RV32IMAC",
    "tokenlatch",
];

const EXPECTED: &str = include_str!("../../expected.json");

/// Prints every count that differs from the recorded one. Succeeds if none is worse.
pub(crate) fn check(results: &Results) -> Result<ExitCode, Box<dyn Error>> {
    let expected: Results = serde_json::from_str(EXPECTED)?;
    let (mut count, mut is_good) = (0, true);
    for row in &results.rows {
        let name = row.name();
        let before = expected.rows.iter().find(|row| row.name() == name);
        for Metric { unit, of } in METRICS {
            let Some(now) = of(row) else {
                continue;
            };
            let before = before.and_then(of);
            let verdict = Verdict::on(before, now);
            if verdict != Verdict::Same {
                let before = before.unwrap_or_default();
                println!("{name} {verdict:?}: {before} -> {now} {unit}");
            }
            count += 1;
            is_good &= verdict.is_good();
        }
    }
    println!(
        "{count} counts of instructions and estimates of cycles, with {}",
        results.rustc
    );
    if is_good {
        return Ok(ExitCode::SUCCESS);
    }
    let (rustc, names) = (expected.rustc, MEASURED.join(" "));
    println!("These were expected, with {rustc}. If they must change:");
    println!("benches/target --json {names} >benches/device/expected.json");
    Ok(ExitCode::FAILURE)
}

struct Metric {
    unit: &'static str,
    of: fn(&Row) -> Option<u64>,
}

/// Instructions alone would praise code that has fewer and takes longer.
const METRICS: [Metric; 2] = [
    Metric {
        unit: "instructions",
        of: |row| Some(row.instructions),
    },
    Metric {
        unit: "cycles",
        of: |row| row.cycles.map(Cycles::middle),
    },
];

//! Adds a run of a target to those in `results.json`: executions and time add up, the rest is that of the last run.
//! Delete the file and `corpus` to begin anew.
//!
//! `record FILE TARGET EXECUTIONS CPU_SECONDS EDGES FEATURES INPUTS DATE RUSTC`

use std::collections::BTreeMap;
use std::error::Error;
use std::{env, fs};

use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [
        file,
        target,
        executions,
        cpu_seconds,
        edges,
        features,
        inputs,
        date,
        rustc,
    ] = &arguments[..]
    else {
        return Err(
            "usage: record FILE TARGET EXECUTIONS CPU_SECONDS EDGES FEATURES INPUTS DATE RUSTC"
                .into(),
        );
    };
    // There is no file before the first run.
    let text = fs::read_to_string(file).unwrap_or_else(|_| "{}".into());
    // Sorted, whichever features of serde_json the targets are built with.
    let mut runs: BTreeMap<String, BTreeMap<String, Value>> = serde_json::from_str(&text)?;
    let earlier = |name| runs.get(target)?.get(name)?.as_u64();
    let number = |text: &String| text.parse::<u64>();
    let run = serde_json::from_value(json!({
        "executions": earlier("executions").unwrap_or(0) + number(executions)?,
        "cpu_seconds": earlier("cpu_seconds").unwrap_or(0) + number(cpu_seconds)?,
        "edges": number(edges)?,
        "features": number(features)?,
        "inputs": number(inputs)?,
        "date": date,
        "rustc": rustc,
    }))?;
    runs.insert(target.clone(), run);
    fs::write(file, serde_json::to_string_pretty(&runs)? + "\n")?;
    Ok(())
}

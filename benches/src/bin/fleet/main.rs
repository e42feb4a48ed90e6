//! Simulates a fleet of key set caches, and one issuer with a rate limit, in virtual time.
//!
//! Prints the figures, and writes them to `results/fleet.json`, `FLEET.md` and `plots/fleet.svg`.
//! `FLEET.md` tells what is simulated.

mod document;
mod figures;
mod issuer;
mod plan;
mod plot;
mod simulation;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use figures::{Figures, Row};
use plan::{HOUR, MINUTE, Plan, Restart, SECOND, Window};
use simulation::Measured;
use tokenlatch_host::key_set::Schedule;

/// How many instances there are.
const INSTANCES: u32 = 10_000;

/// Another seed gives other random waits, and figures that differ a little.
const SEED: u64 = 1;

fn main() -> ExitCode {
    if std::env::args().len() > 1 {
        eprintln!("usage: fleet");
        return ExitCode::from(2);
    }
    let figures = simulate(INSTANCES);
    print!("{}", document::tables(&figures));
    match write(&figures) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fleet: {error}");
            ExitCode::FAILURE
        }
    }
}

fn simulate(instances: u32) -> Figures {
    let (day, windows) = Plan::day(instances);
    let measured = run(&day);
    let quiet = Plan::quiet(instances, 24 * HOUR);
    let mut rows = vec![Row::new(&run(&quiet), &whole("quiet day", &quiet), None)];
    rows.extend(windows.iter().map(|window| {
        let mut rotations = day.rotations.iter();
        let rotation = rotations.position(|rotation| window.span.contains(&rotation.signs));
        Row::new(&measured, window, rotation)
    }));
    let lifetimes = [
        ("30 s or less", Some(Duration::ZERO)),
        ("nothing", None),
        ("1 h", Some(HOUR)),
        ("24 h", Some(24 * HOUR)),
    ];
    let waits = [
        ("nothing", None),
        ("5 s", Some(5 * SECOND)),
        ("30 s", Some(30 * SECOND)),
        ("60 s", Some(MINUTE)),
        ("600 s", Some(10 * MINUTE)),
    ];
    Figures {
        instances,
        rate_limit: quiet.rate_limit,
        rows,
        lifetimes: lifetimes
            .map(|(name, max_age)| lifetime(instances, name, max_age))
            .into(),
        waits: waits
            .map(|(name, retry_after)| wait(instances, name, retry_after))
            .into(),
        points: figures::points(&measured),
    }
}

/// An issuer that says this in `Cache-Control`, and has no rate limit.
fn lifetime(instances: u32, name: &'static str, max_age: Option<Duration>) -> Row {
    let plan = Plan {
        max_age,
        rate_limit: f64::from(instances),
        ..Plan::quiet(instances, 2 * HOUR)
    };
    Row::new(&run(&plan), &whole(name, &plan), None)
}

/// An issuer that says this in `Retry-After`, when all instances restart.
fn wait(instances: u32, name: &'static str, retry_after: Option<Duration>) -> Row {
    let at = MINUTE;
    let plan = Plan {
        retry_after,
        restarts: vec![Restart {
            at,
            has_snapshot: false,
        }],
        ..Plan::quiet(instances, HOUR)
    };
    let window = Window {
        span: at..plan.length,
        after: at + 10 * SECOND,
        ..whole(name, &plan)
    };
    Row::new(&run(&plan), &window, None)
}

fn run(plan: &Plan) -> Measured {
    simulation::run(plan, Schedule::default(), SEED)
}

/// All of a plan in one row.
fn whole(name: &'static str, plan: &Plan) -> Window {
    Window {
        name,
        label: name,
        span: Duration::ZERO..plan.length,
        after: Duration::ZERO,
    }
}

fn write(figures: &Figures) -> Result<(), Box<dyn Error>> {
    for (file, text) in documents(figures)? {
        fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(())
}

/// What each document must say.
fn documents(figures: &Figures) -> Result<[(PathBuf, String); 3], Box<dyn Error>> {
    let benches = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = benches.join("FLEET.md");
    let text = document::fill(&fs::read_to_string(&document)?, &document::tables(figures))?;
    let json = serde_json::to_string(figures)? + "\n";
    Ok([
        (benches.join("results/fleet.json"), json),
        (benches.join("plots/fleet.svg"), plot::day(figures)?),
        (document, text),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_and_the_plot_say_what_was_simulated_last() {
        let benches = Path::new(env!("CARGO_MANIFEST_DIR"));
        let read = |file| fs::read_to_string(benches.join(file)).unwrap();
        let figures: Figures = serde_json::from_str(&read("results/fleet.json")).unwrap();
        for (file, text) in documents(&figures).unwrap() {
            let said = fs::read_to_string(&file).unwrap();
            assert!(
                said == text,
                "{} is out of date: cargo run --release -p tokenlatch-benches --bin fleet",
                file.display()
            );
        }
    }
}

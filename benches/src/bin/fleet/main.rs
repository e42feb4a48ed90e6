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
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use figures::{Figures, Row};
use plan::{HOUR, MINUTE, Plan, Restart, SECOND, Window};
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
    let quiet = Plan::quiet(instances, 24 * HOUR);
    let (day, windows) = Plan::day(instances);
    let measured = simulation::run(&day, Schedule::default(), SEED);
    let mut rows = vec![whole("quiet day", &quiet)];
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
            .map(|(name, max_age)| {
                let length = 2 * HOUR;
                // The issuer expects what it asks for.
                let rate_limit = f64::from(instances);
                whole(
                    name,
                    &Plan {
                        max_age,
                        rate_limit,
                        ..Plan::quiet(instances, length)
                    },
                )
            })
            .into(),
        waits: waits
            .map(|(name, retry_after)| {
                let restarts = vec![Restart {
                    at: MINUTE,
                    has_snapshot: false,
                }];
                let plan = Plan {
                    retry_after,
                    restarts,
                    ..Plan::quiet(instances, HOUR)
                };
                let window = Window {
                    name,
                    span: MINUTE..HOUR,
                    after: MINUTE + 10 * SECOND,
                };
                let measured = simulation::run(&plan, Schedule::default(), SEED);
                Row::new(&measured, &window, None)
            })
            .into(),
        points: figures::points(&measured),
    }
}

/// All of a plan in one row.
fn whole(name: &'static str, plan: &Plan) -> Row {
    let window = Window {
        name,
        span: Duration::ZERO..plan.length,
        after: Duration::ZERO,
    };
    Row::new(
        &simulation::run(plan, Schedule::default(), SEED),
        &window,
        None,
    )
}

fn write(figures: &Figures) -> Result<(), Box<dyn Error>> {
    let benches = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = benches.join("FLEET.md");
    let text = document::fill(
        &fs::read_to_string(&document).unwrap_or_default(),
        &document::tables(figures),
    )?;
    for (file, text) in [
        (
            benches.join("results/fleet.json"),
            serde_json::to_string(figures)? + "\n",
        ),
        (benches.join("plots/fleet.svg"), plot::day(figures)?),
        (document, text),
    ] {
        fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(())
}

//! Measures services under load on loopback, each behind another guard.
//!
//! wrk sends the requests, always the same one, from a core of its own; one service at a time responds on
//! another core. All of them take turns, in an order that moves on each round, and the median counts. Before each
//! turn the service must reject what is no good token: a guard that lets everything pass fails the run. A turn
//! that other programs disturb is taken again.

mod contender;
mod guards;
mod probe;
mod process;
mod proxy;
mod service;
mod wrk;

use std::error::Error;
use std::fs;
use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::Instant;

use tokenlatch_benches::results::{Load, LoadRow, Skipped};
use tokenlatch_benches::{Case, machine};

use contender::Contender;
use guards::Guarding;
use probe::Probes;
use wrk::Sample;

const USAGE: &str =
    "usage: load [--rounds NUMBER] [--seconds NUMBER] [--serve PROGRAM] [--json FILE]

PROGRAM is the program `tokenlatch`, for the contender that is `tokenlatch serve` behind nginx.
FILE is written; the table goes to standard output.";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.next_if(|it| it == service::RESPOND).is_some() {
        return respond(arguments.next());
    }
    let Some(settings) = Settings::parse(arguments) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match measure(&settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("load: {error}");
            ExitCode::FAILURE
        }
    }
}

struct Settings {
    rounds: usize,
    /// How long each turn is.
    seconds: u64,
    /// The program `tokenlatch`.
    serve: Option<PathBuf>,
    json: Option<PathBuf>,
}

impl Settings {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Option<Self> {
        let mut settings = Self {
            rounds: 5,
            seconds: 5,
            serve: None,
            json: None,
        };
        while let Some(name) = arguments.next() {
            let value = arguments.next()?;
            match name.as_str() {
                "--rounds" => settings.rounds = value.parse().ok().filter(|rounds| *rounds > 0)?,
                "--seconds" => settings.seconds = value.parse().ok().filter(|it| *it > 0)?,
                "--serve" => settings.serve = Some(value.into()),
                "--json" => settings.json = Some(value.into()),
                _ => return None,
            }
        }
        Some(settings)
    }
}

/// What the child processes do.
fn respond(guarding: Option<String>) -> ExitCode {
    let Some(guarding) = guarding.as_deref().and_then(Guarding::named) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    guards::run(guarding, &Case::all()[0]);
    ExitCode::SUCCESS
}

fn measure(settings: &Settings) -> Result<(), Box<dyn Error>> {
    let case = &Case::all()[0];
    let probes = Probes::of(case);
    let (contenders, skipped) = contender::all(settings.serve.as_deref());
    for Skipped { contender, reason } in &skipped {
        eprintln!("skipped: {contender}: {reason}");
    }
    let mut turns = vec![Vec::new(); contenders.len()];
    for round in 0..settings.rounds {
        eprintln!("round {} of {}", round + 1, settings.rounds);
        for place in 0..contenders.len() {
            let at = (round + place) % contenders.len();
            let contender = &contenders[at];
            let complain = |error| format!("{}: {error}", contender.name);
            let turn = take_turn(contender, case, &probes, settings.seconds).map_err(complain)?;
            turns[at].push(turn);
        }
    }
    let undisturbed: Vec<_> = turns.iter().map(|turns| counted(turns)).collect();
    let load = Load {
        date: machine::date(),
        processor: machine::processor(),
        parallelism: thread::available_parallelism().map_or(1, NonZero::get),
        rustc: machine::rustc(),
        wrk: wrk::version()?,
        connections: wrk::CONNECTIONS,
        rounds: settings.rounds,
        seconds: settings.seconds,
        token_len: case.token.len(),
        rows: rows(&contenders, &undisturbed),
        skipped,
    };
    print(&load);
    if let Some(file) = &settings.json {
        let json = serde_json::to_string_pretty(&load)?;
        fs::write(file, json + "\n").map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(())
}

/// What a turn gave.
#[derive(Clone)]
struct Turn {
    sample: Sample,
    /// The time that the service's processes had on a processor, in microseconds.
    cpu_per_request: f64,
    /// How much of the time it had the core.
    share: f64,
}

impl Turn {
    fn is_disturbed(&self) -> bool {
        self.share < LEAST_SHARE
    }
}

/// A service under load takes all of its core. With less than this, other programs took some of it, or of wrk's.
const LEAST_SHARE: f64 = 0.9;

/// How often a turn is taken that other programs disturb.
const ATTEMPTS: usize = 5;

/// The turn that other programs disturbed least, of as many as it takes.
fn take_turn(
    contender: &Contender,
    case: &Case,
    probes: &Probes,
    seconds: u64,
) -> Result<Turn, Box<dyn Error>> {
    let mut best = attempt(contender, case, probes, seconds)?;
    for _ in 1..ATTEMPTS {
        if !best.is_disturbed() {
            break;
        }
        let turn = attempt(contender, case, probes, seconds)?;
        if turn.share > best.share {
            best = turn;
        }
    }
    Ok(best)
}

fn attempt(
    contender: &Contender,
    case: &Case,
    probes: &Probes,
    seconds: u64,
) -> Result<Turn, Box<dyn Error>> {
    let service = (contender.start)(case)?;
    probes.check(service.address, contender.is_guarded)?;
    wrk::run(service.address, &case.token, 1)?;
    let before = service.cpu_time()?;
    let start = Instant::now();
    let sample = wrk::run(service.address, &case.token, seconds)?;
    let elapsed = start.elapsed();
    let cpu_time = service.cpu_time()? - before;
    let turn = Turn {
        cpu_per_request: cpu_time.as_secs_f64() * 1e6 / sample.requests as f64,
        share: cpu_time.div_duration_f64(elapsed),
        sample,
    };
    eprintln!(
        "{}: {:.0} requests/s with {:.0} % of the core",
        contender.name,
        turn.sample.requests_per_second,
        100.0 * turn.share
    );
    Ok(turn)
}

/// The turns that count: those that no other program disturbed, or all if there is no such turn.
fn counted(turns: &[Turn]) -> Vec<Turn> {
    let undisturbed = turns.iter().filter(|turn| !turn.is_disturbed());
    let undisturbed: Vec<_> = undisturbed.cloned().collect();
    if undisturbed.is_empty() {
        turns.to_vec()
    } else {
        undisturbed
    }
}

fn rows(contenders: &[Contender], turns: &[Vec<Turn>]) -> Vec<LoadRow> {
    let median_of = |at: usize, figure: fn(&Turn) -> f64| median(turns[at].iter().map(figure));
    let requests_per_second = |turn: &Turn| turn.sample.requests_per_second;
    let rows = contenders.iter().enumerate().map(|(at, contender)| {
        let all = turns[at].iter().map(requests_per_second);
        LoadRow {
            contender: contender.name.clone(),
            baseline: contenders[contender.baseline].name.clone(),
            turns: turns[at].len(),
            is_disturbed: turns[at].iter().any(Turn::is_disturbed),
            requests_per_second: median_of(at, requests_per_second),
            lowest: all.clone().fold(f64::INFINITY, f64::min),
            highest: all.fold(0.0, f64::max),
            p50_microseconds: median_of(at, |turn| turn.sample.p50_microseconds),
            p99_microseconds: median_of(at, |turn| turn.sample.p99_microseconds),
            cpu_microseconds: median_of(at, |turn| turn.cpu_per_request),
            ratio: median_of(at, requests_per_second)
                / median_of(contender.baseline, requests_per_second),
        }
    });
    rows.collect()
}

fn median(samples: impl Iterator<Item = f64>) -> f64 {
    let mut samples: Vec<f64> = samples.collect();
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}

fn print(load: &Load) {
    println!("requests/s, latency and CPU per request: medians; ratio: requests/s by those of the");
    println!("same service without a guard\n");
    println!(
        "{:<36} {:>5} {:>10} {:>17} {:>9} {:>9} {:>9} {:>6}",
        "contender",
        "turns",
        "requests/s",
        "lowest-highest",
        "p50, µs",
        "p99, µs",
        "CPU, µs",
        "ratio"
    );
    for row in &load.rows {
        println!(
            "{:<36} {:>5} {:>10.0} {:>17} {:>9.0} {:>9.0} {:>9.1} {:>6.2}",
            row.contender,
            row.turns,
            row.requests_per_second,
            format!("{:.0}-{:.0}", row.lowest, row.highest),
            row.p50_microseconds,
            row.p99_microseconds,
            row.cpu_microseconds,
            row.ratio
        );
    }
    for Skipped { contender, reason } in &load.skipped {
        println!("{contender:<36} skipped: {reason}");
    }
    if load.rows.iter().any(|row| row.is_disturbed) {
        println!(
            "\nOther programs disturbed all turns of a contender: measure again on a quiet machine."
        );
    }
}

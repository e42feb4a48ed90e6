//! Measures all contenders against each other, in under a minute.
//!
//! They take turns: in each round every contender runs for a moment, so that other load on the machine slows
//! all of them. Absolute times say little; ratios hold. Fails where another contender verifies a token as fast.

use std::collections::BTreeMap;
use std::env;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use tokenlatch_benches::results::{Host, HostRow};
use tokenlatch_benches::{
    Build, CONTENDERS, Case, Contender, Operation, Task, allocations, machine,
};

/// How long each operation is measured with each key.
const PER_OPERATION: Duration = Duration::from_millis(3500);

/// How long a contender's turn is, unless once takes longer.
const TURN: Duration = Duration::from_micros(200);

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let is_json = match arguments.as_slice() {
        [] => false,
        [json] if json == "--json" => true,
        _ => {
            eprintln!("usage: ratios [--json]");
            return ExitCode::from(2);
        }
    };
    let cases = Case::all().into_iter().map(Case::leak);
    let host = Host {
        date: machine::date(),
        processor: machine::processor(),
        rustc: machine::rustc(),
        build: Build::THIS,
        rows: cases
            .flat_map(|case| Operation::ALL.map(|operation| measure(operation, case)))
            .flatten()
            .collect(),
    };
    if is_json {
        println!("{}", serde_json::to_string_pretty(&host).expect("JSON"));
        return ExitCode::SUCCESS;
    }
    print(&host);
    judge(&host)
}

fn measure(operation: Operation, case: &'static Case) -> Vec<HostRow> {
    let mut turns: Vec<Turn> = CONTENDERS
        .iter()
        .filter_map(|contender| Turn::new(contender, (contender.prepare)(operation, case)?))
        .collect();
    assert_eq!(turns[0].allocations, 0, "Tokenlatch must not allocate");
    let start = Instant::now();
    while start.elapsed() < PER_OPERATION {
        for turn in &mut turns {
            turn.take();
        }
    }
    let medians: Vec<f64> = turns.iter_mut().map(Turn::median).collect();
    let tokenlatch = medians[0];
    turns
        .into_iter()
        .zip(medians)
        .map(|(turn, nanoseconds)| HostRow {
            operation,
            bits: case.bits,
            contender: turn.contender.name.into(),
            version: turn.contender.version(),
            nanoseconds,
            ratio: tokenlatch / nanoseconds,
            allocations: turn.allocations,
        })
        .collect()
}

/// A contender whose turn comes again and again.
struct Turn {
    contender: &'static Contender,
    task: Task,
    allocations: u64,
    /// How often it does the operation in a turn.
    times: u32,
    /// Nanoseconds for once, in each turn.
    samples: Vec<f64>,
}

impl Turn {
    fn new(contender: &'static Contender, mut task: Task) -> Option<Self> {
        // The first time some of them set up what they keep.
        assert!(task(), "{} rejected what is good", contender.name);
        let allocations = allocations(&mut task);
        let once = (0..5).map(|_| time(&mut task, 1)).min()?;
        let times = TURN.as_nanos() / once.as_nanos().max(1);
        Some(Self {
            contender,
            task,
            allocations,
            times: u32::try_from(times).unwrap_or(u32::MAX).max(1),
            samples: Vec::new(),
        })
    }

    fn take(&mut self) {
        // Once to warm the caches, which another contender just used.
        time(&mut self.task, 1);
        let turn = time(&mut self.task, self.times);
        self.samples
            .push(turn.as_nanos() as f64 / f64::from(self.times));
    }

    fn median(&mut self) -> f64 {
        self.samples.sort_by(f64::total_cmp);
        self.samples[self.samples.len() / 2]
    }
}

fn time(task: &mut Task, times: u32) -> Duration {
    let start = Instant::now();
    for _ in 0..times {
        black_box(task());
    }
    start.elapsed()
}

fn print(host: &Host) {
    let build = host.build.name();
    println!("{}, {}, {}", host.processor, host.rustc, host.date);
    println!("Tokenlatch {build}");
    println!("ratio: Tokenlatch's time divided by the contender's\n");
    println!(
        "{:<16} {:>4}  {:<28} {:>8} {:>6} {:>12}",
        "operation", "bits", "contender", "us", "ratio", "allocations"
    );
    for row in &host.rows {
        println!(
            "{:<16} {:>4}  {:<28} {:>8.2} {:>6.2} {:>12}",
            row.operation.name(),
            row.bits,
            row.contender,
            row.nanoseconds / 1000.0,
            row.ratio,
            row.allocations
        );
    }
}

/// Says how close the fastest of the others comes, by the bits of the key.
fn judge(host: &Host) -> ExitCode {
    let mut highest = BTreeMap::new();
    for row in &host.rows {
        if row.operation == Operation::WholeToken && row.contender != CONTENDERS[0].name {
            let ratio = highest.entry(row.bits).or_insert(row.ratio);
            *ratio = row.ratio.max(*ratio);
        }
    }
    let ratios: Vec<_> = highest
        .iter()
        .map(|(bits, ratio)| format!("{ratio:.2} ({bits} bits)"))
        .collect();
    println!(
        "\nevidence: {} of the time that the fastest of the others takes for a token",
        ratios.join(", ")
    );
    if highest.is_empty() || highest.values().any(|ratio| *ratio >= 1.0) {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

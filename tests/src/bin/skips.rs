//! Skips each instruction of the example door, and turns round each of its decisions, one a run, while the door judges
//! what must not open it. Prints what becomes of the runs, and fails if a fault of one instruction moves the bolt.
//!
//! `skips [SCENE]...`

use std::collections::BTreeMap;
use std::env;
use std::process::ExitCode;

use tokenlatch_tests::figures::grouped;
use tokenlatch_tests::skips::{Door, Outcome, Scene, Stage, When, forged, is_weak};

fn main() -> ExitCode {
    let names: Vec<String> = env::args().skip(1).collect();
    let mut scenes = forged();
    scenes.retain(|scene| names.is_empty() || names.iter().any(|name| name == scene.name));
    assert!(!scenes.is_empty(), "no such scene");

    let door = Door::build();
    // Without this, the campaign could not tell a door that is open from one that is shut.
    assert!(is_weak(&door), "a door without a verifier has to open");
    println!(
        "{:18} | {:17} | {:>6} | rejected | silent | crashed |   hung |  moved",
        "scene", "fault", "runs"
    );
    let mut all = Tally::default();
    for scene in &scenes {
        let tally = campaign(&door, scene);
        for (when, counts) in &tally {
            print_row(scene.name, when, counts);
        }
        for (when, counts) in tally {
            let all = all.entry(when).or_default();
            for (outcome, count) in counts {
                *all.entry(outcome).or_default() += count;
            }
        }
    }
    for (when, counts) in &all {
        print_row("all", when, counts);
    }
    let [(once, moved), (always, always_moved)] = [ONE, EVERY].map(|when| {
        let counts = &all[when];
        (
            counts.values().sum(),
            counts.get(&Outcome::Moved).copied().unwrap_or_default(),
        )
    });
    println!(
        "evidence: {} of {} faults of one instruction move the bolt, {} of {} that stay do",
        grouped(moved),
        grouped(once),
        grouped(always_moved),
        grouped(always),
    );
    if moved == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// How many runs of each kind of fault ended in which way.
type Tally = BTreeMap<&'static str, BTreeMap<Outcome, u64>>;

const ONE: &str = "one instruction";
const EVERY: &str = "it stays";

fn campaign(door: &Door, scene: &Scene) -> Tally {
    let stage = Stage::set(door, scene);
    let faults: Vec<_> = stage
        .executed()
        .into_iter()
        .filter(|(address, _)| scene.is_for_all || door.leads_to_the_verdict(*address))
        .flat_map(|(address, count)| door.faults(address, count))
        .collect();
    let mut tally = Tally::default();
    for (fault, outcome) in faults.iter().zip(stage.inject(&faults)) {
        let Some(outcome) = outcome else {
            continue;
        };
        let when = if fault.when == When::Always {
            EVERY
        } else {
            ONE
        };
        *tally.entry(when).or_default().entry(outcome).or_default() += 1;
        if outcome == Outcome::Moved {
            let (function, offset) = door.place(fault.address);
            println!(
                "moved: {}: {:x?} in place of {:x?} at {:#x}, {function} + {offset}: {when}",
                scene.name,
                fault.changed,
                door.instruction(fault.address).bytes(),
                fault.address,
            );
        }
    }
    tally
}

fn print_row(scene: &str, when: &str, counts: &BTreeMap<Outcome, u64>) {
    use Outcome::{Crashed, Hung, Moved, Rejected, Silent};
    let [rejected, silent, crashed, hung, moved] = [Rejected, Silent, Crashed, Hung, Moved]
        .map(|outcome| counts.get(&outcome).copied().unwrap_or_default());
    let runs: u64 = counts.values().sum();
    println!(
        "{scene:18} | {when:17} | {runs:6} | {rejected:8} | {silent:6} | {crashed:7} | {hung:6} | {moved:6}"
    );
}

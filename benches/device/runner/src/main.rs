//! Counts what verifying takes on microcontrollers, in QEMU: Tokenlatch's and its Rust peers'.

mod cycles;
mod expected;
#[path = "../../../src/gate.rs"]
mod gate;
mod image;
mod plan;
mod qemu;
#[path = "../../../src/qemu_log.rs"]
mod qemu_log;
mod results;
mod symbols;
mod trace;

use std::env;
use std::error::Error;
use std::fmt::Display;
use std::process::ExitCode;

use plan::Plan;
use results::Results;
use serde::Serialize;
use symbols::Symbols;

const USAGE: &str = "\
usage: benches/target [--json | --check | --symbols [--json]] [TARGET | PROFILE | IMPLEMENTATION]...

Counts the instructions that verifying takes on microcontrollers, and its stack, heap and flash. On a
Cortex-M3, M4 and M33, estimates the cycles with keys of 2048 bits: every executed instruction is weighed,
by Arm's manuals or, for the M33, by what others measured, without wait states. The figure is the middle
between the least and the most in brackets. On a board, the image counts real cycles:
benches/device/image/src/lib.rs says how.

  --json    prints one JSON object
  --check   compares instructions and cycles with benches/device/expected.json: fails where they are
            5 % more
  --symbols lists the functions and constants that the whole verifier adds to a program, and their
            bytes of flash: on a Cortex-M3 for size, where nothing is named

targets           Cortex-M0 Cortex-M3 Cortex-M4 Cortex-M33 RV32IMAC
variants          Cortex-M4F Cortex-M7 Cortex-M33F
profiles          size speed opt-1 opt-2 opt-z
implementations   tokenlatch crypto-bigint rsa_heapless rsa
Of each, all are measured where none is named; peers and variants in the profiles size and speed, and rsa
not on a Cortex-M0, which lacks the atomic instructions that it needs. A variant differs by its compiler's
options: an FPU, whose registers take arguments (F), or the order of instructions that suits a Cortex-M7.";

fn main() -> ExitCode {
    if env::args().any(|argument| argument == "--help") {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let Some(arguments) = Arguments::parse(env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("benches/target: {error}");
            ExitCode::FAILURE
        }
    }
}

struct Arguments {
    task: Task,
    is_json: bool,
    plan: Plan,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Task {
    Measure,
    Check,
    ListSymbols,
}

impl Arguments {
    fn parse(arguments: impl Iterator<Item = String>) -> Option<Self> {
        let (mut task, mut is_json, mut names) = (Task::Measure, false, Vec::new());
        for argument in arguments {
            match argument.as_str() {
                "--json" => is_json = true,
                "--check" => task = Task::Check,
                "--symbols" => task = Task::ListSymbols,
                _ => names.push(argument),
            }
        }
        let plan = match task {
            Task::Check if names.is_empty() && !is_json => Plan::of(expected::MEASURED)?,
            Task::Check => return None,
            Task::ListSymbols if names.is_empty() => Plan::of(symbols::LISTED)?,
            Task::ListSymbols | Task::Measure => Plan::of(&names)?,
        };
        Some(Self {
            task,
            is_json,
            plan,
        })
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let Arguments {
        task,
        is_json,
        plan,
    } = arguments;
    plan.require_tools()?;
    match task {
        Task::Measure => print(&Results::measure(plan, true)?, *is_json)?,
        Task::Check => return expected::check(&Results::measure(plan, false)?),
        Task::ListSymbols => print(&Symbols::list(plan)?, *is_json)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn print<T: Display + Serialize>(results: &T, is_json: bool) -> Result<(), Box<dyn Error>> {
    if is_json {
        println!("{}", serde_json::to_string_pretty(results)?);
    } else {
        print!("{results}");
    }
    Ok(())
}

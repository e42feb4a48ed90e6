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
mod trace;

use std::env;
use std::error::Error;
use std::process::ExitCode;

use plan::Plan;
use results::Results;

const USAGE: &str = "\
usage: benches/target [--json | --check] [TARGET | PROFILE | IMPLEMENTATION]...

Counts the instructions that verifying takes on microcontrollers, and its stack, heap and flash. On a
Cortex-M3 and M4, estimates the cycles with keys of 2048 bits: every executed instruction is weighed by
Arm's manuals, without wait states. The figure is the middle between the least and the most in brackets.
On a board, the image counts real cycles: benches/device/image/src/lib.rs says how.

  --json    prints one JSON object
  --check   compares instructions and cycles with benches/device/expected.json: fails where they are
            5 % more

targets           Cortex-M0 Cortex-M3 Cortex-M4 RV32IMAC
profiles          size speed opt-1 opt-2 opt-z
implementations   tokenlatch crypto-bigint rsa_heapless rsa
Of each, all are measured where none is named; peers in the profiles size and speed, and rsa not on a
Cortex-M0, which lacks the atomic instructions that it needs.";

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
    output: Output,
    plan: Plan,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Output {
    Table,
    Json,
    Check,
}

impl Arguments {
    fn parse(arguments: impl Iterator<Item = String>) -> Option<Self> {
        let (mut output, mut names) = (Output::Table, Vec::new());
        for argument in arguments {
            match argument.as_str() {
                "--json" => output = Output::Json,
                "--check" => output = Output::Check,
                _ => names.push(argument),
            }
        }
        let plan = match output {
            Output::Check if names.is_empty() => Plan::of(expected::MEASURED)?,
            Output::Check => return None,
            Output::Table | Output::Json => Plan::of(&names)?,
        };
        Some(Self { output, plan })
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode, Box<dyn Error>> {
    arguments.plan.require_tools()?;
    let results = Results::measure(&arguments.plan)?;
    match arguments.output {
        Output::Table => print!("{results}"),
        Output::Json => println!("{}", serde_json::to_string_pretty(&results)?),
        Output::Check => return expected::check(&results),
    }
    Ok(ExitCode::SUCCESS)
}

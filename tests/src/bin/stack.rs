//! Bounds the stack of the verifier on a Cortex-M3 by its call graph, and compares with what was painted.
//! `tests/assurance/stack` says the rest.

use std::process::ExitCode;

use tokenlatch_tests::device;
use tokenlatch_tests::footprint::{Footprint, RECORDED};
use tokenlatch_tests::stack::{Bound, Program};

/// What is bounded: its name in the footprint, its function in `flash-key-set`, where any policy may come, and
/// a function that only this one reaches.
const VERIFY: [&str; 3] = [
    "verify_in_place",
    "tokenlatch_device_image::whole_token::verify",
    "tokenlatch::rs256::verifies",
];
const READ: [&str; 3] = [
    "JwkSet::read_json",
    "tokenlatch_device_image::whole_token::read_key_set",
    "tokenlatch::jwk_set::JwkSet<_,_>::add",
];

/// What `measure` calls to measure an operation, in the program where the stack is painted.
const MEASURED: &str = "tokenlatch_device_image::machine::in_a_frame_of_its_own";

fn main() -> ExitCode {
    match check() {
        Ok(evidence) => {
            println!("\nevidence: {evidence}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("stack: {error}");
            ExitCode::FAILURE
        }
    }
}

fn check() -> Result<String, String> {
    let recorded: Footprint = serde_json::from_str(RECORDED).map_err(|error| error.to_string())?;
    let mut figures = Vec::new();
    for (capacity, feature) in [(2048, ""), (4096, "capacity-4096")] {
        let read = |program| {
            device::build(program, device::RELEASE, feature).and_then(|path| Program::read(&path))
        };
        let (any, painted) = (read("flash-key-set")?, read("documents")?);
        for [name, function, within] in [VERIFY, READ] {
            let bound = one_bound(&any, function, within)?;
            let of_painted = one_bound(&painted, MEASURED, within)?;
            let row = recorded.rows.iter().find(|row| {
                row.memory == "stack" && row.function == name && row.capacity == capacity
            });
            let row = row.ok_or_else(|| format!("no stack of {name} is recorded"))?;
            print(name, capacity, &bound);
            let (bytes, of_painted) = (u64::from(bound.bytes), u64::from(of_painted.bytes));
            println!(
                "painted: {} bytes, in a program that has a bound of {of_painted}",
                row.bytes
            );
            if of_painted < row.bytes {
                return Err(format!("{name}: more was painted than the bound allows"));
            }
            figures.push(format!(
                "{name} {bytes} ({} of {of_painted}) at {capacity} bits",
                row.bytes
            ));
        }
    }
    // For which nothing is painted.
    for profile in [device::SIZE, device::SPEED] {
        let any =
            device::build("flash-key-set", profile, "").and_then(|path| Program::read(&path))?;
        let mut of_profile = Vec::new();
        for [name, function, within] in [VERIFY, READ] {
            let bound = one_bound(&any, function, within)?;
            print(name, 2048, &bound);
            of_profile.push(format!("{name} {}", bound.bytes));
        }
        figures.push(format!("for {}: {}", profile.name, of_profile.join(", ")));
    }
    Ok(format!(
        "no recursion, no unknown call; bytes of stack at most (painted, of the painted program's bound): \
         {}",
        figures.join("; ")
    ))
}

/// The bound of the function of a name that reaches another one.
fn one_bound(program: &Program, name: &str, within: &str) -> Result<Bound, String> {
    let bounds: Result<Vec<_>, _> = program
        .functions(name)
        .map(|at| program.bound(at))
        .collect();
    let mut bounds = bounds?
        .into_iter()
        .filter(|bound| bound.functions.contains(within));
    match (bounds.next(), bounds.next()) {
        (Some(bound), None) => Ok(bound),
        _ => Err(format!("not one {name} that reaches {within}")),
    }
}

fn print(name: &str, capacity: u32, bound: &Bound) {
    println!(
        "\n{name}, keys up to {capacity} bits: at most {} bytes",
        bound.bytes
    );
    println!(
        "{} functions are reached. The deepest path:",
        bound.functions.len()
    );
    for (function, bytes) in &bound.path {
        println!("{bytes:>6}  {function}");
    }
    println!(
        "calls by a register, in {}, go to one of",
        bound.indirect.join(", ")
    );
    for target in &bound.targets {
        println!("        {target}");
    }
}

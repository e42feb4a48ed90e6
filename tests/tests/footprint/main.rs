//! The memory that the verifier takes on a Cortex-M3: stack at worst, over hostile input, and flash.

mod cases;

use std::fs;
use std::ops::Range;
use std::path::Path;

use object::{Object as _, ObjectSection as _};
use tokenlatch_tests::firmware;
use tokenlatch_tests::issuer::Issuer;

use cases::Case;

/// What is measured, and between which bytes it must be.
///
/// The figures change with the compiler: they have bounds instead, against a core that grew and
/// against a measurement that measures nothing.
const FIGURES: [(&str, Range<u64>); 4] = [
    ("stack: verify_in_place", 1024..4 * 1024),
    ("stack: JwkSet::from_json, room for 2 keys", 1024..12 * 1024),
    ("flash: verify_in_place", 4 * 1024..32 * 1024),
    ("flash: JwkSet::from_json besides", 1024..8 * 1024),
];

#[test]
fn the_memory_it_takes_is_bounded() {
    let short = measure(Issuer::rfc7515(), "");
    let long = measure(&Issuer::generate(4096, "long"), "capacity-4096");
    println!("bytes on a Cortex-M3, by the capacity      2048 bits  4096 bits");
    for (((what, bounds), short), long) in FIGURES.into_iter().zip(short).zip(long) {
        println!("{what:<41}{short:>11}{long:>11}");
        assert!(bounds.contains(&short) && bounds.contains(&long), "{what}");
    }
}

#[test]
fn the_profiles_are_for_size_and_for_speed() {
    let verify = |profile| flash(profile, "verify") - flash(profile, "");
    let [size, release, speed] = [firmware::SIZE, firmware::RELEASE, firmware::SPEED].map(verify);
    println!("flash of verify_in_place on a Cortex-M3, keys up to 2048 bits");
    println!("for size {size}, as it is {release}, for speed {speed}");
    assert!(size + 6 * 1024 < release && release < speed && speed < 40 * 1024);
}

/// The figures with an issuer's key, and the feature that makes room for it.
fn measure(issuer: &Issuer, capacity: &str) -> [u64; FIGURES.len()] {
    let cases = cases::all(issuer);
    let stacks = stacks(capacity, &cases);
    let worst = |is_key_set| {
        let cases = cases.iter().zip(&stacks);
        let chosen = cases.filter(|(case, _)| case.line.starts_with('{') == is_key_set);
        chosen.map(|(_, stack)| *stack).max().expect("a case")
    };
    let flash = |features: &str| flash(firmware::RELEASE, &format!("{capacity},{features}"));
    let [nothing, verify, both] = ["", "verify", "verify,load"].map(flash);
    [worst(false), worst(true), verify - nothing, both - verify]
}

/// The bytes of code and constants in the program `flash`.
fn flash(profile: &[&str], features: &str) -> u64 {
    let program = firmware::build("flash", profile, features).expect("it builds");
    let program = fs::read(program).expect("the program");
    let program = object::File::parse(&*program).expect("an ELF file");
    let sections = [".text", ".rodata"].map(|name| program.section_by_name(name));
    let sizes = sections.iter().flatten().map(|section| section.size());
    sizes.sum()
}

/// The bytes of stack that each case takes, once it has got the verdict that it deserves.
fn stacks(features: &str, cases: &[Case]) -> Vec<u64> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let lines: String = cases
        .iter()
        .map(|case| format!("{}\n", case.line))
        .collect();
    fs::write(folder.join("cases.txt"), lines).expect("the file is written");
    let output = firmware::cargo()
        .args(["run", "--release", "--locked", "--bin", "stack"])
        .args(["--features", features, "--manifest-path"])
        .arg(firmware::folder().join("Cargo.toml"))
        .arg("--config")
        .arg(firmware::folder().join(".cargo/config.toml"))
        .current_dir(folder)
        .output()
        .expect("cargo starts");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{errors}");
    assert_eq!(text.lines().count(), cases.len(), "{text}");
    let stack = |(said, case): (&str, &Case)| {
        let (stack, verdict) = said.split_once(' ').expect("two words");
        assert_eq!(verdict, case.verdict, "{}", case.line);
        stack.parse().expect("a number")
    };
    text.lines().zip(cases).map(stack).collect()
}

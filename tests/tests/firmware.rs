//! The firmware example in QEMU.
//!
//! The example links, which also proves that the core needs no heap and no operating system: the target has no
//! `std`, and rustc links a program with a crate that uses `alloc` only if the program has a global allocator.

use std::fs;
use std::process::Stdio;

use tokenlatch_tests::{cargo, firmware};

const GOLDEN: &str = include_str!("../golden/firmware.txt");

/// RS256 gives the same signature every time.
#[test]
fn its_tokens_are_those_of_the_issuer() {
    for (name, token) in firmware::tokens() {
        let file = fs::read_to_string(firmware::token_file(name)).expect("the token's file");
        assert!(
            file == token,
            "{name}.jwt is out of date: cargo run --package tokenlatch-tests --bin firmware-tokens"
        );
    }
}

#[test]
fn it_gives_each_token_its_verdict_in_every_profile() {
    let plain = run(&[]);
    let release = run(&["--release"]);
    let size = run(&["--release", "--config", ".cargo/size.toml"]);
    let speed = run(&["--profile", "speed"]);
    assert_eq!(plain, release, "`cargo run` builds what is shipped");
    assert!(size.flash + 6 * 1024 < release.flash, "for size");
    assert!(release.flash < speed.flash, "for speed");

    // The figures change with the compiler. The bounds fail if the core grows, or if the measurement
    // measures nothing.
    assert!((4 * 1024..40 * 1024).contains(&release.flash), "flash");
    for figures in [size, release, speed] {
        assert!((512..6 * 1024).contains(&figures.stack), "stack");
    }
}

/// Bytes.
#[derive(Debug, PartialEq, Eq)]
struct Figures {
    flash: u32,
    stack: u32,
}

/// Runs the example, checks its output, and returns the figures in its last line.
fn run(profile: &[&str]) -> Figures {
    let output = cargo::in_folder(&firmware::folder())
        .args(["run", "--locked"])
        .args(profile)
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo starts");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    println!("cargo run {}\n{text}", profile.join(" "));
    assert!(output.status.success(), "the firmware failed");

    let figures: Vec<&str> = text
        .lines()
        .next_back()
        .expect("a last line")
        .split(|c: char| !c.is_ascii_digit())
        .filter(|digits| !digits.is_empty())
        .collect();
    let [flash, stack] = figures[..] else {
        panic!("not two figures: {figures:?}");
    };
    let figures = format!("flash {flash} bytes, stack {stack} bytes");
    assert_eq!(
        text.replace(&figures, "flash N bytes, stack N bytes"),
        GOLDEN
    );
    let [flash, stack] = [flash, stack].map(|figure| figure.parse().expect("a number"));
    Figures { flash, stack }
}

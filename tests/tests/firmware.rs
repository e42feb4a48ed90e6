//! The firmware example in QEMU.
//!
//! That it links is also the proof that the core, as the firmware has it, takes no heap and no
//! operating system, nor does anything that it depends on: there is no `std` for the target, and
//! rustc refuses to link a program of which any crate so much as names `alloc` unless there is a
//! global allocator, which the firmware has not.

use std::fs;
use std::process::Stdio;

use tokenlatch_tests::firmware;

const GOLDEN: &str = include_str!("../golden/firmware.txt");

/// The files hold what the issuer would sign again: RS256 gives the same signature every time.
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
fn it_gives_each_token_its_verdict() {
    let output = firmware::cargo()
        .args(["run", "--release", "--locked"])
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo starts");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    println!("{text}");
    assert!(output.status.success(), "the firmware failed");

    // The figures change with the compiler: they have bounds instead, against a core that grew and
    // against a measurement that measures nothing.
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
    let [flash, stack]: [u32; 2] = [flash, stack].map(|figure| figure.parse().expect("a number"));
    assert!((4 * 1024..40 * 1024).contains(&flash), "flash");
    assert!((512..6 * 1024).contains(&stack), "stack");
}

//! Products by columns, in assembly that no unit test runs, where their sums are highest.

use std::path::Path;
use std::process::Command;

use tokenlatch_tests::cargo;

#[test]
fn the_highest_columns_are_right_on_a_cortex_m0() {
    // A Cortex-M3 has all instructions of a Cortex-M0.
    assert_columns_are_right(
        "thumbv6m-none-eabi",
        "qemu-system-arm",
        &["-machine", "mps2-an385"],
    );
}

#[test]
fn the_highest_columns_are_right_on_a_cortex_m3() {
    assert_columns_are_right(
        "thumbv7m-none-eabi",
        "qemu-system-arm",
        &["-machine", "mps2-an385"],
    );
}

#[test]
fn the_highest_columns_are_right_on_rv32() {
    let machine = ["-machine", "virt", "-bios", "none"];
    assert_columns_are_right(
        "riscv32imac-unknown-none-elf",
        "qemu-system-riscv32",
        &machine,
    );
}

fn assert_columns_are_right(target: &str, qemu: &str, machine: &[&str]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/device");
    let program = cargo::built_by(
        cargo::in_folder(&folder)
            .args(["build", "--release", "--locked", "--target", target])
            .args([
                "--package",
                "tokenlatch-device-image",
                "--bin",
                "highest-columns",
            ])
            .args(["--features", "tokenlatch,highest-columns"])
            .env("RUSTFLAGS", "--cfg tokenlatch_highest_columns"),
    );
    let program = program.unwrap_or_else(|errors| panic!("{errors}"));
    let output = Command::new(qemu)
        .args(machine)
        .args([
            "-display",
            "none",
            "-chardev",
            "stdio,id=output",
            "-semihosting-config",
        ])
        .args(["enable=on,target=native,chardev=output", "-kernel"])
        .arg(program)
        .output()
        .expect("QEMU starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    println!("{target}: {text}");
}

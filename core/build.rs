//! How the core multiplies: which of Arm's multiplications there are, which no `cfg` of the stable compiler
//! tells, how many bits a digit has, and whether products are summed up by columns or by rows.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!(
        "cargo::rustc-check-cfg=cfg(multiplication, values(\"muls\", \"umlal\", \"umaal\", \"umulh\"))"
    );
    println!(
        "cargo::rustc-check-cfg=cfg(digits, values(\"3\", \"4\", \"8\", \"14\", \"27\", \"28\", \"32\", \"59\", \"60\", \"64\"))"
    );
    println!("cargo::rustc-check-cfg=cfg(products, values(\"assembly\", \"columns\", \"rows\"))");
    let multiplication = multiplication();
    if let Some(multiplication) = multiplication {
        println!("cargo::rustc-cfg=multiplication=\"{multiplication}\"");
    }
    let digits = digits(multiplication);
    println!("cargo::rustc-cfg=digits=\"{digits}\"");
    let products = match digits {
        "14" | "27" | "59" if !is_portable() => "assembly",
        "8" | "32" | "64" => "rows",
        _ => "columns",
    };
    println!("cargo::rustc-cfg=products=\"{products}\"");
}

/// The best of Arm's multiplications that the target has.
fn multiplication() -> Option<&'static str> {
    let is_of_64_bits = env::var("CARGO_CFG_TARGET_POINTER_WIDTH").is_ok_and(|bits| bits == "64");
    if env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|name| name == "aarch64") && is_of_64_bits {
        // The upper half of 64 by 64 bits.
        return Some("umulh");
    }
    let target = env::var("TARGET").unwrap_or_default();
    match target.split('-').next()? {
        // 32 by 32 bits to 32.
        "thumbv6m" | "thumbv8m.base" => Some("muls"),
        // 32 by 32 bits and two numbers of 32 bits, added up to 64.
        "thumbv7em" => Some("umaal"),
        "thumbv8m.main" if has_dsp() => Some("umaal"),
        // 32 by 32 bits, added to 64.
        "thumbv7m" | "thumbv8m.main" => Some("umlal"),
        _ => None,
    }
}

/// Whether the compiler is told to compile for a processor of Armv8-M that has the DSP extension. What it is told
/// is all there is to see, for it does not show this feature.
fn has_dsp() -> bool {
    const PROCESSORS: [&str; 6] = [
        "cortex-m33",
        "cortex-m35p",
        "cortex-m52",
        "cortex-m55",
        "cortex-m85",
        "star-mc1",
    ];
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let mut has_dsp = false;
    // Later flags override earlier ones, except that features override the processor.
    for flag in flags.split('\x1f') {
        if let Some((_, processor)) = flag.split_once("target-cpu=") {
            has_dsp = PROCESSORS.contains(&processor);
        }
    }
    for flag in flags.split('\x1f') {
        let features = flag
            .split_once("target-feature=")
            .map_or("", |(_, features)| features);
        for feature in features.split(',') {
            match feature {
                "+dsp" => has_dsp = true,
                "-dsp" => has_dsp = false,
                _ => {}
            }
        }
    }
    has_dsp
}

/// The bits of a digit: those of a word where carries cost little, and otherwise a few less, so that products are
/// summed up without carries. A `cfg` chooses others, for tests.
fn digits(multiplication: Option<&str>) -> &'static str {
    for bits in ["3", "4", "8", "14", "27", "28", "32", "59", "60", "64"] {
        if env::var_os(format!("CARGO_CFG_TOKENLATCH_DIGITS_OF_{bits}")).is_some() {
            return bits;
        }
    }
    let is_64_bit = env::var("CARGO_CFG_TARGET_POINTER_WIDTH").is_ok_and(|bits| bits == "64");
    match multiplication {
        Some("muls") => "14",
        Some("umaal") => "32",
        // Without assembly, these carries cost much, too.
        Some("umulh") if !is_portable() => "64",
        _ if is_riscv_with_multiplication() && !is_portable() => {
            if is_64_bit {
                "59"
            } else {
                "27"
            }
        }
        _ if is_64_bit => "60",
        _ => "28",
    }
}

/// Whether the target is a RISC-V that multiplies, and has all 32 registers.
fn is_riscv_with_multiplication() -> bool {
    let target = env::var("TARGET").unwrap_or_default();
    let features = env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    target.starts_with("riscv")
        && !["riscv32e", "riscv64e"]
            .iter()
            .any(|small| target.starts_with(small))
        && features.split(',').any(|feature| feature == "m")
}

/// Whether a test forbids assembly.
fn is_portable() -> bool {
    env::var_os("CARGO_CFG_TOKENLATCH_PORTABLE").is_some()
}

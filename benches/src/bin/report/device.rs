//! The section of RESULTS.md on devices.

use std::fmt::{self, Write as _};

use tokenlatch_benches::results::{Cycles, Device, DeviceRow};

use crate::figure::{grouped, thousands};

pub(crate) const DEVICE: &str = "
## Device

Verifying the signature of a digest under a key of 2048 bits: executed instructions, in thousands, in
QEMU. Key set-up (instructions), flash for RSA alone (bytes) and memory are those of a Cortex-M3.

**Cycles are estimated**, not measured: QEMU's trace of the executed instructions, each weighed by Arm's
Technical Reference Manuals, with code and data in memory without wait states. A figure is the middle
between the least and the most that the manuals allow, in parentheses: a Cortex-M3 multiplies large
numbers in more cycles than small ones. On a board, `benches/device/image` counts the real ones; its
`src/lib.rs` says how.

![Device](plots/device.svg)

The C libraries' figures are quoted: they were counted, and their cycles estimated, elsewhere.
";

/// The signature of a digest. Nothing where it is not known.
#[derive(Clone, Default)]
pub(crate) struct DeviceSignature {
    pub(crate) implementation: String,
    /// Instructions on each of [`TARGETS`].
    pub(crate) instructions: [Option<u64>; TARGETS.len()],
    /// On each of [`TARGETS`].
    cycles: [Option<Cycles>; TARGETS.len()],
    /// Instructions to make the key ready.
    key_set_up: Option<u64>,
    /// Bytes.
    flash: Option<u64>,
    stack: Option<u64>,
    statics: Option<u64>,
    heap: Option<u64>,
}

const TARGETS: [&str; 4] = ["Cortex-M0", "Cortex-M3", "Cortex-M4", "RV32IMAC"];

/// Where flash and memory are measured, in [`TARGETS`].
pub(crate) const CORTEX_M3: usize = 1;

const CORTEX_M4: usize = 2;

pub(crate) fn device_section(
    text: &mut String,
    device: &Device,
    signatures: &[DeviceSignature],
) -> fmt::Result {
    let rustc = &device.rustc;
    writeln!(text, "The others: `benches/target --json`; {rustc}.\n")?;
    device_table(text, signatures)?;
    for bits in [3072, 4096] {
        writeln!(text, "\nThe same with keys of {bits} bits:\n")?;
        device_table(text, &device_signatures(device, bits))?;
    }
    whole_token_table(text, device)
}

pub(crate) fn device_signatures(device: &Device, bits: u64) -> Vec<DeviceSignature> {
    let mut signatures = Vec::new();
    let of_these_bits = || device.rows.iter().filter(|row| row.bits == bits);
    for on_m3 in of_these_bits()
        .filter(|row| row.target == TARGETS[CORTEX_M3] && row.operation == "signature of a digest")
    {
        let find = |target: &str, operation: &str| {
            of_these_bits().find(|row| {
                row.target == target
                    && row.operation == operation
                    && row.profile == on_m3.profile
                    && row.implementation == on_m3.implementation
            })
        };
        let instructions = |row: &DeviceRow| row.instructions;
        signatures.push(DeviceSignature {
            implementation: format!("{}, {}", on_m3.implementation, on_m3.profile),
            instructions: TARGETS.map(|target| find(target, &on_m3.operation).map(instructions)),
            cycles: TARGETS.map(|target| find(target, &on_m3.operation)?.cycles),
            key_set_up: find(&on_m3.target, "key set-up").map(instructions),
            flash: Some(on_m3.flash),
            stack: Some(on_m3.stack),
            statics: None,
            heap: Some(on_m3.heap),
        });
    }
    signatures
}

fn device_table(text: &mut String, signatures: &[DeviceSignature]) -> fmt::Result {
    let kilobytes = |number: Option<u64>| {
        number.map_or_else(String::new, |number| match number {
            0 => "0".into(),
            _ => format!("{:.1} KB", number as f64 / 1000.0),
        })
    };
    let targets = TARGETS.join(" | ");
    writeln!(
        text,
        "| | {targets} | M3, cycles (estimate) | M4, cycles (estimate) | key set-up | flash | stack | static | heap |"
    )?;
    writeln!(text, "|---|{}", "---:|".repeat(TARGETS.len() + 7))?;
    for signature in signatures {
        write!(text, "| {} |", signature.implementation)?;
        for number in signature.instructions {
            write!(text, " {} |", number.map_or_else(String::new, thousands))?;
        }
        for cycles in [CORTEX_M3, CORTEX_M4].map(|at| signature.cycles[at]) {
            write!(text, " {} |", cycles.map_or_else(String::new, range))?;
        }
        writeln!(
            text,
            " {} | {} | {} | {} | {} |",
            signature.key_set_up.map_or_else(String::new, thousands),
            signature.flash.map_or_else(String::new, grouped),
            kilobytes(signature.stack),
            kilobytes(signature.statics),
            kilobytes(signature.heap),
        )?;
    }
    Ok(())
}

fn whole_token_table(text: &mut String, device: &Device) -> fmt::Result {
    writeln!(text, "\nA whole token, with everything that it takes:\n")?;
    writeln!(text, "| | bits | instructions | flash | stack | heap |")?;
    writeln!(text, "|---|---:|---:|---:|---:|---:|")?;
    for row in device
        .rows
        .iter()
        .filter(|row| row.operation == "whole token")
    {
        writeln!(
            text,
            "| {}, {}, {} | {} | {} | {} | {} | {} |",
            row.target,
            row.implementation,
            row.profile,
            row.bits,
            thousands(row.instructions),
            grouped(row.flash),
            grouped(row.stack),
            grouped(row.heap),
        )?;
    }
    Ok(())
}

/// 1000000 to 1600000 as 1,300 k (1,000–1,600).
fn range(Cycles { low, high }: Cycles) -> String {
    let middle = thousands(low.midpoint(high));
    if low == high {
        return middle;
    }
    let [low, high] = [low, high].map(|bound| grouped(bound.div_ceil(1000)));
    format!("{middle} ({low}–{high})")
}

/// The C libraries on a device, measured elsewhere.
pub(crate) fn quoted() -> Vec<DeviceSignature> {
    let row = |implementation: &str, m3: u64, m4: Option<u64>| DeviceSignature {
        implementation: format!("{implementation} (quoted)"),
        instructions: [None, Some(m3), m4, None],
        key_set_up: Some(2_000),
        heap: Some(0),
        ..DeviceSignature::default()
    };
    let cycles = |low, high| Cycles { low, high };
    vec![
        DeviceSignature {
            flash: Some(12_158),
            stack: Some(2_600),
            statics: Some(1_300),
            cycles: [
                None,
                Some(cycles(1_300_000, 1_500_000)),
                Some(cycles(640_000, 640_000)),
                None,
            ],
            ..row("wolfSSL 5.9 SP, hand assembly", 711_000, Some(454_000))
        },
        DeviceSignature {
            flash: Some(4_362),
            stack: Some(2_300),
            ..row("wolfSSL 5.9 SP, small", 1_229_000, Some(1_020_000))
        },
        DeviceSignature {
            key_set_up: None,
            flash: Some(1_096),
            stack: Some(1_100),
            ..row(
                "Chromium EC rsa.c, key set up offline",
                1_199_000,
                Some(1_199_000),
            )
        },
        DeviceSignature {
            heap: None,
            ..row("Mbed TLS 2.28, first signature", 1_994_000, Some(1_510_000))
        },
        DeviceSignature {
            flash: Some(12_596),
            stack: Some(600),
            heap: Some(5_000),
            ..row("Mbed TLS 2.28, later ones", 1_347_000, Some(882_000))
        },
        DeviceSignature {
            key_set_up: Some(0),
            flash: Some(4_495),
            stack: Some(3_000),
            ..row("BearSSL i31", 3_121_000, None)
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_of_a_device_is_left_empty() {
        let row = |target: &str, operation: &str, instructions: u64| DeviceRow {
            target: target.into(),
            profile: "size".into(),
            implementation: "tokenlatch 0.1.0".into(),
            bits: 2048,
            operation: operation.into(),
            instructions,
            cycles: (target == "Cortex-M3").then_some(Cycles {
                low: 1_000_000,
                high: 1_600_001,
            }),
            flash: 1_234,
            stack: 2_640,
            heap: 0,
        };
        let device = Device {
            rustc: "rustc".into(),
            rows: vec![
                row("Cortex-M3", "signature of a digest", 711_000),
                row("RV32IMAC", "signature of a digest", 999_000),
                row("Cortex-M3", "key set-up", 0),
                row("Cortex-M3", "whole token", 1_000_000),
            ],
        };
        let mut text = String::new();
        device_section(&mut text, &device, &device_signatures(&device, 2048)).unwrap();
        let signature = "| tokenlatch 0.1.0, size |  | 711 k |  | 999 k | 1,300 k (1,000–1,601) |  | 0 | 1,234 | 2.6 KB |  | 0 |";
        assert!(text.contains(signature), "{text}");
        let token = "| Cortex-M3, tokenlatch 0.1.0, size | 2048 | 1,000 k | 1,234 | 2,640 | 0 |";
        assert!(text.contains(token), "{text}");
    }
}

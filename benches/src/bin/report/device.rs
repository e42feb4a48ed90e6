//! The section of RESULTS.md on devices.

use std::fmt::{self, Write as _};

use tokenlatch_benches::results::{Cycles, Device, DeviceRow, Symbols};

use crate::figure::{grouped, thousands};

pub(crate) const DEVICE: &str = "
## Device

Verifying the signature of a digest under a key of 2048 bits: executed instructions, in thousands, in
QEMU. Key set-up (instructions), flash for RSA alone (bytes) and memory are those of a Cortex-M3.

![Device](plots/device.svg)

The C libraries' figures are quoted: they were counted, and their cycles estimated, elsewhere.
";

const CYCLES: &str = "
**Cycles are estimated**, not measured: QEMU's trace of the executed instructions, each weighed, with code
and data in memory without wait states. For a Cortex-M3 and M4, Arm's Technical Reference Manuals say what
an instruction takes. For a Cortex-M33 Arm publishes no table: others measured most of it, and the rest is
assumed (`benches/device/runner/src/cycles/cortex_m33.rs` says of each line which). A figure is the middle
between the least and the most that the sources allow, in parentheses: a Cortex-M3 multiplies large numbers
in more cycles than small ones. On a board, `benches/device/image` counts the real ones; its `src/lib.rs`
says how. In thousands, with keys of 2048 bits:

";

const VARIANTS: &str = "
The same code for processors that differ little, with keys of 2048 bits: an F has an FPU, whose registers
take arguments; for a Cortex-M7, `target-cpu` is given, and for all Cortex-M33, which tells the compiler of
their DSP extension. Executed instructions, in thousands:

";

/// The signature of a digest. Nothing where it is not known.
#[derive(Clone, Default)]
pub(crate) struct DeviceSignature {
    pub(crate) implementation: String,
    /// On each of [`TARGETS`].
    pub(crate) on: [Count; TARGETS.len()],
    /// Instructions to make the key ready.
    key_set_up: Option<u64>,
    /// Bytes.
    flash: Option<u64>,
    stack: Option<u64>,
    statics: Option<u64>,
    heap: Option<u64>,
}

/// What it takes on one device.
#[derive(Clone, Copy, Default)]
pub(crate) struct Count {
    pub(crate) instructions: Option<u64>,
    pub(crate) cycles: Option<Cycles>,
}

pub(crate) const TARGETS: [&str; 8] = [
    "Cortex-M0",
    "Cortex-M3",
    "Cortex-M4",
    "Cortex-M33",
    "RV32IMAC",
    "Cortex-M4F",
    "Cortex-M7",
    "Cortex-M33F",
];

/// Those whose code differs, in [`TARGETS`].
const DIFFERENT: [usize; 5] = [0, 1, 2, 3, 4];

/// Where flash and memory are measured, in [`TARGETS`].
pub(crate) const CORTEX_M3: usize = 1;

pub(crate) const CORTEX_M4: usize = 2;

pub(crate) const CORTEX_M33: usize = 3;

/// Each variant behind what it is a variant of.
const ALIKE: [usize; 5] = [CORTEX_M4, 5, 6, CORTEX_M33, 7];

pub(crate) fn device_section(
    text: &mut String,
    device: &Device,
    signatures: &[DeviceSignature],
) -> fmt::Result {
    let Device {
        rustc, qemu, date, ..
    } = device;
    let parts = [rustc, qemu, date].map(String::as_str);
    let said: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let said = said.join("; ");
    writeln!(text, "The others: `benches/target --json`; {said}.\n")?;
    device_table(text, signatures)?;
    for bits in [3072, 4096] {
        writeln!(text, "\nThe same with keys of {bits} bits:\n")?;
        device_table(text, &device_signatures(device, bits))?;
    }
    text.push_str(CYCLES);
    targets_table(text, signatures, &DIFFERENT, |count| {
        count.cycles.map(range)
    })?;
    if signatures.iter().any(|of| of.on[5].instructions.is_some()) {
        text.push_str(VARIANTS);
        targets_table(text, signatures, &ALIKE, |count| {
            count.instructions.map(thousands)
        })?;
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
            on: TARGETS.map(|target| {
                let row = find(target, &on_m3.operation);
                Count {
                    instructions: row.map(instructions),
                    cycles: row.and_then(|row| row.cycles),
                }
            }),
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
    let targets = DIFFERENT.map(|at| TARGETS[at]).join(" | ");
    writeln!(
        text,
        "| | {targets} | key set-up | flash | stack | static | heap |"
    )?;
    writeln!(text, "|---|{}", "---:|".repeat(DIFFERENT.len() + 5))?;
    for signature in signatures {
        write!(text, "| {} |", signature.implementation)?;
        for count in DIFFERENT.map(|at| signature.on[at]) {
            let instructions = count.instructions.map_or_else(String::new, thousands);
            write!(text, " {instructions} |")?;
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

/// One figure on each of these targets, without the columns and rows that would be empty.
fn targets_table(
    text: &mut String,
    signatures: &[DeviceSignature],
    targets: &[usize],
    figure: impl Fn(Count) -> Option<String>,
) -> fmt::Result {
    let mut targets = targets.to_vec();
    targets.retain(|&at| signatures.iter().any(|of| figure(of.on[at]).is_some()));
    let names: Vec<_> = targets.iter().map(|&at| TARGETS[at]).collect();
    writeln!(text, "| | {} |", names.join(" | "))?;
    writeln!(text, "|---|{}", "---:|".repeat(targets.len()))?;
    for signature in signatures {
        let figures: Vec<_> = targets.iter().map(|&at| figure(signature.on[at])).collect();
        if figures.iter().any(Option::is_some) {
            write!(text, "| {} |", signature.implementation)?;
            for figure in figures {
                write!(text, " {} |", figure.unwrap_or_default())?;
            }
            text.push('\n');
        }
    }
    Ok(())
}

fn whole_token_table(text: &mut String, device: &Device) -> fmt::Result {
    writeln!(text, "\nA whole token, with everything that it takes:\n")?;
    writeln!(
        text,
        "| | bits | instructions | cycles (estimate) | flash | stack | heap |"
    )?;
    writeln!(text, "|---|---:|---:|---:|---:|---:|---:|")?;
    for row in device
        .rows
        .iter()
        .filter(|row| row.operation == "whole token")
    {
        writeln!(
            text,
            "| {}, {}, {} | {} | {} | {} | {} | {} | {} |",
            row.target,
            row.implementation,
            row.profile,
            row.bits,
            thousands(row.instructions),
            row.cycles.map_or_else(String::new, range),
            grouped(row.flash),
            grouped(row.stack),
            grouped(row.heap),
        )?;
    }
    Ok(())
}

/// What the flash of a whole verifier is made of.
pub(crate) fn symbols_table(text: &mut String, symbols: &Symbols) -> fmt::Result {
    let Some(first) = symbols.rows.first() else {
        return Ok(());
    };
    let sum = |rows: &mut dyn Iterator<Item = u64>| grouped(rows.sum());
    let mut bytes = symbols.rows.iter().map(|row| row.bytes);
    writeln!(
        text,
        "\nThe flash of a whole token on a {}, {}, by function (`benches/target --symbols` lists all); {}:\n",
        first.target, first.profile, symbols.rustc
    )?;
    writeln!(text, "| | bytes |")?;
    writeln!(text, "|---|---:|")?;
    for row in symbols.rows.iter().take(LISTED) {
        writeln!(text, "| `{}` | {} |", row.symbol, grouped(row.bytes))?;
    }
    writeln!(
        text,
        "| others | {} |",
        sum(&mut bytes.clone().skip(LISTED))
    )?;
    writeln!(text, "| all | {} |", sum(&mut bytes))
}

const LISTED: usize = 15;

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
    let row = |implementation: &str, m3: u64, m4: Option<u64>| {
        let mut row = DeviceSignature {
            implementation: format!("{implementation} (quoted)"),
            key_set_up: Some(2_000),
            heap: Some(0),
            ..DeviceSignature::default()
        };
        row.on[CORTEX_M3].instructions = Some(m3);
        row.on[CORTEX_M4].instructions = m4;
        row
    };
    let cycles = |low, high| Some(Cycles { low, high });
    let mut assembly = DeviceSignature {
        flash: Some(12_158),
        stack: Some(2_600),
        statics: Some(1_300),
        ..row("wolfSSL 5.9 SP, hand assembly", 711_000, Some(454_000))
    };
    assembly.on[CORTEX_M3].cycles = cycles(1_300_000, 1_500_000);
    assembly.on[CORTEX_M4].cycles = cycles(640_000, 640_000);
    vec![
        assembly,
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
    use tokenlatch_benches::results::SymbolsRow;

    use super::*;

    fn row(target: &str, operation: &str, instructions: u64) -> DeviceRow {
        DeviceRow {
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
        }
    }

    fn section(rows: &[DeviceRow]) -> String {
        let device = Device {
            rustc: "rustc".into(),
            qemu: "QEMU".into(),
            date: String::new(),
            rows: rows.to_vec(),
        };
        let mut text = String::new();
        device_section(&mut text, &device, &device_signatures(&device, 2048)).unwrap();
        text
    }

    #[test]
    fn what_is_not_known_of_a_device_is_left_empty() {
        let text = section(&[
            row("Cortex-M3", "signature of a digest", 711_000),
            row("RV32IMAC", "signature of a digest", 999_000),
            row("Cortex-M3", "key set-up", 0),
            row("Cortex-M3", "whole token", 1_000_000),
        ]);
        for line in [
            "The others: `benches/target --json`; rustc; QEMU.",
            "| tokenlatch 0.1.0, size |  | 711 k |  |  | 999 k | 0 | 1,234 | 2.6 KB |  | 0 |",
            "| | Cortex-M3 |",
            "| tokenlatch 0.1.0, size | 1,300 k (1,000–1,601) |",
            "| Cortex-M3, tokenlatch 0.1.0, size | 2048 | 1,000 k | 1,300 k (1,000–1,601) | 1,234 | 2,640 | 0 |",
        ] {
            assert!(text.lines().any(|said| said == line), "{line}: {text}");
        }
        assert!(!text.contains("Cortex-M4F"), "{text}");
    }

    #[test]
    fn variants_have_a_table() {
        let text = section(&[
            row("Cortex-M3", "signature of a digest", 1_000),
            row("Cortex-M4", "signature of a digest", 2_000),
            row("Cortex-M4F", "signature of a digest", 3_000),
            row("Cortex-M33F", "signature of a digest", 4_000),
        ]);
        let table = "\
| | Cortex-M4 | Cortex-M4F | Cortex-M33F |
|---|---:|---:|---:|
| tokenlatch 0.1.0, size | 2 k | 3 k | 4 k |
";
        assert!(text.contains(table), "{text}");
    }

    #[test]
    fn what_is_small_is_summed_up() {
        let rows = (1..=17).rev().map(|bytes| SymbolsRow {
            target: "Cortex-M3".into(),
            profile: "size".into(),
            symbol: format!("f{bytes}"),
            bytes,
        });
        let mut text = String::new();
        let symbols = Symbols {
            rustc: "rustc".into(),
            rows: rows.collect(),
        };
        symbols_table(&mut text, &symbols).unwrap();
        let end = "| `f3` | 3 |\n| others | 3 |\n| all | 153 |\n";
        assert!(text.ends_with(end), "{text}");
    }
}

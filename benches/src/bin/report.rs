//! Makes RESULTS.md and its plots of what was measured.
//!
//! The programs that measure print JSON ([`Host`], [`Device`]); `benches/report` runs them, and then
//! this one.

use std::collections::HashSet;
use std::error::Error;
use std::fmt::{self, Write as _};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use plotters::prelude::*;
use serde::de::DeserializeOwned;
use tokenlatch_benches::results::{Cycles, Device, DeviceRow, Host, HostRow};
use tokenlatch_benches::{Build, Operation};

const USAGE: &str = "usage: report FOLDER HOST.json... [--device DEVICE.json]

Writes RESULTS.md, plots/host.svg and plots/device.svg into the folder.";

fn main() -> ExitCode {
    let Some(arguments) = Arguments::parse(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match write_report(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("report: {error}");
            ExitCode::FAILURE
        }
    }
}

struct Arguments {
    folder: PathBuf,
    hosts: Vec<PathBuf>,
    device: Option<PathBuf>,
}

impl Arguments {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Option<Self> {
        let mut parsed = Self {
            folder: arguments.next()?.into(),
            hosts: Vec::new(),
            device: None,
        };
        while let Some(argument) = arguments.next() {
            if argument == "--device" {
                parsed.device = Some(arguments.next()?.into());
            } else {
                parsed.hosts.push(argument.into());
            }
        }
        (!parsed.hosts.is_empty()).then_some(parsed)
    }
}

fn write_report(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let runs: Vec<Host> = arguments
        .hosts
        .iter()
        .map(|path| read(path))
        .collect::<Result<_, _>>()?;
    let host = runs.first().ok_or("no run")?;
    let rows = merged(&runs, Build::Whole);
    let device: Option<Device> = arguments.device.as_deref().map(read).transpose()?;
    let mut signatures = device
        .as_ref()
        .map_or_else(Vec::new, |device| device_signatures(device, 2048));
    signatures.extend(quoted());

    let plots = arguments.folder.join("plots");
    fs::create_dir_all(&plots)?;
    plot_host(&plots.join("host.svg"), &rows)?;
    plot_device(&plots.join("device.svg"), &signatures)?;
    let mut text = String::from(INTRODUCTION);
    host_section(&mut text, host, &runs)?;
    text.push_str(DEVICE);
    device_section(&mut text, device.as_ref(), &signatures)?;
    fs::write(arguments.folder.join("RESULTS.md"), text)?;
    Ok(())
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T, Box<dyn Error>> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?)
}

/// The rows of all runs of such a build. A contender that was in several is taken from the first: its
/// ratio compares times of one run whichever it is.
fn merged(runs: &[Host], build: Build) -> Vec<&HostRow> {
    let runs = runs.iter().filter(|run| run.build == build);
    let mut seen = HashSet::new();
    let mut rows = Vec::new();
    for row in runs.flat_map(|run| &run.rows) {
        let key = (row.operation.name(), row.bits, &row.contender);
        if seen.insert(key) {
            rows.push(row);
        }
    }
    rows
}

fn host_section(text: &mut String, host: &Host, runs: &[Host]) -> fmt::Result {
    let Host {
        date,
        processor,
        rustc,
        ..
    } = host;
    writeln!(text, "{processor}; {rustc}; {date}.")?;
    writeln!(text, "\n![Host](plots/host.svg)")?;
    let rows = merged(runs, Build::Whole);
    for operation in Operation::ALL {
        host_table(text, operation.name(), operation, &rows)?;
    }
    for build in [Build::WithoutIfma, Build::Portable] {
        let rows = merged(runs, build);
        if !rows.is_empty() {
            let operation = Operation::Signature;
            let title = format!("{}, Tokenlatch {}", operation.name(), build.name());
            host_table(text, &title, operation, &rows)?;
        }
    }
    Ok(())
}

fn device_section(
    text: &mut String,
    device: Option<&Device>,
    signatures: &[DeviceSignature],
) -> fmt::Result {
    match device {
        Some(device) => writeln!(
            text,
            "The others: `benches/target --json`; {}.\n",
            device.rustc
        )?,
        None => text.push_str("Tokenlatch and its Rust peers are not measured yet.\n\n"),
    }
    device_table(text, signatures)?;
    if let Some(device) = device {
        for bits in [3072, 4096] {
            writeln!(text, "\nThe same with keys of {bits} bits:\n")?;
            device_table(text, &device_signatures(device, bits))?;
        }
        whole_token_table(text, device)?;
    }
    Ok(())
}

const INTRODUCTION: &str = "\
# Results

Written by `benches/report`; measure again with it. A **ratio** is Tokenlatch's time divided by the
other library's: 0.50 means that Tokenlatch takes half as long, 2.00 twice as long.

## Host

Every library is given the same token (about 730 characters with a key of 2048 bits), the same keys,
and keys that it parsed before where it can keep them. They take turns of 0.2 ms each for 3.5 s per
operation, and the median counts. Times in microseconds are those of Tokenlatch; allocations are those
from Rust's heap for one operation at 2048 bits, without what C libraries take from their own.

```sh
cargo run --release -p tokenlatch-benches --features openssl --bin ratios -- --json
cargo run --release -p tokenlatch-benches --features boring --bin ratios -- --json
RUSTFLAGS=--cfg=tokenlatch_without_ifma cargo run --release -p tokenlatch-benches --bin ratios -- --json
RUSTFLAGS=--cfg=tokenlatch_portable cargo run --release -p tokenlatch-benches --bin ratios -- --json
```

OpenSSL and BoringSSL cannot share a program, and Tokenlatch without its code for AVX-512 (as on a
processor that lacks it), or without any for x86-64's vector units (portable), is another build: so there
are four runs. Each ratio is from one of them.

";

const DEVICE: &str = "
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

fn host_table(
    text: &mut String,
    title: &str,
    operation: Operation,
    rows: &[&HostRow],
) -> fmt::Result {
    let rows: Vec<_> = rows
        .iter()
        .filter(|row| row.operation == operation)
        .collect();
    let explanation = match operation {
        Operation::WholeToken => {
            "From the text of a token to the verdict: signature, issuer, audience, expiry."
        }
        Operation::Signature => {
            "From a message and its signature to the verdict, SHA-256 included."
        }
        Operation::KeySetUp => "From modulus and exponent to a key, and its first signature.",
        Operation::JwkSet => {
            "From the text of a JWK Set with one key to that key, and its first signature. Libraries without JWK are given `serde_json` and `base64`."
        }
    };
    let title = title[..1].to_uppercase() + &title[1..];
    writeln!(text, "\n### {title}\n\n{explanation}\n")?;
    writeln!(
        text,
        "| | version | 2048 bits | 3072 bits | 4096 bits | allocations |"
    )?;
    writeln!(text, "|---|---|---:|---:|---:|---:|")?;
    for first in rows.iter().filter(|row| row.bits == 2048) {
        write!(text, "| {} | {} |", first.contender, first.version)?;
        for bits in [2048, 3072, 4096] {
            let mut of_this = rows.iter().filter(|row| row.contender == first.contender);
            match of_this.find(|row| row.bits == bits) {
                Some(row) if row.contender == OURS => {
                    write!(text, " {:.1} µs |", row.nanoseconds / 1000.0)?;
                }
                Some(row) => write!(text, " {:.2} |", row.ratio)?,
                None => write!(text, " |")?,
            }
        }
        writeln!(text, " {} |", first.allocations)?;
    }
    Ok(())
}

/// Tokenlatch's name among the contenders.
const OURS: &str = "tokenlatch";

/// The signature of a digest. Nothing where it is not known.
#[derive(Clone, Default)]
struct DeviceSignature {
    implementation: String,
    /// Instructions on each of [`TARGETS`].
    instructions: [Option<u64>; TARGETS.len()],
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
const CORTEX_M3: usize = 1;

const CORTEX_M4: usize = 2;

fn device_signatures(device: &Device, bits: u64) -> Vec<DeviceSignature> {
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

/// 711000 as 711 k.
fn thousands(number: u64) -> String {
    match number.div_ceil(1000) {
        0 => "0".into(),
        thousands => format!("{} k", grouped(thousands)),
    }
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

/// 12158 as 12,158.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The C libraries on a device, measured elsewhere.
fn quoted() -> Vec<DeviceSignature> {
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

/// Whole tokens and signatures at 2048 bits, as multiples of Tokenlatch's time.
fn plot_host(path: &Path, rows: &[&HostRow]) -> Result<(), Box<dyn Error>> {
    let panel = |operation| -> Vec<(&str, f64)> {
        let rows = rows.iter();
        rows.filter(|row| row.operation == operation && row.bits == 2048)
            .map(|row| (row.contender.as_str(), 1.0 / row.ratio))
            .collect()
    };
    let root = SVGBackend::new(path, (1000, 360)).into_drawing_area();
    let (left, right) = root.split_horizontally(500);
    let [token, signature] = [Operation::WholeToken, Operation::Signature].map(panel);
    plot(
        &left,
        "Whole token, 2048 bits: time (Tokenlatch = 1)",
        token,
    )?;
    plot(
        &right,
        "Signature, 2048 bits: time (Tokenlatch = 1)",
        signature,
    )?;
    Ok(root.present()?)
}

/// Signatures on a Cortex-M3, in instructions.
fn plot_device(path: &Path, signatures: &[DeviceSignature]) -> Result<(), Box<dyn Error>> {
    let bars = signatures.iter().filter_map(|signature| {
        let instructions = signature.instructions[CORTEX_M3]? as f64;
        Some((signature.implementation.as_str(), instructions / 1e6))
    });
    let height = 100 + 26 * u32::try_from(signatures.len())?;
    let root = SVGBackend::new(path, (720, height)).into_drawing_area();
    let title = "Signature, 2048 bits, Cortex-M3: million instructions";
    plot(&root, title, bars.collect())?;
    Ok(root.present()?)
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

/// Bars from the left, the shortest at the top.
fn plot(area: &Area<'_>, title: &str, mut bars: Vec<(&str, f64)>) -> Result<(), Box<dyn Error>> {
    bars.sort_by(|a, b| b.1.total_cmp(&a.1));
    let longest = bars.first().map_or(1.0, |bar| bar.1);
    let labels: Vec<String> = bars.iter().map(|bar| bar.0.into()).collect();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 16))
        .margin(12)
        .x_label_area_size(24)
        .y_label_area_size(250)
        .build_cartesian_2d(
            0.0..1.15 * longest,
            (0..bars.len().saturating_sub(1)).into_segmented(),
        )?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(RGBColor(221, 221, 221))
        .axis_style(RGBColor(119, 119, 119))
        .label_style(("sans-serif", 13))
        .x_labels(6)
        .y_labels(bars.len())
        .y_label_formatter(&|segment| match segment {
            SegmentValue::CenterOf(at) => labels.get(*at).cloned().unwrap_or_default(),
            SegmentValue::Exact(_) | SegmentValue::Last => String::new(),
        })
        .draw()?;
    chart.draw_series(bars.iter().enumerate().map(|(at, (name, length))| {
        let color = if name.starts_with(OURS) {
            RGBColor(196, 78, 20)
        } else {
            RGBColor(126, 145, 170)
        };
        let corners = [
            (0.0, SegmentValue::Exact(at)),
            (*length, SegmentValue::Exact(at + 1)),
        ];
        let mut bar = Rectangle::new(corners, color.filled());
        bar.set_margin(3, 3, 0, 0);
        bar
    }))?;
    chart.draw_series(bars.iter().enumerate().map(|(at, (_, length))| {
        EmptyElement::at((*length, SegmentValue::CenterOf(at)))
            + Text::new(format!("{length:.2}"), (4, -6), ("sans-serif", 12))
    }))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(contenders: &[(&str, f64)]) -> Host {
        let row = |(contender, ratio): &(&str, f64)| HostRow {
            operation: Operation::Signature,
            bits: 2048,
            contender: (*contender).into(),
            version: "1.0.0".into(),
            nanoseconds: 12_345.0,
            ratio: *ratio,
            allocations: 0,
        };
        Host {
            date: String::new(),
            processor: String::new(),
            rustc: String::new(),
            build: Build::Whole,
            rows: contenders.iter().map(row).collect(),
        }
    }

    #[test]
    fn a_contender_is_taken_from_the_first_run_that_has_it() {
        let runs = [
            host(&[("tokenlatch", 1.0), ("ring", 0.25)]),
            host(&[("tokenlatch", 1.0), ("ring", 0.75), ("boring", 0.5)]),
        ];
        let mut text = String::new();
        host_table(
            &mut text,
            "x",
            Operation::Signature,
            &merged(&runs, Build::Whole),
        )
        .unwrap();
        assert!(
            text.contains("| tokenlatch | 1.0.0 | 12.3 µs | | | 0 |"),
            "{text}"
        );
        assert!(text.contains("| ring | 1.0.0 | 0.25 | | | 0 |"), "{text}");
        assert!(text.contains("| boring | 1.0.0 | 0.50 | | | 0 |"), "{text}");
        assert!(!text.contains("0.75"), "{text}");
        assert!(merged(&runs, Build::Portable).is_empty());
    }

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
        device_section(&mut text, Some(&device), &device_signatures(&device, 2048)).unwrap();
        let signature = "| tokenlatch 0.1.0, size |  | 711 k |  | 999 k | 1,300 k (1,000–1,601) |  | 0 | 1,234 | 2.6 KB |  | 0 |";
        assert!(text.contains(signature), "{text}");
        let token = "| Cortex-M3, tokenlatch 0.1.0, size | 2048 | 1,000 k | 1,234 | 2,640 | 0 |";
        assert!(text.contains(token), "{text}");
    }
}

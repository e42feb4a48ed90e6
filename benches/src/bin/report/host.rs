//! The section of RESULTS.md on hosts.

use std::collections::HashSet;
use std::fmt::{self, Write as _};

use tokenlatch_benches::results::{Host, HostRow};
use tokenlatch_benches::{Build, Operation};

pub(crate) const INTRODUCTION: &str = "\
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

/// Tokenlatch's name among the contenders.
pub(crate) const OURS: &str = "tokenlatch";

/// The first of the runs says where and when all of them measured.
pub(crate) fn host_section(text: &mut String, runs: &[Host; 4]) -> fmt::Result {
    let [
        Host {
            date,
            processor,
            rustc,
            ..
        },
        ..,
    ] = runs;
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

/// The rows of all runs of such a build. A contender that was in several is taken from the first: its
/// ratio compares times of one run whichever it is.
pub(crate) fn merged(runs: &[Host], build: Build) -> Vec<&HostRow> {
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
                Some(row) => write!(text, " {} |", figure(row))?,
                None => write!(text, " |")?,
            }
        }
        writeln!(text, " {} |", first.allocations)?;
    }
    Ok(())
}

/// Tokenlatch's time, or its ratio to another library's.
pub(crate) fn figure(row: &HostRow) -> String {
    if row.contender == OURS {
        format!("{:.1} µs", row.nanoseconds / 1000.0)
    } else {
        format!("{:.2}", row.ratio)
    }
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
}

//! The tables of FLEET.md.

use std::fmt::Write;

use crate::figures::{Figures, Row};

const BEGIN: &str = "<!-- figures: fleet -->\n";
const END: &str = "<!-- end -->\n";

/// The tables, as Markdown.
pub(crate) fn tables(figures: &Figures) -> String {
    let mut text = format!(
        "{} instances; the issuer allows {} requests a second.\n\n",
        thousands(u64::from(figures.instances)),
        figures.rate_limit
    );
    let header = "mean | peak | peak after | 429 | new key unrecognised: p50, p99, worst | good tokens rejected | last one after |\n|---|---:|---:|---:|---:|---:|---:|---:|\n";
    let sections = [
        ("event", &figures.rows),
        ("`max-age`, on a quiet day", &figures.lifetimes),
        ("`Retry-After`, at a restart", &figures.waits),
    ];
    for (at, (first, rows)) in sections.into_iter().enumerate() {
        let gap = if at == 0 { "" } else { "\n" };
        write!(text, "{gap}| {first} | {header}").expect("a string has room");
        for row in rows {
            text.push_str(&line(row));
        }
    }
    text
}

/// Replaces the tables in the document.
pub(crate) fn fill(document: &str, tables: &str) -> Result<String, &'static str> {
    const WITHOUT: &str = "FLEET.md has no place for the figures";
    let (before, rest) = document.split_once(BEGIN).ok_or(WITHOUT)?;
    let (_, after) = rest.split_once(END).ok_or(WITHOUT)?;
    Ok(format!("{before}{BEGIN}{tables}{END}{after}"))
}

/// With commas.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    let groups: Vec<&str> = groups
        .filter_map(|group| str::from_utf8(group).ok())
        .collect();
    groups.join(",")
}

fn line(row: &Row) -> String {
    let unrecognised = row.unrecognised.map_or("–".into(), |shares| {
        shares.map(|seconds| format!("{seconds:.1} s")).join(", ")
    });
    let rejected = match row.unknown + row.unavailable {
        0 => "0".into(),
        rejected => format!(
            "{} ({:.2} %)",
            thousands(rejected),
            rejected as f64 / row.good as f64 * 100.0
        ),
    };
    let last = row
        .last_rejected
        .map_or("–".into(), |seconds| format!("{seconds} s"));
    format!(
        "| {} | {:.1} | {} | {} | {} | {unrecognised} | {rejected} | {last} |\n",
        row.name,
        row.mean,
        thousands(row.peak.into()),
        thousands(row.peak_after.into()),
        thousands(row.too_many),
    )
}

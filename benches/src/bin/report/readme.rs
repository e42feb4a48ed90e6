//! The figures in README.md, each table between two markers:
//!
//! ```text
//! <!-- figures: footprint -->
//! <!-- end -->
//! ```

use std::error::Error;

use tokenlatch_benches::results::{Footprint, Host, Lookups};
use tokenlatch_benches::{Build, Operation};

use crate::figure::grouped;
use crate::host;
use crate::recorded::Recorded;

/// A table and its name.
pub(crate) type Block = (&'static str, String);

/// The tables of README.md.
pub(crate) fn blocks(recorded: &Recorded) -> Result<[Block; 4], Box<dyn Error>> {
    Ok([
        ("footprint", footprint(&recorded.footprint)?),
        ("profiles", profiles(&recorded.footprint)?),
        ("ratios", ratios(&recorded.hosts)?),
        ("lookups", lookups(&recorded.lookups)?),
    ])
}

/// The text with each table in its place.
pub(crate) fn fill(text: &str, blocks: &[Block]) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = text;
    for (name, block) in blocks {
        let start = format!("<!-- figures: {name} -->\n");
        let (before, after) = rest
            .split_once(&start)
            .ok_or_else(|| format!("README.md has no place for the figures `{name}` here"))?;
        let at = after
            .find(END)
            .ok_or_else(|| format!("the figures `{name}` of README.md have no end"))?;
        filled.push_str(before);
        filled.push_str(&start);
        filled.push_str(block);
        rest = &after[at..];
    }
    filled.push_str(rest);
    Ok(filled)
}

const END: &str = "<!-- end -->";

fn footprint(footprint: &Footprint) -> Result<String, Box<dyn Error>> {
    let released = footprint.rows.iter().filter(|row| row.profile == "release");
    let capacities = distinct(released.clone().map(|row| row.capacity));
    let mut table = Table::new(
        "",
        capacities
            .iter()
            .map(|bits| format!("keys up to {bits} bits")),
    );
    for (memory, function) in distinct(released.map(|row| (&*row.memory, &*row.function))) {
        let figures = capacities
            .iter()
            .map(|bits| bytes(footprint, "release", *bits, memory, function));
        let name = format!("{memory}: `{function}`");
        table.row(&name, figures.collect::<Result<Vec<_>, _>>()?);
    }
    Ok(table.text)
}

fn profiles(footprint: &Footprint) -> Result<String, Box<dyn Error>> {
    let profiles = ["size", "release", "speed"];
    let mut table = Table::new("keys up to 2048 bits", profiles.map(String::from));
    let figures =
        profiles.map(|profile| bytes(footprint, profile, 2048, "flash", "verify_in_place"));
    table.row(
        "flash: `verify_in_place`",
        figures.into_iter().collect::<Result<Vec<_>, _>>()?,
    );
    Ok(table.text)
}

fn bytes(
    footprint: &Footprint,
    profile: &str,
    capacity: u64,
    memory: &str,
    function: &str,
) -> Result<String, String> {
    let mut rows = footprint.rows.iter();
    let row = rows.find(|row| {
        (&*row.profile, row.capacity, &*row.memory, &*row.function)
            == (profile, capacity, memory, function)
    });
    let row = row.ok_or_else(|| {
        format!("no footprint of {function}: {memory}, {profile}, {capacity} bits")
    })?;
    Ok(grouped(row.bytes))
}

fn ratios(hosts: &[Host]) -> Result<String, Box<dyn Error>> {
    let Host {
        date, processor, ..
    } = hosts.first().ok_or("no run")?;
    let rows = host::merged(hosts, Build::Whole);
    let rows = rows
        .iter()
        .filter(|row| row.operation == Operation::WholeToken);
    let bits = distinct(rows.clone().map(|row| row.bits));
    let mut table = Table::new(
        "whole token",
        bits.iter().map(|bits| format!("{bits} bits")),
    );
    for contender in distinct(rows.clone().map(|row| row.contender.as_str())) {
        let figure = |bits: &usize| {
            let mut rows = rows.clone();
            let row = rows.find(|row| row.bits == *bits && row.contender == contender);
            row.map_or_else(String::new, |row| host::figure(row))
        };
        table.row(contender, bits.iter().map(figure));
    }
    Ok(format!("{}\n{processor}, {date}.\n", table.text))
}

fn lookups(lookups: &Lookups) -> Result<String, Box<dyn Error>> {
    let Lookups {
        date,
        processor,
        parallelism,
        rows,
        ..
    } = lookups;
    let threads = distinct(rows.iter().map(|row| row.threads));
    let mut table = Table::new("threads", threads.iter().map(ToString::to_string));
    for contender in distinct(rows.iter().map(|row| row.contender.as_str())) {
        let figure = |threads: &usize| {
            let mut rows = rows.iter();
            let row = rows.find(|row| row.threads == *threads && row.contender == contender);
            row.map_or_else(String::new, |row| grouped(row.nanoseconds.round() as u64))
        };
        table.row(contender, threads.iter().map(figure));
    }
    let at_a_time = format!("{parallelism} threads at a time");
    Ok(format!(
        "{}\n{processor}, {at_a_time}, {date}.\n",
        table.text
    ))
}

/// A table whose columns are numbers, but for the first one.
struct Table {
    text: String,
}

impl Table {
    fn new(corner: &str, columns: impl IntoIterator<Item = String>) -> Self {
        let columns: Vec<String> = columns.into_iter().collect();
        let rule = "---:|".repeat(columns.len());
        let mut table = Self {
            text: String::new(),
        };
        table.row(corner, columns);
        table.text.push_str(&format!("|---|{rule}\n"));
        table
    }

    fn row(&mut self, name: &str, figures: impl IntoIterator<Item = String>) {
        let space = if name.is_empty() { "" } else { " " };
        self.text.push_str(&format!("|{space}{name} |"));
        for figure in figures {
            self.text.push_str(&format!(" {figure} |"));
        }
        self.text.push('\n');
    }
}

/// Each once, in the order in which they come.
pub(crate) fn distinct<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut distinct = Vec::new();
    for one in all {
        if !distinct.contains(&one) {
            distinct.push(one);
        }
    }
    distinct
}

#[cfg(test)]
mod tests {
    use tokenlatch_benches::results::{FootprintRow, LookupsRow};

    use super::*;

    #[test]
    fn each_table_takes_the_place_of_the_one_before() {
        let text =
            "a\n<!-- figures: x -->\nold\n<!-- end -->\nb\n<!-- figures: y -->\n<!-- end -->\nc\n";
        let blocks = [("x", "1\n".into()), ("y", "2\n".into())];
        let filled =
            "a\n<!-- figures: x -->\n1\n<!-- end -->\nb\n<!-- figures: y -->\n2\n<!-- end -->\nc\n";
        assert_eq!(fill(text, &blocks).unwrap(), filled);
        assert_eq!(fill(filled, &blocks).unwrap(), filled);
    }

    #[test]
    fn a_table_without_a_place_is_an_error() {
        let blocks = [("x", String::new())];
        assert!(fill("no place", &blocks).is_err());
        assert!(fill("<!-- figures: x -->\nno end", &blocks).is_err());
    }

    #[test]
    fn a_footprint_is_a_table_by_capacity_and_one_by_profile() {
        let row = |profile: &str, capacity, bytes| FootprintRow {
            memory: "flash".into(),
            function: "verify_in_place".into(),
            profile: profile.into(),
            capacity,
            bytes,
        };
        let mut measured = Footprint {
            rustc: String::new(),
            rows: vec![
                row("release", 2048, 21_104),
                row("release", 4096, 21_112),
                row("size", 2048, 14_308),
                row("speed", 2048, 27_444),
            ],
        };
        let by_capacity = "| | keys up to 2048 bits | keys up to 4096 bits |\n|---|---:|---:|\n";
        let by_capacity = format!("{by_capacity}| flash: `verify_in_place` | 21,104 | 21,112 |\n");
        assert_eq!(footprint(&measured).unwrap(), by_capacity);
        let by_profile =
            "| keys up to 2048 bits | size | release | speed |\n|---|---:|---:|---:|\n";
        let by_profile =
            format!("{by_profile}| flash: `verify_in_place` | 14,308 | 21,104 | 27,444 |\n");
        assert_eq!(profiles(&measured).unwrap(), by_profile);

        measured.rows.pop();
        assert!(profiles(&measured).is_err());
    }

    #[test]
    fn lookups_are_a_table_by_threads() {
        let row = |threads, contender: &str, nanoseconds| LookupsRow {
            threads,
            contender: contender.into(),
            nanoseconds,
            ratio: 1.0,
        };
        let measured = Lookups {
            date: "2026-11-21".into(),
            processor: "P".into(),
            parallelism: 2,
            rustc: String::new(),
            rows: vec![
                row(1, "a", 57.4),
                row(1, "b", 133.0),
                row(64, "a", 28.5),
                row(64, "b", 14_304.0),
            ],
        };
        let table =
            "| threads | 1 | 64 |\n|---|---:|---:|\n| a | 57 | 29 |\n| b | 133 | 14,304 |\n";
        let text = format!("{table}\nP, 2 threads at a time, 2026-11-21.\n");
        assert_eq!(lookups(&measured).unwrap(), text);
    }
}

//! The report, in Markdown.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use tokenlatch_tests::figures::grouped;

use crate::children::Figures;
use crate::issuer::Failed;
use crate::load::{FLOOD, PATIENT, STEADY};
use crate::oracle::RULES;
use crate::phases::Trouble;
use crate::plot;
use crate::sampler::NAMES;
use crate::tally::{Place, Tally};
use crate::tokens::Kind;
use crate::verdict::{MORE_FILES, MORE_MEMORY, Run};
use crate::world::Child;

const STATUSES: [u16; 5] = [200, 400, 401, 403, 503];

/// The last line of output: what does not differ from run to run.
pub(crate) fn evidence(run: &Run, tally: &Tally) -> String {
    let (wrong, lost, others) = (tally.wrong(), tally.lost(), tally.others());
    format!(
        "evidence: {wrong} wrong verdicts, {lost} requests without a response and {others} other faults in {} minutes \
         and {} kinds of trouble",
        run.minutes,
        Trouble::ALL.len()
    )
}

/// Writes the report and the plot.
pub(crate) fn write(folder: &Path, run: &Run, tally: &Tally) -> Result<(), Failed> {
    fs::create_dir_all(folder)?;
    plot::draw(&folder.join("soak.svg"), run)?;
    Ok(fs::write(folder.join("REPORT.md"), text(run, tally)?)?)
}

fn text(run: &Run, tally: &Tally) -> Result<String, Failed> {
    let mut text = String::new();
    let requests = tally.requests();
    let seconds = run.samples.last().map_or(0.0, |last| last.at.as_secs_f64());
    writeln!(
        text,
        "# The soak\n\n`tests/assurance/soak` writes this report; it ran for {} minutes on {}.\n\n\
         `tokenlatch serve`, with a snapshot on a small disk, and a service with the guard of the README get requests \
         all the time, while the issuer, their clocks, the disk and they themselves are in trouble. Each response is \
         judged by the rules below, which have no code of the verifier.\n",
        run.minutes, run.date
    )?;
    writeln!(text, "| | |\n|---|---:|")?;
    let rounds = run
        .phases
        .iter()
        .filter(|phase| phase.trouble == Some(Trouble::ALL[0]));
    let accepted = tally.count(|_| true, 200);
    for (name, figure) in [
        ("requests", requests),
        ("requests per second", (requests as f64 / seconds) as u64),
        ("allowed", accepted),
        ("wrong verdicts", tally.wrong()),
        ("requests without a response", tally.lost()),
        ("other faults", tally.others()),
        ("times that each trouble came", rounds.count() as u64),
        ("looks at the snapshot, which was whole", tally.snapshots),
    ] {
        writeln!(text, "| {name} | {} |", grouped(figure))?;
    }
    writeln!(
        text,
        "\n![memory, open files and requests over time](soak.svg)\n\n## The rules\n"
    )?;
    for rule in RULES {
        writeln!(text, "- {rule}")?;
    }
    troubles(&mut text, run, tally)?;
    kinds(&mut text, tally)?;
    memory(&mut text, run)?;
    writeln!(text, "\n## How\n")?;
    writeln!(
        text,
        "Each child has {STEADY} connections with a request every 100 ms about keys that it has, and {PATIENT} about \
         keys that it may not have, which may have to wait for a fetch; in a flood {FLOOD} more, with a request every \
         20 ms. Half of the requests are good, and half are of all other kinds. The issuer keeps 8 keys besides the one \
         that signs and the next one, and says that its key set may be cached for 15 seconds. The guard has its default \
         schedule. Time is faked for the children by libfaketime, but not the monotonic clock. After the last phase, \
         `serve` is killed and started while the issuer is out of order, and has the keys of its snapshot."
    )?;
    if !tally.faults.is_empty() {
        writeln!(text, "\n## What was wrong\n")?;
        for fault in tally.faults.iter().take(50) {
            writeln!(text, "- {fault}")?;
        }
        if tally.faults.len() > 50 {
            writeln!(text, "- and {} more", tally.faults.len() - 50)?;
        }
    }
    Ok(text)
}

/// The phases by their troubles.
fn troubles(text: &mut String, run: &Run, tally: &Tally) -> Result<(), Failed> {
    writeln!(
        text,
        "\n## The troubles\n\nBetween them, and as long as each, all is in order: \"calm\". The longest wait is that of a \
         request about a key that the child has, while the child is not stopped.\n\n\
         | trouble | seconds | requests | 200 | 400 | 401 | 403 | 503 | wrong | no response | longest wait |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    )?;
    for trouble in Trouble::ALL.map(Some).into_iter().chain([None]) {
        let is_of = |phase: usize| run.phases[phase].trouble == trouble;
        let phases = run.phases.iter().filter(|phase| phase.trouble == trouble);
        let seconds: Duration = phases.map(|phase| phase.to - phase.from).sum();
        let counts = STATUSES.map(|status| tally.count(|(phase, ..)| is_of(*phase), status));
        let sum = |counts: &BTreeMap<usize, u64>| -> u64 {
            let counts = counts.iter().filter(|(phase, _)| is_of(**phase));
            counts.map(|(_, count)| count).sum()
        };
        let (wrong, lost) = (sum(&tally.wrong), sum(&tally.lost));
        let longest = tally.longest.iter().filter(|(phase, _)| is_of(**phase));
        let longest = longest.map(|(_, wait)| *wait).max().unwrap_or_default();
        let all: u64 = tally
            .statuses
            .iter()
            .filter(|((phase, ..), _)| is_of(*phase))
            .flat_map(|(_, statuses)| statuses.values())
            .sum();
        let name = trouble.map_or("calm", Trouble::description);
        write!(
            text,
            "| {name} | {} | {} |",
            seconds.as_secs(),
            grouped(all + lost)
        )?;
        for count in counts {
            write!(text, " {} |", grouped(count))?;
        }
        writeln!(text, " {wrong} | {lost} | {} ms |", longest.as_millis())?;
    }
    let refused = tally.refused_for.iter();
    writeln!(
        text,
        "\nA new key was first answered with 503 and later accepted {} times, after {} seconds at most, outages included.",
        refused.len(),
        refused.max().map_or(0, Duration::as_secs)
    )?;
    Ok(())
}

fn kinds(text: &mut String, tally: &Tally) -> Result<(), Failed> {
    writeln!(
        text,
        "\n## The requests by kind\n\n\
         | token | child | requests | 200 | 400 | 401 | 403 | 503 |\n|---|---|---:|---:|---:|---:|---:|---:|"
    )?;
    for kind in Kind::ALL {
        for child in Child::ALL {
            let is_of = |(_, of, other): &Place| (*of, *other) == (child, kind);
            let counts = STATUSES.map(|status| tally.count(is_of, status));
            let name = kind.name();
            write!(
                text,
                "| {name} | {} | {} |",
                child.name(),
                grouped(counts.iter().sum())
            )?;
            for count in counts {
                write!(text, " {} |", grouped(count))?;
            }
            writeln!(text)?;
        }
    }
    Ok(())
}

fn memory(text: &mut String, run: &Run) -> Result<(), Failed> {
    writeln!(
        text,
        "\n## Memory and open files\n\nMedians of the calm times in the first third and in the last one, without the \
         warm-up. Memory may not grow by more than {} MiB. In the second half of each calm time, not more than \
         {MORE_FILES} files may be open beyond those before the first trouble.\n\n\
         | process | memory, first third | last third | open files at first | most in a calm time | most of all | \
         threads, most |\n|---|---:|---:|---:|---:|---:|---:|",
        MORE_MEMORY / 1024 / 1024
    )?;
    for (process, name) in NAMES.iter().enumerate() {
        let [first, last] = run
            .memory(process)
            .map(|bytes| bytes as f64 / 1024.0 / 1024.0);
        let most = |figure: fn(&Figures) -> u64| {
            let samples = run.samples.iter();
            samples
                .map(|it| figure(&it.figures[process]))
                .max()
                .unwrap_or_default()
        };
        let calm = run
            .files(process)
            .map(|(_, files)| files)
            .max()
            .unwrap_or_default();
        writeln!(
            text,
            "| {name} | {first:.1} MiB | {last:.1} MiB | {} | {calm} | {} | {} |",
            run.base_files(process),
            most(|figures| figures.files),
            most(|figures| figures.threads)
        )?;
    }
    Ok(())
}

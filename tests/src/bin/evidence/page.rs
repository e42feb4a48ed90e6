//! `tests/EVIDENCE.md`.

use std::fmt::Write as _;

use super::claims::{Pace, SUBJECTS};
use super::fuzzing::Fuzzing;
use super::records::Records;

const HEAD: &str = "\
# Evidence

What Tokenlatch claims, and a command for each claim that you can run yourself, from the root of the repository. It
fails where the claim does not hold. `tests/evidence` runs all of them and writes this page; `tests/evidence WORD`
runs those with that word in the command; `tests/evidence --check` runs the quick ones (marked `*`), and fails
where a figure is not the one on this page. Run `tests/run` first: it installs what most of them need, and the rest
say what is missing.
";

const FUZZING: &str = "
## Long runs of fuzzing

What `tests/fuzz/run --minutes` has done with each target so far, without a failure that is left: how often it ran, how
long, and the code that it reached. An edge leads from one block of code to another; features are edges by how often
they are taken, and values that are compared.

| target | executions | minutes of CPU | edges | features | inputs for them | last run |
|---|---|---|---|---|---|---|
";

/// The page for what is on record, and for these targets of fuzzing.
pub(super) fn text(records: &Records, targets: &[String], fuzzing: &Fuzzing) -> String {
    let mut text = HEAD.to_owned();
    for (subject, claims) in SUBJECTS {
        write!(
            text,
            "\n## {subject}\n\n| claim | evidence | figure | command | date |\n|---|---|---|---|---|\n"
        )
        .expect("a string takes everything");
        for claim in claims {
            let record = records.get(claim.command);
            let (figure, date) = record.map_or(("not run yet", ""), |record| {
                (record.figure.as_str(), record.date.as_str())
            });
            let mark = if claim.pace == Pace::Quick { " *" } else { "" };
            writeln!(
                text,
                "| {} | {} | {} | `{}`{mark} | {date} |",
                claim.claim,
                claim.evidence,
                figure.replace('|', "\\|"),
                claim.command,
            )
            .expect("a string takes everything");
        }
    }
    text.push_str(FUZZING);
    for name in targets {
        match fuzzing.get(name) {
            Some(target) => writeln!(
                text,
                "| {name} | {} | {} | {} | {} | {} | {} |",
                target.executions,
                target.cpu_seconds / 60,
                target.edges,
                target.features,
                target.inputs,
                target.date,
            ),
            None => writeln!(text, "| {name} | none yet | | | | | |"),
        }
        .expect("a string takes everything");
    }
    text
}

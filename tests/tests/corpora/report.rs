//! The results for a corpus.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

/// The results for a corpus.
pub(crate) struct Report {
    pub(crate) name: &'static str,
    accepted: usize,
    rejected: usize,
    /// Cases with another verdict than the corpus has, or for which the corpus has none.
    decided: Vec<String>,
    unexplained: Vec<String>,
    absent: Option<PathBuf>,
}

/// The verdict of a corpus on a case.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    Accepted,
    Rejected,
    /// Both verdicts are right.
    Open,
}

impl Report {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            accepted: 0,
            rejected: 0,
            decided: Vec::new(),
            unexplained: Vec::new(),
            absent: None,
        }
    }

    /// Counts a case. `why` explains a verdict other than the expected one: the line of the RFC, or
    /// the limit, that decides it.
    pub(crate) fn case(
        &mut self,
        case: &str,
        expected: Expected,
        is_accepted: bool,
        why: Option<&str>,
    ) {
        let verdict = if is_accepted { "accepted" } else { "rejected" };
        let is_expected = expected == Expected::Accepted && is_accepted
            || expected == Expected::Rejected && !is_accepted;
        match why {
            _ if is_expected && is_accepted => self.accepted += 1,
            _ if is_expected => self.rejected += 1,
            Some(why) => self.decided.push(format!("{case}: {verdict}, {why}")),
            None => self.unexplained.push(format!("{case}: {verdict}")),
        }
    }

    /// How many cases were judged.
    pub(crate) fn cases(&self) -> usize {
        self.accepted + self.rejected + self.decided.len() + self.unexplained.len()
    }

    /// A file of the corpus in `../shared/vectors`, or a note that it is absent.
    pub(crate) fn read(&mut self, path: &str) -> Option<Vec<u8>> {
        let path = vectors().join(path);
        let bytes = fs::read(&path).ok();
        if bytes.is_none() {
            self.absent = Some(path);
        }
        bytes
    }

    /// The files of a folder in `../shared/vectors`, in the order of their names.
    pub(crate) fn read_folder(&mut self, path: &str) -> Vec<(String, Vec<u8>)> {
        let folder = vectors().join(path);
        let Ok(entries) = fs::read_dir(&folder) else {
            self.absent = Some(folder);
            return Vec::new();
        };
        let mut files: Vec<_> = entries
            .map(|entry| {
                let entry = entry.expect("a readable folder");
                let name = entry.file_name().into_string().expect("a name in UTF-8");
                (name, fs::read(entry.path()).expect("a readable file"))
            })
            .collect();
        files.sort();
        files
    }

    pub(crate) fn unexplained(&self) -> &[String] {
        &self.unexplained
    }

    pub(crate) fn table(reports: &[Self]) -> String {
        let mut table = String::from(
            "corpus                              accepted  rejected  otherwise (each explained)\n",
        );
        for report in reports {
            let Self {
                name,
                accepted,
                rejected,
                decided,
                unexplained,
                absent,
            } = report;
            if let Some(absent) = absent {
                writeln!(table, "{name:35} NOT RUN: {} is absent", absent.display()).unwrap();
                continue;
            }
            let otherwise = decided.len() + unexplained.len();
            writeln!(table, "{name:35} {accepted:8} {rejected:8} {otherwise:10}").unwrap();
            for line in decided {
                writeln!(table, "    {line}").unwrap();
            }
            for line in unexplained {
                writeln!(table, "    UNEXPLAINED {line}").unwrap();
            }
        }
        table
    }
}

fn vectors() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/vectors"))
}

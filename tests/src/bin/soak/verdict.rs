//! Whether memory and open files are flat.

use std::time::Duration;

use crate::phases::Trouble;
use crate::sampler::{NAMES, Sample};

/// The whole run.
pub(crate) struct Run {
    pub(crate) minutes: f64,
    /// When it began.
    pub(crate) date: String,
    pub(crate) phases: Vec<Phase>,
    pub(crate) samples: Vec<Sample>,
}

/// A part of the run, in times since its start.
pub(crate) struct Phase {
    /// `None` if all is in order.
    pub(crate) trouble: Option<Trouble>,
    pub(crate) from: Duration,
    pub(crate) to: Duration,
}

impl Phase {
    pub(crate) fn calm(from: Duration, to: Duration) -> Self {
        Self {
            trouble: None,
            from,
            to,
        }
    }
}

/// How much more memory a process may have in the last third than in the first one, in bytes.
pub(crate) const MORE_MEMORY: u64 = 4 * 1024 * 1024;

/// How many more files may be open in a calm time than at first: connections to the issuer come and go.
pub(crate) const MORE_FILES: u64 = 4;

impl Run {
    /// What grew, in words.
    pub(crate) fn growth(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (process, name) in NAMES.iter().enumerate() {
            let [first, last] = self.memory(process);
            if last > first + MORE_MEMORY {
                faults.push(format!("{name}: memory grew from {first} to {last} bytes"));
            }
            let base = self.base_files(process);
            for (at, files) in self.files(process) {
                if files > base + MORE_FILES {
                    let at = at.as_secs();
                    faults.push(format!(
                        "{name}: {files} files are open at {at} s, {base} at first"
                    ));
                }
            }
        }
        faults
    }

    /// The median memory of a process in the calm times of the first third and of the last one, in bytes.
    pub(crate) fn memory(&self, process: usize) -> [u64; 2] {
        let end = self.samples.last().map_or(Duration::ZERO, |last| last.at);
        let median_of = |from: Duration, to: Duration| {
            let samples = self
                .samples
                .iter()
                .filter(|it| (from..=to).contains(&it.at));
            let samples = samples.filter(|it| self.phases[it.phase].trouble.is_none());
            median(samples.map(|it| it.figures[process].memory))
        };
        // Of the first third, not the warm-up.
        let warm = self.phases.first().map_or(Duration::ZERO, |phase| phase.to);
        [median_of(warm, end / 3), median_of(end * 2 / 3, end)]
    }

    /// The open files of a process before the first trouble.
    pub(crate) fn base_files(&self, process: usize) -> u64 {
        self.calm_files(process, 0)
    }

    /// The open files of a process in each calm time after a trouble, and when it ended.
    pub(crate) fn files(&self, process: usize) -> impl Iterator<Item = (Duration, u64)> {
        let calm = self.phases.iter().enumerate().skip(1);
        let calm = calm.filter(|(_, phase)| phase.trouble.is_none() && phase.to > phase.from);
        calm.map(move |(at, phase)| (phase.to, self.calm_files(process, at)))
    }

    /// The median of a process's open files in the second half of a phase.
    fn calm_files(&self, process: usize, phase: usize) -> u64 {
        let Phase { from, to, .. } = self.phases[phase];
        let half = from + (to - from) / 2;
        let samples = self.samples.iter();
        let samples = samples.filter(|it| it.at >= half && it.at <= to);
        median(samples.map(|it| it.figures[process].files))
    }
}

fn median(values: impl Iterator<Item = u64>) -> u64 {
    let mut values: Vec<u64> = values.collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

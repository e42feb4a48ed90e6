//! The figures, as `results/fleet.json` keeps them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::plan::Window;
use crate::simulation::Measured;

/// How many seconds one point of the plot stands for.
pub(crate) const POINT: usize = 60;

/// Everything that a run of the program finds.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Figures {
    pub(crate) instances: u32,
    /// How many requests a second the issuer allows.
    pub(crate) rate_limit: f64,
    /// The quiet day, and then each event.
    pub(crate) rows: Vec<Row>,
    /// Other issuers, which say other things in `Cache-Control`, without events.
    pub(crate) lifetimes: Vec<Row>,
    /// Other issuers, which say other things in `Retry-After`, when all restart.
    pub(crate) waits: Vec<Row>,
    /// The day with all events.
    pub(crate) points: Vec<Point>,
}

/// One window.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    /// Requests a second.
    pub(crate) mean: f64,
    /// The most requests in a second.
    pub(crate) peak: u32,
    /// The same, after the event.
    pub(crate) peak_after: u32,
    /// Requests that got 429.
    pub(crate) too_many: u64,
    /// For how long the new key went unrecognised, in seconds: p50, p99, worst.
    pub(crate) unrecognised: Option<[f64; 3]>,
    /// Good tokens.
    pub(crate) good: u64,
    /// Those whose `kid` counted as unknown.
    pub(crate) unknown: u64,
    /// Those for which there were no keys.
    pub(crate) unavailable: u64,
    /// How long it took until the last good token that was not verified, from the beginning of the event,
    /// in seconds.
    pub(crate) last_rejected: Option<usize>,
}

/// Requests a second, in one minute.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Point {
    pub(crate) mean: f64,
    pub(crate) peak: u32,
    /// The mean of those that got 429.
    pub(crate) too_many: f64,
}

impl Row {
    /// `rotation` is the number of the one in the window.
    pub(crate) fn new(measured: &Measured, window: &Window, rotation: Option<usize>) -> Self {
        let [from, after, to] = [window.span.start, window.after, window.span.end].map(second);
        let sum = |series: &[u32]| series[from..to].iter().map(|&n| u64::from(n)).sum();
        let peak = |span: &[u32]| span.iter().copied().max().unwrap_or_default();
        let requests: u64 = sum(&measured.requests);
        let is_rejected =
            |second: &usize| measured.unknown[*second] + measured.unavailable[*second] > 0;
        Self {
            name: window.name.into(),
            mean: rounded(requests as f64 / (to - from) as f64),
            peak: peak(&measured.requests[from..to]),
            peak_after: peak(&measured.requests[after..to]),
            too_many: sum(&measured.too_many),
            unrecognised: rotation.and_then(|number| {
                let sorted = &measured.unrecognised[number];
                let last = sorted.len().checked_sub(1)?;
                let at = [last / 2, last * 99 / 100, last];
                Some(at.map(|at| rounded(sorted[at].as_secs_f64())))
            }),
            good: sum(&measured.good),
            unknown: sum(&measured.unknown),
            unavailable: sum(&measured.unavailable),
            last_rejected: (from..to).rfind(is_rejected).map(|second| second - from),
        }
    }
}

pub(crate) fn points(measured: &Measured) -> Vec<Point> {
    let mean =
        |series: &[u32]| rounded(f64::from(series.iter().sum::<u32>()) / series.len() as f64);
    let requests = measured.requests.chunks(POINT);
    let minutes = requests.zip(measured.too_many.chunks(POINT));
    let point = |(requests, too_many): (&[u32], &[u32])| Point {
        mean: mean(requests),
        peak: requests.iter().copied().max().unwrap_or_default(),
        too_many: mean(too_many),
    };
    minutes.map(point).collect()
}

fn second(time: Duration) -> usize {
    usize::try_from(time.as_secs()).expect("a day or so")
}

/// To hundredths: more says nothing.
fn rounded(figure: f64) -> f64 {
    (figure * 100.0).round() / 100.0
}

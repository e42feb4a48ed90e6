//! What happens to a fleet and its issuer, and when.

use std::ops::Range;
use std::time::Duration;

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const HOUR: Duration = Duration::from_secs(60 * 60);

/// A fleet, its issuer, and the events. Times count from the beginning of what is measured.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// How many instances there are.
    pub(crate) instances: u32,
    /// How long it is measured.
    pub(crate) length: Duration,
    /// What the issuer says in `Cache-Control`.
    pub(crate) max_age: Option<Duration>,
    /// What the issuer says with 429.
    pub(crate) retry_after: Option<Duration>,
    /// How many requests a second the issuer allows in the long run.
    pub(crate) rate_limit: f64,
    /// In order.
    pub(crate) rotations: Vec<Rotation>,
    pub(crate) outages: Vec<Range<Duration>>,
    pub(crate) restarts: Vec<Restart>,
    pub(crate) floods: Vec<Range<Duration>>,
}

/// A new key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rotation {
    /// From then on, it is in the key set.
    pub(crate) published: Duration,
    /// From then on, it signs every token that the instances see.
    pub(crate) signs: Duration,
}

/// All instances restart within a second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Restart {
    pub(crate) at: Duration,
    /// Whether they begin with the key set that they had.
    pub(crate) has_snapshot: bool,
}

/// A part of a plan that gets a row in the table.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    pub(crate) name: &'static str,
    /// Its name in the plot.
    pub(crate) label: &'static str,
    pub(crate) span: Range<Duration>,
    /// From then on, the requests count as those after the event.
    pub(crate) after: Duration,
}

/// How long a window is.
const WINDOW: Duration = Duration::from_secs(2 * 60 * 60);

/// The first seconds of an event that comes to all instances at once: what comes later is a wave.
const BEGINNING: Duration = Duration::from_secs(10);

impl Plan {
    /// Nothing happens. The issuer allows five times the requests that it gets.
    pub(crate) fn quiet(instances: u32, length: Duration) -> Self {
        Self {
            instances,
            length,
            max_age: None,
            retry_after: Some(30 * SECOND),
            rate_limit: f64::from(instances) / 100.0,
            rotations: Vec::new(),
            outages: Vec::new(),
            restarts: Vec::new(),
            floods: Vec::new(),
        }
    }

    /// Everything happens, and each event is over before the next one.
    pub(crate) fn day(instances: u32) -> (Self, Vec<Window>) {
        let rotation = |hour: u32, announced| Rotation {
            published: hour * HOUR - announced,
            signs: hour * HOUR,
        };
        let restart = |hour: u32, has_snapshot| Restart {
            at: hour * HOUR,
            has_snapshot,
        };
        let outage = 8 * HOUR..8 * HOUR + 30 * MINUTE;
        let flood = |hour: u32| hour * HOUR..hour * HOUR + 10 * MINUTE;
        let plan = Self {
            rotations: vec![
                rotation(2, HOUR),
                rotation(5, Duration::ZERO),
                Rotation {
                    published: 20 * HOUR + 5 * MINUTE,
                    signs: 20 * HOUR + 5 * MINUTE,
                },
            ],
            outages: vec![outage.clone()],
            restarts: vec![restart(11, false), restart(14, true)],
            floods: vec![flood(17), flood(20)],
            ..Self::quiet(instances, 24 * HOUR)
        };
        let window = |name, label, from: Duration, after: Duration| Window {
            name,
            label,
            span: from..from + WINDOW,
            after,
        };
        let at_once = |name, label, hour: u32| {
            let start = hour * HOUR;
            window(name, label, start, start + BEGINNING)
        };
        let windows = vec![
            at_once("rotation, announced 1 h ahead", "announced rotation", 2),
            at_once("rotation, unannounced", "rotation", 5),
            window("outage of 30 min", "outage", outage.start, outage.end),
            at_once("restart without a snapshot", "restart", 11),
            at_once("restart with a snapshot", "with snapshot", 14),
            at_once("flood of unknown `kid`s, 10 min", "flood", 17),
            at_once(
                "rotation, unannounced, in a flood",
                "rotation in a flood",
                20,
            ),
        ];
        (plan, windows)
    }

    /// How many rotations have happened by then, counted by `time`.
    pub(crate) fn rotated(&self, now: Duration, time: impl Fn(&Rotation) -> Duration) -> usize {
        self.rotations
            .iter()
            .take_while(|rotation| time(rotation) <= now)
            .count()
    }
}

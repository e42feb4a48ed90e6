//! What the processes take, and whether the snapshot is whole: each second.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval};

use crate::children::{Figures, Setup, figures};
use crate::disk;
use crate::issuer::Failed;
use crate::shared::Shared;
use crate::world::Child;

/// The processes in the plot.
pub(crate) const NAMES: [&str; 3] = ["issuer", "serve", "service"];

/// What there was in a second.
#[derive(Clone)]
pub(crate) struct Sample {
    /// Since the start.
    pub(crate) at: Duration,
    pub(crate) phase: usize,
    /// In the order of [`NAMES`].
    pub(crate) figures: [Figures; 3],
    /// Since the start.
    pub(crate) requests: u64,
    /// Since the start: wrong verdicts, and requests without a response.
    pub(crate) wrong: u64,
}

/// Samples each second until the load is over.
pub(crate) async fn sample(
    shared: Arc<Shared>,
    setup: Arc<Setup>,
    processes: [u32; 3],
    start: Instant,
) -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut interval = interval(Duration::from_secs(1));
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !shared.is_over.load(Ordering::SeqCst) {
        interval.tick().await;
        let mut all = [Figures::default(); 3];
        for (place, process) in all.iter_mut().zip(processes) {
            match figures(process) {
                Ok(figures) => *place = figures,
                Err(error) => {
                    shared.tally().fault(error.to_string());
                    return samples;
                }
            }
        }
        if let Err(error) = look_at_snapshot(&shared, &setup) {
            shared.tally().fault(format!("the snapshot: {error}"));
        }
        let tally = shared.tally();
        samples.push(Sample {
            at: start.elapsed(),
            phase: shared.phase(),
            figures: all,
            requests: tally.requests(),
            wrong: tally.wrong() + tally.lost(),
        });
    }
    samples
}

/// It is absent or whole, and has the newest key in time.
fn look_at_snapshot(shared: &Shared, setup: &Setup) -> Result<(), Failed> {
    let newest = {
        let world = shared.world();
        let newest = world.keys.last().zip(world.has_space);
        // The file is written after the fetch: a second later at the latest.
        let then = Instant::now().checked_sub(Duration::from_secs(1));
        let is_due = |at| {
            newest.is_some_and(|(key, space)| {
                world.has_fetched(Child::Serve, key.published.max(space), at)
            })
        };
        let newest = newest.map(|(key, _)| key.key_id.clone());
        newest.filter(|_| then.is_some_and(is_due))
    };
    let document = disk::snapshot(&setup.snapshot())?;
    if document.is_some() {
        shared.tally().snapshots += 1;
    }
    match newest {
        Some(newest) if !document.is_some_and(|document| document.contains(&newest)) => {
            Err("it has not the newest key in time".into())
        }
        _ => Ok(()),
    }
}

//! A fleet in virtual time: events in a heap, each at an instance.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::mem;
use std::ops::Range;
use std::time::{Duration, Instant};

use fastrand::Rng;
use tokenlatch_host::key_set::Schedule;
use tokenlatch_host::key_set::simulation::{Machine, Response, Snapshot, Verdict};

use crate::issuer::{Issuer, Status};
use crate::plan::{HOUR, Plan, SECOND};

/// Each instance sees a token so often on average, as a Poisson process.
pub(crate) const TOKEN_EVERY: Duration = Duration::from_secs(10);

/// One instance of so many is idle.
pub(crate) const IDLE_ONE_OF: u32 = 10;

/// An idle instance sees a token so often on average.
pub(crate) const IDLE_TOKEN_EVERY: Duration = Duration::from_secs(60 * 60);

/// In a flood, each instance sees a token with another unknown `kid` so often on average.
pub(crate) const FLOOD_EVERY: Duration = Duration::from_secs(1);

/// The shortest time that a request takes, and the longest.
pub(crate) const LATENCY: Range<Duration> = Duration::from_millis(50)..Duration::from_millis(100);

/// The instances start within the first half of this time, and nothing is measured in it.
const WARM_UP: Duration = Duration::from_secs(2 * 60 * 60);

/// What was measured: for each second, and for each rotation.
pub(crate) struct Measured {
    /// Requests that reached the issuer, or would have, but for its outage.
    pub(crate) requests: Vec<u32>,
    /// Requests that got 429.
    pub(crate) too_many: Vec<u32>,
    /// Tokens with a good `kid`.
    pub(crate) good: Vec<u32>,
    /// Good tokens whose `kid` counted as unknown.
    pub(crate) unknown: Vec<u32>,
    /// Good tokens for which there were no keys.
    pub(crate) unavailable: Vec<u32>,
    /// For each rotation and instance: from the first token with the new key to the key set that has it.
    pub(crate) unrecognised: Vec<Vec<Duration>>,
}

/// Runs the plan. The same plan and seed give the same result.
pub(crate) fn run(plan: &Plan, schedule: Schedule, seed: u64) -> Measured {
    let mut fleet = Fleet::new(plan, schedule, seed);
    while let Some(Reverse(event)) = fleet.events.pop() {
        if event.at >= WARM_UP + plan.length {
            break;
        }
        fleet.now = event.at;
        fleet.handle(event);
    }
    fleet.finish()
}

struct Fleet<'p> {
    plan: &'p Plan,
    schedule: Schedule,
    issuer: Issuer,
    instances: Vec<Instance>,
    events: BinaryHeap<Reverse<Event>>,
    /// How many events there were: it orders those of one time.
    pushed: u64,
    /// Since the beginning of the warm-up.
    now: Duration,
    /// The instant of that beginning. Late enough that a snapshot may be older.
    base: Instant,
    random: Rng,
    unknown_key_ids: u64,
    measured: Measured,
}

struct Instance {
    /// `None` before it starts.
    machine: Option<Machine>,
    /// How many times it restarted: what its earlier fetches bring is lost.
    epoch: u32,
    token_every: Duration,
    is_fetching: bool,
    /// When its fetcher wakes up.
    wakes_at: Option<Duration>,
    /// The lookups that wait for a fetch to end.
    waiting: Vec<Waiting>,
    /// The number of its key set, and when it was fetched.
    snapshot: Option<(usize, Duration)>,
    /// The newest key that signed a token here, and when the first such token came, unless the key is known.
    newest: (usize, Option<Duration>),
}

struct Waiting {
    key: Key,
    /// How many fetches it has waited for.
    fetches: u32,
}

/// The `kid` that a token names.
#[derive(Clone, Copy)]
enum Key {
    Good(usize),
    Unknown(u64),
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    at: Duration,
    order: u64,
    instance: usize,
    kind: Kind,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// The instance starts, with its snapshot if it has one and may use it.
    Start { has_snapshot: bool },
    /// A token comes, and then the next one.
    Token,
    /// A token with an unknown `kid` comes, and then the next one until the flood ends.
    Flood { end: Duration },
    /// The fetcher wakes up.
    Wake,
    /// The fetcher has its response.
    Response { epoch: u32, status: Status },
}

impl<'p> Fleet<'p> {
    fn new(plan: &'p Plan, schedule: Schedule, seed: u64) -> Self {
        let seconds = usize::try_from(plan.length.as_secs()).expect("a day or so");
        let series = || vec![0; seconds];
        let instance = |number| Instance {
            machine: None,
            epoch: 0,
            token_every: if number % IDLE_ONE_OF == 0 {
                IDLE_TOKEN_EVERY
            } else {
                TOKEN_EVERY
            },
            is_fetching: false,
            wakes_at: None,
            waiting: Vec::new(),
            snapshot: None,
            newest: (0, None),
        };
        let mut fleet = Self {
            plan,
            schedule,
            issuer: Issuer::new(plan),
            instances: (0..plan.instances).map(instance).collect(),
            events: BinaryHeap::new(),
            pushed: 0,
            now: Duration::ZERO,
            base: Instant::now() + 48 * HOUR,
            random: Rng::with_seed(seed),
            unknown_key_ids: 0,
            measured: Measured {
                requests: series(),
                too_many: series(),
                good: series(),
                unknown: series(),
                unavailable: series(),
                unrecognised: vec![Vec::new(); plan.rotations.len()],
            },
        };
        fleet.push_plan();
        fleet
    }

    /// The events that do not follow from others.
    fn push_plan(&mut self) {
        let plan = self.plan;
        for instance in 0..self.instances.len() {
            let start = (WARM_UP / 2).mul_f64(self.random.f64());
            let has_snapshot = false;
            self.push(start, instance, Kind::Start { has_snapshot });
            let token = start + self.wait(self.instances[instance].token_every);
            self.push(token, instance, Kind::Token);
            for restart in &plan.restarts {
                let at = WARM_UP + restart.at + SECOND.mul_f64(self.random.f64());
                let has_snapshot = restart.has_snapshot;
                self.push(at, instance, Kind::Start { has_snapshot });
            }
            for flood in &plan.floods {
                let at = WARM_UP + flood.start + self.wait(FLOOD_EVERY);
                let end = WARM_UP + flood.end;
                self.push(at, instance, Kind::Flood { end });
            }
        }
    }

    fn handle(&mut self, event: Event) {
        let Event { instance, kind, .. } = event;
        match kind {
            Kind::Start { has_snapshot } => self.start(instance, has_snapshot),
            Kind::Token => {
                let next = self.now + self.wait(self.instances[instance].token_every);
                self.push(next, instance, Kind::Token);
                self.token(instance);
            }
            Kind::Flood { end } => {
                let next = self.now + self.wait(FLOOD_EVERY);
                if next < end {
                    self.push(next, instance, Kind::Flood { end });
                }
                self.unknown_key_ids += 1;
                self.look_up(instance, Key::Unknown(self.unknown_key_ids));
            }
            Kind::Wake => {
                if self.instances[instance].wakes_at == Some(self.now) {
                    self.instances[instance].wakes_at = None;
                    self.wake(instance);
                }
            }
            Kind::Response { epoch, status } => {
                if self.instances[instance].epoch == epoch {
                    self.respond(instance, status);
                }
            }
        }
    }

    fn start(&mut self, number: usize, has_snapshot: bool) {
        let now = self.instant();
        let seed = self.random.u64(..);
        let instance = &mut self.instances[number];
        let snapshot = instance.snapshot.filter(|_| has_snapshot);
        let snapshot = snapshot.map(|(keys, fetched)| Snapshot {
            keys: self.issuer.key_sets[keys].clone(),
            max_age: self.plan.max_age,
            age: self.now - fetched,
        });
        let machine = Machine::new(self.schedule, seed, snapshot, now);
        instance.snapshot = instance.snapshot.filter(|_| machine.has_keys());
        instance.machine = Some(machine);
        instance.epoch += 1;
        instance.is_fetching = false;
        instance.wakes_at = None;
        // The requests that waited ended with the process.
        instance.waiting.clear();
        self.wake(number);
    }

    /// A token comes that the newest key signed.
    fn token(&mut self, number: usize) {
        let time = self.time().unwrap_or_default();
        let key = self.plan.rotated(time, |rotation| rotation.signs);
        self.count(|measured| &mut measured.good);
        if self.instances[number].newest.0 < key {
            self.instances[number].newest = (key, Some(self.now));
        }
        self.look_up(number, Key::Good(key));
        self.recognise(number);
    }

    fn look_up(&mut self, number: usize, key: Key) {
        let now = self.instant();
        let is_found = self.with(number, key, |machine, key_id| machine.finds(key_id, now));
        if !is_found {
            self.ask(number, Waiting { key, fetches: 0 });
        }
    }

    /// As `KeySetCache::keys` does: the lookup waits for two fetches at most. They take less than its patience.
    fn ask(&mut self, number: usize, lookup: Waiting) {
        let now = self.instant();
        let Waiting { key, fetches } = lookup;
        let waits = |machine: &Machine, key_id: &str| machine.waits(key_id, now);
        if fetches < 2 {
            let waits = self.with(number, key, waits);
            if waits {
                let fetches = fetches + 1;
                let lookup = Waiting { key, fetches };
                self.instances[number].waiting.push(lookup);
            }
            if self.with(number, key, |machine, _| machine.wakes()) {
                self.wake(number);
            }
            if waits {
                return;
            }
        }
        if let Key::Good(_) = key {
            match self.with(number, key, |machine, key_id| machine.verdict(key_id, now)) {
                Verdict::Found => {}
                Verdict::Unknown => self.count(|measured| &mut measured.unknown),
                Verdict::Unavailable => self.count(|measured| &mut measured.unavailable),
            }
        }
    }

    /// One round of `Fetcher::run`: a request, if one is due, and sleep.
    fn wake(&mut self, number: usize) {
        let now = self.instant();
        let instance = &mut self.instances[number];
        let Some(machine) = &instance.machine else {
            return;
        };
        if instance.is_fetching {
            return;
        }
        if machine.begin(now) {
            instance.is_fetching = true;
            let epoch = instance.epoch;
            let time = self.time();
            let status = self.issuer.request(self.plan, self.now, time);
            self.count(|measured| &mut measured.requests);
            if status == Status::TooMany {
                self.count(|measured| &mut measured.too_many);
            }
            let latency = (LATENCY.end - LATENCY.start).mul_f64(self.random.f64()) + LATENCY.start;
            let ends = self.now + latency;
            self.push(ends, number, Kind::Response { epoch, status });
            return;
        }
        let wakes_at = machine.next_fetch().saturating_duration_since(self.base);
        if instance.wakes_at != Some(wakes_at) {
            instance.wakes_at = Some(wakes_at);
            self.push(wakes_at, number, Kind::Wake);
        }
    }

    fn respond(&mut self, number: usize, status: Status) {
        let now = self.instant();
        let max_age = self.plan.max_age;
        let instance = &mut self.instances[number];
        let response = match status {
            Status::Down => Response::Failed(None),
            Status::TooMany => Response::Failed(self.plan.retry_after),
            Status::Served(keys) => {
                let before = instance.snapshot.replace((keys, self.now));
                if before.is_some_and(|(before, _)| before == keys) {
                    Response::NotModified(max_age)
                } else {
                    Response::Keys(self.issuer.key_sets[keys].clone(), max_age)
                }
            }
        };
        instance.is_fetching = false;
        if let Some(machine) = &instance.machine {
            machine.end(response, now);
        }
        for lookup in mem::take(&mut instance.waiting) {
            self.ask(number, lookup);
        }
        self.recognise(number);
        self.wake(number);
    }

    /// Measures how long the newest key went unrecognised, if it is recognised now.
    fn recognise(&mut self, number: usize) {
        let instance = &mut self.instances[number];
        let (key, since) = instance.newest;
        if let (Some(seen), Some((keys, _))) = (since, instance.snapshot)
            && keys >= key
        {
            instance.newest.1 = None;
            self.measured.unrecognised[key - 1].push(self.now - seen);
        }
    }

    /// The keys that were not recognised until the end count as long as they were not.
    fn finish(mut self) -> Measured {
        let end = WARM_UP + self.plan.length;
        for instance in &self.instances {
            if let (key, Some(seen)) = instance.newest {
                self.measured.unrecognised[key - 1].push(end - seen);
            }
        }
        for unrecognised in &mut self.measured.unrecognised {
            unrecognised.sort_unstable();
        }
        self.measured
    }

    fn push(&mut self, at: Duration, instance: usize, kind: Kind) {
        self.pushed += 1;
        self.events.push(Reverse(Event {
            at,
            order: self.pushed,
            instance,
            kind,
        }));
    }

    /// The time to the next event of a Poisson process.
    fn wait(&mut self, every: Duration) -> Duration {
        every.mul_f64(-(1.0 - self.random.f64()).ln())
    }

    /// A step of an instance's machine with the `kid` of this key.
    fn with<T>(&mut self, number: usize, key: Key, step: impl FnOnce(&Machine, &str) -> T) -> T {
        let machine = self.instances[number].machine.as_ref();
        let machine = machine.expect("tokens come after the start");
        match key {
            Key::Good(key) => step(machine, &self.issuer.key_ids[key]),
            Key::Unknown(number) => step(machine, &format!("unknown-{number}")),
        }
    }

    fn count(&mut self, series: impl FnOnce(&mut Measured) -> &mut Vec<u32>) {
        if let Some(time) = self.time() {
            let second = usize::try_from(time.as_secs()).expect("a day or so");
            series(&mut self.measured)[second] += 1;
        }
    }

    /// The time as the plan counts it, after the warm-up.
    fn time(&self) -> Option<Duration> {
        self.now.checked_sub(WARM_UP)
    }

    fn instant(&self) -> Instant {
        self.base + self.now
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{MINUTE, Restart, Rotation};

    const INSTANCES: u32 = 200;

    fn measure(plan: &Plan) -> Measured {
        run(plan, Schedule::default(), 7)
    }

    fn total(series: &[u32]) -> u32 {
        series.iter().sum()
    }

    /// Requests a second in the busiest span of so many seconds: one second of so few instances is a matter of
    /// chance.
    fn peak(series: &[u32], seconds: usize) -> f64 {
        let spans = series.windows(seconds);
        spans.map(mean).fold(0.0, f64::max)
    }

    fn mean(series: &[u32]) -> f64 {
        f64::from(total(series)) / series.len() as f64
    }

    fn quiet() -> Plan {
        Plan::quiet(INSTANCES, HOUR)
    }

    #[test]
    fn the_same_seed_gives_the_same_run() {
        let [first, second] = [(); 2].map(|()| measure(&quiet()));
        assert_eq!(first.requests, second.requests);
        assert_eq!(first.good, second.good);
        let other = run(&quiet(), Schedule::default(), 8);
        assert_ne!(first.requests, other.requests);
    }

    #[test]
    fn a_rotation_that_was_announced_costs_no_request_and_no_good_token() {
        let published = Duration::ZERO;
        let signs = 20 * MINUTE;
        let plan = Plan {
            rotations: vec![Rotation { published, signs }],
            ..quiet()
        };
        let measured = measure(&plan);
        assert!(total(&measured.good) > 50_000);
        assert_eq!(
            total(&measured.unknown) + total(&measured.unavailable),
            0,
            "good tokens were rejected"
        );
        // Idle instances fetch late.
        let unrecognised = &measured.unrecognised[0];
        assert!(unrecognised[unrecognised.len() * 89 / 100].is_zero());
        let quiet = total(&measure(&quiet()).requests);
        assert!(total(&measured.requests) < quiet * 11 / 10);
    }

    #[test]
    fn a_key_that_signs_at_once_is_recognised_as_fast_as_the_rate_limit_lets_everybody_fetch() {
        let at = 20 * MINUTE;
        let plan = Plan {
            rotations: vec![Rotation {
                published: at,
                signs: at,
            }],
            ..quiet()
        };
        let measured = measure(&plan);
        let unrecognised = &measured.unrecognised[0];
        let p99 = unrecognised[(unrecognised.len() - 1) * 99 / 100];
        // The rate limit lets everybody fetch in 100 seconds.
        assert!(p99 < 150 * SECOND, "{p99:?}");
    }

    #[test]
    fn after_an_outage_there_is_no_wave() {
        let outage = 10 * MINUTE..40 * MINUTE;
        let plan = Plan {
            outages: vec![outage.clone()],
            ..quiet()
        };
        let measured = measure(&plan);
        let quiet = mean(&measure(&quiet()).requests);
        let end = usize::try_from(outage.end.as_secs()).unwrap();
        // An instance that missed more than three refreshes in half an hour.
        let backlog = 30.0 * 60.0 * quiet / f64::from(INSTANCES);
        assert!(backlog > 3.0, "{backlog}");
        let after = &measured.requests[end..];
        let wave = peak(after, 10);
        assert!(wave <= 3.0 * quiet * backlog, "{wave}");
        // Within two minutes all have tried again, two minutes later also those that the rate limit rejected,
        // and those fetches have no echo.
        let later = &measured.requests[end + 240..];
        let echo = peak(later, 30);
        assert!(echo <= 3.0 * quiet, "{echo}");
        assert_eq!(total(&measured.unknown) + total(&measured.unavailable), 0);
    }

    #[test]
    fn after_a_restart_and_in_a_flood_there_is_no_second_wave() {
        let restarts = |has_snapshot| {
            let at = 10 * MINUTE;
            vec![Restart { at, has_snapshot }]
        };
        let from = 10 * 60 + 10;
        let instances = f64::from(INSTANCES);
        let with_snapshot = measure(&Plan {
            restarts: restarts(true),
            ..quiet()
        });
        assert!(peak(&with_snapshot.requests[from..], 5) < instances / 100.0);
        assert_eq!(total(&with_snapshot.unavailable), 0);
        // They were asked to wait for 30 seconds, and come in the 30 seconds after that.
        let bound = 2.0 * instances / 30.0;
        let without = measure(&Plan {
            restarts: restarts(false),
            ..quiet()
        });
        assert!(peak(&without.requests[from..], 5) < bound);
        let flood = measure(&Plan {
            floods: vec![10 * MINUTE..20 * MINUTE],
            ..quiet()
        });
        assert!(peak(&flood.requests[from..], 5) < bound);
        assert_eq!(total(&flood.unknown) + total(&flood.unavailable), 0);
    }

    #[test]
    fn a_set_that_is_used_is_never_served_long_after_it_should_have_been_fetched() {
        let plan = Plan {
            max_age: Some(Duration::ZERO),
            rate_limit: f64::from(INSTANCES),
            ..quiet()
        };
        // 90 percent of the instances see a token every 10 seconds, and the set is fresh for 30.
        let busy = f64::from(INSTANCES) * 0.9;
        assert!(mean(&measure(&plan).requests) > busy / 40.0);
    }
}

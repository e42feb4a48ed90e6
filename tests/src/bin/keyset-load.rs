//! Many callers, a key that rotates every second, and a server that is out of order for a while.
//!
//! Every rotation publishes a key that signs from then on, and revokes the key of three rotations ago: tokens
//! of the last three keys are valid. Callers verify valid tokens all the time, and for a moment after each
//! rotation also tokens of revoked keys. An issuer that is out of order does not rotate.

use std::iter;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use rand::RngExt;
use serde_json::json;
use tokenlatch::MAX_TOKEN_LEN;
use tokenlatch_host::clock;
use tokenlatch_host::key_set::{Health, KeySetCache, Schedule, VerifyError};
use tokenlatch_tests::issuer::Issuer;
use tokenlatch_tests::load::{Mode, POLICY, Server, key_set, memory, times_within, token};
use tokio::task::{JoinSet, yield_now};
use tokio::time::{interval, sleep};

/// Puts the key set cache under load while keys rotate every second and the server fails; takes half a
/// minute. The exit status is 1 if a rule is broken.
#[derive(Parser)]
#[command(name = "keyset-load")]
struct Arguments {
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
}

const CALLERS: usize = 64;
const ROTATIONS: usize = 20;
const ROTATION: Duration = Duration::from_secs(1);
/// Half of it connections are refused, and half of it the response is 503.
const OUTAGE: Duration = Duration::from_secs(5);
/// How many keys are in the set.
const VALID: usize = 3;
/// There are so many different keys, which come again under new names.
const KEYS: usize = 8;
/// How long tokens of revoked keys are tried after a rotation. It is less than the cooldown, and so much less
/// than the time between rotations that the next new key never meets a cooldown that they caused, which may
/// take twice as long.
const TRYING: Duration = Duration::from_millis(250);

/// Like the default schedule, but for keys that live for seconds and not for months.
const SCHEDULE: Schedule = {
    let mut schedule = Schedule::new();
    schedule.ttl = Duration::from_secs(1);
    schedule.min_ttl = Duration::from_secs(1);
    schedule.max_ttl = Duration::from_secs(1);
    schedule.max_stale = Duration::from_secs(30);
    schedule.cooldown = Duration::from_millis(300);
    schedule.max_absent = Duration::from_secs(5);
    schedule.min_retry = Duration::from_millis(100);
    schedule.max_retry = Duration::from_millis(400);
    schedule
};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let issuer = Arc::new(RotatingIssuer::new());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let run = runtime.block_on(run(issuer.clone()));
    let faults = run.faults(&issuer);
    if arguments.json {
        println!("{}", run.json(&issuer, &faults));
    } else {
        run.print(&issuer);
        for fault in &faults {
            println!("BROKEN: {fault}");
        }
    }
    ExitCode::from(u8::from(!faults.is_empty()))
}

async fn run(issuer: Arc<RotatingIssuer>) -> Run {
    let start = Instant::now();
    let keys = KeySetCache::builder(issuer.server.source())
        .schedule(SCHEDULE)
        .start();
    keys.ready().await.expect("a first key set");
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        callers.spawn(call(issuer.clone(), keys.clone()));
    }
    issuer.rotate(ROTATIONS / 2).await;
    let outage_start = Instant::now();
    for mode in [Mode::Refusing, Mode::Unavailable] {
        issuer.server.behave(mode);
        sleep(OUTAGE / 2).await;
    }
    issuer.server.behave(Mode::Serving);
    let outage = outage_start.elapsed();
    issuer.rotate(ROTATIONS / 2).await;
    issuer.is_over.store(true, Ordering::SeqCst);
    callers.join_all().await;
    Run {
        duration: start.elapsed(),
        outage,
        health: keys.health(),
    }
}

/// One caller, until the end of the test.
async fn call(issuer: Arc<RotatingIssuer>, keys: KeySetCache) {
    let mut scratch = vec![0; MAX_TOKEN_LEN];
    while !issuer.is_over.load(Ordering::SeqCst) {
        let key = issuer.pick();
        let token = issuer.tokens[key].as_bytes();
        let newest_before = issuer.newest_accepted.load(Ordering::SeqCst);
        let verdict = keys.verify(token, &mut scratch, &POLICY, clock::now());
        let verdict = verdict.await.map(drop);
        issuer.judge(key, newest_before, verdict);
        yield_now().await;
    }
}

/// An issuer, and the verdicts on its tokens.
struct RotatingIssuer {
    server: Server,
    keys: Vec<Issuer>,
    /// One of each key, signed beforehand.
    tokens: Vec<String>,
    /// When each key was published.
    published: Vec<OnceLock<Instant>>,
    /// The newest key that is published.
    newest: AtomicUsize,
    /// The oldest key that is not about to be revoked.
    oldest: AtomicUsize,
    /// The newest key of which a token was accepted: the cache has the set that it came with.
    newest_accepted: AtomicUsize,
    is_over: AtomicBool,
    accepted: AtomicU64,
    rejected_revoked: AtomicU64,
    /// Accepted tokens of revoked keys, before the cache could know.
    accepted_revoked: AtomicU64,
    /// How long after, in microseconds.
    longest_revoked: AtomicU64,
    broken_valid_rejected: AtomicU64,
    /// The first of these, and why.
    first_rejected: OnceLock<String>,
    broken_revoked_accepted: AtomicU64,
}

impl RotatingIssuer {
    fn new() -> Self {
        let keys = thread::scope(|scope| {
            let threads: Vec<_> = (0..KEYS)
                .map(|_| scope.spawn(|| Issuer::generate(2048, "")))
                .collect();
            let keys = threads.into_iter().map(|thread| thread.join());
            keys.map(|key| key.expect("a key")).collect::<Vec<_>>()
        });
        let tokens = (0..=ROTATIONS).map(|key| token(&keys[key % KEYS], &key_id(key)));
        let issuer = Self {
            server: Server::start(document(&keys, 0)),
            tokens: tokens.collect(),
            keys,
            published: (0..=ROTATIONS).map(|_| OnceLock::new()).collect(),
            newest: AtomicUsize::new(0),
            oldest: AtomicUsize::new(0),
            newest_accepted: AtomicUsize::new(0),
            is_over: AtomicBool::new(false),
            accepted: AtomicU64::new(0),
            rejected_revoked: AtomicU64::new(0),
            accepted_revoked: AtomicU64::new(0),
            longest_revoked: AtomicU64::new(0),
            broken_valid_rejected: AtomicU64::new(0),
            first_rejected: OnceLock::new(),
            broken_revoked_accepted: AtomicU64::new(0),
        };
        issuer.publish(0);
        issuer
    }

    /// Rotates this often; the first time at once.
    async fn rotate(&self, times: usize) {
        let mut interval = interval(ROTATION);
        for _ in 0..times {
            interval.tick().await;
            self.publish(self.newest.load(Ordering::SeqCst) + 1);
        }
        interval.tick().await;
    }

    fn publish(&self, key: usize) {
        // Meanwhile, either verdict on tokens of the revoked key is right.
        self.oldest
            .store((key + 1).saturating_sub(VALID), Ordering::SeqCst);
        self.server.set(document(&self.keys, key));
        self.published[key].get_or_init(Instant::now);
        self.newest.store(key, Ordering::SeqCst);
    }

    /// The key whose token is next.
    fn pick(&self) -> usize {
        let mut random = rand::rng();
        let newest = self.newest.load(Ordering::SeqCst);
        let oldest = (newest + 1).saturating_sub(VALID);
        let may_try = self.age(newest).is_some_and(|age| age < TRYING);
        if may_try && oldest > 0 && random.random_ratio(1, 8) {
            random.random_range(oldest.saturating_sub(VALID)..oldest)
        } else {
            random.random_range(oldest..=newest)
        }
    }

    fn judge(&self, key: usize, newest_before: usize, verdict: Result<(), VerifyError>) {
        let is_valid = key >= self.oldest.load(Ordering::SeqCst);
        // The key that came when this one went.
        let successor = key + VALID;
        let counter = match verdict {
            Ok(()) if newest_before >= successor => &self.broken_revoked_accepted,
            Ok(()) => {
                self.newest_accepted.fetch_max(key, Ordering::SeqCst);
                if let Some(gone_for) = self.age(successor) {
                    let micros = u64::try_from(gone_for.as_micros()).unwrap_or(u64::MAX);
                    self.longest_revoked.fetch_max(micros, Ordering::SeqCst);
                    self.accepted_revoked.fetch_add(1, Ordering::SeqCst);
                }
                &self.accepted
            }
            Err(error) if is_valid => {
                self.first_rejected.get_or_init(|| {
                    let newest = self.newest.load(Ordering::SeqCst);
                    let age = self.age(key).unwrap_or_default();
                    format!("key {key} of {newest}, {age:?} after it was published: {error}")
                });
                &self.broken_valid_rejected
            }
            Err(_) => &self.rejected_revoked,
        };
        counter.fetch_add(1, Ordering::SeqCst);
    }

    /// How long ago a key was published, if it was.
    fn age(&self, key: usize) -> Option<Duration> {
        Some(self.published.get(key)?.get()?.elapsed())
    }
}

fn key_id(key: usize) -> String {
    format!("2026-11-{key:04}")
}

/// The set whose newest key this is.
fn document(keys: &[Issuer], newest: usize) -> String {
    let oldest = (newest + 1).saturating_sub(VALID);
    key_set((oldest..=newest).map(|key| (&keys[key % KEYS], key_id(key))))
}

/// The result.
struct Run {
    duration: Duration,
    outage: Duration,
    health: Health,
}

impl Run {
    /// How many successful fetches the rules allow: the least and the most.
    fn expected_good(&self) -> (u64, u64) {
        // One for each new key, and one for the first.
        let least = 1 + ROTATIONS as u64;
        // At most as many for unknown keys, which come only just after a rotation. A refresh comes after 80 percent
        // of the TTL, and once more after the outage.
        let up = self.duration.saturating_sub(self.outage);
        let refreshes = times_within(up, iter::repeat(SCHEDULE.ttl.mul_f64(0.8))) + 1;
        (least, least + refreshes)
    }

    /// How many failed fetches the rules allow: the least and the most.
    fn expected_failed(&self) -> (u64, u64) {
        let waits = |factor| {
            iter::successors(Some(SCHEDULE.min_retry), |wait| Some(*wait * 2))
                .map(move |wait| wait.min(SCHEDULE.max_retry) * factor)
        };
        // The first when the refresh is due, the others each after a wait that is up to doubled.
        let latest = self.outage.saturating_sub(SCHEDULE.ttl.mul_f64(0.95));
        let least = 1 + times_within(latest, waits(2));
        let most = 1 + times_within(self.outage, waits(1));
        (least, most)
    }

    fn faults(&self, issuer: &RotatingIssuer) -> Vec<String> {
        let mut faults = Vec::new();
        let count = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
        let rejected = count(&issuer.broken_valid_rejected);
        if rejected > 0 {
            let first = issuer.first_rejected.get().map_or("", String::as_str);
            faults.push(format!(
                "{rejected} valid tokens were rejected, the first one of {first}"
            ));
        }
        let accepted = count(&issuer.broken_revoked_accepted);
        if accepted > 0 {
            faults.push(format!(
                "{accepted} tokens of keys known to be gone were accepted"
            ));
        }
        let tried = count(&issuer.rejected_revoked);
        if tried == 0 || count(&issuer.accepted) == 0 {
            faults.push("too little was verified to say anything".into());
        }
        for (name, actual, (least, most)) in [
            ("good", self.health.fetched, self.expected_good()),
            ("failed", self.health.failed, self.expected_failed()),
        ] {
            if !(least..=most).contains(&actual) {
                faults.push(format!("{actual} {name} fetches, not {least} to {most}"));
            }
        }
        let fetches = self.health.fetched + self.health.failed;
        let requests = issuer.server.requests();
        if requests < self.health.fetched || requests > fetches {
            faults.push(format!("{requests} requests for {fetches} fetches"));
        }
        faults
    }

    fn print(&self, issuer: &RotatingIssuer) {
        let count = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
        let (least_good, most_good) = self.expected_good();
        let (least_failed, most_failed) = self.expected_failed();
        let Schedule {
            ttl,
            cooldown,
            min_retry,
            max_retry,
            ..
        } = SCHEDULE;
        let seconds = self.duration.as_secs_f64();
        let accepted = count(&issuer.accepted);
        println!(
            "{CALLERS} callers on 2 threads, {ROTATIONS} rotations, {:.1} s of outage, {seconds:.1} s in all",
            self.outage.as_secs_f64()
        );
        println!(
            "schedule: fresh for {ttl:?}, cooldown {cooldown:?}, retries after {min_retry:?} to {max_retry:?} and up to as much again"
        );
        println!(
            "valid tokens:    {accepted} accepted ({:.0}/s), {} rejected",
            accepted as f64 / seconds,
            count(&issuer.broken_valid_rejected)
        );
        println!(
            "revoked tokens:  {} rejected; {} accepted before the next fetch, up to {:.1} ms after; {} accepted after it",
            count(&issuer.rejected_revoked),
            count(&issuer.accepted_revoked),
            count(&issuer.longest_revoked) as f64 / 1000.0,
            count(&issuer.broken_revoked_accepted)
        );
        println!(
            "good fetches:    {} (expected {least_good} to {most_good})",
            self.health.fetched
        );
        println!(
            "failed fetches:  {} (expected {least_failed} to {most_failed})",
            self.health.failed
        );
        println!(
            "requests:        {} seen by the server",
            issuer.server.requests()
        );
        println!(
            "evidence: {} valid tokens rejected and {} revoked ones accepted after the next fetch, in {ROTATIONS} \
             rotations and an outage",
            count(&issuer.broken_valid_rejected),
            count(&issuer.broken_revoked_accepted)
        );
        if let Some((_, peak)) = memory() {
            println!("peak memory:     {:.1} MiB", peak as f64 / 1024.0 / 1024.0);
        }
    }

    fn json(&self, issuer: &RotatingIssuer, faults: &[String]) -> serde_json::Value {
        let count = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
        json!({
            "callers": CALLERS,
            "rotations": ROTATIONS,
            "seconds": self.duration.as_secs_f64(),
            "outage_seconds": self.outage.as_secs_f64(),
            "schedule_seconds": {
                "ttl": SCHEDULE.ttl.as_secs_f64(),
                "cooldown": SCHEDULE.cooldown.as_secs_f64(),
                "min_retry": SCHEDULE.min_retry.as_secs_f64(),
                "max_retry": SCHEDULE.max_retry.as_secs_f64(),
            },
            "valid_accepted": count(&issuer.accepted),
            "valid_rejected": count(&issuer.broken_valid_rejected),
            "revoked_rejected": count(&issuer.rejected_revoked),
            "revoked_accepted_before_refresh": count(&issuer.accepted_revoked),
            "revoked_accepted_longest_ms": count(&issuer.longest_revoked) as f64 / 1000.0,
            "revoked_accepted_after_refresh": count(&issuer.broken_revoked_accepted),
            "fetches_good": self.health.fetched,
            "fetches_good_expected": self.expected_good(),
            "fetches_failed": self.health.failed,
            "fetches_failed_expected": self.expected_failed(),
            "requests": issuer.server.requests(),
            "peak_memory_bytes": memory().map(|(_, peak)| peak),
            "broken": faults,
        })
    }
}

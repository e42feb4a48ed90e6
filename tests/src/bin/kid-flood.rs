//! A million tokens with unknown `kid`s, while other callers verify good tokens.
//!
//! Good tokens are verified alone first, then during the flood. Callers take turns on two threads, so the flood
//! takes as much of the processor as it can get, with or without a cache. The time from the call to the verdict
//! shows the share of the cache: a lookup of a cached key never yields its thread.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use clap::Parser;
use rand::RngExt;
use serde_json::json;
use tokenlatch::MAX_TOKEN_LEN;
use tokenlatch_host::clock;
use tokenlatch_host::key_set::{KeySetCache, Schedule};
use tokenlatch_tests::issuer::Issuer;
use tokenlatch_tests::load::{
    POLICY, Server, forget_peak_memory, key_set, memory, times_within, token,
};
use tokio::task::{JoinSet, yield_now};
use tokio::time::sleep;

/// Floods the key set cache with tokens of unknown keys; takes some ten seconds. The exit status is 1
/// if a rule is broken.
#[derive(Parser)]
#[command(name = "kid-flood")]
struct Arguments {
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
}

const TOKENS: u64 = 1_000_000;
const FLOODERS: u64 = 16;
const CALLERS: usize = 16;
/// How long good tokens are verified alone.
const ALONE: Duration = Duration::from_secs(3);
/// How much more memory there may be in use during the flood.
const MEMORY: u64 = 8 * 1024 * 1024;

/// Like the default schedule, but so short that the flood lasts for many cooldowns and refreshes.
const SCHEDULE: Schedule = {
    let mut schedule = Schedule::new();
    schedule.ttl = Duration::from_secs(1);
    schedule.min_ttl = Duration::from_secs(1);
    schedule.max_ttl = Duration::from_secs(1);
    schedule.max_stale = Duration::from_secs(60);
    schedule.cooldown = Duration::from_millis(250);
    schedule.max_absent = Duration::from_secs(5);
    schedule.min_retry = Duration::from_millis(100);
    schedule.max_retry = Duration::from_secs(1);
    schedule
};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let run = runtime.block_on(run());
    let faults = run.faults();
    if arguments.json {
        println!("{}", run.json(&faults));
    } else {
        run.print();
        for fault in &faults {
            println!("BROKEN: {fault}");
        }
    }
    ExitCode::from(u8::from(!faults.is_empty()))
}

async fn run() -> Run {
    let issuer = Issuer::rfc7515();
    let good: Arc<str> = token(issuer, "the-good-key").into();
    let server = Server::start(key_set([(issuer, "the-good-key".into())]));
    let start = Instant::now();
    let keys = KeySetCache::builder(server.source())
        .schedule(SCHEDULE)
        .start();
    keys.ready().await.expect("a first key set");

    let alone = Callers::start(&keys, &good);
    sleep(ALONE).await;
    let alone = alone.finish().await;

    // All memory that both phases need is now in use, with the records of the callers.
    let callers = Callers::start(&keys, &good);
    forget_peak_memory();
    let before = memory();
    let flood_start = Instant::now();
    let mut flooders = JoinSet::new();
    for _ in 0..FLOODERS {
        let flooder = Flooder::new(&good);
        flooders.spawn(flooder.flood(keys.clone(), TOKENS / FLOODERS));
    }
    let accepted = flooders.join_all().await.into_iter().sum();
    let flood = flood_start.elapsed();
    let during = callers.finish().await;
    let after = memory();
    let memory = before.zip(after);
    Run {
        duration: start.elapsed(),
        flood,
        accepted,
        requests: server.requests(),
        failed: keys.health().failed,
        alone,
        during,
        memory: memory.map(|((before, _), (_, peak))| peak.saturating_sub(before)),
    }
}

/// A token with another `kid` each time.
struct Flooder {
    header: String,
    /// The place of the `kid`.
    name: std::ops::Range<usize>,
    /// Claims and signature, of a good token.
    rest: String,
}

impl Flooder {
    fn new(good: &str) -> Self {
        let before = r#"{"alg":"RS256","typ":"at+jwt","kid":""#;
        let name = "0123456789abcdef0123456789abcdef";
        let (_, rest) = good.split_once('.').expect("a token");
        Self {
            header: format!("{before}{name}\"}}"),
            name: before.len()..before.len() + name.len(),
            rest: format!(".{rest}"),
        }
    }

    /// Verifies so many tokens. Returns how many were accepted.
    async fn flood(mut self, keys: KeySetCache, tokens: u64) -> u64 {
        let mut scratch = vec![0; MAX_TOKEN_LEN];
        let mut token = String::new();
        let mut accepted = 0;
        for _ in 0..tokens {
            let name = format!("{:032x}", rand::rng().random::<u128>());
            self.header.replace_range(self.name.clone(), &name);
            token.clear();
            BASE64URL.encode_string(&self.header, &mut token);
            token.push_str(&self.rest);
            let verdict = keys.verify(token.as_bytes(), &mut scratch, &POLICY, clock::now());
            accepted += u64::from(verdict.await.is_ok());
            yield_now().await;
        }
        accepted
    }
}

/// The callers that verify good tokens.
struct Callers {
    is_over: Arc<AtomicBool>,
    verified: Arc<AtomicU64>,
    rejected: Arc<AtomicU64>,
    tasks: JoinSet<Vec<u32>>,
    start: Instant,
}

/// The result for good tokens.
struct Phase {
    verified: u64,
    rejected: u64,
    per_second: f64,
    /// Of one verification, in microseconds.
    median: f64,
    /// The time that one verification in a hundred exceeds.
    percentile_99: f64,
}

/// How many verifications of a caller are timed: the first ones.
const SAMPLES: usize = 20_000;

impl Callers {
    fn start(keys: &KeySetCache, good: &Arc<str>) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let verified = Arc::new(AtomicU64::new(0));
        let rejected = Arc::new(AtomicU64::new(0));
        let mut tasks = JoinSet::new();
        for _ in 0..CALLERS {
            let (keys, good) = (keys.clone(), good.clone());
            let is_over = is_over.clone();
            let (verified, rejected) = (verified.clone(), rejected.clone());
            // All of it is in use from the beginning.
            let mut samples = vec![u32::MAX; SAMPLES];
            tasks.spawn(async move {
                let mut scratch = vec![0; MAX_TOKEN_LEN];
                let mut timed = 0;
                while !is_over.load(Ordering::Relaxed) {
                    let start = Instant::now();
                    let verdict = keys.verify(good.as_bytes(), &mut scratch, &POLICY, clock::now());
                    let is_accepted = verdict.await.is_ok();
                    rejected.fetch_add(u64::from(!is_accepted), Ordering::Relaxed);
                    let nanos = u32::try_from(start.elapsed().as_nanos()).unwrap_or(u32::MAX);
                    verified.fetch_add(1, Ordering::Relaxed);
                    if let Some(sample) = samples.get_mut(timed) {
                        *sample = nanos;
                        timed += 1;
                    }
                    yield_now().await;
                }
                samples.truncate(timed);
                samples
            });
        }
        Self {
            is_over,
            verified,
            rejected,
            tasks,
            start: Instant::now(),
        }
    }

    async fn finish(mut self) -> Phase {
        self.is_over.store(true, Ordering::Relaxed);
        let duration = self.start.elapsed();
        let verified = self.verified.load(Ordering::Relaxed);
        let mut samples = Vec::new();
        while let Some(caller) = self.tasks.join_next().await {
            samples.extend(caller.expect("no panic"));
        }
        samples.sort_unstable();
        let micros = |rank: usize| f64::from(samples[rank]) / 1000.0;
        Phase {
            verified,
            rejected: self.rejected.load(Ordering::Relaxed),
            per_second: verified as f64 / duration.as_secs_f64(),
            median: micros(samples.len() / 2),
            percentile_99: micros(samples.len() * 99 / 100),
        }
    }
}

/// The result.
struct Run {
    duration: Duration,
    flood: Duration,
    /// Of the flood.
    accepted: u64,
    requests: u64,
    failed: u64,
    alone: Phase,
    during: Phase,
    /// How much more memory there was in use during the flood than before, in bytes.
    memory: Option<u64>,
}

impl Run {
    /// How many fetches the rules allow: the first one, one per cooldown, and a refresh after every 35 percent of
    /// the TTL: after a fetch for an unknown `kid` it comes as early as that.
    fn most_fetches(&self) -> u64 {
        let times = |wait| times_within(self.duration, std::iter::repeat(wait));
        1 + (1 + times(SCHEDULE.cooldown)) + times(SCHEDULE.ttl.mul_f64(0.35))
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.accepted > 0 {
            faults.push(format!(
                "{} tokens of unknown keys were accepted",
                self.accepted
            ));
        }
        let rejected = self.alone.rejected + self.during.rejected;
        if rejected > 0 {
            faults.push(format!("{rejected} good tokens were rejected"));
        }
        let (requests, most) = (self.requests, self.most_fetches());
        if requests > most {
            faults.push(format!("{requests} requests, not {most} at most"));
        }
        if self.failed > 0 {
            faults.push(format!("{} fetches failed", self.failed));
        }
        if self.memory.is_some_and(|more| more > MEMORY) {
            faults.push(format!(
                "more than {MEMORY} bytes of memory more were in use"
            ));
        }
        faults
    }

    fn print(&self) {
        let seconds = self.flood.as_secs_f64();
        println!(
            "{TOKENS} tokens of unknown keys from {FLOODERS} flooders in {seconds:.1} s ({:.0}/s), {CALLERS} callers with good tokens, on 2 threads",
            TOKENS as f64 / seconds
        );
        println!(
            "schedule: fresh for {:?}, cooldown {:?}",
            SCHEDULE.ttl, SCHEDULE.cooldown
        );
        println!("accepted:        {} of the flood", self.accepted);
        println!(
            "evidence: {} of {TOKENS} tokens of unknown keys accepted, {} good ones rejected",
            self.accepted, self.during.rejected
        );
        println!(
            "requests:        {} seen by the server in {:.1} s (at most {})",
            self.requests,
            self.duration.as_secs_f64(),
            self.most_fetches()
        );
        match self.memory {
            Some(more) => println!(
                "memory:          {:.2} MiB more at the peak of the flood than before (at most {})",
                more as f64 / 1024.0 / 1024.0,
                MEMORY / 1024 / 1024
            ),
            None => println!("memory:          not known on this system"),
        }
        for (name, phase) in [("alone", &self.alone), ("in the flood", &self.during)] {
            println!(
                "good, {name:<13} {} accepted ({:.0}/s), {} rejected; each took {:.1} us (median), {:.1} us (99 %)",
                phase.verified - phase.rejected,
                phase.per_second,
                phase.rejected,
                phase.median,
                phase.percentile_99
            );
        }
        println!(
            "slowdown:        {:.2} times as long for one verification; {:.2} times as many in a second, as callers and flooders take turns",
            self.during.median / self.alone.median,
            self.during.per_second / self.alone.per_second
        );
    }

    fn json(&self, faults: &[String]) -> serde_json::Value {
        let phase = |phase: &Phase| {
            json!({
                "accepted": phase.verified - phase.rejected,
                "rejected": phase.rejected,
                "per_second": phase.per_second,
                "median_us": phase.median,
                "percentile_99_us": phase.percentile_99,
            })
        };
        json!({
            "tokens": TOKENS,
            "flooders": FLOODERS,
            "callers": CALLERS,
            "schedule_seconds": {
                "ttl": SCHEDULE.ttl.as_secs_f64(),
                "cooldown": SCHEDULE.cooldown.as_secs_f64(),
            },
            "flood_seconds": self.flood.as_secs_f64(),
            "flood_accepted": self.accepted,
            "seconds": self.duration.as_secs_f64(),
            "requests": self.requests,
            "requests_at_most": self.most_fetches(),
            "memory_bytes": self.memory,
            "memory_bytes_at_most": MEMORY,
            "good_alone": phase(&self.alone),
            "good_during": phase(&self.during),
            "broken": faults,
        })
    }
}

//! Readers, askers and the fetcher in many interleavings, chosen by shuttle. `tests/assurance/interleavings` runs them.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use shuttle::scheduler::DfsScheduler;
use shuttle::{Runner, future};

use super::{Loaded, Shared};
use crate::key_set::schedule::{Cache, Lookup, Outcome, Schedule};
use crate::key_set::{COOLDOWN, KeySet, TTL};

pub(super) use shuttle::sync::{Mutex, MutexGuard};
pub(super) use shuttle_tokio::sync::{Notify, watch};

/// Stands in for [`arc_swap::ArcSwapOption`], of which shuttle knows nothing.
pub(super) struct ArcSwapOption<T>(Mutex<Option<Arc<T>>>);

/// Stands in for [`arc_swap::Guard`].
pub(crate) struct Guard<T>(T);

impl<T> ArcSwapOption<T> {
    pub(super) fn new(value: Option<Arc<T>>) -> Self {
        Self(Mutex::new(value))
    }

    pub(super) fn load(&self) -> Guard<Option<Arc<T>>> {
        Guard(self.0.lock().unwrap().clone())
    }

    pub(super) fn store(&self, value: Option<Arc<T>>) {
        *self.0.lock().unwrap() = value;
    }
}

impl<T> Deref for Guard<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// A key set whose every version has one key more, with the server's newest version beside it.
struct World {
    shared: Shared,
    published: AtomicU64,
    is_fetching: AtomicBool,
    fetches: AtomicU64,
    start: Instant,
    /// How often somebody read the clock.
    readings: AtomicU64,
    keys: Arc<KeySet>,
}

impl World {
    fn new(keys: Arc<KeySet>, cooldown: Duration) -> Arc<Self> {
        let schedule = Schedule {
            cooldown,
            max_absent: cooldown,
            ..Schedule::default()
        };
        let start = Instant::now();
        Arc::new(Self {
            shared: Shared::new(Cache::new(schedule, 1, start)),
            published: AtomicU64::new(1),
            is_fetching: AtomicBool::new(false),
            fetches: AtomicU64::new(0),
            start,
            readings: AtomicU64::new(0),
            keys,
        })
    }

    /// The clock goes on so little that nothing falls due by itself, but no two readings are the same.
    fn now(&self) -> Instant {
        let readings = self.readings.fetch_add(1, Ordering::SeqCst);
        self.start + Duration::from_nanos(readings)
    }

    /// As [`Fetcher::run`](crate::key_set::fetcher::Fetcher::run).
    async fn fetch_forever(self: Arc<Self>) {
        loop {
            if self.shared.next_fetch() > self.now() {
                self.shared.sooner().await;
            }
            if self.shared.begin(self.now()) {
                let others = self.is_fetching.swap(true, Ordering::SeqCst);
                assert!(!others, "two fetches at a time");
                let version = self.published.load(Ordering::SeqCst);
                future::yield_now().await;
                self.fetches.fetch_add(1, Ordering::SeqCst);
                self.is_fetching.store(false, Ordering::SeqCst);
                let outcome = Outcome::Keys {
                    keys: self.keys.clone(),
                    etag: Some(version.to_string()),
                    max_age: Some(TTL),
                };
                self.shared.end(outcome, self.now());
            }
        }
    }

    /// As [`KeySetCache::keys`](crate::key_set::KeySetCache::keys), for the key that this version of
    /// the set came with.
    async fn look_up(self: Arc<Self>, version: u64) {
        self.published.fetch_max(version, Ordering::SeqCst);
        for _ in 0..2 {
            if self.version() >= version {
                return;
            }
            let mut ended = self.shared.ended();
            let lookup = self.shared.ask(Some(&version.to_string()), self.now());
            if lookup != Lookup::Wait {
                // No set of this test has keys, so the key that a fetch brought counts as absent.
                assert!(self.version() >= version, "{lookup:?}, and nothing fetched");
                return;
            }
            // Without an end of a fetch, this is where shuttle finds a deadlock.
            ended.changed().await.unwrap();
            assert!(
                self.version() > 0,
                "what a fetch brought is seen by who waited"
            );
        }
        assert!(
            self.version() >= version,
            "two fetches later the key is there"
        );
    }

    /// No reader sees the keys go back to an older set.
    async fn read(self: Arc<Self>, times: usize) {
        let mut newest = 0;
        for _ in 0..times {
            let version = self.version();
            assert!(version >= newest, "from {newest} back to {version}");
            newest = version;
            future::yield_now().await;
        }
    }

    /// The version of what is cached, or 0.
    fn version(&self) -> u64 {
        let loaded: Loaded = self.shared.load();
        let etag = loaded.as_ref().map(|cached| cached.etag.clone());
        etag.map_or(0, |etag| etag.unwrap().parse().unwrap())
    }
}

/// Readers, askers for each of these versions, and fetchers: one, or more than there should be.
fn scenario(
    fetchers: usize,
    versions: &'static [u64],
    cooldown: Duration,
) -> impl Fn() + Send + Sync + 'static {
    // A key set is more than the stacks that shuttle makes have room for.
    let keys = Arc::new(KeySet::from_keys([]));
    move || {
        let world = World::new(keys.clone(), cooldown);
        let fetchers: Vec<_> = (0..fetchers)
            .map(|_| future::spawn(world.clone().fetch_forever()))
            .collect();
        let reader = future::spawn(world.clone().read(4));
        let askers: Vec<_> = versions
            .iter()
            .map(|version| future::spawn(world.clone().look_up(*version)))
            .collect();
        future::block_on(async {
            for asker in askers {
                asker.await.unwrap();
            }
            reader.await.unwrap();
        });
        for fetcher in fetchers {
            fetcher.abort();
        }
        let fetches = world.fetches.load(Ordering::SeqCst);
        assert!(fetches <= 2 * versions.len() as u64, "{fetches} fetches");
    }
}

const RANDOM: usize = 5_000;

#[test]
fn nobody_waits_in_vain_and_nothing_goes_back() {
    shuttle::check_random(scenario(1, &[1, 2, 3], Duration::ZERO), RANDOM);
    println!("interleavings: {RANDOM}");
}

#[test]
fn nor_where_the_order_is_an_unlikely_one() {
    shuttle::check_pct(scenario(1, &[1, 2, 3], Duration::ZERO), RANDOM, 4);
    println!("interleavings: {RANDOM}");
}

#[test]
fn who_ask_for_the_same_key_at_once_all_get_it_though_no_second_fetch_may_follow() {
    shuttle::check_random(scenario(1, &[2, 2, 2], COOLDOWN), RANDOM);
    println!("interleavings: {RANDOM}");
}

#[test]
fn two_fetchers_never_fetch_at_once() {
    shuttle::check_random(scenario(2, &[1, 2], Duration::ZERO), RANDOM);
    println!("interleavings: {RANDOM}");
}

#[test]
fn one_asker_in_one_order_after_the_other() {
    // All of them are too many.
    let most = 20_000;
    // Among several that wait, tokio's stand-in chooses at random whom to wake: there is never more than
    // one here, but it has to be allowed.
    let scheduler = DfsScheduler::new(Some(most), true);
    let runner = Runner::new(scheduler, shuttle::Config::new());
    println!("interleavings: {}", runner.run(scenario(1, &[2], COOLDOWN)));
}

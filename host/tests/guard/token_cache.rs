//! Tokens that are remembered.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use tokenlatch_host::key_set::{KeySetCache, TTL};

use super::unavailable::Published;
use super::*;

const PLENTY: u64 = 16 << 20;

/// How many tokens were found, and how many were not, while `run` ran.
fn counted(run: impl FnOnce()) -> (u64, u64) {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, run);
    let [mut hits, mut misses] = [0, 0];
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        let DebugValue::Counter(count) = value else {
            continue;
        };
        match key.key().name() {
            "tokenlatch_token_cache_hits_total" => hits = count,
            "tokenlatch_token_cache_misses_total" => misses = count,
            _ => {}
        }
    }
    (hits, misses)
}

fn status(guard: &Guard, token: &str) -> u16 {
    let verdict = guard.check_cached(Some(&bearer(token)));
    response(verdict.expect("the key is cached")).0
}

/// A clock that tests set.
#[derive(Clone)]
struct Clock(Arc<AtomicU64>);

impl Clock {
    fn at(seconds: u64) -> Self {
        Self(Arc::new(AtomicU64::new(seconds)))
    }

    fn set(&self, seconds: u64) {
        self.0.store(seconds, Ordering::Relaxed);
    }

    fn read(self) -> impl Fn() -> Time + Send + Sync + 'static {
        move || Time::exactly(self.0.load(Ordering::Relaxed))
    }
}

#[test]
fn a_token_that_comes_again_is_found_by_every_clone_and_its_claims_are_the_same() {
    let guard = builder().token_cache(PLENTY).start().unwrap();
    let text = token(json!({"door": 7}));
    let counts = counted(|| {
        for guard in [guard.clone(), guard.scopes(["read:doors"]), guard] {
            let claims = guard.check_cached(Some(&bearer(&text))).unwrap().unwrap();
            assert_eq!(claims.token(), text);
            assert_eq!(claims.claim(&["door"]).unwrap().as_u64(), Some(7));
        }
    });
    assert_eq!(counts, (2, 1));
}

#[test]
fn nothing_is_remembered_by_default() {
    let text = token(json!({}));
    let guard = guard();
    let counts = counted(|| assert_eq!([status(&guard, &text), status(&guard, &text)], [200; 2]));
    assert_eq!(counts, (0, 0));
}

#[test]
fn scopes_are_compared_for_each_request() {
    let guard = builder().token_cache(PLENTY).start().unwrap();
    let text = token(json!({}));
    assert_eq!(status(&guard, &text), 200);
    assert_eq!(status(&guard.scopes(["paint"]), &text), 403);
    assert_eq!(status(&guard.permissions(["paint"]), &text), 403);
}

#[test]
fn a_token_is_forgotten_when_it_expires_or_grows_too_old_or_the_clock_goes_back() {
    let clock = Clock::at(1_800_000_010);
    let guard = builder()
        .clock(clock.clone().read())
        .policy(|policy| policy.max_age = Some(Duration::from_secs(100)))
        .token_cache(PLENTY)
        .start()
        .unwrap();
    let expires = token(json!({"exp": 1_800_000_060, "iat": 1_800_000_000, "nbf": 1_800_000_005}));
    let ages = token(json!({"exp": 1_900_000_000, "iat": 1_800_000_000}));
    let statuses = |seconds| {
        clock.set(seconds);
        [status(&guard, &expires), status(&guard, &ages)]
    };
    assert_eq!(statuses(1_800_000_010), [200, 200]);
    assert_eq!(
        counted(|| assert_eq!(statuses(1_800_000_059), [200, 200])),
        (2, 0)
    );
    assert_eq!(
        counted(|| assert_eq!(statuses(1_800_000_060), [401, 200])),
        (1, 1)
    );
    assert_eq!(statuses(1_800_000_101), [401, 401]);
    assert_eq!(
        counted(|| assert_eq!(statuses(1_800_000_004), [401, 200])),
        (0, 2)
    );
}

#[test]
fn within_the_leeway_a_token_is_verified_each_time() {
    let clock = Clock::at(1_800_000_060);
    let guard = builder()
        .clock(clock.read())
        .leeway(Duration::from_secs(5))
        .token_cache(PLENTY)
        .start()
        .unwrap();
    let text = token(json!({}));
    let counts = counted(|| assert_eq!([status(&guard, &text), status(&guard, &text)], [200; 2]));
    assert_eq!(counts, (0, 2));
}

#[tokio::test(start_paused = true)]
async fn a_token_whose_key_was_removed_is_rejected() {
    let published = Published::default();
    published.set(Some(&["a", "b"]));
    let guard = Guard::cache(KeySetCache::new(published.clone()), policy())
        .clock(|| NOW)
        .token_cache(PLENTY)
        .start()
        .unwrap();
    guard.ready().await.unwrap();
    let [a, b] = ["a", "b"].map(|key_id| token_of(Issuer::rfc7515(), key_id, json!({})));
    assert_eq!([status(&guard, &a), status(&guard, &b)], [200; 2]);
    assert_eq!(counted(|| assert_eq!(status(&guard, &a), 200)), (1, 0));

    published.set(Some(&["b"]));
    tokio::time::sleep(TTL).await;
    let counts = counted(|| assert_eq!(status(&guard, &b), 200));
    assert_eq!(counts, (0, 1), "the key set is another one");
    assert_eq!(counted(|| assert_eq!(status(&guard, &b), 200)), (1, 0));
    assert_eq!(
        response(guard.check_token(&a).await),
        (401, Some(INVALID_TOKEN.into()), None)
    );
}

#[test]
fn a_token_that_waits_for_its_key_is_counted_once() {
    let counts = counted(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(async {
            let published = Published::default();
            published.set(Some(&["a"]));
            let keys = KeySetCache::new(published);
            let guard = Guard::cache(keys, policy())
                .clock(|| NOW)
                .token_cache(PLENTY);
            let guard = guard.start().unwrap();
            let header = bearer(&token_of(Issuer::rfc7515(), "a", json!({})));
            assert!(guard.check_cached(Some(&header)).is_none());
            assert!(guard.check(Some(&header)).await.is_ok());
        });
    });
    assert_eq!(counts, (0, 1));
}

#[test]
fn a_flood_of_bad_tokens_evicts_nothing() {
    let good: Vec<String> = (0..20)
        .map(|number| token(json!({"number": number})))
        .collect();
    let room = good
        .iter()
        .map(|token| 2 * token.len() as u64 + 1024)
        .sum::<u64>();
    // One of its shards may get more than its share.
    let guard = builder().token_cache(2 * room).start().unwrap();
    for text in &good {
        assert_eq!(status(&guard, text), 200);
    }
    let (signed, _) = good[0].rsplit_once('.').unwrap();
    let expired = token(json!({"exp": 1}));
    for number in 0..2_000 {
        assert_eq!(status(&guard, &format!("{signed}.{number}")), 401);
        assert_eq!(status(&guard, &expired), 401);
    }
    let counts = counted(|| {
        for text in &good {
            assert_eq!(status(&guard, text), 200);
        }
    });
    assert_eq!(counts, (20, 0));
}

/// More good tokens than there is room for.
#[test]
fn memory_is_bounded() {
    for (bytes, filler) in [(1 << 17, 0), (1 << 20, 5_000)] {
        let guard = builder().token_cache(bytes).start().unwrap();
        let filler = "x".repeat(filler);
        let taken: i64 = (0..4).map(|n| allocated(&guard, 200 * n, &filler)).sum();
        let bytes = bytes as i64;
        // About as many as it was promised, with what the table takes.
        assert!(
            (bytes / 2..bytes * 5 / 4).contains(&taken),
            "{taken} of {bytes}"
        );
    }
}

/// How much more memory is allocated after 200 different tokens were verified.
fn allocated(guard: &Guard, from: u32, filler: &str) -> i64 {
    let texts: Vec<String> = (from..from + 200)
        .map(|number| token(json!({"number": number, "filler": filler})))
        .collect();
    let count = allocation_counter::measure(|| {
        for text in &texts {
            assert_eq!(status(guard, text), 200);
        }
    });
    count.bytes_current
}

#[test]
fn a_hit_makes_no_allocation() {
    let guard = builder().token_cache(PLENTY).start().unwrap();
    let header = bearer(&token(json!({})));
    assert_eq!(allocations(&guard, &header), 0);
}

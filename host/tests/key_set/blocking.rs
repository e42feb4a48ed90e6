//! The cache for callers without an async runtime.

use std::thread;
use std::time::Instant;

use tokenlatch_host::key_set::blocking::KeySetCache;
use tokenlatch_host::key_set::{Builder, State};
use tokio::runtime::Runtime;

use super::servers::{LONG_LIVED, SCHEDULE, Server, cache, document};
use super::*;

fn start(builder: Builder) -> KeySetCache {
    KeySetCache::start(builder).unwrap()
}

fn verify(keys: &KeySetCache, key_id: &str) -> Result<(), VerifyError> {
    let mut scratch = [0; MAX_TOKEN_LEN];
    let token = token(key_id);
    let verified = keys.verify(token.as_bytes(), &mut scratch, &POLICY, NOW);
    verified.map(drop)
}

/// Waits until the condition holds.
fn until(is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < MINUTE, "it never was so");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn keys_rotate_outages_end_and_restarts_have_keys() {
    let runtime = Runtime::new().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys");
    let server = runtime.block_on(Server::start(document(&key_set(&["a"]))));
    let again = cache(&server, SCHEDULE).snapshot(&path);
    let keys = start(cache(&server, SCHEDULE).snapshot(&path));
    keys.ready().unwrap();
    verify(&keys, "a").unwrap();
    server.set(document(&key_set(&["b"])));
    verify(&keys, "b").unwrap();
    assert!(is_unknown(&verify(&keys, "a")));
    assert_eq!(keys.keys(Some("b")).unwrap().keys().len(), 1);

    let fetched = keys.health().fetched;
    until(|| keys.health().fetched >= fetched + 2);
    let server = runtime.block_on(server.stop());
    until(|| keys.health().failed >= 3);
    assert_eq!(keys.health().state, State::Stale);
    verify(&keys, "b").unwrap();
    drop(keys);

    let keys = start(again);
    until(|| keys.health().failed >= 1);
    verify(&keys, "b").unwrap();
    let _server = runtime.block_on(server.start(document(&key_set(&["c"]))));
    until(|| keys.health().fetched >= 1);
    verify(&keys, "c").unwrap();
}

#[test]
fn a_program_that_runs_for_a_short_time_has_its_snapshot_or_an_error() {
    let runtime = Runtime::new().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys");
    let server = runtime.block_on(Server::start(document(&key_set(&["a"]))));
    let down = cache(&server, SCHEDULE);
    let keys = start(cache(&server, SCHEDULE).snapshot(&path));
    keys.ready().unwrap();
    keys.settle();
    assert!(path.exists());

    runtime.block_on(server.stop());
    assert!(start(down).ready().is_err());
}

#[test]
fn one_fetch_is_for_all_threads_that_wait() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(Server::start(document(&key_set(&["a"]))));
    let keys = start(cache(&server, LONG_LIVED));
    verify(&keys, "a").unwrap();
    server.set(document(&key_set(&["a", "b"])));
    server.open(false);
    thread::scope(|scope| {
        let waiting: Vec<_> = (0..20)
            .map(|_| scope.spawn(|| verify(&keys, "b")))
            .collect();
        until(|| server.asked() == 2);
        for _ in 0..10 {
            verify(&keys, "a").unwrap();
        }
        server.open(true);
        for thread in waiting {
            thread.join().unwrap().unwrap();
        }
    });
    assert_eq!(server.asked(), 2);
}

#[tokio::test]
async fn it_may_be_made_and_dropped_in_an_async_task() {
    let server = Fake::new(Behavior::keys(&["a"]));
    let keys = KeySetCache::new(server.clone()).unwrap();
    let clone = keys.clone();
    tokio::task::spawn_blocking(move || verify(&clone, "a"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(keys.health().state, State::Fresh);
    drop(keys);
    until(|| Arc::strong_count(&server.0) == 1);
}

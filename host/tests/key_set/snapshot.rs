//! Restarts while the server is out of order.

use std::path::Path;

use tempfile::TempDir;
use tokenlatch_host::clock;
use tokenlatch_host::key_set::{KeySetCache, MAX_STALE, Snapshot, State, TTL};

use super::*;

/// A cache of a server that is out of order, with this snapshot.
fn restarted(path: &Path) -> KeySetCache {
    busy(Fake::new(Behavior::Fails)).snapshot(path).start()
}

/// A snapshot of the key "a", fetched at this time.
fn write(directory: &TempDir, fetched_at: u64) -> std::path::PathBuf {
    let path = directory.path().join("keys");
    let mut snapshot = Snapshot::new(key_set(&["a"]));
    snapshot.fetched_at = fetched_at;
    snapshot.write(&path, "fake").unwrap();
    path
}

#[tokio::test(start_paused = true)]
async fn a_restart_during_an_outage_has_the_last_good_keys() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys");
    let server = Fake::new(Behavior::keys(&["a"]));
    let keys = busy(server.clone()).snapshot(&path).start();
    keys.ready().await.unwrap();
    server.set(Behavior::keys(&["b"]));
    verify(&keys, "b").await.unwrap();
    // A document that is not a key set is not kept.
    server.set(Behavior::Document("<html>".into()));
    pass(TTL).await;
    assert!(keys.health().failed > 0);
    drop(keys);

    let keys = restarted(&path);
    verify(&keys, "b").await.unwrap();
    assert!(is_unknown_or_unavailable(&verify(&keys, "a").await));
    pass(SECOND).await;
    assert!(keys.health().failed > 0);
    verify(&keys, "b").await.unwrap();
}

fn is_unknown_or_unavailable(verdict: &Result<(), VerifyError>) -> bool {
    is_unknown(verdict) || matches!(verdict, Err(VerifyError::Keys(_)))
}

#[tokio::test(start_paused = true)]
async fn not_modified_makes_the_snapshot_new() {
    let directory = tempfile::tempdir().unwrap();
    let an_hour_ago = clock::unix_now() - 3600;
    let path = write(&directory, an_hour_ago);
    let mut old = Snapshot::read(&path, "fake").unwrap().unwrap();
    old.max_age = Some(20 * MINUTE);
    old.write(&path, "fake").unwrap();
    let server = Fake::new(Behavior::NotModified);
    let keys = busy(server.clone()).snapshot(&path).start();
    assert_eq!(keys.health().state, State::Stale);
    pass(SECOND).await;
    assert_eq!(keys.health().state, State::Fresh);
    let kept = Snapshot::read(&path, "fake").unwrap().unwrap();
    assert!(kept.fetched_at > an_hour_ago);
    assert_eq!(kept.document, key_set(&["a"]));
    assert_eq!(
        kept.max_age,
        Some(20 * MINUTE),
        "the server said nothing new"
    );
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_is_as_old_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    for (age, state) in [
        (Duration::ZERO, State::Fresh),
        (TTL, State::Stale),
        (TTL + MAX_STALE + MINUTE, State::Empty),
    ] {
        let path = write(&directory, clock::unix_now() - age.as_secs());
        let keys = restarted(&path);
        assert_eq!(keys.health().state, state, "{age:?}");
        assert_eq!(verify(&keys, "a").await.is_ok(), state != State::Empty);
    }
}

#[tokio::test(start_paused = true)]
async fn preloaded_keys_serve_until_the_first_fetch_which_is_due_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let dead = write(&directory, clock::unix_now() - 24 * 3600);
    for snapshot in [None, Some(dead)] {
        let server = Fake::new(Behavior::keys(&["b"]));
        let document = key_set(&["a"]);
        let first = tokenlatch::JwkSet::from_json(document.as_bytes()).unwrap();
        let keys = KeySetCache::builder(server.clone()).preload(first);
        let keys = match snapshot {
            Some(path) => keys.snapshot(path),
            None => keys,
        };
        let keys = keys.start();
        verify(&keys, "a").await.unwrap();
        pass(SECOND).await;
        assert_eq!(server.asked(), 1);
        assert!(is_unknown(&verify(&keys, "a").await));
    }
}

/// One of the two clocks was wrong: nothing says how long it may serve.
#[tokio::test(start_paused = true)]
async fn a_snapshot_of_the_future_is_passed_over() {
    let directory = tempfile::tempdir().unwrap();
    let path = write(&directory, clock::unix_now() + 3600);
    let keys = restarted(&path);
    assert_eq!(keys.health().state, State::Empty);
    assert!(verify(&keys, "a").await.is_err());
}

#[tokio::test(start_paused = true)]
async fn what_is_no_snapshot_of_this_source_is_passed_over() {
    let directory = tempfile::tempdir().unwrap();
    let path = write(&directory, clock::unix_now());
    let snapshot = Snapshot::read(&path, "fake").unwrap().unwrap();
    snapshot.write(&path, "another").unwrap();
    assert_eq!(restarted(&path).health().state, State::Empty);
    std::fs::write(&path, "{").unwrap();
    assert_eq!(restarted(&path).health().state, State::Empty);
    // A valid snapshot replaces it.
    let server = Fake::new(Behavior::keys(&["a"]));
    let keys = busy(server).snapshot(&path).start();
    keys.ready().await.unwrap();
    pass(SECOND).await;
    assert_eq!(restarted(&path).health().state, State::Fresh);
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_that_cannot_be_written_harms_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let server = Fake::new(Behavior::keys(&["a"]));
    let keys = busy(server.clone())
        .snapshot(directory.path().join("no/keys"))
        .start();
    verify(&keys, "a").await.unwrap();
    server.set(Behavior::keys(&["b"]));
    verify(&keys, "b").await.unwrap();
    assert_eq!(keys.health().failed, 0);
}

//! Servers that are out of order.

use tokenlatch_host::key_set::{
    FETCH_TIMEOUT, KeySetError, MAX_RETRY, MAX_STALE, State, TTL, Unavailable,
};

use super::*;

fn unavailable(verdict: Result<(), VerifyError>) -> Unavailable {
    match verdict {
        Err(VerifyError::Keys(unavailable)) => unavailable,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_set_serves_until_it_has_been_stale_for_too_long_and_then_again() {
    let server = Fake::new(Behavior::keys(&["a"]));
    let keys = busy(server.clone()).start();
    keys.ready().await.unwrap();
    server.set(Behavior::Fails);
    pass(TTL - SECOND).await;
    assert_eq!(keys.health().state, State::Fresh);
    pass(2 * SECOND).await;
    assert_eq!(keys.health().state, State::Stale);
    verify(&keys, "a").await.unwrap();
    pass(MAX_STALE - 2 * SECOND).await;
    assert!(keys.health().is_ready());
    verify(&keys, "a").await.unwrap();
    pass(2 * SECOND).await;
    assert!(!keys.health().is_ready());
    let rejected = unavailable(verify(&keys, "a").await);
    assert_eq!(rejected.state, State::Dead);
    let cause = rejected.cause.expect("why");
    assert!(matches!(*cause, KeySetError::Fetch(SourceError::Other(_))));
    assert_eq!(keys.health().state, State::Dead);

    server.set(Behavior::keys(&["a"]));
    pass(2 * MAX_RETRY).await;
    verify(&keys, "a").await.unwrap();
    assert_eq!(keys.health().state, State::Fresh);
}

#[tokio::test(start_paused = true)]
async fn retries_come_less_and_less_often() {
    let server = Fake::new(Behavior::keys(&["a"]));
    let keys = busy(server.clone()).start();
    keys.ready().await.unwrap();
    server.set(Behavior::Fails);
    pass(TTL).await;
    let before = server.asked();
    pass(MAX_STALE).await;
    // After the first few, one every 60 to 120 seconds.
    let retries = server.asked() - before;
    assert!((28..=66).contains(&retries), "{retries}");
}

#[tokio::test(start_paused = true)]
async fn without_a_first_set_lookups_say_so_at_once() {
    let server = Fake::new(Behavior::Fails);
    let keys = busy(server.clone()).start();
    let rejected = unavailable(verify(&keys, "a").await);
    assert_eq!(rejected.state, State::Empty);
    assert!(rejected.cause.is_some());
    let start = tokio::time::Instant::now();
    for _ in 0..100 {
        let rejected = keys.ready().await.unwrap_err();
        assert_eq!(rejected.state, State::Empty);
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(server.asked(), 1, "lookups do not hasten a retry");
    server.set(Behavior::keys(&["a"]));
    pass(3 * SECOND).await;
    verify(&keys, "a").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_source_that_panics_has_failed_once() {
    let server = Fake::new(Behavior::Panics);
    let keys = busy(server.clone()).start();
    let rejected = unavailable(verify(&keys, "a").await);
    assert!(matches!(*rejected.cause.unwrap(), KeySetError::Panicked));
    server.set(Behavior::keys(&["a"]));
    pass(3 * SECOND).await;
    verify(&keys, "a").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_source_that_hangs_has_failed_in_time() {
    let server = Fake::new(Behavior::Hangs);
    let keys = busy(server.clone()).start();
    let start = tokio::time::Instant::now();
    let rejected = unavailable(verify(&keys, "a").await);
    assert!(matches!(*rejected.cause.unwrap(), KeySetError::TimedOut));
    let waited = start.elapsed();
    assert!(
        waited >= FETCH_TIMEOUT && waited <= FETCH_TIMEOUT + SECOND,
        "{waited:?}"
    );
    server.set(Behavior::keys(&["a"]));
    pass(3 * SECOND).await;
    verify(&keys, "a").await.unwrap();

    let server = Fake::new(Behavior::Hangs);
    let keys = busy(server.clone()).fetch_timeout(SECOND).start();
    let start = tokio::time::Instant::now();
    keys.ready().await.unwrap_err();
    assert!(start.elapsed() <= 2 * SECOND);
}

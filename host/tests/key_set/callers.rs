//! Many callers at a time, and callers that give up.

use futures_util::FutureExt;
use futures_util::future::join_all;
use tokenlatch_host::key_set::{FETCH_TIMEOUT, TTL};
use tokio::time::{Instant, timeout};

use super::*;

#[tokio::test(start_paused = true)]
async fn one_fetch_is_for_all_who_wait() {
    let server = Fake::new(Behavior::keys(&["a"]));
    server.delay(SECOND);
    let keys = busy(server.clone()).start();
    let verdicts = join_all((0..100).map(|_| verify(&keys, "a"))).await;
    assert!(verdicts.iter().all(Result::is_ok));
    assert_eq!(server.asked(), 1);

    server.set(Behavior::keys(&["a", "b"]));
    let verdicts = join_all((0..100).map(|_| verify(&keys, "b"))).await;
    assert!(verdicts.iter().all(Result::is_ok));
    assert_eq!(server.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_cached_is_waited_for_by_nobody() {
    let server = Fake::new(Behavior::keys(&["a"]));
    let keys = busy(server.clone()).start();
    keys.ready().await.unwrap();
    server.delay(20 * SECOND);
    let unknown = tokio::spawn({
        let keys = keys.clone();
        async move { verify(&keys, "b").await }
    });
    pass(SECOND).await;
    assert_eq!(
        (server.asked(), server.completed()),
        (2, 1),
        "a fetch is under way"
    );
    let start = Instant::now();
    for _ in 0..10 {
        verify(&keys, "a").await.unwrap();
        keys.keys(None).await.unwrap();
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(server.completed(), 1);
    assert!(is_unknown(&unknown.await.unwrap()));
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_takes_no_fetch_with_him() {
    let server = Fake::new(Behavior::keys(&["a"]));
    let keys = busy(server.clone()).start();
    keys.ready().await.unwrap();
    server.set(Behavior::keys(&["a", "b"]));
    server.delay(10 * SECOND);
    // The first caller gives up, and so do some of the callers that wait with it.
    let first = timeout(SECOND, verify(&keys, "b"));
    let second = timeout(5 * SECOND, verify(&keys, "b"));
    let others = join_all((0..10).map(|_| verify(&keys, "b")));
    let (first, second, others) = tokio::join!(first, second, others);
    assert!(first.is_err() && second.is_err());
    assert!(others.iter().all(Result::is_ok));
    assert_eq!((server.asked(), server.completed()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_fetch_goes_on_when_everybody_gave_up() {
    let server = Fake::new(Behavior::keys(&["a"]));
    server.delay(10 * SECOND);
    let keys = busy(server.clone()).start();
    timeout(SECOND, keys.ready()).await.unwrap_err();
    pass(10 * SECOND).await;
    assert_eq!((server.asked(), server.completed()), (1, 1));
    verify(&keys, "a").await.unwrap();
}

/// The fetch under way may have had its response before the key was published.
#[tokio::test(start_paused = true)]
async fn a_key_published_during_a_fetch_is_found_by_the_next() {
    let server = Fake::new(Behavior::keys(&["a"]));
    let keys = busy(server.clone()).start();
    keys.ready().await.unwrap();
    server.delay(10 * SECOND);
    let refresh = TTL;
    // A refresh begins within this time.
    while server.asked() == 1 {
        pass(SECOND).await;
        assert!(keys.health().age.unwrap() < refresh);
    }
    server.set(Behavior::keys(&["a", "b"]));
    verify(&keys, "b").await.unwrap();
    assert_eq!(server.asked(), 3);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_fetched_when_nobody_is_left() {
    let server = Fake::new(Behavior::keys(&["a"]));
    let keys = busy(server.clone()).start();
    let clone = keys.clone();
    keys.ready().await.unwrap();
    drop(keys);
    pass(TTL).await;
    assert_eq!(server.asked(), 2);
    verify(&clone, "a").await.unwrap();
    drop(clone);
    pass(10 * TTL).await;
    assert_eq!(server.asked(), 2);
    assert_eq!(Arc::strong_count(&server.0), 1, "the source is dropped");
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_a_fetch_may_take() {
    let server = Fake::new(Behavior::keys(&["a"]));
    let keys = busy(server.clone()).start();
    keys.ready().await.unwrap();
    server.set(Behavior::Hangs);
    while server.asked() == 1 {
        pass(SECOND).await;
    }
    let start = Instant::now();
    assert!(verify(&keys, "x").await.is_err());
    assert!(start.elapsed() <= FETCH_TIMEOUT + SECOND);
}

#[tokio::test]
async fn a_key_that_is_cached_costs_no_allocation() {
    let keys = busy(Fake::new(Behavior::keys(&["a"]))).start();
    keys.ready().await.unwrap();
    let token = token("a");
    let mut scratch = [0; MAX_TOKEN_LEN];
    let mut is_verified = || {
        let verified = keys.verify(token.as_bytes(), &mut scratch, &POLICY, NOW);
        verified
            .now_or_never()
            .is_some_and(|verdict| verdict.is_ok())
    };
    // A thread's first read sets up state that its next reads use.
    assert!(is_verified());
    let count = allocation_counter::measure(|| assert!(is_verified()));
    assert_eq!(count.count_total, 0);
}

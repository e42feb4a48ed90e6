//! Many callers at a time, and callers that give up.

use futures_util::FutureExt;
use futures_util::future::join_all;
use tokenlatch::{Unverified, Verified};
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

/// As many at once as one after the other, in groups of eight and fewer, whatever the others are.
#[tokio::test(start_paused = true)]
async fn tokens_are_verified_together_as_they_are_alone() {
    let stranger = Issuer::generate(2048, "stranger");
    let own = Issuer::rfc7515();
    let document = json!({"keys": [jwk(own, "a"), jwk(&stranger, "b")]}).to_string();
    let server = Fake::new(Behavior::Document(document));
    let keys = busy(server.clone()).start();
    keys.ready().await.unwrap();
    let unknown = [token("x"), token("y")];
    let kinds = [
        token("a"),
        token_of(&stranger, "b", ISSUER),
        token_of(&stranger, "a", ISSUER),
        token_of(own, "a", "https://other.example/"),
        own.sign(json!({"alg": "RS256"}).to_string(), "{}"),
    ];
    for count in [1, 7, 8, 9, 30] {
        let mut texts: Vec<Vec<u8>> = (0..count)
            .map(|at| kinds[at * at % kinds.len()].clone().into_bytes())
            .collect();
        texts.extend(unknown.iter().map(|text| text.clone().into_bytes()));
        let tokens = texts
            .iter_mut()
            .map(|text| Unverified::parse(text).unwrap());
        let tokens: Vec<_> = tokens.collect();
        let verdicts = keys.verify_cached(&tokens, &POLICY, NOW);
        assert_eq!(verdicts.len(), count + 2);
        assert!(
            verdicts[count..].iter().all(Option::is_none),
            "their keys are not cached"
        );
        for (token, verdict) in tokens[..count].iter().zip(verdicts) {
            let alone = keys.verify_parsed(token, &POLICY, NOW).await;
            let code = |verdict: Result<_, VerifyError>| match verdict {
                Ok::<Verified<'_>, _>(verified) => verified.claims().as_str().to_owned(),
                Err(error) => error.code().to_owned(),
            };
            assert_eq!(code(verdict.unwrap()), code(alone));
        }
    }
    assert_eq!(server.asked(), 1);
}

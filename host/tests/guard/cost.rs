//! What a check costs besides the verification.

use tokenlatch::MAX_TOKEN_LEN;

use super::*;

#[tokio::test]
async fn a_check_makes_two_allocations_while_the_key_is_cached() {
    let guard = guard().scopes(["read:doors"]);
    let header = bearer(&token(json!({})));
    assert_eq!(allocations(&guard, &header), 2);
    let claims = guard.check(Some(&header)).await.unwrap();
    let count = allocation_counter::measure(|| drop(claims.clone()));
    assert_eq!(count.count_total, 0);
}

#[test]
fn the_future_of_a_check_is_small() {
    let guard = guard();
    let check = guard.check(Some("Bearer a"));
    assert!(size_of_val(&check) < 1024, "{}", size_of_val(&check));
}

#[tokio::test]
async fn a_token_that_is_too_long_is_not_copied() {
    let guard = guard();
    let of_len = |padding| token(json!({"padding": "x".repeat(padding)}));
    let missing = MAX_TOKEN_LEN - of_len(0).len();
    let longest = of_len(missing / 4 * 3 + missing % 4 / 2);
    assert_eq!(longest.len(), MAX_TOKEN_LEN);
    guard.check_token(&longest).await.unwrap();
    let header = bearer(&"a".repeat(100 * MAX_TOKEN_LEN));
    let count = allocation_counter::measure(|| {
        let verdict = guard.check_cached(Some(&header)).unwrap();
        assert_eq!(verdict.unwrap_err().status(), 401);
    });
    assert!(count.bytes_max < 10_000, "{count:?}");
}

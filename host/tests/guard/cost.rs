//! What a check costs besides the verification.

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

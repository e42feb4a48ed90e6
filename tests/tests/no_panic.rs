//! No path to a panic is left in firmware that calls all that the verifier offers.

use tokenlatch_tests::firmware;

/// What the panic handler of `no-panic` calls; it does not exist.
const SYMBOL: &str = "the_verifier_can_panic";

#[test]
fn firmware_links_where_a_panic_cannot() {
    let built = firmware::build("no-panic", firmware::RELEASE, "");
    assert!(built.is_ok(), "{}", built.unwrap_err());
    println!("no-panic: it links");
}

/// So that the test above means something.
#[test]
fn an_index_that_is_not_checked_would_be_noticed() {
    let refusal = firmware::build("no-panic", firmware::RELEASE, "deliberate-panic")
        .expect_err("a panic links");
    let undefined = refusal
        .lines()
        .find(|line| line.contains("undefined symbol"));
    let undefined = undefined.unwrap_or_else(|| panic!("{refusal}"));
    assert!(undefined.ends_with(SYMBOL), "{refusal}");
    println!(
        "no-panic, with an index that is not checked:{}",
        undefined.trim_start_matches("  = note:")
    );
}

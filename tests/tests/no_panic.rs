//! Firmware that calls all that the verifier offers has no path to a panic.

use tokenlatch_tests::device;

/// The function that the panic handler of `no-panic` calls. It does not exist.
const SYMBOL: &str = "the_verifier_can_panic";

#[test]
fn firmware_without_a_panic_links() {
    let built = device::build("no-panic", device::RELEASE, "");
    assert!(built.is_ok(), "{}", built.unwrap_err());
    println!("no-panic: it links");
}

#[test]
fn firmware_with_the_parts_of_a_device_links() {
    let built = device::build("no-panic-device", device::RELEASE, "");
    assert!(built.is_ok(), "{}", built.unwrap_err());
    println!("no-panic-device: it links");
}

/// Shows that the tests above can fail.
#[test]
fn firmware_with_an_unchecked_index_does_not_link() {
    let errors = device::build("no-panic", device::RELEASE, "deliberate-panic")
        .expect_err("a program with a panic links");
    let undefined = errors
        .lines()
        .find(|line| line.contains("undefined symbol"));
    let undefined = undefined.unwrap_or_else(|| panic!("{errors}"));
    assert!(undefined.ends_with(SYMBOL), "{errors}");
    println!(
        "no-panic, with an unchecked index:{}",
        undefined.trim_start_matches("  = note:")
    );
}

//! Firmware that calls all that the verifier offers has no path to a panic.

use tokenlatch_tests::device;

/// The function that the panic handler of `no-panic` calls. It does not exist.
const SYMBOL: &str = "the_verifier_can_panic";

#[test]
fn firmware_without_a_panic_links() {
    links("no-panic");
}

#[test]
fn firmware_with_the_parts_of_a_device_links() {
    links("no-panic-device");
}

/// However it is optimised: which paths are left depends on that.
fn links(program: &str) {
    for profile in [device::SIZE, device::RELEASE, device::SPEED] {
        let built = device::build(program, profile, "");
        assert!(built.is_ok(), "{}", built.unwrap_err());
        println!("{program} for {}: it links", profile.name);
    }
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

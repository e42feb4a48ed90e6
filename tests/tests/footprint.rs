//! The memory that the verifier takes on a Cortex-M3 does not grow.

use std::ops::Range;

use tokenlatch_tests::footprint::{Footprint, RECORDED};

/// The growth that is accepted, in percent.
const TOLERANCE: u64 = 1;

/// The bounds of each kind of figure in bytes, whatever was recorded: against a measurement that measures
/// nothing, and against small growth many times.
const BOUNDS: [(&str, &str, Range<u64>); 4] = [
    ("stack", "verify_in_place", 1024..4 * 1024),
    ("stack", "JwkSet::read_json", 1024..2560),
    ("flash", "verify_in_place", 4 * 1024..40 * 1024),
    ("flash", "JwkSet::read_json", 1024..8 * 1024),
];

#[test]
fn the_memory_it_takes_does_not_grow() {
    let recorded: Footprint = serde_json::from_str(RECORDED).expect("the recorded footprint");
    let measured = Footprint::measure();
    println!("bytes on a Cortex-M3: what, profile, capacity, recorded, measured");
    let mut has_grown = false;
    for row in &measured.rows {
        let before = recorded.bytes(row);
        let what = format!("{}: {}", row.memory, row.function);
        let (profile, capacity, bytes) = (&row.profile, row.capacity, row.bytes);
        let shown = before.map_or("nothing".into(), |before| before.to_string());
        println!("{what:<27}{profile:<9}{capacity:>5}{shown:>9}{bytes:>9}");
        has_grown |= before.is_none_or(|before| 100 * bytes > (100 + TOLERANCE) * before);

        let mut bounds = BOUNDS
            .iter()
            .filter(|(memory, function, _)| *memory == row.memory && *function == row.function);
        let (_, _, bounds) = bounds.next().expect("bounds");
        assert!(bounds.contains(&bytes), "{what}");
        let is_for_release = profile == "release" && row.memory == "flash";
        assert!(!is_for_release || bytes < 32 * 1024, "{what}");
    }
    assert_eq!(measured.rows.len(), recorded.rows.len());
    assert!(
        !has_grown,
        "the memory has grown by more than {TOLERANCE} %; recorded with {}, measured with {}; \
         tests/src/bin/footprint.rs says how to record it anew",
        recorded.rustc, measured.rustc
    );

    let verify = |profile: &str| {
        let row = measured.rows.iter().find(|row| {
            row.profile == profile
                && row.memory == "flash"
                && row.function == "verify_in_place"
                && row.capacity == 2048
        });
        row.expect("a row").bytes
    };
    let stack = measured.rows.iter().filter(|row| row.memory == "stack");
    println!(
        "evidence: {} bytes of flash for size, {} bytes of stack at most",
        verify("size"),
        stack.map(|row| row.bytes).max().expect("a row")
    );
    let [size, release, speed] = ["size", "release", "speed"].map(verify);
    assert!(size + 6 * 1024 < release && release < speed);
}

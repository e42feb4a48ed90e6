//! What each part of a device takes on a Cortex-M3: the table in `core/device/README.md`.

use std::path::Path;

use tokenlatch_tests::figures::Table;
use tokenlatch_tests::parts::{PARTS, measure};

#[test]
fn each_part_takes_what_the_readme_says() {
    let costs = measure();
    let rows = PARTS.iter().zip(costs).map(|((_, name), cost)| {
        assert!(cost.flash < 24 * 1024 && cost.stack < 8 * 1024, "{name}");
        let figures = vec![cost.flash, cost.size, cost.stack];
        ((*name).into(), figures)
    });
    let table = Table {
        name: "parts",
        columns: &["part", "flash", "itself", "stack"],
        rows: rows.collect(),
    };
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/device/README.md");
    table.hold(&readme, |column, said, is| match column {
        // Of the flash.
        0 => 100 * said.abs_diff(is) <= 2 * said,
        1 => said == is,
        _ => said.abs_diff(is) <= 128,
    });
}

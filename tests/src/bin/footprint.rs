//! Measures the memory that the verifier takes on a Cortex-M3, and prints it as JSON. To record it:
//!
//! ```sh
//! cargo run --quiet --package tokenlatch-tests --bin footprint >target/footprint.json
//! mv target/footprint.json benches/device/footprint.json
//! ```

use tokenlatch_tests::footprint::Footprint;

fn main() -> serde_json::Result<()> {
    let footprint = Footprint::measure();
    println!("{}", serde_json::to_string_pretty(&footprint)?);
    Ok(())
}

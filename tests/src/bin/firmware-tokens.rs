//! Writes the tokens that the firmware example contains.

use std::fs;
use std::io;

use tokenlatch_tests::firmware;

fn main() -> io::Result<()> {
    for (name, token) in firmware::tokens() {
        fs::write(firmware::token_file(name), token)?;
    }
    Ok(())
}

//! Writes `core/capi/include/tokenlatch.h` anew from `core/capi/src`. No arguments.

use std::{fs, io};

use tokenlatch_tests::capi;

fn main() -> io::Result<()> {
    fs::write(capi::header_file(), capi::header())
}

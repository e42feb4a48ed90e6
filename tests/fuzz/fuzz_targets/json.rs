//! A JSON document: what Tokenlatch accepts, serde_json accepts with the same value, and what only serde_json accepts
//! is too deep, has too many members, or has two of one name.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tokenlatch_fuzz::agree;

fuzz_target!(|document: &[u8]| {
    agree::on_json(document);
});

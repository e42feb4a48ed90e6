//! Claims, in a token that is signed and good otherwise. The first bytes of the input choose the policy and the time.
#![no_main]

use std::sync::LazyLock;

use arbitrary::{Arbitrary as _, Unstructured};
use libfuzzer_sys::fuzz_target;
use tokenlatch_fuzz::agree::{self, Keys};
use tokenlatch_fuzz::key::Key;
use tokenlatch_fuzz::reference::keys::KeySet;
use tokenlatch_fuzz::reference::rules::{Now, Rules};

static KEYS: LazyLock<(Keys, KeySet)> =
    LazyLock::new(|| agree::on_key_set(Key::fixed().jwk_set().as_bytes()).expect("a key set"));

/// How many bytes choose policy and time.
const CHOICE: usize = 16;

fuzz_target!(|data: &[u8]| {
    let Some((choice, claims)) = data.split_first_chunk::<CHOICE>() else {
        return;
    };
    let mut choice = Unstructured::new(choice);
    let (Ok(rules), Ok(now)) = (Rules::arbitrary(&mut choice), Now::arbitrary(&mut choice)) else {
        return;
    };
    let token = Key::fixed().token(r#"{"alg":"RS256","typ":"at+jwt","kid":"k1"}"#, claims);
    let (keys, reference) = &*KEYS;
    agree::on_token(token.as_bytes(), keys, reference, &rules, now);
});

//! A token, as anybody can send it, or with the signature that it should have: Tokenlatch and the reference give
//! the same verdict.
#![no_main]

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use libfuzzer_sys::fuzz_target;
use tokenlatch_fuzz::agree::{self, Keys};
use tokenlatch_fuzz::key::Key;
use tokenlatch_fuzz::reference::keys::KeySet;
use tokenlatch_fuzz::reference::rules::{NOW, Now, Rules};

static KEYS: LazyLock<(Keys, KeySet)> =
    LazyLock::new(|| agree::on_key_set(Key::fixed().jwk_set().as_bytes()).expect("a key set"));

const AT: Now = Now {
    earliest: NOW,
    latest: NOW,
};

fuzz_target!(|data: &[u8]| {
    let Some((is_signed, token)) = data.split_first() else {
        return;
    };
    let mut token = token.to_vec();
    if is_signed & 1 == 1
        && let Some(dot) = token.iter().rposition(|byte| *byte == b'.')
    {
        token.truncate(dot);
        let signature = BASE64URL.encode(Key::fixed().sign(&token));
        token.extend([b"." as &[u8], signature.as_bytes()].concat());
    }
    let (keys, reference) = &*KEYS;
    agree::on_token(&token, keys, reference, &Rules::plain(), AT);
});

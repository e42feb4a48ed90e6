//! A header, in a token that is signed and good otherwise.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tokenlatch_fuzz::agree::{self, Keys};
use tokenlatch_fuzz::key::Key;
use tokenlatch_fuzz::reference::keys::KeySet;
use tokenlatch_fuzz::reference::rules::{AUDIENCE, ISSUER, NOW, Now, Rules};

static KEYS: LazyLock<(Keys, KeySet)> =
    LazyLock::new(|| agree::on_key_set(Key::fixed().jwk_set().as_bytes()).expect("a key set"));

const AT: Now = Now {
    earliest: NOW,
    latest: NOW,
};

fuzz_target!(|header: &[u8]| {
    let claims = format!(
        r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","exp":{}}}"#,
        NOW + 1
    );
    let token = Key::fixed().token(header, claims);
    let (keys, reference) = &*KEYS;
    for token_type in [None, Some("at+jwt")] {
        let rules = Rules {
            token_type,
            ..Rules::plain()
        };
        agree::on_token(token.as_bytes(), keys, reference, &rules, AT);
    }
});

//! The TOML file of the authorization server: its errors show no secret.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tokenlatch_host::issuer::Config;

const SECRET: &str = "hush-hush-secret";
const LINE: &str = "client_secret = \"hush-hush-secret\"";

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let shown = match Config::from_toml(text) {
        Ok(config) => format!("{config:?}"),
        Err(error) => format!("{error} {error:?}"),
    };
    // Elsewhere, it may be a name.
    if text.matches(SECRET).count() == text.matches(LINE).count() {
        assert!(!shown.contains(SECRET), "a secret is shown");
    }
});

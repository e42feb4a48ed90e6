//! The TOML file of the authorization server: its errors show no secret.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tokenlatch_fuzz::secret::{CLIENT_SECRET, SECRET, is_only_in};
use tokenlatch_host::issuer::Config;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let shown = match Config::from_toml(text) {
        Ok(config) => format!("{config:?}"),
        Err(error) => format!("{error} {error:?}"),
    };
    if is_only_in(CLIENT_SECRET, text) {
        assert!(!shown.contains(SECRET), "a secret is shown");
    }
});

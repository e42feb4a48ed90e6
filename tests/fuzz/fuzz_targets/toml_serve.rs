//! The TOML file of `tokenlatch serve`, read by the program's own code: its errors show no secret.
#![no_main]
#![allow(dead_code, reason = "the rest of the program")]

#[path = "../../../host/cli/src/failure.rs"]
mod failure;
#[path = "../../../host/cli/src/http_options.rs"]
mod http_options;
#[path = "../../../host/cli/src/key_source.rs"]
mod key_source;
#[path = "../../../host/cli/src/policy_options.rs"]
mod policy_options;
/// As `serve` in the program, without its servers.
#[path = "../../../host/cli/src/serve"]
mod serve {
    mod claim_headers;
    pub(crate) mod config;
    mod path;
    mod rules;
}

use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::{env, fs, process};

use libfuzzer_sys::fuzz_target;
use tokenlatch_fuzz::secret::{HEADER, SECRET, is_only_in};

use crate::serve::config::Config;

/// A file that has no name any more, and the path that still leads to it.
static FILE: LazyLock<(File, PathBuf)> = LazyLock::new(|| {
    let path = env::temp_dir().join(format!("tokenlatch-fuzz-{}.toml", process::id()));
    let file = File::create(&path).expect("a file");
    fs::remove_file(&path).expect("it is there");
    let path = format!("/proc/self/fd/{}", file.as_raw_fd()).into();
    (file, path)
});

fuzz_target!(|data: &[u8]| {
    let (file, path) = &*FILE;
    file.set_len(0).expect("a file");
    file.write_all_at(data, 0).expect("a file");
    let read = Config::read(path);
    let Err(failure) = read else {
        return;
    };
    let text = String::from_utf8_lossy(data);
    if is_only_in(HEADER, &text) {
        let shown = format!("{failure} {failure:?} {}", failure.message());
        assert!(!shown.contains(SECRET), "a secret is shown");
    }
});

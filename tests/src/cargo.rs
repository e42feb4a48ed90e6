//! Cargo, for the programs of other workspaces.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// Cargo in a folder, as a user's shell starts it: without the flags and profiles in the environment of the
/// cargo that runs the tests.
#[must_use]
pub fn in_folder(folder: &Path) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    for (name, _) in env::vars_os() {
        let is_setting = name.to_str().is_some_and(|name| {
            name.ends_with("RUSTFLAGS")
                || ["CARGO_BUILD_", "CARGO_TARGET_", "CARGO_PROFILE_"]
                    .iter()
                    .any(|prefix| name.starts_with(prefix))
        });
        if is_setting {
            cargo.env_remove(name);
        }
    }
    cargo.current_dir(folder).stdin(Stdio::null());
    cargo
}

/// Runs `cargo build`, and returns the path of the program that it has built.
///
/// # Errors
///
/// The messages of cargo, if the program does not build.
///
/// # Panics
///
/// If cargo does not start, or builds no program.
pub fn built_by(build: &mut Command) -> Result<PathBuf, String> {
    let output = build
        .arg("--message-format=json-render-diagnostics")
        .output()
        .expect("cargo starts");
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let messages = String::from_utf8(output.stdout).expect("UTF-8");
    let executable = messages
        .lines()
        .map(|message| serde_json::from_str::<Value>(message).expect("JSON"))
        .find_map(|message| message["executable"].as_str().map(PathBuf::from));
    Ok(executable.expect("cargo names the program"))
}

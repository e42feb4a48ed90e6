//! The program `tokenlatch`.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use serde_json::Value;

/// The program, still without arguments.
#[must_use]
pub fn command() -> Command {
    Command::new(&*PATH)
}

/// The path of the program, after cargo has built it. It is built together with this package, so that both take the
/// same libraries: alone it would have fewer features of them, and forty would be built once more.
static PATH: LazyLock<PathBuf> = LazyLock::new(|| {
    let output = Command::new(env!("CARGO"))
        .args(["build", "--locked", "--bin", "tokenlatch"])
        .args(["--package", "tokenlatch-cli"])
        .args(["--package", "tokenlatch-tests"])
        .arg("--message-format=json-render-diagnostics")
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "the program does not build");
    let messages = String::from_utf8(output.stdout).expect("UTF-8");
    messages
        .lines()
        .map(|message| serde_json::from_str::<Value>(message).expect("JSON"))
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .expect("cargo names the program")
});

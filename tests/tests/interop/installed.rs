//! What `tests/run` has installed, and how it is run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

/// A script of `tests/interop` in Node.
pub(crate) fn node(script: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(FOLDER.join(script));
    command
}

/// A script of `tests/interop` in Python.
pub(crate) fn python(script: &str) -> Command {
    let mut command = python_command();
    command.arg(FOLDER.join(script));
    command
}

/// Python with the packages, still without arguments.
pub(crate) fn python_command() -> Command {
    Command::new(FOLDER.join("venv/bin/python"))
}

/// The response to a request by curl; of a rejection, the status and the response.
pub(crate) fn curl(request: &[impl AsRef<str>]) -> Result<Value, String> {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--fail-with-body"]);
    response(command.args(request.iter().map(AsRef::as_ref)))
}

/// The JSON that a command prints; if it fails, what it says.
pub(crate) fn response(command: &mut Command) -> Result<Value, String> {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{:?}: {error}", command.get_program()));
    let text = String::from_utf8_lossy(&output.stdout);
    if output.status.success() {
        return serde_json::from_str(&text).map_err(|error| format!("{error}: {text}"));
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    Err(format!("failed: {} {}", errors.trim(), text.trim()))
}

/// The version of a package of npm; it is pinned.
pub(crate) fn version(package: &str) -> String {
    let packages: Value =
        serde_json::from_str(include_str!("../../interop/package.json")).expect("JSON");
    let version = packages["dependencies"][package].as_str();
    version.expect("a dependency").into()
}

/// The version of a package of Python; it is pinned.
pub(crate) fn python_version(package: &str) -> &'static str {
    REQUIREMENTS
        .lines()
        .find_map(|line| line.strip_prefix(package)?.strip_prefix("=="))
        .and_then(|line| line.split_whitespace().next())
        .expect("a requirement")
}

const PACKAGE_LOCK: &str = include_str!("../../interop/package-lock.json");
const REQUIREMENTS: &str = include_str!("../../interop/requirements.txt");

/// Where the packages are; Node looks for them in its script's folder, so the scripts are copied there.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("interop");
    for (installed, expected) in [
        ("node_modules/package-lock.json", PACKAGE_LOCK),
        ("venv/requirements.txt", REQUIREMENTS),
    ] {
        let installed = folder.join(installed);
        assert!(
            fs::read_to_string(&installed).is_ok_and(|text| text == expected),
            "{} is absent or old: run tests/run",
            installed.display()
        );
    }
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop");
    for entry in fs::read_dir(scripts).expect("the scripts") {
        let script = entry.expect("a script").path();
        let copy = folder.join(script.file_name().expect("a name"));
        fs::copy(&script, copy).expect("the script is copied");
    }
    folder
});

//! The machine that measures, and when.

use std::fs;
use std::process::Command;

use time::OffsetDateTime;

/// The day, in UTC.
#[must_use]
pub fn date() -> String {
    OffsetDateTime::now_utc().date().to_string()
}

/// The processor's name.
#[must_use]
pub fn processor() -> String {
    let information = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = information
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map_or("unknown", |(_, name)| name).into()
}

/// The compiler, as it names itself.
#[must_use]
pub fn rustc() -> String {
    let version = Command::new("rustc").arg("--version").output();
    let text = version.map(|output| String::from_utf8_lossy(&output.stdout).trim().into());
    text.unwrap_or_else(|_| "unknown".into())
}

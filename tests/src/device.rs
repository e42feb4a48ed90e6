//! The programs of the device laboratory, `benches/device`.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::cargo;

/// How a program is built. The names are those of the profiles in `firmware-example`.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// The name.
    pub name: &'static str,
    opt_level: &'static str,
    flags: &'static str,
}

/// For the least flash, with SHA-256 in a loop.
pub const SIZE: Profile = Profile {
    name: "size",
    opt_level: "s",
    flags: "--cfg sha2_backend_soft=\"compact\"",
};

/// For little flash, with SHA-256 unrolled.
pub const RELEASE: Profile = Profile {
    name: "release",
    opt_level: "s",
    flags: "",
};

/// For speed.
pub const SPEED: Profile = Profile {
    name: "speed",
    opt_level: "3",
    flags: "",
};

/// Builds a program for a Cortex-M3, with these features of the image, separated by commas.
///
/// Another build of the same program replaces the file.
///
/// # Errors
///
/// The messages of cargo, if the program does not build.
pub fn build(program: &str, profile: Profile, features: &str) -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/device");
    cargo::built_by(
        cargo::in_folder(&folder)
            .args(["build", "--release", "--locked"])
            .args(["--target", "thumbv7m-none-eabi"])
            .args(["--package", "tokenlatch-device-image", "--bin", program])
            .args(["--features", &format!("tokenlatch,{features}")])
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", profile.opt_level)
            .env("RUSTFLAGS", profile.flags),
    )
}

/// Runs a program in QEMU, started in this folder.
///
/// # Errors
///
/// If QEMU does not start.
pub fn run(program: &Path, folder: &Path) -> io::Result<Output> {
    Command::new("qemu-system-arm")
        .args(["-machine", "mps2-an385", "-display", "none"])
        .args(["-chardev", "stdio,id=output", "-semihosting-config"])
        .args(["enable=on,target=native,chardev=output", "-kernel"])
        .arg(program)
        .current_dir(folder)
        .output()
}

//! The programs of the device laboratory, `benches/device`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{fs, io};

use crate::cargo;
use crate::firmware::NOW;

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

/// What the verifier takes for a document, on a Cortex-M3.
pub struct Cost {
    /// The bytes of stack.
    pub stack: u64,
    /// The executed instructions.
    pub instructions: u64,
    /// The code of the error, or `good`.
    pub verdict: String,
}

/// Has the program `documents` read JWK Sets, and verify tokens with the last good one. Each document is one
/// line.
///
/// # Errors
///
/// The program's output, if it does not build or fails.
pub fn read_documents(
    profile: Profile,
    features: &str,
    documents: &[&str],
) -> Result<Vec<Cost>, String> {
    let program = build("documents", profile, features)?;
    let folder = program.parent().unwrap_or(Path::new("."));
    let lines = documents.join("\n") + "\n";
    fs::write(folder.join("cases.txt"), lines).map_err(|error| error.to_string())?;
    let output = run(&program, folder).map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let cost = |line: &str| {
        let mut words = line.split(' ');
        Some(Cost {
            stack: words.next()?.parse().ok()?,
            instructions: words.next()?.parse().ok()?,
            verdict: words.next()?.into(),
        })
    };
    let costs: Option<Vec<_>> = text.lines().map(cost).collect();
    costs
        .filter(|costs| output.status.success() && costs.len() == documents.len())
        .ok_or_else(|| format!("{text}{}", String::from_utf8_lossy(&output.stderr)))
}

/// What the policy of `documents` accepts, in ten claims.
#[must_use]
pub fn claims() -> String {
    [
        r#"{"iss":"https://issuer.example/","aud":"https://device.example/","#,
        r#""sub":"technician-7","client_id":"service-app","jti":"5f0c9a1e","#,
        &format!(r#""iat":{},"nbf":{NOW},"exp":{},"#, NOW - 1, NOW + 1),
        r#""scope":"config:read config:write","more":true}"#,
    ]
    .concat()
}

/// Runs a program in QEMU, started in this folder. An instruction takes 2^6 ns, as the program expects.
///
/// # Errors
///
/// If QEMU does not start.
pub fn run(program: &Path, folder: &Path) -> io::Result<Output> {
    Command::new("qemu-system-arm")
        .args(["-machine", "mps2-an385", "-icount", "shift=6"])
        .args(["-display", "none"])
        .args(["-chardev", "stdio,id=output", "-semihosting-config"])
        .args(["enable=on,target=native,chardev=output", "-kernel"])
        .arg(program)
        .current_dir(folder)
        .output()
}

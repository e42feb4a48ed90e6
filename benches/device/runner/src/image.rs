//! The images: built, weighed, and run in QEMU.

use std::collections::HashMap;
use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use object::{Object as _, ObjectSection as _};
use serde_json::Value;

use crate::plan::{Implementation, Profile, Target};

/// The programs of a measurement, by name.
pub(crate) struct Image {
    target: &'static Target,
    programs: HashMap<String, PathBuf>,
}

/// What a program says of an operation.
pub(crate) struct Line {
    pub(crate) operation: String,
    pub(crate) bits: u64,
    pub(crate) instructions: u64,
    pub(crate) stack: u64,
    pub(crate) heap: u64,
}

impl Image {
    pub(crate) fn build(
        target: &'static Target,
        profile: &Profile,
        implementation: &Implementation,
    ) -> Result<Self, Box<dyn Error>> {
        let mut cargo = cargo();
        cargo
            .args(["build", "--release", "--locked", "--target", target.triple])
            .args(["--package", "tokenlatch-device-image"])
            .args(["--features", implementation.name])
            .arg("--message-format=json-render-diagnostics")
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", profile.opt_level)
            .env("RUSTFLAGS", profile.flags)
            .stderr(Stdio::inherit());
        for program in PROGRAMS {
            cargo.args(["--bin", program]);
        }
        if implementation.is_tokenlatch() {
            cargo.args(["--bin", "whole-token", "--bin", "flash-whole-token"]);
        }
        let output = cargo.output()?;
        if !output.status.success() {
            return Err("the image does not build".into());
        }
        let mut programs = HashMap::new();
        for message in String::from_utf8(output.stdout)?.lines() {
            let message: Value = serde_json::from_str(message)?;
            let name = message["target"]["name"].as_str();
            if let (Some(name), Some(path)) = (name, message["executable"].as_str()) {
                programs.insert(name.into(), path.into());
            }
        }
        Ok(Self { target, programs })
    }

    /// The bytes of code and constants in a program.
    pub(crate) fn flash(&self, program: &str) -> Result<u64, Box<dyn Error>> {
        let program = fs::read(&self.programs[program])?;
        let program = object::File::parse(&*program)?;
        // The initial values of variables lie in flash, too.
        let sections = [".text", ".rodata", ".data"].map(|name| program.section_by_name(name));
        let sizes = sections.iter().flatten().map(|section| section.size());
        Ok(sizes.sum())
    }

    /// Runs a program, which fails where it finds an answer wrong.
    pub(crate) fn run(&self, program: &str) -> Result<Vec<Line>, Box<dyn Error>> {
        let output = Command::new(self.target.qemu)
            .args(self.target.machine)
            .args(["-display", "none", "-monitor", "none", "-serial", "none"])
            .args(["-chardev", "stdio,id=output"])
            .arg("-semihosting-config")
            .arg("enable=on,target=native,chardev=output")
            .arg("-kernel")
            .arg(&self.programs[program])
            .stdin(Stdio::null())
            .output()?;
        let text = String::from_utf8(output.stdout)?;
        let lines = text.strip_suffix("all answers are right\n");
        let (true, Some(lines)) = (output.status.success(), lines) else {
            let errors = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{program}: {text}{errors}").into());
        };
        lines.lines().map(Line::read).collect()
    }
}

/// Of every implementation.
const PROGRAMS: [&str; 5] = [
    "flash-hash",
    "flash-nothing",
    "flash-set-up",
    "flash-verify",
    "rsa",
];

impl Line {
    /// Reads a line of the programs: the operation, the bits of the key, instructions, and bytes of
    /// stack and heap.
    fn read(line: &str) -> Result<Self, Box<dyn Error>> {
        let mut words = line.split(',');
        let mut word = || {
            words
                .next()
                .ok_or_else(|| format!("it is no result: {line}"))
        };
        Ok(Self {
            operation: word()?.into(),
            bits: word()?.parse()?,
            instructions: word()?.parse()?,
            stack: word()?.parse()?,
            heap: word()?.parse()?,
        })
    }
}

/// Cargo in this workspace, as in a user's shell: without what the cargo that runs this program was
/// told to build, and how.
fn cargo() -> Command {
    let mut cargo = Command::new("cargo");
    for (name, _) in env::vars_os() {
        let told = name.to_str().is_some_and(|name| {
            name.ends_with("RUSTFLAGS")
                || name.starts_with("CARGO_BUILD_")
                || name.starts_with("CARGO_PROFILE_")
        });
        if told {
            cargo.env_remove(name);
        }
    }
    cargo
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .arg("--quiet")
        .stdin(Stdio::null());
    cargo
}

//! The images: built, measured, and run in QEMU.

use std::collections::{BTreeMap, HashMap};
use std::env;
use std::error::Error;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use object::{Object as _, ObjectSection as _, ObjectSymbol as _};
use serde_json::Value;

use crate::cycles::Cycles;
use crate::plan::{Implementation, Profile, Target};
use crate::{qemu, qemu_log, trace};

/// The programs of a measurement, by name.
pub(crate) struct Image {
    target: &'static Target,
    programs: HashMap<String, PathBuf>,
}

/// What a program prints for an operation.
pub(crate) struct Line {
    pub(crate) operation: String,
    pub(crate) bits: u64,
    pub(crate) instructions: u64,
    pub(crate) stack: u64,
    pub(crate) heap: u64,
    /// An estimate.
    pub(crate) cycles: Option<Cycles>,
}

impl Image {
    pub(crate) fn build(
        target: &'static Target,
        profile: &Profile,
        implementation: &Implementation,
        programs: &[&str],
    ) -> Result<Self, Box<dyn Error>> {
        let mut cargo = cargo();
        cargo
            .args(["build", "--release", "--locked", "--target", target.triple])
            .args(["--package", "tokenlatch-device-image"])
            .args(["--features", implementation.name])
            .arg("--message-format=json-render-diagnostics")
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", profile.opt_level)
            .env("RUSTFLAGS", format!("{} {}", target.flags, profile.flags))
            .stderr(Stdio::inherit());
        for program in programs {
            cargo.args(["--bin", program]);
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
        let sections = IN_FLASH.map(|name| program.section_by_name(name));
        let sizes = sections.iter().flatten().map(|section| section.size());
        Ok(sizes.sum())
    }

    /// The bytes of each function and constant in a program, by name.
    pub(crate) fn symbols(&self, program: &str) -> Result<BTreeMap<String, u64>, Box<dyn Error>> {
        let program = fs::read(&self.programs[program])?;
        let program = object::File::parse(&*program)?;
        let sections = IN_FLASH.map(|name| program.section_by_name(name));
        let mut symbols = BTreeMap::new();
        for symbol in program.symbols() {
            let mut sections = sections.iter().flatten();
            if sections.any(|section| Some(section.index()) == symbol.section_index()) {
                // Without the hash, so that two builds can be compared.
                let name = format!("{:#}", rustc_demangle::demangle(symbol.name()?));
                let name = match name.starts_with(".L") {
                    true => "constants that have no name".into(),
                    false => name,
                };
                *symbols.entry(name).or_default() += symbol.size();
            }
        }
        Ok(symbols)
    }

    /// Runs a program, which fails where it finds a result wrong.
    pub(crate) fn run(&self, program: &str) -> Result<Vec<Line>, Box<dyn Error>> {
        let run = qemu::run(
            self.target,
            &self.programs[program],
            &[],
            |mut output, mut errors| {
                let (mut text, mut error) = (String::new(), String::new());
                output.read_to_string(&mut text)?;
                errors.read_to_string(&mut error)?;
                let Some(lines) = text.strip_suffix("all results are right\n") else {
                    return Err(format!("{text}{error}").into());
                };
                lines.lines().map(Line::read).collect()
            },
        );
        run.map_err(|error| format!("{program}: {error}").into())
    }

    /// Adds cycles to what a program printed.
    pub(crate) fn estimate(&self, program: &str, lines: &mut [Line]) -> Result<(), Box<dyn Error>> {
        let Some(core) = self.target.core else {
            return Ok(());
        };
        let count = lines.partition_point(|line| line.bits <= ESTIMATED_BITS);
        let path = &self.programs[program];
        let code = fs::read(path)?;
        let options = qemu_log::options(self.target.qemu)?;
        let executions = qemu::run(self.target, path, &options, |_, log| {
            trace::read(log, core, &code, count)
        });
        let mut executions = executions.map_err(|error| format!("{program}: {error}"))?;
        let of_hash = executions[0];
        for (line, execution) in lines.iter_mut().zip(&mut executions) {
            // As the program does.
            if line.operation == "signature of a digest" {
                *execution = execution.minus(of_hash);
            }
            let (counted, traced) = (line.instructions, execution.instructions);
            if counted.abs_diff(traced) > TOLERANCE {
                let name = &line.operation;
                let difference = format!("{counted} instructions counted, {traced} traced");
                return Err(format!("{program}: {name}: {difference}").into());
            }
            line.cycles = Some(execution.cycles);
        }
        Ok(())
    }
}

/// The sections that lie in flash: the initial values of variables do, too.
const IN_FLASH: [&str; 3] = [".text", ".rodata", ".data"];

/// The largest keys whose cycles are estimated: QEMU writes 100 bytes for every instruction before.
const ESTIMATED_BITS: u64 = 2048;

/// Between what the timer counts and what the trace shows: the instructions around an operation, which
/// may not be those around nothing, and the timer's resolution.
const TOLERANCE: u64 = 16;

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
            cycles: None,
        })
    }
}

/// Cargo in this workspace, as in a user's shell: without the settings of the cargo that runs this program.
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

//! The results.

use std::error::Error;
use std::fmt;
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::cycles::Cycles;
use crate::image::Image;
use crate::plan::Plan;

/// One run.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Results {
    /// The compiler, as it names itself.
    pub(crate) rustc: String,
    pub(crate) qemu: String,
    /// The day, in UTC.
    pub(crate) date: String,
    pub(crate) rows: Vec<Row>,
}

/// The cost of one operation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) target: String,
    pub(crate) profile: String,
    /// The implementation and its version.
    pub(crate) implementation: String,
    /// The bits of the key; 0 where there is none.
    pub(crate) bits: u64,
    pub(crate) operation: String,
    pub(crate) instructions: u64,
    /// An estimate, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cycles: Option<Cycles>,
    /// Bytes of code and constants that the operation adds to a program, where they are measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) flash: Option<u64>,
    /// The most bytes of stack in use.
    pub(crate) stack: u64,
    /// The most bytes of heap in use, the key's included.
    pub(crate) heap: u64,
}

impl Results {
    /// Flash takes programs of its own, and time to build them.
    pub(crate) fn measure(plan: &Plan, with_flash: bool) -> Result<Self, Box<dyn Error>> {
        let mut rows = Vec::new();
        for (target, profile, implementation) in plan.combinations() {
            let name = format!("{}, {}, {}", target.name, profile.name, implementation.name);
            eprintln!("{name}");
            let mut add = || -> Result<(), Box<dyn Error>> {
                let mut programs = implementation.programs().to_vec();
                if with_flash {
                    programs.extend(implementation.flash_programs());
                }
                let image = Image::build(target, profile, implementation, &programs)?;
                let mut lines = Vec::new();
                for program in implementation.programs() {
                    let mut of_program = image.run(program)?;
                    image.estimate(program, &mut of_program)?;
                    lines.append(&mut of_program);
                }
                for line in lines {
                    let version = implementation.version();
                    rows.push(Row {
                        target: target.name.into(),
                        profile: profile.name.into(),
                        implementation: format!("{} {version}", implementation.name),
                        bits: line.bits,
                        flash: match with_flash {
                            true => Some(flash(&image, &line.operation)?),
                            false => None,
                        },
                        operation: line.operation,
                        instructions: line.instructions,
                        cycles: line.cycles,
                        stack: line.stack,
                        heap: line.heap,
                    });
                }
                Ok(())
            };
            add().map_err(|error| format!("{name}: {error}"))?;
        }
        Ok(Self {
            rustc: rustc()?,
            qemu: plan.qemu()?,
            date: output_of("date", &["--utc", "+%F"])?,
            rows,
        })
    }
}

/// The compiler, as it names itself.
pub(crate) fn rustc() -> Result<String, Box<dyn Error>> {
    output_of("rustc", &["--version"])
}

fn output_of(program: &str, arguments: &[&str]) -> Result<String, Box<dyn Error>> {
    let output = Command::new(program).args(arguments).output()?.stdout;
    Ok(String::from_utf8(output)?.trim().into())
}

/// What an operation adds to a program.
fn flash(image: &Image, operation: &str) -> Result<u64, Box<dyn Error>> {
    let (with, without) = match operation {
        "SHA-256 of 3 bytes" => ("flash-hash", "flash-nothing"),
        // It hashes, too.
        "signature of a digest" => ("flash-verify", "flash-hash"),
        "key set-up" => ("flash-set-up", "flash-verify"),
        "whole token" => ("flash-whole-token", "flash-nothing"),
        // A step is of no use without the others.
        "whole token in steps" | "longest step" => ("flash-steps", "flash-nothing"),
        _ => return Err(format!("unknown operation: {operation}").into()),
    };
    Ok(image.flash(with)? - image.flash(without)?)
}

impl Row {
    /// What was measured here.
    pub(crate) fn name(&self) -> String {
        let Self {
            target,
            profile,
            implementation,
            bits,
            operation,
            ..
        } = self;
        format!("{target:<12}{profile:<7}{implementation:<22}{bits:<6}{operation:<22}")
    }
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<69}{:>12}{:>30}{:>8}{:>8}{:>8}",
            "", "instructions", "cycles (an estimate)", "flash", "stack", "heap"
        )?;
        for row in &self.rows {
            let Row {
                instructions,
                cycles,
                flash,
                stack,
                heap,
                ..
            } = row;
            let name = row.name();
            let cycles = cycles.map_or_else(String::new, |cycles| cycles.to_string());
            let flash = flash.map_or_else(String::new, |flash| flash.to_string());
            writeln!(
                f,
                "{name}{instructions:>12}{cycles:>30}{flash:>8}{stack:>8}{heap:>8}"
            )?;
        }
        Ok(())
    }
}

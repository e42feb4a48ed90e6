//! Programs for other processors: built, and run in QEMU.

use std::collections::HashSet;
use std::env;
use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tokenlatch_benches::Operation;

use crate::qemu_log;

/// A processor that QEMU emulates.
pub(crate) struct Processor {
    pub(crate) name: &'static str,
    triple: &'static str,
    qemu: &'static str,
    /// What the names of its tools begin with.
    tools: &'static str,
    /// The model that QEMU emulates: some contenders ask which features it has.
    model: &'static str,
}

pub(crate) const PROCESSORS: &[Processor] = &[
    Processor {
        name: "aarch64",
        triple: "aarch64-unknown-linux-gnu",
        qemu: "qemu-aarch64",
        tools: "aarch64-linux-gnu",
        // That of Graviton 2 and Ampere Altra.
        model: "neoverse-n1",
    },
    Processor {
        name: "riscv64",
        triple: "riscv64gc-unknown-linux-gnu",
        qemu: "qemu-riscv64",
        tools: "riscv64-linux-gnu",
        model: "rv64",
    },
];

/// Which contenders a program has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contenders {
    All,
    Tokenlatch,
}

/// The program `repeat` on a processor.
pub(crate) struct Program {
    processor: &'static Processor,
    path: PathBuf,
    options: Vec<&'static str>,
    /// The addresses of the instructions that multiply.
    multiplications: HashSet<u64>,
}

/// What a run executed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Execution {
    pub(crate) instructions: u64,
    pub(crate) multiplications: u64,
}

impl Processor {
    pub(crate) fn build(&'static self, contenders: Contenders) -> Result<Program, Box<dyn Error>> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let target =
            env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        let target = target.join("emulated");
        let mut cargo = Command::new("cargo");
        cargo
            .args(["build", "--quiet", "--release", "--locked"])
            .args(["--package", "tokenlatch-benches", "--no-default-features"])
            .args(["--bin", "repeat", "--target", self.triple, "--target-dir"])
            .arg(&target)
            .env(
                format!("CARGO_TARGET_{}_LINKER", shouted(self.triple)),
                format!("{}-gcc", self.tools),
            )
            // Everything is in the program, and at the addresses that its file says.
            .env(
                "RUSTFLAGS",
                "-C target-feature=+crt-static -C relocation-model=static",
            )
            .current_dir(root);
        if contenders == Contenders::All {
            cargo.args(["--features", "peers"]);
        }
        if !cargo.status()?.success() {
            return Err("cargo failed".into());
        }
        let path = target.join(self.triple).join("release/repeat");
        Ok(Program {
            processor: self,
            multiplications: self.multiplications(&path)?,
            path,
            options: qemu_log::options(self.qemu)?,
        })
    }

    fn multiplications(&self, program: &Path) -> Result<HashSet<u64>, Box<dyn Error>> {
        let objdump = format!("{}-objdump", self.tools);
        let output = Command::new(&objdump)
            .arg("--disassemble")
            .arg(program)
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| format!("{objdump}: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let addresses: HashSet<_> = text.lines().filter_map(multiplication).collect();
        if !output.status.success() || addresses.is_empty() {
            return Err(format!("{objdump} names no multiplication").into());
        }
        Ok(addresses)
    }
}

fn shouted(triple: &str) -> String {
    triple.replace('-', "_").to_uppercase()
}

/// The address in a line of `objdump`, if the instruction there multiplies integers, alone or in a vector:
///
/// ```text
///   400b04:       9bc17c03        umulh   x3, x0, x1
/// ```
fn multiplication(line: &str) -> Option<u64> {
    let mut fields = line.split('\t');
    let address = fields.next()?.trim().strip_suffix(':')?;
    let mnemonic = fields.nth(1)?;
    // Signed or unsigned.
    let name = mnemonic.strip_prefix(['s', 'u']).unwrap_or(mnemonic);
    ["mul", "madd", "msub", "mneg", "mla", "mls"]
        .iter()
        .any(|known| name.starts_with(known))
        .then(|| u64::from_str_radix(address, 16).ok())?
}

impl Program {
    /// What it can do: contender, version and operation of each task.
    pub(crate) fn tasks(&self) -> Result<Vec<[String; 3]>, Box<dyn Error>> {
        let output = self.qemu().stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            return Err(format!("{} failed", self.processor.qemu).into());
        }
        let text = String::from_utf8(output.stdout)?;
        let task = |line: &str| {
            let fields: Vec<_> = line.split('\t').map(String::from).collect();
            <[String; 3]>::try_from(fields).map_err(|_| format!("it is no task: {line}").into())
        };
        text.lines().map(task).collect()
    }

    /// Has a contender do an operation so many times.
    pub(crate) fn run(
        &self,
        contender: &str,
        operation: Operation,
        bits: usize,
        times: u64,
    ) -> Result<Execution, Box<dyn Error>> {
        let mut qemu = self
            .qemu_with(&self.options)
            .args([contender, operation.name()])
            .args([&bits.to_string(), &times.to_string()])
            .stderr(Stdio::piped())
            .spawn()?;
        let log = qemu.stderr.take().ok_or("it is piped")?;
        let mut log = BufReader::with_capacity(1 << 16, log);
        let (mut line, mut errors) = (Vec::new(), Vec::new());
        let mut execution = Execution::default();
        while log.read_until(b'\n', &mut line)? != 0 {
            if line.starts_with(b"Trace ") {
                let address = qemu_log::address(&line).ok_or("a line of the log has no address")?;
                execution.instructions += 1;
                execution.multiplications += u64::from(self.multiplications.contains(&address));
            } else {
                errors.extend_from_slice(&line);
            }
            line.clear();
        }
        if !qemu.wait()?.success() {
            let errors = String::from_utf8_lossy(&errors);
            return Err(format!("{contender}, {}: {errors}", self.processor.name).into());
        }
        Ok(execution)
    }

    fn qemu(&self) -> Command {
        self.qemu_with(&[])
    }

    fn qemu_with(&self, options: &[&str]) -> Command {
        let mut qemu = Command::new(self.processor.qemu);
        qemu.args(["-cpu", self.processor.model])
            .args(options)
            .arg(&self.path)
            .stdin(Stdio::null());
        qemu
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_multiplication_is_known_by_its_name() {
        for (line, expected) in [
            ("  400b04:\t9bc17c03 \tumulh\tx3, x0, x1", Some(0x40_0b04)),
            ("  400b08:\t9b017c04 \tmul\tx4, x0, x1", Some(0x40_0b08)),
            (
                "  400b0c:\t9b010400 \tmadd\tx0, x0, x1, x1",
                Some(0x40_0b0c),
            ),
            (
                "   10a3c:\t02b53733          \tmulhu\ta4,a0,a1",
                Some(0x1_0a3c),
            ),
            (
                "  400b10:\t2ea180a0 \tumlal\tv0.2d, v5.2s, v1.2s",
                Some(0x40_0b10),
            ),
            ("  400b14:\t8b010000 \tadd\tx0, x0, x1", None),
            ("  400b18:\t0e213c00 \tumov\tw0, v0.b[0]", None),
            ("  400b1c:\tcb010000 \tsub\tx0, x0, x1", None),
            ("0000000000400b04 <memcpy>:", None),
            ("", None),
        ] {
            assert_eq!(multiplication(line), expected, "{line}");
        }
    }
}

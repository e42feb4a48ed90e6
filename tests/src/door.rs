//! The example door in QEMU: an LM3S6965 with a DS1338 clock and an EEPROM.

use std::io::{BufRead, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use std::{fs, thread};

use crate::cargo;

/// A door, with what stays when it is switched off.
pub struct Door {
    program: PathBuf,
    program_with_power_cut: PathBuf,
    eeprom: PathBuf,
}

impl Door {
    /// Builds the door, with a blank EEPROM in this folder.
    ///
    /// # Panics
    ///
    /// If it does not build, or the folder cannot be written.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        let eeprom = folder.join("ee.bin");
        fs::write(&eeprom, [0xff; EEPROM_LEN]).expect("a file for the EEPROM");
        Self {
            // Each build replaces the program of the other.
            program: build(folder, "door", &[]),
            program_with_power_cut: build(
                folder,
                "door-with-power-cut",
                &["--features", "power-cut"],
            ),
            eeprom,
        }
    }

    /// Switches the door on. Its clock says `date`, as in `2026-11-21T12:00:00`, and goes on from there.
    ///
    /// # Panics
    ///
    /// If QEMU does not start.
    #[must_use]
    pub fn on(&self, date: &str) -> Running {
        self.run(&self.program, date, "enable=on,target=native")
    }

    /// The same, and the power is cut when so many bytes were written to the EEPROM.
    ///
    /// # Panics
    ///
    /// If QEMU does not start.
    #[must_use]
    pub fn on_until(&self, date: &str, written: u32) -> Running {
        let semihosting = format!("enable=on,target=native,arg=door,arg=cut={written}");
        self.run(&self.program_with_power_cut, date, &semihosting)
    }

    fn run(&self, program: &Path, date: &str, semihosting: &str) -> Running {
        let eeprom = self.eeprom.display();
        let mut qemu = Command::new("qemu-system-arm")
            .args(["-machine", "lm3s6965evb", "-nographic", "-monitor", "none"])
            .args(["-serial", "stdio", "-semihosting-config", semihosting])
            .args(["-rtc", &format!("base={date},clock=vm")])
            .args(["-device", "ds1338,address=0x68"])
            .args(["-drive", &format!("if=none,id=ee,file={eeprom},format=raw")])
            .args([
                "-device",
                "at24c-eeprom,address=0x50,rom-size=32768,drive=ee",
            ])
            .args(["-trace", "pl061_set_output", "-kernel"])
            .arg(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("qemu-system-arm starts");
        let input = qemu.stdin.take().expect("a pipe");
        let output = lines(qemu.stdout.take().expect("a pipe"));
        let trace = lines(qemu.stderr.take().expect("a pipe"));
        Running {
            qemu,
            input,
            output,
            trace,
        }
    }
}

/// The size of the EEPROM, in bytes.
const EEPROM_LEN: usize = 32 * 1024;

/// Longer than anything takes, also on a machine with much else to do.
const PATIENCE: Duration = Duration::from_secs(120);

fn build(folder: &Path, name: &str, arguments: &[&str]) -> PathBuf {
    let board =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware-example/boards/lm3s6965evb");
    let mut build = cargo::in_folder(&board);
    build
        .args(["build", "--release", "--locked"])
        .args(arguments);
    let built = cargo::built_by(&mut build).unwrap_or_else(|error| panic!("{error}"));
    let program = folder.join(name);
    fs::copy(built, &program).expect("a copy of the program");
    program
}

/// A door that is switched on.
pub struct Running {
    qemu: Child,
    input: ChildStdin,
    output: Receiver<String>,
    trace: Receiver<String>,
}

impl Running {
    /// What the door says for a line. `None` if its power was cut before it said all.
    ///
    /// # Panics
    ///
    /// If it says nothing.
    pub fn line(&mut self, line: &str) -> Option<Vec<String>> {
        writeln!(self.input, "{line}").expect("QEMU takes the line");
        self.response()
    }

    /// What the door says up to the next empty line.
    ///
    /// # Panics
    ///
    /// If it says nothing.
    pub fn response(&mut self) -> Option<Vec<String>> {
        let mut response = Vec::new();
        loop {
            match self.output.recv_timeout(PATIENCE) {
                Ok(line) if line.is_empty() => return Some(response),
                Ok(line) => response.push(line),
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return None,
                Err(error) => panic!("the door says nothing: {error}, after {response:?}"),
            }
        }
    }

    /// Waits until the pin of the bolt, PB0, has this level.
    ///
    /// # Panics
    ///
    /// If that does not happen.
    pub fn wait_for_bolt(&self, level: u8) {
        let expected = format!("{PORT_B} setting output 0 to {level}");
        while self.trace.recv_timeout(PATIENCE).expect("the bolt moves") != expected {}
    }

    /// Whether the pin of the bolt was moved since it was looked at.
    #[must_use]
    pub fn has_moved_bolt(&self) -> bool {
        let start = format!("{PORT_B} setting output 0 ");
        self.trace.try_iter().any(|line| line.starts_with(&start))
    }

    /// Switches the door off.
    pub fn off(&mut self) {
        // It may have ended by itself, when its power was cut.
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.off();
    }
}

/// As QEMU's trace names it.
const PORT_B: &str = "pl061_set_output /machine/unattached/device[9]";

/// The lines of a pipe, read by a thread until its end.
fn lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines() {
            let Ok(line) = line else { return };
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

//! A board of the firmware example, in QEMU.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use crate::cargo;

/// The program of a board.
pub struct Board {
    /// The command of `cargo run`, to which the program is added.
    runner: Vec<String>,
    program: Vec<u8>,
}

impl Board {
    /// Builds the program as it is shipped, with these features of the board added.
    ///
    /// # Panics
    ///
    /// If it does not build.
    #[must_use]
    pub fn build(name: &str, features: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../firmware-example/boards")
            .join(name);
        // The next build of the board, with other features, replaces the file.
        let _one_by_one = BUILD.lock();
        let mut build = cargo::in_folder(&folder);
        build.args(["build", "--locked", "--release", "--features", features]);
        let file = cargo::built_by(&mut build).unwrap_or_else(|errors| panic!("{errors}"));
        let program = fs::read(file).expect("the program");

        let config = fs::read_to_string(folder.join(".cargo/config.toml")).expect("config.toml");
        let (_, runner) = config.split_once("runner = \"\"\"").expect("a runner");
        let (runner, _) = runner.split_once("\"\"\"").expect("its end");
        Self {
            runner: runner.split_ascii_whitespace().map(Into::into).collect(),
            program,
        }
    }

    /// The program, an ELF file.
    #[must_use]
    pub fn program(&self) -> &[u8] {
        &self.program
    }

    /// Starts QEMU in a folder, which has the memory that outlives it, and is to have it blank if it is new.
    ///
    /// # Panics
    ///
    /// If QEMU does not start.
    #[must_use]
    pub fn start(&self, folder: &Path, options: &[&str]) -> Running {
        self.set_up(folder);
        let mut qemu = self
            .command(folder, options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("QEMU starts");
        Running {
            serial: qemu.stdin.take(),
            lines: lines(qemu.stdout.take().expect("standard output")),
            trace: lines(qemu.stderr.take().expect("standard error")),
            qemu,
        }
    }

    /// Puts into a folder what [`command`](Self::command) needs there.
    ///
    /// # Panics
    ///
    /// If the folder cannot be written.
    pub fn set_up(&self, folder: &Path) {
        for (name, size) in MEMORIES {
            let file = folder.join(name);
            if self.runner.iter().any(|word| word.contains(name)) && !file.exists() {
                fs::write(file, vec![0xff; size]).expect("a blank memory");
            }
        }
        fs::write(folder.join(PROGRAM), &self.program).expect("a copy of the program");
    }

    /// The command that starts QEMU in a folder that is set up, as [`start`](Self::start) does.
    ///
    /// # Panics
    ///
    /// If the runner of the board is empty.
    #[must_use]
    pub fn command(&self, folder: &Path, options: &[&str]) -> Command {
        let (last, words) = self.runner.split_last().expect("words");
        let mut qemu = Command::new(&words[0]);
        qemu.args(&words[1..])
            .args(options)
            .arg(last)
            .arg(PROGRAM)
            .current_dir(folder);
        qemu
    }
}

static BUILD: Mutex<()> = Mutex::new(());

const PROGRAM: &str = "program.elf";

/// The files that the runners name, and the sizes that QEMU wants them to have.
const MEMORIES: [(&str, usize); 2] = [("ee.bin", 32 * 1024), ("flash.bin", 32 * 1024 * 1024)];

/// A board that runs, until this is dropped.
pub struct Running {
    qemu: Child,
    serial: Option<ChildStdin>,
    lines: Receiver<String>,
    trace: Receiver<String>,
}

impl Running {
    /// Sends a line to the board, and returns the line that comes back.
    ///
    /// # Panics
    ///
    /// If none comes.
    pub fn ask(&mut self, line: &str) -> String {
        self.send(line);
        self.line()
    }

    /// Sends a line to the board.
    ///
    /// # Panics
    ///
    /// If QEMU has ended.
    pub fn send(&mut self, line: &str) {
        let serial = self.serial.as_mut().expect("standard input");
        writeln!(serial, "{line}").expect("QEMU runs");
    }

    /// The next line that the board sends.
    ///
    /// # Panics
    ///
    /// If none comes.
    #[must_use]
    pub fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("a line")
    }

    /// The lines that the board sends up to the next empty one. Nothing if QEMU ends before it.
    ///
    /// # Panics
    ///
    /// If no more lines come.
    #[must_use]
    pub fn response(&self) -> Option<Vec<String>> {
        let mut response = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if line.is_empty() => return Some(response),
                Ok(line) => response.push(line),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => panic!("no more lines after {response:?}"),
            }
        }
    }

    /// Whether QEMU has reported anything with this in it that was not looked at yet.
    #[must_use]
    pub fn has_traced(&self, part: &str) -> bool {
        self.trace.try_iter().any(|line| line.contains(part))
    }

    /// The next line of what QEMU reports that has this in it.
    ///
    /// # Panics
    ///
    /// If none comes.
    #[must_use]
    pub fn trace(&self, part: &str) -> String {
        loop {
            let line = self.trace.recv_timeout(PATIENCE).expect(part);
            if line.contains(part) {
                return line;
            }
        }
    }

    /// Waits until QEMU ends, and returns its exit status: none where it gave up.
    ///
    /// # Panics
    ///
    /// If QEMU does not end.
    #[must_use]
    pub fn ended(mut self) -> Option<i32> {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("QEMU does not end"),
            }
        }
        self.qemu.wait().expect("a status").code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
    }
}

/// A board has done what it was told long before, but on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);

/// The lines of a stream, as they come.
fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

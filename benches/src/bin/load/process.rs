//! A process that ends when its owner forgets it.

use std::fs;
use std::io;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The core that services run on.
const CORE: &str = "0";

/// A process.
pub(crate) struct Process(pub(crate) Child);

impl Process {
    /// Starts a program on the core of the services, with a standard input that is never written to.
    pub(crate) fn start(program: &Command, output: Stdio) -> io::Result<Self> {
        let mut command = Command::new("taskset");
        command.args(["-c", CORE]).arg(program.get_program());
        command.args(program.get_args());
        command.stdin(Stdio::piped()).stdout(output);
        command.spawn().map(Self)
    }

    /// The time that its threads had on a processor so far.
    pub(crate) fn cpu_time(&self) -> io::Result<Duration> {
        let mut nanoseconds = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.0.id()))? {
            let text = fs::read_to_string(task?.path().join("schedstat"))?;
            let time = text.split(' ').next().and_then(|time| time.parse().ok());
            nanoseconds += time.unwrap_or(0);
        }
        Ok(Duration::from_nanos(nanoseconds))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

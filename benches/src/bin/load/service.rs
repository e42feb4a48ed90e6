//! A service that runs, and the start of one of axum.

use std::env;
use std::error::Error;
use std::io::{self, BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::guards::Guarding;
use crate::process::Process;

/// The argument that has this program respond to requests.
pub(crate) const RESPOND: &str = "--respond";

/// A service that runs.
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    pub(crate) processes: Vec<Process>,
    /// What its processes read.
    pub(crate) _folder: Option<TempDir>,
}

impl Service {
    /// The time that its processes had on a processor so far.
    pub(crate) fn cpu_time(&self) -> io::Result<Duration> {
        self.processes.iter().map(Process::cpu_time).sum()
    }
}

/// Starts a service of axum behind that guard, in a process of its own.
pub(crate) fn start(guarding: Guarding) -> Result<Service, Box<dyn Error>> {
    let mut program = Command::new(env::current_exe()?);
    program.args([RESPOND, guarding.name()]);
    let mut process = Process::start(&program, Stdio::piped())?;
    let output = process.0.stdout.take().ok_or("no output")?;
    let mut address = String::new();
    BufReader::new(output).read_line(&mut address)?;
    Ok(Service {
        address: address.trim().parse().map_err(|_| "it does not start")?,
        processes: vec![process],
        _folder: None,
    })
}

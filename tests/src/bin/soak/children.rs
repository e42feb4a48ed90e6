//! The processes: the issuer and the programs under test.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child as Process, Command, Stdio};
use std::thread;

use serde_json::Value;
use tokenlatch_tests::load;

use crate::issuer::Failed;

/// A process, until it is dropped.
pub(crate) struct Running {
    process: Process,
}

/// What a process takes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    /// Resident memory, in bytes.
    pub(crate) memory: u64,
    pub(crate) files: u64,
    pub(crate) threads: u64,
}

/// What the processes need.
pub(crate) struct Setup {
    /// The program `tokenlatch`.
    pub(crate) program: PathBuf,
    /// The library that gives a process another time.
    pub(crate) faketime: PathBuf,
    /// For configurations and the time.
    pub(crate) folder: PathBuf,
    /// A small disk.
    pub(crate) disk: PathBuf,
}

impl Setup {
    /// Starts the issuer. Returns where it listens.
    pub(crate) fn issuer(&self) -> Result<(Running, String), Failed> {
        let config = self.folder.join("issuer.toml");
        fs::write(&config, "[keys]\noverlap = 31536000\nmax_age = 15\n")?;
        let mut command = Command::new(&self.program);
        command.arg("issuer").arg("--config").arg(config);
        let (running, line) = started(command.stdout(Stdio::piped()))?;
        let origin = line.strip_prefix("listening on ").ok_or("no issuer")?;
        Ok((running, origin.into()))
    }

    /// Starts `tokenlatch serve`. Returns where it listens.
    pub(crate) fn serve(&self, issuer: &str) -> Result<(Running, String), Failed> {
        let snapshot = self.snapshot();
        let config = format!(
            "listen = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\ntoken-cache = 1048576\n\
             [[issuer]]\nissuer = \"{issuer}\"\naudience = \"https://api.example.com/\"\nleeway = 5\n\
             snapshot = \"{}\"\n[headers]\nX-Auth-Subject = \"sub\"\n\
             [[path]]\npath = \"/things\"\nscopes = [\"read:things\"]\n",
            snapshot.display()
        );
        let path = self.folder.join("serve.toml");
        fs::write(&path, config)?;
        let mut command = Command::new(&self.program);
        command.arg("serve").arg("--config").arg(path);
        self.set_clock(&mut command);
        let mut process = command.stderr(Stdio::piped()).spawn()?;
        let log = process.stderr.take().ok_or("no log")?;
        let running = Running { process };
        let mut log = BufReader::new(log);
        loop {
            let mut line = String::new();
            if log.read_line(&mut line)? == 0 {
                return Err("serve does not start".into());
            }
            let line: Value = serde_json::from_str(&line)?;
            if line["message"] == "serving" {
                discard(log);
                let address = line["decisions"].as_str().ok_or("no address")?;
                return Ok((running, address.into()));
            }
        }
    }

    /// Starts this program as the service with a guard. Returns where it listens.
    pub(crate) fn service(&self, issuer: &str) -> Result<(Running, String), Failed> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["service", issuer]);
        self.set_clock(&mut command);
        started(command.stdout(Stdio::piped()))
    }

    /// Sets the clocks of the programs under test so many seconds ahead of this machine's.
    pub(crate) fn jump(&self, seconds: i64) -> Result<(), Failed> {
        // A reader sees the old file or the new one.
        let (new, path) = (self.folder.join("new-time"), self.time());
        fs::write(&new, format!("{seconds:+}\n"))?;
        Ok(fs::rename(new, path)?)
    }

    /// The file with the key set.
    pub(crate) fn snapshot(&self) -> PathBuf {
        self.disk.join("keys.json")
    }

    fn time(&self) -> PathBuf {
        self.folder.join("time")
    }

    fn set_clock(&self, command: &mut Command) {
        command
            .env("LD_PRELOAD", &self.faketime)
            .env("FAKETIME_TIMESTAMP_FILE", self.time())
            .env("FAKETIME_CACHE_DURATION", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("DONT_FAKE_MONOTONIC", "1")
            .env("NO_FAKE_STAT", "1");
    }
}

/// Starts a process. Returns its first line of output.
fn started(command: &mut Command) -> Result<(Running, String), Failed> {
    let mut process = command.spawn()?;
    let output = process.stdout.take().ok_or("no output")?;
    let running = Running { process };
    let (mut output, mut line) = (BufReader::new(output), String::new());
    output.read_line(&mut line)?;
    discard(output);
    Ok((running, line.trim_end().into()))
}

/// Reads the rest, so that the process can go on to write.
fn discard(mut output: impl Read + Send + 'static) {
    thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
}

impl Running {
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Sends a signal, such as `STOP`.
    pub(crate) fn signal(&self, name: &str) -> Result<(), Failed> {
        let kill = Command::new("kill")
            .args([&format!("-{name}"), &self.id().to_string()])
            .status()?;
        kill.success()
            .then_some(())
            .ok_or_else(|| "a process is gone".into())
    }

    /// Waits until it ends.
    pub(crate) fn wait(&mut self) -> Result<(), Failed> {
        self.process.wait()?;
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// What a process takes now; an error if it is gone.
pub(crate) fn figures(id: u32) -> Result<Figures, Failed> {
    let folder = Path::new("/proc").join(id.to_string());
    let status = fs::read_to_string(folder.join("status"))?;
    let number = |name| load::number(&status, name);
    Ok(Figures {
        // A process that has ended and was not waited for has none.
        memory: 1024 * number("VmRSS:").ok_or("a process has ended")?,
        files: fs::read_dir(folder.join("fd"))?.count() as u64,
        threads: number("Threads:").ok_or("no threads")?,
    })
}

//! QEMU, with a time limit.

use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::path::Path;
use std::process::{ChildStderr, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::plan::Target;

/// Many times the duration of any program. A program that never ends must fail.
const LIMIT: Duration = Duration::from_secs(120);

/// Runs a program in QEMU. Returns what `read` makes of its output and of QEMU's errors, and ends QEMU when
/// `read` returns.
pub(crate) fn run<T>(
    target: &Target,
    program: &Path,
    options: &[&str],
    read: impl FnOnce(ChildStdout, ChildStderr) -> Result<T, Box<dyn Error>>,
) -> Result<T, Box<dyn Error>> {
    let mut qemu = Command::new(target.qemu)
        .args(target.machine)
        .args(["-display", "none", "-monitor", "none", "-serial", "none"])
        .args(["-chardev", "stdio,id=output"])
        .arg("-semihosting-config")
        .arg("enable=on,target=native,chardev=output")
        .args(options)
        .arg("-kernel")
        .arg(program)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let output = qemu.stdout.take().expect("it is piped");
    let errors = qemu.stderr.take().expect("it is piped");

    let (done, is_done) = mpsc::channel::<Infallible>();
    thread::scope(|scope| {
        let watch = scope.spawn(move || -> io::Result<bool> {
            let is_late = is_done.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout);
            qemu.kill()?;
            qemu.wait()?;
            Ok(is_late)
        });
        let result = read(output, errors);
        drop(done);
        let is_late = watch.join().expect("it does not panic")?;
        if is_late {
            return Err(format!("it did not end within {} s", LIMIT.as_secs()).into());
        }
        result
    })
}

/// The options that have QEMU log each block that it executes, of one instruction each.
pub(crate) fn log_of_every_instruction(
    target: &Target,
) -> Result<Vec<&'static str>, Box<dyn Error>> {
    let output = Command::new(target.qemu).arg("--version").output()?;
    let text = String::from_utf8(output.stdout)?;
    // QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)
    let version = text.split(' ').nth(3).unwrap_or_default();
    let mut numbers = version.split('.').map(str::parse::<u32>);
    let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next()) else {
        return Err(format!("what version is QEMU? {text}").into());
    };
    let one_instruction: &[_] = if (major, minor) < (8, 1) {
        &["-singlestep"]
    } else {
        &["-accel", "tcg,one-insn-per-tb=on"]
    };
    Ok([one_instruction, &["-d", "exec,nochain"]].concat())
}

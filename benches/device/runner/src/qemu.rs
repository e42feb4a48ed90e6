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

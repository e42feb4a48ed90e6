//! Servers among the children.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// A server, which ends when it is dropped.
pub(crate) struct Server {
    child: Child,
    origin: String,
}

impl Server {
    /// Starts a server whose first line is `listening on ORIGIN`.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{:?}: {error}", command.get_program()));
        let output = child.stdout.take().expect("a pipe");
        let line = BufReader::new(output).lines().next();
        let line = line.expect("a line").expect("UTF-8");
        let origin = line.strip_prefix("listening on ").expect("an origin");
        Self {
            child,
            origin: origin.into(),
        }
    }

    /// `http://HOST:PORT`
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().expect("the server is still there");
        self.child.wait().expect("the server ends");
    }
}

//! How much of standard input is done, as a bar on standard error.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Seek};

use indicatif::{ProgressBar, ProgressStyle};
use tracing_subscriber::filter::LevelFilter;

/// A bar, or nothing where a bar would be in the way or has no length.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    pub(crate) fn none() -> Self {
        Self(ProgressBar::hidden())
    }

    /// A bar on standard error, if that is a terminal and standard input is a file.
    ///
    /// There is none among other lines: those of a log, or of a standard output that is a terminal, too.
    pub(crate) fn of_stdin() -> Self {
        let is_logging = LevelFilter::current() != LevelFilter::OFF;
        if is_logging || !io::stderr().is_terminal() || io::stdout().is_terminal() {
            return Self::none();
        }
        let Some(len) = stdin_len() else {
            return Self::none();
        };
        let bar = ProgressBar::new(len);
        // The default style shows no bytes.
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// Standard input. The bar shows what is read of it.
    pub(crate) fn stdin(&self) -> impl Read + Send + use<> {
        self.0.wrap_read(io::stdin())
    }

    /// Removes the bar.
    pub(crate) fn end(&self) {
        self.0.finish_and_clear();
    }
}

const TEMPLATE: &str =
    "{percent:>3}% [{wide_bar}] {binary_bytes} of {binary_total_bytes}, {eta} left";

/// How many bytes standard input has from here to its end, if it is a file.
fn stdin_len() -> Option<u64> {
    let mut file = stdin_as_file().ok()?;
    let metadata = file.metadata().ok()?;
    // Another program may have read the beginning.
    let done = file.stream_position().ok()?;
    metadata
        .is_file()
        .then(|| metadata.len().saturating_sub(done))
}

#[cfg(unix)]
fn stdin_as_file() -> io::Result<File> {
    use std::os::fd::AsFd;

    Ok(io::stdin().as_fd().try_clone_to_owned()?.into())
}

#[cfg(windows)]
fn stdin_as_file() -> io::Result<File> {
    use std::os::windows::io::AsHandle;

    Ok(io::stdin().as_handle().try_clone_to_owned()?.into())
}

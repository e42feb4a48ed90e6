//! The program's log, on standard error.

use std::io;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

/// Starts to log what passes the filter.
pub(crate) fn start(filter: Targets) {
    let lines = fmt::layer().with_writer(io::stderr);
    tracing_subscriber::registry()
        .with(lines)
        .with(filter)
        .init();
}

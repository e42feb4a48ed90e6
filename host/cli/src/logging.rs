//! The program's log, on standard error.

use std::io;

use clap::ValueEnum;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

/// The form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// A line for people
    Text,
    /// A JSON object a line
    Json,
}

/// Starts to log what passes the filter.
pub(crate) fn start(filter: Targets, form: Form) {
    let lines = fmt::layer().with_writer(io::stderr);
    let registry = tracing_subscriber::registry();
    match form {
        Form::Text => registry.with(lines.with_filter(filter)).init(),
        Form::Json => {
            let lines = lines.json().flatten_event(true);
            registry.with(lines.with_filter(filter)).init();
        }
    }
}

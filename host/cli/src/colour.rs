//! Colour, on a terminal alone.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use clap::builder::styling::{AnsiColor, Style, Styles};

/// The colours of `--help` and of usage errors.
pub(crate) const HELP: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// A good verdict.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();

/// A bad verdict.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();

/// Whether standard output is a terminal and the environment allows colour. `NO_COLOR` and `CLICOLOR=0` do not,
/// and neither does `TERM=dumb` where neither `CI` nor `CLICOLOR` is set.
pub(crate) fn is_on() -> bool {
    let stdout = io::stdout();
    stdout.is_terminal() && AutoStream::choice(&stdout) != ColorChoice::Never
}

/// Standard output, unchanged, except that an old Windows console gets its colours by calls.
pub(crate) fn stdout() -> impl Write {
    let choice = if is_on() {
        ColorChoice::Always
    } else {
        ColorChoice::AlwaysAnsi
    };
    AutoStream::new(io::stdout().lock(), choice)
}

//! The examples at the end of a command's `--help` and of its manual page.

use clap::builder::StyledStr;

use crate::colour;

/// The end of `--help`. Each line of `lines` is a comment (`# …`) or a command.
pub(crate) fn examples(lines: &str) -> StyledStr {
    let header = colour::HELP.get_header();
    let lines: String = lines.lines().map(|line| format!("\n  {line}")).collect();
    format!("{header}{TITLE}{header:#}{lines}").into()
}

/// The examples of a command, without the title and the margin.
pub(crate) fn lines_of(command: &clap::Command) -> Vec<String> {
    let help = command.get_after_help().map(StyledStr::to_string);
    let help = help.unwrap_or_default();
    let lines = help.lines().map(str::trim);
    lines
        .filter(|line| *line != TITLE)
        .map(String::from)
        .collect()
}

const TITLE: &str = "Examples:";

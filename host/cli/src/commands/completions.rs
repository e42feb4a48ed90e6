//! `tokenlatch completions`

use std::io::{self, Write};
use std::process::ExitCode;

use clap_complete::Shell;

use crate::examples::examples;
use crate::failure::Failure;

/// Prints what completes this program's arguments in a shell
///
/// Exit status: 0, or 2 for wrong usage.
#[derive(clap::Args)]
#[command(after_help = examples(EXAMPLES))]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

const EXAMPLES: &str = "\
# For bash, for zsh, and for fish
tokenlatch completions bash >~/.local/share/bash-completion/completions/tokenlatch
tokenlatch completions zsh >~/.zfunc/_tokenlatch
tokenlatch completions fish >~/.config/fish/completions/tokenlatch.fish";

/// `program` is the whole command line.
pub(crate) fn run(args: &Args, mut program: clap::Command) -> Result<ExitCode, Failure> {
    let name = program.get_name().to_owned();
    // Into memory first: the generator panics if it cannot write.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, name, &mut script);
    let mut output = io::stdout();
    output
        .write_all(&script)
        .and_then(|()| output.flush())
        .map_err(Failure::Output)?;
    Ok(ExitCode::SUCCESS)
}

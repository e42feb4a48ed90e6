//! `tokenlatch man`

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use crate::examples::{examples, lines_of};
use crate::failure::Failure;

/// Prints the manual page of the program or of a command
///
/// Exit status: 0, or 2 for wrong usage and for a page that cannot be written.
#[derive(clap::Args)]
#[command(after_help = examples(EXAMPLES))]
pub(crate) struct Args {
    /// The command, such as `verify` or `jwks fetch` [default: the program]
    #[arg(value_name = "COMMAND", conflicts_with = "directory")]
    command: Vec<String>,
    /// Write the pages of the program and of every command into this directory
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

const EXAMPLES: &str = "\
# To read a page
tokenlatch man jwks fetch | man -l -
# To install all of them
tokenlatch man --directory ~/.local/share/man/man1";

/// `program` is the whole command line.
pub(crate) fn run(args: &Args, program: clap::Command) -> Result<ExitCode, Failure> {
    let mut program = program.disable_help_subcommand(true);
    program.build();
    if let Some(directory) = &args.directory {
        for command in with_subcommands(&program) {
            let path = directory.join(Man::new(command.clone()).get_filename());
            let written = fs::write(&path, page(command));
            written.map_err(|error| Failure::File(path, error))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut command = &program;
    for name in &args.command {
        let found = command.find_subcommand(name);
        let known = || format!("there is no command {:?}", args.command.join(" "));
        command = found.ok_or_else(|| Failure::Usage(known()))?;
    }
    let mut output = io::stdout();
    output
        .write_all(&page(command))
        .and_then(|()| output.flush())
        .map_err(Failure::Output)?;
    Ok(ExitCode::SUCCESS)
}

fn with_subcommands(command: &clap::Command) -> Vec<&clap::Command> {
    let subcommands = command.get_subcommands().flat_map(with_subcommands);
    std::iter::once(command).chain(subcommands).collect()
}

/// The sections in the order of man-pages(7), with the examples under the name that they have there.
fn page(command: &clap::Command) -> Vec<u8> {
    let version = format!("tokenlatch {}", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone()).source(version);
    let mut page = Vec::new();
    let sections = [
        Man::render_title,
        Man::render_name_section,
        Man::render_synopsis_section,
        Man::render_description_section,
        Man::render_options_section,
    ];
    let mut add = |section: &dyn Fn(&mut Vec<u8>) -> io::Result<()>| {
        section(&mut page).expect("writing to memory does not fail");
    };
    for section in sections {
        add(&|page| section(&man, page));
    }
    if command.has_subcommands() {
        add(&|page| man.render_subcommands_section(page));
    }
    add(&|page| {
        let mut roff = Roff::new();
        roff.control("SH", ["EXAMPLES"]).control("nf", []);
        for line in lines_of(command) {
            roff.text([roman(line)]);
        }
        roff.control("fi", []).to_writer(page)
    });
    page
}

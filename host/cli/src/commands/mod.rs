//! The command line: one file for each command.

mod call;
mod completions;
mod demo;
mod inspect;
mod issuer;
mod jwks;
mod man;
mod pack;
mod provision;
mod serve;
mod token;
mod verify;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use tracing_subscriber::filter::{LevelFilter, Targets};

use crate::colour;
use crate::examples::examples;
use crate::logging::{self, Form};

/// Verifies RS256 access tokens (JWT)
///
/// Without a command, runs the demo.
#[derive(Parser)]
#[command(name = "tokenlatch", version, styles = colour::HELP, after_help = examples(EXAMPLES))]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// What to log on standard error: a level from error to trace, or levels by module, as in
    /// tokenlatch_host=debug,hyper=info
    #[arg(
        long,
        global = true,
        value_name = "FILTER",
        env = "TOKENLATCH_LOG",
        display_order = 100
    )]
    log: Option<Targets>,
}

#[derive(Subcommand)]
enum Command {
    Verify(verify::Args),
    Inspect(inspect::Args),
    Jwks(jwks::Args),
    Pack(pack::Args),
    Provision(provision::Args),
    Token(token::Args),
    Call(call::Args),
    Issuer(issuer::Args),
    Serve(serve::Args),
    /// Shows the whole system: issuer, tokens, key set, verdicts
    ///
    /// Starts the embedded issuer on a free loopback port, obtains a token in each dialect, fetches
    /// the key set, verifies both tokens, changes one byte, and prints each step. Exit status: 0 if every
    /// step had the expected result, 1 otherwise.
    #[command(after_help = examples(DEMO_EXAMPLES))]
    Demo,
    Completions(completions::Args),
    Man(man::Args),
}

const EXAMPLES: &str = "\
# Whether a token is good
tokenlatch verify --discover https://issuer.example/ --audience https://api.example.com/ TOKEN
# What it says, good or not
tokenlatch inspect TOKEN
# The whole story
tokenlatch demo";

const DEMO_EXAMPLES: &str = "\
tokenlatch demo
# With the requests and responses of the key set's cache and of the token client
tokenlatch demo --log tokenlatch_host=debug";

/// Runs the command that the arguments name; a usage error ends the program with status 2.
pub(crate) async fn run() -> ExitCode {
    let Cli { command, log } = Cli::parse();
    let command = command.unwrap_or(Command::Demo);
    match (&command, log) {
        (Command::Serve(args), log) => {
            let usual = Targets::new().with_default(LevelFilter::INFO);
            logging::start(log.unwrap_or(usual), args.log_form);
        }
        (_, Some(filter)) => logging::start(filter, Form::Text),
        (_, None) => {}
    }
    let done = match command {
        Command::Verify(args) => verify::run(args).await,
        Command::Inspect(args) => inspect::run(&args),
        Command::Jwks(args) => jwks::run(args).await,
        Command::Pack(args) => pack::run(args).await,
        Command::Provision(args) => provision::run(args).await,
        Command::Token(args) => token::run(args).await,
        Command::Call(args) => call::run(args).await,
        Command::Issuer(args) => issuer::run(args).await,
        Command::Serve(args) => serve::run(args).await,
        Command::Demo => demo::run().await,
        Command::Completions(args) => completions::run(&args, Cli::command()),
        Command::Man(args) => man::run(&args, Cli::command()),
    };
    done.unwrap_or_else(|failure| failure.report())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::lines_of;

    #[test]
    fn every_command_has_examples_that_it_takes() {
        let mut commands = vec![(String::from("tokenlatch"), Cli::command())];
        let mut count = 0;
        while let Some((name, command)) = commands.pop() {
            let runs = runs(&lines_of(&command));
            let is_own = |run: &Vec<String>| run.join(" ").starts_with(&name);
            assert!(runs.iter().any(is_own), "{name} has no example");
            for run in &runs {
                let parsed = Cli::try_parse_from(run);
                let parsed = parsed.unwrap_or_else(|error| panic!("{name}: {error}"));
                if let Some(Command::Verify(arguments)) = parsed.command {
                    assert!(arguments.policy().is_ok(), "{run:?}");
                }
                count += 1;
            }
            let subcommands = command.get_subcommands().cloned();
            commands.extend(subcommands.map(|it| (format!("{name} {}", it.get_name()), it)));
        }
        assert!(count > 20, "{count}");
    }

    /// The runs of this program in lines of the shell, each as its arguments.
    fn runs(lines: &[String]) -> Vec<Vec<String>> {
        let lines = lines.iter().filter(|line| !line.starts_with('#'));
        let lines: Vec<_> = lines.map(String::as_str).collect();
        let script = lines.join("\n").replace("\\\n", "");
        let programs = script.lines().flat_map(|line| line.split(" | "));
        let words = |program: &str| {
            let words = program.split_whitespace();
            // Redirections are the shell's.
            let words = words.filter(|word| !word.starts_with(['<', '>']));
            words.map(String::from).collect::<Vec<_>>()
        };
        let runs = programs.map(words);
        runs.filter(|words| words[0] == "tokenlatch").collect()
    }
}
